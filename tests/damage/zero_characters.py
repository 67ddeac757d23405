"""Zero characters inside of an answer, which Python would refuse."""

from damage_tools import cell

PASSES = "test_add test_twice"
REPAIRS = ["cell 3 was read without the zero characters in it."]


def damage(notebook):
    cell(notebook, "add")["source"] = cell(notebook, "add")["source"].replace("return", "\0return")
