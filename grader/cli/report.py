"""``grader report``: who has what, and what needs a person."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.main import chosen_chapters, open_course, print_json, shared_options, unknown_student
from grader.errors import GraderError


@click.command(short_help="Show scores, and what needs a person.")
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]…")
@click.option("-s", "--student", "students", multiple=True, metavar="ID", help="One student in detail.")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write students × chapters to a CSV file (- is stdout).",
)
@shared_options
@click.pass_context
def report(
    ctx: click.Context,
    chapters: tuple[str, ...],
    students: tuple[str, ...],
    csv_file: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Show students × chapters, class means, and what needs a person.

    With --student, every verdict of that student, with its message.

    \b
    Examples:
      grader report
      grader report 01_math_foundations --csv scores.csv
      grader report --student ada
    """
    from grader.gradebook.store import open_gradebook
    from grader.reports import render
    from grader.reports.scores import class_report, student_report
    from grader.reports.terminal import course_of, stdout_console

    if csv_file is not None and (students or as_json):
        raise click.UsageError("--csv writes the whole class: not with --student or --json.")
    config = open_course(ctx)
    chosen = chosen_chapters(config, chapters) if chapters else None
    course = course_of(config)
    with open_gradebook(config, create=False) as store:
        if students:
            known = sorted({row.student_id for row in store.students()} | set(config.layout.students()))
            for name in students:
                if name not in known:
                    raise unknown_student(name, known, config.layout.submitted_root.name)
            details = [student_report(store, course, name, chosen) for name in dict.fromkeys(students)]
            if as_json:
                print_json({"students": [render.student_json(detail) for detail in details], "errors": []})
                return
            console = stdout_console()
            for number, detail in enumerate(details):
                if number:
                    console.rule()
                render.show_student(console, detail)
            return
        answer = class_report(store, course, chosen)
    if as_json:
        print_json({**render.class_json(answer), "errors": []})
    elif csv_file is not None:
        _write_csv(csv_file, render.class_csv(answer), quiet=quiet)
    else:
        render.show_class(stdout_console(), answer)


def _write_csv(path: Path, text: str, *, quiet: bool) -> None:
    from grader.gradebook.autograded import write_whole

    if str(path) == "-":
        click.echo(text, nl=False)
        return
    if not path.absolute().parent.is_dir():
        raise GraderError("its folder does not exist.", place=str(path), hint="Make the folder, or name another file.")
    try:
        # The mark at the start tells spreadsheets that the text is UTF-8.
        write_whole(path.absolute(), text.encode("utf-8-sig"))
    except OSError as problem:
        raise GraderError(
            f"cannot be written: {problem.strerror or problem}.", place=str(path), hint="Name another file."
        ) from problem
    if not quiet:
        click.echo(f"Wrote {path}", err=True)
