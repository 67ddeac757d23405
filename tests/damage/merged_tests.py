"""Two tests were merged into one cell."""

from damage_tools import cell, take

PASSES = "test_add test_twice"
REPAIRS = [
    'grade cell "test_add" had been changed; the course\'s own was used.',
    'grade cell "test_twice" was missing; the course\'s own was used.',
]


def damage(notebook):
    test = take(notebook, "test_twice")["source"]
    cell(notebook, "test_add")["source"] += f"\n\n{test}"
