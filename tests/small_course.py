"""A course of two small chapters, its submissions, and a pool that grades without running anything."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from grader.course.config import CourseConfig, load_config
from grader.course.model import GradedSubmission, Outcome, Verdict
from grader.execution.pool import Result, Task

CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "small"
c.Course.title = "A small course"
c.Course.chapters = {
    "01_add": {"title": "Adding", "points": 5, "due": "2026-10-05 23:59 UTC"},
    "02_mean": {"title": "Means", "points": 2},
}
c.Course.allowed_modules = ["stdlib", "chapters"]
"""

PLUGIN = """
c.Autograde.autograde_preprocessors = [
    "grader.nbgrader_plugin.Judge",
    "nbgrader.preprocessors.AssignLatePenalties",
]
c.AssignLatePenalties.plugin_class = "grader.nbgrader_plugin.CourseLatePolicy"
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "grader.nbgrader_plugin.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
"""

ADD = '''# %% [markdown]
# ## Adding
# %% imports role="setup"
import math
# %% add role="solution"
def add(a, b):
    """Return the sum of two numbers."""
    ### BEGIN SOLUTION
    return a + b
    ### END SOLUTION
# %% test_add role="test" points=2
assert add(1, 2) == 3, "1 + 2 = 3"
### BEGIN HIDDEN TESTS
assert add(-1987, 1987) == 0, "negative numbers"
### END HIDDEN TESTS
# %% twice role="solution"
def twice(a):
    """Return two times a number."""
    ### BEGIN SOLUTION
    return add(a, a)
    ### END SOLUTION
# %% test_twice role="test" points=1
### BEGIN HIDDEN TESTS
assert twice(2468) == 4936, "a large number"
### END HIDDEN TESTS
# %% [markdown] explain role="manual" points=2
# Why does the order of the two numbers not matter?
'''

MEAN = '''# %% setup role="setup"
from chapters import add
# %% mean role="solution"
def mean(numbers):
    """Return the arithmetic mean."""
    ### BEGIN SOLUTION
    total = 0
    for number in numbers:
        total = add(total, number)
    return total / len(numbers)
    ### END SOLUTION
# %% test_mean role="test" points=2
assert mean([1, 2, 3]) == 2, "(1 + 2 + 3) / 3 = 2"
### BEGIN HIDDEN TESTS
assert mean([1357.5]) == 1357.5, "a single number"
### END HIDDEN TESTS
'''

HIDDEN = ("add(-1987, 1987)", "twice(2468)", "mean([1357.5])")
"""What no student may ever see."""

SOLVED = {"add": "def add(a, b):\n    return a + b", "twice": "def twice(a):\n    return 2 * a"}
EXPLAINED = {"explain": "Because a sum has no order."}


def make_course(root: Path, *, config: str = CONFIG) -> CourseConfig:
    """Write the course's files and read its configuration."""
    (root / "source").mkdir(parents=True, exist_ok=True)
    (root / "course_config.py").write_text(config)
    (root / "nbgrader_config.py").write_text('load_subconfig("course_config.py")\n')
    (root / "source" / "01_add.py").write_text(ADD)
    (root / "source" / "02_mean.py").write_text(MEAN)
    return load_config(root)


def released(config: CourseConfig, chapter: str = "01_add") -> dict[str, Any]:
    """The notebook that students get."""
    from grader.authoring.release import load_assignment, release_notebook

    return release_notebook(load_assignment(config, chapter))


def answered(config: CourseConfig, answers: dict[str, str], chapter: str = "01_add", *, by: str = "") -> bytes:
    """The notebook of a student who wrote ``answers`` (cell name → source), like no other's with ``by``'s name in it."""
    notebook = released(config, chapter)
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = answers.get(name, cell["source"])
        if by and name in answers and cell["cell_type"] == "code":
            cell["source"] += f"\n# {by!a}"
    return json.dumps(notebook).encode()


def hand_in(
    config: CourseConfig,
    student: str,
    chapter: str = "01_add",
    notebook: bytes | None = None,
    timestamp: str = "2026-10-05 12:00:00.000000 UTC",
) -> Path:
    """Put a submission where nbgrader's collect would put it; returns its folder."""
    path = config.layout.submitted_notebook(student, chapter)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(answered(config, SOLVED, chapter, by=student) if notebook is None else notebook)
    if timestamp:
        (path.parent / "timestamp.txt").write_text(timestamp)
    return path.parent


def verdict(grade_id: str, outcome: Outcome, points: float, earned: float | None = None, **more: Any) -> Verdict:
    """A verdict; a passed one earns all points."""
    score = earned if earned is not None else points if outcome is Outcome.PASSED else 0.0
    return Verdict(grade_id, outcome, score, points, **more)


def graded(*outcomes: Outcome, unchanged: Iterable[str] = (), repairs: Iterable[str] = ()) -> GradedSubmission:
    """A graded submission of chapter 1: outcomes of test_add and test_twice, passed if not given."""
    add, twice = [*outcomes, Outcome.PASSED, Outcome.PASSED][:2]
    verdicts = (
        verdict("test_add", add, 2.0, message="" if add is Outcome.PASSED else "1 + 2 = 3", detail="got 4"),
        verdict("test_twice", twice, 1.0, message="" if twice is Outcome.PASSED else "a large number"),
        verdict("explain", Outcome.MANUAL, 2.0),
    )
    notebook: dict[str, Any] = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return GradedSubmission(
        "01_add", notebook, verdicts, unchanged=frozenset(unchanged), repairs=tuple(repairs), cpu_s=0.25, wall_s=0.5
    )


class FakePool:
    """A pool that answers without grading, and remembers what it was asked."""

    def __init__(self, answer: Callable[[Task], GradedSubmission | str] | None = None) -> None:
        self.answer = answer or (lambda task: graded())
        self.asked: list[tuple[str, str]] = []
        self.opened = 0

    def stand_in(self, *_: object, **__: object) -> contextlib.AbstractContextManager[FakePool]:
        """In place of ``grading_pool``."""
        return contextlib.nullcontext(self)

    @contextlib.contextmanager
    def __call__(self) -> Iterator[FakePool]:
        """Open it."""
        self.opened += 1
        yield self

    def map(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """Answer task by task."""
        for task in tasks:
            self.asked.append(task.key)
            answer = self.answer(task)
            if isinstance(answer, str):
                yield Result(task.key, None, answer)
            else:
                yield Result(task.key, answer)


def nbgrader(config: CourseConfig, *args: str) -> subprocess.CompletedProcess[str]:
    """Run nbgrader's own command in the course folder."""
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *args],
        cwd=config.root,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": ":".join(sys.path),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
    )
