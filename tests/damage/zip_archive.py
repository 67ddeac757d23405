"""A zip archive under the name of the notebook."""

NOT_GRADED = "it is a zip archive"


def damage(notebook):
    return b"PK\x03\x04" + bytes(range(256)) * 20
