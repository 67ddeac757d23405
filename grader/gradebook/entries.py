"""What is in a folder or a zip, as entries that can be read one by one; nothing of it is unpacked.

Names and contents come from students. An entry is read into memory, within limits, and written elsewhere under a name
of ours: so no name in a zip ever becomes a path. What cannot be an honest file (a name that leads out of its folder, a
link, a file that unpacks to a thousand times its size) is an entry with a ``problem``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from grader.errors import SubmissionError, UsageProblem
from grader.execution.submission import MAX_FILE_BYTES
from grader.gradebook.handins import open_untrusted

MAX_ENTRIES = 200_000
MAX_DEPTH = 12
MAX_RATIO = 200
"""Notebooks shrink to a tenth, their text outputs to a hundredth. What shrinks more, and is large, is a bomb."""
RATIO_MATTERS_BYTES = 8 << 20
MAX_INNER_ZIP_BYTES = 64 << 20
_CHUNK = 1 << 20
_JUNK_NAMES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX", "__pycache__", ".ipynb_checkpoints"})


@dataclasses.dataclass(frozen=True)
class Entry:
    """A file in a source.

    Args:
        path: its name in the source, with ``/``.
        place: how to speak of it: the source's name and its own.
        size: bytes, as far as known before reading.
        modified: its time stamp in UTC; None if it has none.
        problem: why it must not be read, or empty.
        unwelcome: why it is set aside, though it may be read and kept.
        reader: returns its bytes, at most so many and one more.
        change: the last time that anything about it changed, which its owner cannot set; only in folders.
    """

    path: str
    place: str
    size: int = 0
    modified: datetime.datetime | None = None
    problem: str = ""
    unwelcome: str = ""
    reader: Callable[[int], bytes] | None = None
    change: datetime.datetime | None = None

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    def read(self, limit: int = MAX_FILE_BYTES) -> bytes:
        """Return its bytes.

        Raises:
            SubmissionError: it is too large, a bomb, damaged, or no file.
        """
        if self.problem or self.reader is None:
            raise SubmissionError(self.problem or "it is not a file.", place=self.place)
        if self.size > limit:
            raise SubmissionError(_too_large(self.size, limit), place=self.place)
        try:
            content = self.reader(limit)
        except SubmissionError:
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, ValueError) as problem:
            raise SubmissionError(f"it is damaged: {problem}.", place=self.place) from problem
        except RuntimeError as problem:  # what zipfile raises for a password
            raise SubmissionError("it is locked with a password.", place=self.place) from problem
        except OSError as problem:
            raise SubmissionError(f"it cannot be read: {problem.strerror or problem}.", place=self.place) from problem
        if len(content) > limit:
            raise SubmissionError(_too_large(len(content), limit), place=self.place)
        return content


def _too_large(size: int, limit: int) -> str:
    return f"it is too large: {size:,} bytes, at most {limit:,} are taken."


# --- folders ---


def folder_entries(root: Path, shown: str) -> Iterator[Entry]:
    """Yield what is in a folder, in order; links are entries with a problem and never followed."""
    todo = [("", root, 0)]
    room = MAX_ENTRIES
    while todo:
        prefix, folder, depth = todo.pop()
        try:
            with os.scandir(folder) as found:
                names = sorted(entry.name for entry in found)
        except OSError as problem:
            message = f"it cannot be read: {problem.strerror or problem}."
            yield Entry(prefix.rstrip("/"), _place(shown, prefix), problem=message)
            continue
        inner = []
        for name in names:
            if name in _JUNK_NAMES:
                continue
            room -= 1
            if room < 0:
                yield Entry("", shown, problem=f"it has more than {MAX_ENTRIES:,} files; the rest was not looked at.")
                return
            path = folder / name
            entry = file_entry(path, f"{prefix}{name}", _place(shown, f"{prefix}{name}"))
            if entry is not None:
                yield entry
            elif depth == MAX_DEPTH:
                yield Entry(
                    f"{prefix}{name}", _place(shown, f"{prefix}{name}"), problem="it is a folder, nested too deeply."
                )
            else:
                inner.append((f"{prefix}{name}/", path, depth + 1))
        todo += reversed(inner)


def _place(shown: str, path: str) -> str:
    return f"{shown}/{path}" if path else shown


def file_entry(path: Path, name: str, place: str) -> Entry | None:
    """Return the entry of a file on disk; None for a folder."""
    try:
        status = path.lstat()
    except OSError as problem:
        return Entry(name, place, problem=f"it cannot be read: {problem.strerror or problem}.")
    if stat.S_ISDIR(status.st_mode):
        return None
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return Entry(ascii(name), place.encode("utf-8", "replace").decode(), problem="its name is not text.")
    if stat.S_ISLNK(status.st_mode):
        return Entry(name, place, problem="it is a link; what it points to is nobody's hand-in.")
    if not stat.S_ISREG(status.st_mode):
        return Entry(name, place, problem="it is not a regular file.")
    modified, change = (datetime.datetime.fromtimestamp(t, datetime.UTC) for t in (status.st_mtime, status.st_ctime))
    return Entry(name, place, status.st_size, modified, reader=lambda limit: _read_file(path, limit), change=change)


def _read_file(path: Path, limit: int) -> bytes:
    with open_untrusted(path) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise SubmissionError("it is not a regular file.", place=str(path))
        return file.read(limit + 1)


# --- zips ---


@contextlib.contextmanager
def open_zip(path: Path, shown: str, zone: datetime.tzinfo = datetime.UTC) -> Iterator[list[Entry]]:
    """Open a zip and return its entries; they can be read until it is closed.

    Args:
        path: the file.
        shown: how to speak of it.
        zone: of time stamps that do not say theirs.

    Raises:
        SubmissionError: it is no zip, or damaged as a whole.
    """
    try:
        archive = zipfile.ZipFile(path)
        entries = _zip_entries(archive, shown, zone)
    except (zipfile.BadZipFile, struct.error, NotImplementedError, ValueError) as problem:
        hint = "Download it again; an interrupted download looks like this."
        raise SubmissionError(f"is no zip that can be read: {problem}.", place=shown, hint=hint) from problem
    except OSError as problem:
        raise UsageProblem(f"cannot be read: {problem.strerror or problem}.", place=shown) from problem
    with archive:
        yield entries


def inner_zip_entries(entry: Entry) -> list[Entry]:
    """Return what is in a zip that a student handed in.

    Raises:
        SubmissionError: it is too large, or no zip.
    """
    stream: IO[bytes] = io.BytesIO(entry.read(MAX_INNER_ZIP_BYTES))
    try:
        return _zip_entries(zipfile.ZipFile(stream), entry.place, datetime.UTC)
    except (zipfile.BadZipFile, struct.error, NotImplementedError, ValueError, OSError) as problem:
        raise SubmissionError(f"it is no zip that can be read: {problem}.", place=entry.place) from problem


def _zip_entries(archive: zipfile.ZipFile, shown: str, zone: datetime.tzinfo) -> list[Entry]:
    infos = archive.infolist()
    if len(infos) > MAX_ENTRIES:
        raise SubmissionError(f"has {len(infos):,} files; at most {MAX_ENTRIES:,} are looked at.", place=shown)
    seen: set[str] = set()
    entries = []
    for info in infos:
        name = _zip_name(info)
        parts = PurePosixPath(name).parts
        if info.is_dir() or _JUNK_NAMES.intersection(parts) or (parts[-1:] and parts[-1].startswith("._")):
            continue
        problem = _name_problem(info, name) or _info_problem(info)
        is_double = not problem and name in seen
        seen.add(name)
        entries.append(
            Entry(
                path="/".join(part for part in parts if part not in ("/", "..")),
                place=f"{shown}/{name}",
                size=info.file_size,
                modified=zip_time(info, zone),
                problem=problem,
                unwelcome="there are two files of this name in the zip; the first was taken." if is_double else "",
                reader=_zip_reader(archive, info),
            )
        )
    return entries


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name as it was meant: many programs write UTF-8 and do not say so."""
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            return info.filename.encode("cp437").decode("utf-8")
    return info.filename


def _name_problem(info: zipfile.ZipInfo, name: str) -> str:
    original = info.orig_filename.replace("\\", "/")
    parts = original.split("/")
    if original.startswith("/") or ".." in parts or ":" in parts[0][1:2] or "\\" in name or "\0" in info.orig_filename:
        return "its name leads out of the zip."
    return "its name is too long." if len(name) > 1000 else ""


def _info_problem(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if stat.S_ISLNK(kind):
        return "it is a link; what it points to is nobody's hand-in."
    if kind and not stat.S_ISREG(kind):
        return "it is not a regular file."
    if info.flag_bits & 0x1:
        return "it is locked with a password."
    if info.file_size > RATIO_MATTERS_BYTES and info.file_size > MAX_RATIO * max(1, info.compress_size):
        return f"it would unpack from {info.compress_size:,} bytes to {info.file_size:,}: a zip bomb."
    return ""


def _zip_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def read(limit: int) -> bytes:
        parts, size = [], 0
        with archive.open(info) as file:
            while size <= limit:
                part = file.read(min(_CHUNK, limit + 1 - size))
                if not part:
                    break
                parts.append(part)
                size += len(part)
        return b"".join(parts)

    return read


def zip_time(info: zipfile.ZipInfo, zone: datetime.tzinfo) -> datetime.datetime | None:
    """Return the time stamp of a file in a zip, in UTC.

    A zip has local time that does not say its zone; most programs add the exact time in the extra field ``UT``.
    """
    extra = info.extra
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        if kind == 0x5455 and length >= 5 and len(extra) >= 9 and extra[4] & 1:
            return datetime.datetime.fromtimestamp(struct.unpack("<i", extra[5:9])[0], datetime.UTC)
        extra = extra[4 + length :]
    if info.date_time[0] <= 1980:
        return None  # the beginning of time, which means that nobody said
    try:
        return datetime.datetime(*info.date_time, tzinfo=zone).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None
