"""The first kilobyte of the file is lost, and with it the first cells."""

from damage_tools import text

PASSES = "test_twice"
REPAIRS = [
    "the file is not quite JSON (line 1); it was read as far as it makes sense.",
    'locked cell "imports" was missing; the course\'s own was used.',
    'solution cell "add" is not in the notebook.',
]


def damage(notebook):
    whole = text(notebook)
    return whole[whole.index("return a + b") :].encode()
