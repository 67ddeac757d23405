"""Report values as text tables, as plain dicts for JSON, and as CSV."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from grader.course.model import Outcome
from grader.gradebook.store import VerdictRow
from grader.reports.scores import ClassReport, Mark, State, StudentReport
from grader.reports.tables import COLOURS, chapter_table, class_tables, in_short, legend, print_plainly
from grader.reports.text import (
    duration,
    first_line,
    id_and_name,
    iso,
    moment,
    one_line,
    points,
    printable,
    spreadsheet_cell,
)

if TYPE_CHECKING:
    from rich.console import Console

LISTED = 12
"""How many lines of what needs a person are shown before "and n more"."""

NAMED = 5
"""How many students of one line are named."""


def show_class(console: Console, report: ClassReport) -> None:
    """Print students × chapters, what the marks mean, and what needs a person."""
    if report.title:
        console.print(printable(report.title), style="bold", markup=False, highlight=False)
    console.print(in_short(report), style="dim", markup=False, highlight=False)
    for table in class_tables(report, console.width):
        console.print()
        print_plainly(console, table)
    meanings = [legend(report), *([COLOURS] if console.color_system and not console.no_color else [])]
    if signs := ", ".join(part for part in meanings if part):
        console.print()
        for line in wrapped(signs, console.width, indent=0):
            console.print(line, style="dim", markup=False, highlight=False)
    show_attention(console, report)


def show_chapters(console: Console, report: ClassReport) -> None:
    """Print a line for each chapter, and what needs a person."""
    print_plainly(console, chapter_table(report))
    show_attention(console, report)


def show_attention(console: Console, report: ClassReport) -> None:
    """Print what needs a person."""
    for line in attention(report):
        indent = len(line) - len(line.lstrip())
        for text in wrapped(line.strip(), console.width, indent=indent, hanging=2):
            console.print(text, markup=False, highlight=False, soft_wrap=True)


def wrapped(text: str, width: int, *, indent: int, hanging: int = 0) -> list[str]:
    """Return a text's lines, broken to ``width`` and indented; continued lines ``hanging`` more."""
    first, later = " " * indent, " " * (indent + hanging)
    return [
        part
        for line in text.splitlines()
        for part in textwrap.wrap(line, width, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)
    ]


def attention(report: ClassReport) -> list[str]:
    """Return lines on what needs a person, and on what was not autograded yet."""
    lines = []
    needing = report.needing_a_person()
    if needing:
        lines.append(f"Needs a person: {len(needing):,} submission{'s' * (len(needing) != 1)}")
        same: dict[tuple[str, str], list[str]] = {}
        for student_id, assignment_id, mark in needing:
            same.setdefault((assignment_id, first_line(mark.why_person)), []).append(printable(student_id))
        told = [(printable(chapter), why, students) for (chapter, why), students in same.items()]
        for chapter, why, students in told[:LISTED]:
            if len(students) == 1:
                lines.append(f"  {students[0]}/{chapter}: {why}")
            else:
                more = f", … and {len(students) - NAMED} more" if len(students) > NAMED else ""
                lines.append(f"  {chapter}: {why} ({len(students)}: {', '.join(students[:NAMED])}{more})")
        if len(told) > LISTED:
            rest = sum(len(students) for _, _, students in told[LISTED:])
            lines.append(f"  … and {rest} more (--json or --csv has all)")
    waiting = report.waiting()
    if waiting:
        were = "submission was" if len(waiting) == 1 else "submissions were"
        lines.append(f"{len(waiting):,} {were} not autograded yet: grader autograde")
    return lines


# --- one student ---

_OUTCOMES = {
    Outcome.PASSED: ("passed", "green"),
    Outcome.PARTIAL: ("partly", "yellow"),
    Outcome.FAILED: ("failed", "red"),
    Outcome.ERROR: ("error", "red"),
    Outcome.TIMEOUT: ("timeout", "red"),
    Outcome.CRASHED: ("crashed", "red"),
    Outcome.NOT_RUN: ("not run", "red"),
    Outcome.MANUAL: ("by hand", "yellow"),
}


def show_student(console: Console, report: StudentReport) -> None:
    """Print every verdict of a student, by chapter, each with its message below it."""
    name = id_and_name(report.student_id, report.name)
    total = f"{name}: {points(report.total)} of {points(report.max_score)} points"
    console.print(total, style="bold", markup=False, highlight=False)
    for chapter in report.chapters:
        console.print()
        heading = f"{printable(chapter.assignment_id)}  {printable(chapter.title)}".rstrip()
        standing = _standing(chapter.mark, chapter.max_score)
        console.print(f"{heading}: {standing}", style="bold", markup=False, highlight=False)
        for line in _remarks(chapter.mark):
            console.print(f"  {line}", markup=False, highlight=False)
        if chapter.verdicts and chapter.mark.state is State.GRADED:
            _show_verdicts(console, chapter.verdicts)


def _show_verdicts(console: Console, verdicts: Sequence[VerdictRow]) -> None:
    from rich.text import Text

    width = min(44, max(len(printable(verdict.grade_id)) for verdict in verdicts))
    for verdict in verdicts:
        word, style = _outcome(verdict)
        earned = f"{points(verdict.score)} of {points(verdict.max_score)}"
        line = Text(f"  {printable(verdict.grade_id):<{width}}  ")
        console.print(line.append(f"{word:<8}", style=style).append(f"  {earned}"), soft_wrap=True)
        below = "\n".join(part for part in (verdict.message.strip(), _by_person(verdict)) if part)
        for text in wrapped(printable(below, lines=True), console.width, indent=6):
            console.print(Text(text), soft_wrap=True)


def _standing(mark: Mark, max_score: float) -> str:
    if mark.state is State.MISSING:
        return f"not handed in (0 of {points(max_score)})"
    if mark.state is State.WAITING:
        return "handed in, not autograded yet"
    if mark.score is None:
        return "not graded"
    return f"{points(mark.score)} of {points(max_score)}"


def _remarks(mark: Mark) -> list[str]:
    lines = []
    if mark.not_graded:
        lines += [printable(line) for line in mark.not_graded.splitlines()]
    if mark.is_late:
        cost = f": {points(mark.penalty)} points off" if mark.penalty else ""
        lines.append(f"late by {duration(mark.seconds_late)}{cost}")
    if mark.extension_s and mark.due is not None:
        lines.append(f"extended by {duration(mark.extension_s)}: due {moment(mark.due)}")
    lines += [f"repaired: {one_line(repair)}" for repair in mark.repairs]
    return lines


def _outcome(verdict: VerdictRow) -> tuple[str, str]:
    if verdict.outcome in set(Outcome):
        return _OUTCOMES[Outcome(verdict.outcome)]
    return ("", "") if verdict.outcome else ("nbgrader", "")


def _by_person(verdict: VerdictRow) -> str:
    parts = []
    if verdict.manual_score is not None:
        auto = "" if verdict.auto_score is None else f" instead of {points(verdict.auto_score)}"
        parts.append(f"given by a person{auto}")
    if verdict.extra_credit:
        parts.append(f"{points(verdict.extra_credit)} points extra")
    if verdict.needs_manual_grade:
        parts.append("needs a person")
    if verdict.comment:
        parts.append(f"comment: {verdict.comment}")
    return "; ".join(parts)


# --- JSON ---


def mark_json(mark: Mark) -> dict[str, Any]:
    """Return a mark as a plain dict."""
    return {
        "state": str(mark.state),
        "score": mark.score,
        "penalty": mark.penalty,
        "late": mark.is_late,
        "seconds_late": mark.seconds_late,
        "timestamp": iso(mark.timestamp),
        "due": iso(mark.due),
        "extension_s": mark.extension_s,
        "needs_person": mark.needs_person,
        "manual_cells": mark.n_manual,
        "not_graded": mark.not_graded,
        "repairs": list(mark.repairs),
    }


def verdict_json(verdict: VerdictRow) -> dict[str, Any]:
    """Return a verdict as a plain dict; what only graders may read is under ``grader_only``."""
    return {
        "grade_id": verdict.grade_id,
        "outcome": verdict.outcome,
        "score": verdict.score,
        "max_score": verdict.max_score,
        "auto_score": verdict.auto_score,
        "manual_score": verdict.manual_score,
        "extra_credit": verdict.extra_credit,
        "needs_manual_grade": verdict.needs_manual_grade,
        "message": verdict.message,
        "comment": verdict.comment,
        "seconds": verdict.seconds,
        "grader_only": {"detail": verdict.detail},
    }


def class_json(report: ClassReport) -> dict[str, Any]:
    """Return the class report as a plain dict."""
    return {
        "title": report.title,
        "max_score": report.max_score,
        "mean_total": report.mean_total,
        "chapters": [
            {
                "assignment_id": chapter.assignment_id,
                "title": chapter.title,
                "max_score": chapter.max_score,
                "mean": chapter.mean,
                "scored": chapter.n_scored,
            }
            for chapter in report.chapters
        ],
        "students": [
            {
                "student_id": line.student_id,
                "name": line.name,
                "total": line.total,
                "chapters": {chapter: mark_json(mark) for chapter, mark in line.marks.items()},
            }
            for line in report.students
        ],
        "needs_person": [
            {"student_id": student_id, "assignment_id": assignment_id, "reason": mark.not_graded or "manual cells"}
            for student_id, assignment_id, mark in report.needing_a_person()
        ],
    }


def student_json(report: StudentReport) -> dict[str, Any]:
    """Return a student's report as a plain dict."""
    return {
        "student_id": report.student_id,
        "name": report.name,
        "total": report.total,
        "max_score": report.max_score,
        "chapters": [
            {
                "assignment_id": chapter.assignment_id,
                "title": chapter.title,
                "max_score": chapter.max_score,
                **mark_json(chapter.mark),
                "verdicts": [verdict_json(verdict) for verdict in chapter.verdicts],
            }
            for chapter in report.chapters
        ],
    }


# --- CSV ---


def class_csv(report: ClassReport) -> str:
    """Return students × chapters as CSV that a spreadsheet shows and does not run.

    An empty cell is a chapter without a score: ``state_<chapter>`` says why.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    ids = [chapter.assignment_id for chapter in report.chapters]
    writer.writerow(
        [
            "student_id",
            "name",
            *(spreadsheet_cell(name) for name in ids),
            "total",
            "max_score",
            *(f"state_{name}" for name in ids),
            *(f"penalty_{name}" for name in ids),
        ]
    )
    for line in report.students:
        marks = [line.marks[name] for name in ids]
        writer.writerow(
            [
                spreadsheet_cell(line.student_id),
                spreadsheet_cell(line.name),
                *("" if mark.score is None else points(mark.score) for mark in marks),
                points(line.total),
                points(report.max_score),
                *(_csv_state(mark) for mark in marks),
                *(points(mark.penalty) for mark in marks),
            ]
        )
    return file.getvalue()


def _csv_state(mark: Mark) -> str:
    words = [str(mark.state)]
    if mark.is_late:
        words.append("late")
    if mark.n_manual and mark.state is State.GRADED:
        words.append("needs a person")
    return ", ".join(words)
