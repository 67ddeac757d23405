"""All tests were moved to the top."""

PASSES = "test_add test_twice"
REPAIRS = [
    'locked cell "imports" stood behind cells that build on it; it ran before those.',
    'grade cell "test_add" stood before what it tests; it was judged behind cell 6.',
    'grade cell "test_twice" stood before what it tests; it was judged behind cell 7.',
]
EVERYWHERE = True


def damage(notebook):
    cells = notebook["cells"]
    cells.sort(key=lambda cell: not cell["metadata"].get("nbgrader", {}).get("grade", False))
