"""``grader feedback``: what goes back to students, one page a submission."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from grader.cli.main import (
    chosen_chapters,
    chosen_students,
    known_students,
    open_course,
    print_json,
    say,
    shared_options,
)
from grader.errors import GraderError

if TYPE_CHECKING:
    from grader.course.config import CourseConfig
    from grader.reports.pages import PageResult

LISTED = 20
"""As many submissions of a kind are named; ``--json`` has all."""


@click.command(short_help="Write what goes back to students, one page a submission.")
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]…")
@click.option("-s", "--student", "students", multiple=True, metavar="ID", help="Only this student; may be repeated.")
@shared_options
@click.pass_context
def feedback(
    ctx: click.Context, chapters: tuple[str, ...], students: tuple[str, ...], as_json: bool, quiet: bool
) -> None:
    """Write feedback/<student>/<chapter>/<chapter>.html for what has been graded.

    Each page is one file that needs no network and runs no script. It shows verdicts, what visible tests expected and
    received, the hints of hidden ones, and the student's own work; nothing of a hidden test. Pages that would not
    change are left alone. `nbgrader release_feedback CHAPTER` then hands them out, or send them as you like.

    \b
    Examples:
      grader feedback
      grader feedback 04_loss_function
      grader feedback 04_loss_function --student ada --student grace
    """
    from grader.gradebook.store import open_gradebook
    from grader.reports.pages import write_pages
    from grader.reports.terminal import Progress

    config = open_course(ctx)
    names = chosen_chapters(config, chapters)
    results: list[PageResult] = []
    with open_gradebook(config, create=False) as store:
        chosen = chosen_students(students, known_students(config, store), config.layout.submitted_root.name) or None
        total = sum(len(chosen or config.layout.submissions(name)) for name in names)
        with Progress(total, quiet=quiet) as progress:
            for name in names:
                for result in write_pages(config, store, name, chosen):
                    results.append(result)
                    progress.advance(f"{result.student_id}/{result.assignment_id}")
    if not any(result.status != "missing" for result in results):
        raise GraderError(
            "there is nothing to give feedback on"
            + (f": {', '.join(students)} handed in nothing of {', '.join(names)}." if students else "."),
            place=str(config.layout.submitted_root),
            hint="Submissions are graded first: grader autograde",
        )
    _tell(config, results, as_json=as_json, quiet=quiet)
    if any(result.status in ("waiting", "failed") for result in results):
        ctx.exit(1)


_STATUSES = ("written", "unchanged", "waiting", "missing", "failed")


def _tell(config: CourseConfig, results: list[PageResult], *, as_json: bool, quiet: bool) -> None:
    counts = Counter(result.status for result in results)
    if as_json:
        print_json(
            {
                "results": [_result_json(config, result) for result in results],
                "counts": {status: counts[status] for status in _STATUSES},
                "errors": [
                    {
                        "type": "SubmissionError",
                        "place": f"{result.student_id}/{result.assignment_id}",
                        "message": result.reason or "not autograded yet.",
                        "hint": "" if result.reason else "grader autograde",
                    }
                    for result in results
                    if result.status in ("waiting", "failed")
                ],
            }
        )
    said: dict[str, list[str]] = {}
    for result in results:
        who = f"{result.student_id}/{result.assignment_id}"
        if result.status == "waiting":
            said.setdefault("Not autograded yet, so no page (run grader autograde):", []).append(who)
        elif result.status == "failed":
            said.setdefault("No page:", []).append(f"{who}: {result.reason}")
        elif result.status == "missing":
            said.setdefault("Not handed in, so no page:", []).append(who)
        elif not result.is_graded:
            said.setdefault("Could not be graded; the page says why:", []).append(who)
        for warning in result.warnings:
            said.setdefault("Look at these before you release them:", []).append(f"{who}: {warning}")
    for heading, lines in said.items():
        if quiet and not heading.startswith(("No", "Look")):
            continue
        click.echo(heading, err=True)
        for line in lines[:LISTED]:
            say(f"  {line}")
        if len(lines) > LISTED:
            click.echo(f"  … and {len(lines) - LISTED} more (--json has all)", err=True)
    if not as_json:
        n_pages = counts["written"] + counts["unchanged"]
        folder = config.layout.feedback_root.name
        click.echo(
            f"{n_pages} page{'s' * (n_pages != 1)} in {folder}/: {counts['written']} written, "
            f"{counts['unchanged']} unchanged"
        )


def _result_json(config: CourseConfig, result: PageResult) -> dict[str, Any]:
    return {
        "student_id": result.student_id,
        "assignment_id": result.assignment_id,
        "status": result.status,
        "path": str(result.path.relative_to(config.root)) if result.path else None,
        "graded": result.is_graded and result.is_done,
        "reason": result.reason,
        "warnings": list(result.warnings),
    }
