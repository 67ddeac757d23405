"""Extensions: more time for one student or for all, kept in the gradebook, also before anything is handed in.

nbgrader has a place for an extension only in a submission's row, as a time from the due date. Ours are in
``grader_extension``, with who gave them and why; in a submission's row, as soon as there is one, stands what they come
to, so that nbgrader and formgrader count the same lateness. An extension that somebody gave in nbgrader itself counts
as well.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from grader.course.dates import aware_utc, naive_utc, utc
from grader.gradebook import tables

EVERYBODY = ""
"""The ``student_id`` of an extension for all."""


@dataclasses.dataclass(frozen=True, slots=True)
class Extension:
    """More time: ``seconds`` from the due date, or ``until`` a point in time. ``student_id`` is empty if it is for all.

    ``ended_at`` says when it was revoked, or replaced by another.
    """

    extension_id: int
    student_id: str
    assignment_id: str
    seconds: float | None
    until: datetime.datetime | None
    given_at: datetime.datetime
    given_by: str = ""
    why: str = ""
    ended_at: datetime.datetime | None = None
    ended_by: str = ""
    end_why: str = ""

    def due(self, due: datetime.datetime) -> datetime.datetime:
        """Return the due date with this extension; never an earlier one."""
        extended = self.until if self.until is not None else due + datetime.timedelta(seconds=self.seconds or 0.0)
        return max(due, extended)


@dataclasses.dataclass(frozen=True, slots=True)
class DueDates:
    """When a chapter is due: for everybody (``due``, None if never), and for those who have more time."""

    due: datetime.datetime | None
    for_all: datetime.datetime | None
    extended: Mapping[str, datetime.datetime]

    def of(self, student_id: str) -> datetime.datetime | None:
        """Return when it is due for a student."""
        return self.extended.get(student_id, self.for_all)

    def more_s(self, due: datetime.datetime | None) -> float:
        """Return how many seconds a due date is after that of everybody; 0 where there is none."""
        return (due - self.due).total_seconds() if due is not None and self.due is not None else 0.0

    @property
    def last(self) -> datetime.datetime | None:
        """When it is due for the last of all."""
        if self.due is None or self.for_all is None:
            return None
        return max(self.for_all, *self.extended.values()) if self.extended else self.for_all


def active(connection: sa.Connection, assignment_id: str | None = None, *, ended: bool = False) -> list[Extension]:
    """Return the extensions that hold (with ``ended``, those too that no longer do), the oldest first."""
    e = tables.EXTENSION.c
    query = sa.select(tables.EXTENSION).order_by(e.id)
    if assignment_id is not None:
        query = query.where(e.assignment_id == assignment_id)
    if not ended:
        query = query.where(e.ended_at.is_(None))
    return [_extension(row) for row in connection.execute(query)]


def _extension(row: Any) -> Extension:
    return Extension(
        extension_id=row.id,
        student_id=row.student_id,
        assignment_id=row.assignment_id,
        seconds=row.seconds,
        until=aware_utc(row.until),
        given_at=utc(row.given_at),
        given_by=row.given_by,
        why=row.why,
        ended_at=aware_utc(row.ended_at),
        ended_by=row.ended_by or "",
        end_why=row.end_why or "",
    )


class Granted:
    """What the extensions of a chapter come to for each student, as nbgrader writes it: a time from the due date."""

    def __init__(self, extensions: Iterable[Extension], due: datetime.datetime | None) -> None:
        self._due = aware_utc(due)
        self._of: dict[str, datetime.datetime] = {}
        for extension in extensions:
            if self._due is not None:
                until = extension.due(self._due)
                self._of[extension.student_id] = max(until, self._of.get(extension.student_id, until))

    def until(self, student_id: str) -> datetime.datetime | None:
        """Return the later of the student's own extension and that for all; None without one."""
        found = [self._of[key] for key in (student_id, EVERYBODY) if key in self._of]
        return max(found) if found else None

    def __call__(self, student_id: str) -> datetime.timedelta | None:
        """Return the time from the due date; None without an extension."""
        until = self.until(student_id)
        if until is None or self._due is None or until <= self._due:
            return None
        return until - self._due


def granted(connection: sa.Connection, assignment_id: str, due: datetime.datetime | None) -> Granted:
    """Return what the extensions of a chapter that is ``due`` (UTC) come to."""
    return Granted(active(connection, assignment_id), due)


def due_dates(connection: sa.Connection, assignment_id: str, due: datetime.datetime | None) -> DueDates:
    """Return when a chapter is due for whom; ``due`` is its due date, None if the gradebook's own counts."""
    a, s = tables.ASSIGNMENT.c, tables.SUBMITTED_ASSIGNMENT.c
    if due is None:
        due = aware_utc(connection.scalar(sa.select(a.duedate).where(a.name == assignment_id)))
    if due is None:
        return DueDates(None, None, {})
    extensions = active(connection, assignment_id)
    ours = Granted(extensions, due)
    given = {e.student_id: ours.until(e.student_id) or due for e in extensions if e.student_id != EVERYBODY}
    for_all = ours.until(EVERYBODY) or due
    rows = connection.execute(
        sa.select(s.student_id, s.extension)
        .join(tables.ASSIGNMENT, a.id == s.assignment_id)
        .where(a.name == assignment_id, s.extension.is_not(None))
    )
    for student_id, extension in rows:
        # what stands in nbgrader's row is what counts; it is ours, unless somebody gave another one there
        if due + extension != for_all:
            given[student_id] = due + extension
    return DueDates(due, for_all, given)


def mirror(
    connection: sa.Connection, assignment_id: str, before: Granted, after: Granted, replace: Iterable[str] = ()
) -> None:
    """Write what extensions come to into the submissions that are there.

    Args:
        connection: to the gradebook, within a transaction.
        assignment_id: the chapter.
        before: what they came to.
        after: what they come to now.
        replace: students whose extension counts even if nbgrader's row has a longer one.
    """
    a, s = tables.ASSIGNMENT.c, tables.SUBMITTED_ASSIGNMENT.c
    own = set(replace)
    rows = connection.execute(
        sa.select(s.id, s.student_id, s.extension)
        .join(tables.ASSIGNMENT, a.id == s.assignment_id)
        .where(a.name == assignment_id)
    ).all()
    changed = []
    for row_id, student_id, there in rows:
        wanted = after(student_id)
        is_nbgraders = there is not None and there != before(student_id)
        if is_nbgraders and student_id not in own:
            wanted = max(there, wanted or there)
        if wanted != there:
            changed.append({"_id": row_id, "_extension": wanted})
    if changed:
        statement = (
            sa.update(tables.SUBMITTED_ASSIGNMENT)
            .where(s.id == sa.bindparam("_id"))
            .values(extension=sa.bindparam("_extension", type_=s.extension.type))
        )
        connection.execute(statement, changed)


def give(
    connection: sa.Connection,
    assignment_id: str,
    student_ids: Iterable[str],
    *,
    seconds: float | None,
    until: datetime.datetime | None,
    why: str,
    by_whom: str,
    now: datetime.datetime | None,
) -> list[str]:
    """Give an extension, in place of the one that each has; returns whose was not the same already."""
    there = {e.student_id: e for e in active(connection, assignment_id)}
    new = []
    for student_id in student_ids:
        old = there.get(student_id)
        if old is not None and (old.seconds, old.until, old.why) == (seconds, until, why):
            continue
        new.append(student_id)
    end(connection, assignment_id, new, why="replaced", by_whom=by_whom, now=now)
    rows = [
        {
            "student_id": student_id,
            "assignment_id": assignment_id,
            "seconds": seconds,
            "until": naive_utc(until),
            "given_at": now,
            "given_by": by_whom,
            "why": why,
        }
        for student_id in new
    ]
    if rows:
        connection.execute(sa.insert(tables.EXTENSION), rows)
    return new


def end(
    connection: sa.Connection,
    assignment_id: str,
    student_ids: Iterable[str],
    *,
    why: str,
    by_whom: str,
    now: datetime.datetime | None,
) -> list[str]:
    """End extensions; returns whose."""
    wanted = set(student_ids)
    ending = [e for e in active(connection, assignment_id) if e.student_id in wanted]
    if ending:
        e = tables.EXTENSION.c
        connection.execute(
            sa.update(tables.EXTENSION)
            .where(e.id.in_([extension.extension_id for extension in ending]))
            .values(ended_at=now, ended_by=by_whom, end_why=why)
        )
    return [extension.student_id for extension in ending]
