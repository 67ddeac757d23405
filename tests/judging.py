"""Help for tests of the judge: small submissions judged by the real thing, by a peer of our own, or by plain Python."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from grader.course.model import CourseCell, GradingSpec, Limits, Role, Verdict
from grader.execution import wire
from grader.execution.judge import Hearing, Judge
from grader.execution.sandbox import Template
from grader.execution.session import Session, closing
from grader.execution.submission import Step, bound_names

USUAL = Limits()
SHORT = Limits(cpu_s=0.5, grace_s=1.0)
"""Limits for code that runs away: half a second of CPU, three seconds on the wall."""


def grade_cell(source: str, name: str = "test", *, points: float = 1, partial: bool = False) -> CourseCell:
    """A grade cell."""
    return CourseCell(name, Role.TEST, source, points=points, partial=partial)


def spec_for(student: Sequence[str], tests: Sequence[CourseCell], limits: Limits = USUAL, **more: Any) -> GradingSpec:
    """A spec in which all that the student's cells define is what the course asks for."""
    names = frozenset().union(*map(bound_names, student))
    solution = [CourseCell(f"part{n}", Role.SOLUTION, "") for n, _ in enumerate(student)]
    return GradingSpec("chapter", (*solution, *tests), names, limits=limits, **more)


def notebook(*cells: str | tuple[str, str] | dict[str, Any]) -> bytes:
    """A notebook of code cells: a source, a source and a grade id, or a whole cell."""
    made = []
    for cell in cells:
        if not isinstance(cell, dict):
            source, name = (cell, "") if isinstance(cell, str) else cell
            metadata = {"nbgrader": {"grade_id": name}} if name else {}
            cell = {"cell_type": "code", "source": source, "metadata": metadata, "outputs": []}
        made.append(cell)
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


class Bench:
    """A warm template, and a student process that serves many small cases one after the other."""

    def __init__(self) -> None:
        self.template = Template(())
        self._session: Session | None = None

    def close(self) -> None:
        """End it."""
        if self._session is not None:
            self._session.close()
        self.template.close()

    def start(self, limits: Limits = USUAL, allowed_modules: Sequence[str] | None = None) -> Session:
        """A session with a student process of its own."""
        return Session(self.template.spawn(limits, seed=0, allowed_modules=allowed_modules))

    def hear(
        self,
        steps: Sequence[str | CourseCell],
        limits: Limits = USUAL,
        *,
        session: Session | None = None,
        may_restart: bool = False,
        **more: Any,
    ) -> Hearing:
        """Hear a notebook of the student's cells (text) and grade cells, in order.

        Crashes before the first snapshot are repeated from the start if it ``may_restart``; otherwise there is a
        snapshot before the first cell.
        """
        student = [step for step in steps if isinstance(step, str)]
        spec = spec_for(student, [step for step in steps if not isinstance(step, str)], limits, **more)
        order = [Step(step, "code") if isinstance(step, str) else Step(step.source, "code", step) for step in steps]
        if session is not None:
            return Judge(spec, session).hear(order)
        restart = (lambda: self.start(limits).process) if may_restart else None
        with closing(Session(self.start(limits).process, restart)) as own:
            return Judge(spec, own).hear(order)

    def verdict(self, student: str, test: str, limits: Limits = USUAL, **more: Any) -> Verdict:
        """The verdict on one test after one cell, in a process of its own."""
        return self.hear([student, grade_cell(test, **more)], limits).verdicts["test"]

    def quick_verdict(self, student: str, test: str) -> Verdict:
        """The same in a process that has served other cases before; for code that leaves nothing behind."""
        if self._session is None or self._session.is_dead:
            self._session = self.start(Limits(submission_cpu_s=3000))
        heard = self.hear([student, grade_cell(test)], Limits(submission_cpu_s=3000), session=self._session)
        if self._session.broken is not None:
            self._session.close()
        return heard.verdicts["test"]


def judged(verdict: Verdict) -> str:
    """A verdict as ``plain_result`` would say it: ``passed``, or the class of the exception."""
    if verdict.outcome == "passed":
        return "passed"
    lines = [line for line in verdict.detail.split("\n") if not line.startswith(("test, line", "cell "))]
    return f"{verdict.outcome}: {lines[0].partition(':')[0] if lines else ''}"


def plain_result(student: str, test: str) -> str:
    """What plain Python makes of both in one namespace."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    random.seed(0)
    quiet = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    with quiet[0], quiet[1], warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(student, "<student>", "exec", dont_inherit=True), namespace)
            random.seed(0)
            exec(compile(test, "<test>", "exec", dont_inherit=True), namespace)
        except AssertionError:
            return "failed: AssertionError"
        except BaseException as exc:  # noqa: BLE001 (the test's result)
            return f"error: {type(exc).__name__}"
    return "passed"


class Peer:
    """A student process that is not one: a thread that speaks to the judge over real pipes, in its own words.

    Args:
        answer: called with each of the judge's requests; gives the frames to send back, as messages or as raw bytes
            (which are sent as they are).
    """

    def __init__(self, answer: Callable[[list[Any]], Sequence[Any]], max_bytes: int = 1 << 20) -> None:
        self.answer = answer
        self.requests: list[list[Any]] = []
        request_read, request_write = os.pipe()
        reply_read, reply_write = os.pipe()
        self.channel = wire.Channel(reply_read, request_write, max_bytes=max_bytes)
        self._own = wire.Channel(request_read, reply_write, max_bytes=1 << 24, blocking=True)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(wire.PeerGone, wire.WireError, OSError):
            while True:
                request = wire.loads(self._own.receive())
                self.requests.append(request)
                replies = [["snapped", request[1], 0]] if request[0] == "snap" else self.answer(request)
                for reply in replies:
                    if isinstance(reply, bytes):
                        os.write(self._own.write_fd, reply)
                    elif reply is None:
                        os.close(self._own.write_fd)
                        self._own.write_fd = -1
                        return
                    else:
                        self._own.send(wire.dumps(reply))

    # What a session wants of a student process.

    keeper_is_gone = snapshot_is_gone = over_memory = False
    exit_status = None

    def interrupt(self) -> None:
        """Nothing: a peer is never busy."""

    def is_dead(self) -> bool:
        """False: nobody watches over it."""
        return False

    def death(self) -> str:
        """How it ended."""
        return "the peer has ended"

    def cpu_s(self) -> float:
        """Nothing that counts."""
        return 0.0

    def resume(self, snapshot_pid: int) -> bool:
        """False: it has no snapshots."""
        return False

    def close(self) -> None:
        """Hang up and wait for the thread."""
        self.channel.close()
        self._thread.join(5)
        self._own.close()


@contextlib.contextmanager
def peer_session(answer: Callable[[list[Any]], Sequence[Any]]) -> Iterator[tuple[Session, Peer]]:
    """A session with a ``Peer``."""
    peer = Peer(answer)
    with closing(Session(peer)) as session:  # type: ignore[arg-type]
        yield session, peer


def ok(request: list[Any], form: Any, *, back: Any = (), contents: Any = (), outputs: Any = "") -> list[Any]:
    """The reply that answers a request with a value."""
    return ["ok", request[1], form, list(back), list(contents), outputs]
