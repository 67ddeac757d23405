"""Sources as lists of lines, as Jupyter stores them: nothing is wrong with it."""

PASSES = "test_add test_twice"
EVERYWHERE = True


def damage(notebook):
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
