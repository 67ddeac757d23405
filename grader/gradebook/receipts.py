"""Receipts: the gradebook's record of every hand-in, when it came, from where, and which one counts."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from grader.course.dates import naive_utc, utc
from grader.gradebook import tables
from grader.gradebook.tables import stored_text


@dataclasses.dataclass(frozen=True, slots=True)
class Receipt:
    """One hand-in.

    Args:
        student_id: whose it is, ``assignment_id`` of which chapter; empty where nobody knows.
        received_at: when it was handed in, in UTC; ``time_from`` is who says so.
        sha256: of the file that is graded, as it was handed in; ``content`` of all its files and their names.
        origin: ``exchange``, ``canvas``, ``moodle``, ``gradescope``, ``folder`` or ``file``.
        source: the zip or folder that it was found in; ``source_id`` tells it from others of the same content.
        file_name: what the student called the file that is graded.
        attempt: what the LMS calls it, if it says.
        folder: where it is kept, seen from the course folder.
        version: 1, 2, … of this student and chapter; 0 if it was set aside.
        is_current: it is the one that counts.
        problem: why it was set aside.
    """

    student_id: str
    assignment_id: str
    received_at: datetime.datetime
    time_from: str
    sha256: str
    content: str
    origin: str
    source: str
    source_id: str
    file_name: str
    attempt: str = ""
    folder: str = ""
    version: int = 0
    is_current: bool = False
    problem: str = ""
    collected_at: datetime.datetime | None = None


_FIELDS = tuple(field.name for field in dataclasses.fields(Receipt))


def read_receipts(
    connection: sa.Connection, student_id: str | None = None, assignment_id: str | None = None
) -> list[Receipt]:
    """Return receipts by student and chapter, versions in order; what was set aside comes first."""
    r = tables.RECEIPT.c
    query = sa.select(*(r[name] for name in _FIELDS)).order_by(r.student_id, r.assignment_id, r.version, r.id)
    if student_id is not None:
        query = query.where(r.student_id == student_id)
    if assignment_id is not None:
        query = query.where(r.assignment_id == assignment_id)
    return [_receipt(row) for row in connection.execute(query).mappings()]


def _receipt(row: sa.RowMapping) -> Receipt:
    values: dict[str, Any] = dict(row)
    for name in ("received_at", "collected_at"):
        values[name] = utc(values[name])
    return Receipt(**values)


def write_receipts(connection: sa.Connection, receipts: Iterable[Receipt], now: datetime.datetime) -> None:
    """Keep receipts; a current one takes the place of the one before it.

    A file that was set aside, and is collected now (its student has become known), is set aside no longer.
    """
    r = tables.RECEIPT.c
    for receipt in receipts:
        values = {
            name: stored_text(value) if isinstance(value, str) else value
            for name, value in dataclasses.asdict(receipt).items()
        }
        values["received_at"] = naive_utc(receipt.received_at)
        values["collected_at"] = naive_utc(now)
        if receipt.is_current:
            before = (r.student_id == receipt.student_id) & (r.assignment_id == receipt.assignment_id)
            connection.execute(sa.update(tables.RECEIPT).where(before).values(is_current=False))
        if receipt.version:
            connection.execute(sa.delete(tables.RECEIPT).where((r.version == 0) & (r.sha256 == receipt.sha256)))
        connection.execute(sa.insert(tables.RECEIPT).values(**values))
