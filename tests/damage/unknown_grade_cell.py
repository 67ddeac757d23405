"""A grade cell that the course does not have, worth 100 points."""

from damage_tools import insert, marks, new

PASSES = "test_add test_twice"
REPAIRS = [
    'cell 5 has an id that the course does not know ("test_bonus"): treated as a cell of the student\'s own.',
]


def damage(notebook):
    bonus = new("assert True")
    bonus["metadata"]["nbgrader"] = {**marks(notebook, "test_add"), "grade_id": "test_bonus", "points": 100}
    insert(notebook, "test_add", bonus)
