"""A program wrote the notebook with str(): single quotes, None, True."""

PASSES = "test_add test_twice"
REPAIRS = ["the file is not quite JSON (line 1); it was read as far as it makes sense."]
EVERYWHERE = True


def damage(notebook):
    return str(notebook).encode()
