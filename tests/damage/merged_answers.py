"""Two answers stand in one cell."""

from damage_tools import cell, take

PASSES = "test_add test_twice"
REPAIRS = [
    'solution cell "twice" was found in cell 3, together with other code.',
]


def damage(notebook):
    answer = take(notebook, "twice")["source"]
    cell(notebook, "add")["source"] += f"\n\n\n{answer}"
