"""Exceptions of student code, as the judge raises them: caught by ``except ValueError`` as in plain Python."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from grader.execution import wire
from grader.execution.remote import RemoteFailure, RemoteReference, clean_name


class Failures:
    """Stand-ins for exception classes of the student's; the same stand-in for the same class."""

    def __init__(self) -> None:
        self._classes: dict[tuple[Any, ...], type] = {}

    def exception(self, payload: list[Any], decode: Callable[[Any], Any]) -> BaseException:
        """The exception to raise for what the student process reports.

        Raises:
            WireError: malformed.
        """
        number, kinds, message, args, cell, line, lines = payload
        if not (type(number) is int and isinstance(message, str) and type(cell) is int and type(line) is int):
            raise wire.WireError("a malformed exception")
        if number < 0:  # one of the judge's own comes back to it
            own = decode(["e", number])
            assert isinstance(own, BaseException)
            return own
        bases: list[type] = []
        builtin = "Exception"
        for ident, name in reversed(kinds[:20]):
            if ident == 0 and isinstance(name, str) and _is_plain_exception(getattr(builtins, name, None)):
                builtin = name
            elif type(ident) is int and ident > 0:
                bases.append(self.class_for(ident, clean_name(str(name)), builtin))
        base = getattr(builtins, builtin)
        class_name = clean_name(str(kinds[0][1])) if kinds else "Exception"
        chain = (*reversed(bases), RemoteFailure, base)
        key = (class_name, *chain)
        if key not in self._classes:
            try:
                self._classes[key] = type(class_name, _linear(chain), {})
            except TypeError:  # bases that do not agree: the built-in one is what tests ask for
                self._classes[key] = type(class_name, (RemoteFailure, base), {})
        made: Any = self._classes[key]
        error = made.__new__(made)  # without __init__: some built-in ones insist on arguments
        values = None if args is None else decode(args)
        error.args = values if type(values) is tuple else (message,)
        error.grader_message = message
        error.grader_place = (cell, line)
        error.grader_lines = tuple(str(text)[:500] for text in lines[:40])
        error.grader_name, error.grader_builtin = class_name, builtin
        if number > 0:
            error.grader_reference = decode(["o", number, "object", class_name])
        assert isinstance(error, BaseException)
        return error

    def class_for(self, number: int, name: str, builtin: str) -> type:
        """The judge's stand-in for an exception class of the student's: the same each time."""
        key = ("class", number)
        if key not in self._classes:
            own = {"grader_number": number}
            self._classes[key] = type(name, (RemoteFailure, getattr(builtins, builtin)), own)
        return self._classes[key]


def catchable(kind: Any) -> Any:
    """What stands after ``except``: a reference to an exception class becomes its stand-in."""
    if isinstance(kind, tuple):
        return tuple(catchable(item) for item in kind)
    if isinstance(kind, RemoteReference):
        link = kind.grader_link
        return link.session.failures.class_for(link.number, kind.grader_name, "Exception")
    return kind


def would_catch_assertions(kind: Any) -> bool:
    """True if ``except kind`` catches the failed assertion of a test itself."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return any(type(item) is type and issubclass(AssertionError, item) for item in kinds)


def _is_plain_exception(kind: Any) -> bool:
    """True for the built-in exception classes that need nothing to be made; groups hold other exceptions."""
    return isinstance(kind, type) and issubclass(kind, BaseException) and not issubclass(kind, BaseExceptionGroup)


def _linear(chain: tuple[type, ...]) -> tuple[type, ...]:
    """``chain`` without classes that an earlier one already inherits from."""
    kept: list[type] = []
    for kind in chain:
        if not any(issubclass(other, kind) for other in kept):
            kept.append(kind)
    return tuple(kept)
