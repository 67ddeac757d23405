"""Commas where JSON wants none, as after editing by hand."""

import re

from damage_tools import text

PASSES = "test_add test_twice"
REPAIRS = [
    "the file is not quite JSON (line 8); it was read as far as it makes sense.",
]
EVERYWHERE = True


def damage(notebook):
    return re.sub(r"(?<=[]}\"])\n( *[]}])", r",\n\1", text(notebook)).encode()
