"""The pytest file of a chapter's visible tests, for students who like to work in an editor.

Each grade cell becomes one test function with the cell's own lines, so that pytest can show the values in a failing
assertion. Names that one grade cell binds and another one uses are made global, because in a notebook all cells share
one namespace.
"""

from __future__ import annotations

import ast
import builtins
import importlib.resources
import json
import re

from grader.authoring.names import bindings, needed_names
from grader.authoring.release import points_text
from grader.course.model import Assignment, CourseCell, Role
from grader.execution.submission import has_statements, visible_source
from grader.notebooks.cells import string_lines

_BUILTINS = frozenset(dir(builtins))


def visible_tests_py(assignment: Assignment) -> str:
    """Return the text of ``test_<chapter>.py``."""
    tests = [cell for cell in assignment.cells if cell.role is Role.TEST and has_statements(visible_source(cell))]
    functions = _function_names(tests)
    bound = {cell.name: bindings(visible_source(cell)).all for cell in tests}
    needs: dict[str, tuple[str, ...]] = {}
    parts = []
    earlier: dict[str, str] = {}
    for cell in tests:
        needed = [name for name in needed_names(visible_source(cell)) if name not in _BUILTINS]
        needs[functions[cell.name]] = tuple(name for name in needed if name not in earlier)
        first = [(name, earlier[name]) for name in needed if name in earlier]
        used_elsewhere = bound[cell.name] & {
            name for other in tests if other is not cell for name in needed_names(visible_source(other))
        }
        parts.append(_function(cell, functions[cell.name], first, sorted(used_elsewhere)))
        earlier |= dict.fromkeys(bound[cell.name], functions[cell.name])
    hidden = [cell for cell in assignment.cells if cell.role is Role.TEST and cell not in tests]
    notes = [f"# {cell.name} ({_points(cell)}): hidden tests only.\n" for cell in hidden]
    return "\n\n".join([_head(assignment, needs), *parts, *notes, _TAIL])


def _function_names(tests: list[CourseCell]) -> dict[str, str]:
    """Grade id → name of the test function."""
    names: dict[str, str] = {}
    for cell in tests:
        name = re.sub(r"\W", "_", cell.name)
        name = name if name.startswith("test_") else f"test_{name}"
        while name in names.values():
            name += "_"
        names[cell.name] = name
    return names


def _points(cell: CourseCell) -> str:
    return f"{points_text(cell.points)} point{'' if cell.points == 1 else 's'}"


_TAIL = """if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
"""


def _head(assignment: Assignment, needs: dict[str, tuple[str, ...]]) -> str:
    chapter = assignment.assignment_id
    text = importlib.resources.files("grader.authoring").joinpath("visible_loader.py").read_text(encoding="utf-8")
    text = text[text.index("import ast") :]
    roles = {
        cell.name: str(cell.role)
        for cell in assignment.cells
        if cell.name and cell.role is not Role.FREE and cell.cell_type == "code"
    }
    values = "\n".join(
        [
            f"CHAPTER = {json.dumps(chapter)}",
            f"CELLS = {_literal(roles)}",
            f"NEEDS = {_literal(needs)}",
        ]
    )
    start, end = text.index("# -- made from the chapter ---"), text.index("# -- end ---\n")
    text = text[:start] + values + text[end + len("# -- end ---") :]
    return f'"""{_DOC.format(chapter=chapter)}"""\n\n{text.rstrip()}'


_DOC = """The visible tests of {chapter}.

Run them in this folder with `pytest`, or with `python test_{chapter}.py`.

They try your notebook, {chapter}.ipynb, or your script, {chapter}.py: the
one with more finished exercises, and of two alike the one that you saved last. The first line they print says which.
To choose yourself: `CHAPTER_FILE={chapter}.py pytest`.

Your exercises are run without the other cells. There is nothing to do in this file, and it is not handed in.
"""


def _literal(value: dict[str, object] | dict[str, str] | dict[str, tuple[str, ...]]) -> str:
    """Write a dict one entry a line."""
    if not value:
        return "{}"
    entries = []
    for key, inner in value.items():
        if isinstance(inner, tuple):
            names = "".join(f"{json.dumps(name)}, " for name in inner)
            shown = f"({names.rstrip() if len(inner) == 1 else names.rstrip(', ')})"
        else:
            shown = json.dumps(inner)
        entries.append(f"    {json.dumps(key)}: {shown},\n")
    return "{\n" + "".join(entries) + "}"


def _function(cell: CourseCell, function: str, first: list[tuple[str, str]], shared: list[str]) -> str:
    """Return the cell as a test function.

    Args:
        cell: the grade cell.
        function: the function's name.
        first: (name, test function) of names that an earlier grade cell defines.
        shared: names that other grade cells want from this one.
    """
    source = visible_source(cell)
    tree = ast.parse(source)
    lines = source.split("\n")
    body = tree.body
    docstring = ""
    if (
        isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    ):
        docstring = "\n".join(lines[body[0].lineno - 1 : body[0].end_lineno])
        lines = lines[body[0].end_lineno :]
    head = [f"def {function}():"]
    if docstring:
        head.append(_indented(docstring))
    else:
        head.append(f'    """{cell.name}: {_points(cell)}."""')
    if shared:
        head.append(f"    global {', '.join(shared)}")
    for name, other in first:
        head += [f"    if {json.dumps(name)} not in globals():", f"        {other}()"]
    rest = "\n".join(lines).strip("\n")
    if cell.partial and isinstance(body[-1], ast.Expr) and body[-1] is not body[0]:
        rest = _with_score(rest, cell)
    if _must_run_as_text(tree, shared):
        return "\n".join([*head, f"    exec({_quoted(rest)}, globals())", ""])
    return "\n".join([*head, _indented(rest), ""])


def _indented(source: str) -> str:
    """Indent by four, but not the lines that begin inside a string."""
    inside = string_lines(source)
    return "\n".join(
        line if not line.strip() or number in inside else f"    {line}"
        for number, line in enumerate(source.split("\n"), start=1)
    )


def _with_score(source: str, cell: CourseCell) -> str:
    """A cell with partial credit ends with its score: make that an assertion."""
    last = ast.parse(source).body[-1]
    lines = source.split("\n")
    expression = "\n".join(lines[last.lineno - 1 : last.end_lineno])
    score = [
        f"score = (\n{expression}\n)",
        f'assert score >= {points_text(cell.points)}, f"{{score}} of {_points(cell)}"',
    ]
    return "\n".join([*lines[: last.lineno - 1], *score])


def _must_run_as_text(tree: ast.Module, shared: list[str]) -> bool:
    """Tell whether the cell has something that only a module may have."""
    return any(
        isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names) for node in ast.walk(tree)
    ) or any(
        isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id in shared
        for node in tree.body
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
