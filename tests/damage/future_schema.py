"""Metadata of an nbgrader that is not written yet."""

PASSES = "test_add test_twice"
REPAIRS = ["nbgrader's metadata in it are of version 4, not 3; they were read as far as they go."]
EVERYWHERE = True


def damage(notebook):
    for cell in notebook["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"] |= {"schema_version": 4, "weight": 0.5}
