"""The values that flow through the tool, as frozen dataclasses of plain data.

``CourseCell`` → ``Assignment`` → ``GradingSpec`` → ``GradedSubmission`` (its ``Verdict`` values) → scores and reports.
Nothing here reads a file or knows a folder. Everything is JSON-able, so that grading can run in another process or on
another machine without pickles.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any


class Role(enum.StrEnum):
    """What a cell of a solution file is for (its ``role="..."`` header key)."""

    SOLUTION = "solution"
    TEST = "test"
    SETUP = "setup"
    MANUAL = "manual"
    FREE = "free"


class Outcome(enum.StrEnum):
    """How a grade cell ended. Only ``PASSED`` earns points (``PARTIAL`` where the author said ``partial``)."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    ERROR = "error"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    NOT_RUN = "not_run"
    MANUAL = "manual"


ISOLATIONS = ("auto", "namespaces", "process")
"""How student code is shut in: by all that Linux has; the same, but Landlock may be missing; without namespaces."""


ACCEPTED = "accepted"
"""``GradedSubmission.first_pass`` of a submission that CPython has not seen."""


@dataclasses.dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python interpreter other than the one that runs this tool, for a first pass; see ``execution.first_pass``.

    Args:
        path: where it is, on every machine that grades.
        version: what it says that it is.
    """

    path: str
    version: str


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """What one submission may use; enforced from outside the student process.

    ``cpu_s`` and ``wall_s`` count for one cell; the ``submission_*`` ones for the whole notebook.
    """

    cpu_s: float = 10.0
    submission_cpu_s: float = 300.0
    memory_bytes: int = 1 << 30
    processes: int = 16
    open_files: int = 64
    file_bytes: int = 16 << 20
    output_bytes: int = 1 << 20
    message_bytes: int = 32 << 20
    grace_s: float = 5.0

    @property
    def wall_s(self) -> float:
        """Wall-clock seconds for one cell: ``4 * cpu_s + 5`` (a busy machine is not the student's fault)."""
        return 4 * self.cpu_s + self.grace_s

    @property
    def submission_wall_s(self) -> float:
        """Wall-clock seconds for the whole notebook."""
        return 4 * self.submission_cpu_s + self.grace_s


@dataclasses.dataclass(frozen=True, slots=True)
class CourseCell:
    """One cell of an annotated solution file, as its author wrote it (markers included).

    ``name`` is the nbgrader ``grade_id`` (empty for a free cell without a title); ``points`` is 0 except for tests and
    manual cells; ``line`` is the 1-based line of the first source line in the solution file.
    """

    name: str
    role: Role
    source: str
    cell_type: str = "code"
    points: float = 0.0
    partial: bool = False
    line: int = 0

    @property
    def is_grade(self) -> bool:
        """True for cells that carry points."""
        return self.role in (Role.TEST, Role.MANUAL)


@dataclasses.dataclass(frozen=True, slots=True)
class Assignment:
    """One chapter: its id (the file stem) and its cells in order."""

    assignment_id: str
    cells: tuple[CourseCell, ...]
    title: str = ""

    @property
    def max_score(self) -> float:
        """The chapter's points."""
        return sum(cell.points for cell in self.cells if cell.is_grade)


@dataclasses.dataclass(frozen=True, slots=True)
class GradingSpec:
    """All that grading a submission of one chapter needs, as text.

    Args:
        assignment_id: the chapter.
        cells: the chapter's cells, hidden tests included. Solution cells hold the *released* source (the stub).
        solution_names: names that the course's solution cells bind by ``def``, ``class`` or assignment.
        reference: ``(assignment_id, python source)`` of every strictly earlier chapter, oldest first: its setup and
            solution cells, complete. They become the module ``chapters``.
        allowed_modules: top-level or dotted module names that a student's cell may import; ``None`` allows all.
            ``"stdlib"`` stands for the whole standard library.
        solution_uses: names that the author's solutions read: a list or dict of a setup cell that is among them is
            shared with the student's code; one that is not is a test's own.
        seed: ``random.seed`` of the student process and, before each grade cell, of the judge.
        solutions: ``(name, source)`` of the author's solution cells: what their notebook shows is public, and a student
            whose notebook shows the same has told nothing. They never come near a student process of a submission.
        first_pass: an interpreter whose word counts where it finds full marks; None for none.
    """

    assignment_id: str
    cells: tuple[CourseCell, ...]
    solution_names: frozenset[str]
    reference: tuple[tuple[str, str], ...] = ()
    allowed_modules: tuple[str, ...] | None = None
    limits: Limits = Limits()
    seed: int = 0
    solution_uses: frozenset[str] = frozenset()
    solutions: tuple[tuple[str, str], ...] = ()
    first_pass: Interpreter | None = None

    @property
    def grade_points(self) -> dict[str, float]:
        """The points of each grade cell, by grade_id."""
        return {cell.name: cell.points for cell in self.cells if cell.is_grade}

    def to_plain(self) -> dict[str, Any]:
        """The spec as JSON-able data; ``from_plain`` is the way back."""
        return dataclasses.asdict(self) | {
            "solution_names": sorted(self.solution_names),
            "solution_uses": sorted(self.solution_uses),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> GradingSpec:
        """The spec that ``to_plain`` wrote down."""
        allowed = plain["allowed_modules"]
        return cls(
            assignment_id=plain["assignment_id"],
            cells=tuple(CourseCell(**{**cell, "role": Role(cell["role"])}) for cell in plain["cells"]),
            solution_names=frozenset(plain["solution_names"]),
            reference=tuple((part[0], part[1]) for part in plain["reference"]),
            allowed_modules=None if allowed is None else tuple(allowed),
            limits=Limits(**plain["limits"]),
            seed=plain["seed"],
            solution_uses=frozenset(plain["solution_uses"]),
            solutions=tuple((part[0], part[1]) for part in plain["solutions"]),
            first_pass=Interpreter(**plain["first_pass"]) if plain.get("first_pass") else None,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """The judge's word on one grade cell.

    ``message`` is what the student may read; ``detail`` is for graders only and never reaches feedback.
    """

    grade_id: str
    outcome: Outcome
    score: float
    max_score: float
    message: str = ""
    detail: str = ""
    seconds: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class GradedSubmission:
    """What ``grade`` returns.

    Args:
        notebook: the executed notebook (nbformat 4.5 dict, hidden tests included), ready for ``autograded/``;
            empty when nothing could be read.
        verdicts: one for each grade cell of the course, in course order; empty when not graded.
        unchanged: names of solution and manual cells that the student left as released (nbgrader: "No response.").
        repairs: what was put right in a damaged notebook, one sentence each.
        not_graded: why nothing could be graded, or empty.
        wall_timeouts: grade ids that passed only their wall limit; such a submission is graded again, alone.
        cpu_s: CPU seconds of the student process and its children; ``wall_s`` of the whole grading.
        interpreter: which one the student's code ran in.
        first_pass: ``accepted``, or why a first pass by another interpreter did not count; empty if there was none.
    """

    assignment_id: str
    notebook: Mapping[str, Any]
    verdicts: tuple[Verdict, ...]
    unchanged: frozenset[str] = frozenset()
    repairs: tuple[str, ...] = ()
    not_graded: str = ""
    wall_timeouts: tuple[str, ...] = ()
    cpu_s: float = 0.0
    wall_s: float = 0.0
    interpreter: str = ""
    first_pass: str = ""

    @property
    def score(self) -> float:
        """Points earned automatically."""
        return sum(verdict.score for verdict in self.verdicts)

    @property
    def max_score(self) -> float:
        """Points there were to earn."""
        return sum(verdict.max_score for verdict in self.verdicts)

    def to_plain(self) -> dict[str, Any]:
        """The result as JSON-able data; ``from_plain`` is the way back."""
        return {
            "assignment_id": self.assignment_id,
            "notebook": dict(self.notebook),
            "verdicts": [dataclasses.asdict(verdict) for verdict in self.verdicts],
            "unchanged": sorted(self.unchanged),
            "repairs": list(self.repairs),
            "not_graded": self.not_graded,
            "wall_timeouts": list(self.wall_timeouts),
            "cpu_s": self.cpu_s,
            "wall_s": self.wall_s,
            "interpreter": self.interpreter,
            "first_pass": self.first_pass,
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> GradedSubmission:
        """The result that ``to_plain`` wrote down."""
        return cls(
            assignment_id=plain["assignment_id"],
            notebook=plain["notebook"],
            verdicts=tuple(Verdict(**{**v, "outcome": Outcome(v["outcome"])}) for v in plain["verdicts"]),
            unchanged=frozenset(plain["unchanged"]),
            repairs=tuple(plain["repairs"]),
            not_graded=plain["not_graded"],
            wall_timeouts=tuple(plain["wall_timeouts"]),
            cpu_s=plain["cpu_s"],
            wall_s=plain["wall_s"],
            interpreter=plain["interpreter"],
            first_pass=plain["first_pass"],
        )
