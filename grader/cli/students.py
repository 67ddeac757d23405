"""``grader students``: who is in the course."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.main import course_option, open_course, print_json, say, shared_options, unknown_student
from grader.errors import GraderError, UsageProblem
from grader.reports.text import one_line

if TYPE_CHECKING:
    from grader.course.config import CourseConfig
    from grader.course.roster import Student
    from grader.gradebook.store import Store

SHOWN_IDS = 12


@click.group(short_help="Import, list, add and remove the students of the course.")
@course_option
def students() -> None:
    """Keep the roster: who is in the course. It is nbgrader's own table of students.

    Hand-ins are matched to students by it: by id, by e-mail address, by the LMS's number, by name.

    \b
    Examples:
      grader students import roster.csv
      grader students list
    """


@students.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), metavar="ROSTER.CSV")
@click.option("--id-column", default="", metavar="NAME", help="The column of student ids, if another than usual.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@shared_options
@click.pass_context
def import_(ctx: click.Context, file: Path, id_column: str, dry_run: bool, as_json: bool, quiet: bool) -> None:
    """Add the students of a CSV file, and bring known ones up to date. Nobody is removed.

    Understood are nbgrader's columns (id, first_name, last_name, email, lms_user_id), and what Canvas (gradebook
    export), Moodle (participants, grading worksheet) and Gradescope (roster) export. With a mistake in any line nobody
    is imported.

    \b
    Examples:
      grader students import roster.csv
      grader students import canvas-grades.csv --id-column "SIS User ID" --dry-run
    """
    from grader.course.roster import read_roster
    from grader.gradebook.store import open_gradebook

    config = open_course(ctx)
    found = read_roster(_content(file), str(file), id_column)
    if not found:
        raise GraderError("has no students in it.", place=str(file), hint="A roster has a line for each student.")
    with open_gradebook(config) as store:
        change = store.put_students(found, dry_run=dry_run)
        imported = {student.student_id for student in found}
        others = [row.student_id for row in store.students() if row.student_id not in imported]
    if as_json:
        print_json(
            {
                "added": list(change.added),
                "changed": list(change.changed),
                "unchanged": list(change.unchanged),
                "not_in_file": others,
                "dry_run": dry_run,
                "errors": [],
            }
        )
        return
    would = "would be " if dry_run else ""
    told = f"{len(change.added)} {would}added, {len(change.changed)} {would}changed, {len(change.unchanged)} unchanged"
    click.echo(f"{_many(len(found))}: {told}")
    if others and not quiet:
        say(f"Not in {file}, and kept: {_some(others)}")


def _content(file: Path) -> bytes:
    from grader.course.roster import MAX_ROSTER_BYTES

    if str(file) == "-":
        return sys.stdin.buffer.read(MAX_ROSTER_BYTES + 1)
    try:
        if not file.is_file():
            problem = "is not a file." if file.exists() else "there is no such file."
            raise UsageProblem(problem, place=str(file), hint="Name the CSV file that your LMS exports.")
        with file.open("rb") as stream:
            return stream.read(MAX_ROSTER_BYTES + 1)
    except OSError as problem:
        raise GraderError(f"cannot be read: {problem.strerror or problem}.", place=str(file)) from problem


def _many(number: int) -> str:
    return f"{number} {'student' if number == 1 else 'students'}"


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:SHOWN_IDS])
    return f"{shown} and {len(names) - SHOWN_IDS} more" if len(names) > SHOWN_IDS else shown


@students.command("list")
@shared_options
@click.pass_context
def list_(ctx: click.Context, as_json: bool, quiet: bool) -> None:
    """List the students, with how many chapters each has handed in.

    Students who are in submitted/ and not in the roster are named.

    \b
    Examples:
      grader students list
      grader students list --json
    """
    from grader.gradebook.store import open_gradebook

    config = open_course(ctx)
    with open_gradebook(config) as store:
        rows = store.students()
        counts = _chapters_of(config, store)
    known = {row.student_id for row in rows}
    unknown = [name for name in config.layout.students() if name not in known and _folders(config, name)]
    if as_json:
        print_json(
            {
                "students": [_json(row) | {"chapters": counts.get(row.student_id, 0)} for row in rows],
                "unknown": unknown,
                "errors": [],
            }
        )
        return
    _show(rows, counts)
    if unknown:
        say(f"In {config.layout.submitted}/, and not in the roster: {_some(unknown)}")


def _json(row: Student) -> dict[str, Any]:
    import dataclasses

    return dataclasses.asdict(row)


def _show(rows: list[Student], counts: dict[str, int]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from grader.reports.terminal import stdout_console

    console = stdout_console()
    if not rows:
        console.print("no students yet", markup=False)
        return
    table = Table(box=None, pad_edge=False)
    for name in ("student", "name", "e-mail", "LMS id"):
        table.add_column(name, overflow="fold")
    table.add_column("chapters", justify="right")
    for row in rows:
        values = (row.student_id, row.name, row.email, row.lms_user_id)
        table.add_row(*(escape(one_line(value)) for value in values), str(counts.get(row.student_id, 0)))
    console.print(table)


def _folders(config: CourseConfig, student_id: str) -> list[str]:
    """The chapters of which a student has something in ``submitted/``."""
    layout = config.layout
    return [name for name in layout.assignment_ids() if layout.submitted_dir(student_id, name).is_dir()]


def _chapters_of(config: CourseConfig, store: Store) -> dict[str, int]:
    """How many chapters each student has handed in: in the gradebook, or only in ``submitted/``."""
    counts = store.submission_counts()
    for name in config.layout.students():
        counts[name] = max(counts.get(name, 0), len(_folders(config, name)))
    return counts


@students.command()
@click.argument("student_id", metavar="ID")
@click.option("--first-name", default="", metavar="NAME", help="Given name.")
@click.option("--last-name", default="", metavar="NAME", help="Family name.")
@click.option("--email", default="", metavar="ADDRESS", help="E-mail address.")
@click.option("--lms-id", default="", metavar="NUMBER", help="The number of the student in the LMS.")
@shared_options
@click.pass_context
def add(
    ctx: click.Context,
    student_id: str,
    first_name: str,
    last_name: str,
    email: str,
    lms_id: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Add one student, or change what is known of one.

    \b
    Examples:
      grader students add ada --first-name Ada --last-name Lovelace --lms-id 4711
    """
    from grader.course.roster import Student, student_id_problem
    from grader.gradebook.store import open_gradebook

    config = open_course(ctx)
    problem = student_id_problem(student_id)
    if problem:
        raise UsageProblem(problem, place=repr(student_id), hint="Choose another id, like ada or ada@example.org.")
    student = Student(student_id, first_name, last_name, email, lms_id)
    with open_gradebook(config) as store:
        _refuse_twin(student, store.students())
        change = store.put_students([student])
    status = "added" if change.added else "changed" if change.changed else "unchanged"
    if as_json:
        print_json({"student": _json(student), "status": status, "errors": []})
    else:
        click.echo(f"{student_id}: {status}")


def _refuse_twin(student: Student, known: list[Student]) -> None:
    """Folders of two ids that differ in case only would be one on some disks; an LMS id is of one student."""
    for other in known:
        if other.student_id == student.student_id:
            continue
        if other.student_id.casefold() == student.student_id.casefold():
            raise UsageProblem(f"there is {other.student_id!r} already.", place=repr(student.student_id))
        if student.lms_user_id and other.lms_user_id == student.lms_user_id:
            raise UsageProblem(
                f"the LMS id {student.lms_user_id} is that of {other.student_id!r}.", place=repr(student.student_id)
            )


@students.command()
@click.argument("student_id", metavar="ID")
@click.option("--with-submissions", is_flag=True, help="Also with submissions: scores, comments and receipts go too.")
@shared_options
@click.pass_context
def remove(ctx: click.Context, student_id: str, with_submissions: bool, as_json: bool, quiet: bool) -> None:
    """Remove a student from the course.

    Refused while there are submissions, unless --with-submissions. What was handed in is not deleted, but moved to
    collected/.removed/.

    \b
    Examples:
      grader students remove ada
      grader students remove ada --with-submissions
    """
    from grader.gradebook.keeping import collect_lock
    from grader.gradebook.removing import folders_of, move_away
    from grader.gradebook.store import open_gradebook

    config = open_course(ctx)
    with open_gradebook(config, create=False) as store, collect_lock(config.layout):
        known = [row.student_id for row in store.students()]
        folders = folders_of(config.layout, student_id)
        if student_id not in known and not folders:
            raise unknown_student(student_id, known, "the roster")
        n_chapters = _chapters_of(config, store).get(student_id, 0)
        if (n_chapters or folders) and not with_submissions:
            chapters = f"{n_chapters} {'chapter' if n_chapters == 1 else 'chapters'}"
            raise GraderError(
                f"has handed in {chapters}, so it was not removed.",
                place=student_id,
                hint="With the scores and all: grader students remove --with-submissions. The files are kept.",
            )
        # Files first: after an interruption the student is still there, and the same command ends what was begun.
        moved = move_away(config.layout, student_id, store.now) if folders else None
        store.remove_student(student_id)
    place = "" if moved is None else moved.relative_to(config.root).as_posix()
    if as_json:
        print_json({"student_id": student_id, "status": "removed", "moved_to": place, "errors": []})
        return
    click.echo(f"{student_id}: removed")
    if place and not quiet:
        say(f"What was handed in is now in {place}/; delete it when nobody needs it.")
