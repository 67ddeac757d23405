"""Grading one submission: ``grade(notebook, spec) -> GradedSubmission``, a pure function.

No database, no course folder, no network. For each submission a judge process is forked (so that a test which a
student's number makes run away can be killed too); it talks to a student process that a warm template forks.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gc
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from grader import __version__
from grader.course.model import ACCEPTED, GradedSubmission, GradingSpec, Interpreter, Outcome, Role, Verdict
from grader.errors import IsolationError, SandboxError, SubmissionError
from grader.execution import alignment, kernel, wire
from grader.execution.course_side import CourseSide
from grader.execution.first_pass import first_pass_spec, objection, own_version, unfit_course, unfit_steps
from grader.execution.judge import CellRecord, Hearing, Judge
from grader.execution.publishing import (
    VISIBLY_FAILED,
    Gists,
    cells_are_public,
    gists_of,
    n_to_run_again,
    not_for_display,
    place,
    says_of,
    show_only_what_is_public,
)
from grader.execution.remote import KeeperLost
from grader.execution.sandbox import StudentProcess, Template, process_cpu_s
from grader.execution.session import SLICE_S, Session, closing
from grader.execution.submission import Step, steps_of, visible_source
from grader.notebooks.cells import KERNELSPEC, nbgrader_metadata

DISPLAY_RUN_CPU_S, DISPLAY_RUN_WALL_S = 30.0, 125.0
"""A submission that took more is not run a second time for the sake of its outputs; they are withheld instead."""
DISPLAY_RUNS_FIRST = 2
COURSE_FIRST_CPU_S = 1.0
"""Before its first second run in a chapter a worker looks what the author's notebook shows, or what tests say of the
released one; where that takes long (the submission took longer than this), after so many."""
JUDGE_MEMORY_BYTES = 4 << 30
SUSPECT_MEMORY_BYTES = 1 << 30
"""A judge that held more and is killed was killed for that, by the kernel, and not by somebody outside."""
MAX_FAILURES = 3
"""A submission on which our machinery fails this often is reported, without a verdict."""
MAX_KILLS = 4
"""Gradings of a submission whose student process is killed in another cell each time."""
RESULT_BYTES = 256 << 20
MAX_RUNAWAYS = 4


def grade(
    notebook: bytes, spec: GradingSpec, files: Mapping[str, bytes] | None = None, *, isolation: str = "auto"
) -> GradedSubmission:
    """Grade one submission with a grader of its own; for many, keep a ``Grader``.

    Args:
        notebook: the bytes of the ``.ipynb`` file that was handed in.
        spec: the course's side, hidden tests included.
        files: what was handed in beside the notebook, by relative path.
        isolation: one of ``model.ISOLATIONS``.

    Raises:
        IsolationError: this machine does not offer the isolation.
        SandboxError: our machinery failed; there is no verdict.
    """
    with Grader(isolation=isolation) as grader:
        return grader.grade(notebook, spec, files or {})


class KilledError(SandboxError):
    """The student process is killed again and again, never twice in the same place."""


class Grader:
    """Grades submissions one after the other, keeping the warm templates of the last chapters."""

    def __init__(
        self, *, isolation: str = "auto", max_templates: int = 2, interpreter: Interpreter | None = None
    ) -> None:
        self._isolation = isolation
        self.interpreter = interpreter
        self._second: Grader | None = None  # for first passes
        self._templates: dict[tuple[tuple[str, str], ...], Template] = {}
        self._max_templates = max_templates
        self._base: Template | None = None
        self._course: _Course | None = None

    def grade(self, notebook: bytes, spec: GradingSpec, files: Mapping[str, bytes] | None = None) -> GradedSubmission:
        """Grade one submission; see ``grade``."""
        return GradedSubmission.from_plain(json.loads(self.grade_text(notebook, spec, files)))

    def grade_text(self, notebook: bytes, spec: GradingSpec, files: Mapping[str, bytes] | None = None) -> str:
        """Grade one submission; the result's ``to_plain`` as JSON, ready to be passed on.

        A judge, template or keeper that is killed costs another try with fresh ones: no verdict is drawn from it.
        """
        work = _Work(notebook, files or {}, spec)
        first_pass = ""
        if spec.first_pass is not None and self.interpreter is None:
            text, first_pass = self._first_pass(work, spec.first_pass)
            if text:
                return text
        for failures in range(1, MAX_FAILURES + 1):
            try:
                return self._grade(work, first_pass)
            except KilledError:
                raise  # it has had its tries
            except SandboxError as exc:
                self.close()  # which of them has ended, and what the others wait for, is not known
                if failures == MAX_FAILURES or (failures > 1 and isinstance(exc, IsolationError)):
                    raise
        raise AssertionError

    def _first_pass(self, work: _Work, interpreter: Interpreter) -> tuple[str, str]:
        """The result, of full marks by another interpreter, as JSON; or nothing, and why it takes ours."""
        if self._second is None or self._second.interpreter != interpreter:
            if self._second is not None:
                self._second.close()
            self._second = Grader(isolation=self._isolation, interpreter=interpreter)
        return self._second.try_first(work)

    def try_first(self, work: _Work) -> tuple[str, str]:
        """The result as JSON, if it has full marks in this grader's interpreter; or nothing, and why it has not."""
        assert self.interpreter is not None
        spec = work.spec
        course = self._course_of(spec)
        if course.unfit is None:
            course.unfit = unfit_course(spec)
        if course.unfit:
            return "", course.unfit
        try:
            template = self._started(spec)
        except IsolationError:
            raise
        except SandboxError as exc:
            course.unfit = f"{self.interpreter.version}: {exc.message}"
            return "", course.unfit
        work = dataclasses.replace(work, spec=first_pass_spec(spec))
        try:
            hear = functools.partial(_hear, work, course, template, (), ACCEPTED, self.interpreter.version)
            outcome = _in_judge_process(hear, spec)
        except SandboxError as exc:
            self.close()
            return "", exc.message
        if isinstance(outcome, _Runaway):
            self.close()
            return "", outcome.reason
        if isinstance(outcome, _Unreadable):
            return "", outcome.reason
        if outcome.objection:
            return "", outcome.objection
        course.learn(outcome)
        return outcome.text, ""

    def _started(self, spec: GradingSpec) -> Template:
        """The chapter's template in another interpreter.

        Raises:
            IsolationError: it cannot be used here, twice in a row.
            SandboxError: the reference does not run in it.
        """
        assert self.interpreter is not None
        for is_last in (False, True):  # once, it may have been killed
            try:
                return self._template(spec)
            except SandboxError as exc:
                if self._base is not None:
                    raise
                if is_last:
                    message = f"the first pass cannot use {self.interpreter.path}: {exc.message}"
                    raise IsolationError(message, hint=_WITHOUT) from exc
        raise AssertionError

    def _grade(self, work: _Work, first_pass: str) -> str:
        """Grade one submission, until its process is killed nowhere but where it was killed before.

        A cell that kills its own process does so again; somebody outside, or a kernel short of memory, hardly does.
        """
        killed: set[str] = set()
        for _ in range(MAX_KILLS):
            text, killed_now = self._grade_once(work, first_pass)
            if killed_now <= killed:
                return text
            killed |= killed_now
        raise KilledError(f"its process was killed in {MAX_KILLS} gradings, each time in another cell")

    def _grade_once(self, work: _Work, first_pass: str) -> tuple[str, set[str]]:
        """The result as JSON, and where the student process was killed by nobody of ours."""
        timed_out: list[str] = []
        spec = work.spec
        course = self._course_of(spec)
        while True:
            template = self._template(spec)
            hear = functools.partial(_hear, work, course, template, tuple(timed_out), first_pass, own_version())
            outcome = _in_judge_process(hear, spec)
            if isinstance(outcome, _Heard):
                course.learn(outcome)
                return outcome.text, set(outcome.killed)
            if isinstance(outcome, _Unreadable):
                return _not_graded_text(spec, outcome.reason, first_pass), set()
            # The judge was killed in the middle of a conversation with the template: neither is of use any more.
            self._drop(spec.reference)
            if not outcome.cell or outcome.cell in timed_out or len(timed_out) >= MAX_RUNAWAYS:
                return _not_graded_text(spec, outcome.reason, first_pass), set()
            timed_out.append(outcome.cell)

    def _course_of(self, spec: GradingSpec) -> _Course:
        if self._course is None or self._course.spec is not spec:
            self._course = _Course(spec, CourseSide(spec))
            _read_before_fork(spec)
        return self._course

    def _template(self, spec: GradingSpec) -> Template:
        template = self._templates.pop(spec.reference, None) or self._new_template(spec)
        self._templates[spec.reference] = template  # the most recent stands last
        while len(self._templates) > self._max_templates:
            self._drop(next(iter(self._templates)))
        return template

    def warm_up(self) -> None:
        """Start what every chapter needs, before the first is known; what is in the way, the first grading says."""
        with contextlib.suppress(SandboxError):
            self._ready_base()

    def _ready_base(self) -> Template:
        self._base = self._base or Template((), self._isolation, interpreter=self.interpreter)
        return self._base

    def _new_template(self, spec: GradingSpec) -> Template:
        """A copy of a warm interpreter that has read nothing: its start takes ten times as long as the copy's."""
        if self._base is not None:
            with contextlib.suppress(SandboxError):
                return self._base.for_chapter(spec.reference)
            self._base.close()  # it has ended, or the reference does not run; the second time says which
            self._base = None
        return self._ready_base().for_chapter(spec.reference)

    def _drop(self, reference: tuple[tuple[str, str], ...]) -> None:
        template = self._templates.pop(reference, None)
        if template is not None:
            template.close()

    def close(self) -> None:
        """End the templates."""
        for reference in list(self._templates):
            self._drop(reference)
        if self._base is not None:
            self._base.close()
            self._base = None
        if self._second is not None:
            self._second.close()
            self._second = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclasses.dataclass(frozen=True)
class _Work:
    """What there is to grade."""

    notebook: bytes
    files: Mapping[str, bytes]
    spec: GradingSpec


@dataclasses.dataclass
class _Course:
    """What a worker knows of one chapter.

    ``author_shows`` is what the author's notebook shows when no hidden test runs, by ``place``, once that is known;
    ``stub_says`` what then the tests say of the notebook as it was released, by their names.
    """

    spec: GradingSpec
    side: CourseSide
    display_runs: int = 0
    unfit: str | None = None
    author_shows: Mapping[str, Gists] | None = None
    stub_says: Mapping[str, list[str]] | None = None

    def learn(self, heard: _Heard) -> None:
        """Note what a judge says: that it ran a submission a second time, and what the author's shows, if it looked."""
        self.display_runs += heard.displayed
        if heard.author_shows is not None:
            self.author_shows = dict(heard.author_shows)
        if heard.stub_says is not None:
            self.stub_says = dict(heard.stub_says)

    def is_worth_a_look(self, cpu_s: float) -> bool:
        """True when the course's own notebooks should be run before a submission is run again: most show the same."""
        is_short = cpu_s <= COURSE_FIRST_CPU_S
        return bool(self.spec.solutions) and (is_short or self.display_runs >= DISPLAY_RUNS_FIRST)


def _read_before_fork(spec: GradingSpec) -> None:
    """Work out what each judge needs to know of the course's cells; what a judge works out is lost with it."""
    alignment.get_ready(spec)
    for cell in spec.cells:
        visible_source(cell)
        nbgrader_metadata(cell)


_WITHOUT = "Without a first pass everything is graded all the same: leave out --first-pass and c.Course.first_pass."


def not_graded(spec: GradingSpec, reason: str) -> GradedSubmission:
    """The result for a submission that cannot be graded: no verdicts, and why."""
    return GradedSubmission(spec.assignment_id, {}, (), not_graded=reason)


def _not_graded_text(spec: GradingSpec, reason: str, first_pass: str) -> str:
    graded = dataclasses.replace(not_graded(spec, reason), interpreter=own_version(), first_pass=first_pass)
    return json.dumps(graded.to_plain())


@dataclasses.dataclass(frozen=True)
class _Heard:
    """What a judge has to say of a submission.

    Args:
        text: the graded submission as JSON.
        objection: why a first pass does not count; then there is nothing else.
        displayed: its outputs took a second run.
        author_shows: pairs for ``_Course.author_shows``, if the judge has looked; ``stub_says`` likewise.
        killed: where the student process was killed by nobody of ours.
    """

    text: str = ""
    objection: str = ""
    displayed: bool = False
    author_shows: list[Any] | None = None
    stub_says: list[Any] | None = None
    killed: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class _Unreadable:
    """There is nothing in the submission that could be graded, and why."""

    reason: str


@dataclasses.dataclass(frozen=True)
class _Runaway:
    """The judge process was ended, or ended: in which grade cell, and why."""

    cell: str
    reason: str
    has_ended: bool = False


def _in_judge_process(
    hear: Callable[[Callable[[str], None]], _Heard], spec: GradingSpec
) -> _Heard | _Unreadable | _Runaway:
    """Run ``hear`` in a fork of this process, under limits, and give its result."""
    read_fd, write_fd = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(read_fd)
            kernel.end_with(parent)
            _judge_main(hear, write_fd)
            status = 0
        finally:
            os._exit(status)
    os.close(write_fd)
    spare_fd = os.open(os.devnull, os.O_WRONLY)
    channel = wire.Channel(read_fd, spare_fd, max_bytes=RESULT_BYTES)
    outcome: _Heard | _Unreadable | _Runaway | None = None
    try:
        outcome = _watch(pid, channel, spec)
    finally:
        if not isinstance(outcome, _Runaway) or not outcome.has_ended:
            os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
        channel.close()
    if isinstance(outcome, _Runaway) and outcome.has_ended and os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number in _FROM_OUTSIDE and usage.ru_maxrss << 10 < SUSPECT_MEMORY_BYTES:
            raise SandboxError(f"the judge was killed from outside, by {signal.Signals(number).name}")
    return outcome


_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""What no test does to its judge by running away."""


def _judge_main(hear: Callable[[Callable[[str], None]], _Heard], write_fd: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    gc.freeze()  # what was there before the fork is not to be copied for the sake of looking at it
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = JUDGE_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(JUDGE_MEMORY_BYTES, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    null = os.open(os.devnull, os.O_RDONLY)
    channel = wire.Channel(null, write_fd, max_bytes=RESULT_BYTES, blocking=True)
    tell = lambda name: channel.send(wire.dumps(["cell", name]))  # noqa: E731
    try:
        heard = hear(tell)
        rest = [getattr(heard, field.name) for field in dataclasses.fields(heard) if field.name != "text"]
        channel.send(wire.dumps(["done", *rest]))
        channel.send(heard.text.encode())
    except SubmissionError as exc:
        channel.send(wire.dumps(["unreadable", str(exc)]))
    except SandboxError as exc:
        channel.send(wire.dumps(["broken", exc.message, exc.hint]))
    except KeeperLost as exc:
        channel.send(wire.dumps(["broken", f"the student process was lost: {exc}", ""]))
    except BaseException as exc:  # noqa: BLE001 (named, and counted as not graded)
        import traceback

        lines = traceback.format_exception(exc)
        channel.send(wire.dumps(["broken", f"{type(exc).__name__}: {exc}"[:500], "".join(lines)[-3000:]]))


def _watch(pid: int, channel: wire.Channel, spec: GradingSpec) -> _Heard | _Unreadable | _Runaway:
    limits = spec.limits
    cell, cpu_at_start = "", 0.0
    wall_deadline = time.monotonic() + limits.submission_wall_s + 60
    done: list[Any] | None = None
    while True:
        try:
            data = channel.receive(time.monotonic() + SLICE_S)
        except wire.WireTimeout:
            used = process_cpu_s(pid) - cpu_at_start
            if used > limits.cpu_s + 1 or time.monotonic() > wall_deadline:
                return _Runaway(cell, f"the judge was stopped after {used:.0f} s of CPU")
            continue
        except wire.PeerGone:
            return _Runaway(cell, "the judge ran out of memory or was ended", has_ended=True)
        if done is not None:
            return _Heard(data.decode(), *done)
        message = wire.loads(data)
        if message[0] == "cell":
            cell, cpu_at_start = message[1], process_cpu_s(pid)
            wall_deadline = time.monotonic() + limits.submission_wall_s + 60
        elif message[0] == "done":
            done = message[1:]
        elif message[0] == "unreadable":
            return _Unreadable(message[1])
        else:
            raise SandboxError(message[1], hint=message[2])


# -- in the judge process ------------------------------------------------------------------------------------------


def _hear(
    work: _Work,
    course: _Course,
    template: Template,
    timed_out: Sequence[str],
    first_pass: str,
    interpreter: str,
    tell: Callable[[str], None],
) -> _Heard:
    """Grade, in the judge process.

    Args:
        work: what there is to grade.
        course: what is known of the chapter.
        template: where the student process comes from.
        timed_out: grade cells that ran away before.
        first_pass: ``ACCEPTED`` in a first pass, of which only full marks count; or what became of one before this.
        interpreter: which Python the template is.
        tell: for ``Judge``.
    """
    started = time.monotonic()
    spec, files = work.spec, work.files
    is_first_pass = first_pass == ACCEPTED
    steps, repairs = steps_of(work.notebook, files, spec)
    if is_first_pass and (unfit := unfit_steps(steps)):
        return _Heard(objection=unfit)

    def start() -> StudentProcess:
        return template.spawn(spec.limits, seed=spec.seed, allowed_modules=spec.allowed_modules, files=files)

    def hearing(
        steps: Sequence[Step], *, visible_only: bool, skip: Mapping[int, str] | None = None
    ) -> tuple[Hearing, float]:
        with closing(Session(start(), start)) as session:
            judge = Judge(
                spec,
                session,
                visible_only=visible_only,
                timed_out=timed_out,
                skip=skip,
                course=course.side,
                on_cell=tell,
                is_over=lambda heard: is_first_pass and bool(objection(steps, heard)),
            )
            return judge.hear(steps), session.cpu_s()

    heard, cpu_s = hearing(steps, visible_only=False)
    if is_first_pass and (reason := objection(steps, heard)):
        return _Heard(objection=reason)
    killed = set(heard.killed)
    author_shows, stub_says = course.author_shows or {}, course.stub_says or {}
    new_shows = new_says = None
    n_again = n_to_run_again(steps, heard, author_shows, stub_says)
    if n_again and course.is_worth_a_look(cpu_s):
        if course.author_shows is None and not cells_are_public(steps, heard.records, {}):
            new_shows = _author_shows(course, template, tell)
            author_shows = dict(new_shows)
        if course.stub_says is None and any(record.failed_visible for record in heard.records):
            new_says = _stub_says(course, template, tell)
            stub_says = dict(new_says)
        n_again = n_to_run_again(steps, heard, author_shows, stub_says)
    shown = None
    if n_again and cpu_s <= DISPLAY_RUN_CPU_S and time.monotonic() - started <= DISPLAY_RUN_WALL_S:
        skip = not_for_display(steps, heard.records)
        shown, more_cpu_s = hearing(steps[:n_again], visible_only=True, skip=skip)
        cpu_s += more_cpu_s
        killed.update(shown.killed)
    show_only_what_is_public(steps, heard, shown, n_again, spec.solution_names)
    graded = GradedSubmission(
        assignment_id=spec.assignment_id,
        notebook=executed_notebook(steps, heard.records, repairs),
        verdicts=tuple(_verdicts(spec, heard)),
        unchanged=frozenset(_unchanged(steps)),
        repairs=tuple(repairs),
        wall_timeouts=tuple(heard.wall_timeouts),
        cpu_s=cpu_s,
        wall_s=time.monotonic() - started,
        interpreter=interpreter,
        first_pass=first_pass,
    )
    return _Heard(
        json.dumps(graded.to_plain()),
        displayed=n_again > 0,
        author_shows=new_shows,
        stub_says=new_says,
        killed=tuple(sorted(killed)),
    )


def _author_shows(course: _Course, template: Template, tell: Callable[[str], None]) -> list[Any]:
    """What the cells of the author's notebook show, by their ``place``, when no hidden test runs."""
    solutions = dict(course.spec.solutions)
    steps = [Step(solutions.get(cell.name, cell.source), cell.cell_type, cell) for cell in course.spec.cells]
    skip = {number: "" for number, step in enumerate(steps) if step.role is Role.TEST}
    records = _heard_in_public(course, template, steps, skip, tell).records
    return [
        [place(step), gists_of(record.outputs)]
        for step, record in zip(steps, records, strict=True)
        if not record.stopped
    ]


def _stub_says(course: _Course, template: Template, tell: Callable[[str], None]) -> list[Any]:
    """What the visible tests that fail say of the notebook as it was released, by their names."""
    steps = [Step(cell.source, cell.cell_type, cell) for cell in course.spec.cells]
    verdicts = _heard_in_public(course, template, steps, {}, tell).verdicts
    return [[name, says_of(verdict)] for name, verdict in verdicts.items() if verdict.outcome in VISIBLY_FAILED]


def _heard_in_public(
    course: _Course, template: Template, steps: Sequence[Step], skip: Mapping[int, str], tell: Callable[[str], None]
) -> Hearing:
    """One of the course's own notebooks without hidden tests."""
    spec = course.spec
    process = template.spawn(spec.limits, seed=spec.seed, allowed_modules=spec.allowed_modules)
    with closing(Session(process)) as session:
        judge = Judge(spec, session, visible_only=True, skip=skip, course=course.side, on_cell=tell)
        return judge.hear(steps)


def _verdicts(spec: GradingSpec, heard: Hearing) -> list[Verdict]:
    verdicts = []
    for cell in spec.cells:
        if not cell.is_grade:
            continue
        missing = "The cell for this answer is not in the notebook."
        verdicts.append(
            heard.verdicts.get(cell.name)
            or Verdict(
                cell.name, Outcome.MANUAL if cell.role is Role.MANUAL else Outcome.NOT_RUN, 0.0, cell.points, missing
            )
        )
    return verdicts


def _unchanged(steps: Sequence[Step]) -> list[str]:
    return [
        step.course.name
        for step in steps
        if step.course and step.role in (Role.SOLUTION, Role.MANUAL) and step.source == step.course.source
    ]


def executed_notebook(steps: Sequence[Step], records: Sequence[CellRecord], repairs: Sequence[str]) -> dict[str, Any]:
    """The notebook for ``autograded/``: the course's grade cells whole, the student's cells and what they showed."""
    cells = []
    used: set[str] = {step.course.name for step in steps if step.course}
    for number, (step, record) in enumerate(zip(steps, records, strict=True), start=1):
        cell: dict[str, Any] = {
            "cell_type": step.cell_type,
            "id": step.course.name if step.course else _free_id(number, used),
            "metadata": {},
            "source": step.source,
        }
        if step.course:
            # With the checksum of what was released, as nbgrader has it: equal to the cell's own means "No response."
            nbgrader = nbgrader_metadata(step.course)
            if nbgrader:
                cell["metadata"]["nbgrader"] = nbgrader
        if step.cell_type == "code":
            cell["execution_count"] = record.execution_count
            cell["outputs"] = record.outputs
        cells.append(cell)
    metadata: dict[str, Any] = {"kernelspec": dict(KERNELSPEC), "language_info": {"name": "python"}}
    metadata["grader"] = {"version": __version__, "repairs": list(repairs)}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _free_id(number: int, used: set[str]) -> str:
    name = f"cell-{number}"
    while name in used:
        name += "-"
    used.add(name)
    return name
