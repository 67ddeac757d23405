"""Nothing of the course is left: that is for a person to look at, not 0 points."""

from damage_tools import new

NOT_GRADED = "no exercise and no test of this chapter is in it"


def damage(notebook):
    notebook["cells"] = [new("print('hello')")]
