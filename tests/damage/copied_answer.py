"""An answer was copied with its id, and the copy improved: both run, the last counts."""

import copy

from damage_tools import cell, place

PASSES = "test_add test_twice"
REPAIRS = ['a copy of solution cell "add" ran where it stands, as a cell of the student\'s own.']


def damage(notebook):
    first = copy.deepcopy(cell(notebook, "add"))
    first["source"] = "def add(a, b):\n    return a - b"
    notebook["cells"].insert(place(notebook, "add"), first)
