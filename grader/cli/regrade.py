"""``grader regrade``: after tests, points or limits have changed, who moves, and then the new scores."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

import click

from grader.cli import autograde as autograding
from grader.cli.main import (
    chosen_chapters,
    chosen_students,
    isolation_option,
    known_students,
    open_course,
    print_json,
    say,
    shared_options,
)

if TYPE_CHECKING:
    from grader.gradebook.regrading import Regrading


@click.command(short_help="Grade again after tests, points or limits changed; who moves?")
@click.argument("chapters", nargs=-1, required=True, metavar="CHAPTER…")
@click.option("-s", "--student", "students", multiple=True, metavar="ID", help="Only this student; may be repeated.")
@click.option("-n", "--dry-run", is_flag=True, help="Show who would move, and write nothing.")
@click.option("-y", "--yes", is_flag=True, help="Write without asking (asked is only on a terminal).")
@click.option("-f", "--force", is_flag=True, help="Run also what the change does not concern.")
@click.option("--why", default="", metavar="TEXT", help="The reason, for the history; what changed is noted anyway.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), default=None, help="How many to grade at once [one a core].")
@isolation_option
@shared_options
@click.pass_context
def regrade(
    ctx: click.Context,
    chapters: tuple[str, ...],
    students: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    force: bool,
    why: str,
    jobs: int | None,
    isolation: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Grade a chapter's graded submissions again, as its solution file says today.

    First shows who moves and by how much; nothing is written before that. On a terminal it then asks. Only what the
    change concerns is run: where points alone have changed, the verdicts that are there get the new points. Scores,
    extra credit and comments that people gave stay. Tests may be added and removed; what a removed one had is kept in
    the history. All of it is written, or nothing.

    \b
    Examples:
      grader regrade 05 --dry-run
      grader regrade 05_backpropagation --yes --why "test_step was wrong for lists"
      grader regrade 05 --student ada --force
    """
    from grader.gradebook.regrading import Regrading
    from grader.gradebook.store import open_gradebook
    from grader.reports.regrade import regrade_json, show_changes, show_moves
    from grader.reports.terminal import Progress, stdout_console

    config = open_course(ctx, isolation)
    names = chosen_chapters(config, chapters)
    with open_gradebook(config, create=False) as store, store.turn(names, say):
        chosen = chosen_students(students, known_students(config, store), "gradebook")
        with Regrading(
            config,
            store,
            autograding.spec_source(config),
            names,
            chosen or None,
            force=force,
            why=why,
            keep_notebooks=not dry_run,
        ) as regrading:
            console = stdout_console()
            if not as_json:
                show_changes(console, regrading)
            with (
                autograding.grading_pool(jobs, config.isolation) as pool,
                Progress(regrading.n_run, quiet=quiet) as progress,
                contextlib.closing(regrading.run(pool)) as run,
            ):
                for student_id, assignment_id in run:
                    progress.advance(f"{student_id}/{assignment_id}")
            moves = regrading.moves()
            if not as_json and moves:
                show_moves(console, moves)
            n_troubles = _tell(regrading)
            is_written = bool(moves) and not dry_run and (yes or as_json or _agreed())
            if is_written:
                regrading.write()
                _tell(regrading, n_troubles)
            if as_json:
                print_json(regrade_json(regrading, moves, is_written=is_written))
            elif not quiet:
                click.echo(_end(regrading, len(moves), dry_run=dry_run, is_written=is_written), err=True)
    if regrading.troubles:
        ctx.exit(1)


def _agreed() -> bool:
    """Ask, where there is somebody to ask."""
    return not _is_terminal() or click.confirm("Write these scores?", err=True)


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _tell(regrading: Regrading, start: int = 0) -> int:
    """Say what could not be graded again; returns how many there are."""
    for trouble in regrading.troubles[start:]:
        place = f"{trouble.student_id}/{trouble.assignment_id}"
        say(f"{place}: {trouble.reason}", lines=True)
    return len(regrading.troubles)


def _end(regrading: Regrading, n_moves: int, *, dry_run: bool, is_written: bool) -> str:
    parts = []
    if n_moves:
        noun = "submission" if n_moves == 1 else "submissions"
        verb = "Wrote" if is_written else "Would write" if dry_run else "Did not write"
        parts.append(f"{verb} {n_moves} {noun} ({regrading.n_run} run)")
    else:
        parts.append("Nothing to write")
    if regrading.n_unchanged:
        parts.append(f"{regrading.n_unchanged} not concerned")
    if regrading.waiting:
        parts.append(f"{len(regrading.waiting)} not graded yet: grader autograde")
    return "; ".join(parts)
