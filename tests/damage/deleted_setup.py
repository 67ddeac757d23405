"""The locked cell is gone, and an answer needs it."""

from damage_tools import cell, take

PASSES = "test_add test_twice"
REPAIRS = ['locked cell "imports" was missing; the course\'s own was used.']


def damage(notebook):
    take(notebook, "imports")
    cell(notebook, "add")["source"] = "def add(a, b):\n    return math.fsum([a, b])"
