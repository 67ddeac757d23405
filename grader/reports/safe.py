"""What students wrote, made fit for a browser: nothing runs, nothing is fetched, nothing looks like a part of the page.

HTML passes through nh3 (Mozilla's ammonia), which parses it as a browser does and keeps a short list of elements
without styles, classes, ids and events. Markdown is rendered by mistune and then passes the same way. Pictures are
pictures by their first bytes, or left out. SVG is a program, not a picture: it is shown as text.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

_TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr b blockquote br caption cite code dd del div dl dt em hr i ins kbd li mark ol p pre q s samp small span"
        " strong sub sup table tbody td tfoot th thead tr u ul var",
    )
)
_GONE = frozenset(
    re.findall(r"\w+", "script style template noscript iframe object embed svg math title textarea select")
)
"""Elements whose content is not text for readers."""
_ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_SCHEMES = frozenset(["http", "https", "mailto"])
_ABSOLUTE = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)

_MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}
_NOT_PLAIN = re.compile(r"<[A-Za-z/!?]|\]\s*[(\[:]|&#|&\w+;")
"""Markdown in which there may be HTML, or a link."""


def safe_html(html: str) -> str:
    """Return the harmless part of some HTML; it is well-formed, whatever it was.

    Example:
        >>> safe_html('<b onclick="steal()">4<script>steal()</script></b> <a href="javascript:steal()">x</a>')
        '<b>4</b> <a rel="noopener noreferrer">x</a>'
    """
    import nh3

    return nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=set(_GONE),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_kept,
        url_schemes=set(_SCHEMES),
        strip_comments=True,
        link_rel="noopener noreferrer",
    )


def _kept(_tag: str, name: str, value: str) -> str | None:
    """A link that leads away from the page; a number of columns."""
    if name == "rel":
        return value
    is_fit = _ABSOLUTE.match(value) if name == "href" else re.fullmatch(r"\d{1,3}", value)
    return value if is_fit else None


@lru_cache(maxsize=1)
def _markdown() -> Any:
    import mistune

    return mistune.create_markdown(escape=True, plugins=["table", "strikethrough", "math"])


def safe_markdown(source: str) -> str:
    """Return Markdown as harmless HTML; HTML in it is shown as text.

    Example:
        >>> safe_markdown("*two* <img src=x onerror=steal()>")
        '<p><em>two</em> &lt;img src=x onerror=steal()&gt;</p>\\n'
    """
    try:
        rendered = str(_markdown()(source))
    except (RecursionError, ValueError, IndexError):  # nested beyond reason
        import html

        return f"<pre>{html.escape(source)}</pre>"
    return safe_html(rendered)


def safe_picture(mime: str, data: str, max_bytes: int) -> str:
    """Return the ``data:`` address of a picture, or an empty string if it is none, or too large."""
    magic = _MAGIC.get(mime)
    if magic is None or len(data) > max_bytes * 4 // 3 + 1000:
        return ""
    try:
        content = base64.b64decode(re.sub(r"\s", "", data), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return f"data:{mime};base64,{base64.b64encode(content).decode()}" if content.startswith(magic) else ""


def make_safe(cells: Sequence[Any]) -> None:
    """Make a notebook's cells fit for nbconvert's templates, in place: they render HTML and Markdown as they are."""
    for cell in cells:
        if cell["cell_type"] == "code":
            for output in cell["outputs"]:
                if "data" in output:
                    _make_bundle_safe(output["data"])
                    output["metadata"] = type(output)()
        elif _NOT_PLAIN.search(cell["source"]):
            shown = safe_markdown(cell["source"]).strip().replace("\n", "&#10;")
            # A raw cell may be copied to the page as it is; in Markdown, a <div> goes on to the next empty line.
            cell["source"] = f"<div>{shown}</div>"


def _make_bundle_safe(data: Any) -> None:
    """Make an output's representations harmless: what nbconvert would copy into its page as it is."""
    svg = data.pop("image/svg+xml", None)
    if svg is not None and not data:
        data["text/plain"] = joined(svg)
    for mime in list(data):
        text = joined(data[mime])
        if mime == "text/html":
            data[mime] = safe_html(text)
        elif mime == "text/markdown":
            data[mime] = f"<div>{safe_markdown(text).strip()}</div>".replace("\n", "&#10;")
        elif mime in _MAGIC:
            picture = safe_picture(mime, text, 8 << 20)
            data[mime] = picture.partition(",")[2]
            if not picture:
                del data[mime]
        elif mime not in ("text/plain", "text/latex"):
            del data[mime]


def joined(value: Any) -> str:
    """Return a notebook's text, which may be a list of lines, as one."""
    lines = value if isinstance(value, list) else [value]
    return "".join(line for line in lines if isinstance(line, str))
