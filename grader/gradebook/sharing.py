"""Hand-ins that are the same byte for byte are graded once in a run: a release handed in as it was, a group's work.

What a score depends on is the same for them (that is what their digest says), so that the score must be, too: two
students with one file and different points could not be defended.
"""

from __future__ import annotations

import collections
import dataclasses
from typing import Generic, TypeVar

from grader.course.model import GradedSubmission

MAX_KEPT = 8 << 20
"""Characters of graded notebooks that are kept for the next hand-ins like them."""
MAX_WAITING = 50
"""So many hand-ins wait for the result of one like them; one more is graded itself."""

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Grade:
    """What grading a student's hand-in gave, without its notebook.

    ``text`` is that notebook as it is written, empty if there is none.
    """

    student_id: str
    graded: GradedSubmission
    text: str = ""


class Sharing(Generic[T]):
    """Which hand-ins of a run wait for the result of another, and the results of the last ones, by digest."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[T]] = {}
        self._kept: collections.OrderedDict[str, Grade] = collections.OrderedDict()
        self._size = 0

    def begin(self, digest: str) -> None:
        """One is being graded now; others like it may wait."""
        self._waiting.setdefault(digest, [])

    def waits(self, digest: str, handin: T) -> bool:
        """Let a hand-in wait for one like it; False if none is being graded, or too many wait already."""
        waiting = self._waiting.get(digest)
        if waiting is None or len(waiting) >= MAX_WAITING:
            return False
        waiting.append(handin)
        return True

    def end(self, digest: str, grade: Grade | None) -> list[T]:
        """One has been graded; keep the result, if there is one, and give what has waited for it."""
        if grade is not None and digest not in self._kept:
            self._kept[digest] = grade
            self._size += len(grade.text)
            while self._size > MAX_KEPT and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                self._size -= len(oldest.text)
        return self._waiting.pop(digest, [])

    def known(self, digest: str) -> Grade | None:
        """The result of one like it, if it is still kept."""
        grade = self._kept.get(digest)
        if grade is not None:
            self._kept.move_to_end(digest)
        return grade
