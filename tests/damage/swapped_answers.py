"""Two answers carry each other's ids."""

from damage_tools import marks

PASSES = "test_add test_twice"
REPAIRS = [
    'solution cell "add" had the id "twice"; it was recognised by the names it defines.',
    'solution cell "twice" had the id "add"; it was recognised by the names it defines.',
]


def damage(notebook):
    one, two = marks(notebook, "add"), marks(notebook, "twice")
    one["grade_id"], two["grade_id"] = "twice", "add"
