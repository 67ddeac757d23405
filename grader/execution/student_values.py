"""Values on their way between a student process and the judge, as the student process sees them.

Like all that runs in a student process it is at the mercy of student code, and not trusted.
"""

from __future__ import annotations

import collections
import importlib
import operator
import types
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from grader.execution import wire

MAX_TEXT = 4000
"""Characters of an exception's message or a name that are worth sending."""
_DICTS = frozenset((dict, collections.OrderedDict, collections.defaultdict, collections.Counter))
"""Classes whose instances are plain data by key; of one that a student derives from them nobody knows."""
_BUILTIN_NAMES = {kind: name for name, kind in wire.BUILTIN_CLASSES.items()}


def short(text: str) -> str:
    """A text, cut where it is too long to send."""
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + " …"


def text_of(exc: BaseException) -> str:
    """The message of an exception, whatever its class makes of it."""
    try:
        return str(exc)
    except BaseException:  # noqa: BLE001 (a student's __str__ may do anything)
        return "(its message cannot be shown)"


class Values:
    """Objects of this process by id, and their form on the wire."""

    def __init__(self) -> None:
        self.objects: dict[int, Any] = {}
        self.tags: dict[int, tuple[str, int]] = {}
        self.linked: dict[int, tuple[str, Any, list[Any]]] = {}
        self.next_id = 1
        self.callback: Callable[..., Any] | None = None

    # -- towards the judge ------------------------------------------------------------------------------------------

    def encode(
        self,
        value: Any,
        contents: list[Any],
        budget: int = wire.INLINE_ITEMS,
        *,
        about: Any = None,
        looks: list[str] | None = None,
    ) -> Any:
        """The wire form of ``value``; contents of what it holds are added to ``contents``, up to ``budget`` items.

        So are attributes of objects in it, and of ``about``: those that the judge probably ``looks`` at next, or all,
        and the names of their methods.
        """
        queue: deque[Any] = deque()
        form = self._encode(value, queue, 0)
        objects: deque[Any] = deque()
        seen: set[int] = set()
        while queue:
            container = queue.popleft()
            if type(container) is tuple:
                objects.append(container)
                continue
            if id(container) in seen:
                continue
            seen.add(id(container))
            budget -= len(container)
            if budget < 0:
                break
            contents.append(self._contents(container, queue))
        if about is not None:
            self._encode(about, objects, 0)
        if objects:
            self._add_attributes(objects, contents, seen, looks)
        return form

    def _add_attributes(
        self, objects: deque[Any], contents: list[Any], seen: set[int], looks: list[str] | None
    ) -> None:
        room = wire.INLINE_ATTRIBUTES
        while objects:
            value, (attributes, methods) = objects.popleft()
            if id(value) in seen:
                continue
            seen.add(id(value))
            if looks is not None:
                attributes = {name: attributes[name] for name in looks if name in attributes}
            room -= 1 + len(attributes)
            if room < 0:
                return
            pairs = []
            for name, item in attributes.items():
                queue: deque[Any] = deque()
                pairs.append([name, self._encode(item, queue, 0)])
                room -= self._add_whole(queue, contents, objects, seen, room)
            contents.append(["a", self.tags[id(value)][1], name_of(type(value)), pairs, methods])

    def _add_whole(self, queue: deque[Any], contents: list[Any], objects: deque[Any], seen: set[int], room: int) -> int:
        """Add an attribute's contents with all that is nested in it, or nothing: rows fetched one by one cost more.

        Returns:
            How many items were added.
        """
        entries: list[Any] = []
        found: list[Any] = []
        inner: set[int] = set()
        used = 0
        while queue:
            container = queue.popleft()
            if type(container) is tuple:
                found.append(container)
            elif id(container) not in seen and id(container) not in inner:
                inner.add(id(container))
                used += len(container)
                if used > room:
                    return 0
                entries.append(self._contents(container, queue))
        contents += entries
        objects += found
        seen |= inner
        return used

    def _contents(self, container: Any, queue: deque[Any] | None) -> list[Any]:
        tag, number = self.tags[id(container)]
        if tag == "d":
            if len(container) > wire.MAX_KEYS:
                raise wire.WireError(f"a dict of {len(container)} keys; at most {wire.MAX_KEYS} may cross")
            pairs = [[self._encode(k, queue, 0), self._encode(v, queue, 0)] for k, v in list(dict.items(container))]
            return [tag, number, pairs]
        items = list(container)
        if not _PASS_AS_THEY_ARE.issuperset(map(type, items)):
            items = [self._encode(item, queue, 0) for item in items]
        return [tag, number, items]

    def _encode(self, value: Any, queue: deque[Any] | None, depth: int) -> Any:
        form = wire.encode_scalar(value)
        if form is not NotImplemented:
            return form
        known = self.tags.get(id(value))
        kind = type(value)
        if kind is list or kind in _DICTS or (known and known[0] == "m"):
            if known is None:
                known = self._keep(value, "l" if kind is list else "d")
            if queue is not None and known[1] > 0:
                queue.append(value)
            return list(known)
        if known and known[0] in "cpe":
            return [*known, ""]
        if kind is type and value in _BUILTIN_NAMES:
            return ["n", "builtins", _BUILTIN_NAMES[value]]
        if kind is tuple or kind is set or kind is frozenset:
            if depth >= wire.MAX_DEPTH:
                raise wire.WireError("tuples nested too deeply")
            if kind is not tuple and len(value) > wire.MAX_KEYS:
                raise wire.WireError(f"a set of {len(value)} items; at most {wire.MAX_KEYS} may cross")
            tag = "t" if kind is tuple else "s" if kind is set else "f"
            return [tag, [self._encode(item, queue, depth + 1) for item in value]]
        if known is None:
            known = self._keep(value, "o")
        kind_and_name = _kind_and_name(value)
        if queue is not None and kind_and_name[0] == "object":
            parts = plain_parts(value)
            if parts is not None:
                queue.append((value, parts))
        return ["o", known[1], *kind_and_name]

    def _keep(self, value: Any, tag: str) -> tuple[str, int]:
        number = self.next_id
        self.next_id += 1
        self.objects[number] = value
        self.tags[id(value)] = (tag, number)
        return tag, number

    def release(self, numbers: Iterable[int]) -> None:
        """The judge has forgotten these."""
        for number in numbers:
            value = self.objects.pop(number, self)
            if value is not self:
                self.tags.pop(id(value), None)
            link = self.linked.pop(number, None)
            if link is not None:
                self.tags.pop(id(link[1]), None)

    # -- from the judge ---------------------------------------------------------------------------------------------

    def decode(self, form: Any) -> Any:
        """The value of a wire form; ids must be known."""
        value = wire.decode_scalar(form)
        if value is not NotImplemented:
            return value
        tag = form[0]
        if tag == "t":
            return tuple([self.decode(item) for item in form[1]])
        if tag == "f":
            return frozenset([self.decode(item) for item in form[1]])
        if tag == "n":
            target: Any = importlib.import_module(form[1])
            for part in form[2].split("."):
                target = getattr(target, part)
            return target
        number = form[1]
        if tag in "cp" and number not in self.objects:
            proxy = _callback(self, number, form[2]) if tag == "c" else JudgeObject(self, number, form[2])
            self.objects[number] = proxy
            self.tags[id(proxy)] = (tag, number)
        if number in self.linked:
            return self.linked[number][1]
        if number not in self.objects:
            raise ReferenceError("this object is gone: the process it lived in was restarted")
        return self.objects[number]

    def apply(self, sync: list[Any]) -> None:
        """Take over the judge's lists, dicts and sets as they stand there."""
        for tag, number, _items in sync:
            if number > 0 or number in self.linked:
                continue
            container: Any = [] if tag == "l" else {} if tag == "d" else set()
            self.linked[number] = (tag, container, [])
            self.tags[id(container)] = (tag, number)
        for tag, number, items in sync:
            container = self.linked[number][1] if number in self.linked else self.objects[number]
            if tag == "d":
                pairs = [(self.decode(key), self.decode(value)) for key, value in items]
                container.clear()
                for key, value in pairs:
                    container[key] = value
            elif tag == "l":
                container[:] = [self.decode(item) for item in items]
            else:
                container.clear()
                container.update([self.decode(item) for item in items])
            if number in self.linked:
                self.linked[number] = (tag, container, _snapshot(container))

    def changed(self, contents: list[Any]) -> list[Any]:
        """What student code has done to lists, dicts and sets that the judge passed, since the last look."""
        back: list[Any] = []
        for number, (tag, container, old) in list(self.linked.items()):
            now = container if tag == "l" else _snapshot(container)
            if len(now) == len(old) and all(map(operator.is_, now, old)):
                continue
            self.linked[number] = (tag, container, _snapshot(container))
            queue: deque[Any] = deque()
            back.append(self._contents(container, queue))
            for item in queue:
                self.encode(item[0] if type(item) is tuple else item, contents)
        return back


_PASS_AS_THEY_ARE = frozenset((float, str, bool, type(None)))
MAX_CLASS_ITEMS = 64
_SHORT = 200
_OWN_LOOKUP: Any = vars(object).get("__getattribute__")


def plain_parts(value: Any) -> tuple[dict[str, Any], list[str]] | None:
    """Attributes and methods of an object that can be looked up without running any code of its class.

    Returns:
        The attributes in its ``__dict__`` that no property stands before (long texts and tuples left out), and the
        names of its class's functions; None for an object that has its own way with attributes.
    """
    kind = type(value)
    if type(kind) is not type or kind.__getattribute__ is not _OWN_LOOKUP:
        return None
    bases = kind.__mro__[:-1]
    if kind.__module__ == "builtins" or sum([len(vars(base)) for base in bases]) > MAX_CLASS_ITEMS:
        return None
    try:
        own: Any = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None
    if type(own) is not dict or len(own) > MAX_CLASS_ITEMS:
        return None
    methods: dict[str, bool] = {}
    for base in bases:
        for name, item in vars(base).items():
            if name not in methods:
                methods[name] = type(item) is types.FunctionType
                if hasattr(type(item), "__set__") and name in own:
                    own = {key: item for key, item in own.items() if key != name}
    shown = {
        name: item
        for name, item in own.items()
        if type(name) is str
        and name[:2] != "__"
        and type(item) not in (tuple, set, frozenset)
        and not (type(item) in (str, bytes) and len(item) > _SHORT)
    }
    return shown, [name for name, is_method in methods.items() if is_method and name not in own and name[:2] != "__"]


def _snapshot(container: Any) -> list[Any]:
    if type(container) is dict:
        return [part for pair in container.items() for part in pair]
    return list(container)


def _kind_and_name(value: Any) -> tuple[str, str]:
    if isinstance(value, type):
        return ("exception" if issubclass(value, BaseException) else "class"), name_of(value)
    if callable(value) and hasattr(value, "__name__"):
        return "callable", name_of(value)
    return "object", name_of(type(value))


def name_of(value: Any) -> str:
    """The name of a class or function, as far as it has a decent one."""
    name = getattr(value, "__name__", "?")
    return name[:80] if type(name) is str else "?"


def _callback(values: Values, number: int, name: str) -> Callable[..., Any]:
    def judge_function(*args: Any, **kwargs: Any) -> Any:
        assert values.callback is not None
        return values.callback(number, "call", args, kwargs)

    judge_function.__name__ = judge_function.__qualname__ = name
    return judge_function


class JudgeObject:
    """An object of the judge's, as student code sees it: attributes, methods, iteration; no operators."""

    def __init__(self, values: Values, number: int, name: str) -> None:
        object.__setattr__(self, "_link", (values, number, name))

    def _ask(self, question: str, *args: Any) -> Any:
        values, number, _ = object.__getattribute__(self, "_link")
        return values.callback(number, question, args, {})

    def __getattr__(self, name: str) -> Any:
        return self._ask("getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask("setattr", name, value)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:  # noqa: D102
        return self.__getattr__("__call__")(*args, **kwargs)

    def __bool__(self) -> bool:
        return self._ask("bool") is True

    def __len__(self) -> int:
        length: int = self._ask("method", "__len__")
        return length

    def __getitem__(self, key: Any) -> Any:
        return self._ask("method", "__getitem__", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._ask("method", "__setitem__", key, value)

    def __contains__(self, item: Any) -> bool:
        return self._ask("contains", item) is True

    def __iter__(self) -> Any:
        iterator = self._ask("iter")
        return iterator if isinstance(iterator, JudgeObject) else iter(iterator)

    def __next__(self) -> Any:
        return self._ask("next")

    def __copy__(self) -> Any:
        return self._ask("copy")

    def __deepcopy__(self, memo: Any) -> Any:
        return self._ask("deepcopy")

    def __repr__(self) -> str:
        return f"<{object.__getattribute__(self, '_link')[2]} of the test>"
