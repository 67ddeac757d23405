"""Consoles for answers (stdout) and for progress (stderr), and what a report has to know of the course."""

from __future__ import annotations

import contextlib
import heapq
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from grader.reports.text import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress

    from grader.course.config import CourseConfig
    from grader.reports.scores import Course


def stdout_console() -> Console:
    """Return a console for the answer: colour only on a terminal, 80 columns or more."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else max(80, shutil.get_terminal_size((80, 24)).columns)
    return Console(file=sys.stdout, width=width, soft_wrap=False, emoji=False)


def course_of(config: CourseConfig) -> Course:
    """Return what a report has to know of a course: its chapters in order, and who handed in what."""
    from grader.reports.scores import Course

    ids = config.layout.assignment_ids()
    return Course(
        title=config.title,
        titles={name: config.chapter(name).title for name in ids},
        points={name: config.chapter(name).points or 0.0 for name in ids},
        handed_in={name: config.layout.submissions(name) for name in ids},
        due={name: due for name in ids if (due := config.chapter(name).due) is not None},
    )


PROGRESS = ("auto", "lines", "json", "off")
"""``auto`` is a bar on a terminal and nothing elsewhere."""

Facts = Mapping[str, Any]


class Progress:
    """Says on stderr how far a run is, and what goes wrong in it.

    Args:
        total: how many submissions there are.
        style: one of ``PROGRESS``; what goes wrong is said in every style.
        quiet: nothing but that.
        in_hand: (student, chapter) of what is being worked at; without it, the bar names what was done last.
    """

    LINE_EVERY_S = 10.0
    STOPPING = "finishing what is in hand; once more stops at once"

    def __init__(
        self,
        total: int,
        *,
        style: str = "auto",
        quiet: bool = False,
        in_hand: Callable[[], Sequence[tuple[str, str]]] | None = None,
    ) -> None:
        self._total = total
        self._done = 0
        self._style = "off" if quiet else style
        self._name = ""
        self._in_hand = in_hand
        self._bar = None
        self._started = self._last = time.monotonic()
        self._is_stopping = False
        if self._style == "auto" and sys.stderr.isatty():
            self._bar = _bar(self._shown_in_hand, self._rate)
            self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        self._event("start", total=self._total)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def advance(self, name: str, facts: Facts | None = None) -> None:
        """One more is done, of this name; ``facts`` are about it, JSON-able."""
        self._done += 1
        self._name = name
        rate = self._rate()
        if self._bar:
            self._bar.update(self._task, advance=1)
        elif self._style == "json":
            left_s = round((self._total - self._done) / rate, 1) if rate else None
            self._event(
                "done",
                **(facts or {"name": name}),
                done=self._done,
                total=self._total,
                rate=round(rate, 2),
                left_s=left_s,
            )
        elif self._style == "lines" and time.monotonic() - self._last >= self.LINE_EVERY_S:
            self._last = time.monotonic()
            took = self._last - self._started
            print(f"{self._done} of {self._total} submissions, {took:.0f} s, {rate:.1f} a second", file=sys.stderr)

    def say(self, text: str) -> None:
        """Say what went wrong, in every style."""
        shown = printable(text, lines=True)
        if self._bar:
            self._bar.console.print(shown, markup=False, highlight=False, soft_wrap=True)
        elif self._style == "json":
            self._event("message", text=text)
        else:
            print(shown, file=sys.stderr, flush=True)

    def finishing(self) -> None:
        """Say that the run will end when what is in hand is finished; safe inside a signal handler."""
        self._is_stopping = True  # the bar's own thread shows it
        if not self._bar:
            line = json.dumps({"event": "stopping"}) if self._style == "json" else f"Stopping: {self.STOPPING}."
            with contextlib.suppress(OSError):
                os.write(2, f"{line}\n".encode())

    def end(self, facts: Facts) -> None:
        """All that was to be done is done, or was stopped."""
        self._event("end", **facts, seconds=round(time.monotonic() - self._started, 3))

    def _event(self, event: str, **facts: Any) -> None:
        if self._style == "json":
            print(json.dumps({"event": event, **facts}), file=sys.stderr, flush=True)

    def _rate(self) -> float:
        took = time.monotonic() - self._started
        return self._done / took if took > 0 else 0.0

    def _shown_in_hand(self) -> str:
        if self._is_stopping:
            return self.STOPPING
        if self._in_hand is None:
            return printable(self._name)
        return printable(", ".join(f"{student}/{chapter}" for student, chapter in self._in_hand()))


def _bar(in_hand: Callable[[], str], rate: Callable[[], float]) -> RichProgress:
    """How far, how fast, how long it will take, and what is being graded (as much of it as there is room for)."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TimeRemainingColumn
    from rich.progress import Progress as RichProgress
    from rich.table import Column
    from rich.text import Text

    class Now(ProgressColumn):
        max_refresh = 0.2

        def render(self, task: Task) -> Text:
            return Text(in_hand(), no_wrap=True, overflow="ellipsis")

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{rate():.1f}/s")

    return RichProgress(
        BarColumn(bar_width=12),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
        Now(table_column=Column(no_wrap=True, overflow="ellipsis")),
        console=Console(file=sys.stderr, emoji=False),
        transient=True,
    )


class Slowest:
    """The few that took longest, of any number."""

    def __init__(self, size: int = 3) -> None:
        self._size = size
        self._heap: list[tuple[float, int, str]] = []
        self._n = 0

    def add(self, seconds: float, name: str) -> None:
        """Take note of one."""
        self._n -= 1  # of equals, the first
        heapq.heappush(self._heap, (seconds, self._n, name))
        if len(self._heap) > self._size:
            heapq.heappop(self._heap)

    def found(self) -> list[tuple[str, float]]:
        """(name, seconds), the slowest first."""
        return [(name, seconds) for seconds, _, name in sorted(self._heap, reverse=True)]
