"""One conversation between the judge and a student process: requests, values both ways, limits, crashes.

A list that a test passes to a call is written back in place when the call changed it, and is the same object again
when it comes back; the other way round see ``remote``.
"""

from __future__ import annotations

import contextlib
import operator
import signal
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from grader.execution import wire
from grader.execution.failures import Failures
from grader.execution.given import FUNCTIONS, call_given, is_iterable_only, standard_name
from grader.execution.remote import (
    CellTimeout,
    DictView,
    JudgeAbort,
    KeeperLost,
    Link,
    ListView,
    Named,
    NotPlainData,
    ProcessDied,
    RemoteFailure,
    RemoteReference,
    clean_name,
)
from grader.execution.sandbox import MAX_RESUMES, StudentProcess, now

REPLAY_CPU_S = 30.0
"""For repeating what was said since a snapshot: 50 ms of work, or one cell that took its whole limit."""
SNAPSHOT_CPU_S, SNAPSHOT_WALL_S = 1.0, 10.0
"""For a snapshot, which takes some milliseconds unless something is in the way."""
CHECKPOINT_S = 0.05
"""A snapshot is taken before a cell when the student process has worked this long since the last one."""
SLICE_S = 0.25
"""How often a waiting judge looks at the CPU time that the student process has used."""
INTERRUPT_GRACE_S = 1.0
"""After an interrupt a cell has this long to stop by itself, and keep its state; then it is killed."""
MAX_CALLBACK_DEPTH = 60
MAX_PEEKS = 4
"""Items read one by one from a view of unknown size before all of it is fetched."""
ITEMS_A_PEEK = 50
"""Reading one item costs about as much as this many in a fetch."""
SWEEP_ABOVE = 4
"""Containers of the judge's that may be known to the other side before those nobody holds any more are looked for."""
_QUIET = frozenset(("fetch", "getitem", "setitem", "append"))
"""Operations that run no student code on a list or dict and plain keys: views stay fresh."""


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

    A crash costs the cell that caused it: before a cell the student process may be asked to leave a *snapshot*, a
    waiting copy of itself. When a cell has ended the process, the snapshot goes on: what was said since is repeated to
    it, without the dead cell.

    Args:
        process: a fresh student process; the session ends it.
        restart: gives another one like it. It takes the place of a snapshot until the first 50 ms of work are done:
            most notebooks need none, and a crash before that is repeated from the start.
    """

    def __init__(self, process: StudentProcess, restart: Callable[[], StudentProcess] | None = None) -> None:
        self.process = process
        self._restart = restart
        self._resumes = 0
        self._spent_cpu_s = 0.0  # by processes before this one
        self.epoch = 0
        self.gone: set[int] = set()
        self.on_output: Callable[[str], None] = lambda _: None
        self.broken: JudgeAbort | None = None
        self.seq = 0
        self.numbers: list[Any] | None = None  # those that student code has given, while somebody wants to know
        self._log: list[bytes] = []  # what was sent since the snapshot
        self._mark = 0  # where the running cell begins in it
        self._snapshot_pid = 0
        self._had_snapshot = False
        self._work_s = 0.0 if restart else float("inf")  # since the snapshot; there is none yet
        self._views: weakref.WeakValueDictionary[tuple[str, int], Any] = weakref.WeakValueDictionary()
        self._linked: dict[int, _Linked] = {}
        self._linked_ids: dict[int, int] = {}
        self._given: dict[int, tuple[str, Any]] = {}
        self._given_ids: dict[int, int] = {}
        self._next_own = -1
        self._depth = 0
        self.failures = Failures()
        self.stop_is_meant = True
        """False where no test expects StopIteration of a call; then it does not pass for the end of an iteration."""
        self._names: dict[tuple[str, str], RemoteReference] = {}
        self._written: dict[int, tuple[Any, list[Any]]] = {}
        self.looked: set[str] = set()
        """Attributes that have been read since the last request."""
        self._last_use = ("", "")
        self._uses: dict[tuple[str, str], set[str]] = {("", ""): set()}
        self._cell_cpu_limit = float("inf")
        self._cell_wall_deadline = float("inf")
        self.cpu_at_cell = 0.0
        self._interrupted_at: float | None = None
        self._next_look = 0.0
        self._held: list[Any] = []
        self._weight = 0  # items in the contents of the last message
        self._sweep_above = SWEEP_ABOVE
        self._dead = False
        self.was_killed = False
        """The student process or its snapshot was killed by nobody of ours while no cell ran."""

    # -- limits ----------------------------------------------------------------------------------------------

    def begin_cell(self, cpu_s: float, wall_s: float) -> None:
        """Start the clocks of one cell; from here on a crash forgets this cell only."""
        self._interrupted_at = None
        self.broken = None
        if self._work_s >= CHECKPOINT_S:
            try:
                self._take_snapshot()
            except JudgeAbort as exc:
                self.was_killed |= isinstance(exc, ProcessDied) and exc.by_kill
                # What the last cell has left behind is in the way, and shall not cost this one.
                if not self.resume():
                    raise
        self._mark = len(self._log)
        self.cpu_at_cell = self.cpu_s()
        self._cell_cpu_limit = cpu_s
        self._cell_wall_deadline = now() + wall_s
        self._interrupted_at = None
        self.broken = None

    def cpu_s(self) -> float:
        """CPU seconds of all student processes of this session."""
        return self._spent_cpu_s + self.process.cpu_s()

    def _receive(self) -> list[Any]:
        """The next frame, with an eye on the limits; decides between patience, an interrupt and the end."""
        started = now()
        while True:
            try:
                message = wire.loads(self.process.channel.receive(min(now() + SLICE_S, self._cell_wall_deadline)))
            except wire.WireTimeout:
                self._check_limits(waiting=True)
                if self.process.is_dead():  # a child that it left behind may still hold the pipe
                    raise self._abort(self._death()) from None
                continue
            except wire.PeerGone:
                raise self._abort(self._death()) from None
            except wire.WireError as exc:
                raise self._abort(ProcessDied(f"the process broke the protocol: {exc}")) from None
            if not isinstance(message, list) or not message:
                raise self._abort(ProcessDied("the process broke the protocol: an empty message"))
            finished = now()
            self._work_s += finished - started
            if finished >= self._next_look:
                self._check_limits(waiting=message[0] == "call")  # a call back is not the end of anything
            return message

    def _check_limits(self, *, waiting: bool) -> None:
        self._next_look = now() + SLICE_S
        used = self.cpu_s() - self.cpu_at_cell
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

    def _death(self) -> JudgeAbort:
        """How the student process has ended."""
        process = self.process
        how = process.death()
        if process.keeper_is_gone:
            return KeeperLost(how)
        return ProcessDied(how, by_kill=process.exit_status == -signal.SIGKILL and not process.over_memory)

    def _abort(self, reason: JudgeAbort) -> JudgeAbort:
        """The process is of no more use; remember why (a test might swallow the exception)."""
        self.broken = self.broken if isinstance(self.broken, CellTimeout) else reason
        self._dead = True
        return self.broken

    @property
    def is_dead(self) -> bool:
        """True when there is no student process to talk to (``resume`` may bring one back)."""
        return self._dead

    # -- snapshots -------------------------------------------------------------------------------------------

    def _take_snapshot(self) -> None:
        seq = self._next_seq()
        self._cell_cpu_limit, self.cpu_at_cell = SNAPSHOT_CPU_S, self.cpu_s()
        self._cell_wall_deadline = now() + SNAPSHOT_WALL_S
        try:
            reply = self._exchange(["snap", seq])
        finally:
            self._cell_cpu_limit = self._cell_wall_deadline = float("inf")
        if self.broken is not None:
            raise self._abort(self.broken)
        if len(reply) != 3 or reply[:2] != ["snapped", seq] or type(reply[2]) is not int:
            raise self._abort(ProcessDied("the process broke the protocol: no snapshot"))
        if reply[2] < 0:  # it has as many processes as it may have; the last snapshot is still there
            return
        self._snapshot_pid = reply[2]
        self._had_snapshot = True
        self._log.clear()
        self._work_s = 0.0

    def resume(self) -> bool:
        """After a crash: go on with the snapshot, in the state from before the dead cell; False if that can't be."""
        snapshot_pid, self._snapshot_pid = self._snapshot_pid, 0
        self._resumes += 1
        if self._resumes > MAX_RESUMES or not (
            self.process.resume(snapshot_pid) if snapshot_pid else self._begin_again()
        ):
            if self.process.keeper_is_gone:
                raise KeeperLost("its keeper has ended")
            self.was_killed |= self.process.snapshot_is_gone
            return False
        del self._log[self._mark :]
        repeat, self._log = self._log, []
        self._dead = False
        self.broken = None
        self.epoch += 1
        self._names.clear()
        self._written.clear()
        self._interrupted_at = None
        self._cell_cpu_limit, self.cpu_at_cell = REPLAY_CPU_S, self.cpu_s()
        self._cell_wall_deadline = now() + 4 * REPLAY_CPU_S
        for linked in self._linked.values():
            linked.known = None  # the snapshot has copies from before the dead cell, or none
        try:
            for data in repeat:
                self.process.channel.send(data, self._cell_wall_deadline)
                self._receive()
            self._take_snapshot()
        except KeeperLost:
            raise
        except (JudgeAbort, wire.WireTimeout, wire.PeerGone, wire.WireError) as exc:
            self.was_killed |= isinstance(exc, ProcessDied) and exc.by_kill
            self._dead = True
            return False
        return True

    def _begin_again(self) -> bool:
        """Put a fresh process in place of one that has died before it had left a snapshot."""
        if self._restart is None or self._had_snapshot:
            return False
        self.process.close()
        self._spent_cpu_s += self.process.cpu_s()
        self.process = self._restart()
        return True

    def close(self) -> None:
        """End the student process."""
        self.process.close()
        self._dead = True

    # -- requests --------------------------------------------------------------------------------------------

    def run_cell(self, index: int, source: str, names: list[str]) -> str:
        """Run a cell of the notebook and give its outputs as JSON text."""
        self._flush()
        self.epoch += 1
        self._names.clear()
        seq = self._next_seq()
        reply = self._exchange(["run", seq, index, source, names])
        if len(reply) != 5 or reply[:2] != ["ran", seq]:
            raise self._abort(ProcessDied("the process broke the protocol: not the answer to the question"))
        _, _, back, contents, outputs = reply
        self._take(contents, back)
        return outputs if isinstance(outputs, str) else ""

    def operate(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """One operation on objects of the student's; exceptions of student code are raised here."""
        self._check_alive()
        try:
            forms = [self.encode(arg) for arg in args]
            named = [[key, self.encode(value)] for key, value in kwargs.items()]
        except wire.WireError as exc:
            raise NotPlainData(str(exc)) from None
        # Whether an attribute was simply there, the answer says.
        is_quiet = name in _QUIET and isinstance(args[0], (ListView, DictView))
        if name != "getattr" and (not is_quiet or isinstance(args[-1], RemoteReference)):
            self.epoch += 1
        last_use = self._last_use
        looks = self._looks_after(name, args)
        try:
            seq, reply = self._ask(name, forms, named, looks)
            if name == "getattr" and reply[0] != "same":
                self.epoch += 1
            value = self._result(seq, reply)
            if name == "getattr" and last_use[0] and not isinstance(value, RemoteReference):
                self._uses[last_use].add(args[1])  # it should have come with the answer before
            return value
        except StopIteration as exc:
            if name == "next" or self.stop_is_meant:
                raise
            # As out of a generator (PEP 479): `all(map(check, cases))` would take it for the end of the cases.
            raise RuntimeError("student code raised StopIteration") from exc

    def _looks_after(self, name: str, args: tuple[Any, ...]) -> list[str] | None:
        """Attributes that will probably be read after this request: those that were, after others like it.

        Returns:
            Their names; None, for all, if there was none like it.
        """
        if self._last_use[0]:
            self._uses.setdefault(self._last_use, set()).update(self.looked)
        self.looked = set()
        self._last_use = ("", "")
        if name in ("callmethod", "getattr", "lookup"):
            self._last_use = (name, args[1])
        elif name == "call":
            self._last_use = (name, getattr(args[0], "grader_name", ""))
        known = self._uses.get(self._last_use)
        return None if known is None else sorted(known)

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
        self._check_alive()
        return self._result(*self._ask("lookup", [space, name], [], self._looks_after("lookup", (space, name))))

    def _check_alive(self) -> None:
        if self._dead or self.broken is not None:
            raise self.broken or ProcessDied("the process has ended")

    def _ask(self, name: str, forms: list[Any], named: list[Any], looks: list[str] | None) -> tuple[int, list[Any]]:
        """Ask for one operation; the number of the request and its reply."""
        seq, gone = self._next_seq(), self._let_go()
        return seq, self._exchange(["op", seq, name, forms, named, self._push(), gone, looks])

    def fetch(self, view: Any) -> None:
        """Bring a view (and all lists and dicts in it) up to date."""
        self.operate("fetch", view)
        if view.grader_link.epoch != self.epoch:
            raise self._abort(ProcessDied("the process broke the protocol: contents are missing"))
        view.grader_link.weight = self._weight

    def assign(self, view: Any) -> None:
        """Write a view's whole contents through: with the next message, before which no student code runs."""
        self._check_alive()
        tag = view.grader_tag
        items = (
            [[self.encode(k), self.encode(v)] for k, v in dict.items(view)]
            if tag == "d"
            else [self.encode(item) for item in list.__iter__(view)]
        )
        self._written[view.grader_link.number] = (view, [tag, view.grader_link.number, items])

    def _flush(self) -> None:
        """Send what was written to views now."""
        if self._written:
            self._result(*self._ask("assign", [], [], []))

    def may_peek(self, view: Any) -> bool:
        """True while reading single items of a stale view is cheaper than fetching all of it."""
        link = view.grader_link
        link.peeks += 1
        allowed: int = link.weight // ITEMS_A_PEEK if link.weight else MAX_PEEKS
        return bool(link.peeks <= allowed)

    def _next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def _let_go(self) -> list[int]:
        """Ids that the other side may forget, with the request in which they are sent."""
        if len(self._linked) > self._sweep_above:
            self._sweep()
            self._sweep_above = len(self._linked) + max(SWEEP_ABOVE, len(self._linked) // 4)
        gone, self.gone = sorted(self.gone), set()
        return gone

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
        if len(reply) != 6 or reply[0] not in ("ok", "same", "err") or reply[1] != seq:
            raise self._abort(ProcessDied("the process broke the protocol: not the answer to the question"))
        kind, _, payload, back, contents, outputs = reply
        self._take(contents, back)
        if isinstance(outputs, str) and outputs:
            self.on_output(outputs)
        if self.broken is not None:
            raise self.broken
        if kind == "err":
            raise self._exception(payload)
        return self._guarded(self.decode, payload)

    def _guarded(self, function: Callable[..., Any], *args: Any) -> Any:
        try:
            return function(*args)
        except Exception as exc:  # noqa: BLE001 (whatever is wrong with it, the other side made it)
            raise self._abort(ProcessDied(f"the process broke the protocol: {exc}"[:300])) from None

    # -- values from the student -----------------------------------------------------------------------------

    def decode(self, form: Any, depth: int = 0) -> Any:
        """The judge's value for a wire form."""
        value = wire.decode_scalar(form)
        if value is not NotImplemented:
            if self.numbers is not None and type(value) in (int, float):
                self.numbers.append(value)
            return value
        tag = form[0]
        if tag in ("t", "s", "f"):
            if depth >= wire.MAX_DEPTH:
                raise wire.WireError("tuples nested too deeply")
            items = [self.decode(item, depth + 1) for item in form[1]]
            if tag == "t":
                return tuple(items)
            if len(items) > wire.MAX_KEYS:
                raise wire.WireError("a set of too many items")
            return set(items) if tag == "s" else frozenset(items)
        if tag == "n":
            if form[1] != "builtins" or form[2] not in wire.BUILTIN_CLASSES:
                raise wire.WireError("not one of the classes that both sides have")
            return wire.BUILTIN_CLASSES[form[2]]
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
            made: Any = ListView(Link(self, number))
        elif tag == "d":
            made = DictView(Link(self, number))
        elif tag == "o":
            kind, name = form[2], form[3]
            if kind not in ("class", "exception", "callable", "object") or not isinstance(name, str):
                raise wire.WireError("an object of no known kind")
            made = RemoteReference(self, number, kind, clean_name(name))
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
        self._weight = 0
        for tag, number, items, *more in contents:
            if tag == "a":
                held.append(self._take_attributes(number, items, *more))
                continue
            if tag not in ("l", "d") or type(number) is not int or number < 0:
                raise wire.WireError("contents of something that has none")
            view = self.decode([tag, number])
            held.append(view)
            self._fill(view, tag, items, dict if tag == "d" else list)
            view.grader_link.epoch = self.epoch
            view.grader_link.peeks = 0
            self._weight += len(items)

    def _take_attributes(self, number: int, name: str, pairs: list[Any], methods: list[Any]) -> Any:
        """Note what is known of an object until student code runs again."""
        if type(number) is not int or number < 0:
            raise wire.WireError("attributes of something that has none")
        reference = self.decode(["o", number, "object", name])
        attributes = {str(key): self.decode(form) for key, form in pairs}
        reference.grader_note((self.epoch, attributes, frozenset(map(str, methods))))
        return reference

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
        # Without arrays among them, items are their own values.
        plain = list not in set(map(type, items)) and self.numbers is None
        values = items if plain else [self.decode(item) for item in items]
        base.clear(container)
        (base.extend if tag == "l" else base.update)(container, values)

    def _exception(self, payload: Any) -> BaseException:
        return self._guarded(self.failures.exception, payload, self.decode)  # type: ignore[no-any-return]

    # -- values for the student ------------------------------------------------------------------------------

    def encode(self, value: Any, depth: int = 0) -> Any:
        """The wire form of a value that a grade cell passes."""
        form = wire.encode_scalar(value)
        if form is not NotImplemented:
            return form
        if isinstance(value, RemoteReference):
            return ["o", value.grader_link.number]
        if isinstance(value, (ListView, DictView)):
            return [value.grader_tag, value.grader_link.number]
        if isinstance(value, RemoteFailure) and value.grader_reference is not None:
            return ["o", value.grader_reference.grader_link.number]
        kind = type(value)
        if kind in (list, dict, set):
            return self._link(value, {list: "l", dict: "d", set: "m"}[kind])
        if kind is tuple or kind is frozenset:
            if depth >= wire.MAX_DEPTH:
                raise wire.WireError("tuples nested too deeply")
            return ["t" if kind is tuple else "f", [self.encode(item, depth + 1) for item in value]]
        if kind is Named:
            return ["n", value.module, value.name]
        if isinstance(value, (list, dict)):  # OrderedDict, defaultdict, Counter: as plain data
            return self._link(
                list(value) if isinstance(value, list) else dict(value), "l" if isinstance(value, list) else "d"
            )
        named = standard_name(value)
        if named is not None:
            return ["n", *named]
        if isinstance(value, type) and issubclass(value, RemoteFailure) and value.grader_number:
            return ["o", value.grader_number]
        if isinstance(value, FUNCTIONS) or (isinstance(value, type) and value.__module__ == "__main__"):
            return self._give(value, "c", getattr(value, "__name__", "function"))
        if kind.__module__ in ("__main__", "random") or is_iterable_only(value):
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

    def _unlink(self, number: int) -> None:
        linked = self._linked.pop(number, None)
        if linked is not None:
            del self._linked_ids[id(linked.value)]
            self.gone.add(number)

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
        written, self._written = self._written, {}
        new = [(number, item) for number, item in self._linked.items() if item.is_stale()]
        while new:
            last = self._next_own
            for number, linked in new:
                try:
                    if linked.tag == "d":
                        items = [[self.encode(key), self.encode(value)] for key, value in linked.value.items()]
                    else:
                        items = [self.encode(item) for item in linked.value]
                except (NotPlainData, wire.WireError):
                    # There is something in it that cannot be passed, perhaps put there since it was passed.
                    self._unlink(number)
                    continue
                linked.known = linked.items()
                stale.append([linked.tag, number, items])
            # Encoding has changed nothing, but may have found containers that are new to the other side.
            new = [(n, self._linked[n]) for n in range(last, self._next_own, -1) if n in self._linked]
        return [*stale, *(entry for _, entry in written.values())]

    def _sweep(self) -> None:
        """Let go of containers that no test holds any more."""
        for number, linked in list(self._linked.items()):
            # one from `linked.value`, one from getrefcount's argument
            if sys.getrefcount(linked.value) <= 2 and linked.known is not None:
                self._unlink(number)

    # -- callbacks -------------------------------------------------------------------------------------------

    def _serve(self, message: list[Any]) -> list[Any]:
        """Call a function of the judge's for student code."""
        if len(message) != 7:
            raise self._abort(ProcessDied("the process broke the protocol: a malformed call back"))
        _, number, name, forms, named, back, contents = message
        self.epoch += 1
        self._take(contents, back)
        args = self._guarded(lambda: [self.decode(form) for form in forms])
        kwargs = self._guarded(lambda: {str(key): self.decode(value) for key, value in named})
        if type(number) is not int or number not in self._given:
            raise self._abort(ProcessDied("the process broke the protocol: a call of something never passed"))
        self._depth += 1
        try:
            if self._depth > MAX_CALLBACK_DEPTH:
                raise RecursionError("student code and functions of the test call each other too deeply")
            result = call_given(*self._given[number], name, args, kwargs)
            return ["ret", self.encode(result), self._push()]
        except JudgeAbort as exc:
            raise self._abort(exc) from None  # the process waits inside of a call that nobody will answer
        except BaseException as exc:  # noqa: BLE001 (it is raised again where student code called)
            return self._thrown(exc)
        finally:
            self._depth -= 1

    def _thrown(self, exc: BaseException) -> list[Any]:
        """How student code learns of an exception in a function of the judge's: the student's own object, or one alike.

        When it comes back unhandled, it is the same exception again.
        """
        kind = next(k for k in type(exc).__mro__ if k.__module__ == "builtins" and k.__name__ in wire.BUILTIN_CLASSES)
        theirs = 0
        if isinstance(exc, RemoteFailure) and exc.grader_reference is not None:
            theirs = exc.grader_reference.grader_link.number
        forms: list[Any] = []
        # What an assertion has to say may be the expected value.
        if not theirs and isinstance(exc, Exception) and not isinstance(exc, AssertionError):
            try:
                forms = [self.encode(arg) for arg in exc.args]
            except (NotPlainData, wire.WireError):
                forms = []
        own = self._give(exc, "e", "")[1]
        return ["raise", kind.__name__, self._push(), forms, own, theirs]


@contextlib.contextmanager
def closing(session: Session) -> Iterator[Session]:
    """The session, ended afterwards whatever happens."""
    try:
        yield session
    finally:
        session.close()
