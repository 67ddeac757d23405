"""Half a character, which cannot be written to any file."""

from damage_tools import cell

PASSES = "test_add test_twice"
REPAIRS = ["cell 3 was read with ? for characters that are none."]


def damage(notebook):
    cell(notebook, "add")["source"] += "  # \ud83d"
