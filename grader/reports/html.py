"""Self-contained HTML pages: the template engine and the security policy of all of them, code in colours.

Jinja2 escapes everything that is not marked as HTML; every such mark says beside it why that is safe.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from grader.reports.text import points, printable

if TYPE_CHECKING:
    from jinja2 import Environment

MAX_CODE = 60_000
"""Characters of a cell that are shown."""


def environment() -> Environment:
    """Return a template engine for ``templates/``."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("grader.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def policy(style: str, *more: str) -> str:
    """Return what a page may do, for its browser: show this one style sheet and what ``more`` allows, nothing else."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return "; ".join(
        ("default-src 'none'", f"style-src 'sha256-{digest}'", *more, "base-uri 'none'", "form-action 'none'")
    )


def page(template: str, **values: Any) -> str:
    """Return a page made from a template of ``templates/``, with ``style.css`` in it."""
    return _of_students().get_template(template).render(**values)


@functools.cache
def _of_students() -> Environment:
    from importlib.resources import files

    style = files("grader.reports").joinpath("style.css").read_text(encoding="utf-8")
    made = environment()
    made.filters.update(points=points)
    made.globals.update(
        stylesheet=Markup(style),  # noqa: S704 (our own file)
        policy=policy(f"\n{style}", "img-src data:"),
    )
    return made


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
