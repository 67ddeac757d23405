"""Ids that are numbers, lists and objects."""

from damage_tools import marks

PASSES = "test_add test_twice"
REPAIRS = [
    'solution cell "add" had the id "5"; it was recognised by its cell id.',
    'grade cell "test_add" had the id "testadd"; it was recognised by its cell id.',
    'solution cell "twice" had lost its id; it was recognised by its cell id.',
]


def damage(notebook):
    marks(notebook, "add")["grade_id"] = 5
    marks(notebook, "test_add")["grade_id"] = ["test", "add"]
    marks(notebook, "twice")["grade_id"] = {"name": "twice"}
