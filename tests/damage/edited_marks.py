"""A test is made an answer, so that it is not tested any more."""

from damage_tools import cell, marks

PASSES = "test_twice"
REPAIRS = ["nbgrader's metadata of grade cell \"test_add\" had been edited; the course's own were used."]


def damage(notebook):
    cell(notebook, "add")["source"] = "def add(a, b):\n    return a - b"
    marks(notebook, "test_add").update(grade=False, solution=True, locked=False)
