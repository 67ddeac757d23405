"""An annotated solution file → an ``Assignment``: cells with role, grade_id, points and line.

Every mistake in the format is collected, so that the author reads them all at once.
"""

from __future__ import annotations

import difflib
import functools
import math
import re
import warnings
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

from grader.authoring.percent import HEADER, Option, PercentCell, normal_text, percent_cells
from grader.authoring.regions import MarkerProblem, marker_problems
from grader.course.model import Assignment, CourseCell, Role
from grader.errors import AnnotationError, CourseError, CourseErrors
from grader.notebooks.cells import PYTHON_CELL_MAGICS, string_lines

TITLE = re.compile(r"[A-Za-z0-9_-]{1,60}")
"""What a cell with a role may be called: nbgrader's ids, short enough to be nbformat cell ids too."""

_ROLES = [str(role) for role in Role if role is not Role.FREE]
_KEYS = ["role", "points", "partial"]
_CELL_TYPES = ["[markdown]", "[md]", "[raw]"]


def parse_solution_file(text: str, path: str) -> Assignment:
    """Read an annotated solution file.

    Args:
        text: the file's text.
        path: the file's name, as it shall stand in messages; its stem is the assignment's id.

    Raises:
        CourseErrors: every mistake in the format, in line order.
    """
    assignment, errors = read_solution_file(text, path)
    if errors:
        raise CourseErrors(list(errors))
    return assignment


@functools.lru_cache(maxsize=64)
def read_solution_file(text: str, path: str) -> tuple[Assignment, tuple[AnnotationError, ...]]:
    """Read as much as can be read, and say what is wrong: the assignment and the mistakes, in line order."""
    text = normal_text(text)
    reader = _Reader(text, path)
    cells = [reader.cell(number, cell) for number, cell in enumerate(percent_cells(text), start=1)]
    if not cells:
        reader.complain(1, "there is no cell in this file.", "Start the first one with a line # %% [markdown]")
    reader.whole_file(text, cells)
    assignment = Assignment(PurePath(path).stem, tuple(cells), title=_first_heading(cells))
    return assignment, tuple(in_line_order(reader.errors))


class LineError(AnnotationError):
    """An author's mistake with its line, so that mistakes can be put in order."""

    def __init__(self, message: str, *, place: str, hint: str = "", line: int = 1) -> None:
        super().__init__(message, place=place, hint=hint)
        self.line = line

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (self.message, self.place, self.hint, self.line))


def _rebuild(message: str, place: str, hint: str, line: int) -> LineError:
    return LineError(message, place=place, hint=hint, line=line)


def in_line_order(errors: Iterable[CourseError]) -> list[Any]:
    """Return the mistakes of one file sorted by line."""
    return sorted(errors, key=lambda error: error.line if isinstance(error, LineError) else 0)


def cell_place(path: str, line: int, number: int, name: str, role: Role) -> str:
    """Return where something is, for the start of a message: file, line, and the cell as a notebook shows it."""
    label = f', {"exercise" if role is Role.SOLUTION else "grade_id"} "{name}"' if name else ""
    return f"{path}:{line} (cell {number}{label})"


class _Reader:
    """Turns percent cells into course cells and collects what is wrong with them."""

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.errors: list[LineError] = []
        self.headers = [cell.header_line for cell in percent_cells(text)]
        self.last_line = text.removesuffix("\n").count("\n") + 1
        self.titles: dict[str, int] = {}
        self.here: tuple[int, str, Role] | None = None

    def complain(self, line: int, message: str, hint: str = "") -> None:
        """Keep a mistake; its place names the cell that is being read."""
        place = cell_place(self.path, line, *self.here) if self.here else f"{self.path}:{line}"
        self.errors.append(LineError(message, place=place, hint=hint, line=line))

    def cell(self, number: int, cell: PercentCell) -> CourseCell:
        """Read one cell."""
        line = cell.header_line or cell.line
        name = cell.title if TITLE.fullmatch(cell.title) else ""
        self.here = (number, name, Role.FREE)
        options = self.options(cell)
        role = self.role(line, options, cell)
        self.here = (number, name, role)
        self.title(line, cell, role)
        points = self.points(line, options, role)
        partial = self.partial(line, options, role)
        self.markers(number, cell, role)
        self.lines(cell, role)
        result = CourseCell(name, role, cell.source, cell.cell_type, points, partial, cell.line)
        self.syntax(cell, result)
        self.here = None
        return result

    # -- the header ---

    def options(self, cell: PercentCell) -> dict[str, Option]:
        line = cell.header_line
        if cell.trouble:
            hint = 'Options are written key=value with a space between them, as in # %% test_relu role="test" points=1'
            self.complain(line, f"{cell.trouble!r} in the cell header is not an option.", hint)
        options: dict[str, Option] = {}
        for option in cell.options:
            if option.key not in _KEYS:
                self.complain(line, f"there is no header key {option.key!r}.", _near(option.key, _KEYS))
            elif option.key in options:
                self.complain(line, f"{option.key} is given twice.", "Leave one of them out.")
            elif not option.is_value and option.key != "role":
                hint = f"Write {option.key}=1" if option.key == "points" else "Write only partial"
                self.complain(line, f"{option.key}={option.text} has no value that can be read.", hint)
            options.setdefault(option.key, option)
        return options

    def role(self, line: int, options: dict[str, Option], cell: PercentCell) -> Role:
        option = options.get("role")
        if option is None:
            return Role.FREE
        if not option.is_value or not isinstance(option.value, str):
            near = (
                option.text
                if option.text in _ROLES
                else (difflib.get_close_matches(option.text, _ROLES, n=1) or [""])[0]
            )
            message = (
                f"role={option.text} needs quotes; without them the cell would be published as it is."
                if option.text
                else "role has no value."
            )
            self.complain(line, message, f'Write role="{near or "solution"}"')
            return Role(near) if near else Role.FREE
        if option.value not in _ROLES:
            near = (difflib.get_close_matches(option.value.lower(), _ROLES, n=1) or [""])[0]
            self.complain(line, f"there is no role {option.value!r}.", _near(option.value.lower(), _ROLES))
            return Role(near) if near else Role.FREE
        role = Role(option.value)
        if cell.cell_type != "code" and role in (Role.SOLUTION, Role.TEST):
            self.complain(line, f"a {cell.cell_type} cell cannot be a {role}.", _CELL_TYPE_HINT[role])
        elif cell.cell_type == "raw":
            self.complain(line, f"a raw cell cannot be {role}.", "Make it [markdown], or take its role away.")
        return role

    def title(self, line: int, cell: PercentCell, role: Role) -> None:
        title = cell.title
        legal = bool(TITLE.fullmatch(title))
        if not title:
            if role is not Role.FREE:
                self.complain(line, f"a {role} cell needs a title.", f'Like # %% some_name role="{role}"')
            return
        bracket = re.search(r"\[\w*\]", title)
        if bracket:
            self.complain(line, f"there is no cell type {bracket[0]}.", _near(bracket[0], _CELL_TYPES))
        elif not legal and role is not Role.FREE:
            if len(title) > 60:
                hint = f"This one has {len(title)} characters."
            elif title.split()[-1] in _KEYS:
                hint = f'Options come after role: # %% {title.split()[0]} role="{role}" {title.split()[-1]}'
            else:
                hint = f"Perhaps {re.sub(r'[^A-Za-z0-9_-]+', '_', title)[:60]!r}?"
            self.complain(line, f"{title!r} cannot be a title: 1 to 60 letters, digits, _ and - it must have.", hint)
        elif not legal and re.search(rf"\b({'|'.join(_KEYS)})\b", title):
            message = f"the title {title!r} holds options that are not written as options."
            self.complain(line, message, 'Like # %% some_name role="test" points=1')
        elif legal:
            first = self.titles.setdefault(title, line)
            if first != line:
                self.complain(
                    line, f"the title {title!r} is taken, by line {first}.", "Give one of the two another title."
                )

    def points(self, line: int, options: dict[str, Option], role: Role) -> float:
        option = options.get("points")
        if option is None:
            if role in (Role.TEST, Role.MANUAL):
                self.complain(line, f"a {role} cell needs points.", f'Like role="{role}" points=1')
            return 0.0
        if not option.is_value:
            return 0.0
        value = option.value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            shown = f"points={option.text}" if option.text else "points without a value"
            self.complain(line, f"{shown} is not a number.", "Like points=1 or points=0.5")
            return 0.0
        if not math.isfinite(value) or value < 0:
            self.complain(line, f"points={option.text} must be a number, 0 or more.", "Like points=1 or points=0.5")
            return 0.0
        if role not in (Role.TEST, Role.MANUAL):
            what = "a cell without a role" if role is Role.FREE else f"a {role} cell"
            self.complain(line, f"{what} cannot have points.", 'Points belong to role="test" and role="manual".')
            return 0.0
        return float(value)

    def partial(self, line: int, options: dict[str, Option], role: Role) -> bool:
        option = options.get("partial")
        if option is None or not option.is_value:
            return False
        if option.text and not isinstance(option.value, bool):
            self.complain(line, f"partial={option.text} is neither true nor false.", "Write only partial")
            return False
        if option.text and not option.value:
            return False
        if role is not Role.TEST:
            self.complain(line, "partial credit is for tests only.", "Leave partial out.")
            return False
        return True

    # -- the text ---

    def markers(self, number: int, cell: PercentCell, role: Role) -> None:
        following = next((line for line in self.headers if line > cell.line - 1 and line > cell.header_line), 0)
        end = (
            f"line {following}, where the next cell starts"
            if following
            else f"the end of the file, line {self.last_line}"
        )
        problems = marker_problems(cell.source, is_code=cell.cell_type == "code", end_place=end)
        allowed = {Role.SOLUTION: "SOLUTION", Role.MANUAL: "SOLUTION", Role.TEST: "HIDDEN TESTS"}.get(role, "")
        misplaced = [
            MarkerProblem(index, f'"{line.strip()}" stands in {_a_cell(role)}.', _MARKER_HINT["SOLUTION" in line])
            for index, line in enumerate(cell.source.split("\n"))
            if re.fullmatch(r"\s*### (BEGIN|END) (SOLUTION|HIDDEN TESTS)\s*", line)
            and (not allowed or allowed not in line)
        ]
        # The end of a misplaced region goes without saying.
        begun = [problem for problem in misplaced if "### BEGIN" in problem.message]
        for problem in begun or misplaced or problems:
            self.complain(cell.line + problem.line, problem.message, problem.hint)

    def lines(self, cell: PercentCell, role: Role) -> None:
        """Find lines that were meant to start a cell, and comments that jupytext would run as magics."""
        inside = string_lines(cell.source) if cell.cell_type == "code" else set()
        for index, line in enumerate(cell.lines):
            number = cell.line + index
            control = _CONTROL.search(line)
            if control:
                self.complain(
                    number, f"there is a control character (U+{ord(control[0]):04X}) in this line.", "Delete it."
                )
            if number in cell.fences and "role" in line:
                self.complain(
                    number, "this cell header stands inside a block fenced with ``` or ~~~.", "Close the block."
                )
            elif cell.cell_type == "code" and HEADER.match(line) and index + 1 not in inside:
                hint = "Look at the quotes above it: jupytext takes the line for a part of a string."
                self.complain(number, "this cell header does not start a cell.", hint)
            elif re.match(r"\s*#\s*%%\w", line) and ("role" in line or role is not Role.FREE):
                self.complain(number, "this line does not start a cell.", 'A space is missing after "# %%".')
            elif _LOST_HEADER.match(line) and cell.cell_type == "code" and index + 1 not in inside:
                self.complain(number, "this line looks like a cell header but starts no cell.", _HEADER_HINT)
            elif role is not Role.FREE and cell.cell_type == "code" and index + 1 not in inside and _MAGIC.match(line):
                hint = "Magics are for cells without a role. If it is only a comment, begin it with another word."
                self.complain(number, "jupytext would turn this comment into a magic command.", hint)

    def syntax(self, cell: PercentCell, result: CourseCell) -> None:
        if cell.cell_type != "code":
            return
        source = cell.source if result.role is not Role.FREE else _without_magics(cell.source)
        if source is None:
            return
        for line, message in syntax_problems(source):
            magic = result.role is not Role.FREE and _RAW_MAGIC.match([*cell.source.split("\n"), ""][line - 1])
            hint = "Magics are for cells without a role." if magic else "Mend that line."
            self.complain(cell.line + line - 1, message, hint)

    def whole_file(self, text: str, cells: list[CourseCell]) -> None:
        """Look for what only shows when the file runs as one program."""
        if self.errors or any(_without_magics(c.source) != c.source for c in cells if c.cell_type == "code"):
            return
        for line, message in syntax_problems(text):
            self.complain(line, message, "The file must also run as a whole, as plain Python.")


_CELL_TYPE_HINT = {
    Role.SOLUTION: 'Text that a person grades is role="manual" with points.',
    Role.TEST: "A test is code: leave the cell type out.",
}
_MARKER_HINT = {
    True: 'Give the cell role="solution", or delete the line.',
    False: 'Give the cell role="test" and points, or delete the line.',
}
_HEADER_HINT = 'A header is # %% title role="…" on a line of its own.'
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029]")
_LOST_HEADER = re.compile(r"""\s*#[#\s%-]*.*\brole\s*=\s*["']?(solution|test|setup|manual)\b""")
_MAGIC = re.compile(r"\s*# ?(%{1,3}[A-Za-z]|[!?] ?[A-Za-z./~$\\{])")
_RAW_MAGIC = re.compile(r"\s*([%!?]|\w[\w.]*\?{1,2}\s*$|\w+\s*=\s*[%!])")


def _a_cell(role: Role) -> str:
    return "a cell without a role" if role is Role.FREE else f"a {role} cell"


def _near(word: str, known: Iterable[str]) -> str:
    known = list(known)
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return f"Did you mean {close[0]!r}?" if close else f"Known are {', '.join(known)}."


def _without_magics(source: str) -> str | None:
    """Replace IPython's own lines by ``pass``; None if the cell is not Python at all (``%%bash``)."""
    lines = source.split("\n")
    first = next((line.strip() for line in lines if line.strip()), "")
    if first.startswith("%%") and not first.startswith(PYTHON_CELL_MAGICS):
        return None
    kept = [f"{line[: len(line) - len(line.lstrip())]}pass" if _RAW_MAGIC.match(line) else line for line in lines]
    if kept == lines:
        return source
    masked = "\n".join(kept)
    inside = string_lines(masked)
    return "\n".join(old if i in inside else new for i, (old, new) in enumerate(zip(lines, kept, strict=True), start=1))


def syntax_problems(source: str) -> list[tuple[int, str]]:
    """Return (line, message) of what the compiler says to ``source``: at most one error, or its warnings."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            compile(source, "<cell>", "exec", dont_inherit=True)
        except SyntaxError as problem:
            return [(problem.lineno or 1, f"not valid Python: {problem.msg}.")]
        except (ValueError, RecursionError, MemoryError) as problem:
            return [(1, f"not valid Python: {problem}.")]
    return [(warning.lineno, f"Python warns: {str(warning.message).rstrip('.')}.") for warning in heard]


def _first_heading(cells: list[CourseCell]) -> str:
    for cell in cells:
        if cell.cell_type == "markdown":
            found = re.search(r"^#\s+(.+?)\s*#*$", cell.source, re.MULTILINE)
            return found[1] if found else ""
    return ""
