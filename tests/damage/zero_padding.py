"""The file was blown up with zero bytes, as after a power cut."""

from damage_tools import text

PASSES = "test_add test_twice"
REPAIRS = ["the file holds zero bytes; they were left out."]
EVERYWHERE = True


def damage(notebook):
    return text(notebook).encode() + bytes(4096)
