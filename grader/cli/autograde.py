"""``grader autograde``: from what students handed in to scores and graded notebooks."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from grader.cli.main import (
    chosen_chapters,
    chosen_students,
    errors_json,
    isolation_option,
    open_course,
    print_json_list,
    say,
    shared_options,
    tell_error,
)
from grader.cli.stopping import Stopping
from grader.errors import GraderError
from grader.reports.terminal import PROGRESS, Progress, Slowest

if TYPE_CHECKING:
    from grader.course.config import CourseConfig
    from grader.course.model import GradingSpec
    from grader.gradebook.grading import OpenPool, SubmissionResult
    from grader.gradebook.store import Store, SubmissionRow

MIN_FOR_SLOWEST = 5
"""With fewer graded submissions than this, the slowest of them are not named."""

JSON_CHUNK = 500
"""Submissions whose verdicts are in memory at a time."""

MAX_EARLY = 64
"""Workers that start before it is known what they will grade."""

OFF = "off"

TABLE_ROWS = 60
"""A class with more students than this is summed up by chapter; ``grader report`` shows them all."""


@click.command(short_help="Grade what students handed in.")
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]…")
@click.option("-s", "--student", "students", multiple=True, metavar="ID", help="Only this student; may be repeated.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), default=None, help="How many to grade at once [one a core].")
@click.option(
    "--scheduler", metavar="ADDRESS", help="Grade on the workers of this Dask scheduler: tcp://…, tls://… or its file."
)
@click.option(
    "-f",
    "--force",
    is_flag=True,
    help="Grade again what has not changed, and each of several hand-ins that are the same.",
)
@click.option(
    "--wait/--no-wait", default=True, help="Wait if another grader is grading these chapters, or stop.  [default: wait]"
)
@click.option(
    "--progress",
    type=click.Choice(PROGRESS),
    default="auto",
    help="On stderr: a bar on a terminal (auto), a line now and then, a JSON line a submission.",
)
@click.option(
    "--first-pass",
    metavar="INTERPRETER",
    help="Let this one (pypy3, or a path) grade long chapters first; its full marks count.  [default: the course's, or"
    " off]",
)
@isolation_option
@shared_options
@click.pass_context
def autograde(
    ctx: click.Context,
    chapters: tuple[str, ...],
    students: tuple[str, ...],
    jobs: int | None,
    scheduler: str | None,
    force: bool,
    wait: bool,
    progress: str,
    first_pass: str | None,
    isolation: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Grade submitted/<student>/<chapter>/<chapter>.ipynb.

    Scores go to the gradebook, graded notebooks to autograded/. What was graded before and has not changed is skipped.
    A submission that cannot be graded is named, and the rest goes on; the exit code is then 1.

    Ctrl-C finishes what is in hand and stores it; a second one stops at once. The same command goes on with the rest.

    \b
    Examples:
      grader autograde
      grader autograde 01_math_foundations 02_single_neuron --jobs 4
      grader autograde --student ada --force
      grader autograde --scheduler tcp://node1:8786      (docs/scale.md)
      grader autograde 07_final_project --first-pass pypy3
      grader autograde --json --progress json > scores.json 2> progress.jsonl
    """
    config = open_course(ctx, isolation)
    names = chosen_chapters(config, chapters)
    chosen = chosen_students(students, config.layout.students(), str(config.layout.submitted_root)) or None
    if first_pass is not None:
        config = dataclasses.replace(config, first_pass=first_pass if first_pass != OFF else "")
        if config.first_pass and not any(map(config.takes_first_pass, names)):
            say('no chapter of these takes a first pass; "first_pass": True in c.Course.chapters says that one does.')
    n_sure = 0 if scheduler else _sure_to_be_graded(config, names, chosen, force=force)
    with grading_pool(jobs, config.isolation, scheduler, n_sure=n_sure) as pool:
        # Imported while the workers start: it takes as long.
        from grader.gradebook.store import open_gradebook

        style = "off" if quiet and progress == "auto" else progress
        with open_gradebook(config) as store:
            code = _run(
                config, store, names, chosen, pool, force=force, wait=wait, as_json=as_json, quiet=quiet, style=style
            )
    ctx.exit(code)


def spec_source(config: CourseConfig) -> Callable[[str], GradingSpec]:
    """What gives a chapter's spec for grading, with the interpreter for a first pass where there is to be one.

    Raises:
        SandboxError: by what it gives, if the course names an interpreter that cannot be used.
    """
    from grader.authoring.release import grading_spec
    from grader.execution.first_pass import find_interpreter

    find = functools.cache(lambda: find_interpreter(config.first_pass, "--first-pass or c.Course.first_pass"))

    def spec_of(name: str) -> GradingSpec:
        takes_part = config.first_pass and config.takes_first_pass(name)
        return dataclasses.replace(grading_spec(config, name), first_pass=find() if takes_part else None)

    return spec_of


@contextlib.contextmanager
def grading_pool(
    jobs: int | None, isolation: str, scheduler: str | None = None, *, n_sure: int = 0
) -> Iterator[OpenPool]:
    """What opens the workers: of this machine, or of a cluster.

    Those for ``n_sure`` submissions, which are sure to be graded, start at once; they end with this.
    """
    if scheduler is not None:

        def open_cluster() -> contextlib.AbstractContextManager[Any]:
            from grader.execution.cluster import ClusterPool

            return ClusterPool(scheduler, jobs, isolation=isolation, say=say)

        yield open_cluster
        return
    from grader.execution.pool import Pool

    with Pool(jobs, isolation=isolation) as pool:
        pool.warm_up(n_sure)
        yield lambda: pool


def _sure_to_be_graded(config: CourseConfig, chapters: list[str], students: list[str] | None, *, force: bool) -> int:
    """How many submissions are graded whatever the gradebook says; not counted beyond what starts all workers."""
    layout = config.layout
    found = (
        name
        for student_id in students or layout.students()
        for name in chapters
        if os.path.isfile(layout.submitted_notebook(student_id, name))
        and (force or not os.path.isfile(layout.autograded_notebook(student_id, name)))
    )
    return sum(1 for _ in itertools.islice(found, MAX_EARLY))


def _run(
    config: CourseConfig,
    store: Store,
    chapters: list[str],
    students: list[str] | None,
    open_pool: OpenPool,
    *,
    force: bool,
    wait: bool,
    as_json: bool,
    quiet: bool,
    style: str,
) -> int:
    """Grade, tell, and return the exit code: whether all of it could be graded, or what has stopped it."""
    from grader.gradebook.grading import Grading

    started = time.monotonic()
    grading = Grading(config, store, spec_source(config), chapters, students, force=force)
    if not grading.todo:
        of = f" of {', '.join(chapters)}" if len(chapters) < len(config.layout.assignment_ids()) else ""
        by = f" by {', '.join(students)}" if students else ""
        raise GraderError(
            f"there are no submissions{of}{by}.",
            place=str(config.layout.submitted_root),
            hint="A submission is submitted/<student>/<chapter>/<chapter>.ipynb; grader collect puts them there.",
        )
    results: list[SubmissionResult] = []
    slowest = _SlowestOfRun()

    def finish() -> bool:
        if grading.has_begun:
            grading.stop()
            progress.finishing()
        return grading.has_begun

    with (
        Progress(grading.n_submissions, style=style, in_hand=grading.in_hand) as progress,
        Stopping(finish) as stopping,
        contextlib.closing(grading.run(open_pool, on_wait=progress.say if wait else None)) as run,
    ):
        for result in run:
            slowest.add(result)
            progress.advance(f"{result.student_id}/{result.assignment_id}", _facts(result))
            for text in _troubles(config, result):
                progress.say(text)
            # Verdicts are in the gradebook; kept here, a large class would fill the memory.
            results.append(dataclasses.replace(result, graded=None))
        is_whole = len(results) == grading.n_submissions
        progress.end({"counts": _counts(results), "is_whole": is_whole, **slowest.facts()})
    results.sort(key=lambda result: (result.assignment_id, result.student_id))
    if not is_whole:
        left = grading.n_submissions - len(results)
        message = (
            f"Stopped: {len(results)} of {grading.n_submissions} submissions are done and stored, {left} are left."
        )
        error = GraderError(message, hint="Run the same command again for the rest.")
        if as_json:
            _print_json(store, results, error)
        tell_error(error)
        return stopping.exit_code or 1
    if as_json:
        _print_json(store, results)
    else:
        _show(config, store, results, time.monotonic() - started, quiet=quiet)
    if not quiet and style != "json":
        slowest.show()
    return 0 if all(result.is_done for result in results) else 1


def _facts(result: SubmissionResult) -> dict[str, Any]:
    """What a line of ``--progress json`` says of a submission."""
    graded = result.graded
    is_scored = graded is not None and not graded.not_graded
    return {
        "student_id": result.student_id,
        "assignment_id": result.assignment_id,
        "status": result.status,
        "score": graded.score if graded and is_scored else None,
        "max_score": graded.max_score if graded and is_scored else None,
        "cpu_s": round(graded.cpu_s, 3) if graded else 0.0,
        "wall_s": round(graded.wall_s, 3) if graded else 0.0,
        "same_as": result.same_as,
    }


def _counts(results: list[SubmissionResult]) -> dict[str, int]:
    counts = Counter(result.status for result in results)
    return {status: counts[status] for status in _STATUSES}


class _SlowestOfRun:
    """The submissions and grade cells of a run that took longest."""

    def __init__(self) -> None:
        self._submissions, self._cells = Slowest(), Slowest()
        self._n = 0

    def add(self, result: SubmissionResult) -> None:
        if result.status != "graded" or result.graded is None or result.same_as:
            return
        self._n += 1
        name = f"{result.student_id}/{result.assignment_id}"
        self._submissions.add(result.graded.wall_s, name)
        for verdict in result.graded.verdicts:
            self._cells.add(verdict.seconds, f"{name}/{verdict.grade_id}")

    def facts(self) -> dict[str, Any]:
        pairs = {"slowest_submissions": self._submissions.found(), "slowest_cells": self._cells.found()}
        return {
            key: [{"name": name, "seconds": round(seconds, 3)} for name, seconds in found]
            for key, found in pairs.items()
        }

    def show(self) -> None:
        """On stderr; of a handful of submissions nobody asks which is the slowest."""
        if self._n < MIN_FOR_SLOWEST:
            return
        for title, slowest in (("submissions", self._submissions), ("cells", self._cells)):
            click.echo(f"slowest {title}:", err=True)
            for name, seconds in slowest.found():
                say(f"  {seconds:7.2f} s  {name}")


def _place(config: CourseConfig, result: SubmissionResult) -> str:
    path = config.layout.submitted_notebook(result.student_id, result.assignment_id)
    return str(path.relative_to(config.root))


def _troubles(config: CourseConfig, result: SubmissionResult) -> list[str]:
    """What has to be said about a submission: what could not be graded, what was left out, what was repaired."""
    place = _place(config, result)
    said = [f"{place}: warning: {warning}" for warning in result.warnings]
    if result.graded is not None:
        said += [f"{place}: repaired: {repair}" for repair in result.graded.repairs]
    if result.status == "not graded":
        said.append(f"{place}: not graded: {result.reason}")
    elif result.status == "failed":
        said.append(f"{place}: {result.reason}")
    return said


def _show(config: CourseConfig, store: Store, results: list[SubmissionResult], seconds: float, *, quiet: bool) -> None:
    from grader.reports.render import show_chapters, show_class
    from grader.reports.scores import class_report
    from grader.reports.terminal import course_of, stdout_console

    chapters = sorted({result.assignment_id for result in results})
    students = sorted({result.student_id for result in results})
    report = class_report(store, course_of(config), chapters, students)
    console = stdout_console()
    if len(students) <= TABLE_ROWS:
        show_class(console, report)
    else:
        show_chapters(console, report)
    if not quiet:
        counts = _counts(results)
        told = ", ".join(f"{counts[status]} {status}" for status in _STATUSES if counts[status])
        n_same = sum(bool(result.same_as) for result in results)
        told += f" ({n_same} the same file as another student's)" if n_same else ""
        noun = "submission" if len(results) == 1 else "submissions"
        click.echo(f"{len(results)} {noun}: {told}; {seconds:.1f} s", err=True)


_STATUSES = ("graded", "unchanged", "not graded", "failed")


def _print_json(store: Store, results: list[SubmissionResult], stopped: GraderError | None = None) -> None:
    errors = [
        {
            "type": "SubmissionError" if result.status == "not graded" else "SandboxError",
            "place": f"{result.student_id}/{result.assignment_id}",
            "message": result.reason,
            "hint": "",
        }
        for result in results
        if not result.is_done
    ]
    errors += errors_json(stopped) if stopped else []
    print_json_list("results", _results_json(store, results), {"counts": _counts(results), "errors": errors})


def _results_json(store: Store, results: list[SubmissionResult]) -> Iterator[dict[str, Any]]:
    """What became of each submission; verdicts are read for some at a time."""
    from grader.reports.render import verdict_json

    chapters = sorted({result.assignment_id for result in results})
    rows = {(row.student_id, row.assignment_id): row for row in store.scores(chapters)}
    for chapter in chapters:
        of_chapter = [result for result in results if result.assignment_id == chapter]
        for start in range(0, len(of_chapter), JSON_CHUNK):
            some = of_chapter[start : start + JSON_CHUNK]
            verdicts: dict[str, list[dict[str, Any]]] = {}
            for verdict in store.verdicts([result.student_id for result in some], [chapter]):
                verdicts.setdefault(verdict.student_id, []).append(verdict_json(verdict))
            for result in some:
                row = rows.get((result.student_id, chapter))
                yield _result_json(result, row, verdicts.get(result.student_id, []))


def _result_json(result: SubmissionResult, row: SubmissionRow | None, verdicts: list[dict[str, Any]]) -> dict[str, Any]:
    is_scored = row is not None and (result.is_done or not row.not_graded)
    return {
        "student_id": result.student_id,
        "assignment_id": result.assignment_id,
        "status": result.status,
        "score": row.score if row and is_scored else None,
        "penalty": row.penalty if row else 0.0,
        "max_score": sum(verdict["max_score"] for verdict in verdicts),
        "needs_person": bool(row and row.n_manual),
        "reason": result.reason,
        "same_as": result.same_as,
        "warnings": list(result.warnings),
        "repairs": list(row.repairs) if row else [],
        "cpu_s": row.cpu_s if row else 0.0,
        "wall_s": row.wall_s if row else 0.0,
        "verdicts": verdicts if is_scored else [],
    }
