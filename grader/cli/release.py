"""``grader release``: a chapter to the students, or its solution once it is closed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.main import chosen_chapters, open_course, print_json, shared_options
from grader.errors import GraderError, UsageProblem

if TYPE_CHECKING:
    from grader.course.config import CourseConfig
    from grader.gradebook.store import Store


@click.command(short_help="Publish a chapter, or its solution once it is closed.")
@click.argument("chapters", nargs=-1, required=True, metavar="CHAPTER…")
@click.option("--exchange", is_flag=True, help="Publish to nbgrader's exchange too.")
@click.option("--zip/--no-zip", "with_zip", default=True, help="Make a zip of each chapter for an LMS.  [default: zip]")
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), help="The folder of the zips.  [handouts/]")
@click.option("--solutions", is_flag=True, help="Not the chapter, but its solution: notebook and .py, no hidden tests.")
@click.option("-f", "--force", is_flag=True, help="A solution before it is due; another version in the exchange.")
@click.option("-n", "--dry-run", is_flag=True, help="Check everything, and write nothing.")
@shared_options
@click.pass_context
def release(
    ctx: click.Context,
    chapters: tuple[str, ...],
    exchange: bool,
    with_zip: bool,
    to: Path | None,
    solutions: bool,
    force: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Publish release/CHAPTER/ to students: as a zip for an LMS, and to nbgrader's exchange.

    Refused when grader generate --check fails. With --solutions, the solution of a closed chapter; refused before the
    last student's due date, extensions included.

    \b
    Examples:
      grader release 05_backpropagation
      grader release 05_backpropagation --exchange --no-zip
      grader release 01_math_foundations --solutions
    """
    from grader.gradebook.store import open_gradebook

    if solutions and (exchange or not with_zip):
        raise click.UsageError("--solutions makes zips: nbgrader's exchange has no place for solutions.")
    if not with_zip and not exchange:
        raise click.UsageError("--no-zip without --exchange would publish nothing.")
    config = open_course(ctx)
    names = chosen_chapters(config, chapters)
    _require_fresh(config, names)
    with open_gradebook(config) as store:
        if solutions and not force:
            _require_closed(config, store, names)
    folder = (to or config.layout.handouts_root).absolute()
    done = []
    for name in names:
        item: dict[str, Any] = {"assignment_id": name, "kind": "solution" if solutions else "release"}
        if with_zip:
            item |= _zip(config, name, folder, solutions=solutions, dry_run=dry_run)
        if exchange:
            item |= _exchange(config, name, force=force, dry_run=dry_run)
        done.append(item)
        if not as_json:
            _tell(item)
    if as_json:
        print_json({"released": done, "dry_run": dry_run, "errors": []})
    elif dry_run and not quiet:
        click.echo("Nothing was written (--dry-run).", err=True)


def _require_fresh(config: CourseConfig, names: list[str]) -> None:
    from grader.authoring.publish import generate_command, plan

    publication = plan(config, names)
    stale = publication.changed(released_only=True)
    if stale:
        shown = ", ".join(stale[:3]) + (f" and {len(stale) - 3} more" if len(stale) > 3 else "")
        raise GraderError(
            f"{config.layout.release}/ is not what {config.layout.source}/ makes: {shown}.",
            place=str(config.layout.release_root),
            hint=f"Nothing was released. Run: {generate_command(publication)}",
        )


def _require_closed(config: CourseConfig, store: Store, names: list[str]) -> None:
    from grader.gradebook.due import last_due_date

    for name in names:
        due = last_due_date(store, config, name)
        if due is None:
            raise GraderError(
                "its solution was not published: without a due date nobody knows if the chapter is closed.",
                place=name,
                hint="Give it one in course_config.py, or publish it all the same with --force.",
            )
        if store.now <= due:
            raise GraderError(
                f"its solution was not published: the last student may hand in until {due:%Y-%m-%d %H:%M} UTC.",
                place=name,
                hint="Wait until then, or publish it all the same with --force.",
            )


def _zip(config: CourseConfig, name: str, folder: Path, *, solutions: bool, dry_run: bool) -> dict[str, Any]:
    from grader.authoring.handout import release_files, solution_files, write_zip, zip_bytes

    files = solution_files(config, name) if solutions else release_files(config, name)
    if not files:
        raise UsageProblem("there is nothing to release.", place=str(config.layout.release_dir(name)))
    path = folder / f"{name}{'_solution' if solutions else ''}.zip"
    content = zip_bytes(files)
    is_new = write_zip(path, content, dry_run=dry_run)
    return {
        "zip": str(path),
        "zip_status": _status(is_new, dry_run),
        "sha256": hashlib.sha256(content).hexdigest(),
        "files": sorted(files),
    }


def _exchange(config: CourseConfig, name: str, *, force: bool, dry_run: bool) -> dict[str, Any]:
    from grader.authoring.exchange import exchange_root, release_to_exchange

    if dry_run:
        return {
            "exchange": str(exchange_root(config) / config.course_id / "outbound" / name),
            "exchange_status": "would be written",
        }
    place, is_new = release_to_exchange(config, name, force=force)
    return {"exchange": str(place), "exchange_status": _status(is_new, dry_run=False)}


def _status(is_new: bool, dry_run: bool) -> str:
    return "unchanged" if not is_new else "would be written" if dry_run else "written"


def _tell(item: dict[str, Any]) -> None:
    what = f"{item['assignment_id']}{' (solution)' if item['kind'] == 'solution' else ''}"
    for place in ("zip", "exchange"):
        if place in item:
            click.echo(f"{what}: {item[place]} ({item[f'{place}_status']})")
