"""Every cell is there twice, ids and all."""

import copy

PASSES = "test_add test_twice"
REPAIRS = [
    'an untouched copy of locked cell "imports" was left out.',
    'copies of solution cells "add" and "twice" and grade cells "test_add" and "test_twice" ran where they stand, as cells of the student\'s own.',
    'a copy of manual cell "explain" is text and was not run.',
]
EVERYWHERE = True


def damage(notebook):
    notebook["cells"] = [copy.deepcopy(cell) for cell in notebook["cells"] for _ in range(2)]
