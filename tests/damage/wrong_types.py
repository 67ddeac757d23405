"""Numbers, lists and nothing where the format wants text and objects."""

from damage_tools import cell

PASSES = "test_add test_twice"
REPAIRS = [
    "cells 1 and 2 were no cell at all and left out.",
    "cell 3 was of no known type and read as what the course has there, or else as it looks.",
    'locked cell "imports" had lost its id; it was recognised by its cell id.',
]


def damage(notebook):
    imports, add = cell(notebook, "imports"), cell(notebook, "add")
    imports["metadata"] = ["nbgrader"]
    add["outputs"] = {"text": 3}
    add["source"] = ["def add(a, b):\n", "    return a + b + ", 0]
    notebook["metadata"] = ["python"]
    notebook["cells"][:0] = [
        None,
        "a cell",
        {"cell_type": 7, "metadata": [], "source": 42, "outputs": "none", "id": {}},
    ]
