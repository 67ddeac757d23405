"""An answer was split between two definitions; both halves have its id, as in JupyterLab."""

import copy

from damage_tools import cell, place

PASSES = "test_add test_twice"
REPAIRS = ['a copy of solution cell "add" ran where it stands, as a cell of the student\'s own.']


def damage(notebook):
    half = copy.deepcopy(cell(notebook, "add"))
    half["source"] = "def plus(a, b):\n    return a + b"
    notebook["cells"].insert(place(notebook, "add"), half)
    notebook["cells"][place(notebook, "add") + 1]["source"] = "def add(a, b):\n    return plus(a, b)"
