"""A test was copied with its id to play with: the untouched one counts."""

import copy

from damage_tools import cell

PASSES = "test_add test_twice"
REPAIRS = ['a copy of grade cell "test_add" ran where it stands, as a cell of the student\'s own.']


def damage(notebook):
    play = copy.deepcopy(cell(notebook, "test_add"))
    play["source"] = "assert add(2, 2) == 5"
    notebook["cells"].insert(1, play)
