"""What can be said of a cell's text without running it: its hidden part, its released form, the names it defines."""

from __future__ import annotations

import ast
import functools
import re
import textwrap
import warnings
from collections.abc import Iterator

from grader.course.model import CourseCell, Role

HIDDEN_NOTE = "# Hidden tests run here when your work is graded."
"""What students see of a test that is hidden as a whole."""

MAX_PARSED = 200_000
"""Characters of a text that is looked at as Python; nobody writes a longer cell."""


def clean_text(text: str) -> str:
    """Text that can be written as UTF-8, with newlines as Python has them."""
    return text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")


def normal_text(source: str) -> str:
    """A text without what editors change by themselves: spaces at the ends of lines, blank lines around it."""
    return "\n".join(line.rstrip() for line in source.strip("\n").split("\n")).strip("\n")


# -- released and hidden ----------------------------------------------------------------------------------------------


def hidden_lines(source: str) -> set[int]:
    """1-based numbers of the lines from a ``### BEGIN HIDDEN TESTS`` to its ``### END HIDDEN TESTS``."""
    hidden: set[int] = set()
    inside = False
    for number, line in enumerate(source.split("\n"), start=1):
        if "### BEGIN HIDDEN TESTS" in line:
            inside = True
        if inside:
            hidden.add(number)
        if "### END HIDDEN TESTS" in line:
            inside = False
    return hidden


def without_hidden(source: str) -> str:
    """A grade cell without its hidden lines."""
    hidden = hidden_lines(source)
    if not hidden:
        return source
    return "\n".join(line for number, line in enumerate(source.split("\n"), start=1) if number not in hidden)


@functools.lru_cache(maxsize=1024)
def visible_source(cell: CourseCell) -> str:
    """What students may see of a test; empty if nothing."""
    return without_hidden(cell.source).strip("\n")


def released_test(cell: CourseCell) -> str:
    """A test as students get it: without its hidden part, and with a note where nothing is left to run."""
    source = visible_source(cell)
    if has_statements(source):
        return source
    return f"{source}\n{HIDDEN_NOTE}" if source else HIDDEN_NOTE


def has_statements(source: str) -> bool:
    """Tell whether there is more in a test than comments and a docstring."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return True
    is_docstring = bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    return len(body) > is_docstring


def released_texts(cell: CourseCell) -> set[str]:
    """The normal texts of a cell of a ``GradingSpec`` that nobody has changed; nbgrader's own release has no note."""
    if cell.role is not Role.TEST:
        return {normal_text(cell.source)}
    visible = normal_text(visible_source(cell))
    return {visible, normal_text(f"{visible}\n{HIDDEN_NOTE}")}


# -- names ------------------------------------------------------------------------------------------------------------


def bound_names(source: str) -> frozenset[str]:
    """Names that a cell binds at top level by ``def``, ``class`` or assignment (never by import)."""
    tree = _parsed(source)
    names: set[str] = set()
    for node in tree.body if tree else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name))
    return frozenset(names)


def student_tree(source: str) -> ast.Module | None:
    """A student's cell as IPython would read it: magics aside, indented as a whole or not; None if it is not Python."""
    if len(source) > MAX_PARSED:
        return None
    lines = textwrap.dedent(source).split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].startswith("%%"):
        if not re.match(r"%%(?:time|timeit|capture|prun)\b", lines[first]):
            return None  # a file to write, a shell script, a picture
        lines[first] = ""
    text = "\n".join(re.sub(r"^(\s*)[%!?].*", r"\1pass", line) for line in lines)
    return _parsed("\n".join(lines)) or _parsed(text)


def _parsed(text: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an odd escape is between the student and their own notebook
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


_OUTLINE = re.compile(r"^(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]*)?=(?!=)", re.MULTILINE)
_BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try)


def defined_names(source: str, *, imports: bool = False) -> frozenset[str]:
    """Names that a cell defines at its top level, in ``if`` and the like too; by its outline if it is not Python.

    Args:
        source: the cell.
        imports: whether a name that is imported counts.
    """
    tree = student_tree(source)
    if tree is None:
        return frozenset() if source.lstrip().startswith("%%") or len(source) > MAX_PARSED else outline(source)
    names: set[str] = set()
    for node in _top_level(tree.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            if imports:
                names.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(
                n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            )
    return frozenset(names)


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, _BLOCKS):
            for field in ("body", "orelse", "finalbody"):
                yield from _top_level(getattr(node, field, []))
            for handler in getattr(node, "handlers", []):
                yield from _top_level(handler.body)


def outline(source: str) -> frozenset[str]:
    """Names that seem to be defined at the top level, as one sees them at a glance."""
    return frozenset(a or b for a, b in _OUTLINE.findall(source))


def used_names(source: str) -> frozenset[str]:
    """Names that a text reads, anywhere in it."""
    tree = student_tree(source)
    if tree is None:
        return frozenset()
    return frozenset(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))


def methods(source: str) -> dict[str, frozenset[str]]:
    """The methods of each class that a text defines."""
    tree = student_tree(source)
    return {
        node.name: frozenset(inner.name for inner in node.body if isinstance(inner, ast.FunctionDef))
        for node in (tree.body if tree else ())
        if isinstance(node, ast.ClassDef)
    }


def is_python(source: str) -> bool:
    """Whether IPython would run a cell; what is wrong only at run time does not matter."""
    tree = student_tree(source)
    if tree is None:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(tree, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True
