"""An answer and its test were merged into one cell."""

from damage_tools import cell, take

PASSES = "test_add test_twice"
REPAIRS = [
    'grade cell "test_add" was found in cell 3, together with other code.',
]


def damage(notebook):
    test = take(notebook, "test_add")["source"]
    cell(notebook, "add")["source"] += f"\n\n{test}"
