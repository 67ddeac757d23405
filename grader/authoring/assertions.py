"""Assertions that pass although nothing was shown: what a test must not rest on.

Only the text is looked at. A value counts as *the student's* where it comes straight from a name of a solution
cell: by calling it, by attribute, index or arithmetic, through ``sum``, ``abs``, ``len`` and their like, or through a
variable that holds such a value. What any other function returns counts as the test's own.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import enum
import re
from collections.abc import Iterable, Iterator

_NUMBERS_OF = (abs, all, any, enumerate, len, map, max, min, repr, reversed, round, sorted, sum, zip)
_TYPES = (bool, dict, float, int, list, set, str, tuple)
_PASSED_ON = frozenset(function.__name__ for function in (*_NUMBERS_OF, *_TYPES))
_BUILTINS = frozenset(dir(builtins))
_ABOUT_TYPE = frozenset({"isinstance", "issubclass", "hasattr", "callable"})
_ORDERING = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


class Strength(enum.Enum):
    """What an assertion shows."""

    STRONG = "strong"
    TYPE = "type"
    SAME = "the student's values agree with each other"
    DIFFERENT = "the student's values differ from each other"
    ALWAYS = "always true"


@dataclasses.dataclass(frozen=True, slots=True)
class Weakness:
    """Something weak: its line in the cell (1-based), what is wrong, what to do."""

    line: int
    message: str
    hint: str


def weaknesses(source: str, student_names: Iterable[str], *, is_partial: bool = False) -> list[Weakness]:
    """Return what makes a test pass without showing anything.

    Args:
        source: a test cell, hidden tests included.
        student_names: names that mean the student's own things in it.
        is_partial: the cell's last expression is its score, so it needs no assertion.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = []
    student = _student_variables(tree, set(student_names))
    strengths = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assert):
            continue
        strength = _strength(node.test, student)
        strengths.append((node.lineno, strength))
        if strength is Strength.ALWAYS:
            hint = (
                "Remove the brackets around condition and message."
                if isinstance(node.test, ast.Tuple)
                else _REMEDY[strength]
            )
            found.append(Weakness(node.lineno, "this assertion is always true.", hint))
        found += [
            Weakness(
                inner.lineno,
                f"nan passes this assertion: every comparison with nan is false, so {ast.unparse(inner)!r} is true.",
                f"Turn the comparison round: {_turned(inner)}",
            )
            for inner in ast.walk(node.test)
            if isinstance(inner, ast.UnaryOp) and _negated_ordering(inner)
        ]
    if is_partial or _fails_otherwise(tree, set(student_names)):
        return sorted(found, key=lambda weakness: weakness.line)
    if not strengths:
        found.append(Weakness(1, "this test asserts nothing: code that runs passes it.", "Add an assertion."))
    elif not {strength for _, strength in strengths} & {Strength.STRONG} and not _tells_apart(strengths):
        found += [Weakness(at, _REASON[kind], _REMEDY[kind]) for at, kind in strengths if kind in _REASON][:1]
    return sorted(found, key=lambda weakness: weakness.line)


def _tells_apart(strengths: list[tuple[int, Strength]]) -> bool:
    """The same seed gives the same, another seed something else: no constant and no random value passes both."""
    return {Strength.SAME, Strength.DIFFERENT} <= {strength for _, strength in strengths}


_COMPARE = "Compare at least once with a value that the test knows or computes itself."
_REASON = {
    Strength.TYPE: "this test rests on types and names alone; an empty class of the right name passes it.",
    Strength.SAME: "this test compares the student's values only with the student's: wrong ones agree too.",
    Strength.DIFFERENT: "this test compares the student's values only with the student's: wrong ones differ too.",
}
_REMEDY = {
    Strength.TYPE: "Assert also what it computes, against a value that the test knows.",
    Strength.SAME: _COMPARE,
    Strength.DIFFERENT: _COMPARE,
    Strength.ALWAYS: "Write what must hold.",
}
_OPPOSITE = {Strength.SAME: Strength.DIFFERENT, Strength.DIFFERENT: Strength.SAME, Strength.ALWAYS: Strength.STRONG}


def _strength(test: ast.expr, student: set[str]) -> Strength:
    """Classify one condition."""
    if isinstance(test, ast.Constant):
        return Strength.ALWAYS if test.value else Strength.STRONG
    if isinstance(test, (ast.Tuple, ast.List, ast.Dict)):
        full = test.keys if isinstance(test, ast.Dict) else test.elts
        return Strength.ALWAYS if full else Strength.STRONG
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _strength(test.operand, student)
        return _OPPOSITE.get(inner, inner)
    if isinstance(test, ast.BoolOp):
        parts = [_strength(value, student) for value in test.values]
        strong = [part for part in parts if part is Strength.STRONG]
        if isinstance(test.op, ast.Or):
            return next((part for part in parts if part is not Strength.STRONG), Strength.STRONG)
        return Strength.STRONG if strong else parts[0]
    if isinstance(test, ast.Compare):
        return _compare_strength(test, student)
    if isinstance(test, ast.Call):
        return _call_strength(test, student)
    return Strength.STRONG


def _compare_strength(test: ast.Compare, student: set[str]) -> Strength:
    operands = [test.left, *test.comparators]
    kinds = []
    for left, operator, right in zip(operands, test.ops, operands[1:], strict=False):
        if isinstance(operator, (ast.Is, ast.IsNot)) and any(_is_none(side) for side in (left, right)):
            kinds.append(Strength.TYPE)
            continue
        if any(isinstance(side, ast.Call) and _name(side.func) == "type" for side in (left, right)):
            kinds.append(Strength.TYPE)
            continue
        same = isinstance(operator, (ast.Eq, ast.Is))
        if isinstance(operator, _ORDERING):
            apart = _difference(left) or _difference(right)  # abs(a - b) < tolerance compares a with b
            if apart:
                left, right = apart
                same = _difference(operands[0]) is not None and isinstance(operator, (ast.Lt, ast.LtE))
        both = _is_student(left, student) and _is_student(right, student)
        kinds.append((Strength.SAME if same else Strength.DIFFERENT) if both else Strength.STRONG)
    return Strength.STRONG if Strength.STRONG in kinds else kinds[0]


def _call_strength(test: ast.Call, student: set[str]) -> Strength:
    name = _name(test.func)
    if name in _ABOUT_TYPE:
        return Strength.TYPE
    if name in ("all", "any") and len(test.args) == 1:
        argument = test.args[0]
        if isinstance(argument, (ast.GeneratorExp, ast.ListComp, ast.SetComp)):
            inner = set(student)
            for loop in argument.generators:
                _take_over(loop.target, loop.iter, inner)
            return _strength(argument.elt, inner)
        if isinstance(argument, ast.Call) and _name(argument.func) == "map" and len(argument.args) >= 3:
            compared = all(_is_student(value, student) for value in argument.args[1:3])
            return Strength.SAME if compared else Strength.STRONG
    pair = test.args[:2] if not _is_student(test.func, student) else []  # close(a, b)
    both = len(pair) == 2 and all(_is_student(value, student) for value in pair)
    return Strength.SAME if both else Strength.STRONG


def _is_student(node: ast.expr, student: set[str]) -> bool:
    """Tell whether a value comes straight from the student's code."""
    if isinstance(node, ast.Name):
        return node.id in student
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in _PASSED_ON and node.func.id not in student:
            return any(_is_student(value, student) for value in node.args)
        return _is_student(node.func, student)
    if isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred, ast.Await)):
        return _is_student(node.value, student)
    if isinstance(node, ast.BinOp):
        return _is_student(node.left, student) or _is_student(node.right, student)
    if isinstance(node, ast.UnaryOp):
        return _is_student(node.operand, student)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return any(_is_student(value, student) for value in node.elts)
    if isinstance(node, ast.IfExp):
        return _is_student(node.body, student) or _is_student(node.orelse, student)
    if isinstance(node, (ast.GeneratorExp, ast.ListComp, ast.SetComp)):
        inner = set(student)
        for loop in node.generators:
            _take_over(loop.target, loop.iter, inner)
        return _is_student(node.elt, inner)
    return False


def _student_variables(tree: ast.Module, names: set[str]) -> set[str]:
    """The given names, and the variables of the cell that hold the student's values."""
    student = set(names)
    while True:
        before = len(student)
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    _take_over(target, node.value, student)
            elif isinstance(node, (ast.AnnAssign, ast.NamedExpr, ast.AugAssign)) and node.value:
                _take_over(node.target, node.value, student)
            elif isinstance(node, (ast.For, ast.AsyncFor)):
                _take_over(node.target, node.iter, student)
        if len(student) == before:
            return student


def _take_over(target: ast.expr, value: ast.expr, student: set[str]) -> None:
    """Add the names in ``target`` that get a student's value from ``value``."""
    if isinstance(target, (ast.Tuple, ast.List)):
        parts: list[ast.expr] = [value] * len(target.elts)
        if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
            parts = value.elts
        elif isinstance(value, ast.Call) and _name(value.func) == "zip" and len(value.args) == len(target.elts):
            parts = value.args
        elif isinstance(value, ast.Call) and _name(value.func) == "enumerate" and len(target.elts) == 2 and value.args:
            parts = [ast.Constant(0), value.args[0]]
        for part, element in zip(target.elts, parts, strict=True):
            _take_over(part, element, student)
    elif isinstance(target, ast.Starred):
        _take_over(target.value, value, student)
    elif isinstance(target, ast.Name) and _is_student(value, student):
        student.add(target.id)


def _difference(node: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """(a, b) of ``abs(a - b)``."""
    if isinstance(node, ast.Call) and _name(node.func) in ("abs", "fabs") and len(node.args) == 1:
        inner = node.args[0]
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub):
            return inner.left, inner.right
    return None


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _negated_ordering(node: ast.UnaryOp) -> bool:
    """``not a > b`` and ``not any(a > b for …)``; what is counted by ``len`` is never nan."""
    if not isinstance(node.op, ast.Not):
        return False
    inner: ast.expr = node.operand
    if isinstance(inner, ast.Call) and _name(inner.func) == "any" and len(inner.args) == 1:
        if not isinstance(inner.args[0], (ast.GeneratorExp, ast.ListComp)):
            return False
        inner = inner.args[0].elt
    if not isinstance(inner, ast.Compare) or not any(isinstance(operator, _ORDERING) for operator in inner.ops):
        return False
    sides = [inner.left, *inner.comparators]
    return not any(isinstance(side, ast.Call) and _name(side.func) == "len" for side in sides)


def _turned(node: ast.UnaryOp) -> str:
    """The same condition without the ``not``, so that nan fails it."""
    inner = node.operand
    compare = inner if isinstance(inner, ast.Compare) else inner.args[0].elt  # type: ignore[attr-defined]
    opposite = {"Lt": ast.GtE, "LtE": ast.Gt, "Gt": ast.LtE, "GtE": ast.Lt}
    if len(compare.ops) != 1:
        return "assert the comparison that shall hold."
    turned = ast.Compare(compare.left, [opposite[type(compare.ops[0]).__name__]()], compare.comparators)
    if compare is inner:
        return ast.unparse(turned)
    loop = inner.args[0]  # type: ignore[attr-defined]
    return f"all({ast.unparse(ast.GeneratorExp(turned, loop.generators))})"


def _fails_otherwise(tree: ast.Module, student_names: set[str]) -> bool:
    """Tell whether the test can fail without an ``assert``: it raises, or calls a function that may check something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            return True
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            function = node.value.func
            if isinstance(function, ast.Name) and function.id not in student_names | _BUILTINS:
                return True
            if isinstance(function, ast.Attribute) and function.attr.lower().startswith(("assert", "check", "fail")):
                return True
    return False


def assertions(source: str) -> Iterator[ast.Assert]:
    """Yield the assertions of a cell."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Assert))


def told_literals(test: ast.expr, message: str) -> list[str]:
    """Return the literals of a condition that its message tells: numbers other than 0, 1 and 2, and texts."""
    told = []
    words = re.findall(r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+", message)
    for node in ast.walk(test):
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
            continue
        if isinstance(node.value, (int, float)) and node.value not in (0, 1, 2):
            if any(_number(word) == node.value for word in words):
                told.append(f"{node.value}")
        elif isinstance(node.value, str) and len(node.value) >= 2 and node.value in message:
            told.append(repr(node.value))
    return list(dict.fromkeys(told))


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def skips_nan(node: ast.Assert) -> bool:
    """Tell whether an assertion bounds a ``max(…)`` from above: ``max`` passes over a nan that does not come first."""
    if not isinstance(node.test, ast.Compare):
        return False
    sides = [node.test.left, *node.test.comparators]
    for operator, low, high in zip(node.test.ops, sides, sides[1:], strict=False):
        bounded = low if isinstance(operator, (ast.Lt, ast.LtE)) else high if isinstance(operator, _ORDERING) else None
        if isinstance(bounded, ast.Call) and _name(bounded.func) == "max":
            return True
    return False
