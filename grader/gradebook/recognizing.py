"""Which chapter a file belongs to, whether it is a notebook at all, and the notebook that a starter file fills in."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
from collections import Counter
from typing import Any

from grader.authoring.release import as_in_notebook, grading_spec, load_assignment, release_notebook, released_cells
from grader.course.config import CourseConfig
from grader.course.model import Assignment, GradingSpec, Role
from grader.errors import CourseError, SubmissionError
from grader.execution.submission import HandedIn, Step, align, read_notebook, slim_notebook

_LOOKS_LIKE_NOTEBOOK = re.compile(
    rb'"(?:cells|nbformat|cell_type)"|\x00c\x00e\x00l\x00l\x00s|c\x00e\x00l\x00l\x00s\x00'
)


@dataclasses.dataclass(frozen=True)
class Recognized:
    """What a file is.

    Args:
        assignment_id: its chapter, or empty.
        problem: why it cannot be collected, or empty.
        damage: why it will not be graded as it is; collected all the same.
    """

    assignment_id: str = ""
    problem: str = ""
    damage: str = ""


class Recognizer:
    """Looks into hand-ins of one course."""

    def __init__(self, config: CourseConfig) -> None:
        self._config = config
        self._specs: dict[str, GradingSpec] = {}
        self._assignments: dict[str, Assignment] = {}  # of which a starter file came: checking one takes a while
        self._unique: dict[str, str] = {}
        counts: Counter[str] = Counter()
        for name in config.layout.assignment_ids():
            with contextlib.suppress(CourseError):  # its author mends it; the other chapters can be collected
                spec = grading_spec(config, name)
                self._specs[name] = spec
                for cell in spec.cells:
                    if cell.name:
                        counts[cell.name] += 1
                        self._unique[cell.name] = name
        self._unique = {cell: chapter for cell, chapter in self._unique.items() if counts[cell] == 1}

    def recognize(self, data: bytes, *, expected: str = "", is_script: bool = False) -> Recognized:
        """Say what a file is.

        Args:
            data: its bytes.
            expected: the chapter that its name, its folder or the user says; empty to find out.
            is_script: it is called ``.py``.
        """
        try:
            handed_in = read_notebook(slim_notebook(data))
        except SubmissionError as problem:
            if not is_script and _LOOKS_LIKE_NOTEBOOK.search(data):
                # A notebook that nobody can read any more is a hand-in all the same: it has a time, and a student.
                return Recognized(expected, "" if expected else "nobody can tell its chapter.", damage=problem.message)
            return Recognized(expected, f"it is not a notebook: {problem.message.removeprefix('not a notebook: ')}")
        scores = self._scores(handed_in)
        best = max(scores, key=lambda name: scores[name], default="")
        if not expected:
            if best and list(scores.values()).count(scores[best]) == 1:
                return Recognized(best)
            fitting = [name for name in self._specs if self._fits(handed_in, name)]
            if len(fitting) == 1:
                return Recognized(fitting[0])
            return Recognized(problem="nobody can tell its chapter. Name it with --chapter.")
        if scores[expected]:
            return Recognized(expected)
        if best:
            return Recognized(expected, f"it was handed in for {expected}, but its cells are those of {best}.")
        if expected in self._specs and not self._fits(handed_in, expected):
            if not is_script and _LOOKS_LIKE_NOTEBOOK.search(data) and not _is_whole(data):
                return Recognized(expected, damage=f"it is damaged: no cell of {expected} is in what is left of it.")
            return Recognized(expected, f"no cell of {expected} is in it.")
        return Recognized(expected)

    def _scores(self, handed_in: HandedIn) -> Counter[str]:
        found = {name for cell in handed_in.cells for name in (cell.grade_id, cell.cell_id) if name in self._unique}
        return Counter(self._unique[name] for name in found)

    def _fits(self, handed_in: HandedIn, assignment_id: str) -> bool:
        try:
            align(handed_in, self._specs[assignment_id])
        except SubmissionError:
            return False
        return True

    def notebook_of(self, script: bytes, assignment_id: str) -> bytes:
        """Return the released notebook with what a student wrote in the starter ``.py``, cell by cell.

        Cells that the student added are where they stand in the file. Grade and setup cells are the course's own.

        Raises:
            SubmissionError: no cell of the chapter is in it.
        """
        from grader.notebooks.notebook import notebook_text

        if assignment_id not in self._assignments:
            self._assignments[assignment_id] = load_assignment(self._config, assignment_id)
        assignment = self._assignments[assignment_id]
        steps, _ = align(read_notebook(script), self._specs[assignment_id])
        released = release_notebook(assignment)
        named = {
            cell["metadata"]["nbgrader"]["grade_id"]: cell
            for cell in released["cells"]
            if "nbgrader" in cell["metadata"]
        }
        # In a Python file magics are comments; a cell that was left as it is gets them back.
        as_released = {cell.source.strip(): as_in_notebook(cell).source for cell in released_cells(assignment)}
        cells = [_cell(step, named, as_released, number) for number, step in enumerate(steps, start=1)]
        return notebook_text({**released, "cells": cells}).encode()


def _is_whole(data: bytes) -> bool:
    """True for JSON from its first to its last character, as every program writes a notebook."""
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _cell(step: Step, named: dict[str, Any], as_released: dict[str, str], number: int) -> dict[str, Any]:
    if step.course is not None and step.course.name in named:
        cell: dict[str, Any] = json.loads(json.dumps(named[step.course.name]))
        if step.course.role in (Role.SOLUTION, Role.MANUAL):
            cell["source"] = step.source
        return cell
    kind = step.cell_type if step.cell_type in ("code", "markdown", "raw") else "code"
    source = as_released.get(step.source.strip(), step.source)
    cell = {"cell_type": kind, "id": f"own-{number}", "metadata": {}, "source": source}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
