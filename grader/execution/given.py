"""What a grade cell may hand to student code beside plain data: functions, iterators, objects of its own.

Student code can call them and read plain attributes; nothing leads from them to the code around them.
"""

from __future__ import annotations

import copy
import functools
import sys
import types
from collections.abc import Callable
from typing import Any


class Method:
    """A bound method of an object that a grade cell made; callable from student code, with nothing to look into."""

    __module__ = "__main__"

    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method
        self.__name__ = getattr(method, "__name__", "method")

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:  # noqa: D102
        return self._method(*args, **kwargs)


_SLOT = type([].__len__)
_CONTAINERS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()), types.MappingProxyType)
FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, functools.partial, Method)
_DUNDERS = frozenset(("__call__", "__len__", "__getitem__", "__setitem__"))


def is_iterable_only(value: Any) -> bool:
    """True for a generator, another iterator of Python's own, or a view of a dict: there to be iterated over."""
    kind = type(value)
    is_iterator = hasattr(kind, "__next__") and kind.__module__.partition(".")[0] in sys.stdlib_module_names
    return is_iterator or isinstance(value, _CONTAINERS)


def standard_name(value: Any) -> tuple[str, str] | None:
    """``("math", "sin")`` for something of the standard library that can be found by name on the other side."""
    if isinstance(value, types.ModuleType):
        return None
    module = getattr(value, "__module__", None) or getattr(getattr(value, "__objclass__", None), "__module__", None)
    name = getattr(value, "__qualname__", None)
    if (
        not isinstance(module, str)
        or not isinstance(name, str)
        or module.partition(".")[0] not in sys.stdlib_module_names
    ):
        return None
    if module == "__main__":
        return None
    target: Any = sys.modules.get(module)
    for part in name.split("."):
        target = getattr(target, part, None)
    return (module, name) if target is value else None


def call_given(tag: str, target: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Do what student code asks of something that was given to it."""
    if tag == "c":
        if name != "call":
            raise AttributeError(name)
        return target(*args, **kwargs)
    if tag != "p":
        raise AttributeError(name)
    plain = _PLAIN.get(name)
    if plain is not None:
        return plain(target, *args)
    attribute = args[0] if args and isinstance(args[0], str) else ""
    # Nothing that leads from an object to the code around it (frames, globals, classes) is within reach.
    if attribute.startswith("_"):
        allowed = attribute in _DUNDERS and name != "setattr"
    else:
        allowed = attribute != "" and not is_iterable_only(target)
    if not allowed:
        raise AttributeError(attribute)
    if name == "method":
        return getattr(target, attribute)(*args[1:])
    if name == "getattr" and len(args) == 1:
        value = getattr(target, attribute)
        if callable(value) and isinstance(value, (types.MethodType, types.BuiltinMethodType, _SLOT)):
            return Method(value)
        return value
    if name == "setattr" and len(args) == 2:
        setattr(target, attribute, args[1])
        return None
    raise AttributeError(attribute)


_PLAIN: dict[str, Callable[..., Any]] = {
    "bool": bool,
    "iter": iter,
    "next": next,
    "contains": lambda target, item: item in target,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}
