"""When a chapter is due: for the course, and for the last student who may still hand in."""

from __future__ import annotations

import datetime

from grader.course.config import CourseConfig
from grader.gradebook.store import Store


def due_date(store: Store, config: CourseConfig, assignment_id: str) -> datetime.datetime | None:
    """Return a chapter's due date in UTC: the configuration's, else the one that was set in formgrader."""
    return store.due_dates(assignment_id, due=config.chapter(assignment_id).due).due


def last_due_date(store: Store, config: CourseConfig, assignment_id: str) -> datetime.datetime | None:
    """Return when the last student has to hand in, extensions included; None if a chapter is never due.

    Until then a solution that is published would help somebody whose hand-in still counts.
    """
    return store.due_dates(assignment_id, due=config.chapter(assignment_id).due).last
