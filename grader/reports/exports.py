"""Scores in the forms that learning platforms import.

Values first (``ExportRow``: one submission, its questions and what lateness cost), then one function a format. What is
written is for spreadsheet programs too: no cell can run as a formula.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from grader.course.model import Outcome
from grader.gradebook.store import Store, StudentRow, SubmissionRow, VerdictRow
from grader.reports.gradescope import Question, behaviour, results_json
from grader.reports.public import HiddenTests
from grader.reports.scores import Course
from grader.reports.text import first_line, points, spreadsheet_cell


@dataclasses.dataclass(frozen=True, slots=True)
class ExportRow:
    """One student in one chapter; ``submission`` is None if nothing was handed in, or it is not graded yet."""

    student: StudentRow
    assignment_id: str
    max_score: float
    due: datetime.datetime | None
    submission: SubmissionRow | None
    verdicts: tuple[VerdictRow, ...] = ()

    @property
    def is_scored(self) -> bool:
        """Whether there is a score."""
        return self.submission is not None and self.submission.is_scored

    @property
    def status(self) -> str:
        """How far it is: graded, needs manual grade, not graded or missing."""
        if self.submission is None:
            return "missing"
        if not self.is_scored:
            return "not graded"
        return "needs manual grade" if self.submission.n_manual else "graded"

    def penalty(self, late: bool) -> float:
        """What lateness costs, if that shall count."""
        return self.submission.penalty if self.submission is not None and self.is_scored and late else 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Export:
    """What is exported: chapters with their titles, the questions of each with their points, and all rows."""

    titles: dict[str, str]
    max_scores: dict[str, float]
    questions: dict[str, dict[str, float]]
    rows: tuple[ExportRow, ...]
    late: bool = True
    missing_as_zero: bool = False

    def score(self, row: ExportRow) -> str:
        """What counts for a chapter, as text; empty where there is no score."""
        if row.is_scored and row.submission is not None:
            return points(row.submission.score - row.penalty(self.late))
        return "0" if row.submission is None and self.missing_as_zero else ""

    def question(self, row: ExportRow, grade_id: str) -> str:
        """What a question earned, as text; empty where there is no score."""
        if row.is_scored:
            return next((points(v.score) for v in row.verdicts if v.grade_id == grade_id), "")
        return "0" if row.submission is None and self.missing_as_zero else ""


def export_of(
    store: Store,
    course: Course,
    assignment_ids: Sequence[str],
    *,
    late: bool = True,
    missing_as_zero: bool = False,
    student_ids: Iterable[str] | None = None,
) -> Export:
    """Read what is to be exported.

    Args:
        store: the gradebook.
        course: its chapters' titles, and who handed in.
        assignment_ids: the chapters.
        late: whether late penalties count.
        missing_as_zero: give 0 for what was not handed in; otherwise there is no score, which platforms leave as it is.
        student_ids: only these.
    """
    known = {row.assignment_id: row for row in store.assignments()}
    students = {row.student_id: row for row in store.students()}
    for chapter in assignment_ids:
        for student_id in course.handed_in.get(chapter, ()):
            students.setdefault(student_id, StudentRow(student_id))
    wanted = None if student_ids is None else set(student_ids)
    submissions = {(row.student_id, row.assignment_id): row for row in store.scores(assignment_ids)}
    verdicts: dict[tuple[str, str], list[VerdictRow]] = {}
    questions: dict[str, dict[str, float]] = {chapter: {} for chapter in assignment_ids}
    for verdict in store.verdicts(None, assignment_ids):
        verdicts.setdefault((verdict.student_id, verdict.assignment_id), []).append(verdict)
    for (_, chapter), found in sorted(verdicts.items()):
        for verdict in found:
            questions[chapter].setdefault(verdict.grade_id, verdict.max_score)
    rows = []
    for student_id in sorted(students):
        if wanted is not None and student_id not in wanted:
            continue
        for chapter in assignment_ids:
            submission = submissions.get((student_id, chapter))
            handed_in = student_id in course.handed_in.get(chapter, ())
            if submission is None and handed_in:
                submission = SubmissionRow(student_id, chapter, 0, 0, None, 0, 0, 0, not_graded="not autograded yet.")
            rows.append(
                ExportRow(
                    students[student_id],
                    chapter,
                    known[chapter].max_score if chapter in known else course.points.get(chapter, 0.0),
                    known[chapter].due if chapter in known else None,
                    submission,
                    tuple(verdicts.get((student_id, chapter), ())),
                )
            )
    titles = {chapter: course.titles.get(chapter) or chapter for chapter in assignment_ids}
    maxima = {row.assignment_id: row.max_score for row in rows}
    return Export(titles, maxima, questions, tuple(rows), late, missing_as_zero)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    for row in (header, *rows):
        writer.writerow([_cell(text) for text in row])
    return file.getvalue()


def _cell(text: str) -> str:
    """A cell; a number, negative ones too, is no formula."""
    try:
        float(text)
    except ValueError:
        return spreadsheet_cell(text)
    return text if set(text) <= set("0123456789.-") else spreadsheet_cell(text)


def _time(value: datetime.datetime | None) -> str:
    return "" if value is None else f"{value:%Y-%m-%d %H:%M:%S}"


# --- our own, which is nbgrader's ---

CHAPTER_COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
    "raw_score", "late_submission_penalty", "score", "max_score", "status",
)  # fmt: skip
"""The columns of ``nbgrader export``, and the status: one row for each student and chapter."""

QUESTION_COLUMNS = (
    "assignment", "student_id", "last_name", "first_name", "email", "grade_id", "outcome",
    "auto_score", "manual_score", "extra_credit", "score", "max_score", "needs_manual_grade",
)  # fmt: skip
"""One row for each student and grade cell, and one for what lateness cost."""

LATE_PENALTY = "late_submission_penalty"


def plain_csv(export: Export, *, by_question: bool) -> str:
    """Return scores as rows: of chapters, or of questions."""
    if by_question:
        return _table(QUESTION_COLUMNS, _question_rows(export))
    return _table(CHAPTER_COLUMNS, map(_chapter_row(export), export.rows))


def _who(row: ExportRow) -> list[str]:
    return [row.student.student_id, row.student.last_name, row.student.first_name, row.student.email]


def _chapter_row(export: Export) -> Callable[[ExportRow], list[str]]:
    def chapter_row(row: ExportRow) -> list[str]:
        submission = row.submission
        return [
            row.assignment_id,
            _time((submission.due if submission else None) or row.due),
            _time(submission.timestamp if submission else None),
            *_who(row),
            points(submission.score) if submission and row.is_scored else export.score(row),
            points(row.penalty(export.late)),
            export.score(row),
            points(row.max_score),
            row.status,
        ]

    return chapter_row


def _question_rows(export: Export) -> Iterable[list[str]]:
    number: Callable[[float | None], str] = lambda value: "" if value is None else points(value)  # noqa: E731
    for row in export.rows:
        if not row.is_scored:
            continue
        for v in row.verdicts:
            yield [
                row.assignment_id, *_who(row), v.grade_id, v.outcome, number(v.auto_score), number(v.manual_score),
                number(v.extra_credit), points(v.score), points(v.max_score), str(v.needs_manual_grade).lower(),
            ]  # fmt: skip
        if row.penalty(export.late):
            cost = points(-row.penalty(export.late))
            yield [row.assignment_id, *_who(row), LATE_PENALTY, "", "", "", "", cost, "0", "false"]


# --- platforms: one row a student, one column a chapter or question ---


@dataclasses.dataclass(frozen=True, slots=True)
class _Column:
    title: str
    max_score: float
    value: Callable[[ExportRow], str]
    assignment_id: str


def _columns(export: Export, *, by_question: bool) -> list[_Column]:
    columns = []
    for chapter, title in export.titles.items():
        if not by_question:
            columns.append(_Column(title, export.max_scores.get(chapter, 0.0), export.score, chapter))
            continue
        for grade_id, max_score in export.questions[chapter].items():

            def value(row: ExportRow, grade_id: str = grade_id) -> str:
                return export.question(row, grade_id)

            columns.append(_Column(f"{title}: {grade_id}", max_score, value, chapter))
        if export.late and any(r.penalty(True) for r in export.rows if r.assignment_id == chapter):

            def cost(row: ExportRow) -> str:
                return points(-row.penalty(True)) if row.is_scored else ""

            columns.append(_Column(f"{title}: late penalty", 0.0, cost, chapter))
    return columns


def _by_student(export: Export) -> dict[str, dict[str, ExportRow]]:
    found: dict[str, dict[str, ExportRow]] = {}
    for row in export.rows:
        found.setdefault(row.student.student_id, {})[row.assignment_id] = row
    return found


CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
"""What Canvas's Gradebook import wants first: it finds a student by ID, SIS User ID or SIS Login ID."""


def canvas_csv(export: Export, *, by_question: bool = False) -> str:
    """Return scores for Canvas: Gradebook, Import.

    A column becomes an assignment of that name, or fills the one that there is; its points stand in the second row. An
    empty cell leaves a score as it is. ``lms_user_id`` of the gradebook is Canvas's own ID, our student ids are logins.
    """
    columns = _columns(export, by_question=by_question)
    possible = ["    Points Possible", "", "", "", "", *(points(column.max_score) for column in columns)]
    rows = [possible]
    for student_id, of_student in _by_student(export).items():
        student = next(iter(of_student.values())).student
        name = ", ".join(part for part in (student.last_name, student.first_name) if part) or student_id
        values = (column.value(of_student[column.assignment_id]) for column in columns)
        rows.append([name, student.lms_user_id, "", student_id, "", *values])
    return _table((*CANVAS_COLUMNS, *(column.title for column in columns)), rows)


MOODLE_COLUMNS = ("Username", "ID number", "First name", "Last name", "Email address")
"""What Moodle's grade import can map to a user; the headings are those of its own export."""


def moodle_csv(export: Export, *, by_question: bool = False) -> str:
    """Return scores for Moodle: Grades, Import, CSV file; map Username (or ID number, or Email address), then columns.

    ``(Real)`` is how Moodle's own export marks points. An empty cell leaves a grade as it is.
    """
    columns = _columns(export, by_question=by_question)
    rows = []
    for student_id, of_student in _by_student(export).items():
        student = next(iter(of_student.values())).student
        values = (column.value(of_student[column.assignment_id]) for column in columns)
        rows.append([student_id, student.lms_user_id, student.first_name, student.last_name, student.email, *values])
    return _table((*MOODLE_COLUMNS, *(f"{column.title} (Real)" for column in columns)), rows)


def gradescope_results(export: Export, tests: Mapping[str, HiddenTests]) -> dict[str, dict[str, Any]]:
    """Return Gradescope's document for every submission, by the relative path of its file."""
    documents = {}
    for row in export.rows:
        if row.submission is None:
            continue
        released = tests[row.assignment_id].released
        questions = [
            Question(
                v.grade_id,
                behaviour(released.get(v.grade_id, ""), v.grade_id),
                v.outcome,
                v.score,
                v.max_score,
                v.message if v.outcome not in (Outcome.PASSED, Outcome.MANUAL) else "",
            )
            for v in (row.verdicts if row.is_scored else ())
            if not v.needs_manual_grade
        ]
        waiting = {v.grade_id: v.max_score for v in row.verdicts if row.is_scored and v.needs_manual_grade}
        documents[f"{_folder(row.student.student_id)}/{row.assignment_id}/results.json"] = results_json(
            questions,
            waiting=waiting,
            repairs=row.submission.repairs,
            penalty=row.penalty(export.late),
            not_graded="" if row.is_scored else f"Not graded: {first_line(row.submission.not_graded)}",
            seconds=row.submission.wall_s,
        )
    return documents


def _folder(student_id: str) -> str:
    """A student's id as the name of a folder, and no way out of it.

    Example:
        >>> _folder("ada"), _folder("../x"), _folder("..")
        ('ada', '..%2Fx', '%2E%2E')
    """
    name = quote(student_id, safe=" @+,=~", errors="replace")
    return name.replace(".", "%2E") if set(name) <= {"."} else name


def export_json(export: Export) -> list[dict[str, Any]]:
    """Return the rows as plain dicts."""
    return [
        {
            "student_id": row.student.student_id,
            "assignment_id": row.assignment_id,
            "status": row.status,
            "raw_score": row.submission.score if row.submission and row.is_scored else None,
            "penalty": row.penalty(export.late),
            "score": row.submission.score - row.penalty(export.late) if row.submission and row.is_scored else None,
            "max_score": row.max_score,
            "questions": {v.grade_id: v.score for v in row.verdicts} if row.is_scored else {},
        }
        for row in export.rows
    ]
