"""Many submissions: workers that grade, behind one ``map``.

Each worker is an interpreter of its own, started with exec, that keeps warm templates; tasks and results travel as
JSON. A worker that dies costs its task a second try, never the batch. ``cluster`` has the same for many machines.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

from grader.course.model import GradedSubmission, GradingSpec
from grader.errors import IsolationError, SandboxError
from grader.execution import kernel, wire

MAX_FRAME_BYTES = 512 << 20
MAX_TRIES = 2
"""A task that has ended this many workers is reported, not retried."""

_MODULE = "grader.execution.pool"

Key = tuple[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """One submission to grade; ``key`` is ``(student_id, assignment_id)``."""

    key: Key
    notebook: bytes
    spec: GradingSpec
    files: Mapping[str, bytes] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What became of a task: a graded submission, or the reason why our machinery gave none."""

    key: Key
    graded: GradedSubmission | None
    error: str = ""


class Worker(Protocol):
    """What grades one task at a time."""

    task: Task | None
    """The task in hand."""

    def give(self, task: Task) -> None:
        """Begin with a task; ``PeerGone`` when the worker has died."""
        ...

    def take(self) -> dict[str, Any]:
        """The answer to the task in hand; ``PeerGone`` when the worker has died."""
        ...

    def close(self, *, kill: bool = False) -> None:
        """Let go of it."""
        ...


_W = TypeVar("_W", bound=Worker)


class LocalWorker:
    """One worker process and the task it has in hand."""

    def __init__(self, isolation: str, core: int | None) -> None:
        self.core = core
        # "Parent" is a thread to the kernel: a worker must not end with one that only started it.
        parent = str(os.getpid() if threading.current_thread() is threading.main_thread() else 0)
        task_read, task_write = os.pipe()
        result_read, result_write = os.pipe()
        self.process = subprocess.Popen(
            # -P: whoever grades may stand in a student's folder, and there may be a random.py in it.
            [sys.executable, "-P", "-m", _MODULE, isolation, str(task_read), str(result_write), str(core), parent],
            pass_fds=[task_read, result_write],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the parent, who lets what is in hand end
            env=_environment(),
        )
        os.close(task_read)
        os.close(result_write)
        self.channel = wire.Channel(result_read, task_write, max_bytes=MAX_FRAME_BYTES)
        self.task: Task | None = None
        self.known_specs: dict[int, tuple[int, GradingSpec]] = {}  # by identity; the spec is kept, so that ids hold

    def give(self, task: Task) -> None:
        """Send a task; a spec is sent once and then called by its number."""
        self.task = task
        number, _ = self.known_specs.get(id(task.spec), (None, None))
        plain = plain_handin(task)
        if number is None:
            number = len(self.known_specs)
            self.known_specs[id(task.spec)] = (number, task.spec)
            plain["new_spec"] = task.spec.to_plain()
        plain["spec"] = number
        self.channel.send(json.dumps(plain).encode(), time.monotonic() + 60)

    def take(self) -> dict[str, Any]:
        """The answer to the task in hand; ``PeerGone`` when the worker has died."""
        answer: dict[str, Any] = json.loads(self.channel.receive(time.monotonic() + 60))
        return answer

    def close(self, *, kill: bool = False) -> None:
        """End the worker: it stops when nobody talks to it, or at once."""
        self.channel.close()
        if kill:
            self.process.kill()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def plain_handin(task: Task) -> dict[str, Any]:
    """What was handed in, as JSON-able data; ``handin_of`` is the way back."""
    return {
        "notebook": base64.b64encode(task.notebook).decode(),
        "files": {name: base64.b64encode(data).decode() for name, data in task.files.items()},
    }


def handin_of(plain: Mapping[str, Any]) -> tuple[bytes, dict[str, bytes]]:
    """The notebook and the files that ``plain_handin`` wrote down."""
    return base64.b64decode(plain["notebook"]), {n: base64.b64decode(data) for n, data in plain["files"].items()}


def _environment() -> dict[str, str]:
    """A worker sees the interpreter's paths and nothing else: no database URL, no token of the instructor's.

    Sets of strings have one order in all of them, or a test that goes through one would depend on its worker.
    """
    names = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "COVERAGE_PROCESS_START")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    given = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if os.path.isabs(entry)]
    ours = str(Path(__file__).resolve().parents[2])
    if not ours.endswith(("site-packages", "dist-packages")):  # installed, it is found, and must not come first
        given = [ours, *given]
    return kept | {"PYTHONHASHSEED": "0", "PYTHONPATH": os.pathsep.join(dict.fromkeys(given))}


class Dispatcher(Generic[_W]):
    """Hands tasks to workers: a second try for those whose worker has died, and for those that took too long.

    Where workers come from, and how to wait for them, a subclass says.

    Args:
        isolation: one of ``model.ISOLATIONS``.
    """

    max_tries = 0
    """A task that has ended this many workers is reported; 0 for ``MAX_TRIES``."""

    def __init__(self, *, isolation: str = "auto") -> None:
        self.isolation = isolation
        self._workers: list[_W] = []
        self._stopped = False

    def stop(self) -> None:
        """Give no second chances from now on: whoever makes the tasks makes no more, and wants to end."""
        self._stopped = True

    def _has_room(self) -> bool:
        """True if another task can be begun now."""
        raise NotImplementedError

    def _free_worker(self, task: Task) -> _W:
        """A worker of ``_workers`` with nothing in hand, for this task."""
        raise NotImplementedError

    def _ready(self) -> list[_W]:
        """Wait; the workers that have an answer, or have died."""
        raise NotImplementedError

    def map(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """Results in the order in which they are ready.

        Tasks are drawn as workers become free, so they may be made lazily. A submission that passed only its wall
        limit is graded a second time, alone, and that result counts.

        Raises:
            IsolationError: this machine does not offer the isolation.
        """
        queue = iter(tasks)
        again: list[Task] = []
        tries: dict[Key, int] = {}
        alone: list[Task] = []
        while True:
            while self._has_room() and (task := _next(queue, again)):
                yield from self._start(task, again, tries)
            if not self._busy():
                break
            for worker in self._ready():
                done: list[Result] = []
                for task, result in self._finish(worker, again, tries):
                    if result.graded and result.graded.wall_timeouts:
                        alone.append(task)
                    else:
                        done.append(result)
                if self._has_room() and (task := _next(queue, again)):  # before the last one is written down
                    done += self._start(task, again, tries)
                yield from done
        for task in alone:
            if self._stopped:
                break
            yield from self._start(task, again, tries)
            while self._busy() or again:
                for worker in self._ready():
                    yield from (result for _, result in self._finish(worker, again, tries))
                while again and not self._busy():
                    yield from self._start(again.pop(), again, tries)

    def _busy(self) -> list[_W]:
        return [worker for worker in self._workers if worker.task is not None]

    def _start(self, task: Task, again: list[Task], tries: dict[Key, int]) -> Iterator[Result]:
        worker = self._free_worker(task)
        try:
            worker.give(task)
        except (wire.PeerGone, wire.WireTimeout):
            yield from (result for _, result in self._lost(worker, again, tries))
        except wire.WireError as exc:
            worker.task = None
            yield Result(task.key, None, str(exc))

    def _finish(self, worker: _W, again: list[Task], tries: dict[Key, int]) -> Iterator[tuple[Task, Result]]:
        task = worker.task
        assert task is not None
        try:
            answer = worker.take()
        except (wire.PeerGone, wire.WireError, wire.WireTimeout, ValueError):
            yield from self._lost(worker, again, tries)
            return
        worker.task = None
        if "refused" in answer:
            raise IsolationError(answer["refused"][0], hint=answer["refused"][1])
        graded = GradedSubmission.from_plain(answer["graded"]) if "graded" in answer else None
        yield task, Result(task.key, graded, answer.get("error", ""))

    def _lost(self, worker: _W, again: list[Task], tries: dict[Key, int]) -> Iterator[tuple[Task, Result]]:
        task = worker.task
        assert task is not None
        self._workers.remove(worker)
        worker.close(kill=True)
        tries[task.key] = tries.get(task.key, 0) + 1
        max_tries = self.max_tries or MAX_TRIES
        if tries[task.key] < max_tries:
            again.append(task)
        else:
            yield task, Result(task.key, None, f"the grading process ended {max_tries} times on this submission")

    def close(self) -> None:
        """End the workers; those that have a task in hand at once."""
        for worker in self._workers:
            worker.close(kill=worker.task is not None)
        self._workers = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _next(queue: Iterator[Task], again: list[Task]) -> Task | None:
    return again.pop() if again else next(queue, None)


class Pool(Dispatcher[LocalWorker]):
    """``jobs`` workers that grade side by side.

    Args:
        jobs: how many; by default one a core.
        isolation: one of ``model.ISOLATIONS``.
    """

    def __init__(self, jobs: int | None = None, *, isolation: str = "auto") -> None:
        super().__init__(isolation=isolation)
        self.jobs = max(1, jobs or available_cores())
        self._started = 0

    def _free_core(self) -> int | None:
        """A core for the next worker, its judge and its student process; None to leave it to the system.

        A judge and its student process answer each other some hundred times a second; on one core that is three times
        as fast as across two, and one submission cannot take another's core.
        """
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        if self.jobs > len(cores):
            return None
        return cores[(os.getpid() + self._started) % len(cores)]

    def _has_room(self) -> bool:
        return len(self._busy()) < self.jobs

    def _free_worker(self, task: Task) -> LocalWorker:
        worker = next((worker for worker in self._workers if worker.task is None), None)
        return worker or self._new_worker()

    def _new_worker(self) -> LocalWorker:
        worker = LocalWorker(self.isolation, self._free_core())
        self._workers.append(worker)
        self._started += 1
        return worker

    def warm_up(self, n_tasks: int) -> None:
        """Start the workers for so many tasks before the first of them is there."""
        while len(self._workers) < min(self.jobs, n_tasks):
            self._new_worker()

    def close(self) -> None:
        """End the workers; those that have a task in hand at once, the others side by side."""
        for worker in self._workers:
            if worker.task is None:
                worker.channel.close()
        super().close()

    def _ready(self) -> list[LocalWorker]:
        poller = select.poll()
        busy = {worker.channel.read_fd: worker for worker in self._busy()}
        for fd in busy:
            poller.register(fd, select.POLLIN)
        return [busy[fd] for fd, _ in poller.poll()] if busy else []


def available_cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def work(isolation: str, task_fd: int, result_fd: int) -> None:
    """A worker's life: take a task, grade it, answer; until the parent hangs up."""
    from grader.execution.grade import Grader

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = wire.Channel(task_fd, result_fd, max_bytes=MAX_FRAME_BYTES, blocking=True)
    specs: dict[int, GradingSpec] = {}
    with Grader(isolation=isolation) as grader:
        grader.warm_up()
        while True:
            try:
                plain = json.loads(channel.receive())
            except wire.PeerGone:
                return
            if "new_spec" in plain:
                specs[plain["spec"]] = GradingSpec.from_plain(plain["new_spec"])
            notebook, files = handin_of(plain)
            try:
                answer = f'{{"graded": {grader.grade_text(notebook, specs[plain["spec"]], files)}}}'
            except IsolationError as exc:
                answer = json.dumps({"refused": [exc.message, exc.hint]})
            except SandboxError as exc:
                answer = json.dumps({"error": str(exc)})
            channel.send(answer.encode())


if __name__ == "__main__":
    if sys.argv[5] != "0":
        kernel.end_with(int(sys.argv[5]))
    if sys.argv[4].isdigit():
        os.sched_setaffinity(0, {int(sys.argv[4])})
    work(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
