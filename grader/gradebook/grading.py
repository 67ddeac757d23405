"""The way from ``submitted/`` to scores: read, skip what is unchanged, grade in a pool, write in batches.

Workers compute; this process alone writes. What is in memory at a time is what is being graded and one batch.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, Protocol

from grader.course.config import CourseConfig
from grader.course.model import GradedSubmission, GradingSpec
from grader.errors import GraderError, StorageError
from grader.gradebook.autograded import (
    check_autograded,
    course_files,
    remove_autograded,
    swept,
    write_autograded,
)
from grader.gradebook.handins import (
    HandIn,
    as_received,
    content_hash,
    id_problem,
    read_handin,
    spec_hash,
    tools_hash,
)
from grader.gradebook.scores import ScoredSubmission
from grader.gradebook.sharing import Grade, Sharing
from grader.gradebook.store import Recorded, Store
from grader.gradebook.versions import grading_version

BATCH = 50
"""Submissions a transaction."""

BATCH_S = 1.0
"""A batch that is not full is written after so many seconds: slow submissions shall not wait for each other, nor shall
whoever looks at the progress."""


class Pool(Protocol):
    """What runs ``grade``; ``grader.execution.pool.Pool`` is one."""

    def map(self, tasks: Iterable[Any]) -> Iterator[Any]:
        """Yield a result for each task, in order of completion."""
        ...


OpenPool = Callable[[], contextlib.AbstractContextManager[Pool]]


@dataclasses.dataclass(frozen=True, slots=True)
class SubmissionResult:
    """What became of one submission in this run.

    ``status`` is ``graded``; ``unchanged`` (graded before, nothing is different); ``not graded`` (it cannot be graded);
    or ``failed`` (our machinery did). ``reason`` says why for the last two. ``graded`` is without its notebook.
    ``same_as`` is the student whose hand-in, the same byte for byte, was graded in this run in place of this one.
    """

    student_id: str
    assignment_id: str
    status: str
    graded: GradedSubmission | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()
    same_as: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the gradebook now holds the judge's word on what was handed in."""
        return self.status in ("graded", "unchanged")


@dataclasses.dataclass(frozen=True, slots=True)
class _InFlight:
    handin: HandIn
    digest: str
    same_as_before: bool


class Grading:
    """One run over some chapters and students.

    Args:
        config: the course.
        store: its open gradebook.
        spec_of: the ``GradingSpec`` of a chapter.
        student_ids: only these; None for all who handed in.
        force: grade again what is unchanged, and each hand-in for itself, also those that are the same.
    """

    def __init__(
        self,
        config: CourseConfig,
        store: Store,
        spec_of: Callable[[str], GradingSpec],
        assignment_ids: Sequence[str],
        student_ids: Sequence[str] | None = None,
        *,
        force: bool = False,
    ) -> None:
        self._config = config
        self._store = store
        self._force = force
        chosen = None if student_ids is None else set(student_ids)
        self.todo: list[tuple[str, list[str]]] = []
        for assignment_id in assignment_ids:
            found = [s for s in config.layout.submissions(assignment_id) if chosen is None or s in chosen]
            if found:
                self.todo.append((assignment_id, found))
        # All of them now: an author's mistake in the last chapter is told before the first is graded.
        self._specs = {assignment_id: spec_of(assignment_id) for assignment_id, _ in self.todo}
        self._tests = {assignment_id: grading_version(spec) for assignment_id, spec in self._specs.items()}
        self._tools = tools_hash(config.isolation)
        self._in_flight: dict[tuple[str, str], _InFlight] = {}
        self._sharing: Sharing[_InFlight] | None = None if force else Sharing()
        self._settled: list[SubmissionResult] = []  # stored, not yet told
        self._batch: list[tuple[ScoredSubmission, SubmissionResult]] = []
        self._batch_since = time.monotonic()
        self._course_files: dict[str, dict[str, bytes]] = {}
        self.has_begun = False
        """False while another grader is waited for."""
        self._stopped = False
        self._stop_pool: Callable[[], None] = lambda: None

    def stop(self) -> None:
        """Begin with no more submissions; what is being graded is finished and written. May be called by a signal."""
        self._stopped = True
        self._stop_pool()

    def in_hand(self) -> list[tuple[str, str]]:
        """(student, chapter) of what is being graded now."""
        return list(self._in_flight)

    @property
    def n_submissions(self) -> int:
        """How many submissions there are to look at."""
        return sum(len(student_ids) for _, student_ids in self.todo)

    def run(
        self, open_pool: OpenPool, *, on_wait: Callable[[str], None] | None = None
    ) -> Generator[SubmissionResult, None, None]:
        """Grade, and yield what became of each submission once it is in the gradebook.

        Args:
            open_pool: opens what grades.
            on_wait: is told who is grading one of the chapters, and then we wait; without it, that is an error.

        Raises:
            StorageError: graded notebooks cannot be written; what was graded before that is kept.
            GradebookError: the same for scores; or somebody else is grading one of the chapters, and we are not to
                wait.
        """
        chapters = [assignment_id for assignment_id, _ in self.todo]
        with self._store.turn(chapters, on_wait), swept(self._config.layout, chapters):
            yield from self._run(open_pool)

    def _run(self, open_pool: OpenPool) -> Generator[SubmissionResult, None, None]:
        self.has_begun = True
        tasks = self._tasks()
        try:
            first = next(tasks, None)
            if first is not None:
                check_autograded(self._config.layout)
                with open_pool() as pool:
                    self._stop_pool = getattr(pool, "stop", self._stop_pool)
                    for result in pool.map(_chain(first, tasks)):
                        self._take(result)
                        yield from self._tell()
        finally:
            # Also when the user stops us: what is graded is kept.
            self._write_batch()
        for assignment_id, _ in self.todo:
            self._store.refresh_penalties(assignment_id)
        yield from self._tell()

    def _tell(self) -> Iterator[SubmissionResult]:
        while self._settled:
            yield self._settled.pop(0)

    # --- what there is to grade ---

    def _tasks(self) -> Iterator[Any]:
        from grader.execution.pool import Task

        for assignment_id, student_ids in self.todo:
            spec = self._specs[assignment_id]
            of_spec = spec_hash(spec, self._config.isolation)
            self._store.sync_assignment(assignment_id, spec.cells, due=self._config.chapter(assignment_id).due)
            self._course_files[assignment_id] = course_files(self._config.layout, assignment_id)
            recorded = self._store.recorded(assignment_id)
            received = self._store.received(assignment_id)
            for student_id in student_ids:
                if self._stopped:
                    return
                problem = id_problem(student_id)
                if problem:
                    self._settled.append(SubmissionResult(student_id, assignment_id, "not graded", reason=problem))
                    continue
                handin = read_handin(self._config.layout, student_id, assignment_id)
                handin = as_received(handin, received.get(student_id))
                digest = content_hash(handin, of_spec)
                before = recorded.get(student_id)
                same = before is not None and before.content_hash == digest
                if same and not self._force and before is not None and self._is_settled(handin, before):
                    status = "not graded" if before.not_graded else "unchanged"
                    self._settled.append(
                        SubmissionResult(
                            student_id, assignment_id, status, reason=before.not_graded, warnings=handin.warnings
                        )
                    )
                elif handin.problem:
                    unread = GradedSubmission(assignment_id, {}, (), not_graded=handin.problem)
                    self._cannot_grade(handin, digest, unread)
                else:
                    flight = _InFlight(dataclasses.replace(handin, notebook=b""), digest, same)
                    if not self._shares(flight):
                        self._in_flight[student_id, assignment_id] = flight
                        yield Task((student_id, assignment_id), handin.notebook, spec, handin.files)

    def _is_settled(self, handin: HandIn, before: Recorded) -> bool:
        if handin.timestamp is not None and handin.timestamp != before.timestamp:
            return False
        path = self._config.layout.autograded_notebook(handin.student_id, handin.assignment_id)
        return bool(before.not_graded) or path.is_file()

    def _shares(self, flight: _InFlight) -> bool:
        """True for a hand-in that is not graded itself: one like it is being graded, or has been."""
        if self._sharing is None:
            return False
        grade = self._sharing.known(flight.digest)
        if grade is not None:
            self._finish(flight, grade)
        elif not self._sharing.waits(flight.digest, flight):
            self._sharing.begin(flight.digest)
            return False
        return True

    # --- what comes back ---

    def _take(self, result: Any) -> None:
        flight = self._in_flight.pop(result.key)
        graded: GradedSubmission | None = result.graded
        error: str = result.error or ("" if graded else "the pool returned nothing.")
        grade = None
        if graded and not error:
            try:
                grade = self._grade(flight.handin, graded)
            except (ValueError, GraderError) as problem:
                error = str(problem)
        waiting = self._sharing.end(flight.digest, grade) if self._sharing else []
        for each in (flight, *waiting):
            if grade is not None:
                self._finish(each, grade)
            else:
                self._fail(each, error)

    def _grade(self, handin: HandIn, graded: GradedSubmission) -> Grade:
        """What the pool returned, ready to be written.

        Raises:
            ValueError, GraderError: it is nothing that the course could give.
        """
        from grader.notebooks.notebook import notebook_text

        bare = dataclasses.replace(graded, notebook={})
        if graded.not_graded:
            return Grade(handin.student_id, bare)
        check_graded(graded, self._specs[handin.assignment_id].grade_points)
        return Grade(handin.student_id, bare, notebook_text(graded.notebook))

    def _finish(self, flight: _InFlight, grade: Grade) -> None:
        """Write down a result: that of the hand-in itself, or of one like it."""
        handin, graded = flight.handin, grade.graded
        same_as = "" if grade.student_id == handin.student_id else grade.student_id
        if graded.not_graded:
            self._cannot_grade(handin, flight.digest, graded, same_as=same_as)
            return
        try:
            write_autograded(self._config.layout, handin, grade.text, self._course_files[handin.assignment_id])
        except StorageError:
            raise
        except (ValueError, GraderError) as problem:
            self._fail(flight, str(problem))
            return
        self._add(handin, flight.digest, graded, "graded", same_as=same_as)

    def _fail(self, flight: _InFlight, error: str) -> None:
        error = f"grading failed, no score was drawn from it: {error.strip()}"
        handin = flight.handin
        if flight.same_as_before:
            # It has been graded once; that our machinery failed today takes nothing away.
            told = SubmissionResult(
                handin.student_id, handin.assignment_id, "failed", reason=error, warnings=handin.warnings
            )
            self._settled.append(told)
        else:
            # No verdict is drawn from our failure; without a hash it is tried again next time. A traceback is told, not
            # kept: it may quote a hidden test.
            kept = GradedSubmission(handin.assignment_id, {}, (), not_graded=error.partition("\n")[0])
            self._cannot_grade(handin, "", kept, "failed", reason=error)

    def _cannot_grade(
        self,
        handin: HandIn,
        digest: str,
        graded: GradedSubmission,
        status: str = "not graded",
        *,
        reason: str = "",
        same_as: str = "",
    ) -> None:
        """Record a submission that nobody can grade as it is; ``reason`` is told in place of the one that is kept."""
        try:
            remove_autograded(self._config.layout, handin.student_id, handin.assignment_id)
        except GraderError as problem:
            handin = dataclasses.replace(handin, warnings=(*handin.warnings, problem.message))
        bare = dataclasses.replace(graded, verdicts=())
        self._add(handin, digest, bare, status, reason=reason or graded.not_graded, same_as=same_as)

    def _add(
        self,
        handin: HandIn,
        digest: str,
        bare: GradedSubmission,
        status: str,
        *,
        reason: str = "",
        same_as: str = "",
    ) -> None:
        scored = ScoredSubmission(
            handin.student_id,
            bare,
            handin.timestamp,
            digest,
            handin_hash=handin.digest,
            tests=self._tests[handin.assignment_id],
            tools=self._tools,
        )
        told = SubmissionResult(
            handin.student_id,
            handin.assignment_id,
            status,
            bare,
            reason=reason,
            warnings=handin.warnings,
            same_as=same_as,
        )
        self._batch.append((scored, told))
        if len(self._batch) >= BATCH or time.monotonic() - self._batch_since > BATCH_S:
            self._write_batch()

    def _write_batch(self) -> None:
        batch, self._batch = self._batch, []
        self._batch_since = time.monotonic()
        try:
            self._store.write_batch([scored for scored, _ in batch])
        except BaseException:
            self._batch = batch  # perhaps it can be written when the run ends: another program may be done by then
            raise
        self._settled.extend(result for _, result in batch)


def check_graded(graded: GradedSubmission, expected: dict[str, float]) -> None:
    """Check that a result is one that the course could give: its grade cells, each with a score within its points.

    Results come from other processes; a mistake of ours there must not become a score.

    Args:
        graded: the result.
        expected: the points of each grade cell.

    Raises:
        ValueError: it is not.
    """
    found = {verdict.grade_id: verdict for verdict in graded.verdicts}
    if len(found) != len(graded.verdicts) or found.keys() != expected.keys():
        raise ValueError(f"the judge answered for {len(graded.verdicts)} of {len(expected)} grade cells.")
    for grade_id, verdict in found.items():
        if not 0 <= verdict.score <= expected[grade_id] or verdict.max_score != expected[grade_id]:
            raise ValueError(f"{grade_id}: a score of {verdict.score} of {expected[grade_id]} points is impossible.")


def _chain(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest
