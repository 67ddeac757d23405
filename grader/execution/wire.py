"""Plain data over a pipe: framing, and the alphabet in which both ends write values.

A frame is four bytes of length (big-endian) and that many bytes of JSON. JSON arrays are always *tagged*
(``["t", [...]]`` is a tuple), JSON objects never occur, so nothing that a peer sends can be taken for something else:

======================  =================================================================
``null true 1.5 "x"``   None, bool, float, str, and ints of up to 64 bits
``["i", "-ff"]``        a larger int, in hexadecimal
``["b", "…"]``          bytes, base64
``["t", [v, …]]``       a tuple
``["s", [v, …]]``       a set
``["f", [v, …]]``       a frozenset
``["l", id]``           a list that both ends know by this id (contents travel beside the value)
``["d", id]``           a dict, likewise
``["m", id]``           a set that was passed as an argument, likewise
``["o", id, kind, n]``  any other object of the student's; kind is class, callable or object; n its type's name
``["c", id, name]``     a function of the judge's, to be called back
``["p", id, name]``     an instance of a class that a grade cell defines
``["n", module, name]`` something of the standard library, by name; of the student's, only ``BUILTIN_CLASSES``
``["g", a, b, c]``      a range
``["k", a, b, c]``      a slice
``["x", re, im]``       a complex number
``["q", class, text]``  a Fraction or a Decimal
``["a", id, n, …]``     among contents: attributes and methods of an object whose class has no say in their lookup
======================  =================================================================

Ids that the student process gives out are positive, the judge's are negative. No pickle, no eval, on either end.
"""

from __future__ import annotations

import base64
import binascii
import builtins
import contextlib
import decimal
import fractions
import json
import os
import re
import select
import struct
import time
from typing import Any

MAX_KEYS = 10_000
"""Entries of one dict or set: colliding keys cost the reader quadratic time."""
MAX_DEPTH = 50
"""Nesting of tuples and sets in one value; lists and dicts travel flat and may nest as they like."""
MAX_INT_BITS = 200_000
MAX_NUMBER_TEXT = 4_000
"""Digits of a Fraction or a Decimal: Python turns longer ones into text no more."""
_FRACTION = re.compile(r"-?\d+(/\d+)?", re.ASCII)
INLINE_ITEMS = 128
"""A container's contents travel with the first mention up to this many items in all; larger ones are fetched on use."""
INLINE_ATTRIBUTES = 256
"""So do attributes of objects, with their contents, up to this many items in all."""

_HEADER = struct.Struct(">I")
_SMALL_INT = 1 << 63


BUILTIN_CLASSES: dict[str, type] = {
    name: value
    for name, value in vars(builtins).items()
    if (
        isinstance(value, type)
        and (issubclass(value, BaseException) or value in (object, bool, int, float, complex, str, bytes))
    )
    or value in (list, tuple, dict, set, frozenset)
}
"""Classes that are the same on both sides: making one of these runs no code of anybody's."""


class WireError(Exception):
    """The peer broke the protocol: nothing it says from now on is believed."""


class PeerGone(Exception):  # noqa: N818 (an event, not an error of ours)
    """The other end of the pipe is closed."""


class WireTimeout(Exception):  # noqa: N818
    """Nothing complete arrived in time."""


def dumps(message: Any) -> bytes:
    """One message as JSON bytes (nan and the infinities as JavaScript writes them)."""
    return _encode(message).encode()


def _no_objects(pairs: list[tuple[str, Any]]) -> Any:
    raise WireError("a JSON object where only tagged arrays are allowed")


_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_decode = json.JSONDecoder(object_pairs_hook=_no_objects).decode


def loads(data: bytes) -> Any:
    """The message in a frame.

    Raises:
        WireError: not JSON, nested too deeply, a number too long.
    """
    try:
        return _decode(data.decode())
    except (ValueError, RecursionError, MemoryError) as exc:
        raise WireError(f"not a message: {type(exc).__name__}") from exc


class Channel:
    """A pair of pipe ends that carries frames both ways.

    The judge's end is non-blocking and every wait has a deadline; the student's end (``blocking=True``) just waits.
    """

    def __init__(self, read_fd: int, write_fd: int, *, max_bytes: int, blocking: bool = False) -> None:
        self.read_fd = read_fd
        self.write_fd = write_fd
        self.max_bytes = max_bytes
        self.blocking = blocking
        self._buffer = bytearray()
        os.set_blocking(read_fd, blocking)
        os.set_blocking(write_fd, blocking)

    def send(self, data: bytes, deadline: float | None = None) -> None:
        """Write one frame whole.

        Args:
            data: the message's bytes, as ``dumps`` makes them.
            deadline: ``time.monotonic()`` until which the peer may take it; for a non-blocking channel.

        Raises:
            WireError: the message is too long.
            PeerGone: nobody reads any more.
            WireTimeout: the peer does not read.
        """
        if len(data) > self.max_bytes:
            raise WireError(f"a message of {len(data)} bytes; at most {self.max_bytes} may cross")
        view = memoryview(_HEADER.pack(len(data)) + data)
        while view:
            try:
                view = view[os.write(self.write_fd, view) :]
            except BlockingIOError:
                _wait(self.write_fd, select.POLLOUT, deadline)
            except (BrokenPipeError, OSError) as exc:
                raise PeerGone("nobody reads the pipe") from exc

    def receive(self, deadline: float | None = None) -> bytes:
        """The bytes of the next frame.

        Raises:
            WireError: a length over the limit.
            PeerGone: the pipe is closed.
            WireTimeout: not complete at ``deadline``; what has arrived is kept for the next call.
        """
        buffer = self._buffer
        while True:
            if len(buffer) >= 4:
                (length,) = _HEADER.unpack_from(buffer)
                if length > self.max_bytes:
                    raise WireError(f"a message of {length} bytes announced; at most {self.max_bytes} may cross")
                if len(buffer) >= 4 + length:
                    data = bytes(memoryview(buffer)[4 : 4 + length])
                    del buffer[: 4 + length]
                    return data
            try:
                chunk = os.read(self.read_fd, 1 << 16 if len(buffer) < 1 << 16 else 1 << 20)
            except BlockingIOError:
                _wait(self.read_fd, select.POLLIN, deadline)
                continue
            except OSError as exc:
                raise PeerGone("the pipe is closed") from exc
            if not chunk:
                raise PeerGone("the pipe is closed")
            if not buffer and len(chunk) >= 4 and _HEADER.unpack_from(chunk)[0] == len(chunk) - 4 <= self.max_bytes:
                return chunk[4:]  # as most do, it came alone and whole
            buffer += chunk

    def drain(self) -> None:
        """Forget what has arrived so far; for a non-blocking channel whose peer has not been spoken to yet."""
        self._buffer.clear()
        with contextlib.suppress(OSError):
            while os.read(self.read_fd, 1 << 16):
                pass

    def close(self) -> None:
        """Close both ends; twice does no harm."""
        for name in ("read_fd", "write_fd"):
            fd = getattr(self, name)
            if fd >= 0:
                setattr(self, name, -1)
                os.close(fd)


def _wait(fd: int, event: int, deadline: float | None) -> None:
    timeout_ms = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
    poller = select.poll()
    poller.register(fd, event)
    if not poller.poll(timeout_ms):
        raise WireTimeout


def encode_scalar(value: Any) -> Any:
    """The JSON form of a value without parts; ``NotImplemented`` for everything else.

    Only exact types count: a subclass of ``float`` is an object with a will of its own.
    """
    kind = type(value)
    if value is None or kind is bool or kind is float or kind is str:
        return value
    if kind is int:
        if -_SMALL_INT <= value < _SMALL_INT:
            return value
        if value.bit_length() > MAX_INT_BITS:
            raise WireError("an int of more than 200,000 bits")
        return ["i", f"{value:x}"]
    if kind is bytes:
        return ["b", base64.b64encode(value).decode()]
    if kind is complex:
        return ["x", value.real, value.imag]
    if kind is fractions.Fraction or kind is decimal.Decimal:
        text = str(value)
        return ["q", kind.__name__, text] if len(text) <= MAX_NUMBER_TEXT else NotImplemented
    if kind is range or kind is slice:
        parts = [encode_scalar(part) for part in (value.start, value.stop, value.step)]
        return NotImplemented if NotImplemented in parts else ["g" if kind is range else "k", *parts]
    return NotImplemented


def decode_scalar(form: Any) -> Any:
    """The value of a JSON form without parts; ``NotImplemented`` for tagged forms that have parts or ids.

    Raises:
        WireError: malformed.
    """
    if not isinstance(form, list):
        return form
    if not form or not isinstance(form[0], str):
        raise WireError("an array without a tag")
    tag = form[0]
    if tag == "i" and len(form) == 2 and isinstance(form[1], str) and len(form[1]) <= MAX_INT_BITS // 4 + 2:
        try:
            return int(form[1], 16)
        except ValueError as exc:
            raise WireError("a malformed int") from exc
    if tag == "b" and len(form) == 2 and isinstance(form[1], str):
        try:
            return base64.b64decode(form[1], validate=True)
        except (binascii.Error, ValueError) as exc:
            raise WireError("malformed bytes") from exc
    if tag == "x" and len(form) == 3 and all(type(part) is float for part in form[1:]):
        return complex(*form[1:])
    if tag == "q" and len(form) == 3 and isinstance(form[2], str) and len(form[2]) <= MAX_NUMBER_TEXT:
        return _exact_number(form[1], form[2])
    if tag in ("g", "k") and len(form) == 4:
        # Parts are ints, large ones too, and nothing that could nest.
        parts = [decode_scalar(part) if _is_large_int(part) else part for part in form[1:]]
        if tag == "g" and all(type(part) is int for part in parts) and parts[2] != 0:
            return range(*parts)
        if tag == "k" and not any(isinstance(part, list) for part in parts):
            return slice(*parts)
        raise WireError("a malformed range")
    return NotImplemented


def _exact_number(name: str, text: str) -> Any:
    """A Fraction of digits alone (an exponent could make a short text endless), or a Decimal, which keeps its own."""
    try:
        if name == "Fraction" and _FRACTION.fullmatch(text):
            return fractions.Fraction(text)
        if name == "Decimal":
            return decimal.Decimal(text)
    except (ValueError, ZeroDivisionError, decimal.InvalidOperation) as exc:
        raise WireError("a malformed number") from exc
    raise WireError("a malformed number")


def _is_large_int(form: Any) -> bool:
    return isinstance(form, list) and form[:1] == ["i"]
