"""An answer was split in the middle of its function: the halves are put together."""

from damage_tools import cell, insert, new

PASSES = "test_add test_twice"
REPAIRS = [
    'solution cell "add" had been split; cells 3 and 4 were put together.',
]


def damage(notebook):
    first, second = cell(notebook, "add")["source"].rsplit("\n", 1)
    cell(notebook, "add")["source"] = first
    insert(notebook, "add", new(second))
