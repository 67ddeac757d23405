"""The id of an answer and of its test were changed."""

from damage_tools import marks

PASSES = "test_add test_twice"
REPAIRS = [
    'solution cell "add" had the id "my_add"; it was recognised by its cell id.',
    'grade cell "test_add" had the id "my_test"; it was recognised by its cell id.',
]


def damage(notebook):
    marks(notebook, "add")["grade_id"] = "my_add"
    marks(notebook, "test_add")["grade_id"] = "my_test"
