"""The judge's message about a grade cell, taken apart for a page: what was expected, what came, where.

The judge writes one text (``execution/judge.py``), which a terminal shows as it is. Student code can put such lines
into an exception's message; they are then shown where they claim to belong, as the student's own words in any case.
"""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Mapping

from grader.execution.submission import hidden_lines

_TEST_LINE = re.compile(r"in ([A-Za-z0-9_-]+), line (\d+): (.*)", re.DOTALL)
_OWN_LINE = re.compile(r"in your cell (\d+), line (\d+): (.*)")
_PAIR = re.compile(r"  (got|left) +(.*)\n  (?:expected|right) +(.*)\Z", re.DOTALL)
_HIDDEN = "Hidden test: "
_ONLY_HIDDEN = "A hidden test did not pass"


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """What a student may know of a failed test.

    Args:
        message: the author's words, or the exception.
        is_hidden: it failed in a hidden test; ``message`` is then the author's hint.
        got: what came, as text, with what was ``expected``; ``is_equal`` if the two were to be equal.
        own: (cell, line, text) in the student's notebook, from which the exception came.
        test_line: the line of the test as released that did not pass; 0 if it is not known.
        called: lines of the test that lead to it.
        hint: the author's words in that line, where ``message`` is an exception's.
    """

    message: str = ""
    is_hidden: bool = False
    got: str = ""
    expected: str = ""
    is_equal: bool = True
    own: tuple[int, int, str] | None = None
    test_line: int = 0
    called: str = ""
    hint: str = ""

    @property
    def short(self) -> str:
        """The first line of what is to be said."""
        return (self.hint if self.hint and not self.is_hidden else self.message).strip().partition("\n")[0]


def failure_of(message: str, grade_id: str, full: Mapping[str, str], released: str) -> Failure:
    """Take a message apart.

    Args:
        message: the judge's.
        grade_id: of the grade cell.
        full: sources of the course's grade cells, hidden lines included, by name.
        released: the cell's source as students have it.
    """
    text = message.strip("\n")
    test_line = 0
    head, _, last = text.rpartition("\nin ")
    found = _TEST_LINE.fullmatch(f"in {last}") if head else None
    if found:
        text = head
        if found[1] == grade_id:
            test_line = released_line(full.get(grade_id, ""), int(found[2]))
    own = None
    head, _, last = text.rpartition("\n")
    if place := _OWN_LINE.fullmatch(last):
        own, text = (int(place[1]), int(place[2]), place[3]), head
    got = expected = ""
    is_equal = True
    if pair := _PAIR.search(text):
        got, expected, is_equal, text = pair[2], pair[3], pair[1] == "got", text[: pair.start()]
    is_hidden = text.startswith((_HIDDEN, _ONLY_HIDDEN))
    words = "" if is_hidden else author_words(released, test_line)
    return Failure(
        message=text.removeprefix(_HIDDEN).strip("\n"),
        hint=words if words and words not in text else "",
        is_hidden=is_hidden,
        got=got,
        expected=expected,
        is_equal=is_equal,
        own=own,
        test_line=test_line,
        called=called(released, test_line),
    )


def released_line(full: str, line: int) -> int:
    """Return where a line of a grade cell stands in the cell as released; 0 if nobody may see it."""
    hidden = hidden_lines(full)
    if line in hidden or not 1 <= line <= full.count("\n") + 1:
        return 0
    lines = full.split("\n")
    # The released text has no blank lines at its start.
    blank = next((n for n, text in enumerate(lines, start=1) if n not in hidden and text.strip()), 1)
    return sum(number not in hidden for number in range(blank, line + 1))


def author_words(released: str, line: int) -> str:
    """Return the message of the assert at a line, if it is plain text."""
    tree = _tree(released)
    for node in ast.walk(tree) if tree and line else ():
        if isinstance(node, ast.Assert) and node.lineno <= line <= (node.end_lineno or node.lineno):
            words = node.msg
            return words.value if isinstance(words, ast.Constant) and isinstance(words.value, str) else ""
    return ""


def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def called(released: str, line: int) -> str:
    """Return the statement of a test at a line, and the assignments before it that it depends on.

    Example:
        >>> print(called("a = 1\\nb = f(2)\\nassert b == 3, 'three'", 3))
        b = f(2)
        b == 3
    """
    tree = _tree(released)
    target = next((n for n in tree.body if n.lineno <= line <= (n.end_lineno or n.lineno)), None) if tree else None
    if tree is None or target is None:
        return ""
    shown = [_shown(released, target)]
    wanted = _names(target)
    for node in reversed(tree.body[: tree.body.index(target)]):
        bound = _bound(node)
        touched = bound or _touched(node)
        if touched & wanted:
            shown.insert(0, ast.get_source_segment(released, node) or "")
            wanted = (wanted - bound) | _names(node)
    return "\n".join(shown) if len(shown) <= 8 else "\n".join(["…", *shown[-8:]])


def _shown(released: str, node: ast.stmt) -> str:
    """A statement; of an assert, only what it asserts."""
    if isinstance(node, ast.Assert):
        return ast.get_source_segment(released, node.test) or ""
    return ast.get_source_segment(released, node) or ""


def _names(node: ast.AST) -> set[str]:
    parts = [node.test] if isinstance(node, ast.Assert) else [node]
    return {n.id for part in parts for n in ast.walk(part) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.For | ast.With):
        return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return set()


def _touched(node: ast.stmt) -> set[str]:
    """The object whose method a statement calls: ``trainer.train(data)``."""
    call = node.value if isinstance(node, ast.Expr) else None
    function = call.func if isinstance(call, ast.Call) else None
    while isinstance(function, ast.Attribute):
        function = function.value
    return {function.id} if isinstance(function, ast.Name) and isinstance(call, ast.Call) else set()
