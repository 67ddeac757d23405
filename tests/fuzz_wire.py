"""A fuzzer for both ends of the wire: whatever one end says, the other stays in control.

As a test it sends some thousand messages; ``python tests/fuzz_wire.py --messages 1000000 [--seed N]`` is the nightly
form. The judge against a peer of random and mutated replies: each request ends with a value, with an exception of
student code, or with ``JudgeAbort``; nothing else, and in time. The student's end against mutated requests: it answers
or ends, and does not hang.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import itertools
import os
import random
import struct
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from grader.execution import wire
from grader.execution.remote import JudgeAbort, NotPlainData, RemoteFailure
from grader.execution.session import Session

MAX_BYTES = 1 << 16
REQUESTS_A_SESSION = 60

GOOD = [
    None, True, False, 0, 1, -1, 2**62, 10**30, 1.5, float("nan"), "", "x", "\ud800",
    ["i", "ff"], ["i", "-" + "f" * 99], ["b", "eHg="], ["g", 0, 3, 1], ["g", ["i", "ff"], 3, 1], ["k", None, 1, None],
    ["x", 1.0, 2.0], ["t", []], ["n", "builtins", "ValueError"],
]  # fmt: skip
KEYS = GOOD[:13]
BAD = [
    ["i", "zz"], ["i"], ["i", 5], ["b", "?"], ["b", None], ["g", 0, 3, 0], ["g", None, 1, 1], ["k", [], 1, 2],
    ["x", 1, 2], ["n", "builtins", "eval"], ["n", "no_module", "f"], ["n", 1, 2], [], [[]], ["o", 5], ["?", 1], [5, 5],
    ["l", "5"],
]  # fmt: skip
GIVEN = ("l", "d", "m", "c", "p")


class Fuzz:
    """Random messages of the wire; ``wild`` is the share of their parts that is wrong on purpose."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.wild = self.random.choice([0.0, 0.001, 0.003, 0.01, 0.1])

    def is_wild(self) -> bool:
        """Tell whether the next part shall be wrong."""
        return self.random.random() < self.wild

    def number(self) -> int:
        """An id of the student's: few, so that they come again."""
        if self.is_wild():
            return self.random.choice([0, -1, -2, -(2**70), 2**70, -99])
        return self.random.randrange(1, 12)

    def own(self, request: Any) -> list[Any] | None:
        """Something of the judge's that occurs in a request."""
        found = []
        todo = [request]
        while todo:
            part = todo.pop()
            if isinstance(part, list):
                todo += part
                if len(part) in (2, 3) and part[0] in GIVEN and type(part[1]) is int and part[1] < 0:
                    found.append(part)
        return self.random.choice(found) if found else None

    def form(self, depth: int = 4, request: Any = None) -> Any:
        """A value."""
        r = self.random
        if self.is_wild():
            return r.choice(BAD)
        if depth == 0 or r.random() < 0.2:
            return r.choice(GOOD)
        kind = r.choice("tsfldddlllooooG")
        if kind in "sf":
            return [kind, [r.choice(KEYS) for _ in range(r.randrange(3))]]
        if kind == "t":
            return [kind, [self.form(depth - 1, request) for _ in range(r.randrange(4))]]
        if kind in "ld":
            return [kind, self.number()]
        if kind == "o":
            return ["o", self.number(), r.choice(["class", "callable", "object", "exception"]), r.choice(["X", "a b"])]
        own = self.own(request)
        return r.choice(GOOD) if own is None else own[:2] if own[0] in "ldm" else [own[0], own[1], ""]

    def items(self, tag: str, request: Any) -> list[Any]:
        """What is in a container."""
        r = self.random
        if tag == "d":
            return [[r.choice(KEYS), self.form(2, request)] for _ in range(r.randrange(4))]
        if tag == "m":
            return [r.choice(KEYS) for _ in range(r.randrange(4))]
        return [self.form(2, request) for _ in range(r.randrange(4))]

    def contents(self, *forms: Any, request: Any = None) -> Any:
        """Contents of the containers in some forms, and of others."""
        todo: list[Any] = [*forms, *([self.form(1)] if self.random.random() < 0.2 else [])]
        made: list[Any] = []
        while todo and len(made) < 20:
            part = todo.pop()
            if not isinstance(part, list):
                continue
            if len(part) == 2 and part[0] in ("l", "d") and type(part[1]) is int and part[1] > 0:
                made.append([*part, self.items(part[0], request)])
                if self.random.random() < 0.5:
                    todo.append(made[-1][2])
            else:
                todo += part
        return self.form() if self.is_wild() else made

    def back(self, request: Any) -> Any:
        """Changes of what the judge has passed."""
        own = self.own(request)
        if own is None or own[0] not in "ldm" or self.random.random() < 0.5:
            return self.form() if self.is_wild() else []
        return [[*own[:2], self.items(own[0], request)]]

    def failure(self) -> Any:
        """The report of an exception."""
        r = self.random
        names = ["ValueError", "KeyError", "StopIteration", "SystemExit", "OSError", "Mine", "int", "ExceptionGroup"]
        kinds = [[r.choice([0, 0, 5, 6]), r.choice(names)] for _ in range(r.randrange(5))]
        args = r.choice([None, ["t", [self.form(1)]], self.form(1)])
        return [self.number(), kinds, "m", args, r.randrange(-2, 3), r.randrange(-2, 9), ["line", 5]]

    def reply(self, request: list[Any]) -> Any:
        """A message of a student process."""
        r = self.random
        seq = request[1] if len(request) > 1 and not self.is_wild() else r.randrange(1, 99)
        own = self.own(request)
        kind = r.random()
        if kind < 0.25 and own and own[0] in "cp":
            what = ["getattr", "setattr", "iter", "next", "bool", "method", "copy", "deepcopy", "contains", "call", "?"]
            args = [
                r.choice([self.form(2, request), "__class__", "__globals__", "append", "real"])
                for _ in range(r.randrange(3))
            ]
            named = [[r.choice(["k", 5, "__class__"]), self.form(1)]] if r.random() < 0.1 else []
            question = "call" if own[0] == "c" else r.choice(what)
            message = ["call", own[1], question, args, named, self.back(request), self.contents(args)]
        elif kind < 0.4:
            message = ["err", seq, self.failure(), self.back(request), self.contents(), ""]
        else:
            value = self.form(request=request)
            if len(request) > 3 and request[2] == "fetch":
                value = request[3][0]
            changed = self.back(request)
            message = ["ok", seq, value, changed, self.contents(value, changed, request=request), r.choice(["", "[]"])]
        return self.mutated(message) if self.is_wild() else message

    def mutated(self, message: Any) -> Any:
        """A message with a part changed, left out or repeated."""
        r = self.random
        message = copy.deepcopy(message)
        place = message
        while isinstance(place, list) and place:
            index = r.randrange(len(place))
            if isinstance(place[index], list) and r.random() < 0.7:
                place = place[index]
                continue
            change = r.randrange(4)
            if change == 0:
                place[index] = self.form(2)
            elif change == 1:
                del place[index]
            elif change == 2:
                place.insert(index, place[index])
            else:
                place.append(r.choice(GOOD + BAD))
            break
        return message

    def frame(self, message: Any) -> tuple[bytes, bool]:
        """A frame, sometimes not what it says it is; and whether more of it would have to come."""
        r = self.random
        data = wire.dumps(message)
        if self.is_wild():
            data = bytes(b ^ (1 << r.randrange(8)) if r.random() < 0.05 else b for b in data)
        length = len(data)
        if self.is_wild():
            length = r.choice([0, 1, length - 1, length + 1, MAX_BYTES + 1, 2**32 - 1])
        return struct.pack(">I", length) + data, length > len(data)


class FuzzPeer:
    """A student process whose answer is in the pipe before the judge looks for it; there is no thread."""

    def __init__(self, fuzz: Fuzz) -> None:
        self.fuzz = fuzz
        self.sent = 0
        request_read, request_write = os.pipe()
        reply_read, self.reply_write = os.pipe()
        self.channel = wire.Channel(reply_read, request_write, max_bytes=MAX_BYTES)
        self._own = wire.Channel(request_read, os.open(os.devnull, os.O_WRONLY), max_bytes=1 << 24)
        send = self.channel.send

        def send_and_be_answered(data: bytes, deadline: float | None = None) -> None:
            send(data, deadline)
            request = wire.loads(self._own.receive(time.monotonic()))
            if request[0] == "snap":
                snapped = wire.dumps(["snapped", request[1], 0])
                os.write(self.reply_write, struct.pack(">I", len(snapped)) + snapped)
                return
            for _ in range(1 + self.fuzz.is_wild()):
                self.sent += 1
                reply, has_more = self.fuzz.frame(self.fuzz.reply(request))
                os.write(self.reply_write, reply)
                if has_more:  # nobody shall wait for it
                    os.close(self.reply_write)
                    self.reply_write = os.open(os.devnull, os.O_WRONLY)

        self.channel.send = send_and_be_answered  # type: ignore[method-assign]

    keeper_is_gone = snapshot_is_gone = over_memory = False
    exit_status = None

    def interrupt(self) -> None:
        """Nothing."""

    def is_dead(self) -> bool:
        """False."""
        return False

    def death(self) -> str:
        """How it ended."""
        return "the peer has ended"

    def cpu_s(self) -> float:
        """Nothing that counts."""
        return 0.0

    def resume(self, snapshot_pid: int) -> bool:
        """False."""
        return False

    def close(self) -> None:
        """Hang up."""
        self.channel.close()
        self._own.close()
        os.close(self.reply_write)


class Thing:
    """An object of a test's."""

    def __init__(self, seen: list[Any]) -> None:
        self.real = [5]
        self._seen = seen

    def append(self, x: Any) -> None:
        """Note something."""
        self._seen.append(x)


Thing.__module__ = "__main__"


def uses(session: Session, r: random.Random) -> Iterator[Callable[[], Any]]:
    """What a grade cell might do with what it gets."""
    mine: list[Any] = [1, [2], {"a": 3}]
    got: list[Any] = []

    def called_back(*args: Any, **named: Any) -> Any:
        got.extend(args)
        return r.choice([None, mine, [args], iter(mine), called_back, KeyError])

    while True:
        x = r.choice(got) if got and r.random() < 0.8 else None
        i = r.randrange(-1, 3)
        choices: list[Callable[[], Any]] = [
            lambda x=x: got.append(x(mine, called_back, k=Thing(got))),
            lambda x=x: got.append(x(*mine)),
            lambda x=x: got.append(x.attribute),
            lambda x=x: setattr(x, "attribute", mine),
            lambda x=x, i=i: got.append(x[i]),
            lambda x=x, i=i: x.__setitem__(i, mine),
            lambda x=x, i=i: x.__delitem__(i),
            lambda x=x: got.extend(itertools.islice(x, 5)),
            lambda x=x: (len(x), str(x), repr(x), x == mine, mine == x, x in mine),
            lambda x=x: got.append(copy.deepcopy(x)),
            lambda x=x: x.append(x),
            lambda x=x: x.sort(key=repr),
            lambda x=x: abs(x - 3.5) < 1e-9,
            lambda x=x: got.append(x + x),
            lambda x=x: (isinstance(x, list), isinstance(mine, x)),
            lambda x=x: mine.append(x),
            lambda x=x: {**x},
            lambda x=x: (_ for _ in ()).throw(x),
        ]
        if x is None or r.random() < 0.2:
            yield lambda: got.append(session.lookup(r.choice(["user", "setup"]), r.choice("abc")))
        else:
            yield r.choice(choices)
        del got[:-20], mine[6:]


PYTHONS_OWN = (
    TypeError,
    AttributeError,
    LookupError,
    ValueError,
    RecursionError,
    StopIteration,
    RuntimeError,
    OverflowError,
    MemoryError,
)
"""What Python raises for a value of the wrong kind, or a function of the test's."""


def fuzz_judge(messages: int, seed: int = 0) -> dict[str, int]:
    """Let the judge's end read at least so many messages; how its requests ended, by name.

    Raises:
        AssertionError: an end that is none, or one that took too long.
    """
    ends: dict[str, int] = {}
    sent = 0
    for round_seed in itertools.count(seed * 1_000_003):
        if sent >= messages:
            break
        fuzz = Fuzz(round_seed)
        peer = FuzzPeer(fuzz)
        session = Session(peer)  # type: ignore[arg-type]
        session.begin_cell(5, 5)
        for use in itertools.islice(uses(session, fuzz.random), REQUESTS_A_SESSION):
            started = time.monotonic()
            end = _end(use, round_seed)
            ends[end] = ends.get(end, 0) + 1
            if time.monotonic() - started > 8:
                raise AssertionError(f"seed {round_seed} took too long")
            if session.is_dead:
                break
        sent += peer.sent
        session.close()
    return ends | {"messages": sent}


def _end(use: Callable[[], Any], seed: int) -> str:
    try:
        use()
    except JudgeAbort:
        return "aborted"
    except NotPlainData:
        return "refused"
    except BaseException as exc:
        if isinstance(exc, RemoteFailure):
            return "raised"
        if isinstance(exc, PYTHONS_OWN):
            return type(exc).__name__
        raise AssertionError(f"seed {seed}: {exc!r}") from exc
    return "done"


class Mouth:
    """A channel into which a server speaks, and from which it hears no more."""

    def __init__(self) -> None:
        self.said: list[bytes] = []

    def send(self, data: bytes) -> None:
        """Note what was said."""
        self.said.append(data)

    def receive(self) -> bytes:
        """Hang up."""
        raise wire.PeerGone


def fuzz_student(messages: int, seed: int = 0) -> dict[str, int]:
    """Send so many mutated requests to the student's end, in this process: each is answered or ends it all."""
    from grader.execution.student_shell import Recorder, make_shell
    from grader.execution.student_side import Server

    fuzz = Fuzz(seed)
    fuzz.wild = 0.02
    streams = sys.stdout, sys.stderr
    shell = make_shell(Recorder(1 << 16))
    ends: dict[str, int] = {}
    shell.user_ns.update(f=lambda *args, **named: args, xs=[1, [2], {"a": 3}])
    names = ["call", "getattr", "getitem", "setitem", "len", "iter", "next", "str", "add", "fetch", "assign", "?"]
    mouth = Mouth()
    server = None
    for number in range(messages):
        if server is None or number % 50 == 0:
            server = Server(shell, [mouth], {})  # type: ignore[list-item]
        args = [fuzz.form() for _ in range(fuzz.random.randrange(3))]
        request = ["op", number + 1, fuzz.random.choice(names), args, [], fuzz.contents(args), [fuzz.number()]]
        if fuzz.random.random() < 0.3:
            name = fuzz.random.choice(["f", "xs", "none"])
            request = ["op", number + 1, "lookup", ["user", name], [], fuzz.contents(), []]
        if fuzz.random.random() < 0.3:
            request = fuzz.mutated(request)
        mouth.said = []
        try:
            server.answer(request)
            end = str(wire.loads(mouth.said[-1])[0]) if mouth.said else "silent"
        except Exception as exc:  # noqa: BLE001 (the process would end, and the judge learn of it)
            end = f"ended by {type(exc).__name__}"
            server = None
        finally:
            sys.stdout, sys.stderr = streams
        ends[end] = ends.get(end, 0) + 1
    return ends


def main() -> None:
    """Run the nightly form."""
    parser = argparse.ArgumentParser(description="Fuzz both ends of the wire.")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=None, help="default: from the clock; printed")
    options = parser.parse_args()
    seed = int(time.time()) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    with contextlib.redirect_stderr(sys.stdout):
        print("judge:", fuzz_judge(options.messages, seed), flush=True)
        print("student:", fuzz_student(options.messages // 10, seed), flush=True)


if __name__ == "__main__":
    main()
