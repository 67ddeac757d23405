"""Where hand-ins come from: nbgrader's exchange, folders, and the zips of Canvas, Moodle and Gradescope.

Each source is turned into ``Upload``s: whose it is (as the source says it), when it was handed in, and its files. File
names are those that the LMS make:

- Canvas (``lib/content_zipper.rb``): ``lovelaceada_LATE_4711_99817_05_backpropagation-1.ipynb``: sortable name in lower
  case without signs, LATE, user id, attachment id, the student's file name, ``-1`` for a second file of one name. Its
  time stamps are those of the download.
- Moodle (``mod/assign/classes/downloader.php``): ``Ada Lovelace_31337_assignsubmission_file/05.ipynb``, in older
  versions ``…_file_/05.ipynb``, without folders ``…_file_05.ipynb``. The number is of this assignment alone.
- Gradescope: ``assignment_1_export/submission_42/05.ipynb`` and a ``submission_metadata.yml`` with names and times.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.course.dates import instant, utc
from grader.course.roster import Named, Roster
from grader.errors import SubmissionError, UsageProblem
from grader.gradebook.entries import Entry, file_entry, folder_entries, open_zip

ORIGINS = ("exchange", "canvas", "moodle", "gradescope", "folder", "file")
METADATA_NAME = "submission_metadata.yml"
MAX_METADATA_BYTES = 32 << 20
CLAIM_TOLERANCE = datetime.timedelta(minutes=15)
"""nbgrader's submit notes the time first and copies then."""


@dataclasses.dataclass(frozen=True)
class Upload:
    """What one student handed in, as its source tells it.

    Args:
        named: whose it is.
        origin: what kind of source; ``source`` is its name; ``source_id`` tells this upload from others in it.
        place: how to speak of it.
        entries: its files, their paths seen from the student's own folder.
        chapter: what the source says of the chapter (an id, or a text that may contain one).
        received_at: when it was handed in; None where only the files' own time stamps tell.
        time_from: who says so.
        is_late: the LMS says that it was late, or was not; None if it does not say.
        attempt: what the LMS calls it.
        warnings: what is to be said of it.
        problem: why it must not be collected.
    """

    named: Named
    origin: str
    source: str
    source_id: str
    place: str
    entries: tuple[Entry, ...]
    chapter: str = ""
    received_at: datetime.datetime | None = None
    time_from: str = ""
    is_late: bool | None = None
    attempt: str = ""
    warnings: tuple[str, ...] = ()
    problem: str = ""


@dataclasses.dataclass(frozen=True)
class Course:
    """What has to be known of the course to read a source."""

    course_id: str
    assignment_ids: Sequence[str]
    roster: Roster


@contextlib.contextmanager
def open_source(
    path: Path, course: Course, origin: str = "", zone: datetime.tzinfo = datetime.UTC
) -> Iterator[Iterable[Upload | Entry]]:
    """Open a source and return its uploads, and entries with a problem; they can be read until it is closed.

    Args:
        path: a zip, a folder, a notebook or a starter file.
        course: where it is to be collected.
        origin: one of ``ORIGINS``; empty to find out.
        zone: of time stamps in a zip that do not say theirs.

    Raises:
        UsageProblem: there is nothing there, or nothing of that kind.
        SubmissionError: a zip is damaged as a whole.
    """
    shown = path.name or str(path)
    if not os.path.lexists(path):
        raise UsageProblem("there is no such file or folder.", place=str(path), hint="Name a zip, a folder or a file.")
    if path.is_dir():
        inbound = _inbound(path, course) if origin in ("", "exchange") else None
        if inbound is not None:
            yield _exchange(inbound, course.roster, shown)
        elif origin == "exchange":
            hint = "Name the exchange's folder, or its inbound folder of this course."
            raise UsageProblem("is no nbgrader exchange of this course.", place=str(path), hint=hint)
        else:
            yield _uploads(list(folder_entries(path, shown)), course, origin, shown)
        return
    if origin == "exchange":
        raise UsageProblem("is no nbgrader exchange: it is not a folder.", place=str(path))
    with contextlib.ExitStack() as stack:
        if path.suffix.lower() in (".ipynb", ".py"):
            # By its folder's name too: ada/05_backpropagation.ipynb
            parent = path.absolute().parent.name
            entry = file_entry(path, f"{parent}/{path.name}", str(path))
            assert entry is not None
            uploads = _uploads([entry], course, origin or "file", shown)
        elif path.suffix.lower() == ".zip" or _looks_like_zip(path):
            entries = stack.enter_context(open_zip(path, shown, zone))
            uploads = _uploads(entries, course, origin, shown)
        else:
            hint = "Collected are zips, folders, notebooks (.ipynb) and starter files (.py)."
            raise UsageProblem("is nothing that can be collected.", place=str(path), hint=hint)
        yield uploads


def _looks_like_zip(path: Path) -> bool:
    with contextlib.suppress(OSError), path.open("rb") as file:
        return path.is_file() and file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    return False


# --- the patterns ---

_CANVAS = re.compile(
    r"(?P<name>.*?)(?:(?:^|_)(?P<late>LATE))?(?:^|_)(?P<user>\d+|anon_\w+?)_(?P<attachment>\d+)_(?P<file>[^/]+)"
)
_CANVAS_TEXT = re.compile(r"(?P<name>.*?)(?:_LATE)?_(?P<user>\d+|anon_\w+?)_(?:text|link)\.html")
_MOODLE = re.compile(
    r"(?P<name>[^/]*?)_(?P<number>\d+)_assignsubmission_(?P<plugin>[a-z]+)(?:_?/(?P<path>.+)|_(?P<flat>[^/]+))"
)
_EXCHANGE = re.compile(
    r"(?P<student>.+)\+(?P<chapter>[A-Za-z0-9_-]+)"
    r"\+(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: [^+]*(?:\+\d\d:?\d\d)?)?)"
    r"(?:\+(?P<random>[A-Za-z0-9_=-]+))?"
)


def _uploads(entries: list[Entry], course: Course, origin: str, shown: str) -> Iterator[Upload | Entry]:
    good = [entry for entry in entries if not entry.problem and not entry.unwelcome]
    yield from (entry for entry in entries if entry.problem or entry.unwelcome)
    kind = origin or _kind(good)
    if kind == "gradescope":
        yield from _gradescope(good, shown)
    elif kind == "moodle":
        yield from _moodle(good, shown)
    elif kind == "canvas":
        yield from _canvas(good, shown)
    else:
        yield from _folder(good, course, kind, shown)


def _kind(entries: list[Entry]) -> str:
    """What most of the entries say: one student's choice of a name must not decide for the others."""
    half = max(1, len(entries) / 2)
    if sum(bool(_moodle_match(entry)) for entry in entries) >= half:
        return "moodle"
    metadata = [entry.path for entry in entries if entry.name == METADATA_NAME]
    root = min(metadata, key=len, default="").removesuffix(METADATA_NAME)
    inside = sum(bool(re.match(r"submission_\d+/", entry.path.removeprefix(root))) for entry in entries)
    if metadata and inside > (len(entries) - 1) / 2:
        return "gradescope"
    flat = [entry for entry in entries if _CANVAS.fullmatch(entry.name) or _CANVAS_TEXT.fullmatch(entry.name)]
    return "canvas" if len(flat) >= half else "folder"


# --- Canvas ---


def _canvas(entries: list[Entry], shown: str) -> Iterator[Upload | Entry]:
    by_student: dict[str, list[tuple[re.Match[str], Entry]]] = {}
    for entry in entries:
        match = _CANVAS.fullmatch(entry.name)
        if match:
            by_student.setdefault(match["user"], []).append((match, entry))
        elif _CANVAS_TEXT.fullmatch(entry.name):
            yield dataclasses.replace(entry, unwelcome="it is a text or a link, not a file that was handed in.")
        else:
            yield dataclasses.replace(
                entry, unwelcome="its name is not one that Canvas gives, so nobody knows whose it is."
            )
    for user, found in by_student.items():
        match = found[0][0]
        # A student's own name for the file is what lies behind the ids; the attachment with the largest came last.
        found.sort(key=lambda pair: int(pair[0]["attachment"]))
        yield Upload(
            named=Named(lms_user_id="" if user.startswith("anon") else user, name=match["name"]),
            origin="canvas",
            source=shown,
            source_id="canvas:" + ",".join(match["attachment"] for match, _ in found),
            place=found[0][1].place,
            entries=tuple(dataclasses.replace(entry, path=match["file"]) for match, entry in found),
            is_late=any(match["late"] for match, _ in found),
            time_from="canvas",
        )


# --- Moodle ---


def _moodle_match(entry: Entry) -> re.Match[str] | None:
    """Match a path, wherever the folder of the student lies in it."""
    parts = entry.path.split("/")
    for number, part in enumerate(parts):
        if "_assignsubmission_" in part:
            return _MOODLE.fullmatch("/".join(parts[number:]))
    return None


def _moodle(entries: list[Entry], shown: str) -> Iterator[Upload | Entry]:
    by_student: dict[tuple[str, str], list[tuple[re.Match[str], Entry]]] = {}
    for entry in entries:
        match = _moodle_match(entry)
        if match is None:
            yield dataclasses.replace(
                entry, unwelcome="its name is not one that Moodle gives, so nobody knows whose it is."
            )
        else:
            by_student.setdefault((match["name"], match["number"]), []).append((match, entry))
    for (name, number), found in by_student.items():
        # An "online text" beside a file is a note to the teacher; alone, it is what the student took for the hand-in.
        times = [entry.modified for _, entry in found if entry.modified]
        stamp = max(times).isoformat() if times else ""
        yield Upload(
            named=Named(lms_user_id=number, name=name, is_weak=True),
            origin="moodle",
            source=shown,
            source_id=f"moodle:{number}:{stamp}",
            place=found[0][1].place,
            entries=tuple(dataclasses.replace(entry, path=match["path"] or match["flat"]) for match, entry in found),
        )


# --- Gradescope ---


def _gradescope(entries: list[Entry], shown: str) -> Iterator[Upload | Entry]:
    metadata = min((entry for entry in entries if entry.name == METADATA_NAME), key=_depth, default=None)
    if metadata is None:
        raise UsageProblem(
            f"has no {METADATA_NAME}, so nobody knows whose the files are.",
            place=shown,
            hint='Gradescope writes one when you choose "Export submissions".',
        )
    root = metadata.path.removesuffix(METADATA_NAME)
    facts = _metadata(metadata)
    by_submission: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry is metadata:
            continue
        submission, slash, rest = entry.path.removeprefix(root).partition("/")
        if submission in facts and slash:
            by_submission.setdefault(submission, []).append(dataclasses.replace(entry, path=rest))
        elif submission in facts:
            by_submission.setdefault(submission, []).append(dataclasses.replace(entry, path=entry.name))
        else:
            yield dataclasses.replace(entry, unwelcome=f"{METADATA_NAME} does not say whose it is.")
    for submission, found in by_submission.items():
        about = facts[submission]
        history = about.get("history")
        for person in _people(about):
            yield Upload(
                named=Named(
                    person.get("sid", ""), person.get("email", ""), person.get("sid", ""), person.get("name", "")
                ),
                origin="gradescope",
                source=shown,
                source_id=f"gradescope:{submission}",
                place=f"{shown}/{root}{submission}",
                entries=tuple(found),
                received_at=_when(about.get("created_at")),
                time_from="gradescope",
                attempt=str(len(history) + 1) if isinstance(history, list) else "",
            )


def _depth(entry: Entry) -> int:
    return entry.path.count("/")


def _metadata(entry: Entry) -> dict[str, dict[str, Any]]:
    """The facts of each submission; Gradescope writes Ruby's symbols, ``:created_at:``."""
    import yaml  # type: ignore[import-untyped]  # comes with jupytext

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times as fast
        document = yaml.load(entry.read(MAX_METADATA_BYTES), Loader=loader)  # noqa: S506 (both are safe)
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        line = str(problem).partition("\n")[0]
        raise SubmissionError(
            f"cannot be read: {line}", place=entry.place, hint="Export the submissions again."
        ) from problem
    if not isinstance(document, dict):
        raise SubmissionError("does not say whose the files are.", place=entry.place, hint="Export them again.")
    return {str(key): _bare_keys(value) for key, value in document.items() if isinstance(value, dict)}


def _bare_keys(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key).strip(":"): inner for key, inner in value.items()}


def _people(about: Mapping[str, Any]) -> list[dict[str, str]]:
    people = about.get("submitters")
    found = []
    for person in people if isinstance(people, list) else []:
        if isinstance(person, dict):
            found.append({key: str(value) for key, value in _bare_keys(person).items() if value is not None})
    return found or [{}]


def _when(value: Any) -> datetime.datetime | None:
    try:
        if isinstance(value, datetime.datetime):
            return utc(value)
        return instant(str(value)) if value else None
    except ValueError:
        return None


# --- folders ---


def _folder(entries: list[Entry], course: Course, origin: str, shown: str) -> Iterator[Upload | Entry]:
    """Hand-ins by folders and names: ``ada/05/05.ipynb``, ``05/ada.ipynb``, ``ada_05.ipynb``, ``ada.ipynb``."""
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        student, chapter, base = _by_path(entry, course)
        rest = entry.path.removeprefix(base)
        groups.setdefault((student, chapter, base), []).append(dataclasses.replace(entry, path=rest))
    for (student, chapter, base), found in groups.items():
        yield Upload(
            named=Named(student_id=student, name=student),
            origin="file" if origin == "file" else "folder",
            source=shown,
            source_id="",
            place=found[0].place if len(found) == 1 else f"{shown}/{base}".rstrip("/"),
            entries=tuple(found),
            chapter=chapter,
        )


def _by_path(entry: Entry, course: Course) -> tuple[str, str, str]:
    """Return whose a file is, the chapter that a folder names, and the folder that is the student's own.

    Each may be empty. Chapters in the names of files are left to the collector: a folder may hold several.
    """
    *folders, name = entry.path.split("/")
    stem = name.rpartition(".")[0] or name
    student = chapter = ""
    end = 0
    for number, folder in enumerate(folders):
        is_chapter = folder in course.assignment_ids
        if is_chapter and not chapter:
            chapter, end = folder, number + 1
        elif not student and not is_chapter and course.roster.find(Named(student_id=folder, name=folder)):
            student, end = folder, number + 1
    in_name = chapter_in(stem, course.assignment_ids)
    if not student:
        rest = _without(stem, in_name)
        if rest and course.roster.find(Named(student_id=rest, name=rest)):
            return rest, chapter, ""
        # Nobody known. With folders, the last one that is no chapter is meant; else what the name says besides.
        others = [number for number, folder in enumerate(folders) if folder not in course.assignment_ids]
        if others and (in_name or chapter or not rest):
            student, end = folders[others[-1]], max(end, others[-1] + 1)
        else:
            student = rest
    return student, chapter, "".join(f"{folder}/" for folder in folders[:end])


def chapter_in(text: str, assignment_ids: Iterable[str]) -> str:
    """Return the one chapter whose id stands in a text, as a word of its own; empty if none or several do.

    Example:
        >>> chapter_in("ada_01_add (1)", ["01_add", "02_mean"])
        '01_add'
    """
    found = [
        name
        for name in assignment_ids
        if re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", text, re.IGNORECASE)
    ]
    longest = max(found, key=len, default="")
    return longest if all(name in longest for name in found) else ""


def _without(stem: str, chapter: str) -> str:
    if not chapter:
        return stem
    rest = re.sub(re.escape(chapter), "", stem, count=1, flags=re.IGNORECASE)
    return re.sub(r"\s*\(\d+\)$", "", rest).strip(" _-.+")


# --- nbgrader's exchange ---


def _inbound(path: Path, course: Course) -> Path | None:
    """The folder of hand-ins: ``path`` itself, or what is below it in an exchange or a course of an exchange."""
    for folder in (path / course.course_id / "inbound", path / "inbound", path):
        try:
            with os.scandir(folder) as found:
                if folder != path or any(_EXCHANGE.fullmatch(entry.name) for entry in found):
                    return folder
        except OSError:
            continue
    return None


def _exchange(inbound: Path, roster: Roster, shown: str) -> Iterator[Upload | Entry]:
    try:
        names = sorted(os.listdir(inbound))
    except OSError as problem:
        raise UsageProblem(f"cannot be read: {problem.strerror or problem}.", place=str(inbound)) from problem
    for name in names:
        place = f"{shown}/{name}"
        match = _EXCHANGE.fullmatch(name)
        entry = file_entry(inbound / name, name, place)
        if entry is not None:
            yield dataclasses.replace(
                entry, problem=entry.problem or "it is not a folder, as nbgrader's submit makes one."
            )
            continue
        claimed = _when(match["time"]) if match else None
        if match is None or claimed is None:
            yield Entry(name, place, problem="its name is not one that nbgrader's submit gives: student+chapter+time.")
            continue
        entries = list(folder_entries(inbound / name, place))
        received_at, warnings = _exchange_time(inbound / name, entries, claimed)
        yield from (entry for entry in entries if entry.problem)
        yield Upload(
            named=Named(student_id=match["student"]),
            origin="exchange",
            source=shown,
            source_id=f"exchange:{name}",
            place=place,
            entries=tuple(entry for entry in entries if not entry.problem),
            chapter=match["chapter"],
            received_at=received_at,
            time_from="exchange" if received_at == claimed else "file system",
            warnings=warnings,
            problem=_foreign_owner(inbound / name, match["student"], roster),
        )


def _exchange_time(
    folder: Path, entries: list[Entry], claimed: datetime.datetime
) -> tuple[datetime.datetime, tuple[str, ...]]:
    """When a folder of the exchange was handed in.

    Its name is given by the student's own process and can be chosen at will. The file system's time of the last change
    cannot: where students own what they hand in, it decides if the two are far apart. Where they do not (a copy that an
    instructor has restored), it tells only of the copy.
    """
    try:
        status = folder.lstat()
    except OSError:
        return claimed, ()
    if not hasattr(os, "getuid") or status.st_uid in (0, os.getuid()):
        return claimed, ()
    changes = [entry.change for entry in entries if entry.change]
    # The folder's own change comes with every chmod of an instructor; its files' only with what the student does.
    latest = max(changes, default=datetime.datetime.fromtimestamp(status.st_ctime, datetime.UTC))
    if latest - CLAIM_TOLERANCE <= claimed <= latest + CLAIM_TOLERANCE:
        return claimed, ()
    return latest, (
        f"its name says {claimed:%Y-%m-%d %H:%M:%S} UTC, its files {latest:%Y-%m-%d %H:%M:%S} UTC: they count.",
    )


def _foreign_owner(folder: Path, student_id: str, roster: Roster) -> str:
    """Why a hand-in cannot be this student's: another student's account owns it."""
    try:
        import pwd

        uid = folder.lstat().st_uid
        owner = pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError, OSError):
        return ""
    others = roster.find(Named(student_id=owner))
    if uid in (0, os.getuid()) or not others or others == roster.find(Named(student_id=student_id)):
        return ""  # accounts need not be called as the students are
    return f"it says that it is by {student_id}, and belongs to the account of {owner}."
