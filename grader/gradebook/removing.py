"""The files of a student who leaves: moved out of the way, never deleted."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

from grader.course.layout import Layout
from grader.course.roster import student_id_problem
from grader.errors import GraderError


def folders_of(layout: Layout, student_id: str) -> list[Path]:
    """Return the folders that a student has in the course."""
    if student_id_problem(student_id):
        return []
    roots = (layout.submitted_root, layout.autograded_root, layout.feedback_root, layout.collected_root)
    return [root / student_id for root in roots if (root / student_id).is_dir()]


def move_away(layout: Layout, student_id: str, now: datetime.datetime) -> Path:
    """Move a student's folders to ``collected/.removed/`` and return where they are now.

    Raises:
        GraderError: one cannot be moved; run again, the rest follows.
    """
    place = layout.removed_root / f"{student_id}-{now:%Y%m%dT%H%M%S%fZ}"
    try:
        place.mkdir(parents=True)
        for folder in folders_of(layout, student_id):
            os.replace(folder, place / folder.parent.name)
    except OSError as problem:
        raise GraderError(
            f"cannot be moved: {problem.strerror or problem}.",
            place=str(problem.filename or place),
            hint="Make the folders writable for you, then run this again.",
        ) from problem
    return place
