"""The percent format: a Python text whose ``# %%`` lines start cells, read with line numbers.

jupytext defines the format and reads it for Jupyter, but it keeps no line numbers and takes a misspelt header
silently for something else. So the lines are read here, after jupytext's rules, and ``disagreement`` says where the
two read a file differently.
"""

from __future__ import annotations

import ast
import dataclasses
import json
import re
from typing import Any

HEADER = re.compile(r"\s*#\s*(?:%%(?P<options>%*\s.*|)|<codecell>|In\[[0-9 ]*\]:?)\s*$")
"""A line that starts a cell (jupytext also knows two older spellings)."""

_CELL_TYPE = re.compile(r"\[(markdown|md|raw)\]")
_OPTION = re.compile(
    r"""\s* (?P<key>[^\s=]+) \s*=\s*
        (?P<value>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | \[[^]]*\] | \{[^}]*\} | [^\s"']+ )
        (?=\s|$)""",
    re.VERBOSE,
)
_WORD = re.compile(r"\s*(?P<key>[A-Za-z_]\w*)(?=\s|$)")
_ENCODING = re.compile(r"[ \t\f]*#.*?coding[:=][ \t]*[-_.a-zA-Z0-9]+")
_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)$")


@dataclasses.dataclass(frozen=True, slots=True)
class Option:
    """One ``key=value`` of a cell header; ``is_value`` is False if the value is no quoted text, number or the like."""

    key: str
    value: Any
    text: str
    is_value: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class PercentCell:
    """One cell of a percent file.

    Args:
        header_line: 1-based line of its ``# %%``; 0 for text before the first one.
        line: 1-based line where its source starts.
        title: the words between ``%%`` and the options, without ``[markdown]``.
        options: the options in the order they stand.
        trouble: the part of the header that is no option, or ``""``.
        cell_type: ``code``, ``markdown`` or ``raw``.
        source: its text; markdown without the comment signs.
        lines: its text as it stands in the file, line by line.
        fences: lines (1-based) of cell headers that a fenced block of markdown has swallowed.
    """

    header_line: int
    line: int
    title: str
    options: tuple[Option, ...]
    trouble: str
    cell_type: str
    source: str
    lines: tuple[str, ...]
    fences: tuple[int, ...] = ()


def normal_text(text: str) -> str:
    """Return ``text`` without a byte order mark and with ``\\n`` line ends, as editors on any system may save it."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def percent_cells(text: str) -> list[PercentCell]:
    """Split a percent file into cells; blank lines before the first header are no cell."""
    return [cell for cell in _all_cells(text) if cell.header_line or cell.source.strip()]


def _all_cells(text: str) -> list[PercentCell]:
    lines = normal_text(text).removesuffix("\n").split("\n") if text else []
    position, yaml_cell = _after_preamble(lines)
    cells = [yaml_cell] if yaml_cell else []
    while position < len(lines):
        cell, position = _next_cell(lines, position)
        cells.append(cell)
    return cells


def _after_preamble(lines: list[str]) -> tuple[int, PercentCell | None]:
    """Step over ``#!``, an encoding line and a YAML header; other YAML than jupytext's own becomes a raw cell."""
    start = 1 if lines and lines[0].startswith("#!") else 0
    for index, line in enumerate(lines[:2]):
        if _ENCODING.match(line):
            start = index + 1
            break
        if not line.startswith("#!") and (not line.startswith("#") or _uncommented(line).strip() not in ("", "---")):
            break
    marks: list[int] = []
    for index in range(start, len(lines)):
        content = _uncommented(lines[index])
        if not lines[index].startswith("#") or (not marks and content.strip() not in ("", "---")):
            break
        if re.fullmatch(r"---\s*", content):
            marks.append(index)
            if len(marks) == 2:
                break
    if len(marks) < 2:
        return start, None
    first, last = marks
    kept, in_jupyter = [], False
    for index in (*range(start, first), *range(first + 1, last)):
        content = _uncommented(lines[index])
        if re.match(r"jupyter\s*:", content):
            in_jupyter = True
        elif content and not content.startswith((" ", "\t")):
            in_jupyter = False
        if not in_jupyter:
            kept.append(content)
    after = last + 2 if last + 1 < len(lines) and not lines[last + 1].strip() else last + 1
    if not kept:
        return after, None
    source = "\n".join(["---", *kept, "---"])
    return after, PercentCell(0, first + 1, "", (), "", "raw", source, tuple(lines[first : last + 1]))


def _uncommented(line: str) -> str:
    return line[2:] if line.startswith("# ") else line[1:] if line.startswith("#") else line


def _next_cell(lines: list[str], start: int) -> tuple[PercentCell, int]:
    """Read the cell that starts at ``start``; return it and where the next one starts."""
    header = HEADER.match(lines[start])
    cell_type, title, options, trouble = _header(header["options"] or "") if header else ("code", "", [], "")
    end, fences = _cell_end(lines, start, cell_type)
    content = lines[start + bool(header) : end]
    while content and not content[-1].strip():
        content.pop()
    cell = PercentCell(
        header_line=start + 1 if header else 0,
        line=start + 1 + bool(header),
        title=title,
        options=tuple(options),
        trouble=trouble,
        cell_type=cell_type,
        source="\n".join(content if cell_type == "code" else _prose(content)),
        lines=tuple(content),
        fences=fences,
    )
    return cell, end


def _cell_end(lines: list[str], start: int, cell_type: str) -> tuple[int, tuple[int, ...]]:
    """Find the next header that is neither inside a string nor (in markdown) inside a fenced block."""
    quotes = _Quotes()
    fence: str | None = None
    swallowed = []
    for index in range(start, len(lines)):
        line = lines[index]
        inside_string = quotes.open
        quotes.read(line)
        if inside_string:
            continue
        if cell_type != "code":
            found = _FENCE.match(_uncommented(line))
            if fence:
                if _closes(found, fence):
                    fence = None
                elif HEADER.match(line):
                    swallowed.append(index + 1)
                continue
            if found and not (found["fence"][0] == "`" and "`" in found["info"]):
                opened = found["fence"]
                if any(_closes(_FENCE.match(_uncommented(later)), opened) for later in lines[index + 1 :]):
                    fence = opened
                    continue
        if index > start and HEADER.match(line):
            return index, tuple(swallowed)
    return len(lines), tuple(swallowed)


def _closes(found: re.Match[str] | None, fence: str) -> bool:
    return bool(found) and found["fence"].startswith(fence) and not found["info"].strip()  # type: ignore[index]


class _Quotes:
    """Whether a line begins inside a triple-quoted string, by jupytext's own simple reading of quotes."""

    def __init__(self) -> None:
        self._triple: str | None = None

    @property
    def open(self) -> bool:
        return self._triple is not None

    def read(self, line: str) -> None:
        if not self._triple and line.lstrip().startswith("#"):
            return
        single: str | None = None
        last_triple = -1
        for index, char in enumerate(line):
            if char == "#" and not single and not self._triple:
                break
            if char not in "\"'" or line[max(index - 1, 0) : index] == "\\":
                continue
            if single:
                single = None if single == char else single
            elif index >= 2 and line[index - 2 : index + 1] == 3 * char and index >= last_triple + 3:
                if self._triple in (char, None):
                    self._triple = None if self._triple else char
                    last_triple = index
            elif not self._triple:
                single = char


def _prose(content: list[str]) -> list[str]:
    """Take the comment signs off a markdown cell, or the triple quotes around it."""
    text = "\n".join(content).strip()
    for left, quote in ((prefix + quote, quote) for prefix in ("", "r", "R") for quote in ('"""', "'''")):
        if text.startswith(left) and text.endswith(quote) and len(text) >= len(left) + 3:
            return text[len(left) : -3].removeprefix("\n").removesuffix("\n").split("\n")
    return [_uncommented(line) for line in content]


def _header(text: str) -> tuple[str, str, list[Option], str]:
    """(cell type, title, options, what is neither) of the text behind ``# %%``."""
    text = text.lstrip("%").strip()
    equals = text.find("=")
    brace = text.find("{")
    if brace >= 0 and not 0 <= equals < brace:  # jupytext's other notation, a JSON object
        title, rest = text[:brace], text[brace:]
    elif equals >= 0:
        title = re.sub(r"[^\s=]*\s*$", "", text[:equals])
        rest = text[len(title) :]
    else:
        title, rest = text, ""
    cell_type = "code"
    found = _CELL_TYPE.search(title)
    if found:
        cell_type = "markdown" if found[1] == "md" else found[1]
        title = title[: found.start()] + title[found.end() :]
    options: list[Option] = []
    while rest.strip():
        match = _OPTION.match(rest)
        if match:
            options.append(_option(match["key"], match["value"]))
        else:
            match = _WORD.match(rest)
            if not match:
                break
            options.append(Option(match["key"], None, ""))
        rest = rest[match.end() :]
    return cell_type, " ".join(title.split()), options, rest.strip()


def _option(key: str, text: str) -> Option:
    for read in (json.loads, ast.literal_eval):
        try:
            return Option(key, read(text), text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return Option(key, text, text, is_value=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Disagreement:
    """A place where jupytext reads a file in another way than we do."""

    line: int
    message: str


def disagreement(text: str) -> Disagreement | None:
    """Compare with what jupytext reads: number, types and sources of the cells, and the options of their headers."""
    import jupytext

    ours = _all_cells(text)
    form = {"extension": ".py", "format_name": "percent", "comment_magics": False}
    try:
        theirs = jupytext.reads(normal_text(text), fmt=form).cells
    except Exception as problem:  # noqa: BLE001 (whatever jupytext stumbles over, the author learns of it)
        return Disagreement(1, f"jupytext cannot read it: {type(problem).__name__}: {problem}")
    if ours and not theirs:
        return Disagreement(1, "jupytext finds no cell in it")
    for cell, other in zip(ours, theirs, strict=False):
        where = cell.header_line or cell.line
        if cell.cell_type != other.cell_type:
            return Disagreement(where, f"jupytext takes this cell for {other.cell_type}, not {cell.cell_type}")
        if cell.source.rstrip() != other.source.rstrip():
            mine, its = cell.source.split("\n"), other.source.split("\n")
            same = next(
                (i for i, (a, b) in enumerate(zip(mine, its, strict=False)) if a != b), min(len(mine), len(its))
            )
            return Disagreement(
                min(cell.line + same, cell.line + len(mine) - 1), "jupytext reads this cell's text otherwise"
            )
        if not cell.trouble and all(option.is_value for option in cell.options):
            options = {option.key: option.value for option in cell.options}
            metadata = {key: value for key, value in other.metadata.items() if key not in _JUPYTEXT_KEYS}
            if repr(sorted(options.items())) != repr(sorted(metadata.items())):
                return Disagreement(where, f"jupytext reads this header as {metadata}")
    if len(ours) != len(theirs):
        last = ours[max(min(len(ours), len(theirs)) - 1, 0)]
        return Disagreement(last.header_line or last.line, f"jupytext finds {len(theirs)} cells, not {len(ours)}")
    return None


_JUPYTEXT_KEYS = {
    "title",
    "cell_marker",
    "lines_to_next_cell",
    "lines_to_end_of_cell_marker",
    "cell_depth",
    "region_name",
}
