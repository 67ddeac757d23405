"""Nothing is wrong, so nothing is said."""

PASSES = "test_add test_twice"
EVERYWHERE = True


def damage(notebook):
    pass
