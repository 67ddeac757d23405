"""The author's mistakes that are not mistakes of the format: names, points, assertions that show nothing."""

from __future__ import annotations

import ast
import builtins
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping

from grader.authoring.assertions import assertions, skips_nan, told_literals, weaknesses
from grader.authoring.names import Bindings, bindings, chapter_imports, needed_names
from grader.authoring.parse import LineError, cell_place, in_line_order, syntax_problems
from grader.authoring.regions import Kind, regions, with_stubs, without_markers, without_regions
from grader.course.config import CourseConfig
from grader.course.model import Assignment, CourseCell, Role
from grader.errors import AnnotationError
from grader.execution.parsing import parse_cell

_BUILTINS = frozenset(dir(builtins))


def check(
    assignment: Assignment, config: CourseConfig | None, path: str, earlier_names: frozenset[str] | None = None
) -> list[AnnotationError]:
    """Return the author's mistakes in a chapter, in line order.

    Args:
        assignment: the chapter, as parsed.
        config: the course, for the chapter's points; None leaves them unchecked.
        path: the solution file's name for messages.
        earlier_names: what ``chapters`` offers to this chapter; None where that is not known.
    """
    found: list[AnnotationError] = [
        *_points(assignment, config, path),
        *_released(assignment, path),
        *_assertions(assignment, path),
        *_names(assignment, path, earlier_names),
        *_hints(assignment, path),
    ]
    return list(in_line_order(found))


def remarks(assignment: Assignment, path: str) -> list[AnnotationError]:
    """Return what an author should look at, though it keeps nothing from being published."""
    found: list[AnnotationError] = []
    for number, cell in _cells(assignment, Role.TEST):
        hidden = _hidden_lines(cell)
        silent = [
            node.lineno
            for node in assertions(cell.source)
            if node.lineno in hidden and not (isinstance(node.msg, ast.Constant) and isinstance(node.msg.value, str))
        ]
        if silent:
            many = f"{len(silent)} hidden assertions have" if len(silent) > 1 else "a hidden assertion has"
            message = f"{many} no message that a student may read."
            hint = "Name the behaviour in a plain string; an f-string is never shown, it could tell the answer."
            found.append(_error(path, number, cell, silent[0], message, hint))
        found += [
            _error(path, number, cell, node.lineno, "max() passes over nan unless it comes first.", _ALL_HINT)
            for node in assertions(cell.source)
            if skips_nan(node)
        ]
    found += _leaning_on_free_cells(assignment, path)
    for number, cell in enumerate(assignment.cells, start=1):
        if cell.role is Role.MANUAL and cell.cell_type == "markdown" and not regions(cell.source):
            message = "students get none of this text: without markers all of it is taken for the model answer."
            hint = "Ask in the cell before it, or put ### BEGIN SOLUTION and ### END SOLUTION around the answer."
            found.append(_error(path, number, cell, 1, message, hint))
    return list(in_line_order(found))


def _leaning_on_free_cells(assignment: Assignment, path: str) -> Iterator[LineError]:
    """Solutions that need what only a cell without a role defines: later chapters do not run that cell."""
    kept: set[str] = set()
    free: dict[str, int] = {}
    for number, cell in enumerate(assignment.cells, start=1):
        if cell.cell_type == "code":
            names = bindings(without_markers(cell.source))
            if cell.role in (Role.SOLUTION, Role.SETUP):
                kept |= names.all
            elif cell.role is Role.FREE:
                kept |= names.imported
                free = dict.fromkeys(names.defined, number) | free
    for number, cell in _cells(assignment, Role.SOLUTION, Role.SETUP):
        for name, line in needed_names(without_markers(cell.source)).items():
            if name in free and name not in kept and name not in _BUILTINS:
                message = (
                    f"{name!r} comes from cell {free[name]}, which later chapters and the visible tests do not run."
                )
                hint = 'Give that cell a title and role="setup".'
                at = _line_of_marked(cell.source, line)
                yield _error(path, number, cell, at, message, hint)


def _line_of_marked(source: str, line: int) -> int:
    """The line of ``source`` that has become ``line`` without the marker lines."""
    markers = {n for region in regions(source) for n in (region.begin, region.end)}
    kept = [n for n in range(source.count("\n") + 1) if n not in markers]
    return kept[line - 1] + 1 if line <= len(kept) else 1


_ALL_HINT = "To bound every value: all(error <= tolerance for error in errors)"


def solution_names(assignment: Assignment) -> frozenset[str]:
    """Return the names that the chapter's solution cells bind by ``def``, ``class`` or assignment, never by import."""
    found: set[str] = set()
    for cell in assignment.cells:
        if cell.role is Role.SOLUTION:
            found |= bindings(cell.source).defined
    return frozenset(found)


def solution_uses(assignment: Assignment) -> frozenset[str]:
    """Return the names that the chapter's solution cells read, as their author wrote them."""
    found: set[str] = set()
    for cell in assignment.cells:
        if cell.role is Role.SOLUTION and cell.cell_type == "code":
            tree = parse_cell(cell.source)
            found |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} if tree else set()
    return frozenset(found)


def offered_names(assignment: Assignment) -> frozenset[str]:
    """Return the names that later chapters can import from this one."""
    found: set[str] = set()
    for cell in assignment.cells:
        if cell.role in (Role.SOLUTION, Role.SETUP) and cell.cell_type == "code":
            found |= bindings(cell.source).all
    return frozenset(name for name in found if not name.startswith("_"))


def _cells(assignment: Assignment, *roles: Role) -> Iterator[tuple[int, CourseCell]]:
    for number, cell in enumerate(assignment.cells, start=1):
        if cell.role in roles and cell.cell_type == "code":
            yield number, cell


def _error(path: str, number: int, cell: CourseCell, line: int, message: str, hint: str) -> LineError:
    """A mistake on a line of a cell (1-based)."""
    at = cell.line + line - 1
    return LineError(message, place=cell_place(path, at, number, cell.name, cell.role), hint=hint, line=at)


def _points(assignment: Assignment, config: CourseConfig | None, path: str) -> Iterator[LineError]:
    expected = config.chapter(assignment.assignment_id).points if config else None
    if expected is not None and abs(expected - assignment.max_score) > 1e-9:
        message = (
            f"the points of this chapter add up to {assignment.max_score:g}, but course_config.py says {expected:g}."
        )
        parts = ", ".join(f"{cell.name} {cell.points:g}" for cell in assignment.cells if cell.is_grade)
        yield LineError(
            message, place=path, hint=f"Change one of the two. The cells: {parts or 'none has points'}.", line=1
        )


def _released(assignment: Assignment, path: str) -> Iterator[LineError]:
    """What students get must be Python too."""
    for number, cell in _cells(assignment, Role.SOLUTION, Role.TEST, Role.MANUAL):
        if syntax_problems(cell.source):
            continue  # said already
        if cell.role is Role.TEST:
            released, hint = (
                without_regions(cell.source, Kind.HIDDEN),
                "Keep a whole statement outside of the hidden tests.",
            )
        else:
            released, hint = with_stubs(cell.source, cell.name), "Indent the markers like the code between them."
        problems = syntax_problems(released)
        first = next(iter(regions(cell.source)), None)
        if problems and first:
            message = f"what students get of this cell is {problems[0][1]}"
            yield _error(
                path, number, cell, first.begin + 1, message.replace("is Python warns", "makes Python warn"), hint
            )


def _assertions(assignment: Assignment, path: str) -> Iterator[LineError]:
    student = solution_names(assignment)
    for number, cell in _cells(assignment, Role.TEST):
        for weakness in weaknesses(cell.source, student, is_partial=cell.partial):
            yield _error(path, number, cell, weakness.line, weakness.message, weakness.hint)


def _hidden_lines(cell: CourseCell) -> set[int]:
    """1-based lines of the cell that are hidden."""
    return {
        line
        for region in regions(cell.source)
        if region.kind is Kind.HIDDEN
        for line in range(region.begin + 1, region.end + 2)
    }


def public_text(assignment: Assignment) -> str:
    """Return all that the author wrote for students: the chapter without solutions and hidden tests."""
    parts = []
    for cell in assignment.cells:
        source = without_regions(without_regions(cell.source, Kind.SOLUTION), Kind.HIDDEN)
        parts.append("" if cell.role in (Role.SOLUTION, Role.MANUAL) and not regions(cell.source) else source)
    return "\n".join(parts)


def _hints(assignment: Assignment, path: str) -> Iterator[LineError]:
    """The message of a hidden assertion reaches students: it must not tell what the test hides."""
    text = public_text(assignment)
    for number, cell in _cells(assignment, Role.TEST):
        hidden = _hidden_lines(cell)
        for node in assertions(cell.source):
            if (
                node.lineno not in hidden
                or not isinstance(node.msg, ast.Constant)
                or not isinstance(node.msg.value, str)
            ):
                continue
            told = [literal for literal in told_literals(node.test, node.msg.value) if not _is_public(literal, text)]
            if told:
                message = f"the message of this hidden assertion tells {' and '.join(told)}, which the test hides."
                yield _error(
                    path, number, cell, node.msg.lineno, message, "Name the behaviour, not the input or the answer."
                )


def _is_public(literal: str, text: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(literal.strip(chr(39)))}(?![\w])", text) is not None


# -- names ---


def _names(assignment: Assignment, path: str, earlier_names: frozenset[str] | None) -> Iterator[LineError]:
    """A test can use what tests, solution cells and setup cells define, at that place of the notebook."""
    cells = list(enumerate(assignment.cells, start=1))
    bound: dict[int, Bindings] = {
        number: bindings(without_markers(cell.source)) for number, cell in cells if cell.cell_type == "code"
    }
    yield from _chapter_imports(assignment, path, earlier_names)
    usable = {
        Role.TEST: {number: bound[number].all for number, _ in _cells(assignment, Role.TEST)},
        Role.SOLUTION: {number: bound[number].defined for number, _ in _cells(assignment, Role.SOLUTION)},
        Role.SETUP: {number: bound[number].all for number, _ in _cells(assignment, Role.SETUP)},
        # Imports of any cell are there in grading, if students get to see them.
        Role.FREE: {
            number: bindings(without_regions(cell.source, Kind.SOLUTION)).imported
            for number, cell in _cells(assignment, Role.FREE, Role.SOLUTION)
        },
    }
    stars = {module for part in bound.values() for module in part.star_imports}
    guess = bool(stars - {"chapters"}) or (bool(stars) and earlier_names is None)
    offered = earlier_names or frozenset() if "chapters" in stars else frozenset()
    for number, cell in _cells(assignment, Role.TEST):
        for name, line in needed_names(cell.source).items():
            if name in _BUILTINS or name in offered:
                continue
            places = sorted(at for group in usable.values() for at, names in group.items() if name in names)
            if any(at < number for at in places):
                continue
            if places:
                message = f"{name!r} is defined only later, in cell {places[0]}."
                yield _error(path, number, cell, line, message, "Move one of the two cells.")
            elif not guess or _elsewhere(name, assignment, bound):
                yield _error(path, number, cell, line, *_unusable(name, assignment, bound, usable))
    yield from _visible_needs(assignment, path)


def _elsewhere(name: str, assignment: Assignment, bound: Mapping[int, Bindings]) -> bool:
    return any(name in part.all for part in bound.values())


def _unusable(
    name: str,
    assignment: Assignment,
    bound: Mapping[int, Bindings],
    usable: Mapping[Role, Mapping[int, frozenset[str]]],
) -> tuple[str, str]:
    """Why a test cannot use a name, and what to do."""
    for number, cell in enumerate(assignment.cells, start=1):
        if cell.role is Role.SOLUTION and name in bound[number].imported:
            return (
                f"{name!r} is imported only inside the solution {cell.name!r}, which students do not get.",
                "Import it outside of the solution, in a setup cell or in the test.",
            )
    for number, cell in enumerate(assignment.cells, start=1):
        if cell.role in (Role.FREE, Role.MANUAL) and number in bound and name in bound[number].all:
            return (
                f"{name!r} is defined only in cell {number}, which is no part of the grading: a student may delete it.",
                'Define it in the test, or give that cell a title and role="setup".',
            )
    known = {name for group in usable.values() for names in group.values() for name in names}
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.7)
    return (
        f"nobody defines {name!r}.",
        f"Did you mean {close[0]!r}?" if close else "Define it in the test, or in a setup cell.",
    )


def _visible_needs(assignment: Assignment, path: str) -> Iterator[LineError]:
    """What students see of a test must not use a name that only hidden tests define."""
    hidden: dict[str, str] = {}
    seen: set[str] = set()
    for number, cell in enumerate(assignment.cells, start=1):
        if cell.cell_type != "code":
            continue
        if cell.role is not Role.TEST:
            seen |= bindings(without_markers(cell.source)).all
            continue
        visible = without_regions(cell.source, Kind.HIDDEN)
        own = bindings(visible).all
        inside = bindings(without_markers(cell.source)).all - own
        hidden |= dict.fromkeys(inside, cell.name)
        for name, line in needed_names(visible).items():
            if name in hidden and name not in seen and name not in _BUILTINS:
                at = _line_of(cell.source, visible, line)
                message = f"students see this use of {name!r}, but only hidden tests define it (in {hidden[name]!r})."
                yield _error(path, number, cell, at, message, "Define it where students see it, or hide its use.")
        seen |= own


def _line_of(source: str, part: str, line: int) -> int:
    """The line of ``source`` that has become ``line`` of ``part`` after regions were cut out."""
    cut = {n for region in regions(source) for n in range(region.begin, region.end + 1)}
    kept = [n for n in range(source.count("\n") + 1) if n not in cut]
    return kept[line - 1] + 1 if line <= len(kept) else 1


def _chapter_imports(assignment: Assignment, path: str, earlier_names: frozenset[str] | None) -> Iterator[LineError]:
    if earlier_names is None:
        return
    for number, cell in enumerate(assignment.cells, start=1):
        if cell.cell_type != "code":
            continue
        for name, line in chapter_imports(cell.source).items():
            if name not in earlier_names:
                yield _error(
                    path, number, cell, line, f"no earlier chapter defines {name!r}.", _near(name, earlier_names)
                )


def _near(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return (
        f"Did you mean {close[0]!r}?"
        if close
        else "chapters offers what setup and solution cells of earlier chapters define."
    )
