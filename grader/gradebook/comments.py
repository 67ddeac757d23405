"""What was said of a student's answers: nbgrader's comments, by hand and automatic."""

from __future__ import annotations

import dataclasses

import sqlalchemy as sa

from grader.gradebook import tables


@dataclasses.dataclass(frozen=True, slots=True)
class CommentRow:
    """A comment on one answer; ``is_manual`` if a person wrote it."""

    grade_id: str
    text: str
    is_manual: bool


def comments(connection: sa.Connection, student_id: str, assignment_id: str) -> list[CommentRow]:
    """Return what was said of a submission, sorted by cell; a person's words take the place of the automatic ones."""
    a, s, n = tables.ASSIGNMENT.c, tables.SUBMITTED_ASSIGNMENT.c, tables.SUBMITTED_NOTEBOOK.c
    c, b = tables.COMMENT.c, tables.BASE_CELL.c
    query = (
        sa.select(b.name, c.auto_comment, c.manual_comment)
        .select_from(tables.COMMENT)
        .join(tables.BASE_CELL, b.id == c.cell_id)
        .join(tables.SUBMITTED_NOTEBOOK, n.id == c.notebook_id)
        .join(tables.SUBMITTED_ASSIGNMENT, s.id == n.assignment_id)
        .join(tables.ASSIGNMENT, a.id == s.assignment_id)
        .where((s.student_id == student_id) & (a.name == assignment_id))
    )
    found = [
        CommentRow(name, (manual or automatic).strip(), bool(manual))
        for name, automatic, manual in connection.execute(query)
        if (manual or automatic or "").strip()
    ]
    return sorted(found, key=lambda row: row.grade_id)
