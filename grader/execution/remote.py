"""The judge's side of the wire: remote references, live views, and the session that keeps both ends in step.

What Python would do with shared objects is kept across the pipe: a list that a test passes to a call is written back in
place when the call changed it (and is the same object again when it comes back); a list that a call returns, or that
is reached through an object, is a *live view*. The judge compares plain values itself and never asks student code
whether two things are equal.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import operator
import sys
import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from grader.execution import wire
from grader.execution.sandbox import StudentProcess, now

REPLAY_CPU_S = 30.0
"""For repeating what was said since a snapshot: 50 ms of work, or one cell that took its whole limit."""
CHECKPOINT_S = 0.05
"""A snapshot is taken before a cell when the student process has worked this long since the last one."""
SLICE_S = 0.25
"""How often a waiting judge looks at the CPU time that the student process has used."""
INTERRUPT_GRACE_S = 1.0
"""After an interrupt a cell has this long to stop by itself, and keep its state; then it is killed."""
MAX_CALLBACK_DEPTH = 30
MAX_PEEKS = 4
"""Items read one by one from a large view before all of it is fetched."""
SWEEP_EVERY = 200


class JudgeAbort(BaseException):
    """The student process can answer no more in this cell; not to be caught by a test's ``except Exception``."""


class CellTimeout(JudgeAbort):
    """The CPU limit is used up, or the wall limit passed (``wall_only``)."""

    def __init__(self, message: str, *, wall_only: bool = False) -> None:
        super().__init__(message)
        self.wall_only = wall_only


class ProcessDied(JudgeAbort):
    """The student process has ended, or no longer speaks the protocol."""


class NotPlainData(TypeError):
    """A grade cell uses a remote object in a way that would let student code decide (the author's mistake)."""


class RemoteFailure(Exception):
    """Mixin of all exceptions that student code raised; ``cell``/``line`` say where (-1 if not in a cell)."""

    cell: int = -1
    line: int = 0
    lines: tuple[str, ...] = ()
    class_name: str = "Exception"
    builtin_name: str = "Exception"
    grader_reference: Any = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or self.grader_reference is None:
            raise AttributeError(name)
        return getattr(self.grader_reference, name)


class _Link:
    """Where a reference or view points: a session and an id."""

    __slots__ = ("epoch", "number", "peeks", "session")

    def __init__(self, session: Session, number: int) -> None:
        self.session = session
        self.number = number
        self.epoch = -1  # never fetched
        self.peeks = 0


def _forward(name: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any) -> Any:
        return self.grader_link.session.operate(name, self, *args)

    return method


def _reflected(name: str) -> Callable[..., Any]:
    def method(self: Any, other: Any) -> Any:
        return self.grader_link.session.operate(name, other, self)

    return method


def _no_order(self: Any, other: Any) -> NoReturn:
    raise NotPlainData("objects of the student's are not ordered here; compare values read from them")


class RemoteReference:
    """An object of the student's: a function, a class, an instance. Its attributes and calls cross the wire."""

    __slots__ = ("__weakref__", "grader_kind", "grader_link", "grader_name")

    def __init__(self, session: Session, number: int, kind: str, name: str) -> None:
        object.__setattr__(self, "grader_link", _Link(session, number))
        object.__setattr__(self, "grader_kind", kind)
        object.__setattr__(self, "grader_name", name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("grader_"):
            raise AttributeError(name)
        return self.grader_link.session.operate("getattr", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.grader_link.session.operate("setattr", self, name, value)

    def __delattr__(self, name: str) -> None:
        self.grader_link.session.operate("delattr", self, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.grader_link.session.operate("call", self, *args, **kwargs)

    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        return self.grader_link.session.operate("getattr", self, "__dict__")

    def __eq__(self, other: object) -> bool:
        # Never a question to student code: an object whose == is always true would pass every test.
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __hash__(self) -> int:
        return hash((RemoteReference, self.grader_link.number))

    def __bool__(self) -> bool:
        raise NotPlainData("the truth of a student's object decides nothing here; compare a value read from it")

    def __repr__(self) -> str:
        return f"<{self.grader_name} {'object' if self.grader_kind == 'object' else self.grader_kind}>"

    def __str__(self) -> str:
        return self._plain("str", str)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def _plain(self, name: str, kind: type) -> Any:
        value = self.grader_link.session.operate(name, self)
        if type(value) is not kind:
            raise TypeError(f"__{name}__ returned non-{kind.__name__}")
        return value

    def __len__(self) -> int:
        return self._plain("len", int)  # type: ignore[no-any-return]

    def __float__(self) -> float:
        return self._plain("float", float)  # type: ignore[no-any-return]

    def __int__(self) -> int:
        return self._plain("int", int)  # type: ignore[no-any-return]

    def __index__(self) -> int:
        return self._plain("index", int)  # type: ignore[no-any-return]

    def __contains__(self, item: object) -> bool:
        return self.grader_link.session.operate("contains", self, item) is True

    def __instancecheck__(self, instance: Any) -> bool:
        return self.grader_link.session.operate("isinstance", instance, self) is True

    def __subclasscheck__(self, subclass: Any) -> bool:
        return self.grader_link.session.operate("issubclass", subclass, self) is True

    def __iter__(self) -> Iterator[Any]:
        return self.grader_link.session.operate("iter", self)  # type: ignore[no-any-return]

    def __next__(self) -> Any:
        return self.grader_link.session.operate("next", self)

    def __enter__(self) -> Any:
        return self.grader_link.session.operate("enter", self)

    def __exit__(self, *_: object) -> None:
        self.grader_link.session.operate("exit", self)

    def __copy__(self) -> Any:
        return self.grader_link.session.operate("call", Named("copy", "copy"), self)

    def __deepcopy__(self, memo: Any) -> Any:
        return self.grader_link.session.operate("call", Named("copy", "deepcopy"), self)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise NotPlainData("an object of the student's cannot be pickled")

    def __del__(self) -> None:
        link = self.grader_link
        link.session.gone.add(link.number)

    __getitem__ = _forward("getitem")
    __setitem__ = _forward("setitem")
    __delitem__ = _forward("delitem")
    __abs__ = _forward("abs")
    __neg__ = _forward("neg")
    __pos__ = _forward("pos")
    __invert__ = _forward("invert")
    __round__ = _forward("round")
    __iadd__ = _forward("iadd")
    __isub__ = _forward("isub")
    __imul__ = _forward("imul")
    __itruediv__ = _forward("itruediv")
    __lt__ = __le__ = __gt__ = __ge__ = _no_order


for _name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split():
    setattr(RemoteReference, f"__{_name}__", _forward(_name))
    setattr(RemoteReference, f"__r{_name}__", _reflected(_name))


class Named:
    """Something of the standard library, found by name on the other side."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name


def _fresh(view: Any) -> None:
    link = view.grader_link
    if link.epoch != link.session.epoch:
        link.session.fetch(view)


def _reader(base: type, name: str) -> Callable[..., Any]:
    plain = getattr(base, name)

    @functools.wraps(plain)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        _fresh(self)
        for arg in args:
            if isinstance(arg, (ListView, DictView)):
                _fresh(arg)
        return plain(self, *args, **kwargs)

    return method


def _writer(base: type, name: str) -> Callable[..., Any]:
    plain = getattr(base, name)

    @functools.wraps(plain)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        _fresh(self)
        for arg in args:
            if isinstance(arg, (ListView, DictView)):
                _fresh(arg)
        try:
            return plain(self, *args, **kwargs)
        finally:
            self.grader_link.session.assign(self)

    return method


class ListView(list):  # type: ignore[type-arg]
    """A list of the student's, as a list: fetched on use, written through, the same object for the same list.

    The list storage of this object is the last fetched state, good until the next call into student code.
    """

    __slots__ = ("__weakref__", "grader_link")
    grader_tag = "l"
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, link: _Link) -> None:
        self.grader_link = link

    def __getitem__(self, key: Any) -> Any:
        link = self.grader_link
        if link.epoch != link.session.epoch:
            if type(key) is int and link.session.may_peek(self):
                return link.session.operate("getitem", self, key)
            link.session.fetch(self)
        return list.__getitem__(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        link = self.grader_link
        if type(key) is not int:
            _fresh(self)
            list.__setitem__(self, key, value)
            link.session.assign(self)
            return
        link.session.operate("setitem", self, key, value)
        if link.epoch == link.session.epoch:
            list.__setitem__(self, key, value)

    def __iter__(self) -> Iterator[Any]:
        index = 0
        while True:
            _fresh(self)
            if index >= list.__len__(self):
                return
            yield list.__getitem__(self, index)
            index += 1

    def __radd__(self, other: list[Any]) -> list[Any]:
        return list(other) + list(self)

    def __iadd__(self, other: Any) -> Any:
        self.extend(other)
        return self

    def __copy__(self) -> list[Any]:
        return list(self)

    def __deepcopy__(self, memo: Any) -> list[Any]:
        return _plain_copy(self, {})  # type: ignore[no-any-return]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return (list, (_plain_copy(self, {}),))

    def __del__(self) -> None:
        link = self.grader_link
        link.session.gone.add(link.number)


class DictView(dict):  # type: ignore[type-arg]
    """A dict of the student's, as a dict; see ``ListView``."""

    __slots__ = ("__weakref__", "grader_link")
    grader_tag = "d"
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, link: _Link) -> None:
        self.grader_link = link

    def __iter__(self) -> Iterator[Any]:
        _fresh(self)
        return dict.__iter__(self)

    def __ror__(self, other: dict[Any, Any]) -> dict[Any, Any]:
        return {**other, **self}

    def __ior__(self, other: Any) -> Any:
        self.update(other)
        return self

    def __copy__(self) -> dict[Any, Any]:
        return {**self}

    def __deepcopy__(self, memo: Any) -> dict[Any, Any]:
        return _plain_copy(self, {})  # type: ignore[no-any-return]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return (dict, (_plain_copy(self, {}),))

    def __del__(self) -> None:
        link = self.grader_link
        link.session.gone.add(link.number)


for _name in (
    "__len__ __contains__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __add__ __mul__ __rmul__ __repr__ __reversed__ "
    "count index copy"
).split():
    setattr(ListView, _name, _reader(list, _name))
for _name in "append extend insert remove pop clear sort reverse __delitem__ __imul__".split():
    setattr(ListView, _name, _writer(list, _name))
for _name in (
    "__len__ __contains__ __eq__ __ne__ __getitem__ __or__ __repr__ __reversed__ get keys values items copy"
).split():
    setattr(DictView, _name, _reader(dict, _name))
for _name in "__setitem__ __delitem__ pop popitem clear update setdefault".split():
    setattr(DictView, _name, _writer(dict, _name))


def _plain_copy(value: Any, memo: dict[int, Any]) -> Any:
    """``copy.deepcopy`` of a view: plain lists and dicts all the way down."""
    if id(value) in memo:
        return memo[id(value)]
    if isinstance(value, list):
        memo[id(value)] = fresh_list = []
        fresh_list.extend(_plain_copy(item, memo) for item in value)
        return fresh_list
    if isinstance(value, dict):
        memo[id(value)] = fresh_dict = {}
        fresh_dict.update((key, _plain_copy(item, memo)) for key, item in value.items())
        return fresh_dict
    if type(value) is tuple:
        return tuple(_plain_copy(item, memo) for item in value)
    return value


def plain_type(value: Any) -> type:
    """``type(value)`` as a test means it: a live view is a list or a dict."""
    if isinstance(value, ListView):
        return list
    if isinstance(value, DictView):
        return dict
    return type(value)


class _Linked:
    """A list, dict or set of the judge's that the student process has a copy of."""

    __slots__ = ("known", "tag", "value")

    def __init__(self, tag: str, value: Any) -> None:
        self.tag = tag
        self.value = value
        self.known: list[Any] | None = None  # what the other side holds; None before the first push

    def items(self) -> list[Any]:
        if self.tag == "d":
            return [part for pair in self.value.items() for part in pair]
        return list(self.value)

    def is_stale(self) -> bool:
        known, value = self.known, self.value
        if known is None:
            return True
        if self.tag == "l":
            return not (len(known) == len(value) and all(map(operator.is_, known, value)))
        new = self.items()
        return not (len(known) == len(new) and all(map(operator.is_, known, new)))


class Session:
    """One conversation with one student process.

    A crash costs the cell that caused it: before a cell the student process may be asked to leave a *snapshot*, a waiting
    copy of itself. When a cell has ended the process, the snapshot goes on: what was said since is repeated to it,
    without the dead cell.

    Args:
        process: a fresh student process; the session ends it.
    """

    def __init__(self, process: StudentProcess) -> None:
        self.process = process
        self.epoch = 0
        self.gone: set[int] = set()
        self.on_output: Callable[[str], None] = lambda _: None
        self.on_request: Callable[[], None] = lambda: None
        self.broken: JudgeAbort | None = None
        self.seq = 0
        self.scalars: list[Any] = []
        self._log: list[bytes] = []  # what was sent since the snapshot
        self._mark = 0  # where the running cell begins in it
        self._snapshot_pid = 0
        self._work_s = float("inf")  # since the snapshot; there is none yet
        self._views: weakref.WeakValueDictionary[tuple[str, int], Any] = weakref.WeakValueDictionary()
        self._linked: dict[int, _Linked] = {}
        self._linked_ids: dict[int, int] = {}
        self._given: dict[int, tuple[str, Any]] = {}
        self._given_ids: dict[int, int] = {}
        self._next_own = -1
        self._depth = 0
        self._exception_classes: dict[tuple[Any, ...], type] = {}
        self._names: dict[tuple[str, str], RemoteReference] = {}
        self._cell_cpu_limit = float("inf")
        self._cell_wall_deadline = float("inf")
        self._cell_cpu_start = 0.0
        self._interrupted_at: float | None = None
        self._next_look = 0.0
        self._held: list[Any] = []
        self._dead = False

    # -- limits -----------------------------------------------------------------------------------------------------

    def begin_cell(self, cpu_s: float, wall_s: float) -> None:
        """Start the clocks of one cell; from here on a crash forgets this cell only."""
        self._cell_cpu_limit = self._cell_wall_deadline = float("inf")
        self._interrupted_at = None
        self.broken = None
        if self._work_s >= CHECKPOINT_S:
            self._take_snapshot()
        self._mark = len(self._log)
        self._cell_cpu_start = self.cpu_s()
        self._cell_cpu_limit = cpu_s
        self._cell_wall_deadline = now() + wall_s
        self._interrupted_at = None
        self.broken = None
        self.scalars = []

    def cpu_s(self) -> float:
        """CPU seconds of all student processes of this session."""
        return self.process.cpu_s()

    def _receive(self) -> list[Any]:
        """The next frame, with an eye on the limits; decides between patience, an interrupt and the end."""
        started = now()
        while True:
            try:
                message = wire.loads(self.process.channel.receive(min(now() + SLICE_S, self._cell_wall_deadline)))
            except wire.WireTimeout:
                self._check_limits(waiting=True)
                if self.process.is_dead():  # a child that it left behind may still hold the pipe
                    raise self._abort(ProcessDied(self.process.death())) from None
                continue
            except wire.PeerGone:
                raise self._abort(ProcessDied(self.process.death())) from None
            except wire.WireError as exc:
                raise self._abort(ProcessDied(f"the process broke the protocol: {exc}")) from None
            if not isinstance(message, list) or not message:
                raise self._abort(ProcessDied("the process broke the protocol: an empty message"))
            finished = now()
            self._work_s += finished - started
            if finished >= self._next_look:
                self._check_limits(waiting=False)
            return message

    def _check_limits(self, *, waiting: bool) -> None:
        self._next_look = now() + SLICE_S
        used = self.cpu_s() - self._cell_cpu_start
        over_cpu = used >= self._cell_cpu_limit
        over_wall = now() >= self._cell_wall_deadline
        if not (over_cpu or over_wall):
            return
        if self._interrupted_at is None:
            # First as the stop button would, so that what the cell has defined so far is kept.
            self._interrupted_at = now()
            self.broken = CellTimeout(
                f"stopped after {self._cell_cpu_limit:g} s of CPU" if over_cpu else "stopped at the wall-clock limit",
                wall_only=not over_cpu,
            )
            self._cell_wall_deadline = max(self._cell_wall_deadline, now() + INTERRUPT_GRACE_S)
            if waiting:
                self.process.interrupt()
        elif waiting and now() - self._interrupted_at >= INTERRUPT_GRACE_S:
            assert self.broken is not None
            raise self._abort(self.broken)

    def _abort(self, reason: JudgeAbort) -> JudgeAbort:
        """The process is of no more use; remember why (a test might swallow the exception)."""
        self.broken = self.broken if isinstance(self.broken, CellTimeout) else reason
        self._dead = True
        return self.broken

    @property
    def is_dead(self) -> bool:
        """True when there is no student process to talk to (``resume`` may bring one back)."""
        return self._dead

    # -- snapshots --------------------------------------------------------------------------------------------------

    def _take_snapshot(self) -> None:
        seq = self._next_seq()
        self._cell_wall_deadline = now() + 60
        try:
            reply = self._exchange(["snap", seq])
        finally:
            self._cell_wall_deadline = float("inf")
        if len(reply) != 3 or reply[:2] != ["snapped", seq] or type(reply[2]) is not int:
            raise self._abort(ProcessDied("the process broke the protocol: no snapshot"))
        self._snapshot_pid = reply[2]
        self._log.clear()
        self._work_s = 0.0

    def resume(self) -> bool:
        """After a crash: go on with the snapshot, in the state from before the dead cell; False if that can't be."""
        snapshot_pid, self._snapshot_pid = self._snapshot_pid, 0
        if not self.process.resume(snapshot_pid):
            return False
        del self._log[self._mark :]
        repeat, self._log = self._log, []
        self._dead = False
        self.broken = None
        self.epoch += 1
        self._names.clear()
        self._interrupted_at = None
        self._cell_cpu_limit, self._cell_cpu_start = REPLAY_CPU_S, self.cpu_s()
        self._cell_wall_deadline = now() + 4 * REPLAY_CPU_S
        for linked in self._linked.values():
            linked.known = None  # the snapshot has copies from before the dead cell, or none
        try:
            for data in repeat:
                self.process.channel.send(data, self._cell_wall_deadline)
                self._receive()
            self._take_snapshot()
        except (JudgeAbort, wire.WireTimeout, wire.PeerGone, wire.WireError):
            self._dead = True
            return False
        return True

    def close(self) -> None:
        """End the student process."""
        self.process.close()
        self._dead = True

    # -- requests ---------------------------------------------------------------------------------------------------

    def run_cell(self, index: int, source: str, names: list[str]) -> tuple[bool, int, str]:
        """Run a cell of the notebook.

        Returns:
            Whether it ran without an exception, its execution count, and its outputs as JSON text.
        """
        self.epoch += 1
        self._names.clear()
        seq = self._next_seq()
        reply = self._exchange(["run", seq, index, source, names])
        if len(reply) != 7 or reply[0] != "ran" or reply[1] != seq or type(reply[3]) is not int:
            raise self._abort(ProcessDied("the process broke the protocol: not the answer to the question"))
        _, _, ok, count, back, contents, outputs = reply
        self._take(contents, back)
        return ok is True, count, outputs if isinstance(outputs, str) else ""

    def operate(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """One operation on objects of the student's; exceptions of student code are raised here."""
        if self._dead or self.broken is not None:
            raise self.broken or ProcessDied("the process has ended")
        self.on_request()
        try:
            forms = [self.encode(arg) for arg in args]
            named = [[key, self.encode(value)] for key, value in kwargs.items()]
        except wire.WireError as exc:
            raise NotPlainData(str(exc)) from None
        if name not in _QUIET:
            self.epoch += 1
        elif name in ("getitem", "setitem") and not isinstance(args[0], ListView):
            self.epoch += 1
        seq = self._next_seq()
        gone, self.gone = sorted(self.gone), set()
        request = ["op", seq, name, forms, named, self._push(), gone]
        return self._result(seq, self._exchange(request))

    def lookup(self, space: str, name: str) -> Any:
        """What a name means in the student process: in the notebook, in a setup cell, or in ``chapters``."""
        known = self._names.get((space, name))
        if known is not None:
            return known
        value = self._lookup(space, name)
        if isinstance(value, RemoteReference) and value.grader_kind != "object":
            self._names[space, name] = value
        return value

    def _lookup(self, space: str, name: str) -> Any:
        if self._dead or self.broken is not None:
            raise self.broken or ProcessDied("the process has ended")
        seq = self._next_seq()
        gone, self.gone = sorted(self.gone), set()
        return self._result(seq, self._exchange(["op", seq, "lookup", [space, name], [], [], gone]))

    def fetch(self, view: Any) -> None:
        """Bring a view (and all lists and dicts in it) up to date."""
        self.operate("fetch", view)
        if view.grader_link.epoch != self.epoch:
            raise self._abort(ProcessDied("the process broke the protocol: contents are missing"))

    def assign(self, view: Any) -> None:
        """Write a view's whole contents through."""
        if self._dead or self.broken is not None:
            raise self.broken or ProcessDied("the process has ended")
        tag = view.grader_tag
        items = (
            [[self.encode(k), self.encode(v)] for k, v in dict.items(view)]
            if tag == "d"
            else [self.encode(item) for item in list.__iter__(view)]
        )
        seq = self._next_seq()
        gone, self.gone = sorted(self.gone), set()
        sync = [*self._push(), [tag, view.grader_link.number, items]]
        self._result(seq, self._exchange(["op", seq, "assign", [], [], sync, gone]))

    def may_peek(self, view: Any) -> bool:
        """True while reading single items of a stale view is cheaper than fetching all of it."""
        view.grader_link.peeks += 1
        if view.grader_link.peeks % (MAX_PEEKS + 1) == 0:
            return False
        return True

    def _next_seq(self) -> int:
        self.seq += 1
        if self.seq % SWEEP_EVERY == 0:
            self._sweep()
        return self.seq

    def _exchange(self, request: list[Any]) -> list[Any]:
        """Send a request, serve the callbacks it causes, and give its reply."""
        self._send(request)
        while True:
            reply = self._receive()
            if reply[0] != "call":
                return reply
            self._send(self._serve(reply))

    def _send(self, message: list[Any]) -> None:
        data = wire.dumps(message)
        try:
            self.process.channel.send(data, self._cell_wall_deadline)
        except wire.PeerGone:
            # The process may have said its last words before it went; the reader finds out.
            self._log.append(data)
            return
        except wire.WireTimeout:
            raise self._abort(CellTimeout("stopped at the wall-clock limit", wall_only=True)) from None
        except wire.WireError as exc:
            raise NotPlainData(str(exc)) from None
        self._log.append(data)

    def _result(self, seq: int, reply: list[Any]) -> Any:
        if len(reply) != 6 or reply[0] not in ("ok", "err") or reply[1] != seq:
            raise self._abort(ProcessDied("the process broke the protocol: not the answer to the question"))
        kind, _, payload, back, contents, outputs = reply
        self._take(contents, back)
        if isinstance(outputs, str) and outputs:
            self.on_output(outputs)
        if self.broken is not None:
            raise self.broken
        if kind == "err":
            raise self._exception(payload)
        value = self._guarded(self.decode, payload)
        if type(value) in (int, float) and len(self.scalars) < 100_000:
            self.scalars.append(value)
        return value

    def _guarded(self, function: Callable[..., Any], *args: Any) -> Any:
        try:
            return function(*args)
        except (wire.WireError, TypeError, ValueError, KeyError, IndexError, RecursionError, AttributeError) as exc:
            raise self._abort(ProcessDied(f"the process broke the protocol: {exc}"[:300])) from None

    # -- values from the student --------------------------------------------------------------------------------------

    def decode(self, form: Any, depth: int = 0) -> Any:
        """The judge's value for a wire form."""
        value = wire.decode_scalar(form)
        if value is not NotImplemented:
            return value
        tag = form[0]
        if tag in ("t", "s"):
            if depth >= wire.MAX_DEPTH:
                raise wire.WireError("tuples nested too deeply")
            items = [self.decode(item, depth + 1) for item in form[1]]
            if tag == "t":
                return tuple(items)
            if len(items) > wire.MAX_KEYS:
                raise wire.WireError("a set of too many items")
            return set(items)
        number = form[1]
        if type(number) is not int:
            raise wire.WireError("an id that is no number")
        if number < 0:
            if number in self._linked and tag == self._linked[number].tag:
                return self._linked[number].value
            if number in self._given and tag == self._given[number][0]:
                return self._given[number][1]
            raise wire.WireError("an id that was never given out")
        known = self._views.get((tag, number))
        if known is not None:
            return known
        if tag == "l":
            made: Any = ListView(_Link(self, number))
        elif tag == "d":
            made = DictView(_Link(self, number))
        elif tag == "o":
            kind, name = form[2], form[3]
            if kind not in ("class", "exception", "callable", "object") or not isinstance(name, str):
                raise wire.WireError("an object of no known kind")
            made = RemoteReference(self, number, kind, _clean_name(name))
        else:
            raise wire.WireError(f"an unknown tag {tag!r:.20}")
        self._views[tag, number] = made
        self.gone.discard(number)  # an older view of it died, but the other side has not been told yet
        return made

    def _take(self, contents: Any, back: Any) -> None:
        self._guarded(self._take_contents, contents)
        self._guarded(self._take_back, back)

    def _take_contents(self, contents: list[Any]) -> None:
        # Views that came with a message live until the next one: its value, decoded later, may be one of them.
        self._held = held = []
        for tag, number, items in contents:
            if tag not in ("l", "d") or type(number) is not int or number < 0:
                raise wire.WireError("contents of something that has none")
            view = self.decode([tag, number])
            held.append(view)
            self._fill(view, tag, items, dict if tag == "d" else list)
            view.grader_link.epoch = self.epoch
            view.grader_link.peeks = 0

    def _take_back(self, back: list[Any]) -> None:
        for tag, number, items in back:
            linked = self._linked.get(number)
            if linked is None or linked.tag != tag:
                raise wire.WireError("changes to something that was never passed")
            self._fill(linked.value, tag, items, {"l": list, "d": dict, "m": set}[tag])
            linked.known = linked.items()

    def _fill(self, container: Any, tag: str, items: list[Any], base: Any) -> None:
        if tag == "d":
            if len(items) > wire.MAX_KEYS:
                raise wire.WireError("a dict of too many keys")
            pairs = [(self.decode(key), self.decode(value)) for key, value in items]
            base.clear(container)
            base.update(container, pairs)
            return
        values = [self.decode(item) for item in items]
        base.clear(container)
        (base.extend if tag == "l" else base.update)(container, values)

    def _exception(self, payload: Any) -> BaseException:
        return self._guarded(self._build_exception, payload)  # type: ignore[no-any-return]

    def _build_exception(self, payload: list[Any]) -> BaseException:
        number, kinds, message, cell, line, lines = payload
        if not (isinstance(message, str) and type(cell) is int and type(line) is int):
            raise wire.WireError("a malformed exception")
        bases: list[type] = []
        builtin = "Exception"
        for ident, name in reversed(kinds[:20]):
            kind = getattr(builtins, name, None) if ident == 0 and isinstance(name, str) else None
            if isinstance(kind, type) and issubclass(kind, BaseException):
                builtin = name
            elif type(ident) is int and ident > 0:
                bases.append(self.exception_class(ident, _clean_name(str(name)), builtin))
        base = getattr(builtins, builtin)
        class_name = _clean_name(str(kinds[0][1])) if kinds else "Exception"
        chain = (*reversed(bases), RemoteFailure, base)
        key = (class_name, *chain)
        kind = self._exception_classes.get(key)
        if kind is None:
            try:
                kind = type(class_name, _linear(chain), {})
            except TypeError:  # bases that do not agree: the built-in one is what tests ask for
                kind = type(class_name, (RemoteFailure, base), {})
            self._exception_classes[key] = kind
        error: Any = kind.__new__(kind)
        BaseException.__init__(error, message)
        error.args = (message,)
        error.cell, error.line = cell, line
        error.lines = tuple(str(text)[:500] for text in lines[:40])
        error.class_name, error.builtin_name = class_name, builtin
        if type(number) is int and number > 0:
            error.grader_reference = self.decode(["o", number, "object", class_name])
        if isinstance(error, RecursionError | MemoryError):
            error.grader_reference = None
        return error  # type: ignore[no-any-return]

    def exception_class(self, number: int, name: str, builtin: str) -> type:
        """The judge's stand-in for an exception class of the student's: the same each time."""
        key = ("class", number)
        if key not in self._exception_classes:
            self._exception_classes[key] = type(name, (RemoteFailure, getattr(builtins, builtin)), {})
        return self._exception_classes[key]

    def catchable(self, kind: Any) -> Any:
        """What stands after ``except``: a reference to an exception class becomes its stand-in."""
        if isinstance(kind, tuple):
            return tuple(self.catchable(item) for item in kind)
        if isinstance(kind, RemoteReference):
            return self.exception_class(kind.grader_link.number, kind.grader_name, "Exception")
        return kind

    # -- values for the student ---------------------------------------------------------------------------------------

    def encode(self, value: Any, depth: int = 0) -> Any:
        """The wire form of a value that a grade cell passes."""
        form = wire.encode_scalar(value)
        if form is not NotImplemented:
            return form
        if isinstance(value, RemoteReference):
            return ["o", value.grader_link.number]
        if isinstance(value, (ListView, DictView)):
            return [value.grader_tag, value.grader_link.number]
        kind = type(value)
        if kind in (list, dict, set):
            return self._link(value, {list: "l", dict: "d", set: "m"}[kind])
        if kind is tuple:
            if depth >= wire.MAX_DEPTH:
                raise wire.WireError("tuples nested too deeply")
            return ["t", [self.encode(item, depth + 1) for item in value]]
        if kind is Named:
            return ["n", value.module, value.name]
        if isinstance(value, (list, dict)):  # OrderedDict, defaultdict, Counter: as plain data
            return self._link(list(value) if isinstance(value, list) else dict(value), "l" if isinstance(value, list) else "d")
        named = _standard_name(value)
        if named is not None:
            return ["n", *named]
        if callable(value) and (isinstance(value, _FUNCTIONS) or getattr(value, "__module__", "") == "__main__"):
            return self._give(value, "c", getattr(value, "__name__", "function"))
        if kind.__module__ == "__main__" or isinstance(value, _ITERATORS) or kind.__module__ == "random":
            return self._give(value, "p", kind.__name__)
        raise NotPlainData(f"a grade cell cannot pass a {kind.__name__} to student code; pass plain data or a function")

    def _link(self, value: Any, tag: str) -> list[Any]:
        number = self._linked_ids.get(id(value))
        if number is None:
            number = self._next_own
            self._next_own -= 1
            self._linked[number] = _Linked(tag, value)
            self._linked_ids[id(value)] = number
            for item in list(value.values()) if tag == "d" else list(value):
                self.encode(item)  # links what is nested, before the push
        return [tag, number]

    def _give(self, value: Any, tag: str, name: str) -> list[Any]:
        number = self._given_ids.get(id(value))
        if number is None:
            number = self._next_own
            self._next_own -= 1
            self._given[number] = (tag, value)
            self._given_ids[id(value)] = number
        return [tag, number, str(name)[:80]]

    def _push(self) -> list[Any]:
        """Contents of the judge's own containers that the other side does not have yet, or not as they are now."""
        stale: list[Any] = []
        while True:
            new = [(number, item) for number, item in self._linked.items() if item.is_stale()]
            if not new:
                return stale
            for number, linked in new:
                if linked.tag == "d":
                    items = [[self.encode(key), self.encode(value)] for key, value in linked.value.items()]
                else:
                    items = [self.encode(item) for item in linked.value]
                linked.known = linked.items()
                stale.append([linked.tag, number, items])

    def _sweep(self) -> None:
        """Let go of containers that no test holds any more."""
        for number, linked in list(self._linked.items()):
            # one from `linked.value`, one from getrefcount's argument
            if sys.getrefcount(linked.value) <= 2 and linked.known is not None:
                del self._linked[number]
                del self._linked_ids[id(linked.value)]
                self.gone.add(number)

    # -- callbacks ----------------------------------------------------------------------------------------------------

    def _serve(self, message: list[Any]) -> list[Any]:
        """Call a function of the judge's for student code."""
        if len(message) != 7 or self._depth >= MAX_CALLBACK_DEPTH:
            raise self._abort(ProcessDied("the process broke the protocol: a call back too many"))
        _, number, name, forms, named, back, contents = message
        self.epoch += 1
        self._take(contents, back)
        args = self._guarded(lambda: [self.decode(form) for form in forms])
        kwargs = self._guarded(lambda: {str(key): self.decode(value) for key, value in named})
        if type(number) is not int or number not in self._given:
            raise self._abort(ProcessDied("the process broke the protocol: a call of something never passed"))
        self._depth += 1
        try:
            result = self._call_given(*self._given[number], name, args, kwargs)
            return ["ret", self.encode(result), self._push()]
        except Exception as exc:  # noqa: BLE001 (it is raised again where student code called)
            kind = next(k for k in type(exc).__mro__ if k.__module__ == "builtins")
            return ["raise", kind.__name__, self._push()]
        finally:
            self._depth -= 1

    def _call_given(self, tag: str, target: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if name == "call" and tag == "c":
            return target(*args, **kwargs)
        attribute = args[0] if args and isinstance(args[0], str) else ""
        iterators_only = isinstance(target, _ITERATORS)
        # Nothing that leads from an object to the code around it (frames, globals, classes) is within reach.
        allowed = attribute in _DUNDERS if attribute.startswith("_") else attribute and not iterators_only
        if tag != "p" or not allowed:
            raise AttributeError(attribute)
        if name == "getattr" and len(args) == 1:
            value = getattr(target, attribute)
            if callable(value) and isinstance(value, (types.MethodType, types.BuiltinMethodType, _SLOT)):
                return _Method(value)
            return value
        if name == "setattr" and len(args) == 2 and not attribute.startswith("_"):
            setattr(target, attribute, args[1])
            return None
        raise AttributeError(attribute)


class _Method:
    """A bound method of an object that a grade cell made; callable from student code, with nothing to look into."""

    __module__ = "__main__"

    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method
        self.__name__ = getattr(method, "__name__", "method")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._method(*args, **kwargs)


_SLOT = type([].__len__)
_FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, functools.partial, _Method)
_ITERATORS = (types.GeneratorType, map, filter, zip, enumerate, reversed, *map(type, (iter([]), iter(()), iter({}), iter(""))))
_DUNDERS = frozenset("__call__ __len__ __getitem__ __setitem__ __iter__ __next__ __contains__".split())
_QUIET = frozenset(("fetch", "getitem", "setitem"))
"""Operations on exact lists that run no student code: views stay fresh."""


def _linear(chain: tuple[type, ...]) -> tuple[type, ...]:
    """``chain`` without classes that a later... earlier one already inherits from."""
    kept: list[type] = []
    for kind in chain:
        if not any(issubclass(other, kind) for other in kept):
            kept.append(kind)
    return tuple(kept)


def _clean_name(name: str) -> str:
    return name[:80] if name.isidentifier() else "?"


def _standard_name(value: Any) -> tuple[str, str] | None:
    """``("math", "sin")`` for something of the standard library that can be found by name on the other side."""
    if isinstance(value, types.ModuleType):
        return None
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module.partition(".")[0] not in sys.stdlib_module_names:
        return None
    if module == "__main__":
        return None
    target: Any = sys.modules.get(module)
    for part in name.split("."):
        target = getattr(target, part, None)
    return (module, name) if target is value else None


@contextlib.contextmanager
def closing(session: Session) -> Iterator[Session]:
    """The session, ended afterwards whatever happens."""
    try:
        yield session
    finally:
        session.close()


