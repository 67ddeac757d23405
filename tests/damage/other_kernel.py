"""The notebook says that it is written in R."""

PASSES = "test_add test_twice"
REPAIRS = ["the notebook says that it is written in R; it was run as Python."]
EVERYWHERE = True


def damage(notebook):
    notebook["metadata"]["kernelspec"] = {"display_name": "R", "language": "R", "name": "ir"}
