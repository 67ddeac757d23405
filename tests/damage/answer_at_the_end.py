"""The answer was written in a new cell at the end; the stub is as it was."""

from damage_tools import cell, new

PASSES = "test_add test_twice"
REPAIRS = [
    'solution cell "add" was as released, but cell 8 defines what it should; that one was taken.',
    'grade cell "test_add" stood before what it tests; it was judged behind cell 8.',
]


def damage(notebook):
    answer = cell(notebook, "add")["source"]
    cell(notebook, "add")["source"] = (
        'def add(a, b):\n    """Return the sum of two numbers."""\n    raise NotImplementedError("add: your code here")'
    )
    notebook["cells"].append(new(answer))
