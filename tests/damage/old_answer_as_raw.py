"""The old answer was made raw to disable it, the new one stands below."""

from damage_tools import cell, insert, new

PASSES = "test_add test_twice"
REPAIRS = [
    'solution cell "add" had become text, but cell 4 defines what it should; that one was taken.',
]


def damage(notebook):
    old = cell(notebook, "add")
    old |= {"cell_type": "raw", "source": "def add(a, b):\n    return a - b"}
    insert(notebook, "add", new("def add(a, b):\n    return a + b"))
