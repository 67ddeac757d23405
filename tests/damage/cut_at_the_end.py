"""Only the last brackets are missing."""

from damage_tools import text

PASSES = "test_add test_twice"
REPAIRS = [
    "the file is not quite JSON (line 133); it was read as far as it makes sense.",
    "the file ends too early, after cell 7; what is there was read.",
]


def damage(notebook):
    whole = text(notebook)
    return whole[: whole.index(' "metadata": {\n  "kernelspec"')].rstrip().rstrip(",").rstrip("]").encode()
