"""Outputs of 25 MB: they are not even read."""

from damage_tools import cell

PASSES = "test_add test_twice"
REPAIRS = [
    "the outputs in it are very large (27,200,055 bytes) and were not read.",
]


def damage(notebook):
    cell(notebook, "add")["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": ["0123456789\n"] * 1_700_000}
    ]
