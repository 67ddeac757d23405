"""Grade cells made ready: parsed, rewritten where remote things must mean what local ones mean, and compiled."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import types
from collections.abc import Mapping
from typing import Any

from grader.course.model import CourseCell
from grader.execution.failures import catchable, would_catch_assertions
from grader.execution.parsing import parse_cell
from grader.execution.remote import ListView, NotPlainData, plain_type
from grader.execution.submission import hidden_lines, without_hidden


@dataclasses.dataclass(frozen=True)
class GradeCell:
    """A grade cell ready to run.

    Args:
        filename: stands in tracebacks.
        source: as it runs (without its hidden part for a run that only shows what students may see).
        hidden: 1-based lines of hidden regions.
        goes_on: True if visible lines stand behind the first hidden one.
        tree: the author's own syntax tree, for hints; None when the cell is not Python.
        body: what is executed.
        value: the last expression, where the cell gives partial credit.
    """

    filename: str
    source: str
    hidden: frozenset[int]
    goes_on: bool
    tree: ast.Module | None
    body: types.CodeType | None = None
    value: types.CodeType | None = None


def ready_cell(cell: CourseCell, *, visible_only: bool = False) -> GradeCell:
    """Make a grade cell ready."""
    source = without_hidden(cell.source) if visible_only else cell.source
    filename = f"<{cell.name}>"
    hidden = frozenset(hidden_lines(source))
    lines = enumerate(source.split("\n"), start=1)
    goes_on = any(hidden and n > min(hidden) and n not in hidden and line.strip() for n, line in lines)
    tree = parse_cell(source)
    if tree is None:
        return GradeCell(filename, source, hidden, goes_on, None)
    value = None
    try:
        rewritten = rewrite(tree)
        rewritten.body = _marked(rewritten.body, _hidden_code(source, hidden))
        if cell.partial and rewritten.body and isinstance(rewritten.body[-1], ast.Expr):
            last = rewritten.body.pop()
            assert isinstance(last, ast.Expr)
            value = compile(ast.Expression(last.value), filename, "eval", dont_inherit=True)
        body = compile(rewritten, filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return GradeCell(filename, source, hidden, goes_on, None)
    return GradeCell(filename, source, hidden, goes_on, tree, body, value)


def rewrite(tree: ast.Module, *, compare: bool = True) -> ast.Module:
    """A copy of a test's syntax tree in which remote things mean what local ones would.

    It uses the names of ``helpers``, and ``__grader_compare__`` where asserts shall remember what they compare.
    """
    return ast.fix_missing_locations(_Rewrite(compare).visit(_copied(tree)))  # type: ignore[no-any-return]


def _copied(value: Any) -> Any:
    """A syntax tree, copied down to its leaves; ``copy.deepcopy`` takes six times as long."""
    if isinstance(value, list):
        return [_copied(item) for item in value]
    if not isinstance(value, ast.AST) or not value._fields:
        return value
    made = type(value)()
    for name, item in vars(value).items():
        setattr(made, name, _copied(item))
    return made


def _hidden_code(source: str, hidden: frozenset[int]) -> frozenset[int]:
    """Hidden lines without the marks around them and blank ones."""
    lines = enumerate(source.split("\n"), start=1)
    return frozenset(n for n, line in lines if n in hidden and line.strip() and "HIDDEN TESTS" not in line)


def _marked(body: list[ast.stmt], hidden: frozenset[int]) -> list[ast.stmt]:
    """The statements, and before each with hidden lines of its own a call that says so.

    A line alone does not tell: a visible loop comes back to its head, and a thread that a hidden line has started, or a
    visible function that it calls, runs visible lines.
    """
    marked: list[ast.stmt] = []
    for statement in body:
        lines = _lines_of(statement)
        if not hidden.isdisjoint(lines):
            inner = [inner for block in _blocks(statement) for inner in getattr(*block)]
            own = lines.difference(*map(_lines_of, inner))
            if not hidden.isdisjoint(own):
                call = ast.copy_location(ast.Expr(_call("__grader_hidden__")), statement)
                marked.append(ast.fix_missing_locations(call))
            else:
                for node, field in _blocks(statement):
                    setattr(node, field, _marked(getattr(node, field), hidden))
        marked.append(statement)
    return marked


def _lines_of(statement: ast.stmt) -> set[int]:
    first = min([statement.lineno, *(node.lineno for node in getattr(statement, "decorator_list", ()))])
    return set(range(first, (statement.end_lineno or statement.lineno) + 1))


def _blocks(statement: ast.stmt) -> list[tuple[ast.AST, str]]:
    """Where a statement holds others: node and field."""
    parts: list[ast.AST] = [statement, *getattr(statement, "handlers", ()), *getattr(statement, "cases", ())]
    return [(part, field) for part in parts for field in ("body", "orelse", "finalbody") if getattr(part, field, None)]


def helpers(namespace: Mapping[str, Any], student_names: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What rewritten code needs in its namespace.

    Args:
        namespace: the one.
        student_names: names that it does not hold because they are the student's.
    """

    def catch(kind: Any, *names: str) -> Any:
        for name in names:
            if name in student_names and name not in namespace and would_catch_assertions(kind):
                raise NotPlainData(f"{name} must be an exception class of its own: this one catches failed assertions")
        return catchable(kind)

    def global_name(name: str) -> Any:
        try:
            return namespace[name]
        except KeyError:
            if hasattr(builtins, name):
                return getattr(builtins, name)
            raise NameError(f"name {name!r} is not defined", name=name) from None

    return {
        "__grader_add__": _add_in_place,
        "__grader_catch__": catch,
        "__grader_name__": global_name,
        "__grader_type__": plain_type,
    }


def _add_in_place(left: Any, right: Any) -> Any:
    """``left += right``; ``list`` alone would make a new list of its own and a view."""
    if type(left) is list and isinstance(right, ListView):
        left.extend(right)
    else:
        left += right
    return left


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


_NO_COMPARISONS = frozenset(["isinstance", "issubclass", "hasattr", "getattr", "any", "all"])


def _is_comparison(test: ast.expr) -> bool:
    """True for ``close(got, want)`` and the like: two values, handed to a function."""
    if not isinstance(test, ast.Call) or len(test.args) < 2 or any(isinstance(a, ast.Starred) for a in test.args):
        return False
    function = test.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    is_plain = isinstance(function, ast.Name) or (
        isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)
    )
    return is_plain and name not in _NO_COMPARISONS and not name.startswith("__grader_")


class _Rewrite(ast.NodeTransformer):
    """The places where a grade cell must mean remote things as Python means local ones.

    ``type(x)`` of a live view is ``list``; ``except X`` works for an exception class of the student's; ``a += x`` keeps
    the list that ``a`` is; a class body sees the names that the student process has; an assert that compares two
    values, itself or by a helper (``assert close(f(x), 2)``), remembers them for its message.
    """

    def __init__(self, compare: bool) -> None:
        self.compare = compare
        self.functions = 0

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "type" and len(node.args) == 1 and not node.keywords:
            node.func = ast.copy_location(ast.Name("__grader_type__", ast.Load()), node.func)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr == "__class__" and isinstance(node.ctx, ast.Load):
            return ast.copy_location(_call("__grader_type__", node.value), node)
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        names = [ast.Constant(n.id) for n in ast.walk(node.type or node) if isinstance(n, ast.Name)]
        self.generic_visit(node)
        if node.type is not None:
            node.type = ast.copy_location(_call("__grader_catch__", node.type, *names), node.type)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Add) and isinstance(node.target, ast.Name):
            added = _call("__grader_add__", ast.Name(node.target.id, ast.Load()), node.value)
            return ast.copy_location(ast.Assign([node.target], added), node)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        self.generic_visit(node)
        test = node.test
        if self.compare and isinstance(test, ast.Compare) and len(test.ops) == 1:
            operator_name = ast.Constant(type(test.ops[0]).__name__)
            compared = _call("__grader_compare__", operator_name, test.left, test.comparators[0])
            node.test = ast.copy_location(compared, test)
        elif self.compare and _is_comparison(test):
            assert isinstance(test, ast.Call)
            asked = _call("__grader_compare_by__", test.func, *test.args)
            asked.keywords = test.keywords
            node.test = ast.copy_location(asked, test)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        if not self.functions:  # in a function, the names may be the function's
            node.body = [_ClassBody(node).visit(statement) for statement in node.body]
        return node

    def _visit_function(self, node: ast.AST) -> ast.AST:
        self.functions += 1
        self.generic_visit(node)
        self.functions -= 1
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._visit_function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._visit_function(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return self._visit_function(node)


class _ClassBody(ast.NodeTransformer):
    """Global names in a class body: Python looks them up there without asking a namespace's ``__missing__``."""

    def __init__(self, node: ast.ClassDef) -> None:
        self.bound: set[str] = set()
        for inner in ast.walk(ast.Module(node.body, [])):
            if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
                self.bound.add(inner.id)
            elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self.bound.add(inner.name)
            elif isinstance(inner, ast.alias):
                self.bound.add(inner.asname or inner.name.partition(".")[0])

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if not isinstance(node.ctx, ast.Load) or node.id in self.bound or node.id.startswith("__"):
            return node
        return ast.copy_location(_call("__grader_name__", ast.Constant(node.id)), node)

    def _visit_function(self, node: Any) -> ast.AST:
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            self.generic_visit(argument)  # annotations
        node.args.defaults = [self.visit(default) for default in node.args.defaults]
        node.args.kw_defaults = [default and self.visit(default) for default in node.args.kw_defaults]
        if not isinstance(node, ast.Lambda):
            node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
            node.returns = node.returns and self.visit(node.returns)
        assert isinstance(node, ast.AST)
        return node  # its body has a scope of its own

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._visit_function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._visit_function(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return self._visit_function(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.bases = [self.visit(base) for base in node.bases]
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        return node
