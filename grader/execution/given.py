"""What a grade cell may hand to student code beside plain data: functions, iterators, objects of its own.

Student code can call them and read plain attributes; nothing leads from them to the code around them.
"""

from __future__ import annotations

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

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: D102
        return self._method(*args, **kwargs)


_SLOT = type([].__len__)
FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, functools.partial, Method)
ITERATORS = (
    types.GeneratorType,
    map,
    filter,
    zip,
    enumerate,
    reversed,
    *map(type, (iter([]), iter(()), iter({}), iter(""))),
)
_DUNDERS = frozenset(("__call__", "__len__", "__getitem__", "__setitem__", "__iter__", "__next__", "__contains__"))


def standard_name(value: Any) -> tuple[str, str] | None:
    """``("math", "sin")`` for something of the standard library that can be found by name on the other side."""
    if isinstance(value, types.ModuleType):
        return None
    module = getattr(value, "__module__", None)
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
    if name == "call" and tag == "c":
        return target(*args, **kwargs)
    attribute = args[0] if args and isinstance(args[0], str) else ""
    iterators_only = isinstance(target, ITERATORS)
    # Nothing that leads from an object to the code around it (frames, globals, classes) is within reach.
    allowed = attribute in _DUNDERS if attribute.startswith("_") else attribute and not iterators_only
    if tag != "p" or not allowed:
        raise AttributeError(attribute)
    if name == "getattr" and len(args) == 1:
        value = getattr(target, attribute)
        if callable(value) and isinstance(value, (types.MethodType, types.BuiltinMethodType, _SLOT)):
            return Method(value)
        return value
    if name == "setattr" and len(args) == 2 and not attribute.startswith("_"):
        setattr(target, attribute, args[1])
        return None
    raise AttributeError(attribute)
