"""Grading again after the course has changed: who is concerned, what becomes of them, and only then the gradebook.

Only what is concerned is run: where points alone have changed, the new score follows from the verdicts that are there;
where a time limit has, submissions that never came near one keep what they have. What would be written is written,
looked at and taken back, so that what is shown first is what comes after.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.course.config import CourseConfig
from grader.course.model import GradedSubmission, GradingSpec, Outcome, Verdict
from grader.errors import GraderError
from grader.gradebook.autograded import course_files, remove_autograded, write_autograded, write_whole
from grader.gradebook.grading import BATCH, OpenPool, check_graded
from grader.gradebook.handins import (
    HandIn,
    as_received,
    content_hash,
    id_problem,
    read_handin,
    spec_hash,
    tools_hash,
)
from grader.gradebook.history import Standing
from grader.gradebook.scores import ScoredSubmission
from grader.gradebook.store import Recorded, Store, VerdictRow
from grader.gradebook.versions import (
    Difference,
    GradingVersion,
    Json,
    difference,
    grading_version,
    is_far_from_limits,
)
from grader.notebooks.cells import nbgrader_metadata

Key = tuple[str, str]
"""(student_id, assignment_id)"""


@dataclasses.dataclass(frozen=True, slots=True)
class Move:
    """What regrading makes of one submission.

    Args:
        how: ``"run"`` (graded again), ``"points"`` (its verdicts hold, their points are others), ``"kept"`` (nothing
            that concerns it has changed).
        before: what counted, of ``max_before``; None if there was no score. ``after`` likewise.
        cells: grade_id → (before, after) of the grade cells whose points differ; None where there is no such cell.
        needs_person: whether somebody has to look at it afterwards.
        not_graded: why it cannot be graded, or empty.
    """

    student_id: str
    assignment_id: str
    how: str
    before: float | None
    after: float | None
    max_before: float
    max_after: float
    cells: Mapping[str, tuple[float | None, float | None]] = dataclasses.field(default_factory=dict)
    needs_person: bool = False
    not_graded: str = ""

    @property
    def by(self) -> float:
        """By how many points it moves."""
        return (self.after or 0.0) - (self.before or 0.0)

    @property
    def is_moved(self) -> bool:
        """Whether its score becomes another one."""
        return (self.before is None) != (self.after is None) or abs(self.by) > 1e-9


@dataclasses.dataclass(frozen=True, slots=True)
class Trouble:
    """A submission that could not be graded again: its score stays, and ``reason`` says why."""

    student_id: str
    assignment_id: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Todo:
    how: str
    handin: HandIn
    digest: str
    asks_again: frozenset[str] | None = None


@dataclasses.dataclass
class _Chapter:
    """One chapter of the run."""

    spec: GradingSpec
    tests: GradingVersion
    due: datetime.datetime | None
    before: Mapping[str, Standing]
    received: Mapping[str, datetime.datetime]
    todo: dict[str, _Todo] = dataclasses.field(default_factory=dict)
    changes: list[str] = dataclasses.field(default_factory=list)
    n_unchanged: int = 0
    waiting: list[str] = dataclasses.field(default_factory=list)


class Regrading:
    """One run over some chapters. Use it in a ``with``; nothing is written before ``write``.

    Args:
        config: the course.
        store: its open gradebook.
        spec_of: the ``GradingSpec`` of a chapter.
        assignment_ids: the chapters.
        student_ids: only these; None for all who were graded.
        force: run what is not concerned, too.
        why: for the history, before what has changed.
        keep_notebooks: whether there will be a ``write``.
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
        why: str = "",
        keep_notebooks: bool = True,
    ) -> None:
        self._config = config
        self._store = store
        self._force = force
        self._why = why
        self._only = None if student_ids is None else set(student_ids)
        self._of_spec: dict[str, bytes] = {}
        self._tools = tools_hash(config.isolation)
        self._notebooks: Path | None = None
        self._keep_notebooks = keep_notebooks
        self._numbers: dict[Key, int] = {}
        self._stack = contextlib.ExitStack()
        self._scored: dict[Key, ScoredSubmission] = {}
        self.troubles: list[Trouble] = []
        # All of them now: an author's mistake in the last chapter is told before the first is looked at.
        specs = [spec_of(assignment_id) for assignment_id in assignment_ids]
        self._chapters = {spec.assignment_id: self._plan(spec) for spec in specs}

    def __enter__(self) -> Regrading:
        if self._keep_notebooks and self._running():
            folder = self._config.layout.state_dir
            try:
                folder.mkdir(exist_ok=True)
                made = tempfile.TemporaryDirectory(prefix="regrade-", dir=folder, ignore_cleanup_errors=True)
            except OSError as problem:
                raise GraderError(
                    f"there is no place for graded notebooks: {problem.strerror or problem}.",
                    place=str(folder),
                    hint="Make the course folder writable for you, or look without writing: --dry-run",
                ) from problem
            self._notebooks = Path(self._stack.enter_context(made))
        return self

    def __exit__(self, *problem: object) -> None:
        self._stack.close()

    # --- what is concerned ---

    @property
    def changes(self) -> dict[str, list[str]]:
        """What has changed, chapter by chapter, since submissions were graded."""
        return {name: chapter.changes for name, chapter in self._chapters.items()}

    @property
    def n_unchanged(self) -> int:
        """How many submissions are not concerned at all."""
        return sum(chapter.n_unchanged for chapter in self._chapters.values())

    @property
    def waiting(self) -> list[Key]:
        """What was handed in and has never been graded: that is for autograde."""
        return [(student_id, name) for name, chapter in self._chapters.items() for student_id in chapter.waiting]

    @property
    def n_run(self) -> int:
        """How many submissions have to be run."""
        return len(self._running())

    @property
    def n_concerned(self) -> int:
        """How many submissions are concerned in any way."""
        return sum(len(chapter.todo) for chapter in self._chapters.values()) + len(self.troubles)

    def _running(self) -> list[Key]:
        return [
            (student_id, name)
            for name, chapter in self._chapters.items()
            for student_id, todo in chapter.todo.items()
            if todo.how == "run"
        ]

    def _plan(self, spec: GradingSpec) -> _Chapter:
        name, store, layout = spec.assignment_id, self._store, self._config.layout
        chapter = _Chapter(
            spec,
            grading_version(spec),
            self._config.chapter(name).due,
            store.standings(name, told=True),
            store.received(name),
        )
        self._of_spec[name] = spec_hash(spec, self._config.isolation)
        whole = store.recorded(name)
        graded = store.recorded(name, whole=False)
        handed_in = {student_id for student_id in layout.submissions(name) if not id_problem(student_id)}
        chapter.waiting = sorted(student_id for student_id in handed_in - set(graded) if self._is_chosen(student_id))
        verdicts: dict[str, list[VerdictRow]] = {}
        for row in store.verdicts(assignment_ids=[name]):
            verdicts.setdefault(row.student_id, []).append(row)
        unchanged = store.unanswered(name)
        facts: dict[str, Json] = {}
        differences: dict[str, Difference | None] = {}
        for student_id, recorded in sorted(graded.items()):
            if not self._is_chosen(student_id):
                continue
            is_there = student_id in handed_in
            handin = self._handin(chapter, student_id) if is_there else HandIn(student_id, name)
            digest = content_hash(handin, self._of_spec[name])
            is_same = recorded.content_hash == digest if is_there else recorded.tests_version == chapter.tests.digest
            if student_id in whole and is_same and not (self._force and is_there):
                chapter.n_unchanged += 1
                continue
            was = recorded.tests_version
            if was not in differences:
                facts[was] = store.version_facts(name, was)
                differences[was] = difference(facts[was], chapter.tests.facts) if facts[was] else None
            change = differences[was]
            self._tell_changes(chapter, recorded, handin, change, is_there)
            # The same answers and the same tests need no second look of whoever graded by hand.
            same = not is_there or recorded.handin_hash == handin.digest
            asks_again = change.cells if change and same else None
            rescored = None
            is_kept = layout.autograded_notebook(student_id, name).is_file()
            if not is_there or (same and is_kept and not self._force):
                rescored = self._rescored(
                    chapter, recorded, facts[was], change, verdicts.get(student_id, []), unchanged.get(student_id)
                )
            if rescored is not None:
                how = "points" if change and change.points else "kept"
                digest = digest if is_there else recorded.content_hash
                chapter.todo[student_id] = _Todo(how, dataclasses.replace(handin, notebook=b""), digest, asks_again)
                self._add(chapter, handin, rescored, recorded)
            elif is_there:
                chapter.todo[student_id] = _Todo(
                    "run", dataclasses.replace(handin, notebook=b"", files={}), digest, asks_again
                )
            else:
                self.troubles.append(Trouble(student_id, name, "what was handed in is no longer in submitted/."))
        return chapter

    def _handin(self, chapter: _Chapter, student_id: str) -> HandIn:
        handin = read_handin(self._config.layout, student_id, chapter.spec.assignment_id)
        return as_received(handin, chapter.received.get(student_id))

    def _is_chosen(self, student_id: str) -> bool:
        return self._only is None or student_id in self._only

    def _tell_changes(
        self, chapter: _Chapter, recorded: Recorded, handin: HandIn, change: Difference | None, is_there: bool
    ) -> None:
        lines = list(change.lines) if change else ["graded by an earlier version of this tool"]
        if recorded.handin_hash and is_there and recorded.handin_hash != handin.digest:
            lines.append("new hand-ins")
        if recorded.tools and recorded.tools != self._tools:
            lines.append("other versions of Python, IPython or this tool")
        chapter.changes += [line for line in lines if line not in chapter.changes]

    def _rescored(
        self,
        chapter: _Chapter,
        recorded: Recorded,
        facts: Json,
        change: Difference | None,
        verdicts: Sequence[VerdictRow],
        unanswered: frozenset[str] | None,
    ) -> GradedSubmission | None:
        """Return a submission with the verdicts that it has, in today's points; None if it has to be run."""
        if change is None or change.needs_run or recorded.not_graded or recorded.tools != self._tools:
            return None
        by_name = {row.grade_id: row for row in verdicts}
        expected = chapter.spec.grade_points
        if by_name.keys() != expected.keys():
            return None
        if any(row.outcome not in set(Outcome) for row in verdicts):
            return None  # nbgrader graded it, or another time did
        if change.limits:
            stopped = any(row.outcome in (Outcome.TIMEOUT, Outcome.CRASHED, Outcome.NOT_RUN) for row in verdicts)
            if stopped or not is_far_from_limits(recorded.cpu_s, recorded.wall_s, facts, chapter.tests.facts):
                return None
        made = []
        for name, points in expected.items():
            row = by_name[name]
            score = row.auto_score or 0.0
            if name in change.points:
                score = points if row.outcome == Outcome.PASSED else 0.0
            if row.outcome == Outcome.MANUAL:
                score = 0.0
            made.append(Verdict(name, Outcome(row.outcome), score, points, row.message, row.detail, row.seconds))
        return GradedSubmission(
            chapter.spec.assignment_id,
            {},
            tuple(made),
            unchanged=unanswered or frozenset(),
            repairs=recorded.repairs,
            cpu_s=recorded.cpu_s,
            wall_s=recorded.wall_s,
        )

    def _add(
        self, chapter: _Chapter, handin: HandIn, graded: GradedSubmission, recorded: Recorded | None = None
    ) -> None:
        todo = chapter.todo[handin.student_id]
        name = chapter.spec.assignment_id
        self._scored[handin.student_id, name] = ScoredSubmission(
            handin.student_id,
            dataclasses.replace(graded, notebook={}),
            handin.timestamp,
            todo.digest,
            handin_hash=handin.digest or (recorded.handin_hash if recorded else ""),
            tests=chapter.tests,
            tools=self._tools,
            asks_again=todo.asks_again,
            why=self._why,
        )

    # --- running it ---

    def run(self, open_pool: OpenPool) -> Generator[Key, None, None]:
        """Run what has to be run, and yield each as it is done."""
        if not self._running():
            return
        with open_pool() as pool:
            for result in pool.map(self._tasks()):
                self._take(result)
                yield result.key
        for student_id, name in self._running():
            if (student_id, name) not in self._scored:
                self._failed(student_id, name, "the pool returned nothing.")

    def _tasks(self) -> Iterator[Any]:
        from grader.execution.pool import Task

        for student_id, name in self._running():
            chapter = self._chapters[name]
            handin = self._handin(chapter, student_id)
            if handin.problem:
                self._cannot_grade(chapter, handin, handin.problem)
                continue
            yield Task((student_id, name), handin.notebook, chapter.spec, handin.files)

    def _cannot_grade(self, chapter: _Chapter, handin: HandIn, reason: str) -> None:
        self._add(chapter, handin, GradedSubmission(chapter.spec.assignment_id, {}, (), not_graded=reason))

    def _take(self, result: Any) -> None:
        student_id, name = result.key
        chapter = self._chapters[name]
        todo = chapter.todo[student_id]
        graded: GradedSubmission | None = result.graded
        error: str = result.error or ("" if graded else "the pool returned nothing.")
        if graded and graded.not_graded and not error:
            self._cannot_grade(chapter, todo.handin, graded.not_graded)
            return
        if graded and not error:
            try:
                check_graded(graded, chapter.spec.grade_points)
                if self._notebooks is not None:
                    from grader.notebooks.notebook import notebook_text

                    write_whole(self._notebook(result.key), notebook_text(graded.notebook).encode("utf-8"))
                self._add(chapter, todo.handin, graded)
                return
            except ValueError as problem:
                error = str(problem)
            except OSError as problem:
                raise GraderError(
                    f"a graded notebook cannot be written: {problem.strerror or problem}.",
                    place=str(self._notebooks),
                    hint="Make room, then run this again. Nothing was changed.",
                ) from problem
        self._failed(student_id, name, error)

    def _failed(self, student_id: str, name: str, error: str) -> None:
        """Leave out a submission: no verdict is drawn from our own failure, and the score that is there stays."""
        del self._chapters[name].todo[student_id]
        self.troubles.append(Trouble(student_id, name, f"grading failed, the score stays: {error.strip()}"))

    def _notebook(self, key: Key) -> Path:
        assert self._notebooks is not None
        # not the student's own name: it may be as long as a file's name can be
        number = self._numbers.setdefault(key, len(self._numbers))
        return self._notebooks / f"{number}.ipynb"

    # --- what it comes to ---

    def moves(self) -> list[Move]:
        """Return what becomes of each submission that is concerned: written, looked at, and taken back."""
        with self._store.one_transaction(keep=False):
            self._apply()
            after = {name: self._store.standings(name) for name in self._chapters}
        moves = []
        for name, chapter in self._chapters.items():
            for student_id in sorted(chapter.before.keys() & after[name].keys()):
                was, now = chapter.before[student_id], after[name][student_id]
                todo = chapter.todo.get(student_id)
                cells = {
                    cell: (was.cells.get(cell), now.cells.get(cell))
                    for cell in dict.fromkeys([*was.cells, *now.cells])
                    if was.cells.get(cell) != now.cells.get(cell) or (cell in was.cells) != (cell in now.cells)
                }
                move = Move(
                    student_id,
                    name,
                    todo.how if todo else "kept",
                    was.counted,
                    now.counted,
                    was.max_score,
                    now.max_score,
                    cells,
                    now.needs_person,
                    now.not_graded,
                )
                if todo or move.is_moved:
                    moves.append(move)
        return moves

    def _apply(self) -> None:
        for name, chapter in self._chapters.items():
            self._store.sync_assignment(name, chapter.spec.cells, due=chapter.due)
        scored = list(self._scored.values())
        for start in range(0, len(scored), BATCH):
            self._store.write_batch(scored[start : start + BATCH])
        for name in self._chapters:
            self._store.refresh_penalties(name)

    def write(self) -> None:
        """Write graded notebooks, then all scores with their history in one transaction.

        Stopped in between, the scores are the old ones, and running it again ends the same.
        """
        layout = self._config.layout
        for name, chapter in self._chapters.items():
            files = course_files(layout, name)
            for student_id, todo in list(chapter.todo.items()):
                if todo.how == "run":
                    self._write_notebook(chapter, student_id, todo, files)
                elif todo.how == "points" and layout.autograded_notebook(student_id, name).is_file():
                    self._write_points(chapter, student_id)
        with self._store.one_transaction():
            self._apply()

    def _write_notebook(self, chapter: _Chapter, student_id: str, todo: _Todo, files: Mapping[str, bytes]) -> None:
        layout, name = self._config.layout, chapter.spec.assignment_id
        handin = self._handin(chapter, student_id)
        if content_hash(handin, self._of_spec[name]) != todo.digest:
            del chapter.todo[student_id], self._scored[student_id, name]
            self.troubles.append(
                Trouble(student_id, name, "something else was handed in meanwhile; the score stays. Run this again.")
            )
        elif self._scored[student_id, name].graded.not_graded:
            remove_autograded(layout, student_id, name)
        else:
            text = self._notebook((student_id, name)).read_text(encoding="utf-8")
            write_autograded(layout, handin, text, files)

    def _write_points(self, chapter: _Chapter, student_id: str) -> None:
        """Give the graded notebook's cells today's points; what it shows is the same."""
        path = self._config.layout.autograded_notebook(student_id, chapter.spec.assignment_id)
        try:
            notebook = json.loads(path.read_text(encoding="utf-8"))
            facts = {cell.name: nbgrader_metadata(cell) for cell in chapter.spec.cells if cell.is_grade}
            for cell in notebook["cells"]:
                of_cell = cell["metadata"].get("nbgrader", {})
                known = facts.get(of_cell.get("grade_id"))
                if known and of_cell.get("grade"):
                    of_cell |= known
            from grader.notebooks.notebook import notebook_text

            write_whole(path, notebook_text(notebook).encode("utf-8"))
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as problem:
            raise GraderError(
                f"the graded notebook cannot be brought up to date: {problem}.",
                place=str(path),
                hint="Run it again: grader regrade --force. No score was changed.",
            ) from problem
