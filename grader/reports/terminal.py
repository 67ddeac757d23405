"""Consoles for answers (stdout) and for progress (stderr), and what a report has to know of the course."""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from grader.course.config import CourseConfig
from grader.reports.scores import Course
from grader.reports.text import printable

if TYPE_CHECKING:
    from rich.console import Console


def stdout_console() -> Console:
    """Return a console for the answer: colour only on a terminal, 80 columns or more."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else max(80, shutil.get_terminal_size((80, 24)).columns)
    return Console(file=sys.stdout, width=width, soft_wrap=False, emoji=False)


def course_of(config: CourseConfig) -> Course:
    """Return what a report has to know of a course: its chapters in order, and who handed in what."""
    ids = config.layout.assignment_ids()
    return Course(
        title=config.title,
        titles={name: config.chapter(name).title for name in ids},
        points={name: config.chapter(name).points or 0.0 for name in ids},
        handed_in={name: config.layout.submissions(name) for name in ids},
        due={name: due for name in ids if (due := config.chapter(name).due) is not None},
    )


class Progress:
    """Says on stderr how far a run is: a bar on a terminal, a line now and then elsewhere, nothing when quiet."""

    LINE_EVERY_S = 10.0

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total = total
        self._done = 0
        self._quiet = quiet
        self._bar = None
        self._last = time.monotonic()
        self._started = self._last
        if not quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as RichProgress
            from rich.table import Column

            self._bar = RichProgress(
                TextColumn("grading"),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                # a long name is cut: a second line would make the bar jump
                TextColumn("{task.fields[name]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
                console=Console(file=sys.stderr, emoji=False),
                transient=True,
            )
            self._task = self._bar.add_task("", total=total, name="")

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def advance(self, name: str) -> None:
        """One more is done."""
        self._done += 1
        if self._bar:
            self._bar.update(self._task, advance=1, name=printable(name))
        elif not self._quiet and time.monotonic() - self._last >= self.LINE_EVERY_S:
            self._last = time.monotonic()
            print(f"{self._done} of {self._total} submissions, {self._last - self._started:.0f} s", file=sys.stderr)

    def say(self, text: str) -> None:
        """Say what went wrong, also when quiet."""
        shown = printable(text, lines=True)
        if self._bar:
            self._bar.console.print(shown, markup=False, highlight=False, soft_wrap=True)
        else:
            print(shown, file=sys.stderr, flush=True)
