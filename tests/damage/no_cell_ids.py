"""A notebook of format 4.4, which has no cell ids: nothing is wrong with it."""

PASSES = "test_add test_twice"
EVERYWHERE = True


def damage(notebook):
    notebook["nbformat_minor"] = 4
    for cell in notebook["cells"]:
        del cell["id"]
