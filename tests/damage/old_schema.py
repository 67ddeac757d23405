"""Metadata of nbgrader 0.5, schema 1."""

PASSES = "test_add test_twice"
REPAIRS = ["nbgrader's metadata in it are of version 1, not 3; they were read as far as they go."]
EVERYWHERE = True


def damage(notebook):
    for cell in notebook["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["schema_version"] = 1
            del cell["metadata"]["nbgrader"]["task"]
