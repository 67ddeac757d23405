"""``grader export``: scores for learning platforms."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from grader.reports.exports import Export

FORMATS = ("csv", "canvas", "moodle", "gradescope")


@click.command(short_help="Write scores for a learning platform.")
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]…")
@click.option(
    "--format", "kind", type=click.Choice(FORMATS), default="csv", show_default=True, help="Whose import will read it."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write (gradescope: folder).  [stdout]")
@click.option("-s", "--student", "students", multiple=True, metavar="ID", help="Only this student; may be repeated.")
@click.option("--by", type=click.Choice(("chapter", "question")), default="chapter", show_default=True)
@click.option(
    "--late-penalty/--no-late-penalty", "late", default=True, show_default=True, help="Whether lateness costs points."
)
@click.option("--missing-as-zero", is_flag=True, help="0 for what was not handed in; without it, no score.")
@shared_options
@click.pass_context
def export(
    ctx: click.Context,
    chapters: tuple[str, ...],
    kind: str,
    output: Path | None,
    students: tuple[str, ...],
    by: str,
    late: bool,
    missing_as_zero: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write scores in the columns of nbgrader (csv), Canvas or Moodle, or as Gradescope's results.json.

    Without a score (not handed in, not graded) a cell is empty, which platforms leave as it is. A spreadsheet program
    shows every cell and runs none.

    \b
      csv         a row for each student and chapter (or question), with raw score and penalty
      canvas      Gradebook → Import: a row for each student, a column for each assignment
      moodle      Grades → Import → CSV file: the same, headings as in Moodle's own export
      gradescope  OUTPUT/<student>/<chapter>/results.json

    \b
    Examples:
      grader export --output scores.csv
      grader export --format canvas --output canvas.csv
      grader export 04_loss_function --by question --no-late-penalty
      grader export --format gradescope --output results/
    """
    from grader.gradebook.store import open_gradebook
    from grader.reports import exports
    from grader.reports.terminal import course_of

    if kind == "gradescope" and output is None and not as_json:
        raise click.UsageError("--format gradescope writes many files: name a folder with --output.")
    config = open_course(ctx)
    names = chosen_chapters(config, chapters)
    course = course_of(config)
    with open_gradebook(config, create=False) as store:
        chosen = chosen_students(students, known_students(config, store), config.layout.submitted_root.name) or None
        found = exports.export_of(store, course, names, late=late, missing_as_zero=missing_as_zero, student_ids=chosen)
    if kind == "gradescope" and output is not None:
        from grader.reports.public import HiddenTests

        tests = {name: HiddenTests.of_chapter(config.layout, name) for name in names}
        files = exports.gradescope_results(found, tests)
        for relative, document in files.items():
            write_file(output / relative, (json.dumps(document, indent=1) + "\n").encode(), folders=True)
        _say(f"Wrote {len(files)} results.json in {output}", quiet=quiet or as_json)
    elif kind != "gradescope" and (output is not None or not as_json):
        makers: dict[str, Callable[..., str]] = {
            "csv": exports.plain_csv,
            "canvas": exports.canvas_csv,
            "moodle": exports.moodle_csv,
        }
        text = makers[kind](found, by_question=by == "question")
        if output is None or str(output) == "-":
            click.echo(text, nl=False)
        else:
            # The mark at the start tells spreadsheets that the text is UTF-8; the platforms' imports want none.
            write_file(output, text.encode("utf-8-sig" if kind == "csv" else "utf-8"))
            _say(f"Wrote {output}", quiet=quiet or as_json)
    if as_json:
        print_json({"format": kind, "by": by, "late_penalty": late, "rows": exports.export_json(found), "errors": []})
    _warn(found, quiet=quiet)


def _say(text: str, *, quiet: bool) -> None:
    if not quiet:
        click.echo(text, err=True)


def _warn(found: Export, *, quiet: bool) -> None:
    """Say what is not in the scores yet."""
    counts = {
        status: sum(row.status == status for row in found.rows) for status in ("needs manual grade", "not graded")
    }
    if counts["needs manual grade"]:
        n = counts["needs manual grade"]
        _say(f"{n} submission{'s' * (n != 1)} with answers that a person has not graded: counted as 0.", quiet=quiet)
    if counts["not graded"]:
        n = counts["not graded"]
        _say(f"{n} submission{'s' * (n != 1)} not graded: no score.", quiet=quiet)
