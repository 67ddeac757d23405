"""All cells were merged into one."""

from damage_tools import new

PASSES = "test_add test_twice"
REPAIRS = [
    'grade cell "test_add" and solution cell "twice" were found in cell 1, together with other code.',
    'locked cell "imports", grade cell "test_twice" and manual cell "explain" were missing; the course\'s own were used.',
    'solution cell "add" had lost its id; it was recognised by the names it defines.',
]
EVERYWHERE = True


def damage(notebook):
    code = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    notebook["cells"] = [new("\n\n".join(code))]
