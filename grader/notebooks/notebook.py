"""Notebook files: the only module that imports nbformat.

What goes in and out are plain dicts in the shape of nbformat 4.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.notebooks.cells import cell_ids, checksum, nbgrader_metadata, notebook_dict

__all__ = ["cell_ids", "checksum", "nbgrader_metadata", "notebook_dict", "notebook_text", "read_notebook"]


def notebook_text(notebook: Mapping[str, Any]) -> str:
    """Return the notebook as nbformat writes it: validated, keys sorted, one line of source a line, newline at the end.

    Raises:
        ValueError: it is not a valid notebook.
    """
    import nbformat
    from nbformat.validator import NotebookValidationError

    node = nbformat.from_dict(notebook)
    try:
        nbformat.validate(node, relax_add_props=False)
    except NotebookValidationError as problem:
        raise ValueError(f"not a valid notebook: {problem.message}") from problem
    return str(nbformat.writes(node, version=nbformat.NO_CONVERT)) + "\n"


def read_notebook(text: str) -> dict[str, Any]:
    """Return a notebook's text as a dict of the newest format.

    Raises:
        ValueError: it is not JSON, or not a notebook.
    """
    import nbformat
    from nbformat.reader import NotJSONError

    try:
        node = nbformat.reads(text, as_version=4)
    except (NotJSONError, AttributeError, KeyError, TypeError) as problem:
        raise ValueError(f"not a notebook: {problem}") from problem
    return dict(_plain(node))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value
