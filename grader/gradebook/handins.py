"""What students handed in, read with care: ``submitted/<student>/<chapter>/`` as bytes.

Nothing of it is opened before it is known to be a regular file of a bearable size: a link would read a file of the
grader's, a pipe would wait for ever.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import heapq
import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import BinaryIO

import grader
from grader.course.dates import instant
from grader.course.layout import Layout
from grader.course.model import GradingSpec
from grader.course.roster import MAX_STUDENT_ID
from grader.errors import SubmissionError
from grader.execution.submission import MAX_FILE_BYTES as MAX_SUBMITTED_BYTES
from grader.execution.submission import slim_notebook

MAX_NOTEBOOK_BYTES = MAX_SUBMITTED_BYTES
MAX_FILE_BYTES = 1 << 20
MAX_FILES_BYTES = 8 << 20
MAX_FILES = 100
MAX_ENTRIES = 1_000
"""Files and folders that are looked at, whatever they are."""
MAX_DEPTH = 5
MAX_WARNINGS = 20

TIMESTAMP_NAME = "timestamp.txt"
_IGNORED = frozenset({TIMESTAMP_NAME, "__pycache__", ".ipynb_checkpoints", "feedback"})


@dataclasses.dataclass(frozen=True, slots=True)
class HandIn:
    """One submission as bytes.

    Args:
        student_id: whose it is; ``assignment_id``: of which chapter.
        notebook: the notebook's bytes, without the outputs of a very large one; empty if there is a ``problem``, or if
            only the chapter's ``.py`` was handed in.
        files: the other files of the folder by their relative path.
        timestamp: when it was handed in, if ``timestamp.txt`` says so; ``timestamp_text`` is that file.
        problem: why there is no notebook to grade, or empty.
        warnings: what was left out or could not be read, one sentence each.
        digest: of all that was handed in, see ``handin_hash``.
    """

    student_id: str
    assignment_id: str
    notebook: bytes = b""
    files: Mapping[str, bytes] = dataclasses.field(default_factory=dict)
    timestamp: datetime.datetime | None = None
    timestamp_text: bytes = b""
    problem: str = ""
    warnings: tuple[str, ...] = ()
    digest: str = ""


def read_handin(layout: Layout, student_id: str, assignment_id: str) -> HandIn:
    """Return what a student handed in for a chapter; what is wrong with it is said in the value, never raised."""
    folder = layout.submitted_dir(student_id, assignment_id)
    name = layout.submitted_notebook(student_id, assignment_id).name
    warnings: list[str] = []
    problem, notebook = "", b""
    files: dict[str, bytes] = {}
    timestamp, timestamp_text = None, b""
    try:
        if not stat.S_ISDIR(folder.lstat().st_mode):
            raise SubmissionError(f"{assignment_id} is not a folder.")
        timestamp, timestamp_text = _timestamp(folder, warnings)
        files = _other_files(folder, name, warnings)
        if f"{assignment_id}.py" not in files or os.path.lexists(folder / name):
            notebook = _notebook(folder, name)
    except SubmissionError as error:
        problem = error.message
    except OSError as error:
        problem = f"it cannot be read: {error.strerror or error}."
    if len(warnings) > MAX_WARNINGS:
        warnings[MAX_WARNINGS:] = [f"{len(warnings) - MAX_WARNINGS} more of this kind."]
    handin = HandIn(
        student_id, assignment_id, notebook, files, timestamp, timestamp_text, problem, warnings=tuple(warnings)
    )
    return dataclasses.replace(handin, digest=handin_hash(handin))


def handed_in_at(
    layout: Layout, student_id: str, assignment_id: str, received_at: datetime.datetime | None
) -> datetime.datetime | None:
    """Return when a submission was handed in, if that is known, without reading the rest of it; see ``as_received``."""
    try:
        written = _timestamp(layout.submitted_dir(student_id, assignment_id), [])[0]
    except OSError:
        written = None
    return _counting(written, received_at)


def _counting(written: datetime.datetime | None, received_at: datetime.datetime | None) -> datetime.datetime | None:
    """The later of what ``timestamp.txt`` and the receipt say."""
    return max(filter(None, (written, received_at)), default=None)


def as_received(handin: HandIn, received_at: datetime.datetime | None) -> HandIn:
    """Return a hand-in with the time at which it was collected: the one time that grading uses.

    ``received_at`` is the receipt's, None for what was never collected by us. A ``timestamp.txt`` with a later
    time is of a newer hand-in that nbgrader's own collect has put there since; an earlier one counts for nothing.
    """
    counts = _counting(handin.timestamp, received_at)
    if counts is None or counts == handin.timestamp:
        return handin
    return dataclasses.replace(handin, timestamp=counts, timestamp_text=timestamp_file(counts))


def timestamp_file(handed_in: datetime.datetime) -> bytes:
    """Return a ``timestamp.txt`` that says when (in UTC) something was handed in, as nbgrader writes it."""
    return f"{handed_in:%Y-%m-%d %H:%M:%S.%f} UTC\n".encode()


def _notebook(folder: Path, name: str) -> bytes:
    try:
        return slim_notebook(_read_regular(folder / name, MAX_NOTEBOOK_BYTES))
    except FileNotFoundError:
        others = sorted(path.name for path in folder.iterdir() if path.suffix == ".ipynb")
        found = f"; there is {', '.join(map(_shown, others[:3]))}" if others else ""
        raise SubmissionError(f"there is no {name} in the folder{found}.") from None


def _read_regular(path: Path, limit: int) -> bytes:
    """Return the bytes of a regular file that is no larger than ``limit``."""
    name = _shown(path.name)
    if not stat.S_ISREG(path.lstat().st_mode):
        raise SubmissionError(f"{name} is not a regular file.")
    with open_untrusted(path) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise SubmissionError(f"{name} is not a regular file.")
        content = file.read(limit + 1) if status.st_size <= limit else b""
    size = max(status.st_size, len(content))
    if size > limit:
        raise SubmissionError(f"{name} is too large: {size:,} bytes, at most {limit:,} are graded.")
    return content


def open_untrusted(path: Path) -> BinaryIO:
    """Open a file of a student's: not followed and not waited for, should it be replaced in this moment."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    return os.fdopen(descriptor, "rb")


def _timestamp(folder: Path, warnings: list[str]) -> tuple[datetime.datetime | None, bytes]:
    """Return what ``timestamp.txt`` says, and its bytes."""
    try:
        content = _read_regular(folder / TIMESTAMP_NAME, 1000)
    except FileNotFoundError:
        return None, b""
    except (OSError, SubmissionError) as error:
        warnings.append(f"{TIMESTAMP_NAME} was ignored: {error}")
        return None, b""
    text = content.decode("utf-8-sig", "replace").strip()
    if not text:
        return None, content
    try:
        return instant(text), content
    except ValueError as error:
        warnings.append(f"{TIMESTAMP_NAME} was ignored, so the submission counts as in time: {error}.")
        return None, content


def _other_files(folder: Path, notebook_name: str, warnings: list[str]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    room = MAX_FILES_BYTES
    for relative, path in _walk(folder, warnings):
        if relative in (notebook_name, TIMESTAMP_NAME):
            continue
        if len(files) == MAX_FILES:
            warnings.append(f"only the first {MAX_FILES} files were taken.")
            break
        try:
            content = _read_regular(path, min(MAX_FILE_BYTES, room))
        except SubmissionError as error:
            warnings.append(f"left out: {error.message}")
            continue
        except OSError as error:
            warnings.append(f"left out: {_shown(relative)} cannot be read ({error.strerror or error}).")
            continue
        files[relative] = content
        room -= len(content)
    return files


def _walk(folder: Path, warnings: list[str]) -> Iterator[tuple[str, Path]]:
    """Yield (relative path, path) of everything that is not a folder, in order; links are never followed.

    However large or deep the tree is, no more than ``MAX_ENTRIES`` of it are looked at.
    """
    todo = [("", folder, 0)]
    room = MAX_ENTRIES
    while todo:
        prefix, path, depth = todo.pop()
        try:
            with os.scandir(path) as entries:
                found = heapq.nsmallest(room + 1, entries, key=lambda entry: entry.name)
        except OSError as error:
            if path == folder:
                raise
            warnings.append(f"left out: {_shown(prefix)} cannot be read ({error.strerror or error}).")
            continue
        inner = []
        for entry in found:
            if entry.name in _IGNORED or entry.name.endswith(".pyc"):
                continue
            if room == 0:
                warnings.append(f"only the first {MAX_ENTRIES:,} files and folders were looked at.")
                return
            room -= 1
            if not _is_text(entry.name):
                warnings.append(f"left out: a file whose name is not text ({entry.name!a}).")
            elif not entry.is_dir(follow_symlinks=False):
                yield f"{prefix}{entry.name}", Path(entry.path)
            elif depth == MAX_DEPTH:
                warnings.append(f"left out: {_shown(prefix + entry.name)} is nested too deeply.")
            else:
                inner.append((f"{prefix}{entry.name}/", Path(entry.path), depth + 1))
        todo += reversed(inner)


def _shown(name: str) -> str:
    """A student's file name as it may stand in a message: short, and harmless in a terminal."""
    return "".join(char if char.isprintable() else "?" for char in name)[:200]


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def id_problem(student_id: str) -> str:
    """Return why a folder's name cannot be a student's id, or an empty string."""
    if not _is_text(student_id):
        return "the folder's name is not text."
    if len(student_id) > MAX_STUDENT_ID:
        return f"the folder's name is longer than {MAX_STUDENT_ID} characters, the most that a gradebook keeps."
    return ""


# --- what a score depends on ---


def _versions(isolation: str) -> dict[str, str]:
    return {
        "grader": grader.__version__,
        "python": sys.version,
        "ipython": metadata.version("ipython"),
        "isolation": isolation,
    }


def spec_hash(spec: GradingSpec, isolation: str) -> bytes:
    """Return a digest of a chapter's grading, and of the isolation and the versions of all that grades it."""
    plain = spec.to_plain()
    plain["versions"] = _versions(isolation)
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=True).encode()).digest()


def tools_hash(isolation: str) -> str:
    """Return a digest of the isolation and the versions of all that grades, alone."""
    return hashlib.sha256(json.dumps(_versions(isolation), sort_keys=True).encode()).hexdigest()


def content_hash(handin: HandIn, of_spec: bytes) -> str:
    """Return a digest of all that a submission's score depends on, the late penalty aside."""
    digest = hashlib.sha256(of_spec)
    parts = [handin.problem.encode("utf-8", "surrogateescape"), handin.notebook]
    for name in sorted(handin.files):
        parts += [name.encode(), handin.files[name]]
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def handin_hash(handin: HandIn) -> str:
    """Return a digest of what was handed in, alone."""
    return content_hash(handin, b"")
