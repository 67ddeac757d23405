"""From the bytes of a hand-in to its cells, whatever has happened to the file on its way.

In order: too large, empty, of another kind; encoding; outputs left out where the file is large; JSON, strictly and then
leniently; a Python file under a notebook's name. What was put right is said, one sentence each. Everything is bounded:
the bytes were made by somebody who may wish us ill.
"""

from __future__ import annotations

import codecs
import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any

from grader.errors import SubmissionError
from grader.execution.cell_text import clean_text, student_tree
from grader.execution.lenient import LenientReader, TooMuchError

MAX_FILE_BYTES = 200 << 20
MAX_TEXT_BYTES = 16 << 20
"""Of a notebook without its outputs."""
LARGE_BYTES = 4 << 20
"""From here on outputs are cut out before the file is read: as Python values they would take a multiple of its size."""
SMALL_BYTES = 1_000
SAID_BYTES = 20 << 20
"""Pictures make a few megabytes; when more outputs are left out, it is said."""
MAX_CELLS = 20_000
MAX_SOURCE = 1 << 20
"""Characters of one cell."""
MAX_SKIPPED = 8_000_000
"""Brackets in the outputs of one notebook."""

AGAIN = "Ask the student to hand in the notebook again, as JupyterLab saves it."


@dataclasses.dataclass(frozen=True, slots=True)
class HandedInCell:
    """One cell of the student's notebook, with nothing in it but text.

    Args:
        cell_type: ``code``, ``markdown`` or ``raw``; empty if the notebook does not say.
        grade_id: nbgrader's name for it, as the student's file has it.
        cell_id: Jupyter's id, which in a released notebook is the same.
        marks: what else nbgrader's metadata say.
        number: its place in the notebook, from 1.
    """

    cell_type: str
    source: str
    grade_id: str = ""
    outputs: tuple[Mapping[str, Any], ...] = ()
    cell_id: str = ""
    marks: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    tags: tuple[str, ...] = ()
    number: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class HandedIn:
    """A hand-in that could be read: its cells, and what had to be put right to read them."""

    cells: tuple[HandedInCell, ...]
    repairs: tuple[str, ...] = ()


def read_notebook(data: bytes) -> HandedIn:
    """The cells of a notebook file, or of a Python file that was handed in as one.

    Raises:
        SubmissionError: there is nothing in it that could be graded.
    """
    repairs: list[str] = []
    try:
        document = _document(data, repairs)
    except (MemoryError, TooMuchError) as exc:
        raise SubmissionError("not a notebook: it has more parts than can be read", hint=AGAIN) from exc
    if isinstance(document, str):
        cells = _python_cells(document, repairs)
    else:
        cells = _notebook_cells(document, repairs)
    if len(cells) > MAX_CELLS:
        raise SubmissionError(f"the notebook has {len(cells):,} cells; at most {MAX_CELLS:,} are graded", hint=AGAIN)
    if not cells:
        raise SubmissionError("not a notebook: it has no cells", hint=AGAIN)
    return HandedIn(tuple(cells), tuple(repairs))


# -- bytes to text ----------------------------------------------------------------------------------------------------

_KINDS = (
    (b"PK\x03\x04", "a zip archive"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a compressed file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"SQLite format 3\0", "a database"),
    (b"version https://git-lfs", "a pointer to a file in Git LFS"),
)


def _document(data: bytes, repairs: list[str]) -> Any:
    """A JSON document (a dict or list), or the text of a Python file."""
    if len(data) > MAX_FILE_BYTES:
        raise SubmissionError(
            f"the file is too large: {len(data):,} bytes, at most {MAX_FILE_BYTES:,} are read", hint=AGAIN
        )
    if not data.strip(b"\0 \t\r\n"):
        raise SubmissionError("not a notebook: it is empty", hint=AGAIN)
    for signature, kind in _KINDS:
        if data.startswith(signature):
            raise SubmissionError(f"not a notebook: it is {kind}", hint=AGAIN)
    data = slim_notebook(data)
    if len(data) > MAX_TEXT_BYTES:
        raise SubmissionError(
            f"the file is too large: {len(data):,} bytes without outputs, at most {MAX_TEXT_BYTES:,} are read",
            hint=AGAIN,
        )
    text = _decoded(data, repairs)
    if "\0" in text:
        text = text.replace("\0", "")
        repairs.append("the file holds zero bytes; they were left out.")
    text = _without_conflicts(text, repairs)
    start = text.lstrip()
    if re.match(r"<(?:!doctype|html|head|body|\?xml|!--|script|div|meta)\b", start[:40], re.IGNORECASE):
        what = "a web page" + (
            " (a login page?)" if re.search(r"log.?in|sign.?in|password", start, re.IGNORECASE) else ""
        )
        raise SubmissionError(f"not a notebook: it is {what}, saved under the notebook's name", hint=AGAIN)
    return _json(text, repairs)


def slim_notebook(data: bytes) -> bytes:
    """A large notebook without outputs, attachments and widgets, none of which is ever graded; a small one as it is.

    Time and memory are linear in the size, because nothing of what is left out becomes a Python value. What remains
    says how much was left out.

    Raises:
        SubmissionError: its outputs have more parts than any notebook's.
    """
    if len(data) <= LARGE_BYTES:
        return data
    encoding = json.detect_encoding(data[:4])
    if not encoding.startswith("utf-8"):
        data = data.decode(encoding, "replace").encode("utf-8", "replace")
    kept = []
    position = 0
    room = MAX_SKIPPED
    while match := _LEFT_OUT.search(data, position):
        end, parts = _after_value(data, match.end() - 1, room)
        room -= parts
        start = match.end() - 1
        if end - start > SMALL_BYTES:
            note = b'[{"%b": %d}]' % (_NOTE, end - start) if match[1] == b"[" else b"{}"
            kept += [data[position:start], note]
        else:
            kept.append(data[position:end])
        position = end
    return b"".join([*kept, data[position:]])


_NOTE = b"grader_left_out_bytes"
_LEFT_OUT = re.compile(rb'"(?:outputs|attachments|widgets)"\s*:\s*([\[{])')
_RUN = re.compile(rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z))*+', re.DOTALL)


def _after_value(data: bytes, position: int, room: int) -> tuple[int, int]:
    """Where an array or object ends, and how many brackets it has."""
    level = parts = 0
    while True:
        run = _RUN.match(data, position)
        if run:
            position = run.end()
        if position >= len(data):
            return position, parts
        parts += 1
        if parts > room:
            raise SubmissionError("the notebook's outputs have more parts than can be read", hint=AGAIN)
        level += 1 if data[position] in b"[{" else -1
        position += 1
        if level <= 0:
            return position, parts


def _decoded(data: bytes, repairs: list[str]) -> str:
    encoding = json.detect_encoding(data[:4]) if not data.startswith(b"\0\0\0\0") else "utf-8"
    if encoding == "utf-8":
        try:
            return data.decode()
        except UnicodeDecodeError as exc:
            text = data.decode("utf-8", "replace")
            n_broken = text.count("\ufffd")
            if n_broken > sum(char > "\x7f" for char in text) / 2:  # hardly any valid UTF-8: an old Windows file
                text = data.decode("cp1252", "replace")
                repairs.append("the file is not in UTF-8; it was read as Windows-1252.")
            else:
                repairs.append(
                    f"the file is not all UTF-8 (byte {exc.start:,}); what is no text was replaced by \ufffd."
                )
            return text
    if encoding == "utf-8-sig":
        repairs.append("the file begins with a byte order mark; it was left out.")
        return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
    repairs.append(f"the file is in {encoding[:6].upper()}, not UTF-8; it was read as that.")
    return data.decode(encoding, "replace").removeprefix("\ufeff")


# Nothing possessive here: before Python 3.11.5 that fails around a `.*`. Each line matches in one way only anyhow.
_CONFLICT = re.compile(
    r"^<{7}.*\n"
    r"((?:(?![<=>|]{7}).*\n)*)"
    r"(?:\|{7}.*\n(?:(?![<=>|]{7}).*\n)*)?"
    r"={7}\s*\n(?:(?![<=>|]{7}).*\n)*"
    r">{7}.*\n?",
    re.MULTILINE,
)


def _without_conflicts(text: str, repairs: list[str]) -> str:
    """The text with the upper side of every conflict that git has left in it."""
    if "<<<<<<<" not in text:
        return text
    text, count = _CONFLICT.subn(r"\1", text)
    if count:
        repairs.append(f"git has left {count} conflict{'s' * (count > 1)} in the file; the upper version was taken.")
    return text


# -- text to document -------------------------------------------------------------------------------------------------


def _json(text: str, repairs: list[str]) -> Any:
    start = text.lstrip()[:1]
    names_cells = '"cells"' in text or '"cell_type"' in text or "'cell_type'" in text
    if not start or (start not in "[{" and not names_cells):
        return _python(text, None)
    try:
        return json.loads(text, parse_int=_small_int)
    except (ValueError, RecursionError) as exc:
        problem = exc
    line = getattr(problem, "lineno", 0)
    try:
        document = json.loads(text, parse_int=_small_int, strict=False)  # line breaks inside of strings
    except (ValueError, RecursionError):
        document = _lenient(text, repairs)
    if _cells_of(document) is None:
        return _python(text, problem)
    place = f" (line {line:,})" if line else ""
    repairs.insert(0, f"the file is not quite JSON{place}; it was read as far as it makes sense.")
    return document


def _small_int(digits: str) -> int | None:
    return int(digits) if len(digits) < 20 else None


_CELL_START = re.compile(r"""\{\s*["'](?:attachments|cell_type|execution_count|id|metadata|source)["']\s*:""")
_SOURCE = re.compile(r"""(?<!\\)["'](?:source|input)["']\s*:""")


def _lenient(text: str, repairs: list[str]) -> Any:
    """What can be read of a text that is almost JSON: as a whole, or else cell by cell."""
    found = re.search(r"[\[{]", text)
    reader = LenientReader(text, found.start() if found else 0)
    document = reader.value()
    is_cut = reader.is_cut
    cells = _cells_of(document) or []
    n_cells = sum(1 for _ in _SOURCE.finditer(text))
    if len(cells) < n_cells:
        one_by_one, was_cut = _scanned_cells(text)
        if len(one_by_one) > len(cells):
            cells, document = one_by_one, {"cells": one_by_one}
            is_cut = was_cut
    for cell in cells:
        _take_out_what_slipped_in(cell)
    whole = [cell for cell in cells if not isinstance(cell, dict) or "source" in cell or "input" in cell]
    if is_cut and cells and whole[-1:] != cells[-1:]:
        repairs.append(f"the file ends in the middle of cell {len(cells)}; what stands before it was read.")
        document = {**(document if isinstance(document, dict) else {}), "cells": cells[:-1]}
        document.pop("worksheets", None)
    elif is_cut and cells:
        repairs.append(f"the file ends too early, after cell {len(cells)}; what is there was read.")
    elif cells and len(cells) < n_cells:
        repairs.append(f"only {len(cells)} of some {n_cells} cells in the file could be read.")
    return document


def _take_out_what_slipped_in(cell: Any) -> None:
    """Give a cell back its source, if a lost bracket has put it into the metadata."""
    inner = cell
    while isinstance(cell, dict) and isinstance(inner, dict) and "source" not in cell:
        inner = inner.get("metadata", inner.get("nbgrader"))
        if isinstance(inner, dict) and "source" in inner:
            cell["source"] = inner["source"]


def _scanned_cells(text: str) -> tuple[list[Any], bool]:
    """Every object that looks like a cell, one after the other; and whether the last of them is cut off."""
    cells: list[Any] = []
    position, is_cut, tokens = 0, False, 0
    while match := _CELL_START.search(text, position):
        reader = LenientReader(text, match.start(), tokens)
        cell = reader.value()
        tokens = reader.tokens
        position = match.end()
        if isinstance(cell, dict) and "cell_type" in cell:
            cells.append(cell)
            position, is_cut = max(reader.position, position), reader.is_cut
    return cells, is_cut


def _cells_of(document: Any, depth: int = 0) -> list[Any] | None:
    """The list of cells, wherever a document has it; None if it has none."""
    if isinstance(document, list):
        return document if any(isinstance(cell, dict) and "cell_type" in cell for cell in document) else None
    if not isinstance(document, dict) or depth > 2:
        return None
    cells = document.get("cells")
    if isinstance(cells, list):
        return cells
    sheets = document.get("worksheets")  # nbformat 2 and 3
    if isinstance(sheets, list):
        return [cell for sheet in sheets if isinstance(sheet, dict) for cell in _list(sheet.get("cells"))]
    return _cells_of(document.get("content"), depth + 1)  # a notebook as Jupyter's server sends it


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


# -- document to cells ------------------------------------------------------------------------------------------------


def _notebook_cells(document: Any, repairs: list[str]) -> list[HandedInCell]:
    raw = _cells_of(document)
    if raw is None:
        raise SubmissionError("not a notebook: it has no cells", hint=AGAIN)
    if len(raw) > MAX_CELLS:
        raise SubmissionError(f"the notebook has {len(raw):,} cells; at most {MAX_CELLS:,} are graded", hint=AGAIN)
    root = document if isinstance(document, dict) else {}
    _say_format(root, repairs)
    cells: list[HandedInCell] = []
    odd: dict[str, list[int]] = {}
    n_left_out = sum(_left_out_bytes(cell) for cell in raw)
    if n_left_out > SAID_BYTES:
        repairs.append(f"the outputs in it are very large ({n_left_out:,} bytes) and were not read.")
    for number, cell in enumerate(raw, start=1):
        if isinstance(cell, dict):
            cells.append(_handed_in(cell, number, odd))
        else:
            odd.setdefault("no cell at all and left out", []).append(number)
    for what, numbers in odd.items():
        repairs.append(f"{numbered(numbers)} {'was' if len(numbers) == 1 else 'were'} {what}.")
    versions = sorted({cell.marks["schema_version"] for cell in cells if _is_other_schema(cell)})
    if versions:
        shown = " and ".join(str(version) for version in versions)
        repairs.append(f"nbgrader's metadata in it are of version {shown}, not 3; they were read as far as they go.")
    return cells


def _left_out_bytes(cell: Any) -> int:
    outputs = _list(cell.get("outputs")) if isinstance(cell, dict) else []
    sizes = [output.get(_NOTE.decode()) for output in outputs[:1] if isinstance(output, dict)]
    return sum(size for size in sizes if type(size) is int)


def numbered(numbers: list[int]) -> str:
    """``cell 3``, or ``cells 3, 4 and 7``."""
    shown = [str(number) for number in numbers[:8]]
    if len(numbers) > 8:
        shown.append(f"{len(numbers) - 8} more")
    return f"cell {shown[0]}" if len(shown) == 1 else f"cells {', '.join(shown[:-1])} and {shown[-1]}"


def _say_format(root: Mapping[str, Any], repairs: list[str]) -> None:
    version = root.get("nbformat")
    if isinstance(version, int) and not isinstance(version, bool) and version != 4:
        repairs.append(f"the notebook is of format {version}, not 4; it was read as that.")
    metadata = root.get("metadata")
    if not isinstance(metadata, dict):
        return
    kernel, language = metadata.get("kernelspec"), metadata.get("language_info")
    spoken = kernel.get("language") if isinstance(kernel, dict) else None
    if not isinstance(spoken, str) and isinstance(language, dict):
        spoken = language.get("name")
    if isinstance(spoken, str) and spoken and not spoken.lower().startswith(("python", "ipython")):
        repairs.append(f"the notebook says that it is written in {plain_words(spoken)}; it was run as Python.")


def plain_words(text: str) -> str:
    """A student's text as part of a sentence: short, printable, on one line."""
    return re.sub(r"[^\w .+#()/-]", "?", clean_text(text))[:60]


def _is_other_schema(cell: HandedInCell) -> bool:
    version = cell.marks.get("schema_version")
    return type(version) is int and version != 3


def _handed_in(cell: dict[str, Any], number: int, odd: dict[str, list[int]]) -> HandedInCell:
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    nbgrader = metadata.get("nbgrader")
    marks = nbgrader if isinstance(nbgrader, dict) else {}
    text = _text(cell["source"] if "source" in cell else cell.get("input", ""))
    source = clean_text(text.replace("\0", ""))
    if "\0" in text:
        odd.setdefault("read without the zero characters in it", []).append(number)
    if not _is_text(text):
        odd.setdefault("read with ? for characters that are none", []).append(number)
    if len(source) > MAX_SOURCE:
        source = source[:MAX_SOURCE]
        odd.setdefault(f"cut after {MAX_SOURCE:,} characters", []).append(number)
    kind = cell.get("cell_type")
    tags = metadata.get("tags")
    return HandedInCell(
        cell_type=_cell_type(kind, cell, odd, number),
        source=source,
        grade_id=_text(marks.get("grade_id", ""))[:200],
        outputs=tuple(o for o in _list(cell.get("outputs")) if isinstance(o, dict) and _NOTE.decode() not in o),
        cell_id=_text(cell.get("id", ""))[:200],
        marks={key: marks[key] for key in ("grade", "solution", "locked", "points", "schema_version") if key in marks},
        tags=tuple(tag for tag in _list(tags) if isinstance(tag, str)),
        number=number,
    )


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _cell_type(kind: Any, cell: dict[str, Any], odd: dict[str, list[int]], number: int) -> str:
    if kind in ("code", "markdown", "raw"):
        return str(kind)
    if kind in ("heading", "html"):  # nbformat 2 and 3
        return "markdown"
    if isinstance(kind, str) and kind.strip().lower() in ("code", "markdown", "raw"):
        return kind.strip().lower()
    odd.setdefault("of no known type and read as what the course has there, or else as it looks", []).append(number)
    return "code" if "outputs" in cell or "execution_count" in cell else ""


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return "".join(_text(part) for part in value if not isinstance(part, list)) if isinstance(value, list) else ""


# -- Python files -----------------------------------------------------------------------------------------------------

_HEADER = re.compile(r"#[ \t]*(?:%%+(?P<title>[ \t].*|)|In\[[\d ]*\]:?)[ \t]*")
_OPTION = re.compile(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S+)")
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,60}")


def _python(text: str, problem: Exception | None) -> str:
    """The text, if it is a Python file.

    Raises:
        SubmissionError: it is neither Python nor JSON.
    """
    text = clean_text(text)
    if text.lstrip()[:1] not in ("{", "[") or problem is None:
        tree = student_tree(text) if len(text) <= MAX_SOURCE else None
        has_code = tree is not None and any(not _is_word(node) for node in tree.body)
        looks_so = re.search(r"^(?:def|class|import|from)[ \t]+\w", text, re.MULTILINE) is not None
        if has_code or looks_so or any(_HEADER.fullmatch(line) for line in text.split("\n", 200)[:200]):
            return text
    reason = f"it is not JSON ({problem})" if str(problem or "") else "it is neither JSON nor Python"
    raise SubmissionError(f"not a notebook: {clean_text(reason)[:200]}", hint=AGAIN) from problem


def _is_word(node: Any) -> bool:
    """A statement that any prose might be: a bare name or constant."""
    return type(node).__name__ == "Expr" and type(node.value).__name__ in (
        "Name",
        "Constant",
        "Tuple",
        "Compare",
        "BinOp",
    )


def _python_cells(text: str, repairs: list[str]) -> list[HandedInCell]:
    lines = text.split("\n")
    heads = [index for index, line in enumerate(lines) if line.startswith("#") and _HEADER.fullmatch(line)]
    if not heads:
        repairs.append("it is a Python file, not a notebook; it was read as one cell.")
        return [HandedInCell("code", text[:MAX_SOURCE], number=1)]
    mark = "# %%" if any("%%" in lines[index] for index in heads) else "# In[ ]:"
    repairs.append(f'it is a Python file, not a notebook; its cells were read by their "{mark}" lines.')
    cells = []
    if any(line.strip() and not line.startswith("#") for line in lines[: heads[0]]):
        cells.append(HandedInCell("code", "\n".join(lines[: heads[0]]).strip("\n")[:MAX_SOURCE], number=1))
    for start, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        body = lines[start + 1 : end]
        split = _where_prose_begins(body) if lines[start].lstrip("# \t").startswith("In[") else len(body)
        cells.append(_percent_cell(lines[start], body[:split], len(cells) + 1))
        if any(line.strip() for line in body[split:]):
            cells.append(HandedInCell("markdown", "\n".join(_prose(body[split:])).strip("\n"), number=len(cells) + 1))
    return cells


def _where_prose_begins(lines: list[str]) -> int:
    """Where the code ends in a script of nbconvert's: markdown has no mark there, only blank lines before it."""
    begin = len(lines)
    first = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
    for index in range(len(lines) - 1, first + 2, -1):
        if lines[index].strip() and not lines[index].startswith("#"):
            break
        if lines[index].startswith("#") and not lines[index - 1].strip() and not lines[index - 2].strip():
            begin = index
    return begin


def _percent_cell(head: str, lines: list[str], number: int) -> HandedInCell:
    """One cell as ``release/`` writes it: ``# %% [markdown] name role="manual" points=2``."""
    match = _HEADER.fullmatch(head)
    title = (match["title"] or "") if match else ""
    options = dict(_OPTION.findall(title))
    words = _OPTION.sub("", title).replace("[md]", "[markdown]").split()
    kind = next((word[1:-1] for word in words if word in ("[markdown]", "[raw]")), "code")
    words = [word for word in words if not word.startswith("[")]
    name = words[0] if words and _LABEL.fullmatch(words[0]) else ""
    if kind != "code":
        lines = _prose(lines)
    return HandedInCell(
        kind,
        "\n".join(lines).strip("\n")[:MAX_SOURCE],
        grade_id=name if "role" in options else "",
        cell_id=name,
        number=number,
    )


def _prose(lines: list[str]) -> list[str]:
    text = "\n".join(lines).strip()
    for quote in ('"""', "'''"):
        if text.startswith(quote) and text.endswith(quote) and len(text) >= 6:
            return text[3:-3].strip("\n").split("\n")
    return [line.removeprefix("# ") if line.startswith("# ") else line.removeprefix("#") for line in lines]
