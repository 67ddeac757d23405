"""The starter .py, filled in, under the name of the notebook."""

PASSES = "test_add test_twice"
REPAIRS = ['it is a Python file, not a notebook; its cells were read by their "# %%" lines.']
EVERYWHERE = True


def damage(notebook):
    cells = []
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        role = (
            "test" if marks.get("locked") and marks.get("grade") else "solution" if marks.get("solution") else "setup"
        )
        head = f'{marks["grade_id"]} role="{role}"' if marks else ""
        lines = cell["source"].split("\n")
        if cell["cell_type"] == "markdown":
            head, lines = f"[markdown] {head}", [f"# {line}" for line in lines]
        cells.append("\n".join([f"# %% {head}".rstrip(), *lines, ""]))
    return "\n".join(cells).encode()
