"""Metadata and outputs nested deeper than any parser goes."""

from damage_tools import text

PASSES = "test_add test_twice"
REPAIRS = ["the file is not quite JSON; it was read as far as it makes sense."]
EVERYWHERE = True


def damage(notebook):
    deep = "[" * 5_000 + "]" * 5_000
    damaged = text(notebook).replace('"outputs": []', f'"outputs": {deep}')
    return damaged.replace('"metadata": {', f'"metadata": {{"deep": {deep},', 1).encode()
