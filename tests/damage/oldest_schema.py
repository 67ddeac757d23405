"""Metadata of the first nbgrader: no version, no lock."""

PASSES = "test_add test_twice"
EVERYWHERE = True


def damage(notebook):
    for cell in notebook["cells"]:
        old = cell["metadata"].get("nbgrader")
        if old:
            cell["metadata"]["nbgrader"] = {key: old[key] for key in ("grade", "solution", "grade_id")}
