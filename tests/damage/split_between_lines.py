"""An answer was split between two definitions, and the second half lost its id."""

from damage_tools import cell, insert, new

PASSES = "test_add test_twice"


def damage(notebook):
    cell(notebook, "add")["source"] = "def plus(a, b):\n    return a + b"
    insert(notebook, "add", new("def add(a, b):\n    return plus(a, b)"))
