"""``grader extend``: more time for one student or for all, given, listed and taken back."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from grader.cli.main import chosen_chapters, chosen_students, known_students, open_course, print_json, shared_options
from grader.course.dates import deadline
from grader.errors import UsageProblem
from grader.reports.text import duration, iso, moment, one_line, points, printable

if TYPE_CHECKING:
    from grader.course.config import CourseConfig
    from grader.gradebook.extensions import DueDates, Extension
    from grader.gradebook.store import Store, SubmissionRow

MOST_DAYS = 3650
LISTED = 12
"""How many changed scores are shown before "and n more"."""


@click.command(short_help="Give one student or all more time; list it, take it back.")
@click.argument("names", nargs=-1, metavar="[STUDENT]… CHAPTER")
@click.option("--all", "for_all", is_flag=True, help="For everybody, also those who come later.")
@click.option("--days", type=float, metavar="N", help="So many days after the due date (0.5 is half a day).")
@click.option("--hours", type=float, metavar="N", help="So many hours; added to --days.")
@click.option("--until", metavar="WHEN", help='Until then: "2026-11-12 18:00 Europe/Berlin"; a day alone is all of it.')
@click.option("--why", default="", metavar="TEXT", help="The reason, for the record.")
@click.option("--revoke", is_flag=True, help="Take it back.")
@click.option("--list", "is_list", is_flag=True, help="Show who has more time, for these students and chapters or all.")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@shared_options
@click.pass_context
def extend(
    ctx: click.Context,
    names: tuple[str, ...],
    for_all: bool,
    days: float | None,
    hours: float | None,
    until: str | None,
    why: str,
    revoke: bool,
    is_list: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Give students more time for a chapter.

    It may be given before anything is handed in, or long after: penalties of what is graded already are put right at
    once. A second extension replaces the first. Whoever has one of their own and one for all has the longer one.

    \b
    Examples:
      grader extend ada 05 --days 3 --why "ill, note from the doctor"
      grader extend ada bob 05_backpropagation --until "2026-11-12 18:00 Europe/Berlin"
      grader extend --all 05 --hours 12 --why "the server was down"
      grader extend ada 05 --revoke
      grader extend --list 05
    """
    from grader.gradebook.extensions import EVERYBODY
    from grader.gradebook.store import open_gradebook

    given = [option for option in (days, hours, until) if option is not None]
    if is_list and (given or revoke or for_all or why):
        raise click.UsageError("--list only shows: it goes with students and chapters.")
    config = open_course(ctx)
    if is_list:
        with open_gradebook(config, create=False) as store:
            _list(config, store, names, as_json=as_json)
        return
    if not names or (len(names) > 1) == for_all:
        raise click.UsageError("Name students and a chapter, as in: grader extend ada 05 --days 3 (or --all 05).")
    if revoke == bool(given):
        raise click.UsageError("Say how long: --days, --hours or --until (or --revoke).")
    if until is not None and len(given) > 1:
        raise click.UsageError("--until is a point in time: it does not go with --days or --hours.")
    [chapter] = chosen_chapters(config, names[-1:])
    seconds, instant = _span(days, hours, until)
    with open_gradebook(config) as store:
        students = chosen_students(names[:-1], known_students(config, store), "gradebook")
        wanted = [EVERYBODY] if for_all else students
        dues = store.due_dates(chapter, due=config.chapter(chapter).due)
        _check(chapter, dues, instant, revoke=revoke)
        before = _rows(store, chapter)
        with store.one_transaction(keep=not dry_run):
            if revoke:
                changed = store.end_extensions(chapter, wanted, why=why)
            else:
                changed = store.extend(chapter, wanted, seconds=seconds, until=instant, why=why)
            dues = store.due_dates(chapter, due=config.chapter(chapter).due)
            after = _rows(store, chapter)
    lines = [_line(chapter, name, dues, is_new=name in changed, revoke=revoke) for name in wanted]
    moved = [(was, after[name]) for name, was in before.items() if _state(was) != _state(after[name])]
    if as_json:
        print_json(_json(chapter, wanted, changed, dues, moved, dry_run=dry_run))
        return
    for line in [*lines, *_moved(moved)]:
        click.echo(line)
    if dry_run and not quiet:
        click.echo("Nothing was changed (--dry-run).", err=True)


def _span(days: float | None, hours: float | None, until: str | None) -> tuple[float | None, datetime.datetime | None]:
    if until is not None:
        try:
            return None, deadline(until)
        except ValueError as problem:
            raise UsageProblem(
                f"{problem}.", place="--until", hint='Write it like "2026-11-12 18:00 UTC" or "2026-11-12".'
            ) from problem
    if days is None and hours is None:
        return None, None
    seconds = (days or 0.0) * 86_400 + (hours or 0.0) * 3_600
    if not math.isfinite(seconds) or not 1 <= seconds <= MOST_DAYS * 86_400:
        raise UsageProblem(
            f"an extension is more than nothing, and at most {MOST_DAYS} days.",
            place="--days" if days is not None else "--hours",
            hint="To take an extension back: --revoke",
        )
    return float(round(seconds)), None


def _check(chapter: str, dues: DueDates, until: datetime.datetime | None, *, revoke: bool) -> None:
    if dues.due is None and not revoke:
        raise UsageProblem(
            f"{chapter} has no due date: nobody can be late.",
            place="course_config.py",
            hint=f'Give it one: c.Course.chapters = {{"{chapter}": {{"due": "2026-11-09 23:59 UTC"}}}}',
        )
    if until is not None and dues.due is not None and until <= dues.due:
        raise UsageProblem(
            f"{moment(until)} is not after the due date, {moment(dues.due)}.",
            place="--until",
            hint="An earlier due date for all is set in course_config.py.",
        )


def _rows(store: Store, chapter: str) -> dict[str, SubmissionRow]:
    return {row.student_id: row for row in store.scores([chapter])}


def _state(row: SubmissionRow) -> tuple[float, float, bool]:
    return (row.penalty, row.score, row.seconds_late > 0)


def _who(student_id: str) -> str:
    return printable(student_id) or "all"


def _due(dues: DueDates, student_id: str) -> datetime.datetime | None:
    return dues.of(student_id) if student_id else dues.for_all


def _line(chapter: str, student_id: str, dues: DueDates, *, is_new: bool, revoke: bool) -> str:
    due = _due(dues, student_id)
    more = dues.more_s(due)
    told = f"due {moment(due)}" + (f", {duration(more)} more" if more else "")
    if not is_new:
        told = f"there is none to take back; {told}" if revoke else f"as it was: {told}"
    elif student_id and due == dues.for_all and more:
        told += ", as for all"
    return f"{_who(student_id)}/{chapter}: {told}"


def _moved(moved: Sequence[tuple[SubmissionRow, SubmissionRow]]) -> list[str]:
    lines = []
    for was, now in moved[:LISTED]:
        late = (
            f"late by {duration(now.seconds_late)}"
            if now.seconds_late
            else "no longer late"
            if was.seconds_late
            else ""
        )
        cost = score = ""
        if was.penalty != now.penalty:
            cost = f"penalty {points(was.penalty)} → {points(now.penalty)}"
            score = f"score {points(was.final_score)} → {points(now.final_score)}"
        lines.append(f"  {_who(now.student_id)}: {', '.join(part for part in (late, cost, score) if part)}")
    if len(moved) > LISTED:
        lines.append(f"  … and {len(moved) - LISTED} more (--json has all)")
    return lines


def _json(
    chapter: str,
    wanted: Sequence[str],
    changed: Sequence[str],
    dues: DueDates,
    moved: Sequence[tuple[SubmissionRow, SubmissionRow]],
    *,
    dry_run: bool,
) -> dict[str, Any]:
    return {
        "assignment_id": chapter,
        "is_dry_run": dry_run,
        "due": iso(dues.due),
        "last_due": iso(dues.last),
        "extended": [
            {"student_id": name or None, "due": iso(_due(dues, name)), "is_changed": name in changed} for name in wanted
        ],
        "moved": [
            {
                "student_id": now.student_id,
                "penalty_before": was.penalty,
                "penalty": now.penalty,
                "score_before": was.final_score,
                "score": now.final_score,
                "seconds_late": now.seconds_late,
            }
            for was, now in moved
        ],
        "errors": [],
    }


# --- the list ---


def _list(config: CourseConfig, store: Store, names: Sequence[str], *, as_json: bool) -> None:
    students = known_students(config, store)
    chosen = [name for name in names if name in students]
    others = [name for name in names if name not in students]
    chapters = chosen_chapters(config, others) if others else None
    given = [
        extension
        for extension in store.extensions(ended=True)
        if (chapters is None or extension.assignment_id in chapters)
        and (not chosen or extension.student_id in ("", *chosen))
    ]
    rows = []
    for chapter in chapters or sorted({*config.layout.assignment_ids(), *(e.assignment_id for e in given)}):
        dues = store.due_dates(chapter, due=config.chapter(chapter).due)
        of_chapter = [e for e in given if e.assignment_id == chapter]
        rows += [_row(extension, dues) for extension in of_chapter]
        ours = {e.student_id for e in of_chapter if e.ended_at is None}
        rows += [
            {**_EMPTY, "student_id": name, "assignment_id": chapter, "due": due, "given_by": "nbgrader"}
            for name, due in sorted(dues.extended.items())
            if name not in ours and (not chosen or name in chosen)
        ]
    if as_json:
        shown = [
            {key: iso(value) if isinstance(value, datetime.datetime) else value for key, value in row.items()}
            for row in rows
        ]
        print_json({"extensions": shown, "errors": []})
        return
    holding = [row for row in rows if row["ended_at"] is None]
    for row in holding:
        why = f": {one_line(row['why'])}" if row["why"] else ""
        at = f", {moment(row['given_at'])}" if row["given_at"] else ""
        by = f" (given by {printable(row['given_by'])}{at})"
        click.echo(f"{_who(row['student_id'] or '')}/{row['assignment_id']}: due {moment(row['due'])}{why}{by}")
    if not holding:
        click.echo("Nobody has more time.")
    if len(holding) < len(rows):
        n = len(rows) - len(holding)
        click.echo(f"{n} that no longer hold{'s' if n == 1 else ''}: --json shows them", err=True)


_EMPTY: dict[str, Any] = {
    "student_id": None,
    "assignment_id": "",
    "due": None,
    "seconds": None,
    "until": None,
    "why": "",
    "given_by": "",
    "given_at": None,
    "ended_at": None,
    "ended_by": "",
    "end_why": "",
}


def _row(extension: Extension, dues: DueDates) -> dict[str, Any]:
    return {
        **_EMPTY,
        "student_id": extension.student_id or None,
        "assignment_id": extension.assignment_id,
        "due": None if dues.due is None else extension.due(dues.due),
        "seconds": extension.seconds,
        "until": extension.until,
        "why": extension.why,
        "given_by": extension.given_by,
        "given_at": extension.given_at,
        "ended_at": extension.ended_at,
        "ended_by": extension.ended_by,
        "end_why": extension.end_why,
    }
