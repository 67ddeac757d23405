"""``grader gradescope``: a chapter as an autograder for Gradescope."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.main import chosen_chapters, isolation_option, open_course, print_json, shared_options, write_file


@click.command(short_help="Make a chapter's autograder for Gradescope.")
@click.argument("chapter")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The zip file to write.  [default: CHAPTER-gradescope.zip]",
)
@isolation_option
@shared_options
@click.pass_context
def gradescope(
    ctx: click.Context, chapter: str, output: Path | None, isolation: str | None, as_json: bool, quiet: bool
) -> None:
    """Write the zip that Gradescope asks for under "Configure Autograder": setup.sh, run_autograder and the tests.

    Inside Gradescope's container the same judge grades one submission and writes results.json: a test for each grade
    cell, with its points and what the student may read. Answers for a person are not in the score; give them a question
    of their own. The zip holds the hidden tests: don't publish it.

    \b
    Example:
      grader gradescope 04_loss_function
    """
    from grader.authoring.release import grading_spec
    from grader.reports.autograder_zip import autograder_zip, requirements

    config = open_course(ctx, isolation)
    (name,) = chosen_chapters(config, [chapter])
    spec = grading_spec(config, name)
    content = autograder_zip(spec, config.isolation)
    path = output or Path(f"{name}-gradescope.zip")
    write_file(path, content)
    if as_json:
        document = {"assignment_id": name, "path": str(path), "bytes": len(content), "errors": []}
        print_json(document | {"requirements": requirements(spec)})
    else:
        points = sum(cell.points for cell in spec.cells if cell.role == "test")
        click.echo(f"Wrote {path} ({len(content) / 1000:.0f} kB)")
        if not quiet:
            click.echo(f"Set the autograder's points on Gradescope to {points:g}.", err=True)
