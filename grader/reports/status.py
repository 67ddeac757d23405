"""How far everybody is: students × chapters, from not handed in to returned, and how many of each."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from grader.course.config import CourseConfig
from grader.course.layout import Layout
from grader.gradebook.handins import handed_in_at
from grader.gradebook.penalty import seconds_late
from grader.gradebook.store import Store
from grader.reports.render import LISTED
from grader.reports.scores import Mark, State, class_report, short_names
from grader.reports.terminal import course_of
from grader.reports.text import first_line, id_and_name, iso, printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

LONG = 6
"""A chapter's name of so many characters has a line of its own."""

TABLE_ROWS = 60
"""A class with more students than this is counted; ``--all`` shows everybody."""


class Stage(enum.StrEnum):
    """How far a student is with a chapter."""

    MISSING = "missing"
    COLLECTED = "collected"
    NOT_GRADABLE = "not gradable"
    NEEDS_PERSON = "needs a person"
    GRADED = "graded"
    RETURNED = "returned"


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """One student in one chapter.

    Args:
        stage: how far.
        mark: the score, the due date, and whether it was late.
        is_late: handed in after the student's own due date; what is collected and not graded yet counts as well.
        is_overdue: not handed in, and the student's own due date is over.
    """

    stage: Stage
    mark: Mark
    is_late: bool = False
    is_overdue: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class StatusLine:
    """One student."""

    student_id: str
    name: str
    chapters: Mapping[str, Progress]


@dataclasses.dataclass(frozen=True, slots=True)
class StatusColumn:
    """One chapter: when it is due, also for the last, and how many are how far."""

    assignment_id: str
    title: str
    due: datetime.datetime | None
    last_due: datetime.datetime | None
    counts: Mapping[str, int]
    n_late: int
    n_overdue: int
    n_extended: int


@dataclasses.dataclass(frozen=True, slots=True)
class Status:
    """Students × chapters."""

    chapters: tuple[StatusColumn, ...]
    students: tuple[StatusLine, ...]


def class_status(
    config: CourseConfig,
    store: Store,
    assignment_ids: Sequence[str] | None,
    student_ids: Iterable[str] | None,
    now: datetime.datetime,
) -> Status:
    """Read how far everybody is."""
    course = course_of(config)
    report = class_report(store, course, assignment_ids, student_ids)
    feedback = _Feedback(config.layout)
    handed_in = {chapter: frozenset(names) for chapter, names in course.handed_in.items()}
    received = {chapter: store.received(chapter) for chapter in handed_in}
    lines = []
    for line in report.students:
        progress = {}
        for chapter, mark in line.marks.items():
            at = None
            if line.student_id in handed_in.get(chapter, ()):
                at = handed_in_at(config.layout, line.student_id, chapter, received[chapter].get(line.student_id))
            returned = feedback.is_newer(line.student_id, chapter, mark.graded_at)
            progress[chapter] = _progress(mark, at, returned=returned, now=now)
        lines.append(StatusLine(line.student_id, line.name, progress))
    columns = []
    for column in report.chapters:
        chapter = column.assignment_id
        dues = store.due_dates(chapter, due=course.due.get(chapter))
        of_chapter = [line.chapters[chapter] for line in lines]
        columns.append(
            StatusColumn(
                chapter,
                column.title,
                dues.due,
                dues.last,
                {str(stage): sum(progress.stage is stage for progress in of_chapter) for stage in Stage},
                sum(progress.is_late for progress in of_chapter),
                sum(progress.is_overdue for progress in of_chapter),
                sum(progress.mark.extension_s > 0 for progress in of_chapter),
            )
        )
    return Status(tuple(columns), tuple(lines))


def _progress(mark: Mark, at: datetime.datetime | None, *, returned: bool, now: datetime.datetime) -> Progress:
    if mark.state is State.MISSING:
        return Progress(Stage.MISSING, mark, is_overdue=mark.due is not None and now > mark.due)
    is_newer = at is not None and at != mark.timestamp
    if mark.state is State.WAITING or is_newer:
        return Progress(Stage.COLLECTED, mark, is_late=seconds_late(at, mark.due) > 0)
    if mark.state is State.NOT_GRADED:
        stage = Stage.NOT_GRADABLE
    elif mark.needs_person:
        stage = Stage.NEEDS_PERSON
    else:
        stage = Stage.RETURNED if returned else Stage.GRADED
    return Progress(stage, mark, is_late=mark.is_late)


class _Feedback:
    """When feedback was written, by student and chapter."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._is_there = layout.feedback_root.is_dir()

    def is_newer(self, student_id: str, assignment_id: str, graded_at: datetime.datetime | None) -> bool:
        """Whether there is feedback that was written after the last grading."""
        if not self._is_there:
            return False
        try:
            with os.scandir(self._layout.feedback_dir(student_id, assignment_id)) as entries:
                times = [entry.stat().st_mtime for entry in entries if entry.name.endswith(".html")]
        except OSError:
            return False
        return bool(times) and (graded_at is None or max(times) >= graded_at.timestamp() - 1)


# --- text ---

_SIGNS = {
    Stage.MISSING: ("–", "missing"),
    Stage.COLLECTED: ("…", "collected, not graded yet"),
    Stage.NOT_GRADABLE: ("?", "not gradable"),
    Stage.NEEDS_PERSON: ("!", "needs a person"),
    Stage.GRADED: ("G", "graded"),
    Stage.RETURNED: ("R", "returned"),
}
_OPEN = ("·", "not due yet")


def show_status(console: Console, status: Status, *, everybody: bool) -> None:
    """Print how many are how far, then who; of a large class only who needs somebody."""
    console.print(_counts(status))
    if (everybody or len(status.students) <= TABLE_ROWS) and status.students:
        console.print(_table(status))
        console.print(_legend(status), style="dim", markup=False, highlight=False)
    for line in _attention(status):
        console.print(line, markup=False, highlight=False)
    if not everybody and len(status.students) > TABLE_ROWS:
        text = f"{len(status.students)} students: --all or --json shows everybody, --student one, --only one stage"
        console.print(text, style="dim", markup=False, highlight=False)


def _counts(status: Status) -> RenderableType:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("chapter\nand due date", overflow="fold", min_width=15)
    for heading in ("missing", "late", "col-\nlected", "graded", "needs\nperson", "not\ngradable", "re-\nturned"):
        table.add_column(heading, justify="right", no_wrap=True)
    labels = short_names([column.assignment_id for column in status.chapters])
    for column, label in zip(status.chapters, labels, strict=True):
        numbers = [
            column.counts[Stage.MISSING],
            column.n_late,
            column.counts[Stage.COLLECTED],
            column.counts[Stage.GRADED],
            column.counts[Stage.NEEDS_PERSON],
            column.counts[Stage.NOT_GRADABLE],
            column.counts[Stage.RETURNED],
        ]
        due = "–" if column.due is None else f"{column.due:%m-%d %H:%M}"
        named = f"{label}  {due}" if len(label) < LONG else f"{label}\n  {due}"
        table.add_row(Text(named), *(str(number) if number else "–" for number in numbers))
    return table


def _table(status: Status) -> RenderableType:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("student", overflow="fold", min_width=6)
    for label in short_names([column.assignment_id for column in status.chapters]):
        table.add_column(Text(label), justify="center", no_wrap=True)
    for line in status.students:
        name = id_and_name(line.student_id, line.name)
        table.add_row(Text(name), *(Text(_sign(line.chapters[c.assignment_id])) for c in status.chapters))
    return table


def _sign(progress: Progress) -> str:
    is_open = progress.stage is Stage.MISSING and not progress.is_overdue and progress.mark.due is not None
    sign = _OPEN[0] if is_open else _SIGNS[progress.stage][0]
    return f"{sign}{'*' if progress.is_late else ''}{'+' if progress.mark.extension_s else ''}"


def _legend(status: Status) -> str:
    signs = "".join(_sign(progress) for line in status.students for progress in line.chapters.values())
    meanings = [*_SIGNS.values(), _OPEN, ("*", "late"), ("+", "more time")]
    return ", ".join(f"{sign} {text}" for sign, text in meanings if sign in signs)


def _attention(status: Status) -> list[str]:
    found = [
        (line.student_id, chapter, progress)
        for line in status.students
        for chapter, progress in line.chapters.items()
        if progress.stage in (Stage.NOT_GRADABLE, Stage.NEEDS_PERSON)
    ]
    lines = []
    for student_id, chapter, progress in found[:LISTED]:
        why = first_line(progress.mark.why_person)
        lines.append(f"{printable(student_id)}/{printable(chapter)}: {progress.stage}: {why}")
    if len(found) > LISTED:
        lines.append(f"… and {len(found) - LISTED} more that need somebody (--json has all)")
    return lines


# --- JSON ---


def status_json(status: Status) -> dict[str, Any]:
    """Return it as a plain dict."""
    return {
        "chapters": [
            {
                "assignment_id": column.assignment_id,
                "title": column.title,
                "due": iso(column.due),
                "last_due": iso(column.last_due),
                "students": len(status.students),
                "counts": {
                    **column.counts,
                    "late": column.n_late,
                    "overdue": column.n_overdue,
                    "extended": column.n_extended,
                },
            }
            for column in status.chapters
        ],
        "students": [
            {
                "student_id": line.student_id,
                "name": line.name,
                "chapters": {chapter: _progress_json(progress) for chapter, progress in line.chapters.items()},
            }
            for line in status.students
        ],
    }


def _progress_json(progress: Progress) -> dict[str, Any]:
    mark = progress.mark
    return {
        "state": str(progress.stage),
        "late": progress.is_late,
        "overdue": progress.is_overdue,
        "due": iso(mark.due),
        "extension_s": mark.extension_s,
        "timestamp": iso(mark.timestamp),
        "seconds_late": mark.seconds_late,
        "score": mark.score,
        "penalty": mark.penalty,
        "manual_cells": mark.n_manual,
        "reason": mark.not_graded,
    }


def only(status: Status, stages: Sequence[str]) -> Status:
    """Return the status of the students who are so far in some chapter; counts stay those of all."""
    wanted = set(stages)
    kept = tuple(
        line
        for line in status.students
        if any(
            str(progress.stage) in wanted or ("late" in wanted and progress.is_late)
            for progress in line.chapters.values()
        )
    )
    return dataclasses.replace(status, students=kept)
