"""Windows line ends, in the file and in the cells: nothing that anybody has to be told."""

from damage_tools import text

PASSES = "test_add test_twice"
EVERYWHERE = True


def damage(notebook):
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].replace("\n", "\r\n")
    return text(notebook).replace("\n", "\r\n").encode()
