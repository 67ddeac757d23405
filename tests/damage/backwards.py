"""The notebook stands on its head: last cell first."""

PASSES = "test_add test_twice"
REPAIRS = [
    'locked cell "imports" stood behind cells that build on it; it ran before those.',
    'grade cell "test_add" stood before what it tests; it was judged behind cell 5.',
    'grade cell "test_twice" stood before what it tests; it was judged behind cell 3.',
]
EVERYWHERE = True


def damage(notebook):
    notebook["cells"].reverse()
