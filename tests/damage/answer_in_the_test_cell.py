"""The answer was written into the test cell: it runs, and then the test."""

from damage_tools import cell, take

PASSES = "test_add test_twice"
REPAIRS = [
    'solution cell "add" was found in cell 3, together with other code.',
    "grade cell \"test_add\" had been changed; the course's own was used, behind the student's text.",
]


def damage(notebook):
    answer = take(notebook, "add")["source"]
    cell(notebook, "test_add")["source"] = f"{answer}\n\nassert add(1, 2) == 3"
