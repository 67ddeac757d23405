"""Cells as nbgrader sees them: cell metadata (schema 3), checksums, and notebooks as plain dicts.

Nothing here imports nbformat or nbgrader, so that workers can use it; ``grader.notebooks.notebook`` reads and writes
the files.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from grader.course.model import CourseCell, Role

SCHEMA_VERSION = 3
"""nbgrader's version of its cell metadata."""

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

Json = dict[str, Any]


def checksum(
    source: str,
    cell_type: str,
    grade_id: str,
    *,
    grade: bool = False,
    solution: bool = False,
    locked: bool = False,
    points: float = 0.0,
) -> str:
    """Return the checksum that nbgrader computes for a cell.

    Args:
        source: the cell's text.
        cell_type: ``code``, ``markdown`` or ``raw``.
        grade_id: nbgrader's name of the cell.
        grade: the cell carries points.
        solution: students write in the cell.
        locked: the cell's ``locked`` metadata; nbgrader locks a test whatever it says, and never a solution.
        points: counts for a grade cell only.
    """
    digest = hashlib.md5(usedforsecurity=False)
    for part in (
        source,
        cell_type,
        str(bool(grade)),
        str(bool(solution)),
        str(False if solution else True if grade else bool(locked)),
        grade_id,
        *([str(float(points))] if grade else []),
    ):
        digest.update(part.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _kind(role: Role) -> tuple[bool, bool, bool]:
    """(grade, solution, locked) of a role."""
    return {
        Role.SOLUTION: (False, True, False),
        Role.TEST: (True, False, True),
        Role.SETUP: (False, False, True),
        Role.MANUAL: (True, True, False),
        Role.FREE: (False, False, False),
    }[role]


@functools.lru_cache(maxsize=1024)
def _checksum_of(cell: CourseCell) -> str:
    grade, solution, locked = _kind(cell.role)
    return checksum(
        cell.source, cell.cell_type, cell.name, grade=grade, solution=solution, locked=locked, points=cell.points
    )


def nbgrader_metadata(cell: CourseCell) -> Json | None:
    """Return the cell's ``metadata.nbgrader`` with the checksum of its source, or None for a free cell."""
    if cell.role is Role.FREE:
        return None
    grade, solution, locked = _kind(cell.role)
    metadata: Json = {
        "cell_type": cell.cell_type,
        "checksum": _checksum_of(cell),
        "grade": grade,
        "grade_id": cell.name,
        "locked": locked,
        "schema_version": SCHEMA_VERSION,
        "solution": solution,
        "task": False,
    }
    if grade:
        metadata["points"] = int(cell.points) if float(cell.points).is_integer() else cell.points
    return metadata


def notebook_dict(cells: Iterable[CourseCell], *, locks: bool) -> Json:
    """Return cells as a notebook of format 4.5, without outputs.

    Args:
        cells: the course's cells, with the source that the notebook shall have.
        locks: as nbgrader's LockCells marks what a student may not edit or delete.
    """
    cells = list(cells)
    return {
        "cells": [_cell_dict(cell, cell_id, locks) for cell, cell_id in zip(cells, cell_ids(cells), strict=True)],
        "metadata": {"kernelspec": dict(KERNELSPEC), "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell_dict(cell: CourseCell, cell_id: str, locks: bool) -> Json:
    metadata: Json = {}
    nbgrader = nbgrader_metadata(cell)
    if nbgrader:
        metadata["nbgrader"] = nbgrader
        if locks:
            metadata["deletable"] = False
            if not nbgrader["solution"]:
                metadata["editable"] = False
    result: Json = {"cell_type": cell.cell_type, "id": cell_id, "metadata": metadata, "source": cell.source}
    if cell.cell_type == "code":
        result |= {"execution_count": None, "outputs": []}
    return result


def cell_ids(cells: Iterable[CourseCell]) -> list[str]:
    """Return nbformat cell ids: the cell's own name, or ``free-1``, ``free-2`` … for cells without one."""
    cells = list(cells)
    taken = {cell.name for cell in cells if cell.name}
    numbers = _numbers()
    ids = []
    for cell in cells:
        name = cell.name
        while not name or (name in taken and not cell.name):
            name = f"free-{next(numbers)}"
        ids.append(name)
    return ids


def _numbers() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


_MAGIC = re.compile(
    r"(?P<indent>\s*)# ?(?P<magic>(?:%{1,2}[A-Za-z]|[!?] ?[A-Za-z./~$\\{]|[A-Za-z_]\w* = [%!][A-Za-z]).*)"
)


PYTHON_CELL_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")
"""Cell magics whose cell is Python all the same."""


def with_magics(source: str) -> str:
    """Turn the comments of a free cell that stand for IPython's magics (``# %timeit f(x)``) into magics.

    A solution file is plain Python, so magics can only stand there as comments. jupytext does the same. A cell that
    begins with the magic of another language (``# %%bash``) is that language's as a whole.
    """
    if "#" not in source:
        return source
    lines = []
    inside = string_lines(source)
    for number, line in enumerate(source.split("\n"), start=1):
        found = None if number in inside else _MAGIC.fullmatch(line)
        lines.append(found["indent"] + found["magic"] if found else line)
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and not first.startswith(PYTHON_CELL_MAGICS):
        lines = [re.sub(r"^# ?", "", line) for line in lines]
    return "\n".join(lines)


def string_lines(source: str) -> set[int]:
    """Return the 1-based numbers of lines that begin inside a string; empty where the text is not Python."""
    import ast

    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and node.end_lineno and node.end_lineno > node.lineno:
            if isinstance(node, ast.Constant) and not isinstance(node.value, (str, bytes)):
                continue
            inside.update(range(node.lineno + 1, node.end_lineno + 1))
    return inside
