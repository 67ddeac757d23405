"""``grader status``: how far everybody is."""

from __future__ import annotations

import datetime

import click

from grader.cli.main import chosen_chapters, chosen_students, known_students, open_course, print_json, shared_options
from grader.errors import UsageProblem

STAGES = ("missing", "late", "collected", "graded", "needs a person", "not gradable", "returned")


@click.command(short_help="Show how far everybody is: missing, late, graded, returned.")
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]…")
@click.option("-s", "--student", "students", multiple=True, metavar="ID", help="Only this student; may be repeated.")
@click.option(
    "--only", "stages", multiple=True, metavar="STATE", help=f"Only students who are so far: {', '.join(STAGES)}."
)
@click.option("--all", "everybody", is_flag=True, help="Every student, however large the class is.")
@shared_options
@click.pass_context
def status(
    ctx: click.Context,
    chapters: tuple[str, ...],
    students: tuple[str, ...],
    stages: tuple[str, ...],
    everybody: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Show students × chapters: missing, late, collected, graded, not gradable, needs a person, returned.

    Collected is what was handed in and not graded yet, a newer hand-in too. Returned means that feedback was written
    after the last grading. Late and missing look at the student's own due date, extensions included.

    \b
    Examples:
      grader status
      grader status 05 --only missing --only late
      grader status --student ada --json
    """
    from grader.gradebook.store import open_gradebook
    from grader.reports.status import class_status, only, show_status, status_json
    from grader.reports.terminal import stdout_console

    wanted = [stage.replace("-", " ").replace("_", " ").lower() for stage in stages]
    for stage in wanted:
        if stage not in STAGES:
            raise UsageProblem(f"there is no state {stage!r}.", place="--only", hint=f"States: {', '.join(STAGES)}.")
    config = open_course(ctx)
    chosen = chosen_chapters(config, chapters) if chapters else None
    with open_gradebook(config, create=False) as store:
        wanted_students = chosen_students(students, known_students(config, store), "gradebook")
        answer = class_status(config, store, chosen, wanted_students or None, datetime.datetime.now(datetime.UTC))
    if wanted:
        answer = only(answer, wanted)
    if as_json:
        print_json({**status_json(answer), "errors": []})
    else:
        show_status(stdout_console(), answer, everybody=everybody or bool(wanted))
