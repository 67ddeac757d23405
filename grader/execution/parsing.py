"""Cells as syntax trees."""

from __future__ import annotations

import ast


def parse_cell(source: str) -> ast.Module | None:
    """A cell's syntax tree, IPython magics left out; None when it is not Python."""
    lines = [f"pass  # {line}" if line.startswith(("%", "!", "?")) else line for line in source.split("\n")]
    for text in (source, "\n".join(lines)):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None
