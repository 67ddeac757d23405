"""Nothing says what a cell is, as after Colab."""

from damage_tools import forget

PASSES = "test_add test_twice"
REPAIRS = [
    'locked cell "imports", grade cells "test_add" and "test_twice" and manual cell "explain" had lost their ids; they were recognised by their text.',
    'solution cells "add" and "twice" had lost their ids; they were recognised by the names they define.',
]
EVERYWHERE = True


def damage(notebook):
    for cell in notebook["cells"]:
        forget(cell)
