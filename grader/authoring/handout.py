"""What is given to students as a zip: a chapter's release, or its solution once it is closed.

The zip of the same files is the same to the byte: no time stamps of ours are in it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import secrets
import zipfile
from collections.abc import Mapping
from pathlib import Path

from grader.authoring.publish import write_through
from grader.authoring.regions import without_markers
from grader.authoring.release import as_in_notebook, load_assignment, percent_text, released_cell
from grader.course.config import CourseConfig
from grader.course.model import CourseCell, Role
from grader.errors import GraderError
from grader.notebooks.cells import notebook_dict

_BEGINNING_OF_TIME = (1980, 1, 1, 0, 0, 0)
_LEFT_OUT = frozenset({".ipynb_checkpoints", "__pycache__", ".DS_Store"})


def release_files(config: CourseConfig, assignment_id: str) -> dict[str, bytes]:
    """Return what students get of a chapter, below a folder of its name: later chapters look for it there."""
    folder = config.layout.release_dir(assignment_id)
    found = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part in _LEFT_OUT or part.startswith(".") for part in parts) or path.suffix == ".pyc"
        if path.is_file() and not path.is_symlink() and not hidden:
            found[f"{assignment_id}/{'/'.join(parts)}"] = path.read_bytes()
    return found


def solution_files(config: CourseConfig, assignment_id: str) -> dict[str, bytes]:
    """Return a chapter's solution as notebook and ``.py``: the author's answers in, hidden tests out.

    Hidden tests stay hidden when a chapter is closed: the next term's students may know this one's.
    """
    from grader.notebooks.notebook import notebook_text

    assignment = load_assignment(config, assignment_id)
    cells = [_solved(cell) for cell in assignment.cells]
    name = f"{assignment_id}_solution"
    notebook = notebook_dict(map(as_in_notebook, cells), locks=False)
    for cell in notebook["cells"]:
        cell["metadata"] = {}  # nobody shall hand it in as graded work
    files = {
        f"{name}/{name}.ipynb": notebook_text(notebook).encode(),
        f"{name}/{name}.py": percent_text(cells).encode(),
    }
    with contextlib.suppress(FileNotFoundError):
        files[f"{name}/{config.layout.chapters_module.name}"] = config.layout.chapters_module.read_bytes()
    return files


def _solved(cell: CourseCell) -> CourseCell:
    if cell.role in (Role.SOLUTION, Role.MANUAL):
        return dataclasses.replace(cell, source=without_markers(cell.source))
    return released_cell(cell)


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """Return files as a zip; the same files give the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _BEGINNING_OF_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            archive.writestr(info, files[name])
    return stream.getvalue()


def write_zip(path: Path, content: bytes, *, dry_run: bool = False) -> bool:
    """Write a zip, whole or not at all; return whether it is, or would be, another than before.

    Raises:
        GraderError: it cannot be written; what was there is as it was.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        if path.is_file() and path.read_bytes() == content:
            return False
        if dry_run:
            return True
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_through(temporary, content)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise GraderError(
            f"cannot be written: {problem.strerror or problem}.",
            place=str(path),
            hint="Make room, make the folder writable, or name another with --to.",
        ) from problem
    return True
