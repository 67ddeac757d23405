"""Every metadata is a list."""

PASSES = "test_add test_twice"
REPAIRS = [
    'locked cell "imports", solution cells "add" and "twice", grade cells "test_add" and "test_twice" and manual cell "explain" had lost their ids; they were recognised by their cell ids.',
]
EVERYWHERE = True


def damage(notebook):
    notebook["metadata"] = []
    for cell in notebook["cells"]:
        cell["metadata"] = []
