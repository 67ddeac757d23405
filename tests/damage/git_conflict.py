"""The student committed an unresolved merge: their own side counts."""

from damage_tools import text

PASSES = "test_add test_twice"
REPAIRS = ["git has left 1 conflict in the file; the upper version was taken."]


def damage(notebook):
    line = '   "source": "def twice(a):\\n    return 2 * a"\n'
    other = '   "source": "def twice(a):\\n    return a"\n'
    conflict = f"<<<<<<< HEAD\n{line}=======\n{other}>>>>>>> a1b2c3d\n"
    assert line in text(notebook)
    return text(notebook).replace(line, conflict).encode()
