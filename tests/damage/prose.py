"""A letter to the teacher instead of a notebook."""

NOT_GRADED = "it is neither JSON nor Python"


def damage(notebook):
    return b"Dear teacher,\nmy computer broke down, so I could not finish.\n"
