"""A test was turned into markdown: it runs all the same."""

from damage_tools import cell

PASSES = "test_twice"
REPAIRS = ['grade cell "test_add" had become a markdown cell; it was read as code.']


def damage(notebook):
    cell(notebook, "test_add")["cell_type"] = "markdown"
    cell(notebook, "add")["source"] = "def add(a, b):\n    return a - b"
