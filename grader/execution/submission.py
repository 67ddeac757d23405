"""What a student handed in: read as data, bounded, and aligned with the course's own cells.

A submission decides nothing about tests, points or ids: grade cells and setup cells are the course's, at the place
where the student's notebook has them (or where the course has them, when the notebook has lost them). Everything else
that is code runs where it stands.
"""

from __future__ import annotations

import ast
import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Any

from grader.course.model import CourseCell, GradingSpec, Role
from grader.errors import SubmissionError

MAX_CELLS = 5_000
MAX_SOURCE = 1 << 20
"""Characters of one cell's source."""


@dataclasses.dataclass(frozen=True, slots=True)
class HandedInCell:
    """One cell of the student's notebook, with nothing in it but text."""

    cell_type: str
    source: str
    grade_id: str = ""
    outputs: tuple[Mapping[str, Any], ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One cell of a grading, in the order in which it runs.

    ``course`` is the course's cell that this one stands for, if any; ``source`` is what runs or is shown.
    """

    source: str
    cell_type: str
    course: CourseCell | None = None
    outputs: tuple[Mapping[str, Any], ...] = ()

    @property
    def role(self) -> Role:
        """The course's role of this cell; free for what the student added."""
        return self.course.role if self.course else Role.FREE


def read_notebook(data: bytes) -> list[HandedInCell]:
    """The cells of a notebook file.

    Raises:
        SubmissionError: not a notebook.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as exc:
        reason = "it is empty" if not data.strip() else f"it is not JSON ({exc})" if str(exc) else "it is not JSON"
        raise SubmissionError(f"not a notebook: {reason[:200]}", hint=_AGAIN) from exc
    if not isinstance(document, dict):
        raise SubmissionError("not a notebook: it has no cells", hint=_AGAIN)
    cells = document.get("cells")
    if not isinstance(cells, list):
        sheets = document.get("worksheets")  # nbformat 3
        if not isinstance(sheets, list):
            raise SubmissionError("not a notebook: it has no cells", hint=_AGAIN)
        cells = [cell for sheet in sheets if isinstance(sheet, dict) for cell in _list(sheet.get("cells"))]
    if len(cells) > MAX_CELLS:
        raise SubmissionError(f"the notebook has {len(cells)} cells; at most {MAX_CELLS} are graded", hint=_AGAIN)
    return [_handed_in(cell) for cell in cells if isinstance(cell, dict)]


_AGAIN = "Ask the student to hand in the notebook again, as JupyterLab saves it."


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _handed_in(cell: dict[str, Any]) -> HandedInCell:
    kind = cell.get("cell_type")
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    outputs = tuple(output for output in _list(cell.get("outputs")) if isinstance(output, dict))
    return HandedInCell(
        cell_type=kind if kind in ("code", "markdown", "raw") else "markdown" if kind == "heading" else "raw",
        source=clean_text(_text(cell.get("source", cell.get("input", "")))[:MAX_SOURCE]),
        grade_id=grade_id if isinstance(grade_id, str) else "",
        outputs=outputs,
    )


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "".join(part for part in _list(value) if isinstance(part, str))


def clean_text(text: str) -> str:
    """Text that can be written as UTF-8, with newlines as Python has them."""
    return text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")


def align(cells: Iterable[HandedInCell], spec: GradingSpec) -> tuple[list[Step], list[str]]:
    """The steps of a grading, and what was put right.

    Cells are recognised by ``grade_id``, then by being the released text of a course cell, then by the names they
    define. Every grade and setup cell of the course appears exactly once.
    """
    handed_in = list(cells)
    repairs: list[str] = []
    match = _matches(handed_in, spec, repairs)
    steps: list[Step] = []
    done: set[str] = set()
    order = [cell for cell in spec.cells if cell.name and cell.role is not Role.FREE]
    position = {cell.name: number for number, cell in enumerate(order)}
    seen_last = {name: index for index, name in match.items()}  # the last of several copies is the one that counts

    def supply(before: int) -> None:
        """Course cells that the notebook has lost, up to a place in the course's order."""
        for cell in order[:before]:
            if cell.name not in done and cell.role in (Role.TEST, Role.SETUP) and cell.name not in seen_last:
                done.add(cell.name)
                steps.append(Step(cell.source, cell.cell_type, cell))
                repairs.append(f'{_kind(cell)} "{cell.name}" was missing; the course\'s own was used.')

    for index, cell in enumerate(handed_in):
        name = match.get(index)
        if name is None:
            steps.append(Step(cell.source, cell.cell_type, None, cell.outputs))
            continue
        course = order[position[name]]
        supply(position[name])
        if course.role in (Role.TEST, Role.SETUP):
            if name in done:
                repairs.append(f'a second copy of {_kind(course)} "{name}" was left out.')
                continue
            done.add(name)
            if cell.source.strip() != _released(course).strip():
                repairs.append(f'{_kind(course)} "{name}" had been changed; the course\'s own was used.')
            steps.append(Step(course.source, course.cell_type, course, cell.outputs))
        elif seen_last[name] != index:
            steps.append(Step(cell.source, cell.cell_type, None, cell.outputs))
            repairs.append(f'a copy of {_kind(course)} "{name}" ran where it stands; the last one counts.')
        else:
            if cell.cell_type != course.cell_type:
                repairs.append(
                    f'{_kind(course)} "{name}" had become a {cell.cell_type} cell; it was read as {course.cell_type}.'
                )
            done.add(name)
            steps.append(Step(cell.source, course.cell_type, course, cell.outputs))
    supply(len(order))
    for cell in order:
        if cell.name not in done:
            repairs.append(f'{_kind(cell)} "{cell.name}" is not in the notebook.')
    return steps, repairs


def _kind(cell: CourseCell) -> str:
    return {Role.TEST: "grade cell", Role.SETUP: "locked cell", Role.MANUAL: "manual cell"}.get(
        cell.role, "solution cell"
    )


def _matches(cells: list[HandedInCell], spec: GradingSpec, repairs: list[str]) -> dict[int, str]:
    """Index of a handed-in cell → name of the course cell that it is."""
    named = {cell.name: cell for cell in spec.cells if cell.name and cell.role is not Role.FREE}
    found = {index: cell.grade_id for index, cell in enumerate(cells) if cell.grade_id in named}
    for cell in cells:
        if cell.grade_id and cell.grade_id not in named:
            repairs.append(
                f'a cell with the unknown id "{cell.grade_id[:60]}" was run as a cell of the student\'s own.'
            )
    missing = {name: cell for name, cell in named.items() if name not in found.values()}
    texts = {_released(cell).strip(): name for name, cell in missing.items()}
    for index, cell in enumerate(cells):
        name = texts.get(cell.source.strip()) if index not in found else None
        if name in missing:
            found[index] = name
            del missing[name]
            repairs.append(f'{_kind(named[name])} "{name}" had lost its id; it was recognised by its text.')
    binds = {name: bound_names(cell.source) for name, cell in missing.items() if cell.role is Role.SOLUTION}
    for index, cell in enumerate(cells):
        if index in found or cell.cell_type == "raw" or not binds:
            continue
        bound = bound_names(cell.source)
        for name, wanted in list(binds.items()):
            if bound & wanted:
                found[index] = name
                del binds[name]
                repairs.append(f'solution cell "{name}" had lost its id; it was recognised by the names it defines.')
                break
    return found


def _released(cell: CourseCell) -> str:
    return without_hidden(cell.source) if cell.role is Role.TEST else cell.source


def hidden_lines(source: str) -> set[int]:
    """1-based numbers of the lines from a ``### BEGIN HIDDEN TESTS`` to its ``### END HIDDEN TESTS``."""
    hidden: set[int] = set()
    inside = False
    for number, line in enumerate(source.split("\n"), start=1):
        if "### BEGIN HIDDEN TESTS" in line:
            inside = True
        if inside:
            hidden.add(number)
        if "### END HIDDEN TESTS" in line:
            inside = False
    return hidden


def without_hidden(source: str) -> str:
    """A grade cell as students know it."""
    hidden = hidden_lines(source)
    return "\n".join(line for number, line in enumerate(source.split("\n"), start=1) if number not in hidden)


def bound_names(source: str) -> frozenset[str]:
    """Names that a cell binds at top level by ``def``, ``class`` or assignment (never by import)."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name))
    return frozenset(names)
