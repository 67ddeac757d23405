"""The file begins with a byte order mark, as some editors on Windows write it."""

from damage_tools import text

PASSES = "test_add test_twice"
REPAIRS = ["the file begins with a byte order mark; it was left out."]
EVERYWHERE = True


def damage(notebook):
    return text(notebook).encode("utf-8-sig")
