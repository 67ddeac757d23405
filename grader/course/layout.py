"""From ids to paths: the only module that knows folder names.

The layout is nbgrader's::

    source/<id>.py                          an annotated solution file, the only place course content is edited
    source/<id>/<id>.ipynb                  nbgrader's source notebook (generated)
    release/<id>/                           what students get (generated)
    submitted/<student>/<id>/<id>.ipynb     what a student handed in
    autograded/<student>/<id>/<id>.ipynb    the graded notebook
    feedback/<student>/<id>/                what goes back to the student

Ours beside it::

    collected/<student>/<id>/<time>-<hash>/ every version that a student handed in, as it came
    collected/.aside/                       what could not be collected
    handouts/<id>.zip                       a chapter to be put into an LMS
"""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

from grader.errors import UsageProblem

CONFIG_NAME = "course_config.py"
"""The file that makes a folder a course."""

CHAPTERS_MODULE = "chapters"
"""``source/chapters.py`` gives a chapter the names of earlier ones; it is no assignment."""

_ASSIGNMENT_ID = re.compile(r"[A-Za-z0-9_-]+")


def find_course(start: Path) -> Path:
    """Return the course folder that ``start`` lies in: the nearest one, upwards, with a ``course_config.py``.

    Raises:
        UsageProblem: there is none.
    """
    try:
        place = start.resolve()
    except (OSError, RuntimeError) as problem:  # a loop of links, a folder that was removed under us
        raise UsageProblem(f"cannot be read: {problem}", place=str(start)) from problem
    for folder in (place, *place.parents):
        if (folder / CONFIG_NAME).is_file():
            return folder
    raise UsageProblem(
        f"no course here: neither this folder nor one above it has a {CONFIG_NAME}.",
        place=str(place),
        hint="Change into the course folder, or name it: grader --course DIR …",
    )


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where things are in the course folder ``root``.

    The folder names are nbgrader's defaults; a course that renamed them (``c.CourseDirectory.submitted_directory``)
    passes its own.
    """

    root: Path
    source: str = "source"
    release: str = "release"
    submitted: str = "submitted"
    autograded: str = "autograded"
    feedback: str = "feedback"

    # -- what authors edit ---

    @property
    def config_file(self) -> Path:
        """The course's configuration."""
        return self.root / CONFIG_NAME

    @property
    def source_root(self) -> Path:
        """The folder of the annotated solution files."""
        return self.root / self.source

    @property
    def chapters_module(self) -> Path:
        """``source/chapters.py``, copied beside every notebook that students get."""
        return self.source_root / f"{CHAPTERS_MODULE}.py"

    def solution_file(self, assignment_id: str) -> Path:
        """The annotated solution file of a chapter."""
        return self.source_root / f"{assignment_id}.py"

    def assignment_ids(self) -> list[str]:
        """The chapters, in order: the sorted stems of the solution files."""
        try:
            with os.scandir(self.source_root) as entries:
                names = [entry.name for entry in entries if entry.name.endswith(".py") and entry.is_file()]
        except OSError:
            return []
        stems = (name.removesuffix(".py") for name in names)
        return sorted(stem for stem in stems if _is_assignment_id(stem))

    # -- what is made from it ---

    def source_dir(self, assignment_id: str) -> Path:
        """The folder of a chapter's nbgrader source notebook (generated)."""
        return self.source_root / assignment_id

    def source_notebook(self, assignment_id: str) -> Path:
        """A chapter's nbgrader source notebook (generated)."""
        return self.source_dir(assignment_id) / f"{assignment_id}.ipynb"

    @property
    def release_root(self) -> Path:
        """The folder of everything that students get."""
        return self.root / self.release

    def release_dir(self, assignment_id: str) -> Path:
        """What students get of a chapter."""
        return self.release_root / assignment_id

    @property
    def handouts_root(self) -> Path:
        """The folder of what is published by other ways than nbgrader's exchange: a zip a chapter."""
        return self.root / "handouts"

    # -- what students hand in, and what becomes of it ---

    @property
    def submitted_root(self) -> Path:
        """The folder of all submissions, one folder a student."""
        return self.root / self.submitted

    def submitted_dir(self, student_id: str, assignment_id: str) -> Path:
        """What a student handed in for a chapter."""
        return self.submitted_root / student_id / assignment_id

    def submitted_notebook(self, student_id: str, assignment_id: str) -> Path:
        """The notebook that a student handed in for a chapter."""
        return self.submitted_dir(student_id, assignment_id) / f"{assignment_id}.ipynb"

    def submissions(self, assignment_id: str) -> list[str]:
        """Sorted ids of the students who have a folder for the chapter, whatever is in it, or may have one.

        A student's folder that we may not look into counts: that it cannot be graded has to be said.
        """
        return [
            student_id for student_id in self.students() if _may_exist(self.submitted_dir(student_id, assignment_id))
        ]

    def students(self) -> list[str]:
        """Sorted ids of all students who have a folder in ``submitted/``."""
        try:
            with os.scandir(self.submitted_root) as entries:
                return sorted(entry.name for entry in entries if not entry.name.startswith(".") and _is_folder(entry))
        except OSError:
            return []

    @property
    def collected_root(self) -> Path:
        """The folder of everything that was ever handed in; nothing in it is changed."""
        return self.root / "collected"

    def collected_dir(self, student_id: str, assignment_id: str) -> Path:
        """All versions of a chapter that a student handed in."""
        return self.collected_root / student_id / assignment_id

    @property
    def aside_root(self) -> Path:
        """What was found in an upload and could not be collected."""
        return self.collected_root / ".aside"

    @property
    def removed_root(self) -> Path:
        """The files of students who were removed from the course with their submissions."""
        return self.collected_root / ".removed"

    @property
    def autograded_root(self) -> Path:
        """The folder of all graded notebooks."""
        return self.root / self.autograded

    def autograded_dir(self, student_id: str, assignment_id: str) -> Path:
        """The graded notebook of a chapter and what lies beside it."""
        return self.autograded_root / student_id / assignment_id

    def autograded_notebook(self, student_id: str, assignment_id: str) -> Path:
        """The graded notebook of a chapter; it holds the hidden tests."""
        return self.autograded_dir(student_id, assignment_id) / f"{assignment_id}.ipynb"

    @property
    def feedback_root(self) -> Path:
        """The folder of all feedback."""
        return self.root / self.feedback

    def feedback_dir(self, student_id: str, assignment_id: str) -> Path:
        """What goes back to a student for a chapter."""
        return self.feedback_root / student_id / assignment_id

    # -- what the tool keeps ---

    @property
    def gradebook_path(self) -> Path:
        """The gradebook, unless the course names another database."""
        return self.root / "gradebook.db"

    @property
    def collect_lock(self) -> Path:
        """Held by the one command that may change ``submitted/`` and ``collected/``."""
        return self.state_dir / "collect.lock"

    @property
    def state_dir(self) -> Path:
        """Proofs and caches; nothing in it is the only copy of anything."""
        return self.root / ".grader"


def _is_assignment_id(stem: str) -> bool:
    return bool(_ASSIGNMENT_ID.fullmatch(stem)) and stem != CHAPTERS_MODULE and not stem.startswith(("_", "test_"))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _may_exist(path: Path) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True
