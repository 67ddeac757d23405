"""What the cases in ``damage/`` are written with: how to find, change and add cells of a notebook."""

from __future__ import annotations

import json
from typing import Any

Notebook = dict[str, Any]
Cell = dict[str, Any]


def place(notebook: Notebook, name: str) -> int:
    """The index of the cell with this ``grade_id``."""
    return next(
        index
        for index, cell in enumerate(notebook["cells"])
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == name
    )


def cell(notebook: Notebook, name: str) -> Cell:
    """The cell with this ``grade_id``."""
    return notebook["cells"][place(notebook, name)]


def marks(notebook: Notebook, name: str) -> dict[str, Any]:
    """Nbgrader's metadata of a cell."""
    return cell(notebook, name)["metadata"]["nbgrader"]


def take(notebook: Notebook, name: str) -> Cell:
    """Take a cell out of the notebook."""
    return notebook["cells"].pop(place(notebook, name))


def new(source: str, cell_type: str = "code") -> Cell:
    """A cell of the student's own."""
    made: Cell = {"cell_type": cell_type, "metadata": {}, "source": source}
    return made | {"execution_count": None, "outputs": []} if cell_type == "code" else made


def insert(notebook: Notebook, after: str, *cells: Cell) -> None:
    """Put cells behind the one with this ``grade_id``."""
    index = place(notebook, after) + 1
    notebook["cells"][index:index] = cells


def forget(cell: Cell) -> Cell:
    """The same cell without anything that says what it is."""
    cell["metadata"] = {}
    cell.pop("id", None)
    return cell


def text(notebook: Notebook) -> str:
    """The notebook as Jupyter writes it."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True)
