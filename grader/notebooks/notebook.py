"""Notebook files: the only module that imports nbformat.

What goes in and out are plain dicts in the shape of nbformat 4.5.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from grader.notebooks.cells import cell_ids, checksum, nbgrader_metadata, notebook_dict

__all__ = ["cell_ids", "checksum", "nbgrader_metadata", "notebook_dict", "notebook_text", "read_notebook"]


def notebook_text(notebook: Mapping[str, Any]) -> str:
    """Return the notebook as nbformat writes it: validated, keys sorted, one line of source a line, newline at the end.

    nbformat's own functions take ten times as long, and their import more than a second.

    Raises:
        ValueError: it is not a valid notebook.
    """
    import fastjsonschema

    try:
        _validator()(notebook)
    except fastjsonschema.JsonSchemaValueException as problem:
        raise ValueError(f"not a valid notebook: {problem}") from problem
    cells = [_with_split_lines(cell) for cell in notebook["cells"]]
    document = {**notebook, "cells": cells}
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, separators=(",", ": ")) + "\n"


@functools.cache
def _validator() -> Callable[[Any], Any]:
    """The schema of notebooks that nbformat brings, compiled."""
    import fastjsonschema

    spec = importlib.util.find_spec("nbformat")
    assert spec is not None
    assert spec.origin is not None
    schema = Path(spec.origin).parent / "v4" / "nbformat.v4.5.schema.json"
    validator: Callable[[Any], Any] = fastjsonschema.compile(json.loads(schema.read_text(encoding="utf-8")))
    return validator


def _with_split_lines(cell: Mapping[str, Any]) -> dict[str, Any]:
    changed = {**cell, "source": _lines(cell["source"])}
    if "outputs" in cell:
        changed["outputs"] = [_output_with_split_lines(output) for output in cell["outputs"]]
    return changed


def _output_with_split_lines(output: Mapping[str, Any]) -> dict[str, Any]:
    if output["output_type"] == "stream":
        return {**output, "text": _lines(output["text"])}
    if "data" not in output:
        return dict(output)
    data = {mime: value if mime == "application/json" else _lines(value) for mime, value in output["data"].items()}
    return {**output, "data": data}


def _lines(text: Any) -> Any:
    return text.splitlines(keepends=True) if isinstance(text, str) else text


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
