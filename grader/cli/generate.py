"""``grader generate``: from annotated solution files to what students, nbgrader and the gradebook get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from grader.cli.main import chosen_chapters, isolation_option, open_course, print_json, shared_options

if TYPE_CHECKING:
    from grader.authoring.publish import Publication
    from grader.course.config import CourseConfig


@click.command(short_help="Make student versions, nbgrader's notebooks and gradebook entries.")
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]…")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if release/ is not what source/ makes.")
@isolation_option
@shared_options
@click.pass_context
def generate(
    ctx: click.Context, chapters: tuple[str, ...], check: bool, isolation: str | None, as_json: bool, quiet: bool
) -> None:
    """Make release/, source/<chapter>/ and the gradebook's entries from source/*.py.

    Nothing is changed before the gates have passed: the solution earns every point, the untouched notebook earns none,
    and no released file tells a line of a solution or a hidden test. All mistakes in all chapters are told at once, and
    then nothing is written; name the chapters that are ready to generate only those.

    \b
    Examples:
      grader generate
      grader generate 05_backpropagation
      grader generate --check          in a test: is release/ up to date?
    """
    from grader.authoring import publish

    config = open_course(ctx, isolation)
    names = chosen_chapters(config, chapters)
    say = _nothing if quiet else _on_stderr
    publication = publish.plan(config, names)
    for remark in publication.remarks:
        say(f"{remark.place}: remark: {remark.message}\n    {remark.hint}")
    if check:
        _check(ctx, config, publication, as_json=as_json)
        return
    publish.prove(publication, said=say, started=lambda name: say(f"{name}: running the solution and the stub …"))
    _sync_gradebook(config, publication)
    written = publish.write(publication)
    _answer(publication, written, as_json=as_json, is_check=False)


def _on_stderr(text: str) -> None:
    click.echo(text, err=True)


def _nothing(text: str) -> None:
    """Say nothing."""


def _check(ctx: click.Context, config: CourseConfig, publication: Publication, *, as_json: bool) -> None:
    from grader.authoring import publish

    stale = publication.changed(released_only=True)
    _answer(publication, stale, as_json=as_json, is_check=True)
    if stale:
        command = publish.generate_command(publication)
        click.echo(f"{config.layout.release}/ is not what {config.layout.source}/ makes. Run: {command}", err=True)
        ctx.exit(1)


def _sync_gradebook(config: CourseConfig, publication: Publication) -> None:
    from grader.gradebook.store import open_gradebook

    with open_gradebook(config) as store:
        for name, spec in publication.specs.items():
            store.sync_assignment(name, spec.cells, due=config.chapter(name).due)


def _answer(publication: Publication, files: list[str], *, as_json: bool, is_check: bool) -> None:
    if as_json:
        print_json(_json(publication, files, is_check=is_check))
        return
    for path in files:
        click.echo(f"{path}{_fate(publication, path)}")
    n_chapters = len(publication.assignments)
    what = f"{len(files)} {'file' if len(files) == 1 else 'files'} {'stale' if is_check else 'changed'}"
    chapters = f"{n_chapters} {'chapter' if n_chapters == 1 else 'chapters'}"
    click.echo(f"{chapters}, {publication.max_score:g} points; {what}")


def _fate(publication: Publication, path: str) -> str:
    return " (no longer made)" if path in publication.gone else ""


def _json(publication: Publication, files: list[str], *, is_check: bool) -> dict[str, Any]:
    return {
        "chapters": [
            {
                "assignment_id": assignment.assignment_id,
                "title": assignment.title,
                "points": assignment.max_score,
                "exercises": [cell.name for cell in assignment.cells if cell.role == "solution"],
                "grade_cells": [cell.name for cell in assignment.cells if cell.is_grade],
            }
            for assignment in publication.assignments.values()
        ],
        "points": publication.max_score,
        "is_fresh": not files,
        ("stale" if is_check else "changed"): files,
        "unproven": publication.unproven if is_check else [],
        "remarks": [
            {"type": "Remark", "place": remark.place, "message": remark.message, "hint": remark.hint}
            for remark in publication.remarks
        ],
        "errors": [],
    }
