"""The whole notebook was pasted below itself."""

import copy

PASSES = "test_add test_twice"
REPAIRS = [
    'copies of solution cells "add" and "twice" and grade cells "test_add" and "test_twice" ran where they stand, as cells of the student\'s own.',
    'a copy of manual cell "explain" is text and was not run.',
    'an untouched copy of locked cell "imports" was left out.',
]
EVERYWHERE = True


def damage(notebook):
    notebook["cells"] += copy.deepcopy(notebook["cells"])
