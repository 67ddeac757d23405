"""Both tests are gone: the course's own are used."""

from damage_tools import cell, take

PASSES = "test_twice"
REPAIRS = ['grade cells "test_add" and "test_twice" were missing; the course\'s own were used.']


def damage(notebook):
    take(notebook, "test_add"), take(notebook, "test_twice")
    cell(notebook, "add")["source"] = "def add(a, b):\n    return a - b"
