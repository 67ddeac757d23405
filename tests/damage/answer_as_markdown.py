"""An answer was turned into markdown by a slip of the keyboard."""

from damage_tools import cell

PASSES = "test_add test_twice"
REPAIRS = ['solution cell "add" had become a markdown cell; it was read as code.']


def damage(notebook):
    cell(notebook, "add")["cell_type"] = "markdown"
