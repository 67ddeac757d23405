"""A login page was saved under the name of the notebook."""

NOT_GRADED = "it is a web page (a login page?)"


def damage(notebook):
    return b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please log in.</body></html>"
