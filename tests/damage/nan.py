"""NaN among the metadata: Python reads it, so nothing is said."""

PASSES = "test_add test_twice"
EVERYWHERE = True


def damage(notebook):
    notebook["metadata"]["seconds"] = float("nan")
