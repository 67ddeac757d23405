"""The gradebook: nbgrader's tables and ours, written together. The only module that opens one.

nbgrader's rows are written as its own ``autograde`` writes them (``SaveCells``, ``SaveAutoGrades``,
``AssignLatePenalties``), but in a few statements for some fifty submissions instead of a commit for every cell. What a
person entered (``manual_score``, ``extra_credit``, ``manual_comment``, an extension) is read and never written.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from grader.course.config import CourseConfig
from grader.course.dates import naive_utc
from grader.course.model import CourseCell
from grader.gradebook import tables
from grader.gradebook.cells import Synced, Wanted, gradebook_cells
from grader.gradebook.database import BUSY_S, Database
from grader.gradebook.penalty import late_penalty, seconds_late
from grader.gradebook.scores import Batch, ScoredSubmission, update_rows
from grader.notebooks.cells import KERNELSPEC

__all__ = [
    "AssignmentRow",
    "Recorded",
    "ScoredSubmission",
    "Store",
    "StudentRow",
    "SubmissionRow",
    "VerdictRow",
    "open_gradebook",
]


@dataclasses.dataclass(frozen=True, slots=True)
class Recorded:
    """What the gradebook remembers of a submission's last grading."""

    content_hash: str
    timestamp: datetime.datetime | None
    not_graded: str


@dataclasses.dataclass(frozen=True, slots=True)
class StudentRow:
    """A student of the gradebook."""

    student_id: str
    first_name: str = ""
    last_name: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class AssignmentRow:
    """A chapter of the gradebook."""

    assignment_id: str
    max_score: float
    due: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class SubmissionRow:
    """One submission's score, as nbgrader computes it, and what is to be said of it.

    ``score`` is before the ``penalty``; of ``n_grades`` grade cells, ``n_manual`` wait for a person and ``n_by_person``
    have a score that a person gave.
    """

    student_id: str
    assignment_id: str
    score: float
    penalty: float
    timestamp: datetime.datetime | None
    seconds_late: float
    n_manual: int
    n_grades: int
    n_by_person: int = 0
    not_graded: str = ""
    repairs: tuple[str, ...] = ()
    cpu_s: float = 0.0
    wall_s: float = 0.0
    graded_at: datetime.datetime | None = None

    @property
    def final_score(self) -> float:
        """What counts: the score less the late penalty."""
        return self.score - self.penalty


@dataclasses.dataclass(frozen=True, slots=True)
class VerdictRow:
    """One grade cell of one submission: what the judge said, and what a person said after it.

    ``outcome`` is empty where only nbgrader graded. ``message`` is for the student, ``detail`` only for graders.
    """

    student_id: str
    assignment_id: str
    grade_id: str
    outcome: str
    auto_score: float | None
    manual_score: float | None
    extra_credit: float | None
    max_score: float
    needs_manual_grade: bool
    message: str = ""
    detail: str = ""
    seconds: float = 0.0
    comment: str = ""

    @property
    def score(self) -> float:
        """What counts: a person's score before the judge's, and extra credit."""
        given = self.manual_score if self.manual_score is not None else self.auto_score
        return 0.0 if given is None else given + (self.extra_credit or 0.0)


@contextlib.contextmanager
def open_gradebook(
    config: CourseConfig,
    *,
    create: bool = True,
    busy_s: float = BUSY_S,
    now: Callable[[], datetime.datetime] | None = None,
) -> Iterator[Store]:
    """Open the course's gradebook, and close it at the end.

    Args:
        config: the course.
        create: make it if there is none; otherwise that is an error.
        busy_s: how long to wait for another program that writes to it.
        now: the clock, for tests.

    Raises:
        GradebookError: it cannot be opened, or belongs to another program or another time.
    """
    store = Store(config, Database(config, create=create, busy_s=busy_s), now or _now)
    try:
        yield store
    finally:
        store.close()


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Store:
    """An open gradebook. Made by ``open_gradebook``."""

    def __init__(self, config: CourseConfig, database: Database, now: Callable[[], datetime.datetime]) -> None:
        self._config = config
        self._database = database
        self._now = now

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def turn(
        self, assignment_ids: Sequence[str], told: Callable[[str], None] | None = None
    ) -> contextlib.AbstractContextManager[None]:
        """Be the only grader of these chapters for a while.

        Args:
            assignment_ids: the chapters.
            told: is told who is grading one of them, and then we wait; without it, that is an error.

        Raises:
            GradebookError: somebody else is grading one of them.
        """
        return self._database.turn(assignment_ids, told)

    # --- the course's side: assignments and cells ---

    def sync_assignment(
        self,
        assignment_id: str,
        cells: Iterable[CourseCell],
        *,
        due: datetime.datetime | None = None,
        kernelspec: Mapping[str, Any] = KERNELSPEC,
    ) -> bool:
        """Bring the gradebook's idea of a chapter up to date, as nbgrader's ``generate_assignment`` would.

        Unlike nbgrader, cells may be added and removed when there are submissions: scores of the cells that remain are
        kept, a new cell's wait for the next grading, and a removed cell's are moved to ``grader_history``.

        Args:
            assignment_id: the chapter.
            cells: its cells as a ``GradingSpec`` has them: solution cells as released, tests with their hidden parts.
            kernelspec: what the notebook's metadata say of its kernel.
            due: None leaves the due date that the gradebook has (an instructor may have set it in formgrader).

        Returns:
            Whether anything had to be changed.
        """
        wanted = Wanted(assignment_id, gradebook_cells(cells), naive_utc(due), json.dumps(kernelspec))
        with self._database.reading() as connection:
            if not Synced(connection, wanted, self._config.course_id).changes():
                return False
        self._database.write(lambda connection: Synced(connection, wanted, self._config.course_id).apply(self._now()))
        return True

    def assignments(self) -> list[AssignmentRow]:
        """The chapters that the gradebook knows, sorted by id."""
        a, n, b = tables.ASSIGNMENT.c, tables.NOTEBOOK.c, tables.BASE_CELL.c
        points = sa.func.coalesce(tables.GRADE_CELLS.c.max_score, tables.TASK_CELLS.c.max_score, 0.0)
        query = (
            sa.select(a.name, a.duedate, sa.func.coalesce(sa.func.sum(points), 0.0))
            .select_from(tables.ASSIGNMENT)
            .outerjoin(tables.NOTEBOOK, n.assignment_id == a.id)
            .outerjoin(tables.BASE_CELL, b.notebook_id == n.id)
            .outerjoin(tables.GRADE_CELLS, tables.GRADE_CELLS.c.id == b.id)
            .outerjoin(tables.TASK_CELLS, tables.TASK_CELLS.c.id == b.id)
            .group_by(a.id, a.name, a.duedate)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return sorted(
            (AssignmentRow(name, float(points), _aware(due)) for name, due, points in rows),
            key=lambda row: row.assignment_id,
        )

    # --- the students' side ---

    def write_batch(self, submissions: Sequence[ScoredSubmission]) -> None:
        """Store graded submissions, all of them or none, in one transaction.

        Students and submissions that the gradebook does not know are created.

        Raises:
            GradebookError: the database refuses, or a chapter is not in the gradebook.
        """
        if not submissions:
            return
        latest = {(item.graded.assignment_id, item.student_id): item for item in submissions}
        place = self._database.place
        self._database.write(
            lambda connection: Batch(connection, self._config, self._now(), place).write(list(latest.values()))
        )

    def recorded(self, assignment_id: str) -> dict[str, Recorded]:
        """Return, by student, what was graded last, of the submissions whose rows are all still there."""
        s = tables.SUBMISSION.c
        sa_, sn = tables.SUBMITTED_ASSIGNMENT.c, tables.SUBMITTED_NOTEBOOK.c
        graded = (
            sa.select(sn.id.label("id"), sa.func.count(tables.GRADE.c.id).label("n"))
            .select_from(tables.SUBMITTED_NOTEBOOK)
            .join(tables.GRADE, tables.GRADE.c.notebook_id == sn.id)
            .group_by(sn.id)
            .subquery()
        )
        verdicts = (
            sa.select(tables.VERDICT.c.student_id, sa.func.count().label("n"))
            .where(tables.VERDICT.c.assignment_id == assignment_id)
            .group_by(tables.VERDICT.c.student_id)
            .subquery()
        )
        query = (
            sa.select(s.student_id, s.content_hash, sa_.timestamp, s.not_graded)
            .select_from(tables.SUBMISSION)
            .join(tables.ASSIGNMENT, tables.ASSIGNMENT.c.name == s.assignment_id)
            .join(
                tables.SUBMITTED_ASSIGNMENT,
                (sa_.assignment_id == tables.ASSIGNMENT.c.id) & (sa_.student_id == s.student_id),
            )
            .join(tables.SUBMITTED_NOTEBOOK, sn.assignment_id == sa_.id)
            .join(graded, graded.c.id == sn.id)
            .outerjoin(verdicts, verdicts.c.student_id == s.student_id)
            .where(s.assignment_id == assignment_id)
            # a person or another program may have taken rows away: then it is graded again
            .where((s.not_graded != "") | (graded.c.n == verdicts.c.n))
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return {student: Recorded(digest, _aware(at), reason) for student, digest, at, reason in rows}

    def refresh_penalties(self, assignment_id: str) -> int:
        """Bring late penalties of a chapter up to date (after a change of due date, policy, extension or score).

        Returns:
            How many changed.
        """
        with self._database.reading() as connection:
            if not _stale_penalties(connection, self._config, assignment_id):
                return 0
        return self._database.write(lambda connection: self._refresh(connection, assignment_id))

    def _refresh(self, connection: sa.Connection, assignment_id: str) -> int:
        stale = _stale_penalties(connection, self._config, assignment_id)
        update_rows(connection, tables.SUBMITTED_NOTEBOOK, stale)
        return len(stale)

    def students(self) -> list[StudentRow]:
        """All students of the gradebook, sorted by id."""
        s = tables.STUDENT.c
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(s.id, s.first_name, s.last_name)).all()
        return sorted((StudentRow(i, first or "", last or "") for i, first, last in rows), key=lambda r: r.student_id)

    def scores(self, assignment_ids: Iterable[str] | None = None, student_id: str | None = None) -> list[SubmissionRow]:
        """Scores of all submissions, of some chapters or of one student, sorted by student and chapter."""
        only = None if assignment_ids is None else set(assignment_ids)
        with self._database.reading() as connection:
            rows = connection.execute(_scores_query(student_id)).mappings().all()
        found = [_submission_row(row) for row in rows if only is None or row["assignment_id"] in only]
        return sorted(found, key=lambda row: (row.student_id, row.assignment_id))

    def verdicts(self, student_id: str | None = None, assignment_ids: Iterable[str] | None = None) -> list[VerdictRow]:
        """Every grade cell of a student's submissions (or of all), by student, chapter and the chapter's order."""
        only = None if assignment_ids is None else set(assignment_ids)
        with self._database.reading() as connection:
            rows = connection.execute(_verdicts_query(student_id)).mappings().all()
        found = [row for row in rows if only is None or row["assignment_id"] in only]
        # cells without a verdict (graded by nbgrader alone) have no place: they come last, by name
        found.sort(
            key=lambda row: (
                row["student_id"],
                row["assignment_id"],
                row["position"] is None,
                row["position"] or 0,
                row["grade_id"],
            )
        )
        return [
            VerdictRow(
                student_id=row["student_id"],
                assignment_id=row["assignment_id"],
                grade_id=row["grade_id"],
                outcome=row["outcome"] or "",
                auto_score=row["auto_score"],
                manual_score=row["manual_score"],
                extra_credit=row["extra_credit"],
                max_score=float(row["points"] or 0.0),
                needs_manual_grade=bool(row["needs_manual_grade"]),
                message=row["message"] or "",
                detail=row["detail"] or "",
                seconds=row["seconds"] or 0.0,
                comment=row["comment"] or "",
            )
            for row in found
        ]


# --- queries ---


def _aware(value: datetime.datetime | None) -> datetime.datetime | None:
    return None if value is None else value.replace(tzinfo=datetime.UTC)


def _counted() -> sa.ColumnElement[float]:
    """A grade's score as nbgrader counts it: a person's before the automatic one, and extra credit to either."""
    g = tables.GRADE.c
    extra = sa.func.coalesce(g.extra_credit, 0.0)
    return sa.case(
        (g.manual_score.is_not(None), g.manual_score + extra),
        (g.auto_score.is_not(None), g.auto_score + extra),
        else_=0.0,
    )


def _scores_query(student_id: str | None) -> sa.Select[Any]:
    a, s, n, g = tables.ASSIGNMENT.c, tables.SUBMITTED_ASSIGNMENT.c, tables.SUBMITTED_NOTEBOOK.c, tables.GRADE.c
    o = tables.SUBMISSION.c
    sums = (
        sa.select(
            g.notebook_id,
            sa.func.sum(_counted()).label("score"),
            sa.func.sum(sa.case((g.needs_manual_grade, 1), else_=0)).label("n_manual"),
            sa.func.count(g.id).label("n_grades"),
            sa.func.count(g.manual_score).label("n_by_person"),
        )
        .group_by(g.notebook_id)
        .subquery()
    )
    notebooks = (
        sa.select(
            n.assignment_id,
            sa.func.sum(sums.c.score).label("score"),
            sa.func.sum(sums.c.n_manual).label("n_manual"),
            sa.func.sum(sums.c.n_grades).label("n_grades"),
            sa.func.sum(sums.c.n_by_person).label("n_by_person"),
            sa.func.sum(n.late_submission_penalty).label("penalty"),
        )
        .outerjoin(sums, sums.c.notebook_id == n.id)
        .group_by(n.assignment_id)
        .subquery()
    )
    query = (
        sa.select(
            s.student_id,
            a.name.label("assignment_id"),
            a.duedate,
            s.timestamp,
            s.extension,
            notebooks.c.score,
            notebooks.c.penalty,
            notebooks.c.n_manual,
            notebooks.c.n_grades,
            notebooks.c.n_by_person,
            o.not_graded,
            o.repairs,
            o.cpu_s,
            o.wall_s,
            o.graded_at,
        )
        .select_from(tables.SUBMITTED_ASSIGNMENT)
        .join(tables.ASSIGNMENT, a.id == s.assignment_id)
        .outerjoin(notebooks, notebooks.c.assignment_id == s.id)
        .outerjoin(tables.SUBMISSION, (o.student_id == s.student_id) & (o.assignment_id == a.name))
    )
    return query if student_id is None else query.where(s.student_id == student_id)


def _submission_row(row: sa.RowMapping) -> SubmissionRow:
    return SubmissionRow(
        student_id=row["student_id"],
        assignment_id=row["assignment_id"],
        score=float(row["score"] or 0.0),
        penalty=float(row["penalty"] or 0.0),
        timestamp=_aware(row["timestamp"]),
        seconds_late=seconds_late(row["timestamp"], row["duedate"], row["extension"]),
        n_manual=int(row["n_manual"] or 0),
        n_grades=int(row["n_grades"] or 0),
        n_by_person=int(row["n_by_person"] or 0),
        not_graded=row["not_graded"] or "",
        repairs=tuple(json.loads(row["repairs"] or "[]")),
        cpu_s=row["cpu_s"] or 0.0,
        wall_s=row["wall_s"] or 0.0,
        graded_at=_aware(row["graded_at"]),
    )


def _verdicts_query(student_id: str | None) -> sa.Select[Any]:
    a, s, n, g = tables.ASSIGNMENT.c, tables.SUBMITTED_ASSIGNMENT.c, tables.SUBMITTED_NOTEBOOK.c, tables.GRADE.c
    b, v = tables.BASE_CELL.c, tables.VERDICT.c
    # a manual cell's comment hangs on a row of its own with the same name
    commented, comment = tables.BASE_CELL.alias(), tables.COMMENT
    said = (
        sa.select(
            comment.c.notebook_id,
            commented.c.name,
            sa.func.coalesce(comment.c.manual_comment, comment.c.auto_comment).label("comment"),
        )
        .join(commented, commented.c.id == comment.c.cell_id)
        .subquery()
    )
    query = (
        sa.select(
            s.student_id,
            a.name.label("assignment_id"),
            b.name.label("grade_id"),
            g.auto_score,
            g.manual_score,
            g.extra_credit,
            g.needs_manual_grade,
            sa.func.coalesce(tables.GRADE_CELLS.c.max_score, tables.TASK_CELLS.c.max_score).label("points"),
            v.position,
            v.outcome,
            v.message,
            v.detail,
            v.seconds,
            said.c.comment,
        )
        .select_from(tables.SUBMITTED_ASSIGNMENT)
        .join(tables.ASSIGNMENT, a.id == s.assignment_id)
        .join(tables.SUBMITTED_NOTEBOOK, n.assignment_id == s.id)
        .join(tables.GRADE, g.notebook_id == n.id)
        .join(tables.BASE_CELL, b.id == g.cell_id)
        .outerjoin(tables.GRADE_CELLS, tables.GRADE_CELLS.c.id == b.id)
        .outerjoin(tables.TASK_CELLS, tables.TASK_CELLS.c.id == b.id)
        .outerjoin(
            tables.VERDICT, (v.student_id == s.student_id) & (v.assignment_id == a.name) & (v.grade_id == b.name)
        )
        .outerjoin(said, (said.c.notebook_id == n.id) & (said.c.name == b.name))
    )
    return query if student_id is None else query.where(s.student_id == student_id)


def _stale_penalties(connection: sa.Connection, config: CourseConfig, assignment_id: str) -> list[dict[str, Any]]:
    """The notebooks whose late penalty is another than the course's rules say now."""
    a, s, n, g = tables.ASSIGNMENT.c, tables.SUBMITTED_ASSIGNMENT.c, tables.SUBMITTED_NOTEBOOK.c, tables.GRADE.c
    query = (
        sa.select(n.id, n.late_submission_penalty, a.duedate, s.timestamp, s.extension, sa.func.sum(_counted()))
        .select_from(tables.SUBMITTED_NOTEBOOK)
        .join(tables.SUBMITTED_ASSIGNMENT, s.id == n.assignment_id)
        .join(tables.ASSIGNMENT, a.id == s.assignment_id)
        .join(tables.GRADE, g.notebook_id == n.id)
        .where(a.name == assignment_id)
        .group_by(n.id, n.late_submission_penalty, a.duedate, s.timestamp, s.extension)
    )
    stale = []
    for row_id, stored, due, timestamp, extension, score in connection.execute(query):
        penalty = late_penalty(config.late_policy, score, seconds_late(timestamp, due, extension))
        if (penalty is None) != (stored is None) or not math.isclose(penalty or 0.0, stored or 0.0, abs_tol=1e-6):
            stale.append({"id": row_id, "late_submission_penalty": penalty})
    return stale
