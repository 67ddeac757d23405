"""The locked cell was moved behind the cells that need it."""

from damage_tools import cell, take

PASSES = "test_add test_twice"
REPAIRS = ['locked cell "imports" stood behind cells that build on it; it ran before those.']


def damage(notebook):
    notebook["cells"].append(take(notebook, "imports"))
    cell(notebook, "add")["source"] = "ZERO = math.floor(0.5)\n\ndef add(a, b):\n    return a + b + ZERO"
