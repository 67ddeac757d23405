"""Graded submissions into the gradebook: read what is there, then insert and update in bulk, inside one transaction."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

import grader
from grader.course.config import CourseConfig
from grader.course.dates import naive_utc
from grader.course.model import ACCEPTED, GradedSubmission, Outcome
from grader.errors import GradebookError
from grader.gradebook import tables
from grader.gradebook.cells import comment_row, grade_row, new_id
from grader.gradebook.extensions import Granted, granted
from grader.gradebook.history import Event, Recorder, cell_score, snapshots
from grader.gradebook.penalty import penalty_of, seconds_late
from grader.gradebook.tables import stored_text
from grader.gradebook.versions import GradingVersion

NO_RESPONSE = "No response."
"""nbgrader's automatic comment on a solution cell that was left as released."""

Row = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class ScoredSubmission:
    """One graded submission on its way into the gradebook.

    Args:
        student_id: whose it is.
        graded: what ``grade`` returned.
        timestamp: when it was handed in; None leaves what the gradebook knows.
        content_hash: of all that the score depends on; equal hashes need no second grading.
        handin_hash: of what was handed in, alone; ``tests`` and ``tools`` are the rest of what the score depends on.
        asks_again: where a person gave a score, that person is asked again of these grade cells only; None: of all, as
            nbgrader does when it autogrades.
        why: the reason that a person gave, for the history, which says by itself what is different.
    """

    student_id: str
    graded: GradedSubmission
    timestamp: datetime.datetime | None = None
    content_hash: str = ""
    handin_hash: str = ""
    tests: GradingVersion | None = None
    tools: str = ""
    asks_again: frozenset[str] | None = None
    why: str = ""


def auto_scores(graded: GradedSubmission) -> dict[str, float | None]:
    """Return nbgrader's automatic score of each grade cell, by grade_id; None where a person has to grade.

    An answer for a person that was left as released gets 0, as nbgrader gives it.
    """
    return {
        verdict.grade_id: (0.0 if verdict.grade_id in graded.unchanged else None)
        if verdict.outcome is Outcome.MANUAL
        else float(verdict.score)
        for verdict in graded.verdicts
    }


def update_rows(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Set the same columns in many rows at once; each row names itself by its ``id``."""
    if not rows:
        return
    values: dict[str, sa.ColumnElement[Any]] = {
        name: sa.bindparam(f"_{name}", type_=table.c[name].type) for name in rows[0] if name != "id"
    }
    if table is tables.GRADE:
        # As nbgrader's SaveAutoGrades: a score that a person gave asks for that person again. Decided by the database,
        # because formgrader may have been given one since we read the row.
        asks = values["needs_manual_grade"]
        values["needs_manual_grade"] = sa.case((table.c.manual_score.is_not(None), sa.true()), else_=asks)
    statement = sa.update(table).where(table.c.id == sa.bindparam("_id")).values(values)
    connection.execute(statement, [{f"_{name}": value for name, value in row.items()} for row in rows])


@dataclasses.dataclass
class _Changes:
    """The rows to insert and to update, by table."""

    inserts: dict[sa.Table, list[Row]] = dataclasses.field(default_factory=dict)
    updates: dict[sa.Table, list[Row]] = dataclasses.field(default_factory=dict)

    def insert(self, table: sa.Table, row: Row) -> None:
        self.inserts.setdefault(table, []).append(row)

    def update(self, table: sa.Table, row: Row) -> None:
        self.updates.setdefault(table, []).append(row)

    def run(self, connection: sa.Connection) -> None:
        # parents before the rows that point to them
        for table in _WRITE_ORDER:
            if table in self.inserts:
                connection.execute(sa.insert(table), self.inserts[table])
            update_rows(connection, table, self.updates.get(table, ()))


_WRITE_ORDER = (
    tables.STUDENT,
    tables.SUBMITTED_ASSIGNMENT,
    tables.SUBMITTED_NOTEBOOK,
    tables.GRADE,
    tables.COMMENT,
    tables.SUBMISSION,
    tables.VERDICT,
)


@dataclasses.dataclass(frozen=True)
class _Chapter:
    """A chapter's rows: its graded and its commented cells by name."""

    name: str
    assignment_id: str
    notebook_id: str
    due: datetime.datetime | None
    graded: Mapping[str, str]
    commented: Mapping[str, str]
    granted: Granted


class Batch:
    """Writes graded submissions within a transaction of its caller."""

    def __init__(
        self, connection: sa.Connection, config: CourseConfig, now: datetime.datetime, place: str, by_whom: str
    ) -> None:
        self._connection = connection
        self._config = config
        self._now = naive_utc(now)
        self._place = place
        self._history = Recorder(connection, self._now, by_whom)
        self._news: dict[str, dict[str, str]] = {}  # chapter → student → why its history has a new line

    def write(self, items: Sequence[ScoredSubmission]) -> None:
        """Insert and update everything that the submissions have in the gradebook."""
        changes = _Changes()
        by_chapter: dict[str, list[ScoredSubmission]] = {}
        for item in items:
            by_chapter.setdefault(item.graded.assignment_id, []).append(item)
        self._students({item.student_id for item in items}, changes)
        for name, of_chapter in by_chapter.items():
            self._history.notice(name, [item.student_id for item in of_chapter])
            self._chapter_scores(self._chapter(name), of_chapter, changes)
        changes.run(self._connection)
        for name, of_chapter in by_chapter.items():
            self._write_history(name, of_chapter)

    def _write_history(self, name: str, items: list[ScoredSubmission]) -> None:
        """Write a line for each submission of which there is news, with the scores that it has now."""
        news = self._news.get(name, {})
        now = snapshots(self._connection, name, list(news))
        rows = []
        for item in items:
            if item.student_id not in news:
                continue
            graded = item.graded
            event = Event.NOT_GRADED if graded.not_graded else Event.GRADED
            row = self._history.row(
                item.student_id,
                name,
                event,
                now.get(item.student_id),
                scores=auto_scores(graded),
                content_hash=item.content_hash,
                tests_version=item.tests.digest if item.tests else None,
                why=news[item.student_id],
            )
            if graded.not_graded:
                row["why"] = f"{row['why']}: {stored_text(graded.not_graded)}"
                row["counted"] = row["counted"] if json.loads(row["by_hand"]) else None
            row["score"] = None if graded.not_graded else float(graded.score)
            row["max_score"] = None if graded.not_graded else float(graded.max_score)
            rows.append(row)
        self._history.insert(rows)

    def _students(self, student_ids: set[str], changes: _Changes) -> None:
        table = tables.STUDENT
        known = set(self._connection.scalars(sa.select(table.c.id).where(table.c.id.in_(student_ids))))
        for student_id in sorted(student_ids - known):
            changes.insert(table, {"id": student_id})

    def _chapter(self, name: str) -> _Chapter:
        run = self._connection.execute
        a, n, b = tables.ASSIGNMENT.c, tables.NOTEBOOK.c, tables.BASE_CELL.c
        found = run(
            sa.select(a.id, a.duedate, n.id.label("notebook_id"))
            .join(tables.NOTEBOOK, n.assignment_id == a.id)
            .where(a.name == name, n.name == name)
        ).first()
        if found is None:
            raise GradebookError(
                f"the chapter {name} is not in the gradebook.",
                place=self._place,
                hint=f"Make it known with: grader generate {name}",
            )
        cells = run(sa.select(b.id, b.name, b.type).where(b.notebook_id == found.notebook_id)).all()
        return _Chapter(
            name=name,
            assignment_id=found.id,
            notebook_id=found.notebook_id,
            due=found.duedate,
            graded={cell.name: cell.id for cell in cells if cell.type in ("GradeCell", "TaskCell")},
            commented={cell.name: cell.id for cell in cells if cell.type in ("SolutionCell", "TaskCell")},
            granted=granted(self._connection, name, found.duedate),
        )

    def _chapter_scores(self, chapter: _Chapter, items: list[ScoredSubmission], changes: _Changes) -> None:
        known = self._known_submissions(chapter, [item.student_id for item in items])
        notebook_ids = [row.notebook_row for row in known.values() if row.notebook_row]
        grades = self._by_notebook(tables.GRADE, notebook_ids)
        comments = self._by_notebook(tables.COMMENT, notebook_ids)
        ours = self._known_gradings(chapter, [item.student_id for item in items])
        for tests in {item.tests.digest: item.tests for item in items if item.tests}.values():
            self._history.remember(tests)
        for item in items:
            self._check(chapter, item)
            row = known.get(item.student_id)
            notebook_id = row.notebook_row if row and row.notebook_row else new_id()
            changed, total = self._grades(chapter, item, notebook_id, grades.get(notebook_id, {}), changes)
            self._comments(chapter, item, notebook_id, comments.get(notebook_id, {}), changes)
            self._submission(chapter, item, row, notebook_id, total, changes)
            self._ours(chapter, item, ours.get(item.student_id), changed, changes)
        student_ids = [item.student_id for item in items]
        for table in (tables.SUBMISSION, tables.VERDICT):
            of_these = (table.c.assignment_id == chapter.name) & table.c.student_id.in_(student_ids)
            self._connection.execute(sa.delete(table).where(of_these))

    # --- what is there ---

    def _known_submissions(self, chapter: _Chapter, student_ids: list[str]) -> dict[str, Any]:
        s, n = tables.SUBMITTED_ASSIGNMENT.c, tables.SUBMITTED_NOTEBOOK.c
        rows = self._connection.execute(
            sa.select(s.student_id, s.id, s.timestamp, s.extension, n.id.label("notebook_row"))
            .outerjoin(tables.SUBMITTED_NOTEBOOK, (n.assignment_id == s.id) & (n.notebook_id == chapter.notebook_id))
            .where(s.assignment_id == chapter.assignment_id, s.student_id.in_(student_ids))
        )
        return {row.student_id: row for row in rows}

    def _by_notebook(self, table: sa.Table, notebook_ids: list[str]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        if notebook_ids:
            for row in self._connection.execute(sa.select(table).where(table.c.notebook_id.in_(notebook_ids))):
                found.setdefault(row.notebook_id, {})[row.cell_id] = row
        return found

    def _known_gradings(self, chapter: _Chapter, student_ids: list[str]) -> dict[str, Any]:
        s = tables.SUBMISSION.c
        rows = self._connection.execute(
            sa.select(tables.SUBMISSION).where(s.assignment_id == chapter.name, s.student_id.in_(student_ids))
        )
        return {row.student_id: row for row in rows}

    def _check(self, chapter: _Chapter, item: ScoredSubmission) -> None:
        unknown = [verdict.grade_id for verdict in item.graded.verdicts if verdict.grade_id not in chapter.graded]
        if unknown:
            raise GradebookError(
                f"the gradebook does not know the grade cell {unknown[0]} of {chapter.name}.",
                place=self._place,
                hint=f"Bring it up to date with: grader generate {chapter.name}",
            )

    # --- what shall be there ---

    def _submission(
        self,
        chapter: _Chapter,
        item: ScoredSubmission,
        row: Any,
        notebook_id: str,
        total: float,
        changes: _Changes,
    ) -> None:
        timestamp = naive_utc(item.timestamp)
        extension = row.extension if row and row.extension is not None else chapter.granted(item.student_id)
        submission_id = row.id if row else new_id()
        if row is None:
            changes.insert(
                tables.SUBMITTED_ASSIGNMENT,
                {
                    "id": submission_id,
                    "assignment_id": chapter.assignment_id,
                    "student_id": item.student_id,
                    "timestamp": timestamp,
                    "extension": extension,
                },
            )
        else:
            timestamp = row.timestamp if timestamp is None else timestamp  # as in nbgrader: no news is no change
            if (timestamp, extension) != (row.timestamp, row.extension):
                changes.update(
                    tables.SUBMITTED_ASSIGNMENT,
                    {"id": submission_id, "timestamp": timestamp, "extension": extension},
                )
        penalty = penalty_of(self._config, item.student_id, total, seconds_late(timestamp, chapter.due, extension))
        if row is None or not row.notebook_row:
            changes.insert(
                tables.SUBMITTED_NOTEBOOK,
                {
                    "id": notebook_id,
                    "assignment_id": submission_id,
                    "notebook_id": chapter.notebook_id,
                    "flagged": False,
                    "late_submission_penalty": penalty,
                },
            )
        else:
            changes.update(tables.SUBMITTED_NOTEBOOK, {"id": notebook_id, "late_submission_penalty": penalty})

    def _grades(
        self,
        chapter: _Chapter,
        item: ScoredSubmission,
        notebook_id: str,
        rows: Mapping[str, Any],
        changes: _Changes,
    ) -> tuple[bool, float]:
        """Return whether an automatic score changed, and the notebook's score as nbgrader counts it."""
        autos = auto_scores(item.graded)
        changed = False
        total = 0.0
        for name, cell_id in chapter.graded.items():
            auto = autos.get(name)
            row = rows.get(cell_id)
            if row is None:
                changes.insert(tables.GRADE, grade_row(notebook_id, cell_id, auto, needs=auto is None))
                counted = auto
                changed = True
            else:
                is_settled = item.asks_again is not None and name not in item.asks_again and row.auto_score == auto
                if not is_settled:
                    changes.update(tables.GRADE, {"id": row.id, "auto_score": auto, "needs_manual_grade": auto is None})
                counted = cell_score(auto, row.manual_score, row.extra_credit)
                changed = changed or row.auto_score != auto
            total += counted or 0.0
        return changed, total

    def _comments(
        self,
        chapter: _Chapter,
        item: ScoredSubmission,
        notebook_id: str,
        rows: Mapping[str, Any],
        changes: _Changes,
    ) -> None:
        for name, cell_id in chapter.commented.items():
            auto_comment = NO_RESPONSE if name in item.graded.unchanged else None
            row = rows.get(cell_id)
            if row is None:
                changes.insert(tables.COMMENT, comment_row(notebook_id, cell_id, auto_comment))
            elif row.auto_comment != auto_comment:
                changes.update(tables.COMMENT, {"id": row.id, "auto_comment": auto_comment})

    def _ours(self, chapter: _Chapter, item: ScoredSubmission, before: Any, changed: bool, changes: _Changes) -> None:
        graded = item.graded
        # By our own interpreter, unless it says something else.
        by = f", {graded.interpreter}" if graded.first_pass == ACCEPTED else ""
        row = {
            "student_id": item.student_id,
            "assignment_id": chapter.name,
            "content_hash": item.content_hash,
            "tool_version": f"{grader.__version__}{by}"[:64],
            "graded_at": self._now,
            "timestamp": naive_utc(item.timestamp),
            "cpu_s": float(graded.cpu_s),
            "wall_s": float(graded.wall_s),
            "repairs": json.dumps([stored_text(repair) for repair in graded.repairs]),
            "not_graded": stored_text(graded.not_graded),
            "handin_hash": item.handin_hash,
            "tests_version": item.tests.digest if item.tests else None,
            "tools": item.tools,
        }
        changes.insert(tables.SUBMISSION, row)  # _chapter_scores has deleted the one before
        for position, verdict in enumerate(graded.verdicts):
            changes.insert(
                tables.VERDICT,
                {
                    "student_id": item.student_id,
                    "assignment_id": chapter.name,
                    "grade_id": verdict.grade_id,
                    "position": position,
                    "outcome": str(verdict.outcome),
                    "score": float(verdict.score),
                    "max_score": float(verdict.max_score),
                    "message": stored_text(verdict.message),
                    "detail": stored_text(verdict.detail),
                    "seconds": float(verdict.seconds),
                },
            )
        if before is not None and not changed and before.content_hash == item.content_hash:
            return  # graded again, and nothing is different: no news
        why = self._what_is_different(item, before) + (f"; full marks in a first pass{by}" if by else "")
        if item.why:
            why = f"{item.why} ({why})"
        self._news.setdefault(chapter.name, {})[item.student_id] = why

    def _what_is_different(self, item: ScoredSubmission, before: Any) -> str:
        if before is None:
            return "first grading"
        reasons = []
        if before.handin_hash and before.handin_hash != item.handin_hash:
            reasons.append("new hand-in")
        if item.tests and before.tests_version and before.tests_version != item.tests.digest:
            reasons.append(self._history.change(item.tests, before.tests_version) or "tests changed")
        if before.tools and before.tools != item.tools:
            reasons.append("graded by other versions of the tools")
        return "; ".join(reasons) or "graded again"
