"""What runs inside the student process: the student's cells, and answers to the judge's questions.

This module knows no expected value, no test and no path of the course. Everything here is at the mercy of student code,
and nothing here is trusted: the judge takes from it plain data only.
"""

from __future__ import annotations

import builtins
import json
import operator
import os
import signal
import sys
import traceback
import types
import warnings
from collections.abc import Callable
from typing import Any, Protocol

from grader.execution import wire
from grader.execution.recorder import Recorder, plain_streams
from grader.execution.student_values import MAX_TEXT, Values, name_of, plain_parts, short, text_of

MAX_FRAMES = 30
_fork = os.fork


class Shell(Protocol):
    """What runs the student's cells: ``student_shell`` or, in a first pass, ``plain_shell``."""

    recorder: Recorder
    user_ns: dict[str, Any]
    compile: Any
    """Its ``cell_index`` is the running cell's; its ``cells`` tell for a file name in a traceback which cell it was."""

    def run_cell(self, source: str, *, store_history: bool) -> Any:
        """Run one cell and record what it shows."""
        ...


def let_go_of_frames(exc: BaseException) -> None:
    """Forget what the frames of an exception that is kept still hold: what they had used up would stay used up."""
    seen: set[int] = set()
    chain: BaseException | None = exc
    while chain is not None and id(chain) not in seen and len(seen) < 100:
        seen.add(id(chain))
        traceback.clear_frames(chain.__traceback__)
        chain = chain.__cause__ or chain.__context__


def _power(base: Any, exponent: Any) -> Any:
    return base**exponent


OPERATIONS: dict[str, Callable[..., Any]] = {
    "call": lambda target, /, *args, **kwargs: target(*args, **kwargs),
    "getattr": getattr,
    "callmethod": lambda target, name, /, *args, **kwargs: getattr(target, name)(*args, **kwargs),
    "setattr": setattr,
    "delattr": delattr,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "append": list.append,
    "len": len,
    "iter": iter,
    "next": next,
    "str": str,
    "float": float,
    "int": int,
    "index": operator.index,
    "abs": abs,
    "round": round,
    "neg": operator.neg,
    "pos": operator.pos,
    "invert": operator.invert,
    "isinstance": isinstance,
    "issubclass": issubclass,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": operator.truediv,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "pow": _power,
    "matmul": operator.matmul,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "lshift": operator.lshift,
    "rshift": operator.rshift,
    "iadd": operator.iadd,
    "isub": operator.isub,
    "imul": operator.imul,
    "itruediv": operator.itruediv,
    "enter": lambda target: type(target).__enter__(target),
    "exit": lambda target: type(target).__exit__(target, None, None, None),
}


class Server:
    """Answers one judge, one request at a time."""

    def __init__(self, shell: Shell, channels: list[wire.Channel], pristine: dict[str, Any]) -> None:
        self.shell = shell
        self.channel, *self.spare_channels = channels
        self.snapshot = 0
        self.values = Values()
        self.values.callback = self.call_back
        self.setup_names: dict[str, Any] = {}
        self.pristine = pristine

    def serve(self) -> None:
        """Answer until the judge hangs up."""
        while True:
            try:
                request = wire.loads(self.channel.receive())
            except wire.PeerGone:
                return
            except KeyboardInterrupt:  # an interrupt that came after its cell had ended
                continue
            self.answer(request)

    def answer(self, request: list[Any]) -> None:
        """Do what one request asks and send exactly one reply for it."""
        kind, seq = request[0], request[1]
        self.values.next_id = (seq << 32) + 1
        try:
            if kind == "run":
                reply = self.run(*request[1:])
            elif kind == "snap":
                pid = self.fork_snapshot()
                if pid == 0:
                    return  # the snapshot: it says nothing until somebody speaks to it
                reply = ["snapped", seq, pid]
            else:
                reply = self.operate(*request[1:])
        except KeyboardInterrupt as exc:
            reply = self.failure(seq, exc)
        self.send(seq, reply)

    def fork_snapshot(self) -> int:
        """Leave a copy of this process waiting on the next pair of pipes, in place of the last one.

        This process goes on, and so do its threads, timers and children; the copy has none of them.

        Returns:
            The copy's process id; 0 in the copy itself; -1 if there is no room for one more, and the last one stays.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a student's threads do not come along, and shall not
            try:
                pid = _fork()
            except OSError:
                return -1
        if pid == 0:
            self.channel.close()
            self.channel, *self.spare_channels = self.spare_channels
            self.snapshot = 0
            return 0
        if self.snapshot:
            try:
                os.kill(self.snapshot, signal.SIGKILL)
                os.waitpid(self.snapshot, 0)
            except OSError:
                pass
        self.snapshot = pid
        return pid

    def send(self, seq: int, reply: list[Any]) -> None:
        """Send a reply, or say that it cannot be sent."""
        while True:
            try:
                self.channel.send(wire.dumps(reply))
                return
            except wire.WireError as exc:
                reply = self.failure(seq, exc)
            except KeyboardInterrupt:
                continue
            except (RecursionError, ValueError, TypeError) as exc:
                reply = self.failure(seq, wire.WireError(f"the value cannot be sent: {type(exc).__name__}"))

    def run(self, seq: int, index: int, source: str, names: list[str]) -> list[Any]:
        """Run one cell as IPython does; ``names`` are bindings of a setup cell to keep for the judge."""
        self.shell.compile.cell_index = index
        plain_streams(self.shell.recorder)
        self.shell.run_cell(source, store_history=True)
        for name in names:
            if name in self.shell.user_ns:
                self.setup_names[name] = self.shell.user_ns[name]
        contents: list[Any] = []
        back = self.values.changed(contents)
        return ["ran", seq, back, contents, self.shell.recorder.take()]

    def operate(
        self,
        seq: int,
        name: str,
        args: list[Any],
        kwargs: list[Any],
        sync: list[Any],
        gone: list[int],
        looks: list[str] | None = None,
    ) -> list[Any]:
        """Do one operation of the judge's on an object of the student's; ``looks`` as in ``Values.encode``."""
        values = self.values
        plain_streams(self.shell.recorder)
        contents: list[Any] = []
        about: Any = None
        done = "ok"
        try:
            values.release(gone)
            values.apply(sync)
            if name == "fetch":
                result = values.decode(args[0])
                form = values.encode(result, contents, budget=1 << 30)
                return ["ok", seq, form, [], contents, ""]
            if name == "assign":
                return ["ok", seq, None, [], contents, ""]
            if name == "lookup":
                result = self.lookup(*args)
            else:
                decoded = [values.decode(arg) for arg in args]
                named = {key: values.decode(value) for key, value in kwargs}
                if name == "getattr":
                    parts = plain_parts(decoded[0])
                    done = "same" if parts and (decoded[1] in parts[0] or decoded[1] in parts[1]) else "ok"
                result = OPERATIONS[name](*decoded, **named)
                if name in ("getattr", "callmethod"):
                    about = decoded[0]
                elif name == "call" and type(decoded[0]) is types.MethodType:
                    about = decoded[0].__self__
            form = values.encode(result, contents, about=about, looks=looks)
            back = values.changed(contents)
        except BaseException as exc:  # noqa: BLE001 (whatever student code raises is an answer)
            return self.failure(seq, exc)
        return [done, seq, form, back, contents, self.shell.recorder.take()]

    def lookup(self, space: str, name: str) -> Any:
        """What a name means now in the notebook, or meant in a setup cell, or means in ``chapters``."""
        table = {"user": self.shell.user_ns, "setup": self.setup_names, "chapters": self.pristine}[space]
        if name not in table:
            raise NameError(f"name {name!r} is not defined")
        return table[name]

    def failure(self, seq: int, exc: BaseException) -> list[Any]:
        """The reply for an exception: its class, its message, and where in the student's cells it came from."""
        contents: list[Any] = []
        try:
            back = self.values.changed(contents)
        except BaseException:  # noqa: BLE001 (a list that cannot be described is left as it was)
            back, contents = [], []
        kinds = [[0 if k.__module__ == "builtins" else self.class_id(k), name_of(k)] for k in type(exc).__mro__[:20]]
        cell, line, lines = self.place(exc)
        let_go_of_frames(exc)
        known = self.values.tags.get(id(exc))  # by what name the judge knows it, if it does: its own, or seen before
        number = (known or self.values._keep(exc, "o"))[1]
        detail = [number, kinds, short(text_of(exc)), self.arguments(exc, contents), cell, line, lines]
        return ["err", seq, detail, back, contents, self.shell.recorder.take()]

    def arguments(self, exc: BaseException, contents: list[Any]) -> Any:
        """The form of an exception's ``args``; None if they cannot be sent, or are too much for an exception."""
        try:
            form = self.values.encode(tuple(exc.args), contents)
            return form if len(json.dumps(form)) <= MAX_TEXT else None
        except BaseException:  # noqa: BLE001 (the message says the rest)
            return None

    def class_id(self, kind: type) -> int:
        """The id by which the judge knows a class of the student's."""
        known = self.values.tags.get(id(kind))
        return (known or self.values._keep(kind, "o"))[1]

    def place(self, exc: BaseException) -> tuple[int, int, list[str]]:
        """Cell index and line of the deepest frame in the student's cells (-1, 0 if none), and a short traceback."""
        cell, line = -1, 0
        lines: list[str] = []
        cells = self.shell.compile.cells
        try:
            for frame in traceback.extract_tb(exc.__traceback__, limit=500):
                index = cells.get(frame.filename)
                if index is None:
                    continue
                cell, line = index, frame.lineno or 0
                lines.append(f"cell {index + 1}, line {frame.lineno}, in {frame.name[:80]}: {short(frame.line or '')}")
        except Exception:  # noqa: BLE001 (a traceback is a courtesy)
            return -1, 0, []
        if len(lines) > MAX_FRAMES:
            lines = [*lines[: MAX_FRAMES // 2], "…", *lines[-MAX_FRAMES // 2 :]]
        return cell, line, lines

    def call_back(self, number: int, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Ask the judge to call one of its functions, and wait for what it returns."""
        values = self.values
        contents: list[Any] = []
        forms = [values.encode(arg, contents) for arg in args]
        named = [[str(key), values.encode(value, contents)] for key, value in kwargs.items()]
        back = values.changed(contents)
        self.channel.send(wire.dumps(["call", number, name, forms, named, back, contents]))
        while True:
            reply = wire.loads(self.channel.receive())
            if reply[0] == "ret":
                values.apply(reply[2])
                return values.decode(reply[1])
            if reply[0] == "raise":
                values.apply(reply[2])
                raise self.thrown(*reply[1:2], *reply[3:])
            base = values.next_id  # the judge's function uses the student's objects in turn
            self.answer(reply)
            values.next_id = base

    def thrown(self, name: str, args: list[Any], own: int, theirs: int) -> BaseException:
        """The exception that a function of the judge's has raised: a student's own again, or one like the judge's."""
        if theirs:
            known = self.values.objects.get(theirs)
            if isinstance(known, BaseException):
                return known
        kind = getattr(builtins, name, Exception)
        try:
            made = kind(*map(self.values.decode, args))
        except Exception:  # noqa: BLE001 (some insist on other arguments)
            made = Exception(f"{name} in a function of the test")
        self.values.objects[own] = made
        self.values.tags[id(made)] = ("e", own)
        return made


def limit_imports(shell: Shell, allowed: list[str]) -> None:
    """Let code of a cell import only what the course allows (a rule of teaching, with a message; not the sandbox)."""
    real_import = builtins.__import__
    names = set(allowed)
    # Python 3.10; before, its owner names them. Not added to the others: touching them all takes as long as a cell.
    stdlib: frozenset[str] = getattr(sys, "stdlib_module_names", frozenset()) if "stdlib" in names else frozenset()
    shown = ", ".join("the standard library" if name == "stdlib" else name for name in allowed)

    def course_import(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        if globals is shell.user_ns and level == 0:
            parts = str(name).split(".")
            prefixes = {".".join(parts[: n + 1]) for n in range(len(parts))}
            imported = {f"{name}.{item}" for item in fromlist or ()}
            # pickle imports the module of a class
            is_chapter = "chapters" in names and parts[0].startswith("chapters_") and parts[0] in sys.modules
            is_allowed = prefixes & names or parts[0] in stdlib or is_chapter
            if not is_allowed and not (imported and imported <= names):
                raise ImportError(f"{name} cannot be used in this course. What may be imported: {shown}.", name=name)
        return real_import(name, globals, locals, fromlist, level)

    builtins.__import__ = course_import


def main(shell: Shell, channels: list[wire.Channel], options: dict[str, Any], pristine: dict[str, Any]) -> None:
    """The life of a student process, from the fork to the judge's hanging up."""
    import random

    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    random.seed(options["seed"])
    shell.recorder.max_bytes = options["output_bytes"]
    if options["allowed_modules"] is not None:
        limit_imports(shell, options["allowed_modules"])
    Server(shell, channels, pristine).serve()
