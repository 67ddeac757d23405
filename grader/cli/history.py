"""``grader history``: how a student's scores came to be."""

from __future__ import annotations

import click

from grader.cli.main import chosen_chapters, known_students, open_course, print_json, shared_options, unknown_student
from grader.reports.text import printable


@click.command(short_help="Show how a student's scores came to be.")
@click.argument("student", metavar="STUDENT")
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]…")
@shared_options
@click.pass_context
def history(ctx: click.Context, student: str, chapters: tuple[str, ...], as_json: bool, quiet: bool) -> None:
    """Show every score that a student had: when, by which version of the tests, why, and by whom.

    Versions of a chapter's tests are numbered as they came. What somebody changed in formgrader is noticed by the next
    command that writes to the chapter; the line then says when that was.

    \b
    Examples:
      grader history ada
      grader history ada 05_backpropagation --json
    """
    from grader.gradebook.store import open_gradebook
    from grader.reports.history import history_json, show_history
    from grader.reports.terminal import stdout_console

    config = open_course(ctx)
    chosen = chosen_chapters(config, chapters) if chapters else None
    with open_gradebook(config, create=False) as store:
        known = known_students(config, store)
        rows = store.history(student, chosen)
        if student not in known and not rows:
            raise unknown_student(student, known, "gradebook")
        extensions = [
            extension
            for extension in store.extensions(ended=True)
            if extension.student_id in ("", student) and (chosen is None or extension.assignment_id in chosen)
        ]
    if as_json:
        print_json({"student_id": student, **history_json(rows, extensions), "errors": []})
    elif not rows and not extensions:
        click.echo(f"Nothing of {printable(student)} was graded yet.")
    else:
        show_history(stdout_console(), rows, extensions)
