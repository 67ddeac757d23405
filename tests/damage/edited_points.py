"""A test is made worth 100 points: the course's own count."""

from damage_tools import marks

PASSES = "test_add test_twice"
REPAIRS = ['the points of grade cell "test_add" had been edited; the course\'s own count.']


def damage(notebook):
    marks(notebook, "test_add")["points"] = 100
