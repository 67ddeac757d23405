"""The folder ``autograded/<student>/<chapter>/``: the graded notebook and what lies beside it, as nbgrader makes it.

Every file is written under another name and then renamed, so that a file is old or new and never half.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from grader.course.layout import Layout
from grader.errors import GraderError, StorageError
from grader.gradebook.handins import TIMESTAMP_NAME, HandIn

_TEMPORARY = ".grader-"

_FOR_ALL = frozenset(
    number
    for name in ("ENOSPC", "EDQUOT", "EROFS", "EIO", "EFBIG", "EMFILE", "ENFILE", "ENODEV", "ESTALE")
    if (number := getattr(errno, name, None)) is not None
)
"""Refusals that are not about one submission: the next would meet them as well."""


def write_autograded(layout: Layout, handin: HandIn, notebook: str, course_files: Mapping[str, bytes]) -> None:
    """Write a graded notebook, the student's other files and, over them, the course's own.

    The folder then holds these files and no others: nothing remains of an earlier submission.

    Raises:
        StorageError: nothing can be written there.
        GraderError: this folder cannot be written.
    """
    path = layout.autograded_notebook(handin.student_id, handin.assignment_id)
    ours = {**course_files, path.name: notebook.encode("utf-8")}
    if handin.timestamp_text:
        ours[TIMESTAMP_NAME] = handin.timestamp_text
    files = {name: content for name, content in handin.files.items() if not _in_the_way(name, ours)} | ours
    folder = path.parent
    with _explained(folder):
        for name, content in files.items():
            _make_way(folder, name)
            write_whole(folder / name, content)
        _remove_others(folder, files)


def _in_the_way(name: str, ours: Mapping[str, bytes]) -> bool:
    """Whether a student's file is a folder of ours, or the other way round."""
    return any(name.startswith(f"{other}/") or other.startswith(f"{name}/") for other in ours)


def _make_way(folder: Path, name: str) -> None:
    """Remove what an earlier submission had as a file where this one has a folder, or the other way round."""
    *folders, _ = name.split("/")
    for part in folders:
        folder = folder / part
        if folder.is_symlink() or folder.is_file():
            folder.unlink()
    target = folder / name.rpartition("/")[2]
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)


def remove_autograded(layout: Layout, student_id: str, assignment_id: str) -> None:
    """Remove the graded notebook of an earlier submission, where the newest could not be graded."""
    folder = layout.autograded_dir(student_id, assignment_id)
    if folder.is_dir():
        with _explained(folder):
            _remove_others(folder, {})
            folder.rmdir()


def course_files(layout: Layout, assignment_id: str) -> dict[str, bytes]:
    """Return what lies in ``source/<chapter>/`` beside the notebook; nbgrader puts it beside graded ones too."""
    folder = layout.source_dir(assignment_id)
    found = {}
    for path in sorted(folder.rglob("*")):
        ignored = {"__pycache__", ".ipynb_checkpoints", "feedback"} & set(path.relative_to(folder).parts)
        if path.is_file() and path.suffix not in (".ipynb", ".pyc") and not ignored:
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, or leave what was there."""
    with contextlib.suppress(OSError):
        if not path.is_symlink() and path.read_bytes() == content:
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{_TEMPORARY}{secrets.token_hex(8)}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _remove_others(folder: Path, keep: Mapping[str, bytes]) -> None:
    for parent, folders, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(parent, name)
            if path.relative_to(folder).as_posix() not in keep:
                path.unlink()
        for name in folders:
            path = Path(parent, name)
            if path.is_symlink():
                path.unlink()
            else:
                with contextlib.suppress(OSError):  # it still holds something
                    path.rmdir()


@contextlib.contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        is_for_all = problem.errno in _FOR_ALL or not _is_writable(folder.parents[1])
        raise (StorageError if is_for_all else GraderError)(
            f"the graded notebook cannot be written: {problem.strerror or problem}.",
            place=str(folder),
            hint="Make room, or make the folder writable for you, then run this again.",
        ) from problem


def _is_writable(folder: Path) -> bool:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def check_autograded(layout: Layout) -> None:
    """See that graded notebooks can be written, before the first is graded.

    Raises:
        StorageError: they cannot.
    """
    root = layout.autograded_root
    if not _is_writable(root):
        why = "it is no folder." if root.is_file() else "it is read-only for you."
        raise StorageError(
            f"graded notebooks cannot be written here: {why}",
            place=str(root),
            hint="Make the folder writable for you, then run this again. Nothing was graded.",
        )


@contextlib.contextmanager
def swept(layout: Layout, assignment_ids: Sequence[str]) -> Iterator[None]:
    """A run over some chapters, which is the only one; first what an earlier one has left that was killed is removed.

    A mark is there while a run is: one that is found was left by a run that did not come to its end.
    """
    marks = [layout.state_dir / f"{assignment_id}.grading" for assignment_id in assignment_ids]
    for assignment_id, mark in zip(assignment_ids, marks, strict=True):
        if mark.exists():
            for path in layout.autograded_root.glob(f"*/{assignment_id}/**/{_TEMPORARY}*"):
                with contextlib.suppress(OSError):
                    path.unlink()
        # Where no mark can be made, nothing can be left either.
        with contextlib.suppress(OSError):
            mark.parent.mkdir(exist_ok=True)
            mark.touch()
    yield
    for mark in marks:  # not after an exception
        with contextlib.suppress(OSError):
            mark.unlink()
