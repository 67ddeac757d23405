"""What nbgrader's own commands, and formgrader's buttons, use of ours; named in ``course_config.py``.

``Judge`` grades in place of nbgrader's ``Execute`` and writes the scores, so that ``nbgrader autograde`` and
formgrader's button give what ``grader autograde`` gives. ``HideTests`` keeps hidden tests out of feedback: graded
notebooks hold them, because graders need them.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import List

from grader.authoring.parse import parse_solution_file
from grader.authoring.release import grading_spec, released_cells
from grader.course.config import CourseConfig, load_config
from grader.course.layout import find_course
from grader.course.model import GradedSubmission, GradingSpec
from grader.errors import CourseError, SandboxError, SubmissionError, UsageProblem
from grader.execution.submission import HIDDEN_NOTE
from grader.gradebook.grading import check_graded
from grader.gradebook.handins import HandIn, content_hash, id_problem, read_handin, spec_hash, tools_hash
from grader.gradebook.penalty import late_penalty
from grader.gradebook.store import ScoredSubmission, open_gradebook
from grader.gradebook.versions import grading_version

Resources = dict[str, Any]


def _course(resources: Mapping[str, Any]) -> CourseConfig:
    """The course that nbgrader is working in (it changes into its folder), with nbgrader's database."""
    config = load_config(find_course(Path.cwd()))
    return dataclasses.replace(config, db_url=resources["nbgrader"]["db_url"])


class Judge(NbGraderPreprocessor):
    """Grades the submission through the judge, stores scores and verdicts, and hands the graded notebook on.

    It is all of ``c.Autograde.autograde_preprocessors``; nbgrader's ``SaveAutoGrades`` after it would come to the same
    scores. Whatever goes wrong is raised: nbgrader then names the submission and goes on with the next, and there is no
    way from a failure to points.
    """

    def preprocess(self, nb: Any, resources: Resources) -> tuple[Any, Resources]:
        """Replace the notebook by its graded form.

        Raises:
            SubmissionError: it cannot be graded; the gradebook now says so.
            SandboxError: our machinery failed.
        """
        names = resources["nbgrader"]
        student_id, assignment_id = names["student"], names["assignment"]
        if names["notebook"] != assignment_id:
            raise UsageProblem(
                f"the notebook {names['notebook']}.ipynb is not the one of {assignment_id}.",
                hint=f"A chapter has one notebook, {assignment_id}.ipynb.",
            )
        config = _course(resources)
        spec = grading_spec(config, assignment_id)
        # What was handed in, not what nbgrader has made of it: the same bytes give the same score everywhere.
        handin = read_handin(config.layout, student_id, assignment_id)
        for warning in handin.warnings:
            self.log.warning("%s/%s: %s", student_id, assignment_id, warning)
        problem = id_problem(student_id) or handin.problem
        graded = (
            GradedSubmission(assignment_id, {}, (), not_graded=problem)
            if problem
            else _graded(handin, spec, config.isolation)
        )
        if not graded.not_graded:
            check_graded(graded, {cell.name: cell.points for cell in spec.cells if cell.is_grade})
        digest = content_hash(handin, spec_hash(spec, config.isolation))
        bare = dataclasses.replace(graded, notebook={})
        with open_gradebook(config) as store:
            store.sync_assignment(assignment_id, spec.cells, due=config.chapter(assignment_id).due)
            scored = ScoredSubmission(
                student_id,
                bare,
                handin.timestamp,
                digest,
                handin_hash=handin.digest,
                tests=grading_version(spec),
                tools=tools_hash(config.isolation),
            )
            store.write_batch([scored])
        if graded.not_graded:
            raise SubmissionError(
                f"not graded: {graded.not_graded}",
                place=str(config.layout.submitted_notebook(student_id, assignment_id)),
            )
        return nbformat.from_dict(graded.notebook), resources


def _graded(handin: HandIn, spec: GradingSpec, isolation: str) -> GradedSubmission:
    """Grade in a process of its own: nbgrader may be running inside a notebook server, which must not be forked."""
    from grader.execution.pool import Pool, Task

    with Pool(1, isolation=isolation) as pool:
        task = Task((handin.student_id, handin.assignment_id), handin.notebook, spec, handin.files)
        for result in pool.map([task]):
            if result.graded is not None and not result.error:
                return result.graded
            raise SandboxError(f"grading failed, no score was drawn from it: {result.error}")
    raise SandboxError("grading failed: the pool returned nothing.")


class CourseLatePolicy(LateSubmissionPlugin):
    """The course's late policy for nbgrader's ``AssignLatePenalties``: the numbers that ``grader autograde`` stores."""

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """Return the points that being late costs."""
        policy = load_config(find_course(Path.cwd())).late_policy
        return late_penalty(policy, score, total_seconds_late)


# --- feedback ---

_MARKER = re.compile(r"(BEGIN|END)\s+HIDDEN\s+TESTS", re.IGNORECASE)
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_MIN_LINE = 6
"""Shorter lines (``)``, ``x = 1``) say nothing, and would be found in any output."""


class HideTests(NbGraderPreprocessor):
    """Takes hidden tests out of a notebook that goes back to a student.

    A grade cell of the course is shown as it was released, whatever the graded notebook has in its place. In grade
    cells that the course does not know, and where its source cannot be read, hidden regions are cut out by their
    markers; one that is not closed goes to the end of its cell. Outputs that quote a hidden line are replaced.
    """

    # nbgrader's exporters set it for every preprocessor
    display_data_priority = List(NbGraderPreprocessor.display_data_priority.default()).tag(config=True)

    def preprocess(self, nb: Any, resources: Resources) -> tuple[Any, Resources]:
        """Hide them."""
        names = resources["nbgrader"]
        config = _course(resources)
        released, hidden = _released_tests(config, names["assignment"])
        by_judge = self._was_judged(config, names)
        for cell in nb.cells:
            if cell.cell_type == "code":
                _hide_outputs(cell, hidden, all_errors=False)
            facts = cell.metadata.get("nbgrader", {})
            name = facts.get("grade_id", "")
            if name in released:
                has_hidden = released[name] != cell.source or bool(_MARKER.search(cell.source))
                cell.source = released[name]
            else:
                has_hidden = bool(_MARKER.search(cell.source)) and not facts.get("solution")
                if has_hidden:
                    own = hidden_lines(cell.source)
                    cell.source = without_hidden(cell.source)
                    if cell.cell_type == "code":
                        _hide_outputs(cell, own, all_errors=False)
            if has_hidden and not by_judge and cell.cell_type == "code":
                # nbgrader alone graded it: the error's text may hold a hidden test's values.
                _hide_outputs(cell, frozenset(), all_errors=True)
        return nb, resources

    def _was_judged(self, config: CourseConfig, names: Mapping[str, str]) -> bool:
        with open_gradebook(config) as store:
            rows = store.scores([names["assignment"]], names["student"])
        return any(row.graded_at is not None for row in rows)


def _released_tests(config: CourseConfig, assignment_id: str) -> tuple[dict[str, str], frozenset[str]]:
    """Return the course's grade cells as released, by name, and every hidden line of the chapter."""
    path = config.layout.solution_file(assignment_id)
    try:
        assignment = parse_solution_file(path.read_text(encoding="utf-8"), str(path))
    except (CourseError, OSError, ValueError):
        return {}, frozenset()
    released = {}
    lines: set[str] = set()
    for cell, shown in zip(assignment.cells, released_cells(assignment), strict=True):
        if cell.is_grade and cell.role != "manual":
            released[cell.name] = shown.source
            public = set(_lines(shown.source))
            lines.update(line for line in _lines(cell.source) if line not in public)
    return released, frozenset(lines)


def _lines(source: str) -> Iterator[str]:
    for line in source.splitlines():
        bare = line.strip()
        if len(bare) >= _MIN_LINE and not _MARKER.search(bare):
            yield bare


def without_hidden(source: str) -> str:
    """Cut hidden regions out of a cell by their markers, however damaged.

    A region that is not closed goes to the end; an end without a beginning takes everything before it.
    """
    kept: list[str] = []
    inside = False
    for line in source.splitlines():
        marker = _MARKER.search(line)
        if marker is None:
            if not inside:
                kept.append(line)
        elif marker[1].upper() == "BEGIN":
            inside = True
        else:
            if not inside:
                kept.clear()
            inside = False
    return "\n".join(kept).strip("\n") or HIDDEN_NOTE


def hidden_lines(source: str) -> frozenset[str]:
    """Return the lines that ``without_hidden`` cuts out."""
    return frozenset(_lines(source)) - frozenset(_lines(without_hidden(source)))


def _hide_outputs(cell: Any, hidden: frozenset[str], *, all_errors: bool) -> None:
    for number, output in enumerate(cell.outputs):
        quoted = any(line in _ANSI.sub("", text) for text in _texts(output) for line in hidden)
        if quoted or (all_errors and output.output_type == "error"):
            name = output.get("ename", "Output")
            message = "in a hidden test" if output.output_type == "error" else "not shown: it quotes a hidden test"
            cell.outputs[number] = nbformat.from_dict(
                {"output_type": "error", "ename": name, "evalue": message, "traceback": [f"{name}: {message}"]}
            )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        if all(isinstance(inner, str) for inner in value):
            yield "\n".join(value)  # a traceback, or a text in lines
            yield "".join(value)
        for inner in value:
            yield from _texts(inner)
