"""An answer was merged with the test above it, which fails: that must not cost the answer."""

from damage_tools import cell, take

PASSES = "test_twice"
REPAIRS = ['grade cell "test_add" was found in cell 4, together with other code.']


def damage(notebook):
    cell(notebook, "add")["source"] = "def add(a, b):\n    return a - b"
    test = take(notebook, "test_add")["source"]
    cell(notebook, "twice")["source"] = f"{test}\n\n{cell(notebook, 'twice')['source']}"
