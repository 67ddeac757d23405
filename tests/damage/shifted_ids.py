"""The metadata of every cell are those of the next."""

PASSES = "test_add test_twice"
REPAIRS = [
    'locked cell "imports" had the id "add"; it was recognised by its text.',
    'solution cell "add" had the id "test_add"; it was recognised by the names it defines.',
    'grade cell "test_add" had the id "twice"; it was recognised by its text.',
    'solution cell "twice" had the id "test_twice"; it was recognised by the names it defines.',
    'grade cell "test_twice" had the id "explain"; it was recognised by its text.',
    'manual cell "explain" had lost its id; it was recognised by its text.',
]
EVERYWHERE = True


def damage(notebook):
    cells = notebook["cells"]
    metadata = [cell["metadata"] for cell in cells]
    for cell, shifted in zip(cells, [*metadata[1:], metadata[0]], strict=True):
        cell["metadata"] = shifted
        del cell["id"]
