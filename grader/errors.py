"""What can go wrong, as exceptions that say where, what and what to do.

::

    GraderError                 exit code 1
     ├─ CourseError             the author mends it
     │   ├─ ConfigError         course_config.py
     │   ├─ AnnotationError     a solution file in source/
     │   ├─ RosterError         a line of a roster
     │   ├─ GateError           a gate of ``grader generate``: solution, stub
     │   └─ LeakError           a hidden line would be published
     ├─ SubmissionError         an unreadable hand-in
     ├─ SandboxError            our machinery failed: no verdict is drawn from it
     │   └─ IsolationError      this machine does not offer the sandbox: nothing is graded
     ├─ ClusterError            no scheduler, no workers, or other versions on them
     ├─ GradebookError          locked, foreign or newer gradebook
     ├─ StorageError            a disk that is full, a folder that cannot be written: the run ends there
     └─ UsageProblem            exit code 2: unknown chapter or student, no course here

A student's wrong answer is never an exception: it is a ``Verdict``.
"""

from __future__ import annotations


class GraderError(Exception):
    """Anything the tool says to its user: ``place: message`` and, on its own line, what to do.

    Args:
        message: what happened, one sentence.
        place: file, line, cell or student; comes first so that editors can jump to it.
        hint: what to do about it.
    """

    exit_code = 1

    def __init__(self, message: str, *, place: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        head = f"{self.place}: {self.message}" if self.place else self.message
        return f"{head}\n{self.hint}" if self.hint else head

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling of exceptions.
        return (_rebuild, (type(self), self.message, self.place, self.hint))


def _rebuild(kind: type[GraderError], message: str, place: str, hint: str) -> GraderError:
    return kind(message, place=place, hint=hint)


class CourseError(GraderError):
    """The course itself is wrong; its author mends it."""


class ConfigError(CourseError):
    """``course_config.py`` cannot be read or says something impossible."""


class AnnotationError(CourseError):
    """A solution file breaks the annotation format."""


class RosterError(CourseError):
    """A line of a roster that cannot be imported."""


class GateError(CourseError):
    """A solution that does not earn its points, or a stub that does."""


class LeakError(CourseError):
    """A line of a solution or a hidden test would be published."""


class SubmissionError(GraderError):
    """What a student handed in cannot be read."""


class SandboxError(GraderError):
    """The machinery around the student process failed; no verdict is drawn from it."""


class IsolationError(SandboxError):
    """This machine does not offer the isolation that was asked for; nothing is graded without."""


class ClusterError(GraderError):
    """The cluster that was to grade cannot be used, or is gone."""


class GradebookError(GraderError):
    """The gradebook is locked, foreign, damaged or newer than this tool."""


class StorageError(GraderError):
    """A disk is full or broken, or a folder cannot be written: what comes next would fail in the same way."""


class UsageProblem(GraderError):  # noqa: N818 (not an error of the course or the tool)
    """A name that the course does not have, or no course at all."""

    exit_code = 2


class CourseErrors(CourseError):  # noqa: N818 (several)
    """Several author's mistakes at once, in file and line order."""

    def __init__(self, errors: list[CourseError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = errors

    def __reduce__(self) -> tuple[object, ...]:
        return (CourseErrors, (self.errors,))
