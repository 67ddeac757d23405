"""JSON as it reaches us when something went wrong: cut off, with a comma too many, written by Python's ``str``.

``read_lenient`` never fails: it takes what it can make sense of and passes over the rest. It is asked only after
``json.loads`` has refused.
"""

from __future__ import annotations

import json
import re
from typing import Any

MAX_DEPTH = 60
"""What nests deeper is left out; a notebook has some ten levels."""
MAX_TOKENS = 1_000_000
"""Then the text is no notebook, whatever it is."""

_SPACE = re.compile(r"[\s,]*+")
_STRING = {quote: re.compile(rf"[^{quote}\\\n]*+(?:\\.[^{quote}\\\n]*+)*+") for quote in ('"', "'")}
_WORD = re.compile(r"[A-Za-z_$][\w$.]*+|[-+]?[\w.][\w.+-]*+")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_PLAIN_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"', "'": "'"}
_LITERALS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
_RUN = re.compile(r"""(?:[^"'\[\]{}]++|"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+["\n]?|'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+['\n]?)*+""")
_NOTHING = object()


class TooMuchError(Exception):
    """The text has more parts than any notebook."""


class LenientReader:
    """Reads values from a text, from left to right.

    Attributes:
        is_cut: the text ended inside a value. What was cut is left out where half of it could be taken for the whole:
            a text, and every ``source``.
        tokens: how many parts were read, those before this reader included.
    """

    def __init__(self, text: str, position: int = 0, tokens: int = 0) -> None:
        self.text = text
        self.position = position
        self.is_cut = False
        self.tokens = tokens

    def value(self, depth: int = 0) -> Any:
        """The value that starts here; None for what is no value."""
        found = self._value(depth)
        return None if found is _NOTHING else found

    def _value(self, depth: int) -> Any:
        self.tokens += 1
        if self.tokens > MAX_TOKENS:
            raise TooMuchError
        first = self._next()
        if first in "[{" and depth >= MAX_DEPTH:
            self._pass_over()
            return None
        if first == "{":
            return self._object(depth)
        if first == "[":
            return self._array(depth)
        if first in _STRING:
            return self._string(first)
        word = _WORD.match(self.text, self.position)
        if word is None:
            self.position += 1
            return _NOTHING
        self.position = word.end()
        return _scalar(word[0])

    def _next(self) -> str:
        """The next character that matters, which stays unread; empty at the end."""
        space = _SPACE.match(self.text, self.position)
        if space:
            self.position = space.end()
        if self.position >= len(self.text):
            self.is_cut = True
            return " "
        return self.text[self.position]

    def _object(self, depth: int) -> dict[str, Any]:
        self.position += 1
        result: dict[str, Any] = {}
        while True:
            first = self._next()
            if self.is_cut or first in "]{[":  # never closed
                return result
            if first == "}":
                self.position += 1
                return result
            key = self._value(depth + 1)
            if self._next() != ":" or self.is_cut:
                continue
            self.position += 1
            if self._next() in "}]":
                continue
            value = self._value(depth + 1)
            cut_text = self.is_cut and (key in ("source", "input") or isinstance(value, str))
            if value is not _NOTHING and isinstance(key, str) and not cut_text:
                result[key] = value

    def _array(self, depth: int) -> list[Any]:
        self.position += 1
        result: list[Any] = []
        while True:
            first = self._next()
            if self.is_cut or first == "}":  # never closed
                return result
            if first == "]":
                self.position += 1
                return result
            if first == ":":  # a key was taken for an element: the array was never closed
                self.position += 1
                if result and isinstance(result[-1], str):
                    result.pop()
                continue
            value = self._value(depth + 1)
            if value is not _NOTHING and not (self.is_cut and not isinstance(value, dict | list)):
                result.append(value)

    def _string(self, quote: str) -> str:
        match = _STRING[quote].match(self.text, self.position + 1)
        assert match is not None
        body = match[0]
        self.position = match.end()
        if self.text.startswith(quote, self.position):
            self.position += 1
        elif self.text.startswith("\n", self.position):  # its closing quote is lost; strings end with their line
            body = body.rstrip().removesuffix(",")
        else:
            self.is_cut = True
        return _unescaped(body, quote)

    def _pass_over(self) -> None:
        """Step over an array or object without reading it."""
        level = 0
        while True:
            run = _RUN.match(self.text, self.position)
            if run:
                self.position = run.end()
            if self.position >= len(self.text):
                self.is_cut = True
                return
            self.tokens += 1
            if self.tokens > MAX_TOKENS:
                raise TooMuchError
            level += 1 if self.text[self.position] in "[{" else -1
            self.position += 1
            if level <= 0:
                return


def _scalar(word: str) -> Any:
    if word in _LITERALS:
        return _LITERALS[word]
    if len(word) <= 400:
        for kind in (int, float):
            try:
                return kind(word)
            except ValueError:
                continue
    return _NOTHING


def _unescaped(body: str, quote: str) -> str:
    if "\\" not in body:
        return body
    if quote == '"':
        try:
            return str(json.loads(f'"{body}"', strict=False))
        except ValueError:
            pass
    text = _ESCAPE.sub(_one_escape, body)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # pairs of halves become one


def _one_escape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _PLAIN_ESCAPES.get(match[3], match[0])
