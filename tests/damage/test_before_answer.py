"""A test was moved above the answer that it tests."""

from damage_tools import take

PASSES = "test_add test_twice"
REPAIRS = ['grade cell "test_add" stood before what it tests; it was judged behind cell 4.']


def damage(notebook):
    notebook["cells"].insert(1, take(notebook, "test_add"))
