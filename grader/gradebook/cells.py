"""A chapter's cells in nbgrader's tables: as they are, as they should be, and the way from one to the other."""

from __future__ import annotations

import dataclasses
import datetime
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from grader.course.model import CourseCell
from grader.gradebook import tables
from grader.gradebook.extensions import granted, mirror
from grader.gradebook.history import Event, Recorder, snapshots
from grader.gradebook.tables import stored_text
from grader.notebooks.cells import nbgrader_metadata


@dataclasses.dataclass(frozen=True, slots=True)
class GradebookCell:
    """A cell of the course as nbgrader's gradebook knows it: a solution cell's stub, a test with its hidden part."""

    name: str
    source: str
    checksum: str
    cell_type: str = "code"
    grade: bool = False
    solution: bool = False
    locked: bool = False
    points: float = 0.0

    @property
    def kinds(self) -> tuple[str, ...]:
        """Nbgrader's names of the rows that this cell has in ``base_cell``; a manual cell has two."""
        return tuple(kind for kind, is_one in (("GradeCell", self.grade), ("SolutionCell", self.solution)) if is_one)


def gradebook_cells(cells: Iterable[CourseCell]) -> tuple[GradebookCell, ...]:
    """Return what nbgrader's gradebook has to know of a chapter's cells (those of a ``GradingSpec``)."""
    found = []
    for cell in cells:
        metadata = nbgrader_metadata(cell)
        if metadata is not None:
            found.append(
                GradebookCell(
                    name=cell.name,
                    source=cell.source,
                    checksum=metadata["checksum"],
                    cell_type=cell.cell_type,
                    grade=metadata["grade"],
                    solution=metadata["solution"],
                    locked=metadata["locked"],
                    points=float(cell.points),
                )
            )
    return tuple(found)


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A chapter as the gradebook should have it."""

    assignment_id: str
    cells: Sequence[GradebookCell]
    due: datetime.datetime | None
    kernelspec: str


def new_id() -> str:
    """An id as nbgrader makes them."""
    return uuid.uuid4().hex


def grade_row(notebook_id: str, cell_id: str, auto_score: float | None, *, needs: bool) -> dict[str, Any]:
    """A new row of ``grade``."""
    return {
        "id": new_id(),
        "notebook_id": notebook_id,
        "cell_id": cell_id,
        "auto_score": auto_score,
        "manual_score": None,
        "extra_credit": None,
        "needs_manual_grade": needs,
    }


def comment_row(notebook_id: str, cell_id: str, auto_comment: str | None) -> dict[str, Any]:
    """A new row of ``comment``."""
    return {
        "id": new_id(),
        "notebook_id": notebook_id,
        "cell_id": cell_id,
        "auto_comment": auto_comment,
        "manual_comment": None,
    }


# Tables that hold what is particular to a kind of cell.
_OF_KIND = {
    "GradeCell": tables.GRADE_CELLS,
    "TaskCell": tables.TASK_CELLS,
    "SolutionCell": tables.SOLUTION_CELLS,
}
_GRADED = ("GradeCell", "TaskCell")
_COMMENTED = ("SolutionCell", "TaskCell")


def write_due(
    connection: sa.Connection, assignment_id: str, before: datetime.datetime | None, due: datetime.datetime | None
) -> None:
    """Give a chapter another due date (both as the database holds them), and extensions their place after it."""
    was = granted(connection, assignment_id, before)
    table = tables.ASSIGNMENT
    connection.execute(sa.update(table).where(table.c.name == assignment_id).values(duedate=due))
    mirror(connection, assignment_id, was, granted(connection, assignment_id, due))


class Synced:
    """A chapter as the gradebook has it, against how it should be."""

    def __init__(self, connection: sa.Connection, wanted: Wanted, course_id: str) -> None:
        self._connection = connection
        self._wanted = wanted
        self._course_id = course_id
        self._assignment = connection.execute(
            sa.select(tables.ASSIGNMENT).where(tables.ASSIGNMENT.c.name == wanted.assignment_id)
        ).first()
        self._notebook = None
        self._base: dict[tuple[str, str], str] = {}
        self._graded: dict[str, tuple[float, str]] = {}
        self._source: dict[str, Any] = {}
        if self._assignment is not None:
            self._notebook = connection.execute(
                sa.select(tables.NOTEBOOK)
                .where(tables.NOTEBOOK.c.assignment_id == self._assignment.id)
                .where(tables.NOTEBOOK.c.name == wanted.assignment_id)
            ).first()
        if self._notebook is not None:
            self._read_cells(self._notebook.id)

    def _read_cells(self, notebook_id: str) -> None:
        b = tables.BASE_CELL.c
        for row in self._connection.execute(sa.select(b.id, b.name, b.type).where(b.notebook_id == notebook_id)):
            self._base[row.name, row.type] = row.id
        for table in (tables.GRADE_CELLS, tables.TASK_CELLS):
            query = sa.select(table).join(tables.BASE_CELL, b.id == table.c.id).where(b.notebook_id == notebook_id)
            for row in self._connection.execute(query):
                self._graded[row.id] = (row.max_score, row.cell_type)
        for row in self._connection.execute(
            sa.select(tables.SOURCE_CELL).where(tables.SOURCE_CELL.c.notebook_id == notebook_id)
        ):
            self._source[row.name] = row

    def _new_cells(self) -> list[tuple[GradebookCell, str]]:
        return [
            (cell, kind) for cell in self._wanted.cells for kind in cell.kinds if (cell.name, kind) not in self._base
        ]

    def _removed_cells(self) -> list[tuple[str, str]]:
        wanted = {(cell.name, kind) for cell in self._wanted.cells for kind in cell.kinds}
        return [key for key in self._base if key not in wanted]

    def _changed_points(self) -> list[tuple[str, str, GradebookCell]]:
        """(table's kind, row id, cell) of the graded cells whose points or type changed."""
        changed = []
        for cell in self._wanted.cells:
            for kind in cell.kinds:
                row_id = self._base.get((cell.name, kind), "")
                if row_id in self._graded and self._graded[row_id] != (float(cell.points), cell.cell_type):
                    changed.append((kind, row_id, cell))
        return changed

    def _changed_sources(self) -> list[GradebookCell]:
        changed = []
        for cell in self._wanted.cells:
            row = self._source.get(cell.name)
            known = None if row is None else (row.cell_type, bool(row.locked), row.source, row.checksum)
            if known != (cell.cell_type, cell.locked, cell.source, cell.checksum):
                changed.append(cell)
        return changed

    def _due_changed(self) -> bool:
        return (
            self._assignment is not None
            and self._wanted.due is not None
            and self._assignment.duedate != self._wanted.due
        )

    def changes(self) -> bool:
        """Whether the gradebook has to be changed."""
        return bool(
            self._notebook is None
            or self._due_changed()
            or self._notebook.kernelspec != self._wanted.kernelspec
            or self._new_cells()
            or self._removed_cells()
            or self._changed_points()
            or self._changed_sources()
            or set(self._source) - {cell.name for cell in self._wanted.cells}
        )

    def apply(self, happened_at: datetime.datetime | None, by_whom: str = "") -> None:
        """Change it."""
        run = self._connection.execute
        wanted = self._wanted
        self._history = Recorder(self._connection, happened_at, by_whom)
        if self._assignment is None:
            assignment_id = new_id()
            run(
                sa.insert(tables.ASSIGNMENT).values(
                    id=assignment_id, name=wanted.assignment_id, duedate=wanted.due, course_id=self._course_id
                )
            )
        else:
            assignment_id = self._assignment.id
            if self._due_changed():
                write_due(self._connection, wanted.assignment_id, self._assignment.duedate, wanted.due)
        if self._notebook is None:
            notebook_id = new_id()
            run(
                sa.insert(tables.NOTEBOOK).values(
                    id=notebook_id,
                    name=wanted.assignment_id,
                    assignment_id=assignment_id,
                    kernelspec=wanted.kernelspec,
                )
            )
        else:
            notebook_id = self._notebook.id
            table = tables.NOTEBOOK
            run(sa.update(table).where(table.c.id == notebook_id).values(kernelspec=wanted.kernelspec))
        self._remove_cells(notebook_id)
        self._add_cells(notebook_id)
        for kind, row_id, cell in self._changed_points():
            table = _OF_KIND[kind]
            run(
                sa.update(table)
                .where(table.c.id == row_id)
                .values(max_score=float(cell.points), cell_type=cell.cell_type)
            )
        self._write_sources(notebook_id)

    def _add_cells(self, notebook_id: str) -> None:
        run = self._connection.execute
        sn = tables.SUBMITTED_NOTEBOOK.c
        submitted = self._connection.scalars(sa.select(sn.id).where(sn.notebook_id == notebook_id)).all()
        for cell, kind in self._new_cells():
            cell_id = new_id()
            run(sa.insert(tables.BASE_CELL).values(id=cell_id, name=cell.name, notebook_id=notebook_id, type=kind))
            values: dict[str, Any] = {"id": cell_id}
            if kind in _GRADED:
                values |= {"max_score": float(cell.points), "cell_type": cell.cell_type}
            run(sa.insert(_OF_KIND[kind]).values(values))
            if submitted and kind in _GRADED:
                run(sa.insert(tables.GRADE), [grade_row(i, cell_id, None, needs=True) for i in submitted])
            if submitted and kind in _COMMENTED:
                run(sa.insert(tables.COMMENT), [comment_row(i, cell_id, None) for i in submitted])

    def _remove_cells(self, notebook_id: str) -> None:
        run = self._connection.execute
        removed = self._removed_cells()
        if removed:
            self._history.notice(self._wanted.assignment_id)
        kept: list[tuple[str, str, dict[str, Any]]] = []
        for name, kind in removed:
            cell_id = self._base[name, kind]
            kept += self._had(name, cell_id)
            for rows in (tables.GRADE, tables.COMMENT):
                run(sa.delete(rows).where(rows.c.cell_id == cell_id))
            table = _OF_KIND[kind]
            run(sa.delete(table).where(table.c.id == cell_id))
            run(sa.delete(tables.BASE_CELL).where(tables.BASE_CELL.c.id == cell_id))
            if kind in _GRADED:
                verdict = tables.VERDICT.c
                of_cell = (verdict.assignment_id == self._wanted.assignment_id) & (verdict.grade_id == name)
                run(sa.delete(tables.VERDICT).where(of_cell))
        self._keep_removed(kept)
        table = tables.SOURCE_CELL
        for name in set(self._source) - {cell.name for cell in self._wanted.cells}:
            run(sa.delete(table).where(table.c.notebook_id == notebook_id, table.c.name == name))

    def _had(self, name: str, cell_id: str) -> list[tuple[str, str, dict[str, Any]]]:
        """(student, cell, values) of what a cell that is to be removed had earned, or been told."""
        g, c = tables.GRADE.c, tables.COMMENT.c
        sn, sub = tables.SUBMITTED_NOTEBOOK.c, tables.SUBMITTED_ASSIGNMENT.c
        found = []
        for table, columns in (
            (tables.GRADE, (g.auto_score, g.manual_score, g.extra_credit)),
            (tables.COMMENT, (c.manual_comment,)),
        ):
            query = (
                sa.select(sub.student_id, *columns)
                .select_from(table)
                .join(tables.SUBMITTED_NOTEBOOK, sn.id == table.c.notebook_id)
                .join(tables.SUBMITTED_ASSIGNMENT, sub.id == sn.assignment_id)
                .where(table.c.cell_id == cell_id)
            )
            for row in self._connection.execute(query).mappings():
                values = {column.name: row[column.name] for column in columns if row[column.name] is not None}
                if values:
                    found.append((row["student_id"], name, values))
        return found

    def _keep_removed(self, kept: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
        """Move what removed cells had to the history, with the scores as they are without them."""
        chapter = self._wanted.assignment_id
        now = snapshots(self._connection, chapter, {student_id for student_id, _, _ in kept}) if kept else {}
        self._history.insert(
            [
                self._history.row(student_id, chapter, Event.REMOVED, now.get(student_id), scores={name: values})
                for student_id, name, values in kept
            ]
        )

    def _write_sources(self, notebook_id: str) -> None:
        run = self._connection.execute
        table = tables.SOURCE_CELL
        for cell in self._changed_sources():
            values = {
                "cell_type": cell.cell_type,
                "locked": cell.locked,
                "source": stored_text(cell.source),
                "checksum": cell.checksum,
            }
            if cell.name in self._source:
                run(sa.update(table).where(table.c.id == self._source[cell.name].id).values(**values))
            else:
                run(sa.insert(table).values(id=new_id(), name=cell.name, notebook_id=notebook_id, **values))
