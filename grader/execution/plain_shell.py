"""A shell without IPython, for a first pass by another interpreter: the same requests, ``exec`` of cells, no magics.

What it cannot show as a notebook would (anything but text and plain values) it reports as an error; the submission is
then graded by IPython and CPython. Text in here runs from Python 3.9 on.
"""

from __future__ import annotations

import ast
import os
import sys
import traceback
import types
from typing import Any

from grader.execution.recorder import Recorder, plain_streams
from grader.execution.student_values import short, text_of

MAX_SHOWN = 75
"""Characters of a value that IPython shows on one line, as ``repr`` does."""
NOT_PLAIN = "NotPlain"


class CellCompiler:
    """Compiles cells under names that tell which cell it was."""

    def __init__(self) -> None:
        self.cell_index = -1
        self.cells: dict[str, int] = {}

    def parts(self, source: str, count: int) -> tuple[Any, Any]:
        """The statements of a cell, and its last expression if there is one."""
        name = f"<cell-{count}-{self.cell_index}>"
        self.cells[name] = self.cell_index
        tree = ast.parse(source, name)
        shown = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        body = compile(tree, name, "exec", dont_inherit=True)
        if not isinstance(shown, ast.Expr):
            return body, None
        return body, compile(ast.Expression(shown.value), name, "eval", dont_inherit=True)


class PlainShell:
    """Runs cells in one namespace, and records what they print and the values that they end with."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.compile = CellCompiler()
        self.execution_count = 1
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        self.user_ns: dict[str, Any] = module.__dict__

    def run_cell(self, source: str, *, store_history: bool) -> None:
        """Run one cell and record what it shows."""
        try:
            body, shown = self.compile.parts(source, self.execution_count)
            exec(body, self.user_ns)
            value = eval(shown, self.user_ns) if shown is not None else None  # noqa: S307 (it is what this process is for)
            if value is not None:
                self._show(value)
        except BaseException as exc:  # noqa: BLE001 (whatever student code raises is shown)
            self._error(getattr(type(exc), "__name__", "Exception"), text_of(exc), traceback.format_exc())
        if store_history and source.strip():
            self.execution_count += 1

    def _show(self, value: Any) -> None:
        text = repr(value) if _is_plain(value, 3) else ""
        if text and (len(text) <= MAX_SHOWN or type(value) is str):
            output = {"output_type": "execute_result", "data": {"text/plain": text}, "metadata": {}}
            self.recorder.add({**output, "execution_count": self.execution_count}, len(text))
        else:
            self._error(NOT_PLAIN, "a value that IPython shows in a way of its own", "")

    def _error(self, name: str, message: str, trace: str) -> None:
        output = {"output_type": "error", "ename": short(name), "evalue": short(message)}
        self.recorder.add({**output, "traceback": [short(trace)]}, len(message))


def _is_plain(value: Any, depth: int) -> bool:
    """True for values that IPython shows as ``repr`` does, as long as they are short."""
    if type(value) in (bool, int, float, str):
        return True
    if type(value) in (list, tuple) and depth:
        return len(value) <= MAX_SHOWN and all(item is None or _is_plain(item, depth - 1) for item in value)
    return False


_WARM_UP_CELL = """
class Warm:
    def __init__(self):
        self.rows = [[0.5, 1.5], [2.5, 3.5]]
        self.size = 2

    def forward(self, values):
        return [2.0 * value for value in values]

warm = Warm()
"""
_WARM_UPS = 2500
"""Rounds until the compiler has seen most of it: half a second."""


def _warm_up(shell: PlainShell) -> None:
    """Answer a judge of our own until the compiler has seen to it; forks of this process begin with that."""
    from grader.execution import student_side, wire

    request_read, request_write = os.pipe()
    reply_read, reply_write = os.pipe()
    asker = os.fork()
    if asker == 0:
        try:
            os.close(request_read)
            os.close(reply_write)
            _ask(wire.Channel(reply_read, request_write, max_bytes=1 << 20, blocking=True))
        finally:
            os._exit(0)
    os.close(request_write)
    os.close(reply_read)
    channel = wire.Channel(request_read, reply_write, max_bytes=1 << 20, blocking=True)
    student_side.Server(shell, [channel], {}).serve()
    channel.close()
    os.waitpid(asker, 0)
    shell.user_ns.clear()
    shell.user_ns["__name__"] = "__main__"
    shell.compile.cells.clear()
    shell.recorder.start()


def _ask(channel: Any) -> None:
    """What judges mostly ask: a method with a list, an attribute that is a list of lists."""
    from grader.execution import wire

    seq = 1
    requests: list[list[Any]] = [
        ["run", seq, 0, _WARM_UP_CELL, []],
        ["op", 2, "lookup", ["user", "warm"], [], [], [], None],
    ]
    warm = ["o", (2 << 32) + 1]
    for _ in range(_WARM_UPS):
        for request in requests:
            channel.send(wire.dumps(request))
            channel.receive()
        seq += 2
        mine = ["l", -seq]
        requests = [
            ["op", seq, "callmethod", [warm, "forward", mine], [], [[*mine, [1.0, seq, 2]]], [2 - seq], []],
            ["op", seq + 1, "getattr", [warm, "rows"], [], [], [], ["rows"]],
        ]


def make_shell(recorder: Recorder) -> PlainShell:
    """A fresh plain shell, warmed up so that a fork of this process starts fast."""
    plain_streams(recorder)
    shell = PlainShell(recorder)
    if sys.implementation.name == "pypy":
        _warm_up(shell)
    return shell
