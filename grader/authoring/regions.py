"""The marked regions of a cell: ``### BEGIN SOLUTION`` … ``### END SOLUTION`` and the same for hidden tests.

nbgrader takes any line that contains the words for a marker. Here a marker is a line of its own in exactly this
spelling, and a line that only looks like one is an author's mistake: it would publish what it should hide.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import enum
import re


class Kind(enum.StrEnum):
    """What a region holds."""

    SOLUTION = "SOLUTION"
    HIDDEN = "HIDDEN TESTS"


_MARKER = re.compile(r"(?P<indent>[ \t]*)### (?P<edge>BEGIN|END) (?P<kind>SOLUTION|HIDDEN TESTS)[ \t]*")
_WORDS = [f"{edge} {kind}" for edge in ("BEGIN", "END") for kind in Kind]


@dataclasses.dataclass(frozen=True, slots=True)
class Region:
    """Lines ``begin`` to ``end`` of a cell (0-based, both are marker lines) and the indentation of the first."""

    kind: Kind
    begin: int
    end: int
    indent: str


@dataclasses.dataclass(frozen=True, slots=True)
class MarkerProblem:
    """A marker that is wrong: its line in the cell (0-based), what is wrong, what to do."""

    line: int
    message: str
    hint: str


def begin_marker(kind: Kind) -> str:
    """Return the line that starts a region."""
    return f"### BEGIN {kind}"


def end_marker(kind: Kind) -> str:
    """Return the line that ends a region."""
    return f"### END {kind}"


def regions(source: str) -> list[Region]:
    """Return the regions of a cell that has no marker problems."""
    return _scan(source, "")[0]


def marker_problems(source: str, *, is_code: bool, end_place: str) -> list[MarkerProblem]:
    """Return what is wrong with a cell's markers.

    Args:
        source: the cell's text.
        is_code: in code every comment that looks like a marker is looked at; in prose, words are only words.
        end_place: where the cell ends, as in ``line 131, where the next cell starts``.
    """
    problems = _scan(source, end_place)[1]
    problems += [
        MarkerProblem(index, f"{line.strip()!r} looks like a marker but is none.", _spelling(line))
        for index, line in enumerate(source.split("\n"))
        if not _MARKER.fullmatch(line) and _looks_like_marker(line, is_code)
    ]
    return sorted(problems, key=lambda problem: problem.line)


def _scan(source: str, end_place: str) -> tuple[list[Region], list[MarkerProblem]]:
    found: list[Region] = []
    problems = []
    opened: tuple[int, str, Kind] | None = None
    for index, line in enumerate(source.split("\n")):
        marker = _MARKER.fullmatch(line)
        if not marker:
            continue
        kind = Kind(marker["kind"])
        text = marker[0].strip()
        if marker["edge"] == "BEGIN":
            if opened:
                message = f'"{text}" stands inside a region that is still open.'
                problems.append(MarkerProblem(index, message, f'Add "{end_marker(opened[2])}" before it.'))
            opened = (index, marker["indent"], kind)
        elif not opened:
            message = f'"{text}" ends a region that was never begun.'
            problems.append(MarkerProblem(index, message, f'Add "{begin_marker(kind)}" before it, or delete the line.'))
        elif opened[2] is not kind:
            message = f'"{text}" ends a region that begins with "{begin_marker(opened[2])}".'
            problems.append(MarkerProblem(index, message, f'Write "{end_marker(opened[2])}".'))
            opened = None
        else:
            found.append(Region(kind, opened[0], index, opened[1]))
            opened = None
    if opened:
        message = f'"{begin_marker(opened[2])}" is never closed.'
        problems.append(MarkerProblem(opened[0], message, f'Add "{end_marker(opened[2])}" before {end_place}.'))
    return found, problems


def _looks_like_marker(line: str, is_code: bool) -> bool:
    if any(words in line for words in _WORDS):  # nbgrader would take it for one
        return True
    comment = re.fullmatch(r"\s*#[#\s]*(.*?)[#\s]*", line)
    if not comment or not (is_code or line.lstrip().startswith("###")):
        return False
    return bool(difflib.get_close_matches(" ".join(comment[1].upper().split()), _WORDS, n=1, cutoff=0.85))


def _spelling(line: str) -> str:
    text = re.sub(r"[^A-Z ]", "", line.upper()).strip()
    close = difflib.get_close_matches(text, _WORDS, n=1, cutoff=0.5) or _WORDS[:1]
    return f'Write exactly "### {close[0]}", on a line of its own, or use other words.'


def without_markers(source: str) -> str:
    """Return the text with everything in it but the marker lines: a runnable solution, or a whole test."""
    return "\n".join(line for line in source.split("\n") if not _MARKER.fullmatch(line))


def without_regions(source: str, kind: Kind) -> str:
    """Return the text without its regions of one kind."""
    lines = source.split("\n")
    for region in reversed([region for region in regions(source) if region.kind is kind]):
        del lines[region.begin : region.end + 1]
    return "\n".join(lines)


def region_text(source: str, kind: Kind) -> list[str]:
    """Return the text of each region of one kind, without the markers."""
    lines = source.split("\n")
    return ["\n".join(lines[r.begin + 1 : r.end]) for r in regions(source) if r.kind is kind]


def with_stubs(source: str, name: str) -> str:
    """Return a solution cell with every region replaced by a line that fails by name.

    Args:
        source: the cell.
        name: what the stub is called at module level, where no ``def`` or ``class`` encloses it.
    """
    found = [region for region in regions(source) if region.kind is Kind.SOLUTION]
    if not found:
        return stub(name)
    scopes = _scopes(source)
    lines = source.split("\n")
    for region in reversed(found):
        inside = range(region.begin + 1, region.end)
        first = next((i for i in inside if lines[i].strip() and not lines[i].lstrip().startswith("#")), region.begin)
        lines[region.begin : region.end + 1] = [region.indent + stub(_qualified(scopes, first + 1) or name)]
    return "\n".join(lines)


def stub(name: str) -> str:
    """Return the line that stands where a student's code shall go."""
    return f'raise NotImplementedError("{name}: your code here")'


def _scopes(source: str) -> list[tuple[int, int, str]]:
    """(first line of the body, last line, qualified name) of every function and class, outer ones first."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    found: list[tuple[int, int, str]] = []

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            name = prefix
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                name = f"{prefix}.{child.name}" if prefix else child.name
                found.append((child.lineno + 1, child.end_lineno or child.lineno, name))
            visit(child, name)

    visit(tree, "")
    return found


def _qualified(scopes: list[tuple[int, int, str]], line: int) -> str:
    inner = ""
    for first, last, name in scopes:
        if first <= line <= last:
            inner = name
    return inner
