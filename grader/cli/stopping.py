"""Ctrl-C, once: finish what is in hand. Twice: stop at once. SIGTERM is heard as Ctrl-C is."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self


class StoppedAtOnce(KeyboardInterrupt):
    """The second signal; ``exit_code`` is the shell's for it."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = 128 + number


class Stopping:
    """While this is open, the first SIGINT or SIGTERM calls ``finish``; the second raises ``StoppedAtOnce``.

    Args:
        finish: is called inside a signal handler: it may set something, and should print nothing through a buffer. It
            gives whether there is something to finish; if there is not, the first signal stops as the second would.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, finish: Callable[[], bool]) -> None:
        self._finish = finish
        self._before: dict[signal.Signals, Any] = {}
        self.exit_code = 0
        """The shell's for the signal that was heard; 0 if none was."""

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self.exit_code or not self._finish():
            raise StoppedAtOnce(number)
        self.exit_code = 128 + number

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in self.SIGNALS:
                self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
