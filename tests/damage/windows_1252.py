"""The file was saved in an old Windows encoding."""

from damage_tools import new, text

PASSES = "test_add test_twice"
REPAIRS = ["the file is not in UTF-8; it was read as Windows-1252."]


def damage(notebook):
    notebook["cells"].append(new("# «Größe»"))
    return text(notebook).encode("cp1252")
