"""One plain Python file with all answers."""

PASSES = "test_add test_twice"
REPAIRS = [
    "it is a Python file, not a notebook; it was read as one cell.",
    'solution cell "twice" was found in cell 1, together with other code.',
    'locked cell "imports", grade cells "test_add" and "test_twice" and manual cell "explain" were missing; the course\'s own were used.',
    'solution cell "add" had lost its id; it was recognised by the names it defines.',
]


def damage(notebook):
    return b"def add(a, b):\n    return a + b\n\ndef twice(a):\n    return 2 * a\n"
