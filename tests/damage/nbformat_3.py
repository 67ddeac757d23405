"""A notebook in the format of IPython 2: worksheets, input, headings."""

import json

PASSES = "test_add test_twice"
REPAIRS = ["the notebook is of format 3, not 4; it was read as that."]
EVERYWHERE = True


def damage(notebook):
    for cell in notebook["cells"]:
        cell.pop("id")
        if cell["cell_type"] == "code":
            cell["input"] = cell.pop("source").splitlines(keepends=True)
            cell |= {"language": "python", "prompt_number": cell.pop("execution_count")}
    heading = {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["Chapter 1"]}
    old = {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0}
    return json.dumps(old | {"worksheets": [{"cells": [heading, *notebook["cells"]], "metadata": {}}]}).encode()
