"""``grader report``: who has what, and what needs a person."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from grader.cli.main import (
    chosen_chapters,
    chosen_students,
    known_students,
    open_course,
    print_json,
    shared_options,
    write_file,
)


@click.command(short_help="Show scores, and what needs a person.")
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]…")
@click.option("-s", "--student", "students", multiple=True, metavar="ID", help="One student in detail.")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write students × chapters to a CSV file (- is stdout).",
)
@click.option(
    "--html",
    "html_file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write the class at a glance as one web page: charts, hardest tests, who needs help (- is stdout).",
)
@shared_options
@click.pass_context
def report(
    ctx: click.Context,
    chapters: tuple[str, ...],
    students: tuple[str, ...],
    csv_file: Path | None,
    html_file: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Show students × chapters, class means, and what needs a person.

    With --student, every verdict of that student, with its message. With --html, one web page for a projector: it needs
    no network and runs no script, and shows no name until a number is followed.

    \b
    Examples:
      grader report
      grader report --html class.html
      grader report 01_math_foundations --csv scores.csv
      grader report --student ada
    """
    from grader.gradebook.store import open_gradebook
    from grader.reports import render
    from grader.reports.scores import class_report, student_report
    from grader.reports.terminal import course_of, stdout_console

    if sum((csv_file is not None, html_file is not None, bool(students) or as_json)) > 1:
        raise click.UsageError("--csv and --html write the whole class: one of --csv, --html, --json and --student.")
    config = open_course(ctx)
    chosen = chosen_chapters(config, chapters) if chapters else None
    course = course_of(config)
    with open_gradebook(config, create=False) as store:
        if students:
            wanted = chosen_students(students, known_students(config, store), config.layout.submitted_root.name)
            details = [student_report(store, course, name, chosen) for name in wanted]
            if as_json:
                print_json({"students": [render.student_json(detail) for detail in details], "errors": []})
                return
            console = stdout_console()
            for number, detail in enumerate(details):
                if number:
                    console.rule()
                render.show_student(console, detail)
            return
        if html_file is not None:
            from grader.reports.picture import class_picture

            picture = class_picture(store, course, chosen, now=datetime.datetime.now(datetime.UTC))
        else:
            answer = class_report(store, course, chosen)
    if html_file is not None:
        from grader.reports.page import class_page

        _write(html_file, class_page(picture).encode(), quiet=quiet)
    elif as_json:
        print_json({**render.class_json(answer), "errors": []})
    elif csv_file is not None:
        # The mark at the start tells spreadsheets that the text is UTF-8.
        text = render.class_csv(answer)
        _write(csv_file, text.encode("utf-8" if str(csv_file) == "-" else "utf-8-sig"), quiet=quiet)
    else:
        render.show_class(stdout_console(), answer)


def _write(path: Path, content: bytes, *, quiet: bool) -> None:
    if str(path) == "-":
        click.echo(content, nl=False)
        return
    write_file(path, content)
    if not quiet:
        click.echo(f"Wrote {path}", err=True)
