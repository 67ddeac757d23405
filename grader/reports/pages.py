"""Feedback pages in their place: ``feedback/<student>/<chapter>/<chapter>.html``, where nbgrader's commands look."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import secrets
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.course.config import CourseConfig
from grader.errors import GraderError
from grader.gradebook.autograded import write_whole
from grader.gradebook.handins import TIMESTAMP_NAME, handed_in_at, id_problem, open_untrusted
from grader.gradebook.store import Store, SubmissionRow, VerdictRow
from grader.reports.feedback import Chapter, Feedback, feedback_of, read_graded
from grader.reports.html import page
from grader.reports.text import duration

SECRET_NAME = "submission_secret.txt"  # noqa: S105 (a file's name)
"""From it nbgrader makes the name under which a student finds a released page; ``nbgrader submit`` puts it there."""
MAX_NOTEBOOK_BYTES = 256 << 20


@dataclasses.dataclass(frozen=True, slots=True)
class PageResult:
    """What became of one page.

    ``status`` is ``written``; ``unchanged``; ``waiting`` (handed in, not autograded); ``missing`` (not handed in); or
    ``failed``. ``warnings`` are for the instructor.
    """

    student_id: str
    assignment_id: str
    status: str
    path: Path | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()
    is_graded: bool = True

    @property
    def is_done(self) -> bool:
        """Whether the page is there and up to date."""
        return self.status in ("written", "unchanged")


def feedback_text(feedback: Feedback) -> str:
    """Return a feedback page."""
    return page("feedback.html", page=feedback, time=_time, duration=duration)


def _time(value: datetime.datetime) -> str:
    return f"{value:%-d %b %Y, %H:%M} UTC"


def write_pages(
    config: CourseConfig, store: Store, assignment_id: str, student_ids: Sequence[str] | None = None
) -> Iterator[PageResult]:
    """Write the pages of a chapter, and yield what became of each.

    Args:
        config: the course.
        store: its gradebook.
        assignment_id: the chapter.
        student_ids: only these, and then the missing ones are told as well; None for all who handed in.
    """
    rows = {row.student_id: row for row in store.scores([assignment_id])}
    handed_in = set(config.layout.submissions(assignment_id))
    wanted = sorted(handed_in | set(rows)) if student_ids is None else list(student_ids)
    if not wanted:
        return
    chapter = Chapter.read(config, store, assignment_id)
    verdicts: dict[str, list[VerdictRow]] = {}
    for verdict in store.verdicts(wanted[0] if len(wanted) == 1 else None, [assignment_id]):
        verdicts.setdefault(verdict.student_id, []).append(verdict)
    for student_id in wanted:
        row = rows.get(student_id)
        if student_id in ("", ".", "..") or set(student_id) & set("/\\\0"):  # from a gradebook that others write
            yield PageResult(student_id, assignment_id, "failed", reason="such an id cannot be a folder's name.")
            continue
        if row is None or (row.graded_at is None and not _has_scores(verdicts.get(student_id, ()))):
            is_there = student_id in handed_in
            reason = id_problem(student_id) if is_there else ""
            status = "failed" if reason else "waiting" if is_there else "missing"
            yield PageResult(student_id, assignment_id, status, reason=reason)
            continue
        try:
            yield _write_page(
                config, store, chapter, row, verdicts.get(student_id, ()), is_there=student_id in handed_in
            )
        except OSError as problem:
            raise GraderError(
                f"the feedback cannot be written: {problem.strerror or problem}.",
                place=str(problem.filename or config.layout.feedback_dir(student_id, assignment_id)),
                hint="Make room, or make the folder writable for you, then run this again; what was written is whole.",
            ) from problem


def _has_scores(verdicts: Sequence[VerdictRow]) -> bool:
    return any(verdict.auto_score is not None or verdict.manual_score is not None for verdict in verdicts)


def _write_page(
    config: CourseConfig,
    store: Store,
    chapter: Chapter,
    row: SubmissionRow,
    verdicts: Sequence[VerdictRow],
    *,
    is_there: bool,
) -> PageResult:
    student_id, assignment_id = row.student_id, row.assignment_id
    warnings = []
    notebook = _graded_notebook(config, student_id, assignment_id)
    feedback = feedback_of(chapter, row, verdicts, store.comments(student_id, assignment_id), notebook)
    if notebook is None and not feedback.not_graded:
        warnings.append("the graded notebook is gone: the page has no code; grader autograde --force makes it again.")
    if feedback.waiting:
        warnings.append(f"{len(feedback.waiting)} of its answers wait for a person.")
    for result in feedback.results:
        if chapter.tests.quoted_in(result.comment):
            warnings.append(f"the comment on {result.grade_id} quotes a hidden test.")
    folder = config.layout.feedback_dir(student_id, assignment_id)
    path = folder / f"{assignment_id}.html"
    submitted = config.layout.submitted_dir(student_id, assignment_id)
    at = handed_in_at(config.layout, student_id, assignment_id, None) if is_there else None
    if at is not None and row.timestamp is not None and at > row.timestamp:
        warnings.append("a newer submission has not been graded yet; the page is about the one before.")
    _own_folder(config.layout.feedback_root, folder)
    text = feedback_text(feedback).encode("utf-8", "replace")
    is_same = path.is_file() and not path.is_symlink() and path.read_bytes() == text
    write_whole(path, text)
    for name in (TIMESTAMP_NAME, SECRET_NAME):
        content = _small_file(config.layout.autograded_dir(student_id, assignment_id) / name) or (
            _small_file(submitted / name)
        )
        if content is not None:
            write_whole(folder / name, content)
    _complete(folder)
    return PageResult(
        student_id,
        assignment_id,
        "unchanged" if is_same else "written",
        path,
        warnings=tuple(warnings),
        is_graded=not feedback.not_graded,
    )


def _complete(folder: Path) -> None:
    """Give a page the files without which ``nbgrader release_feedback`` would stop for the whole class.

    What was not handed in by ``nbgrader submit`` has none; nobody can fetch such a page, as there is nobody who knows
    its secret.
    """
    if _small_file(folder / SECRET_NAME) is None:
        write_whole(folder / SECRET_NAME, secrets.token_hex(64).encode())
    if _small_file(folder / TIMESTAMP_NAME) is None:
        write_whole(folder / TIMESTAMP_NAME, b"")


def _own_folder(root: Path, folder: Path) -> None:
    """Make the folder, and nobody else's: a link would lead the page to another place."""
    for each in (folder.parent, folder):
        if each.is_symlink() or (each.exists() and not each.is_dir()):
            each.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{folder.name}.html"
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)


def _graded_notebook(config: CourseConfig, student_id: str, assignment_id: str) -> dict[str, object] | None:
    path = config.layout.autograded_notebook(student_id, assignment_id)
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if stat.S_ISREG(path.lstat().st_mode) and path.stat().st_size <= MAX_NOTEBOOK_BYTES:
            return read_graded(path.read_text(encoding="utf-8"))
    return None


def _small_file(path: Path) -> bytes | None:
    """The bytes of a small regular file that may come from a student; None for anything else."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        with open_untrusted(path) as file:
            content = file.read(2000)
    except OSError:
        return None
    return content if len(content) < 2000 else None
