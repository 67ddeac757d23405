"""The notebook of another chapter was handed in."""

from damage_tools import forget, new

NOT_GRADED = "its cells are called mean, test_mean"


def damage(notebook):
    for cell in notebook["cells"]:
        forget(cell)
    notebook["cells"] = [
        new("import math"),
        new("def mean(numbers):\n    return sum(numbers)"),
        new("assert mean([1])"),
    ]
    for cell, name in zip(notebook["cells"], ("imports", "mean", "test_mean"), strict=True):
        cell["metadata"]["nbgrader"] = {"grade_id": name, "schema_version": 3}
