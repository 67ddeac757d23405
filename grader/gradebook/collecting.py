"""From uploads to ``submitted/``: whose, which chapter, when; every version kept, the latest counts.

For each hand-in, in this order: its files go to ``collected/`` under a name of their own (whole or not at all); if it
is the latest, they take the place of the earlier ones in ``submitted/`` (by renaming); then its receipt is written. So
whatever interrupts it, running it again ends with the same: what is kept is found again, a receipt is written once.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from grader.course.config import CourseConfig
from grader.course.dates import instant
from grader.course.roster import Named, Roster, student_id_problem
from grader.errors import SubmissionError
from grader.gradebook.due import due_date
from grader.gradebook.entries import Entry, inner_zip_entries
from grader.gradebook.handins import MAX_FILE_BYTES, MAX_FILES, MAX_FILES_BYTES, TIMESTAMP_NAME, timestamp_file
from grader.gradebook.keeping import (
    RECEIPT_NAME,
    content_digest,
    explained,
    read_folder,
    receipt_text,
    replace_folder,
    safe_name,
    safe_path,
    write_file,
    write_folder,
)
from grader.gradebook.receipts import Receipt
from grader.gradebook.recognizing import Recognizer
from grader.gradebook.store import Store
from grader.gradebook.uploads import Course, Upload, chapter_in

MAX_ASIDE_BYTES = 256 << 20
MAX_NOTEBOOKS = 50


@dataclasses.dataclass(frozen=True)
class Collected:
    """What became of one upload.

    ``status`` is ``collected`` (it counts now), ``kept`` (an older version than the one that counts), ``unchanged``
    (it was there already) or ``set aside`` (with a ``reason`` and what to do about it). ``replaced``: another version
    counted before.
    """

    status: str
    place: str
    receipt: Receipt | None = None
    reason: str = ""
    hint: str = ""
    replaced: bool = False
    warnings: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class _HandIn:
    """One version of one student and chapter, read."""

    student_id: str
    assignment_id: str
    upload: Upload
    main: Entry
    content: bytes
    others: Mapping[str, bytes]
    damage: str = ""
    warnings: tuple[str, ...] = ()


class Collector:
    """Collects into one course.

    Args:
        config: the course.
        store: its open gradebook.
        chapter: what all uploads are of, if the user said so; ``student``: whose they are.
        received_at: when all were handed in, if the user said so.
        dry_run: find out, and write nothing.
    """

    def __init__(
        self,
        config: CourseConfig,
        store: Store,
        *,
        chapter: str = "",
        student: str = "",
        received_at: datetime.datetime | None = None,
        dry_run: bool = False,
    ) -> None:
        self._config = config
        self._layout = config.layout
        self._store = store
        self._chapter = chapter
        self._student = student
        self._received_at = received_at
        self.times: Mapping[str, datetime.datetime] = {}
        """When each student handed in, where a table says so."""
        self._dry_run = dry_run
        self._recognizer = Recognizer(config)
        self.roster = Roster(store.students())
        self._has_roster = store.has_roster()
        self.course = Course(config.course_id, config.layout.assignment_ids(), self.roster)
        self._due: dict[str, datetime.datetime | None] = {}
        self._receipts: dict[tuple[str, str], list[Receipt]] = {}
        self._aside: set[tuple[str, str]] = set()
        for receipt in store.receipts():
            if receipt.version:
                self._receipts.setdefault((receipt.student_id, receipt.assignment_id), []).append(receipt)
            else:
                self._aside.add((receipt.content, receipt.problem))

    def collect(self, found: Iterable[Upload | Entry], source_time: datetime.datetime) -> Iterator[Collected]:
        """Collect what a source has, and yield what became of each upload once it is written.

        Args:
            found: what ``open_source`` returned.
            source_time: when the source itself was made: for files that have no time of their own.
        """
        for item in found:
            if isinstance(item, Entry):
                yield self._set_aside(item, item.problem or item.unwelcome)
            else:
                yield from self._upload(item, source_time)

    # --- one upload ---

    def _upload(self, upload: Upload, source_time: datetime.datetime) -> Iterator[Collected]:
        if upload.problem:
            yield from self._all_aside(upload, upload.problem)
            return
        student_id, problem, hint = self._whose(upload.named)
        if problem:
            yield from self._all_aside(upload, problem, hint=hint)
            return
        expected = self._chapter
        if upload.chapter and not expected:
            expected = upload.chapter if upload.chapter in self.course.assignment_ids else ""
            if not expected:
                yield from self._all_aside(upload, f"this course has no chapter {upload.chapter!r}.", student_id)
                return
        elif upload.chapter in self.course.assignment_ids and upload.chapter != expected:
            yield from self._all_aside(upload, f"it is of {upload.chapter}, not of {expected}.", student_id)
            return
        entries, troubles = _with_inner_zips(upload.entries)
        for entry in troubles:
            yield self._set_aside(entry, entry.problem or entry.unwelcome, student_id, expected)
        handins: list[_HandIn] = []
        yield from self._read(upload, entries, student_id, expected, handins)
        for handin in handins:
            yield self._keep(handin, self._time(handin, source_time))

    def _whose(self, named: Named) -> tuple[str, str, str]:
        """Return the student's id, or what is wrong and what to do."""
        if self._student:
            return self._student, "", ""
        found = self.roster.find(named)
        if len(found) == 1:
            problem = student_id_problem(found[0])  # nbgrader's own commands let any text be an id
            return found[0], problem, "Give the student another id." if problem else ""
        if found:
            who = ", ".join(found)
            hint = "Write the LMS ids into the roster: grader students import"
            return "", f"it may be by any of the students {who}: they have the same name.", hint
        if not self._has_roster and named.student_id and not student_id_problem(named.student_id):
            return named.student_id, "", ""  # a course without a roster takes what nbgrader takes
        hint = "Make the student known (grader students add, or import), then run the same command again."
        return "", f"it is by {named.shown}, who is not in the roster.", hint

    def _read(
        self, upload: Upload, entries: Sequence[Entry], student_id: str, expected: str, handins: list[_HandIn]
    ) -> Iterator[Collected]:
        """Find the graded files of an upload, add them to ``handins`` in order, and yield what cannot be one."""
        by_chapter: dict[str, list[tuple[Entry, bytes, str]]] = {}
        refused: list[tuple[Entry, str, str, bytes | None]] = []
        candidates = _candidates(entries, expected, self.course.assignment_ids)
        if len(candidates) > MAX_NOTEBOOKS:
            reason = f"{len(candidates)} notebooks in one hand-in; the first {MAX_NOTEBOOKS} were looked at."
            refused.append((Entry(upload.place, upload.place), reason, "", None))
        for entry in candidates[:MAX_NOTEBOOKS]:
            named = expected or chapter_in(entry.name, self.course.assignment_ids)
            try:
                data = entry.read()
            except SubmissionError as problem:
                refused.append((entry, problem.message, named, None))
                continue
            what = self._recognizer.recognize(data, expected=named, is_script=not _is_notebook(entry))
            if what.problem:
                refused.append((entry, what.problem, what.assignment_id, data))
            else:
                by_chapter.setdefault(what.assignment_id, []).append((entry, data, what.damage))
        if by_chapter:
            # A file that claims to be of no chapter is one that lies beside: notes, a module of the student's own.
            refused = [item for item in refused if item[3] is None or (item[2] and _is_notebook(item[0]))]
        for entry, reason, chapter, content in refused:
            yield self._set_aside(entry, reason, student_id, chapter, content)
        mains = {item[0].path for found in by_chapter.values() for item in found} | {item[0].path for item in refused}
        mains |= {entry.path for entry in candidates[MAX_NOTEBOOKS:]}
        others = [entry for entry in entries if entry.path not in mains]
        if not by_chapter:
            if not refused:
                for entry in others or [Entry(upload.place, upload.place)]:
                    yield self._set_aside(entry, "it is not a notebook, nor a starter file.", student_id, expected)
            return
        for chapter, found in by_chapter.items():
            self._versions(upload, student_id, chapter, found, others, handins)

    def _versions(
        self,
        upload: Upload,
        student_id: str,
        chapter: str,
        found: list[tuple[Entry, bytes, str]],
        others: Sequence[Entry],
        handins: list[_HandIn],
    ) -> None:
        """One version for each notebook of a chapter, the last of them with the other files."""
        notebooks = [item for item in found if _is_notebook(item[0])]
        scripts = [item for item in found if not _is_notebook(item[0])]
        versions = notebooks or scripts
        if upload.origin != "canvas":  # there, the ids are in order
            versions.sort(key=lambda item: item[0].modified or datetime.datetime.min.replace(tzinfo=datetime.UTC))
        warnings = list(upload.warnings)
        beside, left_out = _read_others(others)
        warnings += left_out
        if notebooks and scripts:
            beside[f"{chapter}.py"] = scripts[-1][1]
        if len(versions) > 1:
            names = ", ".join(item[0].name for item in versions)
            warnings.append(f"{len(versions)} files of {chapter}: {names}; the last counts.")
        for number, (entry, data, damage) in enumerate(versions, start=1):
            is_last = number == len(versions)
            handins.append(
                _HandIn(
                    student_id,
                    chapter,
                    upload,
                    entry,
                    data,
                    beside if is_last else {},
                    damage,
                    tuple(warnings) if is_last else (),
                )
            )

    # --- when ---

    def _time(self, handin: _HandIn, source_time: datetime.datetime) -> tuple[datetime.datetime, str, str]:
        """Return when a version was handed in, who says so, and what is to be said of that."""
        upload = handin.upload
        if self._received_at is not None:
            return self._received_at, "given", ""
        if handin.student_id in self.times:
            return self.times[handin.student_id], "table", ""
        if upload.received_at is not None:
            return upload.received_at, upload.time_from, ""
        stamp = handin.main.modified or source_time
        if upload.origin != "canvas":
            return stamp, "file" if upload.origin in ("folder", "file") else "zip", ""
        # Canvas' zip has the time of the download, and says only whether it was late.
        if handin.assignment_id not in self._due:
            self._due[handin.assignment_id] = due_date(self._store, self._config, handin.assignment_id)
        due = self._due[handin.assignment_id]
        if due is None or stamp <= due:
            return stamp, "download", ""
        if not upload.is_late:
            return due, "not late", ""
        told = "Canvas says that it was late and not when: the time of the download counts, unless --times says better."
        return stamp, "download", told

    # --- keeping ---

    def _keep(self, handin: _HandIn, when: tuple[datetime.datetime, str, str]) -> Collected:
        received_at, time_from, told = when
        warnings = (*handin.warnings, told) if told else handin.warnings
        key = (handin.student_id, handin.assignment_id)
        if key not in self._receipts:
            self._adopt(handin)
        versions = self._receipts.setdefault(key, [])
        current = next((receipt for receipt in versions if receipt.is_current), None)
        content = content_digest(handin.content, handin.others)
        receipt = Receipt(
            student_id=handin.student_id,
            assignment_id=handin.assignment_id,
            received_at=received_at,
            time_from=time_from,
            sha256=hashlib.sha256(handin.content).hexdigest(),
            content=content,
            origin=handin.upload.origin,
            source=handin.upload.source,
            source_id=handin.upload.source_id or f"{received_at.isoformat()}",
            file_name=handin.main.path,
            attempt=handin.upload.attempt,
        )
        known = _known(receipt, versions, current)
        if known is not None:
            is_corrected = known.is_current and self._is_better_time(receipt, known)
            if not is_corrected:
                if known.is_current:
                    self._restore(known)
                return Collected("unchanged", handin.main.place, known, warnings=warnings)
        if handin.damage and current is not None and known is None:
            reason = f"{handin.damage} The version that was collected before counts."
            return self._set_aside(handin.main, reason, handin.student_id, handin.assignment_id, handin.content)
        counts = current is None or _order(receipt) >= _order(current) or known is current
        receipt = dataclasses.replace(
            receipt, version=max((each.version for each in versions), default=0) + 1, is_current=counts
        )
        receipt = self._write(receipt, handin)
        if not self._dry_run:
            versions[:] = [dataclasses.replace(each, is_current=each.is_current and not counts) for each in versions]
            versions.append(receipt)
        if handin.damage:
            warnings = (*warnings, f"it was collected, but cannot be read: {handin.damage}")
        status = "collected" if counts else "kept"
        return Collected(status, handin.main.place, receipt, replaced=current is not None, warnings=warnings)

    def _is_better_time(self, receipt: Receipt, known: Receipt) -> bool:
        """Whether a person or a table now says when something came that was collected before."""
        return receipt.time_from in ("given", "table") and receipt.received_at != known.received_at

    def _write(self, receipt: Receipt, handin: _HandIn) -> Receipt:
        name = safe_name(handin.main.name)
        receipt = self._keep_files(receipt, name, handin.content, handin.others)
        if not self._dry_run:
            if receipt.is_current:
                with explained(self._config.root / receipt.folder):
                    self._put(receipt, name, handin.content, handin.others)
            self._store.write_receipts([receipt])
        return receipt

    def _keep_files(self, receipt: Receipt, name: str, content: bytes, others: Mapping[str, bytes]) -> Receipt:
        """Put a version into ``collected/``, unless an interrupted run has; returns the receipt that says where."""
        root = self._layout.collected_dir(receipt.student_id, receipt.assignment_id)
        folder = root / f"{receipt.received_at:%Y%m%dT%H%M%SZ}-{receipt.content[:16]}"
        receipt = dataclasses.replace(receipt, folder=folder.relative_to(self._config.root).as_posix())
        if not self._dry_run:
            kept = {f"files/{path}": data for path, data in others.items()} | {f"files/{name}": content}
            kept[RECEIPT_NAME] = receipt_text({**dataclasses.asdict(receipt), "main": name})
            with explained(folder):
                if not folder.is_dir():
                    write_folder(folder, kept)
        return receipt

    def _put(self, receipt: Receipt, name: str, content: bytes, others: Mapping[str, bytes]) -> None:
        """Make ``submitted/`` hold a version, and nothing else; what somebody changed there by hand is kept."""
        key = (receipt.student_id, receipt.assignment_id)
        target = self._layout.submitted_dir(*key)
        files = self._submitted_files(receipt, name, content, others)
        there = read_folder(target) if target.is_dir() and not target.is_symlink() else {}
        if there == files:
            return
        keep = None
        before = next((each for each in self._receipts.get(key, ()) if each.is_current), None)
        if before is not None and there and there != self._submitted_again(before):
            keep = self._layout.collected_dir(*key) / f"changed-by-hand-{self._store.now:%Y%m%dT%H%M%S%fZ}"
        replace_folder(target, files, keep)

    def _submitted_files(
        self, receipt: Receipt, name: str, content: bytes, others: Mapping[str, bytes]
    ) -> dict[str, bytes]:
        """What belongs into ``submitted/``: the notebook under its chapter's name, and our time stamp."""
        notebook = f"{receipt.assignment_id}.ipynb"
        files = {path: data for path, data in others.items() if path not in (notebook, TIMESTAMP_NAME)}
        if name.lower().endswith(".py"):
            files[f"{receipt.assignment_id}.py"] = content
            files[notebook] = self._recognizer.notebook_of(content, receipt.assignment_id)
        else:
            files[notebook] = content
        files[TIMESTAMP_NAME] = timestamp_file(receipt.received_at)
        return files

    def _submitted_again(self, receipt: Receipt) -> dict[str, bytes]:
        """What a version has in ``submitted/``, from where it is kept; empty if it is not kept any more."""
        kept = read_folder(self._config.root / receipt.folder) if receipt.folder else {}
        try:
            name = json.loads(kept[RECEIPT_NAME])["main"]
            others = {path.removeprefix("files/"): data for path, data in kept.items() if path.startswith("files/")}
            return self._submitted_files(receipt, name, others.pop(name), others)
        except (KeyError, ValueError, SubmissionError):
            return {}

    def _restore(self, receipt: Receipt) -> None:
        """Put the version that counts back into ``submitted/``, if it is not there any more."""
        target = self._layout.submitted_dir(receipt.student_id, receipt.assignment_id)
        if self._dry_run or target.is_dir():
            return
        files = self._submitted_again(receipt)
        if files:
            with explained(target):
                replace_folder(target, files)

    def _adopt(self, handin: _HandIn) -> None:
        """Make what was in ``submitted/`` before us (nbgrader's collect, a person) the first version."""
        target = self._layout.submitted_dir(handin.student_id, handin.assignment_id)
        path = target / f"{handin.assignment_id}.ipynb"
        if self._dry_run or target.is_symlink() or path.is_symlink() or not path.is_file():
            return
        files = read_folder(target)
        content = files.pop(path.name)
        stamp = files.pop(TIMESTAMP_NAME, b"").decode("utf-8-sig", "replace").strip()
        try:
            received_at = instant(stamp)
        except ValueError:
            received_at = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
        receipt = Receipt(
            student_id=handin.student_id,
            assignment_id=handin.assignment_id,
            received_at=received_at,
            time_from="submitted",
            sha256=hashlib.sha256(content).hexdigest(),
            content=content_digest(content, files),
            origin="folder",
            source=self._layout.submitted,
            source_id="submitted",
            file_name=path.name,
            version=1,
            is_current=True,
        )
        receipt = self._keep_files(receipt, path.name, content, files)
        self._store.write_receipts([receipt])
        self._receipts[handin.student_id, handin.assignment_id] = [receipt]

    # --- setting aside ---

    def _all_aside(self, upload: Upload, reason: str, student_id: str = "", hint: str = "") -> Iterator[Collected]:
        """One line for an upload; all its files are kept."""
        entries = upload.entries or (Entry(upload.place, upload.place),)
        told: list[Collected] = [self._set_aside(entry, reason, student_id, hint=hint) for entry in entries]
        yield dataclasses.replace(told[0], place=upload.place)

    def _set_aside(
        self,
        entry: Entry,
        reason: str,
        student_id: str = "",
        assignment_id: str = "",
        content: bytes | None = None,
        hint: str = "",
    ) -> Collected:
        """Keep a file that cannot be collected, if it can be read, and say why."""
        if content is None and not entry.problem and entry.reader is not None:
            try:
                content = entry.read(MAX_ASIDE_BYTES)
            except SubmissionError as problem:
                reason = reason or problem.message
        digest = hashlib.sha256(entry.place.encode("utf-8", "replace") if content is None else content).hexdigest()
        path = self._layout.aside_root / f"{digest[:16]}-{safe_name(entry.name)}"
        receipt = Receipt(
            student_id=student_id,
            assignment_id=assignment_id,
            received_at=self._store.now,
            time_from="collected",
            sha256="" if content is None else digest,
            content=digest,
            origin="",
            source=entry.place,
            source_id="",
            file_name=entry.path,
            folder="" if content is None else path.relative_to(self._config.root).as_posix(),
            problem=reason,
        )
        if not self._dry_run:
            if content is not None:
                with explained(path):
                    write_file(path, content)
            if (digest, reason) not in self._aside:
                self._store.write_receipts([receipt])
        self._aside.add((digest, reason))
        return Collected("set aside", entry.place, receipt, reason, hint)


def _known(receipt: Receipt, versions: Sequence[Receipt], current: Receipt | None) -> Receipt | None:
    """The version that this upload is: the same files again, or the very upload that was collected before."""
    if current is not None and current.content == receipt.content:
        return current  # the same again, later: the earlier time counts
    same = [each for each in versions if each.content == receipt.content and each.source_id == receipt.source_id]
    return same[-1] if same else None


def _order(receipt: Receipt) -> tuple[datetime.datetime, int]:
    """What decides which of two versions is the later one; of two with one time in Canvas, the ids do."""
    attachments = receipt.source_id.removeprefix("canvas:").split(",") if receipt.origin == "canvas" else []
    return receipt.received_at, max((int(each) for each in attachments if each.isdigit()), default=0)


def _is_notebook(entry: Entry) -> bool:
    return entry.name.lower().endswith(".ipynb")


def _candidates(entries: Sequence[Entry], expected: str, assignment_ids: Sequence[str]) -> list[Entry]:
    """The files that may be the graded one: notebooks before scripts; of the chapter's own name, no others.

    Beside a notebook, a script that is not called like a chapter is a module of the student's own.
    """
    notebooks = [entry for entry in entries if _is_notebook(entry)]
    scripts = [entry for entry in entries if entry.name.lower().endswith(".py") and not _is_given(entry.name)]
    exact = [entry for entry in notebooks if entry.path.lower() == f"{expected}.ipynb".lower()]
    named = [entry for entry in scripts if chapter_in(entry.name, [expected] if expected else assignment_ids)]
    return [*(exact or notebooks), *(named if notebooks or (expected and named) else scripts)]


def _is_given(name: str) -> bool:
    """Files of the release that students do not write."""
    return name in ("chapters.py", "conftest.py") or name.startswith("test_")


def _with_inner_zips(entries: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Return the entries, of a zip in the place of a notebook what is in it, and entries with a problem."""
    if any(_is_notebook(entry) or entry.name.lower().endswith(".py") for entry in entries):
        return list(entries), []
    found, troubles = [], []
    for entry in entries:
        if not entry.name.lower().endswith(".zip"):
            found.append(entry)
            continue
        try:
            inner = inner_zip_entries(entry)
        except SubmissionError as problem:
            troubles.append(dataclasses.replace(entry, problem=problem.message))
            continue
        found += [each for each in inner if not each.problem and not each.unwelcome]
        troubles += [each for each in inner if each.problem or each.unwelcome]
    return found, troubles


def _read_others(entries: Sequence[Entry]) -> tuple[dict[str, bytes], list[str]]:
    """Read what lies beside a notebook, within the limits of what is graded; a time stamp is the student's own."""
    files: dict[str, bytes] = {}
    left_out: list[str] = []
    room = MAX_FILES_BYTES
    for entry in entries:
        path = safe_path(entry.path)
        if path == TIMESTAMP_NAME or not path:
            continue
        if len(files) == MAX_FILES:
            left_out.append(f"only the first {MAX_FILES} files beside the notebook were taken.")
            break
        if any(path.startswith(f"{other}/") or other.startswith(f"{path}/") or other == path for other in files):
            left_out.append(f"left out: {path} is a file and a folder at once, or there twice.")
            continue
        try:
            files[path] = entry.read(min(MAX_FILE_BYTES, room))
        except SubmissionError as problem:
            left_out.append(f"left out: {path}: {problem.message}")
            continue
        room -= len(files[path])
    return files, left_out
