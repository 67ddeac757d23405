"""The sample class: students who don't exist, each with a story, a score to expect and notebooks built from text.

``samples/<student>/story.toml`` tells who it is and what every chapter should earn; ``samples/<student>/<chapter>.py``
holds, in the percent format, only the cells that differ from what was handed out (what stands before the first cell is
for the reader)::

    # %% dot_product                            replaces the cell with that grade_id
    # %% test_relu do="delete"                  deletes it
    # %% my_helper after="dot_product"          adds a cell (also [markdown]); before="…" works too

``start = "solution"`` in ``story.toml`` begins with the course's own solutions instead of the released stubs. The demo
and the tests both build their submissions here.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime
import itertools
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from grader.authoring.parse import parse_solution_file
from grader.authoring.regions import without_markers
from grader.course.config import CourseConfig
from grader.course.layout import Layout
from grader.course.model import Role
from grader.errors import CourseError

PASSED = "passed"


@dataclasses.dataclass(frozen=True, slots=True)
class Edit:
    """One cell of a sample student's file: what to do, where, with which text."""

    do: str
    name: str
    target: str
    source: str
    cell_type: str = "code"
    place: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class SampleChapter:
    """What one sample student hands in for one chapter, and what it should earn.

    Args:
        start: "starter" (the released stubs) or "solution" (the course's).
        lost: grade cells that do not pass, with the outcomes that may be (``"timeout or not_run"``); ``"*"`` stands for
            all that are not named.
        days_late: when it is handed in, from the due date; negative is early.
    """

    assignment_id: str
    start: str
    score: float
    lost: Mapping[str, str]
    edits: tuple[Edit, ...] = ()
    days_late: float = -1.0

    def surprises(self, outcomes: Mapping[str, str], score: float) -> list[str]:
        """Compare what was graded with what the story says; nothing when they agree."""
        said = []
        if abs(score - self.score) > 1e-9:
            said.append(f"{self.assignment_id}: {score:g} points, expected {self.score:g}")
        for grade_id in sorted({*outcomes, *self.lost} - {"*"}):
            expected = self.lost.get(grade_id, self.lost.get("*", PASSED))
            outcome = outcomes.get(grade_id, "no verdict")
            if outcome not in expected.split(" or "):
                said.append(f"{self.assignment_id}: {grade_id} {outcome}, expected {expected}")
        return said


@dataclasses.dataclass(frozen=True, slots=True)
class SampleStudent:
    """A sample student. ``same_in_nbgrader``: stock nbgrader must agree in every grade cell."""

    student_id: str
    story: str
    same_in_nbgrader: bool
    chapters: tuple[SampleChapter, ...]

    @property
    def score(self) -> float:
        """What the story expects in all."""
        return sum(chapter.score for chapter in self.chapters)


def read_class(folder: Path) -> tuple[SampleStudent, ...]:
    """Return all sample students of a folder, sorted by id.

    Raises:
        CourseError: a story that cannot be read, with its file.
    """
    students = tuple(_read_student(path.parent) for path in sorted(folder.glob("*/story.toml")))
    if not students:
        raise CourseError("there are no sample students.", place=str(folder), hint="Run the demo from a clone.")
    return students


def hand_in(
    student: SampleStudent, layout: Layout, config: CourseConfig, only: Iterable[str] | None = None
) -> list[tuple[str, str]]:
    """Write a student's submissions on top of the course's release, in nbgrader's layout.

    ``only`` names the chapters to hand in, by default all. Returns ``(student_id, assignment_id)`` of each.
    """
    wanted = None if only is None else set(only)
    made = []
    for chapter in student.chapters:
        if wanted is not None and chapter.assignment_id not in wanted:
            continue
        assignment_id = chapter.assignment_id
        released = layout.release_dir(assignment_id) / f"{assignment_id}.ipynb"
        notebook = built_notebook(
            chapter, json.loads(released.read_text(encoding="utf-8")), solutions(layout, assignment_id)
        )
        path = layout.submitted_notebook(student.student_id, assignment_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        due = config.chapter(assignment_id).due
        if due is not None:
            at = due + datetime.timedelta(days=chapter.days_late)
            (path.parent / "timestamp.txt").write_text(f"{at:%Y-%m-%d %H:%M:%S} UTC\n", encoding="utf-8")
        made.append((student.student_id, assignment_id))
    return made


def solutions(layout: Layout, assignment_id: str) -> dict[str, str]:
    """Return the course's solution cells as a student would have written them: without markers."""
    path = layout.solution_file(assignment_id)
    assignment = parse_solution_file(path.read_text(encoding="utf-8"), str(path))
    return {cell.name: without_markers(cell.source) for cell in assignment.cells if cell.role is Role.SOLUTION}


def built_notebook(
    chapter: SampleChapter, released: Mapping[str, Any], solved: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the notebook that the student hands in: the released one with the story's changes."""
    notebook = copy.deepcopy(dict(released))
    cells: list[dict[str, Any]] = notebook["cells"]
    if chapter.start == "solution":
        for cell in cells:
            if solved and _name(cell) in solved:
                cell["source"] = _lines(solved[_name(cell)])
    for edit in chapter.edits:
        position = next((i for i, cell in enumerate(cells) if _name(cell) == edit.target), None)
        if position is None:
            raise CourseError(
                f'there is no cell "{edit.target}" in {chapter.assignment_id}.',
                place=edit.place,
                hint='A new cell says where it stands: # %% name after="dot_product"',
            )
        if edit.do == "delete":
            del cells[position]
        elif edit.do == "replace":
            cells[position]["source"] = _lines(edit.source)
        else:
            cells.insert(position + (edit.do == "after"), _new_cell(edit))
    return notebook


def _new_cell(edit: Edit) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": edit.cell_type,
        "id": f"sample-{edit.name}"[:64],
        "metadata": {},
        "source": _lines(edit.source),
    }
    if edit.cell_type == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell


def _name(cell: Mapping[str, Any]) -> str:
    """Return a cell's grade_id, or the name under which the story added it."""
    grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
    return str(grade_id or cell.get("id", "").removeprefix("sample-"))


def _lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)


def _read_student(folder: Path) -> SampleStudent:
    path = folder / "story.toml"
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        return SampleStudent(
            student_id=folder.name,
            story=" ".join(str(told["story"]).split()),
            same_in_nbgrader=bool(told["same_in_nbgrader"]),
            chapters=tuple(
                SampleChapter(
                    assignment_id=assignment_id,
                    start=_start(chapter),
                    score=float(chapter["score"]),
                    lost={str(name): str(outcome) for name, outcome in chapter.get("lost", {}).items()},
                    edits=_read_edits(folder / f"{assignment_id}.py"),
                    days_late=float(chapter.get("days_late", -1)),
                )
                for assignment_id, chapter in sorted(told["chapters"].items())
            ),
        )
    except KeyError as missing:
        raise CourseError(f"{missing} is missing.", place=str(path)) from missing
    except (OSError, ValueError, TypeError) as problem:
        raise CourseError(f"cannot be read: {problem}", place=str(path)) from problem


def _start(chapter: Mapping[str, Any]) -> str:
    start = str(chapter["start"])
    if start not in ("starter", "solution"):
        raise ValueError(f'start is "starter" or "solution", not {start!r}')
    return start


_HEADER = re.compile(r"# %% *(?P<name>[A-Za-z0-9_-]*) *(?P<markdown>\[markdown\])? *(?P<keys>.*)")


def _read_edits(path: Path) -> tuple[Edit, ...]:
    """Read the cells of a sample student's file; what stands before the first header is for the reader."""
    if not path.exists():
        return ()
    lines = path.read_text(encoding="utf-8").split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith("# %%")]
    edits = []
    for start, end in itertools.pairwise([*starts, len(lines)]):
        place = f"{path}:{start + 1}"
        header = _HEADER.fullmatch(lines[start])
        keys = dict(re.findall(r'(\w+)="([^"]*)"', header["keys"])) if header else {}
        if header is None or not header["name"] or set(keys) - {"do", "after", "before"} or len(keys) > 1:
            raise CourseError('a header is like: # %% name, # %% name do="delete", # %% name after="x".', place=place)
        name = header["name"]
        key, value = next(iter(keys.items()), ("do", "replace"))
        source = "\n".join(lines[start + 1 : end]).strip("\n")
        cell_type = "markdown" if header["markdown"] else "code"
        if key == "do":
            if value not in ("replace", "delete"):
                raise CourseError(f'do is "replace" or "delete", not "{value}".', place=place)
            edits.append(Edit(value, name, name, source, cell_type, place))
        else:
            if cell_type == "markdown":
                source = re.sub(r"^# ?", "", source, flags=re.MULTILINE)
            edits.append(Edit(key, name, value, source, cell_type, place))
    return tuple(edits)
