"""Cells to ``.ipynb`` and back; the only package that imports nbformat."""
