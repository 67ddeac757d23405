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
from grader.course.dates import aware_utc, naive_utc
from grader.course.model import CourseCell
from grader.course.roster import Student as StudentRow
from grader.gradebook import extensions, tables
from grader.gradebook.cells import Synced, Wanted, gradebook_cells, write_due
from grader.gradebook.comments import CommentRow, comments
from grader.gradebook.database import BUSY_S, Database
from grader.gradebook.extensions import DueDates, Extension
from grader.gradebook.history import (
    HistoryRow,
    Recorder,
    Standing,
    cell_score,
    current_user,
    history,
    standings,
    version_facts,
)
from grader.gradebook.penalty import penalty_of, seconds_late
from grader.gradebook.receipts import Receipt, read_receipts, write_receipts
from grader.gradebook.roster import (
    RosterChange,
    has_roster,
    put_students,
    read_students,
    remove_student,
    submission_counts,
)
from grader.gradebook.scores import NO_RESPONSE, Batch, ScoredSubmission, update_rows
from grader.gradebook.tables import stored_text
from grader.notebooks.cells import KERNELSPEC

__all__ = [
    "AssignmentRow",
    "CommentRow",
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
    """What the gradebook remembers of a submission's last grading.

    ``handin_hash``, ``tests_version`` and ``tools`` are what ``content_hash`` is made of; empty if that is not known.
    """

    content_hash: str
    timestamp: datetime.datetime | None
    not_graded: str
    handin_hash: str = ""
    tests_version: str = ""
    tools: str = ""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    repairs: tuple[str, ...] = ()


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
    have a score that a person gave. ``due`` is the student's own due date, ``extension_s`` of it an extension.
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
    due: datetime.datetime | None = None
    extension_s: float = 0.0

    @property
    def is_scored(self) -> bool:
        """Whether there is a score: the judge's, or a person's where there was nothing to judge."""
        return not self.not_graded or self.n_by_person > 0

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
        return cell_score(self.auto_score, self.manual_score, self.extra_credit) or 0.0


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
        self._by_whom = current_user()

    @contextlib.contextmanager
    def one_transaction(self, *, keep: bool = True) -> Iterator[None]:
        """Make everything inside one transaction; without ``keep`` it is taken back at the end, having been seen."""
        with self._database.one_transaction(keep=keep):
            yield

    def _time(self) -> datetime.datetime | None:
        return naive_utc(self._now())

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
        self._database.write(
            lambda connection: Synced(connection, wanted, self._config.course_id).apply(self._time(), self._by_whom)
        )
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
            (AssignmentRow(name, float(points), aware_utc(due)) for name, due, points in rows),
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
            lambda connection: Batch(connection, self._config, self._now(), place, self._by_whom).write(
                list(latest.values())
            )
        )

    def recorded(self, assignment_id: str, *, whole: bool = True) -> dict[str, Recorded]:
        """Return, by student, what was graded last.

        With ``whole`` only of the submissions whose rows are all still there: a person or another program may have
        taken some away, and a chapter may have got a new cell; then it has to be graded again.
        """
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
            sa.select(
                s.student_id,
                s.content_hash,
                sa_.timestamp,
                s.not_graded,
                s.handin_hash,
                s.tests_version,
                s.tools,
                s.cpu_s,
                s.wall_s,
                s.repairs,
            )
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
        )
        if whole:
            query = query.where((s.not_graded != "") | (graded.c.n == verdicts.c.n))
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return {
            row.student_id: Recorded(
                row.content_hash,
                aware_utc(row.timestamp),
                row.not_graded,
                row.handin_hash or "",
                row.tests_version or "",
                row.tools or "",
                row.cpu_s,
                row.wall_s,
                tuple(json.loads(row.repairs)),
            )
            for row in rows
        }

    def refresh_penalties(self, assignment_id: str, *, why: str = "due date, late policy or scores changed") -> int:
        """Bring late penalties of a chapter up to date (after a change of due date, policy, extension or score).

        Scores that people gave meanwhile come into the history.

        Returns:
            How many penalties changed.
        """
        with self._database.reading() as connection:
            has_news = Recorder(connection, None, "").has_news(assignment_id)
            if not has_news and not _stale_penalties(connection, self._config, assignment_id):
                return 0
        return self._database.write(lambda connection: self._refresh(connection, assignment_id, why))

    def _refresh(self, connection: sa.Connection, assignment_id: str, why: str) -> int:
        recorder = Recorder(connection, self._time(), self._by_whom)
        recorder.notice(assignment_id, why=why)
        stale = _stale_penalties(connection, self._config, assignment_id)
        update_rows(connection, tables.SUBMITTED_NOTEBOOK, stale)
        recorder.notice(assignment_id, why=why)
        return len(stale)

    # --- extensions ---

    def due_dates(self, assignment_id: str, *, due: datetime.datetime | None = None) -> DueDates:
        """Return when a chapter is due for whom. ``due``: its due date; None for the gradebook's."""
        with self._database.reading() as connection:
            return extensions.due_dates(connection, assignment_id, due)

    def extensions(self, assignment_id: str | None = None, *, ended: bool = False) -> list[Extension]:
        """Return the extensions that hold (with ``ended``, the others too), the oldest first."""
        with self._database.reading() as connection:
            return extensions.active(connection, assignment_id, ended=ended)

    def extend(
        self,
        assignment_id: str,
        student_ids: Iterable[str],
        *,
        seconds: float | None = None,
        until: datetime.datetime | None = None,
        why: str = "",
    ) -> list[str]:
        """Give students more time for a chapter, and take back the penalties that this makes wrong.

        Args:
            assignment_id: the chapter; the gradebook need not know it yet.
            student_ids: whose; ``EVERYBODY`` for all. What a student had before is replaced.
            seconds: from the due date, or None.
            until: or else a point in time.
            why: the reason, for the record.

        Returns:
            Those whose extension was another one before.
        """
        wanted = list(student_ids)
        with self._changing_due_dates(assignment_id, wanted, f"extension: {why}" if why else "extension") as connection:
            return extensions.give(
                connection,
                assignment_id,
                wanted,
                seconds=seconds,
                until=until,
                why=stored_text(why),
                by_whom=self._by_whom,
                now=self._time(),
            )

    def end_extensions(self, assignment_id: str, student_ids: Iterable[str], *, why: str = "") -> list[str]:
        """Take extensions back, those that were given in nbgrader too; returns whose there were."""
        wanted = list(student_ids)
        reason = f"extension revoked: {why}" if why else "extension revoked"
        with self._changing_due_dates(assignment_id, wanted, reason) as connection:
            ended = extensions.end(
                connection, assignment_id, wanted, why=stored_text(why), by_whom=self._by_whom, now=self._time()
            )
            rows = extensions.due_dates(connection, assignment_id, None).extended
            return [student_id for student_id in wanted if student_id in ended or student_id in rows]

    @contextlib.contextmanager
    def _changing_due_dates(self, assignment_id: str, own: Sequence[str], why: str) -> Iterator[sa.Connection]:
        """A transaction that changes extensions, and with them submissions' rows and penalties."""
        a = tables.ASSIGNMENT.c
        configured = naive_utc(self._config.chapter(assignment_id).due)
        with self._database.one_transaction(), self._database.writing() as connection:
            there = connection.execute(sa.select(a.duedate).where(a.name == assignment_id)).first()
            due = there.duedate if there and configured is None else configured
            if there is not None and due != there.duedate:
                write_due(connection, assignment_id, there.duedate, due)
            before = extensions.granted(connection, assignment_id, due)
            yield connection
            after = extensions.granted(connection, assignment_id, due)
            extensions.mirror(connection, assignment_id, before, after, own)
            self.refresh_penalties(assignment_id, why=why)

    # --- history ---

    def history(self, student_id: str, assignment_ids: Iterable[str] | None = None) -> list[HistoryRow]:
        """Every score of a student that there was, chapter by chapter, the oldest first."""
        with self._database.reading() as connection:
            return history(connection, student_id, assignment_ids)

    def standings(self, assignment_id: str, *, told: bool = False) -> dict[str, Standing]:
        """Return what everybody has in a chapter, cell by cell.

        Args:
            assignment_id: the chapter.
            told: as the history tells it, where cells were added or removed since submissions were graded.
        """
        with self._database.reading() as connection:
            return standings(connection, assignment_id, told=told)

    def unanswered(self, assignment_id: str) -> dict[str, frozenset[str]]:
        """Return, by student, the cells of a chapter that were left as released ("No response.")."""
        a, s, n, c = tables.ASSIGNMENT.c, tables.SUBMITTED_ASSIGNMENT.c, tables.SUBMITTED_NOTEBOOK.c, tables.COMMENT.c
        query = (
            sa.select(s.student_id, tables.BASE_CELL.c.name)
            .select_from(tables.COMMENT)
            .join(tables.BASE_CELL, tables.BASE_CELL.c.id == c.cell_id)
            .join(tables.SUBMITTED_NOTEBOOK, n.id == c.notebook_id)
            .join(tables.SUBMITTED_ASSIGNMENT, s.id == n.assignment_id)
            .join(tables.ASSIGNMENT, a.id == s.assignment_id)
            .where(a.name == assignment_id, c.auto_comment == NO_RESPONSE)
        )
        found: dict[str, set[str]] = {}
        with self._database.reading() as connection:
            for student_id, name in connection.execute(query):
                found.setdefault(student_id, set()).add(name)
        return {student_id: frozenset(names) for student_id, names in found.items()}

    def version_facts(self, assignment_id: str, digest: str) -> Mapping[str, Any]:
        """Return the facts of a version of a chapter's tests (``GradingVersion.facts``); empty if it is not known."""
        with self._database.reading() as connection:
            return version_facts(connection, assignment_id, digest)

    def students(self) -> list[StudentRow]:
        """All students of the gradebook, sorted by id."""
        with self._database.reading() as connection:
            return read_students(connection)

    def put_students(self, students: Iterable[StudentRow], *, dry_run: bool = False) -> RosterChange:
        """Add students and bring known ones up to date, all of them or none; empty fields leave what is known."""
        with self._database.reading() as connection:
            change = put_students(connection, students := list(students), dry_run=True)
        if not dry_run and (change.added or change.changed or not self.has_roster()):
            with self._database.writing() as connection:
                return put_students(connection, students)
        return change

    def has_roster(self) -> bool:
        """Whether somebody said who is in the course; else its students are those who were graded."""
        with self._database.reading() as connection:
            return has_roster(connection)

    def submission_counts(self) -> dict[str, int]:
        """How many chapters each student has handed in or was graded for, by id."""
        with self._database.reading() as connection:
            return submission_counts(connection)

    def remove_student(self, student_id: str) -> None:
        """Remove a student with all scores, comments, receipts and history."""
        with self._database.writing() as connection:
            remove_student(connection, student_id)

    # --- receipts ---

    @property
    def now(self) -> datetime.datetime:
        """What the gradebook's clock says, in UTC."""
        return self._now()

    def receipts(self, student_id: str | None = None, assignment_id: str | None = None) -> list[Receipt]:
        """The record of hand-ins, by student, chapter and version; all of them, or some."""
        with self._database.reading() as connection:
            return read_receipts(connection, student_id, assignment_id)

    def write_receipts(self, receipts: Sequence[Receipt]) -> None:
        """Keep receipts, all of them or none; a current one takes the place of the one before."""
        with self._database.writing() as connection:
            write_receipts(connection, receipts, self._now())

    def received(self, assignment_id: str) -> dict[str, datetime.datetime]:
        """When the hand-in that counts was received, by student; only of those that were collected."""
        found = self.receipts(assignment_id=assignment_id)
        return {receipt.student_id: receipt.received_at for receipt in found if receipt.is_current}

    def comments(self, student_id: str, assignment_id: str) -> list[CommentRow]:
        """What a person, or nbgrader, has said of a submission's answers."""
        with self._database.reading() as connection:
            return comments(connection, student_id, assignment_id)

    def scores(self, assignment_ids: Iterable[str] | None = None, student_id: str | None = None) -> list[SubmissionRow]:
        """Scores of all submissions, of some chapters or of one student, sorted by student and chapter."""
        with self._database.reading() as connection:
            rows = connection.execute(_of(_scores_query(), student_id, assignment_ids)).mappings().all()
        return sorted(map(_submission_row, rows), key=lambda row: (row.student_id, row.assignment_id))

    def verdicts(
        self, student_id: str | Sequence[str] | None = None, assignment_ids: Iterable[str] | None = None
    ) -> list[VerdictRow]:
        """Every grade cell of submissions, by student, chapter and the chapter's order.

        Args:
            student_id: only this student's, or these students'; None for all.
            assignment_ids: only of these chapters; None for all.
        """
        with self._database.reading() as connection:
            rows = connection.execute(_of(_verdicts_query(), student_id, assignment_ids)).mappings().all()
        # cells without a verdict (graded by nbgrader alone) have no place: they come last, by name
        found = sorted(
            rows,
            key=lambda row: (
                row["student_id"],
                row["assignment_id"],
                row["position"] is None,
                row["position"] or 0,
                row["grade_id"],
            ),
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


def _counted() -> sa.ColumnElement[float]:
    """A grade's score as nbgrader counts it: a person's before the automatic one, and extra credit to either."""
    g = tables.GRADE.c
    extra = sa.func.coalesce(g.extra_credit, 0.0)
    return sa.case(
        (g.manual_score.is_not(None), g.manual_score + extra),
        (g.auto_score.is_not(None), g.auto_score + extra),
        else_=0.0,
    )


def _of(
    query: sa.Select[Any], student_id: str | Sequence[str] | None, assignment_ids: Iterable[str] | None
) -> sa.Select[Any]:
    """Narrow a query on submissions to a student or some, and to some chapters."""
    if student_id is not None:
        wanted = [student_id] if isinstance(student_id, str) else list(student_id)
        query = query.where(tables.SUBMITTED_ASSIGNMENT.c.student_id.in_(wanted))
    if assignment_ids is not None:
        query = query.where(tables.ASSIGNMENT.c.name.in_(list(assignment_ids)))
    return query


def _scores_query() -> sa.Select[Any]:
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
    return (
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


def _submission_row(row: sa.RowMapping) -> SubmissionRow:
    return SubmissionRow(
        student_id=row["student_id"],
        assignment_id=row["assignment_id"],
        score=float(row["score"] or 0.0),
        penalty=float(row["penalty"] or 0.0),
        timestamp=aware_utc(row["timestamp"]),
        seconds_late=seconds_late(row["timestamp"], row["duedate"], row["extension"]),
        n_manual=int(row["n_manual"] or 0),
        n_grades=int(row["n_grades"] or 0),
        n_by_person=int(row["n_by_person"] or 0),
        not_graded=row["not_graded"] or "",
        repairs=tuple(json.loads(row["repairs"] or "[]")),
        cpu_s=row["cpu_s"] or 0.0,
        wall_s=row["wall_s"] or 0.0,
        graded_at=aware_utc(row["graded_at"]),
        due=None if row["duedate"] is None else aware_utc(row["duedate"] + (row["extension"] or datetime.timedelta())),
        extension_s=row["extension"].total_seconds() if row["extension"] else 0.0,
    )


def _verdicts_query() -> sa.Select[Any]:
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
    return (
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


def _stale_penalties(connection: sa.Connection, config: CourseConfig, assignment_id: str) -> list[dict[str, Any]]:
    """The notebooks whose late penalty is another than the course's rules say now."""
    a, s, n, g = tables.ASSIGNMENT.c, tables.SUBMITTED_ASSIGNMENT.c, tables.SUBMITTED_NOTEBOOK.c, tables.GRADE.c
    query = (
        sa.select(
            n.id, s.student_id, n.late_submission_penalty, a.duedate, s.timestamp, s.extension, sa.func.sum(_counted())
        )
        .select_from(tables.SUBMITTED_NOTEBOOK)
        .join(tables.SUBMITTED_ASSIGNMENT, s.id == n.assignment_id)
        .join(tables.ASSIGNMENT, a.id == s.assignment_id)
        .join(tables.GRADE, g.notebook_id == n.id)
        .where(a.name == assignment_id)
        .group_by(n.id, s.student_id, n.late_submission_penalty, a.duedate, s.timestamp, s.extension)
    )
    stale = []
    for row_id, student_id, stored, due, timestamp, extension, score in connection.execute(query):
        penalty = penalty_of(config, student_id, score, seconds_late(timestamp, due, extension))
        if (penalty is None) != (stored is None) or not math.isclose(penalty or 0.0, stored or 0.0, abs_tol=1e-6):
            stale.append({"id": row_id, "late_submission_penalty": penalty})
    return stale
