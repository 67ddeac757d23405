"""A closing bracket is lost in the middle."""

from damage_tools import text

PASSES = "test_add test_twice"
REPAIRS = [
    "the file is not quite JSON (line 49); it was read as far as it makes sense.",
]


def damage(notebook):
    before, after = text(notebook).split('"id": "add"')
    return f'{before.rstrip()} "id": "add"{after.replace("},", ",", 1)}'.encode()
