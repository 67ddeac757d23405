import json
import math
import os
import struct
import time
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.execution import wire
from grader.execution.failures import Failures
from grader.execution.remote import ProcessDied
from grader.execution.session import Session
from grader.execution.student_values import Values

any_text = st.text(st.characters(exclude_categories=()))  # lone surrogates too
large_ints = st.integers(-(2**2000), 2**2000) | st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1])
scalars = (
    st.none()
    | st.booleans()
    | large_ints
    | st.floats()
    | any_text
    | st.binary()
    | st.complex_numbers(allow_nan=False)
    | st.builds(range, st.integers(-9, 2**70), st.integers(-9, 2**70), st.integers(1, 2**70))
)
hashables = st.recursive(
    scalars.filter(lambda value: value == value),  # nan is never found again
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.frozensets(inner, max_size=4),
    max_leaves=12,
)
plain = st.recursive(
    scalars | st.sets(hashables, max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(hashables, inner, max_size=4)
    ),
    max_leaves=20,
)


def same(a, b):
    """Equal, of exactly the same types all the way down, nan equal to nan, 0.0 not equal to -0.0."""
    if type(a) is not type(b):
        return False
    if type(a) is float:
        return math.isnan(b) if math.isnan(a) else (a, math.copysign(1, a)) == (b, math.copysign(1, b))
    if type(a) is complex:
        return same(a.real, b.real) and same(a.imag, b.imag)
    if type(a) in (list, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if type(a) is dict:
        return all(map(same, a, b)) and all(map(same, a.values(), b.values()))
    return a == b


@contextmanager
def pipe_channel(max_bytes=1000):
    """The judge's end of a pipe, and a descriptor on which a peer may write what it likes to it."""
    read_fd, peer_writes = os.pipe()
    null = os.open(os.devnull, os.O_WRONLY)
    channel = wire.Channel(read_fd, null, max_bytes=max_bytes)
    try:
        yield channel, peer_writes
    finally:
        channel.close()
        with suppress(OSError):
            os.close(peer_writes)


def soon():
    """Give a deadline that is not far."""
    return time.monotonic() + 0.02


@given(scalars)
def test_a_scalar_is_the_same_after_crossing(value):
    """Large ints, nan, the infinities, -0.0, lone surrogates, bytes, ranges, complex numbers: all keep their value."""
    assert same(wire.decode_scalar(wire.loads(wire.dumps(wire.encode_scalar(value)))), value)


class Mute:
    """As much of a student process as a session needs that never speaks."""

    def __init__(self, channel=None):
        self.channel = channel

    def close(self):
        """Nothing to end."""

    def cpu_s(self):
        """Nothing used."""
        return 0.0


@given(plain)
@settings(max_examples=60)
def test_plain_data_is_the_same_after_crossing_to_the_student(value):
    """What a test passes arrives as an equal value of the same types, however it is nested."""
    session, values = Session(Mute()), Values()
    form, sync = session.encode(value), session._push()
    form, sync = wire.loads(wire.dumps([form, sync]))
    values.apply(sync)
    assert same(values.decode(form), value)


@given(plain)
@settings(max_examples=60)
def test_plain_data_is_the_same_after_crossing_to_the_judge(value):
    """What student code returns arrives as an equal value; lists and dicts as views that are lists and dicts."""
    session, values, contents = Session(Mute()), Values(), []
    form = values.encode(value, contents, budget=1 << 30)
    form, contents = wire.loads(wire.dumps([form, contents]))
    session._take(contents, [])
    assert same(as_plain(session.decode(form)), value)


def as_plain(value):
    """Copy live views into plain lists and dicts, one by one."""
    if isinstance(value, list):
        return list(map(as_plain, value))
    if isinstance(value, dict):
        return {key: as_plain(item) for key, item in value.items()}
    return tuple(map(as_plain, value)) if type(value) is tuple else value


@pytest.mark.parametrize(
    "value",
    [
        type("Liar", (float,), {"__eq__": lambda *_: True, "__hash__": float.__hash__})(1.0),
        type("Liar", (int,), {"__sub__": lambda *_: 0})(1),
        type("Liar", (str,), {"__eq__": lambda *_: True, "__hash__": str.__hash__})("a"),
        type("Liar", (list,), {"__eq__": lambda *_: True})([1]),
        type("Liar", (dict,), {"__eq__": lambda *_: True})(a=1),
        type("Liar", (tuple,), {"__eq__": lambda *_: True})((1,)),
        type("Liar", (set,), {"__eq__": lambda *_: True})({1}),
        bytearray(b"x"),
        slice([], None),
    ],
    ids=lambda value: type(value).__bases__[0].__name__,
)
def test_only_exact_types_are_plain_data(value):
    """A subclass of a plain type has a will of its own: it stays where it is, and a reference crosses."""
    assert wire.encode_scalar(value) is NotImplemented
    form = Values().encode(value, [])
    assert form[0] == "o"


def test_an_int_of_too_many_bits_does_not_cross():
    """Two hundred thousand bits, some sixty thousand digits, are enough for anybody."""
    largest = 2**wire.MAX_INT_BITS - 1
    assert wire.decode_scalar(wire.loads(wire.dumps(wire.encode_scalar(-largest)))) == -largest
    with pytest.raises(wire.WireError, match="200,000 bits"):
        wire.encode_scalar(2**wire.MAX_INT_BITS)
    with pytest.raises(wire.WireError, match="malformed"):
        wire.decode_scalar(["i", "z"])
    assert wire.decode_scalar(["i", "f" * wire.MAX_INT_BITS]) is NotImplemented  # and then no tag that anybody knows
    with pytest.raises(wire.WireError):
        Session(Mute()).decode(["i", "f" * wire.MAX_INT_BITS])


def test_tuples_nest_only_so_deep():
    """A hundred tuples in each other are refused on both sides, before Python's stack is at its end."""
    value = ()
    for _ in range(100):
        value = (value,)
    with pytest.raises(wire.WireError, match="too deeply"):
        Session(Mute()).encode(value)
    with pytest.raises(wire.WireError, match="too deeply"):
        Values().encode(value, [])
    form = ["t", []]
    for _ in range(100):
        form = ["t", [form]]
    with pytest.raises(wire.WireError, match="too deeply"):
        Session(Mute()).decode(form)


def test_lists_may_nest_as_they_like():
    """A list of twenty thousand lists in each other travels flat, in linear time."""
    value = []
    for _ in range(20_000):
        value = [value]
    contents = []
    started = time.process_time()
    Values().encode(value, contents, budget=1 << 30)
    assert len(contents) == 20_001
    assert time.process_time() - started < 2


def test_colliding_keys_cost_little():
    """Keys of one hash make a dict quadratic; there may be only so many that it takes a second or two."""
    keys = [n * (2**61 - 1) for n in range(1, 30_001)]
    for tag, items in (("s", keys), ("f", keys)):
        with pytest.raises(wire.WireError, match="too many"):
            Session(Mute()).decode([tag, [wire.encode_scalar(key) for key in items]])
    pairs = [[wire.encode_scalar(key), 0] for key in keys]
    with pytest.raises(Exception, match="too many keys"):
        Session(Mute())._take_contents([["d", 1, pairs]])


@pytest.mark.parametrize("text", ["{}", "[{}]", '[["t",[{"a":1}]]]', '{"a":{}}'])
def test_there_are_no_json_objects(text):
    """Only tagged arrays: nothing that a peer sends can be taken for something else."""
    with pytest.raises(wire.WireError, match="JSON object"):
        wire.loads(text.encode())


@pytest.mark.parametrize(
    "data",
    [b"", b"[", b"nul", b"\xff", b'"\xff"', b"[1,]", b"[" * 100_000, b"[" * 5000 + b"]" * 5000, b"1" * 5000, b"[1]x"],
    ids=range(10),
)
def test_what_is_not_json_is_a_wire_error(data):
    """Half a message, wrong UTF-8, a hundred thousand brackets, a number of five thousand digits."""
    with pytest.raises(wire.WireError):
        wire.loads(data)


json_forms = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from("ibtsfldmocpengkx"),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=30,
)


@given(json_forms)
@settings(max_examples=200)
def test_a_malformed_value_is_refused_and_nothing_else(form):
    """Whatever a peer sends as a value, the judge gets a value or learns that the protocol is broken."""
    session = Session(Mute())
    with suppress(ProcessDied):
        session._guarded(session.decode, form)


@given(json_forms)
@settings(max_examples=200)
def test_a_malformed_scalar_is_a_wire_error_and_nothing_else(form):
    """``decode_scalar`` knows no other exception, and does not go deep."""
    with suppress(wire.WireError):
        wire.decode_scalar(form)


def test_a_scalar_does_not_go_deep():
    """Ranges in ranges in ranges are refused without a look inside."""
    form = ["g", 0, 1, 1]
    for _ in range(100_000):
        form = ["g", form, 1, 1]
    with pytest.raises(wire.WireError, match="range"):
        wire.decode_scalar(form)
    while isinstance(form, list):  # taken apart by hand: Python would do it recursively
        form = form[1]


@given(st.lists(json_forms, min_size=7, max_size=7) | json_forms)
@settings(max_examples=100)
def test_a_malformed_exception_breaks_the_protocol_and_nothing_else(payload):
    """The report of an exception is as untrusted as any value."""
    session = Session(Mute())
    with suppress(ProcessDied):
        assert isinstance(session._guarded(Failures().exception, payload, session.decode), BaseException)


# -- frames ------------------------------------------------------------------------------------------------------------


def test_frames_arrive_one_by_one_however_they_are_cut():
    """Ten messages in one write, one message in many writes: the reader gets each of them whole."""
    messages = [b"x" * n for n in (0, 1, 5, 100)] * 3
    stream = b"".join(struct.pack(">I", len(m)) + m for m in messages)
    for size in (1, 3, 7, len(stream)):
        with pipe_channel() as (channel, peer):
            got = []
            for start in range(0, len(stream), size):
                os.write(peer, stream[start : start + size])
                while True:
                    try:
                        got.append(channel.receive(time.monotonic()))
                    except wire.WireTimeout:
                        break
            assert got == messages


def test_a_lie_about_the_length_is_found_at_once():
    """Four gigabytes announced: nobody waits for them, and no memory is set aside."""
    with pipe_channel() as (channel, peer):
        os.write(peer, b"\xff\xff\xff\xff")
        with pytest.raises(wire.WireError, match="at most 1000"):
            channel.receive(soon())


def test_half_a_frame_is_a_timeout_and_is_kept():
    """What has arrived before the deadline is there for the next attempt."""
    with pipe_channel() as (channel, peer):
        os.write(peer, struct.pack(">I", 4) + b"ab")
        with pytest.raises(wire.WireTimeout):
            channel.receive(soon())
        os.write(peer, b"cd")
        assert channel.receive(soon()) == b"abcd"


def test_a_closed_pipe_is_the_peers_end():
    """After the last whole frame, and in the middle of one."""
    for rest in (b"", b"\0\0\0\x05ab"):
        with pipe_channel() as (channel, peer):
            os.write(peer, struct.pack(">I", 2) + b"ok" + rest)
            os.close(peer)
            assert channel.receive(soon()) == b"ok"
            with pytest.raises(wire.PeerGone):
                channel.receive(soon())


def test_nobody_is_waited_for_who_does_not_read():
    """A full pipe is a timeout for the judge, not a hang."""
    read_fd, write_fd = os.pipe()
    null = os.open(os.devnull, os.O_RDONLY)
    channel = wire.Channel(null, write_fd, max_bytes=1 << 24)
    with pytest.raises(wire.WireTimeout):
        channel.send(b"x" * (1 << 22), soon())
    os.close(read_fd)
    with pytest.raises(wire.PeerGone):
        channel.send(b"x", soon())
    channel.close()


def test_a_message_that_is_too_long_is_not_sent():
    """The limit holds for both directions."""
    with pipe_channel() as (channel, _), pytest.raises(wire.WireError, match="1001 bytes"):
        channel.send(b"x" * 1001)


def test_closing_twice_does_no_harm():
    """The second time there is nothing left to close, least of all a descriptor that is somebody else's by now."""
    with pipe_channel() as (channel, _):
        channel.close()
        channel.close()
        assert channel.read_fd == channel.write_fd == -1


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_message_or_one_of_three_ends(data):
    """A peer that writes whatever it likes and hangs up causes a wire error, a timeout or its own end; nothing else."""
    with pipe_channel() as (channel, peer):
        os.write(peer, data)
        os.close(peer)
        with suppress(wire.WireError, wire.PeerGone, wire.WireTimeout):
            while True:
                wire.loads(channel.receive(soon()))


def test_messages_are_plain_json():
    """One line of ASCII a message, readable in any language."""
    assert wire.dumps(["op", 1, "call", [["t", [1, float("nan")]]]]) == b'["op",1,"call",[["t",[1,NaN]]]]'
    assert json.loads(wire.dumps(["\ud800"]).decode("ascii")) == ["\ud800"]
