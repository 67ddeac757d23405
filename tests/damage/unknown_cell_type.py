"""Cell types that Jupyter does not have."""

from damage_tools import cell

PASSES = "test_add test_twice"
REPAIRS = [
    "cells 3 and 5 were of no known type and read as what the course has there, or else as it looks.",
]


def damage(notebook):
    cell(notebook, "add")["cell_type"] = "python"
    cell(notebook, "test_twice")["cell_type"] = "Code"
    del cell(notebook, "twice")["cell_type"]
