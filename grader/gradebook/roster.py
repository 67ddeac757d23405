"""Students in the gradebook: added, changed and removed, with all that hangs on them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import sqlalchemy as sa

from grader.course.roster import Student
from grader.gradebook import tables

_FIELDS = {"student_id": "id", "first_name": "first_name", "last_name": "last_name", "email": "email"} | {
    "lms_user_id": "lms_user_id"
}
"""Field of ``Student`` → nbgrader's column."""

_ROSTER = "roster"


@dataclasses.dataclass(frozen=True, slots=True)
class RosterChange:
    """What an import did, or would do: ids, sorted."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


def read_students(connection: sa.Connection) -> list[Student]:
    """Return all students, sorted by id."""
    columns = [tables.STUDENT.c[column] for column in _FIELDS.values()]
    rows = connection.execute(sa.select(*columns)).all()
    found = [Student(**dict(zip(_FIELDS, ((value or "") for value in row), strict=True))) for row in rows]
    return sorted(found, key=lambda student: student.student_id)


def put_students(connection: sa.Connection, students: Iterable[Student], *, dry_run: bool = False) -> RosterChange:
    """Add students and bring known ones up to date; what the roster leaves empty is left as it is."""
    known = {student.student_id: student for student in read_students(connection)}
    added, changed, unchanged = [], [], []
    for student in students:
        before = known.get(student.student_id)
        values = {column: getattr(student, field) for field, column in _FIELDS.items() if getattr(student, field)}
        if before is None:
            added.append(student.student_id)
            if not dry_run:
                connection.execute(sa.insert(tables.STUDENT).values(**values))
        elif any(getattr(before, field) != values[column] for field, column in _FIELDS.items() if column in values):
            changed.append(student.student_id)
            if not dry_run:
                of_student = tables.STUDENT.c.id == student.student_id
                connection.execute(sa.update(tables.STUDENT).where(of_student).values(**values))
        else:
            unchanged.append(student.student_id)
    if not dry_run and not has_roster(connection):
        connection.execute(sa.insert(tables.META).values(key=_ROSTER, value="kept"))
    return RosterChange(tuple(sorted(added)), tuple(sorted(changed)), tuple(sorted(unchanged)))


def submission_counts(connection: sa.Connection) -> dict[str, int]:
    """Return how many submissions each student has in the gradebook, graded or handed in."""
    s, a, r = tables.SUBMITTED_ASSIGNMENT.c, tables.ASSIGNMENT.c, tables.RECEIPT.c
    graded = sa.select(s.student_id, a.name).join(tables.ASSIGNMENT, a.id == s.assignment_id)
    handed_in = sa.select(r.student_id, r.assignment_id).where(r.version > 0)
    counts: dict[str, int] = {}
    for student_id, _ in {tuple(row) for query in (graded, handed_in) for row in connection.execute(query)}:
        counts[student_id] = counts.get(student_id, 0) + 1
    return counts


def remove_student(connection: sa.Connection, student_id: str) -> None:
    """Remove a student and everything that is kept of them in nbgrader's tables and in ours."""
    s, n = tables.SUBMITTED_ASSIGNMENT, tables.SUBMITTED_NOTEBOOK
    submissions = sa.select(s.c.id).where(s.c.student_id == student_id).scalar_subquery()
    notebooks = sa.select(n.c.id).where(n.c.assignment_id.in_(submissions)).scalar_subquery()
    for table in (tables.GRADE, tables.COMMENT):
        connection.execute(sa.delete(table).where(table.c.notebook_id.in_(notebooks)))
    connection.execute(sa.delete(n).where(n.c.assignment_id.in_(submissions)))
    connection.execute(sa.delete(s).where(s.c.student_id == student_id))
    for table in tables.OURS.sorted_tables:
        if "student_id" in table.c:
            connection.execute(sa.delete(table).where(table.c.student_id == student_id))
    connection.execute(sa.delete(tables.STUDENT).where(tables.STUDENT.c.id == student_id))


def has_roster(connection: sa.Connection) -> bool:
    """Whether somebody said who is in the course; else its students are those who were graded."""
    m, s = tables.META.c, tables.STUDENT.c
    if connection.scalar(sa.select(m.value).where(m.key == _ROSTER)):
        return True
    described = s.first_name.is_not(None) | s.last_name.is_not(None) | s.email.is_not(None) | s.lms_user_id.is_not(None)
    return bool(connection.scalar(sa.select(sa.func.count()).where(described)))
