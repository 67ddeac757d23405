"""An answer is gone: its test fails, the other is as good as ever."""

from damage_tools import take

PASSES = "test_twice"
REPAIRS = ['solution cell "add" is not in the notebook.']


def damage(notebook):
    take(notebook, "add")
