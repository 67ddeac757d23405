"""An import that the answers need was added to the locked cell."""

from damage_tools import cell

PASSES = "test_add test_twice"
REPAIRS = ["locked cell \"imports\" had been changed; the course's own was used, behind the student's text."]


def damage(notebook):
    cell(notebook, "imports")["source"] += "\nimport operator"
    cell(notebook, "add")["source"] = "def add(a, b):\n    return operator.add(a, b)"
