"""Folders of hand-ins on disk: written beside, synced and renamed, so that one is there whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from grader.authoring.publish import uninterrupted
from grader.course.layout import Layout
from grader.errors import GraderError
from grader.gradebook.entries import folder_entries
from grader.gradebook.handins import TIMESTAMP_NAME

SECRET_NAME = "submission_secret.txt"  # noqa: S105 (the name of nbgrader's file)
RECEIPT_NAME = "receipt.json"
_NEW = ".grader-new-"
_OLD = ".grader-old-"


@contextlib.contextmanager
def collect_lock(layout: Layout) -> Iterator[None]:
    """Keep other commands from changing ``submitted/`` and ``collected/``.

    Raises:
        GraderError: another one is at it.
    """
    try:
        import fcntl
    except ImportError:  # Windows: nobody else is kept out
        yield
        return
    file: IO[str]
    with explained(layout.collect_lock):
        layout.state_dir.mkdir(parents=True, exist_ok=True)
        file = layout.collect_lock.open("a")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise GraderError(
                "another grader collect is at work in this course.",
                place=str(layout.root),
                hint="Wait until it is done, then run this again.",
            ) from problem
        yield


@contextlib.contextmanager
def explained(place: Path) -> Iterator[None]:
    """Turn a full disk and missing permissions into one line."""
    try:
        yield
    except OSError as problem:
        raise GraderError(
            f"cannot be written: {problem.strerror or problem}.",
            place=str(problem.filename or place),
            hint="Make room, or make the folder writable for you, then run the same command again. Nothing was lost.",
        ) from problem


def content_digest(main: bytes, others: Mapping[str, bytes]) -> str:
    """Return a digest of a hand-in's files; the graded one's name makes no difference, nor what nbgrader adds."""
    digest = hashlib.sha256(hashlib.sha256(main).digest())
    for name in sorted(others):
        if name not in (TIMESTAMP_NAME, SECRET_NAME):
            digest.update(hashlib.sha256(name.encode("utf-8", "replace")).digest())
            digest.update(hashlib.sha256(others[name]).digest())
    return digest.hexdigest()


def safe_name(name: str) -> str:
    r"""Return a student's file name as one that no file system takes amiss; its last part, if it is a path.

    Example:
        >>> safe_name("../a b:c?.ipynb"), safe_name("..")
        ('a b_c_.ipynb', '_')
    """
    last = re.sub(r'[\x00-\x1f\x7f<>:"|?*\\]', "_", name.rpartition("/")[2]).strip(" .") or "_"
    encoded = last.encode("utf-8", "replace")
    if len(encoded) > 150:
        stem, dot, kind = last.rpartition(".")
        last = encoded[:120].decode("utf-8", "ignore") + (dot + kind if stem and len(kind) < 10 else "")
    return last


def safe_path(path: str) -> str:
    """Return a student's relative path with each of its parts safe."""
    return "/".join(safe_name(part) for part in path.split("/") if part not in ("", ".", ".."))


def write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Make a folder that is not there yet, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.parent / f"{_NEW}{secrets.token_hex(8)}"
    try:
        _write_files(temporary, files)
        os.rename(temporary, target)
        _sync_folder(target.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def replace_folder(target: Path, files: Mapping[str, bytes], keep_old_as: Path | None = None) -> None:
    """Put a folder in the place of another.

    Killed between the two renames, ``repair`` puts the old one back. ``keep_old_as``: where it goes when it is not to
    be deleted.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.parent / f"{_NEW}{secrets.token_hex(8)}"
    old = target.parent / f"{_OLD}{target.name}"
    try:
        _write_files(temporary, files)
        with uninterrupted():
            if os.path.lexists(target):
                os.rename(target, old)
            try:
                os.rename(temporary, target)
            except BaseException:
                if os.path.lexists(old) and not os.path.lexists(target):
                    os.rename(old, target)
                raise
        _sync_folder(target.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    if os.path.lexists(old):
        if keep_old_as is not None:
            keep_old_as.parent.mkdir(parents=True, exist_ok=True)
            os.rename(old, keep_old_as)
        else:
            _remove(old)


def write_file(target: Path, content: bytes) -> None:
    """Write a file, whole or not at all; one that is there is left as it is."""
    if os.path.lexists(target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.parent / f"{_NEW}{secrets.token_hex(8)}"
    try:
        _write_synced(temporary, content)
        os.rename(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def repair(layout: Layout) -> None:
    """Clear away what a killed collect has left, and put back what it had moved."""
    for root, depth in ((layout.submitted_root, 1), (layout.collected_root, 2), (layout.aside_root, 0)):
        for folder in _folders(root, depth):
            for path in _hidden(folder):
                if path.name.startswith(_OLD):
                    target = folder / path.name.removeprefix(_OLD)
                    if not os.path.lexists(target):
                        os.rename(path, target)
                        continue
                _remove(path)


def _folders(root: Path, depth: int) -> list[Path]:
    found = [root]
    for _ in range(depth):
        found = [path for folder in found if folder.is_dir() for path in folder.iterdir() if _is_folder(path)]
    return [folder for folder in found if folder.is_dir()]


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not path.name.startswith(".")


def _hidden(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries if entry.name.startswith((_NEW, _OLD))]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return the regular files of a folder of ours by their relative paths."""
    return {entry.path: entry.read() for entry in folder_entries(folder, str(folder)) if not entry.problem}


def receipt_text(facts: Mapping[str, object]) -> bytes:
    """Return what lies beside a version that is kept: all that the gradebook knows of it."""
    return (json.dumps(facts, indent=1, sort_keys=True, default=str) + "\n").encode()


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    inner = {folder}
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        inner.add(path.parent)
        _write_synced(path, content)
    for each in inner:
        _sync_folder(each)


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not every file system can
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
