"""The question that a person grades is gone."""

from damage_tools import take

PASSES = "test_add test_twice"
REPAIRS = ['manual cell "explain" was missing; the course\'s own was used.']


def damage(notebook):
    take(notebook, "explain")
