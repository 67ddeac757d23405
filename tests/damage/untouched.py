"""The notebook as it was released: no points, and nothing to repair."""

from damage_tools import cell

PASSES = ""


def damage(notebook):
    cell(notebook, "add")["source"] = 'def add(a, b):\n    raise NotImplementedError("add: your code here")'
    cell(notebook, "twice")["source"] = 'def twice(a):\n    raise NotImplementedError("twice: your code here")'
