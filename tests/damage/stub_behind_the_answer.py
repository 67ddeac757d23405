"""A merge has brought the untouched stub back, below the answer."""

import copy

from damage_tools import cell, insert

PASSES = "test_add test_twice"
REPAIRS = ['an untouched copy of solution cell "add" was left out.']


def damage(notebook):
    stub = copy.deepcopy(cell(notebook, "add"))
    stub["source"] = (
        'def add(a, b):\n    """Return the sum of two numbers."""\n    raise NotImplementedError("add: your code here")'
    )
    insert(notebook, "add", stub)
