"""What a student handed in: read as data, bounded, and aligned with the course's own cells.

A submission decides nothing about tests, points or ids: grade cells and setup cells are the course's, at the place
where the student's notebook has them (or where the course has them, when the notebook has lost them). Everything else
that is code runs where it stands. ``reading`` goes from bytes to cells, ``alignment`` from cells to steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.course.model import GradingSpec, Role
from grader.errors import SubmissionError
from grader.execution.alignment import Step, align
from grader.execution.cell_text import (
    HIDDEN_NOTE,
    bound_names,
    clean_text,
    defined_names,
    has_statements,
    hidden_lines,
    normal_text,
    released_test,
    visible_source,
    without_hidden,
)
from grader.execution.reading import MAX_FILE_BYTES, HandedIn, HandedInCell, read_notebook, slim_notebook

__all__ = [
    "HIDDEN_NOTE",
    "MAX_FILE_BYTES",
    "HandedIn",
    "HandedInCell",
    "Step",
    "align",
    "bound_names",
    "clean_text",
    "has_statements",
    "hidden_lines",
    "normal_text",
    "read_notebook",
    "released_test",
    "slim_notebook",
    "steps_of",
    "visible_source",
    "without_hidden",
]


def steps_of(notebook: bytes, files: Mapping[str, bytes], spec: GradingSpec) -> tuple[list[Step], list[str]]:
    """The steps of a grading, and what was put right.

    Students may work in the starter ``.py`` instead of the notebook. Where both are handed in the notebook counts,
    unless there is no answer in it.

    Raises:
        SubmissionError: there is nothing that could be graded.
    """
    name = f"{spec.assignment_id}.py"
    if not notebook and name in files:
        steps, repairs = align(read_notebook(files[name]), spec)
        return steps, [f"there is no notebook; {name} was graded.", *repairs]
    found = refusal = None
    try:
        found = align(read_notebook(notebook), spec)
    except SubmissionError as exc:
        refusal = exc
    if name in files and (found is None or not _has_answer(found[0], spec)):
        try:
            other = align(read_notebook(files[name]), spec)
        except SubmissionError:
            other = None
        if other and _has_answer(other[0], spec):
            state = "has no answer in it" if found else "cannot be read"
            return other[0], [f"the notebook {state}; {name} beside it was graded.", *other[1]]
    if found is None:
        assert refusal is not None
        raise refusal
    return found


def _has_answer(steps: Sequence[Step], spec: GradingSpec) -> bool:
    """True if the student wrote something where an answer was asked for, or defined what an exercise asks for."""
    for step in steps:
        course = step.course
        if course is not None and course.role in (Role.SOLUTION, Role.MANUAL):
            if normal_text(step.source) != normal_text(course.source):
                return True
        elif course is None and step.cell_type == "code" and defined_names(step.source) & spec.solution_names:
            return True
    return False
