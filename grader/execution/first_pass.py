"""A first pass by a faster interpreter: which notebooks may have one, how little it may use, and when its word counts.

PyPy runs a training loop many times as fast as CPython, but it is not the interpreter that students know: an older
Python, sets in another order, ``is`` that compares numbers by value, deeper recursion. So it only ever says *full
marks*, about notebooks in which nothing of that can matter: plain Python by ``unfit``'s reading, no cell that raised,
wrote to stderr or showed what IPython shows in a way of its own, and a fraction of the limits used. Everything else is
graded by CPython as if nothing had been.
"""

from __future__ import annotations

import ast
import dataclasses
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grader.course.model import GradingSpec, Interpreter, Limits, Outcome, Role
from grader.errors import SandboxError

if TYPE_CHECKING:
    from grader.execution.judge import Hearing
    from grader.execution.submission import Step

OLDEST = (3, 9)
"""What the student process runs of ours is written for this Python."""
SPEED = 30
"""The first pass has one part in so many of the CPU limits: what CPython would have stopped shall not pass."""
SHORTEST_S = 0.5
"""But no less than this for a cell: a compiler has to warm up."""
START_TIMEOUT_S = 20.0

_ASK = """
import json, sys
version = ".".join(map(str, sys.implementation.version[:3]))
print(json.dumps([sys.implementation.name, version, list(sys.version_info[:3])]))
import ctypes, fcntl, resource, socket
socket.send_fds
"""


def find_interpreter(command: str, place: str) -> Interpreter:
    """Look an interpreter up and ask it what it is.

    Args:
        command: a path, or a name to be found in PATH.
        place: who asks for it, for the message.

    Raises:
        SandboxError: there is none, it is too old, or it lacks what a sandbox takes.
    """
    hint = "On Debian and Ubuntu: apt-get install pypy3. Without a first pass everything is graded all the same."
    found = shutil.which(command)
    if found is None:
        raise SandboxError(f"there is no interpreter {command!r} for the first pass.", place=place, hint=hint)
    path = str(Path(found).absolute())
    try:
        done = subprocess.run(
            [path, "-s", "-S", "-c", _ASK],
            env={},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=START_TIMEOUT_S,
            check=False,  # what it said tells more
        )
        name, version, language = json.loads(done.stdout.partition("\n")[0])
        python = ".".join(map(str, language))
        is_new_enough = tuple(language) >= OLDEST
    except (OSError, subprocess.TimeoutExpired, ValueError, TypeError) as exc:
        raise SandboxError(f"{path} is no Python interpreter that could be used.", place=place, hint=hint) from exc
    if not is_new_enough:
        oldest = ".".join(map(str, OLDEST))
        raise SandboxError(f"{path} is Python {python}; a first pass takes {oldest}.", place=place, hint=hint)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1][:200]
        raise SandboxError(f"{path} cannot be shut in: {last}", place=place, hint=hint)
    shown = {"pypy": "PyPy", "cpython": "CPython"}.get(name, str(name)[:40])
    return Interpreter(path, f"{shown} {version}" + (f" (Python {python})" if version != python else ""))


def own_version() -> str:
    """How the interpreter that runs this tool is called in a score's history."""
    return f"CPython {'.'.join(map(str, sys.version_info[:3]))}"


def first_pass_spec(spec: GradingSpec) -> GradingSpec:
    """The chapter as a first pass takes it: a fraction of its time, the standard library by name."""
    limits = spec.limits
    cpu_s = max(SHORTEST_S, limits.cpu_s / SPEED)
    shorter: Limits = dataclasses.replace(
        limits, cpu_s=cpu_s, submission_cpu_s=max(4 * cpu_s, limits.submission_cpu_s / SPEED)
    )
    allowed = spec.allowed_modules
    if allowed is not None and "stdlib" in allowed:
        allowed = tuple(sorted({*allowed, *sys.stdlib_module_names} - {"stdlib"}))
    return dataclasses.replace(spec, limits=shorter, allowed_modules=allowed)


def unfit_course(spec: GradingSpec) -> str:
    """Why no submission of a chapter may have a first pass; empty if some may."""
    for name, source in spec.reference:
        reason = unfit([], [source])
        if reason:
            return f"the solutions of {name}: {reason}"
    return ""


def unfit_steps(steps: Sequence[Step]) -> str:
    """Why a notebook may not have a first pass; empty if it may."""
    code = [step for step in steps if step.cell_type == "code" and step.role is not Role.TEST]
    given = [step.source for step in code if step.course and step.source == step.course.source]
    own = [step.source for step in code if not step.course or step.source != step.course.source]
    return unfit(own, given)


def objection(steps: Sequence[Step], heard: Hearing) -> str:
    """Why a first pass does not count; empty if so far it found full marks and nothing out of the ordinary."""
    for verdict in heard.verdicts.values():
        if verdict.outcome is not Outcome.MANUAL and (
            verdict.outcome is not Outcome.PASSED or verdict.score != verdict.max_score
        ):
            return f"{verdict.grade_id}: {verdict.outcome}"
    if heard.wall_timeouts:
        return "a limit was reached"
    for number, (step, record) in enumerate(zip(steps, heard.records, strict=False), start=1):
        if record.stopped:
            return f"cell {number} was stopped"
        if step.role is Role.TEST:
            continue
        for output in record.outputs:
            kind = output.get("output_type")
            if kind == "error":
                return f"cell {number}: {output.get('ename')}"
            if kind not in ("stream", "execute_result") or output.get("name") == "stderr":
                return f"cell {number} shows more than text"
    return ""


# -- reading a notebook's code ---


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MODULES = _words("""
    abc bisect chapters collections collections.abc contextlib copy dataclasses enum functools heapq itertools json math
    numbers operator random re string textwrap time typing
""")
"""What may be imported: modules in which both interpreters agree."""
_NAMES = _words("""
    BaseException BaseExceptionGroup EncodingWarning ExceptionGroup In MemoryError Out RecursionError SystemError
    __builtins__ __import__ aiter anext breakpoint compile delattr dir display eval exec exit frozenset get_ipython
    getattr globals hasattr hash help id input locals memoryview open quit set setattr vars
""")
"""Names that tell interpreters apart, or IPython from plain Python."""
_ATTRIBUTES = _words("""
    cbrt dist erf erfc exp2 expm1 gamma hypot lgamma log1p nextafter sumprod ulp
    SystemRandom binomialvariate randbytes sample
""")
"""Of ``math`` and ``random``: what is newer than the oldest Python, or may differ in the last digit."""
_DUNDERS = _words("__class__ __doc__ __init__ __name__")
_CAUGHT = _words("""
    ArithmeticError AssertionError IndexError KeyError LookupError NameError NotImplementedError OverflowError
    StopIteration ValueError ZeroDivisionError
""")
"""Exceptions that may be caught. Others also stand for what an older Python does not have."""
_HISTORY = re.compile(r"_{1,3}|_i{1,3}|_i?\d+|_[ido]h")
"""IPython's names for what was shown and typed before."""


def unfit(sources: Iterable[str], given: Iterable[str] = ()) -> str:
    """Why cells, read together, may mean something else in another interpreter; empty if they may not.

    It errs on the side of caution: what it lets through is the Python of lessons, which means the same everywhere.

    Args:
        sources: the student's.
        given: the course's own, whose recursion ends.
    """
    calls: dict[str, set[str]] = {}
    for source in given:
        reason = _unfit_cell(source, {})
        if reason:
            return reason
    for source in sources:
        reason = _unfit_cell(source, calls)
        if reason:
            return reason
    looping = next((name for name in calls if name in _reached(name, calls)), "")
    return f"{looping} calls itself" if looping else ""


def _unfit_cell(source: str, calls: dict[str, set[str]]) -> str:
    try:
        tree = ast.parse(source)
        _note_calls(tree, calls)
        return _unfit_text(source) or _unfit_tree(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "not plain Python"


def _unfit_text(source: str) -> str:
    last = source.strip().rpartition("\n")[2]
    if ";" in last:
        return "a last line with a semicolon"
    return "a pasted prompt" if "In [" in source else ""


def _unfit_tree(tree: ast.Module) -> str:
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    for node in ast.walk(tree):
        reason = _unfit_node(node, stored)
        if reason:
            return f"line {getattr(node, 'lineno', 0)}: {reason}"
    return ""


def _unfit_node(node: ast.AST, stored: set[str]) -> str:
    match node:
        case ast.Import(names=names):
            return next((f"import {alias.name}" for alias in names if alias.name not in _MODULES), "")
        case ast.ImportFrom(module=module, names=names, level=level):
            if level or module not in _MODULES:
                return f"import {module}"
            return next((alias.name for alias in names if alias.name in _ATTRIBUTES | _NAMES | {"*"}), "")
        case ast.Name(id=name, ctx=ast.Load()) if name in _NAMES:
            return name
        case ast.Name(id=name, ctx=ast.Load()) if _HISTORY.fullmatch(name) and name not in stored:
            return name
        case ast.Attribute(attr=name) if name in _ATTRIBUTES:
            return f".{name}"
        case ast.Attribute(attr=name) if re.fullmatch("__.*__", name) and name not in _DUNDERS:
            return f".{name}"
        case ast.Set() | ast.SetComp():
            return "a set"
        case ast.Compare(ops=ops, comparators=others, left=left):
            pairs = zip(ops, [left, *others], others, strict=False)
            if any(isinstance(op, ast.Is | ast.IsNot) and not (_is_sole(a) or _is_sole(b)) for op, a, b in pairs):
                return "is"
        case ast.Try() | ast.TryStar():
            if isinstance(node, ast.TryStar) or not all(_may_be_caught(handler.type) for handler in node.handlers):
                return "except"
        case ast.FunctionDef(name="__del__") | ast.FunctionDef(name="__getattr__" | "__getattribute__" | "__hash__"):
            return f"{node.name}"
        case ast.Await() | ast.AsyncFor() | ast.AsyncWith() | ast.AsyncFunctionDef():
            return "async"
        case ast.Match():
            return "match"
    return ""


def _is_sole(node: ast.expr) -> bool:
    """True for constants of which there is one object."""
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))


def _may_be_caught(kind: ast.expr | None) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return all(isinstance(each, ast.Name) and each.id in _CAUGHT for each in kinds)


def _note_calls(tree: ast.Module, calls: dict[str, set[str]]) -> None:
    """Which functions call which, by name, or by name on their first argument (``self``)."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        parameters = function.args.posonlyargs + function.args.args
        own = parameters[0].arg if parameters else ""
        found = calls.setdefault(function.name, set())
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == own:
                found.add(node.attr)


def _reached(name: str, calls: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    todo = set(calls[name])
    while todo:
        found |= todo
        todo = set().union(*(calls.get(each, set()) for each in todo)) - found
    return found
