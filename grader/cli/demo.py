"""``grader demo``: the whole path once, on a copy of the course and a class of sample students."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.main import course_option, isolation_option, open_course
from grader.errors import GraderError, UsageProblem

if TYPE_CHECKING:
    from grader.course.config import CourseConfig
    from grader.sample_class import SampleStudent

MARK = ".sample_course"
"""The file that says that a folder was made by the demo, and may be replaced by it."""

EXAMPLE = "sample_classic"
"""The student whose verdicts are shown in full, if there is one of that name."""


@click.command(short_help="Grade a class of sample students, from source/ to the report.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to make the sample course: a new folder, or one that an earlier demo made.  [default: demo/]",
)
@click.option("--jobs", type=click.IntRange(min=1), help="How many submissions at once.")
@isolation_option
@course_option
@click.pass_context
def demo(ctx: click.Context, folder: Path | None, jobs: int | None, isolation: str | None) -> None:
    """Copy this course into a fresh folder, hand in for every student of samples/, grade, and show the scores.

    Every sample student has a story and an expected score; the demo ends with 1 if one of them got another.

    \b
    Example:
      grader demo
    """
    from grader.sample_class import hand_in, read_class

    started = time.monotonic()
    course = open_course(ctx)
    students = read_class(course.root / "samples")
    place = _fresh_copy(course, folder or course.root / "demo")
    click.echo(f"A copy of the course in {_shown(place)}, {len(students)} sample students.")

    shut_in = ("--isolation", isolation) if isolation else ()
    _run(place, "generate", *shut_in, shorten=True)
    copied = _configured(place)
    submissions = [made for student in students for made in hand_in(student, copied.layout, copied)]
    click.echo(f"\n{len(submissions)} submissions in {_shown(copied.layout.submitted_root)}/")
    _run(place, "autograde", *(("--jobs", str(jobs)) if jobs else ()), *shut_in)
    click.echo("\nWho they are, and what they should get:\n")
    unexpected = _tell_stories(copied, students)
    names = [student.student_id for student in students]
    _run(place, "report", "--student", EXAMPLE if EXAMPLE in names else names[0])

    click.echo(f"\n{time.monotonic() - started:.0f} s in all. Look around in {_shown(place)}/, for example:")
    program = sys.argv[0] if Path(sys.argv[0]).stem == "grader" else "python -m grader"
    click.echo(f"  {program} --course {_shown(place)} report --student {names[-1]}")
    click.echo(
        f"  {program} --course {_shown(place)} report --html {_shown(place / 'class.html')}   (open it in a browser)"
    )
    if unexpected:
        click.echo(f"{unexpected} of {len(students)} sample students did not get what their story says.", err=True)
        ctx.exit(1)


def _fresh_copy(course: CourseConfig, place: Path) -> Path:
    """Copy what an instructor edits into a folder that is new, or was made by an earlier demo."""
    place = place.absolute()
    if place.exists() and any(place.iterdir()) and not (place / MARK).is_file():
        raise UsageProblem(
            "the folder is not empty, and no earlier demo made it.",
            place=str(place),
            hint="Name another one: grader demo --folder DIR",
        )
    if place.exists():
        shutil.rmtree(place)
    place.mkdir(parents=True)
    (place / MARK).write_text("Made by grader demo, which replaces this folder when it runs again.\n", encoding="utf-8")
    for name in ("course_config.py", "nbgrader_config.py"):
        if (course.root / name).is_file():
            shutil.copy(course.root / name, place)
    source = place / course.layout.source_root.name
    source.mkdir()
    for path in sorted(course.layout.source_root.glob("*.py")):
        shutil.copy(path, source)
    return place


def _configured(place: Path) -> CourseConfig:
    from grader.course.config import load_config

    return load_config(place)


def _run(place: Path, *command: str, shorten: bool = False) -> None:
    """Run one of our commands as a user would; stop if it fails. ``shorten`` leaves out the middle of its answer."""
    click.echo(f"\n$ grader {' '.join(command)}")
    sys.stdout.flush()
    done = subprocess.run(
        [sys.executable, "-m", "grader", *command],
        cwd=place,
        stdout=subprocess.PIPE if shorten else None,
        encoding="utf-8",
        check=False,
    )
    lines = (done.stdout or "").splitlines()
    for line in [*lines[:3], "…", lines[-1]] if len(lines) > 5 else lines:
        click.echo(line)
    if done.returncode:
        raise GraderError(f"grader {' '.join(command)} ended with {done.returncode}; see above.", place=str(place))


def _tell_stories(config: CourseConfig, students: Sequence[SampleStudent]) -> int:
    """Print each student's story beside the score; return how many got something else than they should."""
    from grader.gradebook.store import open_gradebook
    from grader.reports.text import points

    unexpected = 0
    with open_gradebook(config, create=False) as store:
        for student in students:
            rows = {row.assignment_id: row for row in store.scores(student_id=student.student_id)}
            outcomes: dict[str, dict[str, str]] = {}
            for verdict in store.verdicts(student.student_id):
                outcomes.setdefault(verdict.assignment_id, {})[verdict.grade_id] = verdict.outcome
            said = []
            for chapter in student.chapters:
                row = rows.get(chapter.assignment_id)
                if row is None or row.not_graded:
                    said.append(f"{chapter.assignment_id}: not graded{f' ({row.not_graded})' if row else ''}")
                    continue
                said += chapter.surprises(outcomes.get(chapter.assignment_id, {}), row.score)
                if (row.seconds_late > 0) != (chapter.days_late > 0):
                    said.append(f"{chapter.assignment_id}: {row.seconds_late:.0f} s late")
            unexpected += bool(said)
            max_score = sum(verdict.max_score for verdict in store.verdicts(student.student_id))
            score = sum(row.final_score for row in rows.values())
            head = f"{student.student_id:22} {points(score):>5} of {points(max_score)}"
            click.echo(head if said else f"{head}, as expected")
            click.echo(textwrap.indent(textwrap.fill(student.story, 92), "    "))
            for line in said:
                click.echo(f"    ! {line}")
    return unexpected


def _shown(path: Path) -> str:
    """Write a path as seen from here, where that is shorter."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
