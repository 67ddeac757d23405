"""The report values: what a class has, and what one student has, ready to be shown in any form."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Iterable, Mapping, Sequence

from grader.gradebook.extensions import DueDates
from grader.gradebook.store import AssignmentRow, Store, SubmissionRow, VerdictRow
from grader.reports.text import printable


class State(enum.StrEnum):
    """How far a student is with a chapter."""

    MISSING = "missing"
    WAITING = "waiting"
    NOT_GRADED = "not graded"
    GRADED = "graded"


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """One student's standing in one chapter.

    ``score`` is what counts (late penalty taken off), None where there is none. ``n_manual`` grade cells wait for a
    person. ``waiting`` means handed in, and not autograded yet. ``due`` is the student's own due date, of which
    ``extension_s`` is an extension.
    """

    state: State
    score: float | None = None
    penalty: float = 0.0
    seconds_late: float = 0.0
    n_manual: int = 0
    not_graded: str = ""
    repairs: tuple[str, ...] = ()
    timestamp: datetime.datetime | None = None
    due: datetime.datetime | None = None
    extension_s: float = 0.0
    graded_at: datetime.datetime | None = None

    @property
    def is_late(self) -> bool:
        """Whether it was handed in after the due date (and the student's extension)."""
        return self.seconds_late > 0

    @property
    def needs_person(self) -> bool:
        """Whether somebody has to look at it."""
        return self.state is State.NOT_GRADED or self.n_manual > 0

    @property
    def why_person(self) -> str:
        """What that person will find: why it is not graded, or how many answers wait."""
        return self.not_graded or f"{self.n_manual} answer{'s' * (self.n_manual != 1)} to grade by hand"


@dataclasses.dataclass(frozen=True, slots=True)
class ChapterColumn:
    """A chapter of the report. ``mean`` is that of the submissions that have a score; None if none has."""

    assignment_id: str
    title: str
    max_score: float
    mean: float | None
    n_scored: int


@dataclasses.dataclass(frozen=True, slots=True)
class StudentLine:
    """One student's marks, one for each chapter of the report."""

    student_id: str
    name: str
    marks: Mapping[str, Mark]

    @property
    def total(self) -> float:
        """What counts, over all chapters of the report."""
        return sum(mark.score or 0.0 for mark in self.marks.values())


@dataclasses.dataclass(frozen=True, slots=True)
class ClassReport:
    """Students × chapters."""

    title: str
    chapters: tuple[ChapterColumn, ...]
    students: tuple[StudentLine, ...]

    @property
    def max_score(self) -> float:
        """The points of all chapters of the report."""
        return sum(chapter.max_score for chapter in self.chapters)

    @property
    def mean_total(self) -> float | None:
        """The mean of the totals of all students."""
        return sum(line.total for line in self.students) / len(self.students) if self.students else None

    def needing_a_person(self) -> list[tuple[str, str, Mark]]:
        """(student, chapter, mark) of everything that somebody has to look at."""
        return [
            (line.student_id, chapter.assignment_id, line.marks[chapter.assignment_id])
            for chapter in self.chapters
            for line in self.students
            if line.marks[chapter.assignment_id].needs_person
        ]

    def waiting(self) -> list[tuple[str, str]]:
        """(student, chapter) of what was handed in and not autograded yet."""
        return [
            (line.student_id, chapter_id)
            for line in self.students
            for chapter_id, mark in line.marks.items()
            if mark.state is State.WAITING
        ]


@dataclasses.dataclass(frozen=True, slots=True)
class ChapterDetail:
    """One student's chapter in detail."""

    assignment_id: str
    title: str
    max_score: float
    mark: Mark
    verdicts: tuple[VerdictRow, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class StudentReport:
    """One student in detail."""

    student_id: str
    name: str
    chapters: tuple[ChapterDetail, ...]

    @property
    def total(self) -> float:
        """What counts, over all chapters of the report."""
        return sum(chapter.mark.score or 0.0 for chapter in self.chapters)

    @property
    def max_score(self) -> float:
        """The points of all chapters of the report."""
        return sum(chapter.max_score for chapter in self.chapters)


@dataclasses.dataclass(frozen=True, slots=True)
class Course:
    """What a report has to know of the course.

    Args:
        title: the course's title.
        titles: of the chapters, by id, in order; a chapter that is not here comes last.
        points: what the configuration says a chapter is worth, for those that the gradebook does not know yet.
        handed_in: who has handed in a chapter, by chapter.
        due: what the configuration says when a chapter is due, of those where it says something.
    """

    title: str
    titles: Mapping[str, str]
    points: Mapping[str, float]
    handed_in: Mapping[str, Sequence[str]]
    due: Mapping[str, datetime.datetime] = dataclasses.field(default_factory=dict)


def class_report(
    store: Store,
    course: Course,
    assignment_ids: Sequence[str] | None = None,
    student_ids: Iterable[str] | None = None,
) -> ClassReport:
    """Read the standing of the class.

    Args:
        store: the gradebook.
        course: the course around it.
        assignment_ids: only these chapters; None for all that the gradebook or the course has.
        student_ids: only these students; None for all that the gradebook or ``submitted/`` has.
    """
    known = {row.assignment_id: row for row in store.assignments()}
    chosen = _chapter_ids(known, course) if assignment_ids is None else list(assignment_ids)
    rows = {(row.student_id, row.assignment_id): row for row in store.scores(chosen)}
    names = {row.student_id: row.name for row in store.students()}
    handed_in = {chapter: frozenset(course.handed_in.get(chapter, ())) for chapter in chosen}
    dues = {chapter: store.due_dates(chapter, due=course.due.get(chapter)) for chapter in chosen}
    everybody = set(names).union(*handed_in.values())
    if student_ids is not None:
        everybody &= set(student_ids)
    lines = tuple(
        StudentLine(
            student_id,
            names.get(student_id, ""),
            {
                chapter: _mark(
                    rows.get((student_id, chapter)), student_id in handed_in[chapter], student_id, dues[chapter]
                )
                for chapter in chosen
            },
        )
        for student_id in sorted(everybody)
    )
    return ClassReport(course.title, tuple(_column(chapter, known, course, lines) for chapter in chosen), lines)


def student_report(
    store: Store, course: Course, student_id: str, assignment_ids: Sequence[str] | None = None
) -> StudentReport:
    """Read everything about one student's chapters."""
    known = {row.assignment_id: row for row in store.assignments()}
    chosen = _chapter_ids(known, course) if assignment_ids is None else list(assignment_ids)
    rows = {row.assignment_id: row for row in store.scores(chosen, student_id)}
    verdicts: dict[str, list[VerdictRow]] = {}
    for verdict in store.verdicts(student_id, chosen):
        verdicts.setdefault(verdict.assignment_id, []).append(verdict)
    names = {row.student_id: row.name for row in store.students()}
    chapters = tuple(
        ChapterDetail(
            chapter,
            course.titles.get(chapter, ""),
            _max_score(chapter, known, course),
            _mark(
                rows.get(chapter),
                student_id in course.handed_in.get(chapter, ()),
                student_id,
                store.due_dates(chapter, due=course.due.get(chapter)),
            ),
            tuple(verdicts.get(chapter, ())),
        )
        for chapter in chosen
    )
    return StudentReport(student_id, names.get(student_id, ""), chapters)


def _chapter_ids(known: Mapping[str, AssignmentRow], course: Course) -> list[str]:
    return [*course.titles, *sorted(set(known) - set(course.titles))]


def _max_score(chapter: str, known: Mapping[str, AssignmentRow], course: Course) -> float:
    return known[chapter].max_score if chapter in known else course.points.get(chapter, 0.0)


def _column(
    chapter: str, known: Mapping[str, AssignmentRow], course: Course, lines: Sequence[StudentLine]
) -> ChapterColumn:
    scores = [score for line in lines if (score := line.marks[chapter].score) is not None]
    return ChapterColumn(
        chapter,
        course.titles.get(chapter, ""),
        _max_score(chapter, known, course),
        sum(scores) / len(scores) if scores else None,
        len(scores),
    )


def _mark(row: SubmissionRow | None, handed_in: bool, student_id: str, dues: DueDates) -> Mark:
    if row is None:
        due = dues.of(student_id)
        return Mark(State.WAITING if handed_in else State.MISSING, due=due, extension_s=dues.more_s(due))
    return Mark(
        State.GRADED if row.is_scored else State.NOT_GRADED,
        score=row.final_score if row.is_scored else None,
        penalty=row.penalty,
        seconds_late=row.seconds_late,
        n_manual=row.n_manual,
        not_graded=row.not_graded,
        repairs=row.repairs,
        timestamp=row.timestamp,
        due=row.due,
        extension_s=row.extension_s,
        graded_at=row.graded_at,
    )


def short_names(assignment_ids: Sequence[str]) -> list[str]:
    """Return a short name for each chapter: its number, if all have one that tells them apart.

    Example:
        >>> short_names(["01_add", "02_mean"]), short_names(["intro", "02_mean"])
        (['01', '02'], ['intro', '02_mean'])
        >>> short_names(["01_add"])
        ['01']
    """
    ids = [printable(name) for name in assignment_ids]
    numbers = [name.partition("_")[0] for name in ids]
    if len(set(numbers)) == len(ids) and all(number.isdigit() for number in numbers):
        return numbers
    return ids
