"""Every score's history: when it came to be, by which tests, why and by whom.

A row of ``grader_history`` is written in the transaction that changes a score. What a person enters in formgrader goes
past us; it is noticed, and written down, by the next command that writes to the chapter, before that changes anything.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import getpass
import json
import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from grader.course.dates import utc
from grader.gradebook import tables
from grader.gradebook.tables import stored_text
from grader.gradebook.versions import GradingVersion, difference

ByHand = Mapping[str, tuple[float | None, float | None]]
"""What people gave: grade_id → (manual score, extra credit)."""


class Event(enum.StrEnum):
    """What happened to a score."""

    GRADED = "graded"
    NOT_GRADED = "not graded"
    BY_HAND = "by hand"
    PENALTY = "late penalty"
    REMOVED = "cell removed"


@dataclasses.dataclass(frozen=True, slots=True)
class HistoryRow:
    """A line of a score's history: the state after the event.

    Args:
        score: the automatic score, of ``max_score``.
        counted: what counted then: a person's scores and extra credit in, the ``penalty`` off. None where it was not
            kept (a gradebook of the first version).
        scores: grade_id → automatic score; of a removed cell, what it had.
        by_hand: what people had given.
        tests: the number of the tests' version, 0 if unknown, and ``tests_version`` its digest.
    """

    student_id: str
    assignment_id: str
    happened_at: datetime.datetime
    event: str
    score: float | None
    max_score: float | None
    counted: float | None
    penalty: float | None
    scores: Mapping[str, Any]
    by_hand: ByHand
    tests: int = 0
    tests_version: str = ""
    why: str = ""
    by_whom: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Snapshot:
    """A submission's scores as they stand."""

    scores: Mapping[str, float | None]
    by_hand: ByHand
    score: float
    max_score: float
    penalty: float

    @property
    def cells(self) -> dict[str, float | None]:
        """What counts of each grade cell, as nbgrader counts it; None where nobody has graded yet."""
        return {name: cell_score(auto, *self.by_hand.get(name, (None, None))) for name, auto in self.scores.items()}

    @property
    def counted(self) -> float:
        """What counts of all, the penalty off."""
        return sum(score or 0.0 for score in self.cells.values()) - self.penalty


def cell_score(auto: float | None, manual: float | None, extra: float | None) -> float | None:
    """Return what counts of a grade cell: a person's score before the automatic one, and extra credit to either."""
    given = auto if manual is None else manual
    return None if given is None else given + (extra or 0.0)


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """What a student has in a chapter: ``counted`` of ``max_score`` (None without a score), and of each grade cell."""

    counted: float | None
    max_score: float
    cells: Mapping[str, float | None]
    needs_person: bool = False
    not_graded: str = ""


def current_user() -> str:
    """Return the name of the account that this process runs as."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user id without a name, in a container
        return "unknown"


def snapshots(
    connection: sa.Connection, assignment_id: str, student_ids: Collection[str] | None = None
) -> dict[str, Snapshot]:
    """Return the scores of a chapter's submissions as they stand, by student."""
    found: dict[str, list[Any]] = {}
    for row in connection.execute(_state(assignment_id, student_ids)):
        found.setdefault(row.student_id, []).append(row)
    return {student_id: _snapshot(rows) for student_id, rows in found.items()}


def _state(assignment_id: str, student_ids: Collection[str] | None) -> sa.Select[Any]:
    a, s, n, g = tables.ASSIGNMENT.c, tables.SUBMITTED_ASSIGNMENT.c, tables.SUBMITTED_NOTEBOOK.c, tables.GRADE.c
    b = tables.BASE_CELL.c
    query = (
        sa.select(
            s.student_id,
            b.name,
            g.auto_score,
            g.manual_score,
            g.extra_credit,
            n.late_submission_penalty,
            sa.func.coalesce(tables.GRADE_CELLS.c.max_score, tables.TASK_CELLS.c.max_score, 0.0).label("points"),
        )
        .select_from(tables.GRADE)
        .join(tables.SUBMITTED_NOTEBOOK, n.id == g.notebook_id)
        .join(tables.SUBMITTED_ASSIGNMENT, s.id == n.assignment_id)
        .join(tables.ASSIGNMENT, a.id == s.assignment_id)
        .join(tables.BASE_CELL, b.id == g.cell_id)
        .outerjoin(tables.GRADE_CELLS, tables.GRADE_CELLS.c.id == b.id)
        .outerjoin(tables.TASK_CELLS, tables.TASK_CELLS.c.id == b.id)
        .where(a.name == assignment_id)
    )
    return query if student_ids is None else query.where(s.student_id.in_(list(student_ids)))


def _snapshot(rows: list[Any]) -> Snapshot:
    return Snapshot(
        scores={row.name: row.auto_score for row in rows},
        by_hand={
            row.name: (row.manual_score, row.extra_credit)
            for row in rows
            if row.manual_score is not None or row.extra_credit
        },
        score=sum(row.auto_score or 0.0 for row in rows),
        max_score=sum(row.points for row in rows),
        penalty=rows[0].late_submission_penalty or 0.0,
    )


def standings(connection: sa.Connection, assignment_id: str, *, told: bool = False) -> dict[str, Standing]:
    """Return what everybody has in a chapter; with ``told``, as it was before cells were added or removed."""
    s, g, n = tables.SUBMISSION.c, tables.GRADE.c, tables.SUBMITTED_NOTEBOOK.c
    sub, a = tables.SUBMITTED_ASSIGNMENT.c, tables.ASSIGNMENT.c
    ours = connection.execute(sa.select(s.student_id, s.not_graded).where(s.assignment_id == assignment_id))
    reasons = {row.student_id: row.not_graded for row in ours}
    needing = set(
        connection.scalars(
            sa.select(sub.student_id)
            .join(tables.ASSIGNMENT, a.id == sub.assignment_id)
            .join(tables.SUBMITTED_NOTEBOOK, n.assignment_id == sub.id)
            .join(tables.GRADE, g.notebook_id == n.id)
            .where(a.name == assignment_id, g.needs_manual_grade.is_(sa.true()))
        )
    )
    live = snapshots(connection, assignment_id)
    found = {
        student_id: _standing(snapshot, reasons.get(student_id, ""), student_id in needing)
        for student_id, snapshot in live.items()
    }
    if told:
        h = tables.HISTORY.c
        newest = (
            sa.select(sa.func.max(h.id))
            .where(h.assignment_id == assignment_id, h.event != str(Event.REMOVED))
            .group_by(h.student_id)
        )
        for row in connection.execute(sa.select(tables.HISTORY).where(h.id.in_(newest))):
            now = live.get(row.student_id)
            by_hand = _by_hand(row.by_hand)
            if now is None or row.counted is None or row.score is None:
                continue
            if {name: given for name, given in by_hand.items() if name in now.scores} != now.by_hand:
                continue
            then = Snapshot(json.loads(row.scores), by_hand, row.score, row.max_score, row.penalty)
            found[row.student_id] = _standing(then, reasons.get(row.student_id, ""), row.student_id in needing)
    return found


def _standing(snapshot: Snapshot, not_graded: str, needs_person: bool) -> Standing:
    has_score = not not_graded or bool(snapshot.by_hand)
    return Standing(
        snapshot.counted if has_score else None, snapshot.max_score, snapshot.cells, needs_person, not_graded
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Told:
    """What the last line of a history says."""

    by_hand: ByHand
    penalty: float
    tests_version: str | None


class Recorder:
    """Writes history within a transaction of its caller."""

    def __init__(self, connection: sa.Connection, now: datetime.datetime | None, by_whom: str) -> None:
        self._connection = connection
        self._now = now
        self._by_whom = stored_text(by_whom)[:128]
        self._facts: dict[tuple[str, str], Mapping[str, Any]] = {}

    def row(
        self,
        student_id: str,
        assignment_id: str,
        event: Event,
        snapshot: Snapshot | None,
        *,
        scores: Mapping[str, Any] | None = None,
        content_hash: str = "",
        tests_version: str | None = None,
        why: str = "",
        by_whom: str | None = None,
    ) -> dict[str, Any]:
        """A row of ``grader_history``, to be inserted."""
        return {
            "student_id": student_id,
            "assignment_id": assignment_id,
            "happened_at": self._now,
            "event": str(event),
            "content_hash": content_hash,
            "score": None if snapshot is None else snapshot.score,
            "max_score": None if snapshot is None else snapshot.max_score,
            "scores": json.dumps(scores if scores is not None else dict(snapshot.scores) if snapshot else {}),
            "by_hand": json.dumps({name: list(given) for name, given in snapshot.by_hand.items()} if snapshot else {}),
            "penalty": None if snapshot is None else snapshot.penalty,
            "counted": None if snapshot is None else snapshot.counted,
            "tests_version": tests_version,
            "why": stored_text(why),
            "by_whom": self._by_whom if by_whom is None else by_whom,
        }

    def insert(self, rows: list[dict[str, Any]]) -> None:
        """Write rows."""
        if rows:
            self._connection.execute(sa.insert(tables.HISTORY), rows)

    def notice(self, assignment_id: str, student_ids: Collection[str] | None = None, *, why: str = "") -> None:
        """Write down what has become different since the last row of each submission: scores by hand, penalties.

        Args:
            assignment_id: the chapter.
            student_ids: only these; None for all.
            why: of a penalty that is different.
        """
        told = self._last(assignment_id, student_ids)
        changed = self._changed(assignment_id, student_ids, told)
        now = snapshots(self._connection, assignment_id, list(changed)) if changed else {}
        self.insert(
            [
                self.row(
                    student_id,
                    assignment_id,
                    event,
                    now[student_id],
                    tests_version=told[student_id].tests_version,
                    why="" if event is Event.BY_HAND else why,
                    # formgrader does not say who it was
                    by_whom="" if event is Event.BY_HAND else None,
                )
                for student_id, event in sorted(changed.items())
                if student_id in now
            ]
        )

    def has_news(self, assignment_id: str) -> bool:
        """Whether ``notice`` would write something."""
        return bool(self._changed(assignment_id, None, self._last(assignment_id, None)))

    def _changed(
        self, assignment_id: str, student_ids: Collection[str] | None, told: Mapping[str, _Told]
    ) -> dict[str, Event]:
        by_hand, penalties = self._given(assignment_id, student_ids)
        changed: dict[str, Event] = {}
        for student_id, penalty in penalties.items():
            if student_id not in told:
                continue  # it was never graded by us
            last = told[student_id]
            if by_hand.get(student_id, {}) != last.by_hand:
                changed[student_id] = Event.BY_HAND
            elif not math.isclose(penalty, last.penalty, abs_tol=1e-6):
                changed[student_id] = Event.PENALTY
        return changed

    def _last(self, assignment_id: str, student_ids: Collection[str] | None) -> dict[str, _Told]:
        h = tables.HISTORY.c
        newest = sa.select(sa.func.max(h.id)).where(h.assignment_id == assignment_id).group_by(h.student_id)
        if student_ids is not None:
            newest = newest.where(h.student_id.in_(list(student_ids)))
        query = sa.select(h.student_id, h.by_hand, h.penalty, h.tests_version).where(h.id.in_(newest))
        return {
            row.student_id: _Told(_by_hand(row.by_hand), row.penalty or 0.0, row.tests_version)
            for row in self._connection.execute(query)
        }

    def _given(
        self, assignment_id: str, student_ids: Collection[str] | None
    ) -> tuple[dict[str, dict[str, tuple[float | None, float | None]]], dict[str, float]]:
        a, s, n, g = tables.ASSIGNMENT.c, tables.SUBMITTED_ASSIGNMENT.c, tables.SUBMITTED_NOTEBOOK.c, tables.GRADE.c
        where = [a.name == assignment_id]
        if student_ids is not None:
            where.append(s.student_id.in_(list(student_ids)))
        submissions = (
            sa.select(s.student_id, n.id, n.late_submission_penalty)
            .select_from(tables.SUBMITTED_NOTEBOOK)
            .join(tables.SUBMITTED_ASSIGNMENT, s.id == n.assignment_id)
            .join(tables.ASSIGNMENT, a.id == s.assignment_id)
            .where(*where)
        )
        penalties, owners = {}, {}
        for student_id, notebook_id, penalty in self._connection.execute(submissions):
            penalties[student_id] = penalty or 0.0
            owners[notebook_id] = student_id
        query = (
            sa.select(g.notebook_id, tables.BASE_CELL.c.name, g.manual_score, g.extra_credit)
            .select_from(tables.GRADE)
            .join(tables.BASE_CELL, tables.BASE_CELL.c.id == g.cell_id)
            .join(tables.SUBMITTED_NOTEBOOK, n.id == g.notebook_id)
            .join(tables.SUBMITTED_ASSIGNMENT, s.id == n.assignment_id)
            .join(tables.ASSIGNMENT, a.id == s.assignment_id)
            .where(*where, g.manual_score.is_not(None) | (sa.func.coalesce(g.extra_credit, 0.0) != 0.0))
        )
        given: dict[str, dict[str, tuple[float | None, float | None]]] = {}
        for notebook_id, name, manual, extra in self._connection.execute(query):
            if notebook_id in owners:
                given.setdefault(owners[notebook_id], {})[name] = (manual, extra)
        return given, penalties

    # --- the versions of tests ---

    def remember(self, tests: GradingVersion) -> None:
        """Keep a version of a chapter's tests, unless it is known."""
        t = tables.TESTS.c
        of_chapter = t.assignment_id == tests.assignment_id
        known = self._connection.scalar(sa.select(t.number).where(of_chapter, t.digest == tests.digest))
        if known is not None:
            return
        newest = self._connection.scalar(sa.select(sa.func.max(t.number)).where(of_chapter)) or 0
        self._connection.execute(
            sa.insert(tables.TESTS).values(
                assignment_id=tests.assignment_id,
                digest=tests.digest,
                number=newest + 1,
                since=self._now,
                facts=json.dumps(tests.facts, sort_keys=True),
            )
        )

    def change(self, tests: GradingVersion, before: str | None) -> str:
        """Say what has changed from an earlier version of a chapter's tests to this one."""
        facts = version_facts(self._connection, tests.assignment_id, before, self._facts)
        return str(difference(facts, tests.facts)) if facts else ""


def version_facts(
    connection: sa.Connection,
    assignment_id: str,
    digest: str | None,
    known: dict[tuple[str, str], Mapping[str, Any]] | None = None,
) -> Mapping[str, Any]:
    """Return the facts of a version of a chapter's tests; empty if it is not known."""
    if not digest:
        return {}
    known = {} if known is None else known
    if (assignment_id, digest) not in known:
        t = tables.TESTS.c
        text = connection.scalar(sa.select(t.facts).where(t.assignment_id == assignment_id, t.digest == digest))
        known[assignment_id, digest] = json.loads(text) if text else {}
    return known[assignment_id, digest]


def _by_hand(text: str | None) -> dict[str, tuple[float | None, float | None]]:
    return {name: (given[0], given[1]) for name, given in json.loads(text or "{}").items()}


def history(
    connection: sa.Connection, student_id: str, assignment_ids: Iterable[str] | None = None
) -> list[HistoryRow]:
    """Return a student's history, the oldest first, chapter by chapter; its last line is how it stands now.

    Where a person has changed something since the last line was written, one more line says so; its ``happened_at`` is
    that of the line before, because nobody knows when it was.
    """
    h, t = tables.HISTORY.c, tables.TESTS.c
    only = None if assignment_ids is None else set(assignment_ids)
    query = (
        sa.select(tables.HISTORY, t.number)
        .outerjoin(tables.TESTS, (t.assignment_id == h.assignment_id) & (t.digest == h.tests_version))
        .where(h.student_id == student_id)
        .order_by(h.assignment_id, h.id)
    )
    rows: dict[str, list[HistoryRow]] = {}
    for row in connection.execute(query).mappings():
        if only is None or row["assignment_id"] in only:
            rows.setdefault(row["assignment_id"], []).append(
                HistoryRow(
                    student_id=student_id,
                    assignment_id=row["assignment_id"],
                    happened_at=utc(row["happened_at"]),
                    event=row["event"],
                    score=row["score"],
                    max_score=row["max_score"],
                    counted=row["counted"],
                    penalty=row["penalty"],
                    scores=json.loads(row["scores"]),
                    by_hand=_by_hand(row["by_hand"]),
                    tests=row["number"] or 0,
                    tests_version=row["tests_version"] or "",
                    why=row["why"] or "",
                    by_whom=row["by_whom"] or "",
                )
            )
    for assignment_id, told in rows.items():
        now = snapshots(connection, assignment_id, [student_id]).get(student_id)
        last = told[-1]
        if now is not None and (dict(now.by_hand) != dict(last.by_hand)):
            told.append(
                dataclasses.replace(
                    last,
                    event=str(Event.BY_HAND),
                    score=now.score,
                    max_score=now.max_score,
                    counted=now.counted,
                    penalty=now.penalty,
                    scores=now.scores,
                    by_hand=now.by_hand,
                    why="",
                    by_whom="",
                )
            )
    return [row for told in rows.values() for row in told]
