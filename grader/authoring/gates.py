"""The gates before anything is published: the solution earns every point, the stub earns none, nothing leaks.

The first two run student processes and take seconds; what they found is kept as a *proof*, a hash of all that they
depend on, so that ``grader generate --check`` need not run them again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from grader.authoring.leaks import Secret, Secrets, texts
from grader.authoring.parse import cell_place
from grader.authoring.regions import Kind
from grader.authoring.release import release_notebook, solved_notebook
from grader.course.model import Assignment, GradedSubmission, GradingSpec, Outcome, Role, Verdict
from grader.errors import CourseError, GateError, LeakError, SandboxError

PROOF_FORMAT = 1
"""Raised when the gates themselves change so that old proofs prove nothing."""


class Grade(Protocol):
    """What the gates need of ``grader.execution.grade.grade``."""

    def __call__(
        self, notebook: bytes, spec: GradingSpec, files: Mapping[str, bytes] | None = None, /
    ) -> GradedSubmission:
        """Grade one notebook."""


def real_grade(
    notebook: bytes, spec: GradingSpec, files: Mapping[str, bytes] | None = None, /, *, isolation: str = "auto"
) -> GradedSubmission:
    """Grade with the judge, in fresh processes."""
    from grader.execution.grade import grade

    return grade(notebook, spec, files or {}, isolation=isolation)


def proof_key(assignment: Assignment, spec: GradingSpec) -> str:
    """Return a hash of all that the solution and stub gates depend on: both notebooks and the grading spec."""
    document = {
        "format": PROOF_FORMAT,
        "solution": solved_notebook(assignment),
        "stub": release_notebook(assignment),
        "spec": spec.to_plain(),
    }
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def run_gates(
    assignment: Assignment,
    spec: GradingSpec,
    path: str,
    grade: Grade = real_grade,
    said: Callable[[str], None] = lambda text: None,
) -> list[CourseError]:
    """Grade the author's solution and the untouched stub under the students' limits.

    Args:
        assignment: the chapter, as its author wrote it.
        spec: what submissions of it are graded with.
        path: the solution file's name for messages.
        grade: the grading function; tests pass a fake.
        said: told of a test that comes near its time limit.

    Returns:
        What is wrong: solutions that lose points, stubs that earn some.
    """
    errors: list[CourseError] = []
    solved = _graded(solved_notebook(assignment), spec, grade)
    stubbed = _graded(release_notebook(assignment), spec, grade)
    for what, graded in (("the solution", solved), ("the untouched notebook", stubbed)):
        if graded.not_graded:
            errors.append(GateError(f"{what} could not be graded: {graded.not_graded}", place=path))
    if errors:
        return errors
    solution_verdicts = {verdict.grade_id: verdict for verdict in solved.verdicts}
    stub_verdicts = {verdict.grade_id: verdict for verdict in stubbed.verdicts}
    for number, cell in enumerate(assignment.cells, start=1):
        if cell.role is not Role.TEST:
            continue
        place = cell_place(path, max(cell.line - 1, 1), number, cell.name, cell.role)
        verdict = solution_verdicts.get(cell.name)
        if verdict is None or verdict.outcome not in (Outcome.PASSED, Outcome.PARTIAL) or verdict.score < cell.points:
            errors.append(GateError(_lost(verdict, cell.points), place=place, hint=_SOLUTION_HINT))
        elif verdict.seconds > spec.limits.cpu_s / 2:
            said(f"{place}: the solution takes {verdict.seconds:.1f} s; the limit is {spec.limits.cpu_s:g} s.")
        verdict = stub_verdicts.get(cell.name)
        if verdict is not None and verdict.score > 0:
            message = f"the untouched notebook earns {verdict.score:g} of {cell.points:g} points here."
            hint = "Assert something that only a student's own code can make true."
            errors.append(GateError(message, place=place, hint=hint))
    return errors


_SOLUTION_HINT = "Mend the solution or the test; students are graded with exactly this test and these limits."


def _graded(notebook: Mapping[str, object], spec: GradingSpec, grade: Grade) -> GradedSubmission:
    try:
        return grade(json.dumps(notebook).encode(), spec, {})
    except SandboxError as problem:
        raise SandboxError(
            f"the gates could not run: {problem.message}", place=problem.place or spec.assignment_id, hint=problem.hint
        ) from problem


def _lost(verdict: Verdict | None, points: float) -> str:
    if verdict is None:
        return f"the solution gets no verdict for this test of {points:g} points."
    text = verdict.detail or verdict.message
    reason = f"\n{_indent(text)}" if text else ""
    return f"the solution earns {verdict.score:g} of {points:g} points here: {verdict.outcome}.{reason}"


def _indent(text: str, most: int = 15) -> str:
    lines = text.rstrip().split("\n")
    return "\n".join(f"    {line}" for line in [*(["…"] if len(lines) > most else []), *lines[-most:]])


def leak_errors(
    files: Iterable[tuple[str, bytes]], assignments: Iterable[Assignment], paths: Mapping[str, str]
) -> list[CourseError]:
    """Look through every released file for lines of solutions and hidden tests.

    Args:
        files: (name for messages, content) of everything in ``release/``.
        assignments: the chapters whose secrets are looked for.
        paths: assignment id → name of its solution file for messages.
    """
    secrets = Secrets(assignments)
    places: dict[Secret, list[str]] = {}
    for name, data in files:
        for where, text in texts(name, data):
            for leak in secrets.leaks(text):
                places.setdefault(leak.secret, []).append(f"{name} ({where})" if where else f"{name}:{leak.line}")
    errors: list[CourseError] = []
    for secret, found in places.items():
        what = "the solution" if secret.kind is Kind.SOLUTION else "a hidden test"
        origin = f'{what} in {paths.get(secret.assignment_id, secret.assignment_id)} (cell "{secret.cell.name}")'
        more = list(dict.fromkeys(found))[1:]
        also = f" So do {', '.join(more[:4])}{' …' if len(more) > 4 else ''}." if more else ""
        message = f"tells what {origin} holds: {_short(secret.text)}{also}"
        errors.append(LeakError(message, place=found[0], hint=_LEAK_HINT))
    return errors


_LEAK_HINT = (
    "Say it in other words there. If students may see the line, have it in the public text of its own chapter too."
)


def _short(text: str, most: int = 160) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
