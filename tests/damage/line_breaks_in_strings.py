"""Line breaks stand in the strings themselves."""

from damage_tools import text

PASSES = "test_add test_twice"
REPAIRS = [
    "the file is not quite JSON (line 48); it was read as far as it makes sense.",
]
EVERYWHERE = True


def damage(notebook):
    return text(notebook).replace("\\n", "\n").encode()
