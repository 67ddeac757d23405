"""An upload of nothing."""

NOT_GRADED = "it is empty"


def damage(notebook):
    return b""
