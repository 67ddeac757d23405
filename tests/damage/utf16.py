"""The file was saved in UTF-16."""

from damage_tools import text

PASSES = "test_add test_twice"
REPAIRS = ["the file is in UTF-16, not UTF-8; it was read as that."]
EVERYWHERE = True


def damage(notebook):
    return text(notebook).encode("utf-16")
