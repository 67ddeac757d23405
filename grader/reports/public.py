"""What of a graded notebook may go back to its student: everything but hidden tests.

Graded notebooks hold the hidden tests, because graders need them. Both ways to feedback, ``grader feedback`` and
nbgrader's own ``generate_feedback`` (``grader.nbgrader_plugin.HideTests``), pass through ``hide_tests``. The cells are
dicts, or nbformat's nodes, which are dicts too.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader.authoring.parse import parse_solution_file
from grader.authoring.release import released_cells
from grader.course.layout import Layout
from grader.course.model import Assignment, CourseCell
from grader.errors import CourseError
from grader.execution.submission import HIDDEN_NOTE

_MARKER = re.compile(r"(BEGIN|END)\s+HIDDEN\s+TESTS", re.IGNORECASE)
ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_MIN_LINE = 6
"""Shorter lines (``)``, ``x = 1``) say nothing, and would be found in any output."""

QUOTED = "not shown: it quotes a hidden test"


@dataclasses.dataclass(frozen=True)
class HiddenTests:
    """A chapter's grade cells as they were released, and what of them nobody may see.

    Args:
        cells: the chapter's cells as released, in order; empty where the solution file cannot be read today.
        released: the released source of each test, by name.
        lines: every hidden line of the chapter that is not public as well.
    """

    cells: tuple[CourseCell, ...] = ()
    released: Mapping[str, str] = dataclasses.field(default_factory=dict)
    lines: frozenset[str] = frozenset()

    @classmethod
    def of_chapter(cls, layout: Layout, assignment_id: str) -> HiddenTests:
        """Read them from the chapter's solution file."""
        path = layout.solution_file(assignment_id)
        try:
            return cls.of(parse_solution_file(path.read_text(encoding="utf-8"), str(path)))
        except (CourseError, OSError, ValueError):
            return cls()

    @classmethod
    def of(cls, assignment: Assignment) -> HiddenTests:
        """Take them from a chapter."""
        released = {}
        lines: set[str] = set()
        shown_cells = released_cells(assignment)
        for cell, shown in zip(assignment.cells, shown_cells, strict=True):
            if cell.is_grade and cell.role != "manual":
                released[cell.name] = shown.source
                public = set(_lines(shown.source))
                lines.update(line for line in _lines(cell.source) if line not in public)
        return cls(tuple(shown_cells), released, frozenset(lines))

    def quoted_in(self, text: str, known: frozenset[str] = frozenset()) -> bool:
        """Tell whether a text quotes a hidden line; ``known`` are lines that its reader has written themselves."""
        plain = ANSI.sub("", text)
        return any(line in plain for line in self.lines if line not in known)


def _lines(source: str) -> Iterator[str]:
    for line in source.splitlines():
        bare = line.strip()
        if len(bare) >= _MIN_LINE and not _MARKER.search(bare):
            yield bare


def has_marker(source: str) -> bool:
    """Tell whether there is a marker of hidden tests in a text, however it is written."""
    return bool(_MARKER.search(source))


def without_hidden(source: str) -> str:
    """Cut hidden regions out of a cell by their markers, however damaged.

    A region that is not closed goes to the end; an end without a beginning takes everything before it.
    """
    kept: list[str] = []
    inside = False
    for line in source.splitlines():
        marker = _MARKER.search(line)
        if marker is None:
            if not inside:
                kept.append(line)
        elif marker[1].upper() == "BEGIN":
            inside = True
        else:
            if not inside:
                kept.clear()
            inside = False
    return "\n".join(kept).strip("\n") or HIDDEN_NOTE


def hidden_lines(source: str) -> frozenset[str]:
    """Return the lines that ``without_hidden`` cuts out."""
    return frozenset(_lines(source)) - frozenset(_lines(without_hidden(source)))


def hide_tests(cells: Sequence[Any], tests: HiddenTests, *, by_judge: bool) -> None:
    """Take hidden tests out of a notebook's cells, in place.

    A grade cell of the course is shown as it was released, whatever the graded notebook has in its place. In grade
    cells that the course does not know, and where its source cannot be read, hidden regions are cut out by their
    markers. Outputs that quote a hidden line are replaced; the judge's never do, so this is for what others have made.

    Args:
        cells: a notebook's cells, sources as one text.
        tests: the chapter's.
        by_judge: whether our judge graded it; of nbgrader's own run, errors of tests are not shown at all.
    """
    own = frozenset(line for cell in cells if not is_test(cell) for line in _lines(cell["source"]))
    for cell in cells:
        facts = grade_facts(cell)
        name = facts.get("grade_id", "")
        is_code = cell["cell_type"] == "code"
        if is_code:
            _hide_outputs(cell, tests.lines - own, all_errors=False)
        if name in tests.released:
            has_hidden = tests.released[name] != cell["source"] or has_marker(cell["source"])
            cell["source"] = tests.released[name]
        else:
            has_hidden = has_marker(cell["source"]) and not facts.get("solution")
            if has_hidden:
                lines = hidden_lines(cell["source"])
                cell["source"] = without_hidden(cell["source"])
                if is_code:
                    _hide_outputs(cell, lines, all_errors=False)
        if has_hidden and not by_judge and is_code:
            # nbgrader alone graded it: the error's text may hold a hidden test's values.
            _hide_outputs(cell, frozenset(), all_errors=True)


def grade_facts(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what nbgrader says of a cell in its metadata."""
    facts = cell.get("metadata", {}).get("nbgrader", {})
    return facts if isinstance(facts, Mapping) else {}


def is_test(cell: Mapping[str, Any]) -> bool:
    """Tell whether a cell is a test: a grade cell that is no answer."""
    facts = grade_facts(cell)
    return bool(facts.get("grade")) and not facts.get("solution")


def _hide_outputs(cell: Any, hidden: frozenset[str], *, all_errors: bool) -> None:
    for number, output in enumerate(cell["outputs"]):
        is_error = output["output_type"] == "error"
        if (all_errors and is_error) or any(line in ANSI.sub("", text) for text in _texts(output) for line in hidden):
            name = output.get("ename", "Output")
            message = "in a hidden test" if is_error else QUOTED
            told = {"output_type": "error", "ename": name, "evalue": message, "traceback": [f"{name}: {message}"]}
            cell["outputs"][number] = type(output)(told)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        if all(isinstance(inner, str) for inner in value):
            yield "\n".join(value)  # a traceback, or a text in lines
            yield "".join(value)
        for inner in value:
            yield from _texts(inner)
