"""``grader collect``: from what an LMS, nbgrader's exchange or a folder has to ``submitted/``."""

from __future__ import annotations

import dataclasses
import datetime
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.main import (
    chosen_chapters,
    errors_json,
    open_course,
    print_json,
    say,
    shared_options,
    tell_error,
    unknown_student,
)
from grader.errors import GraderError, SubmissionError, UsageProblem
from grader.reports.text import iso, one_line

if TYPE_CHECKING:
    from grader.course.config import CourseConfig
    from grader.gradebook.collecting import Collected, Collector
    from grader.gradebook.receipts import Receipt
    from grader.gradebook.store import Store

ORIGINS = ("exchange", "canvas", "moodle", "gradescope", "folder")
STATUSES = ("collected", "kept", "unchanged", "set aside")
MANY = 3
ONE_MOMENT = datetime.timedelta(minutes=2)
SHOWN_LINES = 40
"""More hand-ins than this are summed up by chapter; ``--json`` has them all."""


@click.command(short_help="Take in what students handed in: exchange, LMS zips, folders.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="PATH…")
@click.option("-c", "--chapter", metavar="ID", help="All of it is of this chapter. Without: names and contents tell.")
@click.option("-s", "--student", metavar="ID", help="All of it is by this student. Without: names tell, by the roster.")
@click.option("--from", "origin", type=click.Choice(ORIGINS), help="What the paths are. Without: their names tell.")
@click.option("--exchange", is_flag=True, help="Also what is in nbgrader's exchange of this course.")
@click.option("--received", metavar="TIME", help='When all of it was handed in, like "2026-10-05 21:14 UTC".')
@click.option(
    "--times",
    "times_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="CSV",
    help="When each student handed in: a column for the student, one for the time. Moodle's grading worksheet is one.",
)
@click.option(
    "--timezone", metavar="NAME", help="Of times in zips and tables without a zone, like Europe/Berlin [UTC]."
)
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be collected, and write nothing.")
@click.option("--receipts", "list_receipts", is_flag=True, help="Collect nothing; list what was handed in so far.")
@shared_options
@click.pass_context
def collect(
    ctx: click.Context,
    paths: tuple[Path, ...],
    chapter: str | None,
    student: str | None,
    origin: str | None,
    exchange: bool,
    received: str | None,
    times_file: Path | None,
    timezone: str | None,
    dry_run: bool,
    list_receipts: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Take in hand-ins from nbgrader's exchange, LMS zips, folders, notebooks and starter .py files.

    Zips are those that Canvas, Moodle and Gradescope give; students are found by the roster. Every version is kept in
    collected/, with a receipt (time and SHA-256) in the gradebook; the latest is put into submitted/. What cannot be
    collected (a stranger's, of another chapter, no notebook, a link, a zip bomb) is named and set aside, the rest
    goes on, and the exit code is 1. Running it again changes nothing.

    \b
    Examples:
      grader collect submissions.zip
      grader collect moodle.zip --chapter 05_backpropagation --times worksheet.csv
      grader collect --exchange
      grader collect ada_05_backpropagation.py --student ada
      grader collect --receipts --student ada
    """
    from grader.gradebook.store import open_gradebook

    config = open_course(ctx)
    names = chosen_chapters(config, [chapter]) if chapter else []
    if list_receipts:
        with open_gradebook(config, create=False) as store:
            known = [row.student_id for row in store.students()]
            if student is not None and student not in {*known, *(each.student_id for each in store.receipts())}:
                raise unknown_student(student, known, "--student")
            _list(store, student, names, as_json=as_json)
        return
    sources = [*paths, *([_exchange_inbound(config)] if exchange else [])]
    if not sources:
        raise click.UsageError("name a zip, a folder or a file to collect, or say --exchange.")
    zone = _zone(timezone)
    at = None if received is None else _instant(received, zone, "--received")
    with open_gradebook(config) as store:
        known = [row.student_id for row in store.students()]
        if student is not None and student not in known and store.has_roster():
            raise unknown_student(student, known, "--student")
        done, broken = _collect(config, store, sources, names, student, origin, at, times_file, zone, dry_run)
    if as_json:
        print_json(_json(done, broken, dry_run=dry_run))
    else:
        _show(done, dry_run=dry_run)
    if broken or any(item.status == "set aside" for item in done):
        ctx.exit(1)


def _collect(
    config: CourseConfig,
    store: Store,
    sources: list[Path],
    names: list[str],
    student: str | None,
    origin: str | None,
    at: datetime.datetime | None,
    times_file: Path | None,
    zone: datetime.tzinfo,
    dry_run: bool,
) -> tuple[list[Collected], list[GraderError]]:
    from grader.gradebook.collecting import Collector
    from grader.gradebook.keeping import collect_lock, explained, repair
    from grader.gradebook.uploads import open_source

    done: list[Collected] = []
    broken: list[GraderError] = []
    with collect_lock(config.layout):
        if not dry_run:
            with explained(config.layout.submitted_root):
                repair(config.layout)
        collector = Collector(
            config,
            store,
            chapter=names[0] if names else "",
            student=_checked_id(student),
            received_at=at,
            dry_run=dry_run,
        )
        if times_file is not None:
            collector.times = _times(times_file, collector, zone)
        for path in sources:
            try:
                with open_source(path, collector.course, origin or "", zone) as found:
                    begin = len(done)
                    for item in collector.collect(found, _source_time(path)):
                        done.append(item)
                        _tell(item)
                _doubt_times(path, done[begin:])
            except (UsageProblem, SubmissionError) as problem:
                if len(sources) == 1:
                    raise
                # One source that cannot be read does not stop the others.
                broken.append(problem)
                tell_error(problem)
    return done, broken


def _doubt_times(path: Path, done: list[Collected]) -> None:
    """Say so when the time stamps of a zip are those of one moment: not of hand-ins, but of the download."""
    new = [item.receipt for item in done if item.receipt and item.status in ("collected", "kept")]
    times = [receipt.received_at for receipt in new if receipt.time_from == "zip"]
    if len(times) >= MANY and max(times) - min(times) <= ONE_MOMENT:
        say(
            f"{path.name}: all {len(times)} files are of {max(times):%Y-%m-%d %H:%M} UTC: that of the download?"
            "\nIf somebody was late by it, say better with --times or --received.",
            lines=True,
        )


def _checked_id(student: str | None) -> str:
    from grader.course.roster import student_id_problem

    if student is not None and student_id_problem(student):
        raise UsageProblem(student_id_problem(student), place=repr(student))
    return student or ""


def _source_time(path: Path) -> datetime.datetime:
    try:
        return datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
    except OSError:
        return datetime.datetime.now(datetime.UTC)


def _exchange_inbound(config: CourseConfig) -> Path:
    from grader.authoring.exchange import exchange_root

    return exchange_root(config) / config.course_id / "inbound"


# --- times ---


def _zone(name: str | None) -> datetime.tzinfo:
    import zoneinfo

    if name is None or name.upper() == "UTC":
        return datetime.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise UsageProblem(
            f"{name!r} is no time zone that this machine knows.", place="--timezone", hint="Like Europe/Berlin."
        ) from problem


def _instant(text: str, zone: datetime.tzinfo, place: str) -> datetime.datetime:
    from grader.course.dates import instant

    try:
        value = instant(text)
    except ValueError as problem:
        raise UsageProblem(f"{problem}.", place=place, hint='Write it like "2026-10-05 21:14 UTC".') from problem
    if zone is not datetime.UTC and not _says_its_zone(text):
        return value.replace(tzinfo=zone).astimezone(datetime.UTC)
    return value


def _says_its_zone(text: str) -> bool:
    import re

    return bool(re.search(r"(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[A-Z]{3,4}|[A-Za-z_]+/[A-Za-z_]+)\s*$", text))


def _times(path: Path, collector: Collector, zone: datetime.tzinfo) -> dict[str, datetime.datetime]:
    from grader.gradebook.times import read_times

    try:
        data = path.read_bytes()
    except OSError as problem:
        raise UsageProblem(f"cannot be read: {problem.strerror or problem}.", place=str(path)) from problem
    texts = read_times(data, str(path), collector.roster)
    return {student_id: _instant(text, zone, f"{path}:{line}") for student_id, (text, line) in texts.items()}


# --- telling ---


def _tell(item: Collected) -> None:
    """Say at once what a person has to look at."""
    place = one_line(item.place)
    if item.status == "set aside":
        say(f"{place}: set aside: {one_line(item.reason)}" + (f"\n{item.hint}" if item.hint else ""), lines=True)
    if item.status != "unchanged":
        for warning in item.warnings:
            say(f"{place}: {one_line(warning)}")


def _show(done: list[Collected], *, dry_run: bool) -> None:
    from rich.markup import escape
    from rich.table import Table

    from grader.reports.terminal import stdout_console

    news = [item for item in done if item.status in ("collected", "kept") and item.receipt]
    console = stdout_console()
    if news and len(news) <= SHOWN_LINES:
        table = Table(box=None, pad_edge=False)
        for name in ("student", "chapter", "version", "received (UTC)", "SHA-256"):
            table.add_column(name, overflow="fold", no_wrap=name in ("received (UTC)", "SHA-256"))
        for item in news:
            receipt = item.receipt
            assert receipt is not None
            version = f"{receipt.version}" + ("" if receipt.is_current else ", not the latest")
            received = f"{receipt.received_at:%Y-%m-%d %H:%M}"
            values = (receipt.student_id, receipt.assignment_id, version, received, receipt.sha256[:8])
            table.add_row(*(escape(one_line(value)) for value in values))
        console.print(table)
    elif news:
        by_chapter = Counter(item.receipt.assignment_id for item in news if item.receipt)
        for chapter, number in sorted(by_chapter.items()):
            console.print(f"{chapter}: {number} new", markup=False, highlight=False)
    counts = Counter(item.status for item in done)
    told = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])
    noun = "hand-in" if len(done) == 1 else "hand-ins"
    would = "; nothing was written (--dry-run)" if dry_run else ""
    click.echo(f"{len(done)} {noun}: {told or 'there is nothing to collect'}{would}")


def _json(done: list[Collected], broken: list[GraderError], *, dry_run: bool) -> dict[str, Any]:
    counts = Counter(item.status for item in done)
    asides = [
        {"type": "SubmissionError", "place": item.place, "message": item.reason, "hint": item.hint}
        for item in done
        if item.status == "set aside"
    ]
    return {
        "handins": [
            {
                "status": item.status,
                "place": item.place,
                "reason": item.reason,
                "warnings": list(item.warnings),
                "replaced": item.replaced,
                "receipt": _receipt_json(item.receipt) if item.receipt else None,
            }
            for item in done
        ],
        "counts": {status: counts[status] for status in STATUSES},
        "dry_run": dry_run,
        "errors": [*asides, *(each for problem in broken for each in errors_json(problem))],
    }


def _receipt_json(receipt: Receipt) -> dict[str, Any]:
    values = dataclasses.asdict(receipt)
    for name in ("received_at", "collected_at"):
        values[name] = iso(values[name])
    return values


def _list(store: Store, student: str | None, names: list[str], *, as_json: bool) -> None:
    from rich.markup import escape
    from rich.table import Table

    from grader.reports.terminal import stdout_console

    found = store.receipts(student, names[0] if names else None)
    if as_json:
        print_json({"receipts": [_receipt_json(receipt) for receipt in found], "errors": []})
        return
    console = stdout_console()
    table = Table(box=None, pad_edge=False)
    for name in ("student", "chapter", "version", "received (UTC)", "from", "SHA-256"):
        table.add_column(name, overflow="fold", no_wrap=name in ("received (UTC)", "SHA-256"))
    for receipt in found:
        if receipt.version:
            version = f"{receipt.version}{' *' if receipt.is_current else ''}"
            received = f"{receipt.received_at:%Y-%m-%d %H:%M}"
            values = (receipt.student_id, receipt.assignment_id, version, received, receipt.origin, receipt.sha256[:8])
            table.add_row(*(escape(one_line(value)) for value in values))
    if table.row_count:
        console.print(table)
        click.echo("* counts", err=True)
    else:
        click.echo("nothing was collected yet")
    for receipt in found:
        if not receipt.version:
            click.echo(one_line(f"{receipt.source}: set aside: {receipt.problem}"))
