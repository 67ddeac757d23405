"""A cell without a source is an empty cell."""

PASSES = "test_add test_twice"
EVERYWHERE = True


def damage(notebook):
    notebook["cells"].insert(0, {"cell_type": "code", "metadata": {}})
