"""A test counts where it stands: an answer that was mended further down comes too late."""

from damage_tools import cell, new

PASSES = "test_twice"


def damage(notebook):
    cell(notebook, "add")["source"] = "def add(a, b):\n    return a - b"
    notebook["cells"].append(new("def add(a, b):\n    return a + b"))
