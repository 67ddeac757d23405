"""JSON, but of something else."""

NOT_GRADED = "it has no cells"


def damage(notebook):
    return b'{"name": "package", "version": "1.0.0", "dependencies": {}}'
