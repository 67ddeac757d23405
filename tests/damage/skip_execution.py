"""Tags that make nbclient skip a cell, and nbgrader give full marks for it."""

from damage_tools import cell

PASSES = "test_twice"
REPAIRS = ['the tag "skip-execution" was ignored (cells 4 and 6).']


def damage(notebook):
    cell(notebook, "add")["source"] = "def add(a, b):\n    return a - b"
    for name in ("test_add", "test_twice"):
        cell(notebook, name)["metadata"]["tags"] = ["skip-execution"]
