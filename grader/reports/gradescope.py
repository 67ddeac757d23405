"""Gradescope's ``results.json``, and the program that writes it inside Gradescope's container.

``grader gradescope`` packs this package and a chapter's ``GradingSpec`` into a zip. Gradescope builds a container from
it (``setup.sh``), puts a submission into ``submission/`` and calls ``run_autograder``, which ends up in ``main`` here.
The judge is the one that grades everywhere else; nothing but IPython has to be installed beside it.

Format: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.course.layout import Layout
from grader.course.model import GradedSubmission, GradingSpec, Outcome
from grader.errors import GraderError, IsolationError
from grader.execution.grade import grade, not_graded
from grader.execution.submission import released_test
from grader.gradebook.handins import read_handin

SPEC_NAME = "spec.json"
MAX_NOTEBOOKS = 50


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """One entry of ``tests``: what a student may know of a grade cell."""

    grade_id: str
    behaviour: str
    outcome: str
    score: float
    max_score: float
    message: str = ""


def results_json(
    questions: Sequence[Question],
    *,
    waiting: Mapping[str, float] | None = None,
    repairs: Iterable[str] = (),
    penalty: float = 0.0,
    not_graded: str = "",
    seconds: float = 0.0,
) -> dict[str, Any]:
    """Return Gradescope's document for one submission.

    Args:
        questions: the automatic ones; their sum is the score.
        waiting: points of answers that a person grades, by name; they are told, and are not in the score.
        repairs: what was put right in a damaged notebook.
        penalty: what lateness costs, if that shall count here (Gradescope has late policies of its own).
        not_graded: why there are no verdicts.
        seconds: how long it took.
    """
    said = [not_graded] if not_graded else []
    said += [f"Put right before grading: {repair}" for repair in repairs]
    for name, points in (waiting or {}).items():
        said.append(f"A person grades your answer {name} ({points:g} points); they are not in this score.")
    if penalty:
        said.append(f"Late penalty: {penalty:g} points, taken off the score.")
    document: dict[str, Any] = {
        "score": round(max(0.0, sum(question.score for question in questions) - penalty), 9),
        "execution_time": round(seconds, 3),
        "output": "\n".join(said),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(number, question) for number, question in enumerate(questions, start=1)],
    }
    return document


def _test(number: int, question: Question) -> dict[str, Any]:
    is_passed = question.outcome == Outcome.PASSED or question.score >= question.max_score > 0
    return {
        "name": question.behaviour or question.grade_id,
        "number": str(number),
        "score": question.score,
        "max_score": question.max_score,
        "status": "passed" if is_passed else "failed",
        "output": question.message or ("" if is_passed else f"{question.outcome}".replace("_", " ")),
        "tags": [question.grade_id],
        "visibility": "visible",
    }


def behaviour(released: str, grade_id: str) -> str:
    """Return what a test checks: its docstring, else its name in words.

    Example:
        >>> behaviour('"Lists are added."', "test_add"), behaviour("assert f(1)", "test_a_list")
        ('Lists are added.', 'a list')
    """
    import ast

    try:
        documentation = ast.get_docstring(ast.parse(released)) if released else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        documentation = None
    if documentation:
        return " ".join(documentation.split("\n\n")[0].split())
    return grade_id.removeprefix("test_").replace("_", " ")


def results_of(graded: GradedSubmission, spec: GradingSpec) -> dict[str, Any]:
    """Return Gradescope's document for a result of the judge."""
    sources = {cell.name: released_test(cell) for cell in spec.cells if cell.is_grade}
    questions = [
        Question(
            verdict.grade_id,
            behaviour(sources.get(verdict.grade_id, ""), verdict.grade_id),
            verdict.outcome,
            verdict.score,
            verdict.max_score,
            verdict.message,
        )
        for verdict in graded.verdicts
        if verdict.outcome is not Outcome.MANUAL
    ]
    waiting = {v.grade_id: v.max_score for v in graded.verdicts if v.outcome is Outcome.MANUAL}
    not_graded = f"This could not be graded: {graded.not_graded}" if graded.not_graded else ""
    return results_json(
        questions, waiting=waiting, repairs=graded.repairs, not_graded=not_graded, seconds=graded.wall_s
    )


# --- inside the container ---


def find_notebook(folder: Path, assignment_id: str) -> Path | None:
    """Return the notebook that was handed in, whatever it is called; None if that cannot be told.

    The one with the chapter's name counts, the nearest to the top; else the only one there is.
    """
    found = []
    for parent, folders, names in os.walk(folder):
        depth = len(Path(parent).relative_to(folder).parts)
        folders[:] = sorted(n for n in folders if not n.startswith((".", "__"))) if depth < 3 else []
        found += [Path(parent, name) for name in sorted(names) if name.endswith(".ipynb") and not name.startswith(".")]
        if len(found) > MAX_NOTEBOOKS:
            break
    named = [path for path in found if path.name == f"{assignment_id}.ipynb"]
    return named[0] if named else found[0] if len(found) == 1 else None


class _Upload(Layout):
    """A layout in which Gradescope's folder is the only submission there is."""

    def submitted_dir(self, student_id: str, assignment_id: str) -> Path:
        notebook = find_notebook(self.root, assignment_id)
        return notebook.parent if notebook else self.root

    def submitted_notebook(self, student_id: str, assignment_id: str) -> Path:
        return find_notebook(self.root, assignment_id) or self.root / f"{assignment_id}.ipynb"


def grade_folder(folder: Path, spec: GradingSpec, isolation: str) -> GradedSubmission:
    """Grade what lies in Gradescope's ``submission/``, shut in as well as the container allows.

    Raises:
        SandboxError: the machinery failed; there is no verdict, and nothing must look like one.
    """
    handin = read_handin(_Upload(folder), "student", spec.assignment_id)
    for warning in handin.warnings:
        print(f"warning: {warning}")
    if handin.problem:
        return not_graded(spec, f"{handin.problem} Hand in {spec.assignment_id}.ipynb.")
    ways = ["auto", "namespaces", "process"] if isolation == "auto" else [isolation]
    for way in ways:
        try:
            graded = grade(handin.notebook, spec, handin.files, isolation=way)
        except IsolationError as error:
            print(f"isolation {way!r}: {error.message}")
            if way == ways[-1]:
                raise
            continue
        print(f"graded with isolation {way!r} in {graded.wall_s:.1f} s")
        return graded
    raise AssertionError("there is always a way")


def main(arguments: Sequence[str]) -> int:
    """Grade the submission in a Gradescope folder: ``python -m grader.reports.gradescope /autograder``.

    If our own machinery fails, there is no ``results.json``: Gradescope then says that the autograder failed, and a
    student is not told a score that is none.
    """
    root = Path(arguments[0] if arguments else "/autograder")
    try:
        plain = json.loads((root / "source" / SPEC_NAME).read_text(encoding="utf-8"))
        spec = GradingSpec.from_plain(plain["spec"])
        document = results_of(grade_folder(root / "submission", spec, plain["isolation"]), spec)
        results = root / "results"
        results.mkdir(exist_ok=True)
        temporary = results / ".results.json"
        temporary.write_text(json.dumps(document, indent=1), encoding="utf-8")
        os.replace(temporary, results / "results.json")
    except (GraderError, OSError, ValueError, KeyError) as error:
        traceback.print_exc(file=sys.stdout)
        print(f"The autograder failed, no score was drawn from it: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
