"""An answer and its test carry each other's metadata."""

from damage_tools import cell

PASSES = "test_add test_twice"
REPAIRS = [
    'solution cell "add" had the id "test_add"; it was recognised by the names it defines.',
    'grade cell "test_add" had the id "add"; it was recognised by its text.',
]


def damage(notebook):
    one, two = cell(notebook, "add"), cell(notebook, "test_add")
    one["metadata"], two["metadata"] = two["metadata"], one["metadata"]
