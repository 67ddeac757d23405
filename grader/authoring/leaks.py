"""Lines of solutions and hidden tests that a released file tells.

A leak is one line of eight or more tokens, or two consecutive lines, of a solution region or of hidden tests, in any
file of ``release/``: in its text, in a notebook's metadata and outputs, behind a comment sign, in a string. A line that
the author has in the public text of the same chapter is no secret.

Lines without a name, number or text of their own (``else:``, ``)``) and imports are passed over, on both sides: they
say nothing, and nothing can hide between them.
"""

from __future__ import annotations

import dataclasses
import html
import json
import keyword
import re
from collections.abc import Iterable, Iterator
from typing import Any

from grader.authoring.check import public_text
from grader.authoring.regions import Kind, region_text, regions
from grader.course.model import Assignment, CourseCell, Role

LONG_LINE = 8
"""Tokens that make a single line worth hiding."""

# Python's tokens, near enough: a string is one, an operator is one.
_PYTHON_TOKEN = re.compile(
    r"""[rbfuRBFU]{0,2}(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')  # a string
    | [^\W\d]\w* | \d[\w.]*
    | \*\*=? | //=? | [-+*/%@&|^=<>!:]= | -> | [^\w\s]""",
    re.VERBOSE,
)
# What is compared: words, numbers and signs; quotes and backslashes change with the place that a text is put in.
_TOKEN = re.compile(r"[^\W\d]\w*|\d+(?:\.\d+)*|[^\w\s\"'`\\]")
_LEADING = set("#>-*+|")
_IMPORT = re.compile(r"\s*(import\s+\w|from\s+[\w.]+\s+import\b)")

Tokens = tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Secret:
    """A line that must not be published, and where it is: chapter, cell, and what kind of region."""

    assignment_id: str
    cell: CourseCell
    kind: Kind
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Leak:
    """A secret found: in which line of a text (1-based), and what it looks like there."""

    line: int
    secret: Secret
    shown: str


class Secrets:
    """The secrets of some chapters, indexed so that a whole release is read in a moment."""

    def __init__(self, assignments: Iterable[Assignment]) -> None:
        self._long: dict[Tokens, list[tuple[Tokens, Secret]]] = {}
        self._pairs: dict[tuple[Tokens, Tokens], Secret] = {}
        for assignment in assignments:
            self._add(assignment)

    def _add(self, assignment: Assignment) -> None:
        public = _Public(public_text(assignment))
        for cell in assignment.cells:
            for kind, text in _regions(cell):
                before: tuple[str, Tokens, bool] | None = None
                for line, tokens in _telling_lines(text):
                    secret = Secret(assignment.assignment_id, cell, kind, line.strip())
                    is_public = public.has(tokens)
                    if not is_public and len(_PYTHON_TOKEN.findall(_code(line))) >= LONG_LINE:
                        code = _tokens(_code(line))
                        self._long.setdefault(code[:4], []).append((code, secret))
                    if before and not (is_public and before[2]):
                        both = dataclasses.replace(secret, text=f"{before[0]} ⏎ {secret.text}")
                        self._pairs.setdefault((before[1], tokens), both)
                    before = (secret.text, tokens, is_public)

    def leaks(self, text: str) -> list[Leak]:
        """Return the secrets that a text tells, at most one a line."""
        found: dict[int, Leak] = {}
        for variant in dict.fromkeys((text, html.unescape(text))):
            for leak in self._search(variant):
                found.setdefault(leak.line, leak)
        if "\\n" in text:  # a text inside a string
            for number, line in enumerate(text.split("\n"), start=1):
                if "\\n" in line:
                    for leak in self._search(line.replace("\\n", "\n")):
                        found.setdefault(number, dataclasses.replace(leak, line=number))
        return [found[number] for number in sorted(found)]

    def _search(self, text: str) -> Iterator[Leak]:
        before: Tokens = ()
        for number, line in enumerate(text.split("\n"), start=1):
            everything = _tokens(line)
            for start in range(len(everything) - 3):
                for tokens, secret in self._long.get(everything[start : start + 4], ()):
                    if everything[start : start + len(tokens)] == tokens:
                        yield Leak(number, secret, line.strip())
            tokens = _bare(everything)
            if not _tells(line, tokens):
                continue
            pair = self._pairs.get((before, tokens))
            if pair:
                yield Leak(number, pair, line.strip())
            before = tokens


class _Public:
    """The lines that an author has in the public text of a chapter, alone or as part of a longer one."""

    def __init__(self, text: str) -> None:
        self._text = " \n ".join(" ".join(_tokens(line)) for line in text.split("\n"))
        self._text = f" {self._text} "

    def has(self, tokens: Tokens) -> bool:
        return f" {' '.join(tokens)} " in self._text


def _regions(cell: CourseCell) -> Iterator[tuple[Kind, str]]:
    """The hidden texts of a cell; a solution without markers is hidden as a whole."""
    if cell.role in (Role.SOLUTION, Role.MANUAL) and not regions(cell.source):
        yield Kind.SOLUTION, cell.source
    for kind in Kind:
        for text in region_text(cell.source, kind):
            yield kind, text


def _telling_lines(text: str) -> Iterator[tuple[str, Tokens]]:
    for line in text.split("\n"):
        tokens = _bare(_tokens(line))
        if _tells(line, tokens):
            yield line, tokens


def _tells(line: str, tokens: Tokens) -> bool:
    if _IMPORT.match(line):
        return False
    return any((token[0].isalnum() or token[0] == "_") and not keyword.iskeyword(token) for token in tokens)


def _tokens(line: str) -> Tokens:
    return tuple(_TOKEN.findall(line))


def _bare(tokens: Tokens) -> Tokens:
    """Without comment signs, bullets and quotation marks before it."""
    start = 0
    while start < len(tokens) and tokens[start] in _LEADING:
        start += 1
    return tokens[start:]


def _code(line: str) -> str:
    """A line without the comment behind it; a line that is only a comment stays."""
    in_string = ""
    for index, char in enumerate(line):
        if in_string:
            in_string = "" if char == in_string and line[index - 1] != "\\" else in_string
        elif char in "\"'":
            in_string = char
        elif char == "#":
            return line[:index] if line[:index].strip() else line[index:].lstrip("# ")
    return line


# -- files ---


def texts(name: str, data: bytes) -> list[tuple[str, str]]:
    """Return the texts in a file, each with its place in it (``""`` or ``cell 3``).

    A notebook is read as JSON, with everything in it: sources, metadata, attachments, outputs.
    """
    if b"\x00" in data:
        return []
    text = data.decode("utf-8", "replace")
    if name.endswith(".ipynb"):
        try:
            notebook = json.loads(text)
        except ValueError:
            return [("", text)]
        found = []
        if isinstance(notebook, dict):
            cells = notebook.pop("cells", [])
            found = [("metadata", inner) for inner in _strings(notebook)]
            for number, cell in enumerate(cells if isinstance(cells, list) else [], start=1):
                found += [(f"cell {number}", inner) for inner in _strings(cell)]
        return found
    return [("", text)]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        if value and all(isinstance(inner, str) for inner in value):
            # Lines of a source carry their line ends; lines of a traceback do not.
            yield "".join(inner if inner.endswith("\n") else f"{inner}\n" for inner in value)
        else:
            for inner in value:
                yield from _strings(inner)
