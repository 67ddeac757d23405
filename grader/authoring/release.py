"""From an assignment to what others get: students, nbgrader, the gradebook, the judge.

=====================  ===================  ==============  ========================
of                     solution cells       hidden tests    for
=====================  ===================  ==============  ========================
``source_notebook``    as written           as written      nbgrader
``release_notebook``   stubs                out             students
``starter_py``         stubs                out             students
``solved_notebook``    without markers      out             the gates
``grading_spec``       stubs                kept            the judge, the gradebook
=====================  ===================  ==============  ========================
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Sequence
from typing import Any

from grader.authoring.check import check, offered_names, solution_names, solution_uses
from grader.authoring.names import only_imports
from grader.authoring.parse import LineError, in_line_order, read_solution_file
from grader.authoring.regions import regions, with_stubs, without_markers
from grader.course.config import CourseConfig
from grader.course.model import Assignment, CourseCell, GradingSpec, Role
from grader.errors import AnnotationError, CourseError, CourseErrors, UsageProblem
from grader.execution.submission import released_test
from grader.notebooks.cells import notebook_dict, with_magics

TEXT_STUB = "YOUR ANSWER HERE"
"""What stands where a student's words shall go; nbgrader's own words."""


# -- reading the course ---


def load_assignment(config: CourseConfig, assignment_id: str) -> Assignment:
    """Read and check one chapter.

    Raises:
        UsageProblem: the course has no such chapter.
        CourseErrors: every mistake of its author.
    """
    assignment, errors = read_and_check(config, assignment_id)
    if errors or assignment is None:
        raise CourseErrors(list(errors))
    return assignment


def read_and_check(config: CourseConfig, assignment_id: str) -> tuple[Assignment | None, list[CourseError]]:
    """Read one chapter as far as it goes, with every mistake in it in line order."""
    path = shown_path(config, assignment_id)
    try:
        text = solution_text(config, assignment_id)
    except AnnotationError as problem:
        return None, [problem]
    assignment, format_errors = read_solution_file(text, path)
    # What a broken header says of points cannot be added up.
    points_known = not any("points" in error.message for error in format_errors)
    found = check(assignment, config if points_known else None, path, _earlier_names(config, assignment_id))
    errors = [*format_errors, *found]
    title = config.chapter(assignment_id).title or assignment.title
    # One line, one mistake: what the format breaks, the checks stumble over again.
    broken = {error.line for error in format_errors if isinstance(error, LineError)}
    kept = [
        error
        for error in errors
        if error in format_errors or not isinstance(error, LineError) or error.line not in broken
    ]
    return dataclasses.replace(assignment, title=title), in_line_order(kept)


def shown_path(config: CourseConfig, assignment_id: str) -> str:
    """Return the solution file's name for messages, seen from the course folder."""
    return config.layout.solution_file(assignment_id).relative_to(config.root).as_posix()


def solution_text(config: CourseConfig, assignment_id: str) -> str:
    """Return the text of a chapter's solution file.

    Raises:
        UsageProblem: the course has no such chapter.
        AnnotationError: the file cannot be read as text.
    """
    path = config.layout.solution_file(assignment_id)
    place = shown_path(config, assignment_id)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        known = config.layout.assignment_ids()
        close = difflib.get_close_matches(assignment_id, known, n=1, cutoff=0.5)
        hint = f"Did you mean {close[0]!r}?" if close else f"The chapters are: {', '.join(known) or 'none yet'}."
        raise UsageProblem(f"there is no chapter {assignment_id!r} in this course.", hint=hint) from None
    except IsADirectoryError:
        raise LineError("is a folder, not a file.", place=place, hint="Rename or remove the folder.") from None
    except OSError as problem:
        raise LineError(f"cannot be read: {problem.strerror}.", place=place, hint="Check who may read it.") from problem
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        raise LineError(
            f"byte {problem.start} (0x{data[problem.start]:02x}) is not UTF-8.",
            place=f"{place}:{line}",
            hint="Save the file as UTF-8.",
            line=line,
        ) from problem


def _parsed(config: CourseConfig, assignment_id: str) -> Assignment:
    """Read a chapter without looking for more than format mistakes."""
    assignment, errors = read_solution_file(solution_text(config, assignment_id), shown_path(config, assignment_id))
    if errors:
        raise CourseErrors(list(errors))
    return assignment


def _earlier(config: CourseConfig, assignment_id: str) -> list[str]:
    return [other for other in config.layout.assignment_ids() if other < assignment_id]


def _earlier_names(config: CourseConfig, assignment_id: str) -> frozenset[str] | None:
    """What ``chapters`` offers; None if an earlier chapter cannot be read (its author is told there)."""
    names: frozenset[str] = frozenset()
    for other in _earlier(config, assignment_id):
        try:
            names |= offered_names(_parsed(config, other))
        except CourseError:
            return None
    return names


def grading_spec(config: CourseConfig, assignment_id: str) -> GradingSpec:
    """Return all that grading a submission of the chapter needs, as text.

    Raises:
        UsageProblem: the course has no such chapter.
        CourseErrors: the format of this chapter or of an earlier one is broken.
    """
    assignment = _parsed(config, assignment_id)
    cells = [cell if cell.role is Role.TEST else as_in_notebook(released_cell(cell)) for cell in assignment.cells]
    return GradingSpec(
        assignment_id=assignment_id,
        cells=tuple(cells),
        solution_names=solution_names(assignment),
        reference=tuple((other, reference_text(_parsed(config, other))) for other in _earlier(config, assignment_id)),
        allowed_modules=config.allowed_modules,
        limits=config.chapter(assignment_id).limits,
        solution_uses=solution_uses(assignment),
        solutions=tuple(
            (cell.name, without_markers(cell.source)) for cell in assignment.cells if cell.role is Role.SOLUTION
        ),
    )


def reference_text(assignment: Assignment) -> str:
    """Return a chapter as later ones import it: its setup and solution cells, complete, without marker lines.

    Of cells without a role only the imports are in it, because a solution may lean on them.
    """
    parts = []
    for cell in assignment.cells:
        if cell.cell_type != "code" or cell.role in (Role.TEST, Role.MANUAL):
            continue
        source = without_markers(cell.source)
        parts.append(only_imports(source) if cell.role is Role.FREE else source)
    return "\n\n".join(part for part in parts if part.strip())


# -- cells ---


def released_cells(assignment: Assignment) -> tuple[CourseCell, ...]:
    """Return the cells as students get them: stubs in, hidden tests out."""
    return tuple(released_cell(cell) for cell in assignment.cells)


def released_cell(cell: CourseCell) -> CourseCell:
    """Return one cell as students get it."""
    if cell.role is Role.SOLUTION or (cell.role is Role.MANUAL and cell.cell_type == "code"):
        source = with_stubs(cell.source, cell.name)
    elif cell.role is Role.MANUAL:
        source = _with_text_stub(cell.source)
    elif cell.role is Role.TEST:
        source = released_test(cell)
    else:
        return cell
    return dataclasses.replace(cell, source=source)


def _with_text_stub(source: str) -> str:
    found = regions(source)
    if not found:
        return TEXT_STUB
    lines = source.split("\n")
    for region in reversed(found):
        lines[region.begin : region.end + 1] = [TEXT_STUB]
    return "\n".join(lines)


def as_in_notebook(cell: CourseCell) -> CourseCell:
    """Return the cell with its magics in force, if it is one that may have any."""
    if cell.role is Role.FREE and cell.cell_type == "code":
        return dataclasses.replace(cell, source=with_magics(cell.source))
    return cell


# -- notebooks ---


def source_notebook(assignment: Assignment) -> dict[str, Any]:
    """Return the chapter as nbgrader's source notebook: what its author would have written in Jupyter."""
    return notebook_dict(map(as_in_notebook, assignment.cells), locks=False)


def release_notebook(assignment: Assignment) -> dict[str, Any]:
    """Return the notebook that students get."""
    return notebook_dict(map(as_in_notebook, released_cells(assignment)), locks=True)


def solved_notebook(assignment: Assignment) -> dict[str, Any]:
    """Return the notebook of a student who wrote exactly the author's solutions."""
    solved = [
        dataclasses.replace(cell, source=without_markers(cell.source))
        if cell.role is Role.SOLUTION
        else released_cell(cell)
        for cell in assignment.cells
    ]
    notebook = notebook_dict(map(as_in_notebook, solved), locks=True)
    released = notebook_dict(map(as_in_notebook, released_cells(assignment)), locks=True)
    for cell, original in zip(notebook["cells"], released["cells"], strict=True):
        cell["metadata"] = original["metadata"]  # the student's copy keeps the checksum of the stub
    return notebook


# -- text ---


def starter_py(assignment: Assignment) -> str:
    """Return the release notebook as a percent file: the same cells, to work on in an editor."""
    return percent_text(released_cells(assignment))


def percent_text(cells: Sequence[CourseCell]) -> str:
    """Write cells in the percent format."""
    parts = []
    for cell in cells:
        lines = cell.source.rstrip().split("\n") if cell.source.strip() else []
        if cell.cell_type != "code":
            lines = [f"# {line}" if line.strip() else "#" for line in lines]
        parts.append("\n".join([header(cell), *lines, ""]))
    return "\n".join(parts)


def header(cell: CourseCell) -> str:
    """Return the line that starts a cell in the percent format."""
    words = ["# %%"]
    if cell.cell_type != "code":
        words.append(f"[{cell.cell_type}]")
    if cell.name:
        words.append(cell.name)
    if cell.role is not Role.FREE:
        words.append(f'role="{cell.role}"')
    if cell.is_grade:
        words.append(f"points={points_text(cell.points)}")
    if cell.partial:
        words.append("partial")
    return " ".join(words)


def points_text(points: float) -> str:
    """Return points without a needless ``.0``."""
    return str(int(points)) if float(points).is_integer() else repr(float(points))


def exercises(assignment: Assignment) -> list[str]:
    """Return the names of the chapter's exercises, in order."""
    return [cell.name for cell in assignment.cells if cell.role is Role.SOLUTION]
