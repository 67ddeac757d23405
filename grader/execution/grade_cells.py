"""Grade cells made ready: parsed, rewritten where remote things must mean what local ones mean, and compiled."""

from __future__ import annotations

import ast
import copy
import dataclasses
import types

from grader.course.model import CourseCell
from grader.execution.parsing import parse_cell
from grader.execution.submission import hidden_lines, without_hidden


@dataclasses.dataclass(frozen=True)
class GradeCell:
    """A grade cell ready to run.

    Args:
        filename: stands in tracebacks.
        source: as it runs (without its hidden part for a run that only shows what students may see).
        hidden: 1-based lines of hidden regions.
        tree: the author's own syntax tree, for hints; None when the cell is not Python.
        body: what is executed.
        value: the last expression, where the cell gives partial credit.
    """

    filename: str
    source: str
    hidden: frozenset[int]
    tree: ast.Module | None
    body: types.CodeType | None = None
    value: types.CodeType | None = None


def ready_cell(cell: CourseCell, *, visible_only: bool = False) -> GradeCell:
    """Make a grade cell ready."""
    source = without_hidden(cell.source) if visible_only else cell.source
    filename = f"<{cell.name}>"
    hidden = frozenset(hidden_lines(source))
    tree = parse_cell(source)
    if tree is None:
        return GradeCell(filename, source, hidden, None)
    rewritten = ast.fix_missing_locations(_Rewrite().visit(copy.deepcopy(tree)))
    value = None
    if cell.partial and rewritten.body and isinstance(rewritten.body[-1], ast.Expr):
        last = rewritten.body.pop()
        value = compile(ast.Expression(last.value), filename, "eval", dont_inherit=True)
    body = compile(rewritten, filename, "exec", dont_inherit=True)
    return GradeCell(filename, source, hidden, tree, body, value)


class _Rewrite(ast.NodeTransformer):
    """Three places where a grade cell must mean remote things as Python means local ones.

    ``type(x)`` of a live view is ``list``; ``except X`` works for an exception class of the student's; an assert that
    compares two values remembers them for its message.
    """

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "type" and len(node.args) == 1 and not node.keywords:
            node.func = ast.copy_location(ast.Name("__grader_type__", ast.Load()), node.func)
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        self.generic_visit(node)
        if node.type is not None:
            node.type = ast.copy_location(
                ast.Call(ast.Name("__grader_catch__", ast.Load()), [node.type], []), node.type
            )
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        self.generic_visit(node)
        test = node.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            operator = type(test.ops[0]).__name__
            node.test = ast.copy_location(
                ast.Call(
                    ast.Name("__grader_compare__", ast.Load()),
                    [ast.Constant(operator), test.left, test.comparators[0]],
                    [],
                ),
                test,
            )
        return node
