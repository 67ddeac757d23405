"""A file of zeros."""

NOT_GRADED = "it is empty"


def damage(notebook):
    return bytes(5000)
