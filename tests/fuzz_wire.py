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
REQUESTS_A_SESSION = 40


class Fuzz:
    """Random forms of the wire, and mutations of what was said before."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def number(self) -> int:
        """An id, mostly of something that there is."""
        return self.random.choice([1, 2, 3, 7, -1, -2, -3, 0, 2**40, -(2**70), self.random.randrange(-9, 99)])

    def scalar(self) -> Any:
        """A value without parts, or something like it."""
        r = self.random
        return r.choice(
            [
                None, True, False, 0, 1, -1, 2**62, 10**30, 1.5, float("nan"), float("inf"), "", "x", "\ud800", "é",
                ["i", "ff"], ["i", "-" + "f" * 99], ["i", "zz"], ["i"], ["i", 5], ["b", "eHg="], ["b", "?"], ["b", None],
                ["g", 0, 3, 1], ["g", 0, 3, 0], ["g", ["i", "ff"], 3, 1], ["g", None, 1, 1], ["k", None, 1, None],
                ["k", [], 1, 2], ["x", 1.0, 2.0], ["x", 1, 2], ["n", "builtins", "ValueError"], ["n", "builtins", "eval"],
                ["n", "os", "system"], ["n", 1, 2],
            ]
        )  # fmt: skip

    def form(self, depth: int = 4) -> Any:
        """A value, mostly well formed."""
        r = self.random
        if depth == 0 or r.random() < 0.35:
            return self.scalar()
        kind = r.choice("tsfldmocpeZ ")
        if kind in "tsf":
            return [kind, [self.form(depth - 1) for _ in range(r.randrange(4))]]
        if kind in "ldm":
            return [kind, self.number()]
        if kind == "o":
            names = ["X", "a b", "", 5, "ValueError"]
            return ["o", self.number(), r.choice(["class", "callable", "object", "exception", "?", 3]), r.choice(names)]
        if kind in "cpe":
            return [kind, self.number(), r.choice(["f", 5, ""])]
        if kind == " ":
            return [self.form(depth - 1) for _ in range(r.randrange(3))]
        return [kind, self.form(depth - 1)]

    def contents(self) -> Any:
        """Contents of containers."""
        r = self.random
        if r.random() < 0.05:
            return self.form()
        return [
            [
                r.choice("lldms"),
                self.number(),
                [r.choice([self.form(2), [self.form(2), self.form(2)]]) for _ in range(r.randrange(4))],
            ]
            for _ in range(r.choice([0, 0, 1, 2]))
        ]

    def failure(self) -> Any:
        """The report of an exception."""
        r = self.random
        names = ["ValueError", "KeyError", "StopIteration", "SystemExit", "OSError", "Mine", "int", 5, "ExceptionGroup"]
        kinds = [[r.choice([0, 0, 5, 6, -1, "x"]), r.choice(names)] for _ in range(r.randrange(5))]
        return [
            self.number(),
            kinds,
            r.choice(["m", 5]),
            self.form(2),
            r.randrange(-2, 3),
            r.randrange(-2, 9),
            ["line", 5],
        ]

    def reply(self, request: list[Any]) -> Any:
        """A message of a student process."""
        r = self.random
        seq = request[1] if r.random() < 0.95 and len(request) > 1 else self.number()
        kind = r.random()
        if kind < 0.5:
            return [
                "ok",
                seq,
                self.form(),
                self.contents() if r.random() < 0.2 else [],
                self.contents(),
                r.choice(["", "[]", 5]),
            ]
        if kind < 0.65:
            return ["err", seq, self.failure(), [], self.contents(), ""]
        if kind < 0.85:
            what = r.choice(
                ["call", "getattr", "setattr", "iter", "next", "bool", "method", "deepcopy", "contains", "?", 5]
            )
            args = [
                r.choice([self.form(2), "__class__", "__globals__", "append", "_x", "real"])
                for _ in range(r.randrange(3))
            ]
            named = [[r.choice(["k", 5, "__class__"]), self.form(1)]] if r.random() < 0.1 else []
            return ["call", self.number(), what, args, named, [], self.contents()]
        if kind < 0.9:
            return ["ran", seq, [], self.contents(), "[]"]
        if kind < 0.95:
            return self.mutated(["ok", seq, self.form(), [], self.contents(), ""])
        return self.form()

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
                place.append(self.scalar())
            break
        return message

    def frame(self, message: Any) -> bytes:
        """A frame, sometimes not what it says it is."""
        r = self.random
        data = wire.dumps(message)
        if r.random() < 0.01:
            data = bytes(b ^ (1 << r.randrange(8)) if r.random() < 0.05 else b for b in data)
        length = (
            len(data)
            if r.random() < 0.995
            else r.choice([0, 1, len(data) - 1, len(data) + 1, MAX_BYTES + 1, 2**32 - 1])
        )
        return struct.pack(">I", length) + data


class FuzzPeer:
    """A student process that has an answer ready to whatever it is asked: the next frames, without a thread."""

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
                data = wire.dumps(["snapped", request[1], 0])
                os.write(self.reply_write, struct.pack(">I", len(data)) + data)
                return
            for _ in range(1 + (self.fuzz.random.random() < 0.02)):
                self.sent += 1
                os.write(self.reply_write, self.fuzz.frame(self.fuzz.reply(request)))

        self.channel.send = send_and_be_answered  # type: ignore[method-assign]

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


def uses(session: Session, fuzz: Fuzz) -> Iterator[Callable[[], Any]]:
    """What a grade cell might do with what it gets."""
    r = fuzz.random
    mine: list[Any] = [1, [2], {"a": 3}]
    got: list[Any] = []

    def called_back(*args: Any, **named: Any) -> Any:
        got.extend(args)
        return r.choice([None, mine, [args], iter(mine), called_back, KeyError])

    class Thing:
        real = [5]

        def append(self, x: Any) -> None:
            got.append(x)

    Thing.__module__ = "__main__"
    while True:
        x = r.choice(got) if got and r.random() < 0.8 else None
        i = r.randrange(-1, 3)
        step = r.randrange(16)
        if step < 4 or x is None:
            yield lambda: got.append(session.lookup(r.choice(["user", "setup"]), r.choice("abc")))
        elif step == 4:
            yield lambda x=x: got.append(x(mine, called_back, k=Thing()))
        elif step == 5:
            yield lambda x=x: got.append(x.attribute)
        elif step == 6:
            yield lambda x=x, i=i: got.append(x[i])
        elif step == 7:
            yield lambda x=x: [got.append(item) for _, item in zip(range(5), x)]
        elif step == 8:
            yield lambda x=x: (len(x), str(x), repr(x), x == mine, mine == x, x in mine)
        elif step == 9:
            yield lambda x=x: got.append(copy.deepcopy(x))
        elif step == 10:
            yield lambda x=x, i=i: x.__setitem__(i, mine)
        elif step == 11:
            yield lambda x=x: x.append(x)
        elif step == 12:
            yield lambda x=x: abs(x - 3.5) < 1e-9
        elif step == 13:
            yield lambda x=x: (isinstance(x, list), isinstance(mine, x))
        elif step == 14:
            yield lambda x=x: mine.append(x)
        else:
            yield lambda x=x: {**x}
        del got[:-20], mine[3:]


def fuzz_judge(messages: int, seed: int = 0) -> dict[str, int]:
    """Let the judge's end read at least so many messages; how its requests ended, by name.

    Raises:
        AssertionError: an end that is none, or one that took too long.
    """
    ends: dict[str, int] = {}
    sent = 0
    round_seed = seed
    while sent < messages:
        fuzz = Fuzz(round_seed)
        round_seed += 1
        peer = FuzzPeer(fuzz)
        session = Session(peer)  # type: ignore[arg-type]
        session.begin_cell(5, 5)
        try:
            for _, use in zip(range(REQUESTS_A_SESSION), uses(session, fuzz), strict=False):
                started = time.monotonic()
                try:
                    use()
                    end = "done"
                except JudgeAbort:
                    end = "aborted"
                except NotPlainData:
                    end = "refused"
                except BaseException as exc:  # noqa: BLE001 (looked at below)
                    # Of student code, of Python with a value of the wrong kind, or of a function of the test's.
                    end = "raised" if isinstance(exc, RemoteFailure) else type(exc).__name__
                    assert isinstance(exc, RemoteFailure) or isinstance(exc, _PYTHONS_OWN), (
                        f"seed {round_seed - 1}: {exc!r}"
                    )
                ends[end] = ends.get(end, 0) + 1
                assert time.monotonic() - started < 8, f"seed {round_seed - 1}"
                if session.is_dead:
                    break
        finally:
            sent += peer.sent
            session.close()
    ends["messages"] = sent
    return ends


_PYTHONS_OWN = (
    TypeError,
    AttributeError,
    IndexError,
    KeyError,
    ValueError,
    RecursionError,
    StopIteration,
    RuntimeError,
    OverflowError,
)


def fuzz_student(messages: int, seed: int = 0) -> dict[str, int]:
    """Send so many mutated requests to the student's end, in this process: each is answered or ends the conversation."""
    from grader.execution.student_side import Recorder, Server, make_shell

    fuzz = Fuzz(seed)
    shell = make_shell(Recorder(1 << 16))
    ends: dict[str, int] = {}
    shell.user_ns.update(f=lambda *args, **named: args, xs=[1, [2], {"a": 3}])

    class Mouth:
        """A channel into which a server speaks, and from which it hears no more."""

        said: list[bytes]

        def send(self, data: bytes) -> None:
            """Note what was said."""
            self.said.append(data)

        def receive(self) -> bytes:
            """Hang up."""
            raise wire.PeerGone

    mouth = Mouth()
    server = None
    for number in range(messages):
        if server is None or number % 50 == 0:
            server = Server(shell, [mouth], {})  # type: ignore[list-item]
        names = [
            "call",
            "getattr",
            "getitem",
            "setitem",
            "len",
            "iter",
            "next",
            "str",
            "add",
            "fetch",
            "assign",
            "?",
            5,
        ]
        request = ["op", number + 1, fuzz.random.choice(names), [fuzz.form() for _ in range(fuzz.random.randrange(3))], [], fuzz.contents(), [fuzz.number()]]  # fmt: skip
        if fuzz.random.random() < 0.3:
            request = [
                "op",
                number + 1,
                "lookup",
                ["user", fuzz.random.choice(["f", "xs", "none", 5])],
                [],
                fuzz.contents(),
                [],
            ]
        if fuzz.random.random() < 0.3:
            request = fuzz.mutated(request)
        mouth.said = []
        try:
            server.answer(request)
            end = wire.loads(mouth.said[-1])[0] if mouth.said else "silent"
        except Exception as exc:  # noqa: BLE001 (the process would end, and the judge learn of it)
            end = f"ended by {type(exc).__name__}"
            server = None
        ends[end] = ends.get(end, 0) + 1
    return ends


def main() -> None:
    """The nightly form."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
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
