"""A notebook from the future."""

PASSES = "test_add test_twice"
REPAIRS = ["the notebook is of format 5, not 4; it was read as that."]
EVERYWHERE = True


def damage(notebook):
    notebook |= {"nbformat": 5, "nbformat_minor": 1, "view": {"theme": "dark"}}
