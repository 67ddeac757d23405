"""The upload broke off in the middle of an answer: half an answer is none."""

from damage_tools import text

PASSES = "test_add"
REPAIRS = [
    "the file is not quite JSON (line 90); it was read as far as it makes sense.",
    "the file ends in the middle of cell 5; what stands before it was read.",
    'solution cell "twice" is not in the notebook.',
    'grade cell "test_twice" and manual cell "explain" were missing; the course\'s own were used.',
]


def damage(notebook):
    whole = text(notebook)
    return whole[: whole.index("    return 2 * a")].encode()
