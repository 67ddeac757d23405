"""A test is emptied: the course's own is used."""

from damage_tools import cell

PASSES = "test_twice"
REPAIRS = ['grade cell "test_add" had been changed; the course\'s own was used.']


def damage(notebook):
    cell(notebook, "add")["source"] = "def add(a, b):\n    return a - b"
    cell(notebook, "test_add")["source"] = "assert True"
