"""Self-contained HTML pages: one template engine, one stylesheet, code in colours.

Jinja2 escapes everything that is not marked as HTML; only this module and ``safe`` make such marks.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Collection
from typing import Any

from markupsafe import Markup, escape

from grader.reports.text import points, printable

MAX_CODE = 60_000
"""Characters of a cell that are shown."""


def page(template: str, **values: Any) -> str:
    """Return a page made from a template of ``templates/``, with the stylesheet in it."""
    return str(_environment().get_template(template).render(**values))


@functools.cache
def _environment() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("grader.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(points=points, printable=printable)
    environment.globals.update(stylesheet=Markup(stylesheet()), policy=policy())  # noqa: S704 (our own file)
    return environment


@functools.cache
def stylesheet() -> str:
    """The one stylesheet of all our pages."""
    from importlib.resources import files

    return files("grader.reports").joinpath("style.css").read_text(encoding="utf-8")


@functools.cache
def policy() -> str:
    """What a page may do, for its browser: show this one stylesheet and pictures that are in it, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(f"\n{stylesheet()}".encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


def code_html(source: str, marked: Collection[int] = (), *, python: bool = True) -> Markup:
    """Return source code line by line in ``<span class="line">``, highlighted, the ``marked`` lines (from 1) told.

    Example:
        >>> print(code_html("x < 1", python=False))
        <span class="line">x &lt; 1</span>
    """
    text = printable(source, lines=True)
    left_out = len(text) - MAX_CODE
    text = text[:MAX_CODE] if left_out > 0 else text
    shown = (_highlighted(text) if python else str(escape(text))).split("\n")
    parts = [
        f'<span class="line here"><span class="mark">this line: </span>{line}</span>'
        if number in marked
        else f'<span class="line">{line}</span>'
        for number, line in enumerate(shown, start=1)
    ]
    if left_out > 0:
        parts.append(f'<span class="line">… {left_out:,} more characters</span>')
    return Markup("\n".join(parts))  # noqa: S704 (escaped above, or by pygments)


@functools.lru_cache(maxsize=1_000)  # tests and examples of the course are the same on every page
def _highlighted(text: str) -> str:
    from pygments import highlight

    lexer, formatter = _pygments()
    # Each of its lines is complete: elements are closed at a line's end and opened again on the next.
    return str(highlight(text, lexer, formatter)).removesuffix("\n")


@functools.cache
def _pygments() -> tuple[Any, Any]:
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return PythonLexer(stripnl=False, ensurenl=True), HtmlFormatter(nowrap=True)
