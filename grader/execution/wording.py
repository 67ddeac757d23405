"""Values and exceptions in messages: shown shortly, whatever they are."""

from __future__ import annotations

from typing import Any

MAX_VALUE = 300
"""Characters of a value in a message."""


def message_of(exc: BaseException) -> str:
    """An exception's message."""
    try:
        return str(exc.args[0]) if isinstance(exc, KeyError) and exc.args else str(exc)
    except BaseException:  # noqa: BLE001 (a message made of remote values may fail like any call, or end the process)
        return "(its message cannot be shown)"


def shown_value(value: Any) -> str:
    """A value for a message, bounded before it is made."""
    try:
        text = _bounded(value, 4)
    except BaseException:  # noqa: BLE001 (showing is a courtesy)
        return "(a value that cannot be shown)"
    return text if len(text) <= MAX_VALUE else text[:MAX_VALUE] + " …"


def _bounded(value: Any, depth: int) -> str:
    if isinstance(value, list | tuple | set | dict):
        if depth == 0:
            return "…"
        items = iter(value.items()) if isinstance(value, dict) else iter(value)
        shown: list[str] = []
        for item in items:
            if len(shown) == 30:
                shown.append("…")
                break
            if isinstance(value, dict):
                shown.append(f"{_bounded(item[0], depth - 1)}: {_bounded(item[1], depth - 1)}")
            else:
                shown.append(_bounded(item, depth - 1))
        joined = ", ".join(shown)
        if isinstance(value, list):
            return f"[{joined}]"
        if isinstance(value, tuple):
            return f"({joined},)" if len(shown) == 1 else f"({joined})"
        return f"{{{joined}}}" if shown or isinstance(value, dict) else "set()"
    if isinstance(value, str | bytes):
        return repr(value[:MAX_VALUE])
    if isinstance(value, int) and value.bit_length() > 2000:
        return f"(an int of {value.bit_length()} bits)"
    return repr(value)


def cut(text: str) -> str:
    """Text of a length that fits a message."""
    return text if len(text) <= MAX_VALUE * 2 else text[: MAX_VALUE * 2] + " …"
