"""A closing quote is lost in the middle."""

from damage_tools import text

PASSES = "test_add test_twice"
REPAIRS = [
    "the file is not quite JSON (line 40); it was read as far as it makes sense.",
]


def damage(notebook):
    return text(notebook).replace('"grade_id": "add"', '"grade_id": "add', 1).encode()
