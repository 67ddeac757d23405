"""One byte of the file was overwritten."""

from damage_tools import text

PASSES = "test_add test_twice"
REPAIRS = [
    "the file is not all UTF-8 (byte 112); what is no text was replaced by �.",
]


def damage(notebook):
    notebook["cells"][0]["source"] = "é, ü and ß are text"
    return text(notebook).encode().replace(b"are text", b"\xffre text")
