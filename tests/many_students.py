"""A large class, written straight into the gradebook: every student an ability, every grade cell a difficulty."""

from __future__ import annotations

import datetime
import math
import random

from grader.authoring.release import grading_spec
from grader.course.config import CourseConfig
from grader.course.model import GradedSubmission, Outcome, Role, Verdict
from grader.gradebook.store import ScoredSubmission, Store

MESSAGES = (
    "the shape of the answer: expected {n} rows, got {m}",
    "negative numbers",
    "NotImplementedError: your code here",
    "NameError: name 'total_{n}' is not defined",
    "expected {n}.5, got nan",
)


def write_class(
    store: Store, config: CourseConfig, n_students: int, *, chapters: list[str] | None = None, seed: int = 1
) -> None:
    """Write a graded submission of most students for each chapter, the same for the same seed."""
    draw = random.Random(seed)
    ability = {f"student{number:04d}": draw.gauss(0.4, 1.0) for number in range(n_students)}
    names = chapters or config.layout.assignment_ids()
    for position, name in enumerate(names):
        cells = [cell for cell in grading_spec(config, name).cells if cell.is_grade]
        store.sync_assignment(name, grading_spec(config, name).cells, due=config.chapter(name).due)
        difficulty = {cell.name: draw.gauss(-0.8 + 0.15 * position, 0.8) for cell in cells}
        due = config.chapter(name).due or datetime.datetime(2026, 10, 5, tzinfo=datetime.UTC)
        batch = []
        for student_id, level in ability.items():
            if draw.random() < 0.03 + 0.02 * position:
                continue
            at = due - datetime.timedelta(hours=draw.gauss(30, 25))
            if draw.random() < 0.01:
                graded = GradedSubmission(name, {}, (), not_graded="it is not JSON.")
            else:
                verdicts = tuple(_verdict(draw, cell, level - difficulty[cell.name]) for cell in cells)
                cpu_s = math.exp(draw.gauss(-3 + 0.5 * position, 0.6))
                graded = GradedSubmission(name, {}, verdicts, cpu_s=cpu_s, wall_s=cpu_s * 1.2 + 0.05)
            batch.append(ScoredSubmission(student_id, graded, at))
        store.write_batch(batch)


def _verdict(draw: random.Random, cell, margin: float) -> Verdict:
    if cell.role is Role.MANUAL:
        return Verdict(cell.name, Outcome.MANUAL, 0.0, cell.points)
    if draw.random() < 1 / (1 + math.exp(-1.7 * margin)):
        return Verdict(cell.name, Outcome.PASSED, cell.points, cell.points, seconds=0.01)
    outcome = draw.choice([Outcome.FAILED, Outcome.FAILED, Outcome.FAILED, Outcome.ERROR, Outcome.TIMEOUT])
    message = draw.choice(MESSAGES).format(n=draw.randint(1, 999), m=draw.randint(1, 999))
    return Verdict(cell.name, outcome, 0.0, cell.points, message=message, seconds=0.01)
