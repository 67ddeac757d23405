"""A cell with two sources: the last counts, as in Jupyter."""

from damage_tools import text

PASSES = "test_add test_twice"


def damage(notebook):
    good = '"source": "def add(a, b):'
    return text(notebook).replace(good, f'"source": "def add(a, b): pass", {good}').encode()
