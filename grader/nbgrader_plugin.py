"""What nbgrader's own commands, and formgrader's buttons, use of ours; named in ``course_config.py``.

``Judge`` grades in place of nbgrader's ``Execute`` and writes the scores, so that ``nbgrader autograde`` and
formgrader's button give what ``grader autograde`` gives. ``HideTests`` keeps hidden tests out of feedback: graded
notebooks hold them, because graders need them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import List

from grader.authoring.release import grading_spec
from grader.course.config import CourseConfig, load_config
from grader.course.layout import find_course
from grader.course.model import GradedSubmission, GradingSpec
from grader.errors import SandboxError, SubmissionError, UsageProblem
from grader.gradebook.grading import check_graded
from grader.gradebook.handins import (
    HandIn,
    as_received,
    content_hash,
    id_problem,
    read_handin,
    spec_hash,
    tools_hash,
)
from grader.gradebook.penalty import late_penalty
from grader.gradebook.store import ScoredSubmission, open_gradebook
from grader.gradebook.versions import grading_version
from grader.reports.public import HiddenTests, hide_tests
from grader.reports.safe import make_safe

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
        config = _course(resources)
        if assignment_id not in config.layout.assignment_ids():
            raise UsageProblem(
                f"{assignment_id} has no solution file in source/, so the judge has no tests for it.",
                hint=f"Make source/{assignment_id}.py (docs/existing-course.md), or grade it with nbgrader alone, in a"
                " folder whose configuration does not name grader.nbgrader_plugin.",
            )
        if names["notebook"] != assignment_id:
            raise UsageProblem(
                f"the notebook {names['notebook']}.ipynb is not the one of {assignment_id}.",
                hint=f"A chapter has one notebook, {assignment_id}.ipynb.",
            )
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
            check_graded(graded, spec.grade_points)
        digest = content_hash(handin, spec_hash(spec, config.isolation))
        bare = dataclasses.replace(graded, notebook={})
        with open_gradebook(config) as store:
            store.sync_assignment(assignment_id, spec.cells, due=config.chapter(assignment_id).due)
            handin = as_received(handin, store.received(assignment_id).get(student_id))
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


class MakeSafe(NbGraderPreprocessor):
    """Takes out of a notebook what a browser would run: scripts, styles, events, SVG, forged pictures, links that act.

    In ``c.HTMLExporter.preprocessors`` it keeps a hand-in from acting in formgrader in its grader's name; nbgrader's
    templates copy Markdown cells into the page as they are, so ``c.HTMLExporter.sanitize_html`` is not enough.
    """

    display_data_priority = List(NbGraderPreprocessor.display_data_priority.default()).tag(config=True)

    def preprocess(self, nb: Any, resources: Resources) -> tuple[Any, Resources]:
        """Make it safe; the exporter's own cleaning is switched on as well."""
        make_safe(nb.cells)
        resources["should_sanitize_html"] = True
        return nb, resources


class HideTests(NbGraderPreprocessor):
    """Takes hidden tests out of a notebook that goes back to a student, and everything that a browser would run.

    See ``grader.reports.public`` and ``grader.reports.safe``, which ``grader feedback`` uses as well.
    """

    # nbgrader's exporters set it for every preprocessor
    display_data_priority = List(NbGraderPreprocessor.display_data_priority.default()).tag(config=True)

    def preprocess(self, nb: Any, resources: Resources) -> tuple[Any, Resources]:
        """Hide them."""
        names = resources["nbgrader"]
        config = _course(resources)
        tests = HiddenTests.of_chapter(config.layout, names["assignment"])
        hide_tests(nb.cells, tests, by_judge=self._was_judged(config, names))
        return MakeSafe().preprocess(nb, resources)

    def _was_judged(self, config: CourseConfig, names: Mapping[str, str]) -> bool:
        with open_gradebook(config) as store:
            rows = store.scores([names["assignment"]], names["student"])
        return any(row.graded_at is not None for row in rows)
