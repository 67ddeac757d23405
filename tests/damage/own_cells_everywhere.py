"""A student adds cells everywhere: they run where they stand, and that is no damage."""

from damage_tools import new

PASSES = "test_add test_twice"


def damage(notebook):
    cells = [new("import math"), new("print(add(1, 1))"), new("Why?", "markdown"), new("1 / 0"), new("add(2, 3) == 5")]
    notebook["cells"] = [part for cell in notebook["cells"] for part in (*cells, cell)] + cells
