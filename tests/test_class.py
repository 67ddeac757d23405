"""The sample class: every student's story, graded, earns what the story says."""

from __future__ import annotations

import datetime
import html
import json
import re
from collections.abc import Mapping
from pathlib import Path

import html5lib
import pytest

from grader.authoring.release import grading_spec, load_assignment, release_notebook
from grader.course.config import load_config
from grader.course.model import GradedSubmission
from grader.errors import CourseError
from grader.execution.pool import Pool, Task
from grader.gradebook.store import SubmissionRow, VerdictRow
from grader.reports.feedback import Chapter, feedback_of
from grader.reports.pages import feedback_text
from grader.reports.public import HiddenTests
from grader.sample_class import SampleChapter, SampleStudent, built_notebook, hand_in, read_class, solutions

ROOT = Path(__file__).resolve().parent.parent
STUDENTS = read_class(ROOT / "samples")
CASES = [(student, chapter) for student in STUDENTS for chapter in student.chapters]


@pytest.fixture(scope="module")
def graded() -> Mapping[tuple[str, str], GradedSubmission]:
    """The whole class, graded once."""
    config = load_config(ROOT)
    chapters = sorted({chapter.assignment_id for _, chapter in CASES})
    specs = {chapter: grading_spec(config, chapter) for chapter in chapters}
    released = {chapter: release_notebook(load_assignment(config, chapter)) for chapter in chapters}
    solved = {chapter: solutions(config.layout, chapter) for chapter in chapters}

    def task(student: SampleStudent, chapter: SampleChapter) -> Task:
        notebook = built_notebook(chapter, released[chapter.assignment_id], solved[chapter.assignment_id])
        return Task(
            (student.student_id, chapter.assignment_id), json.dumps(notebook).encode(), specs[chapter.assignment_id]
        )

    # The long ones first: chapter 7 trains.
    tasks = [task(student, chapter) for student, chapter in sorted(CASES, key=lambda case: case[1].assignment_id)][::-1]
    with Pool(2) as pool:
        results = list(pool.map(tasks))
    assert [result.error for result in results if result.error] == []
    return {result.key: result.graded for result in results if result.graded is not None}


@pytest.mark.parametrize(
    ("student", "chapter"), CASES, ids=[f"{student.student_id}-{chapter.assignment_id}" for student, chapter in CASES]
)
def test_story(
    graded: Mapping[tuple[str, str], GradedSubmission], student: SampleStudent, chapter: SampleChapter
) -> None:
    """Each submission gets the score of its story, and loses exactly the grade cells that the story names."""
    result = graded[student.student_id, chapter.assignment_id]
    outcomes = {verdict.grade_id: str(verdict.outcome) for verdict in result.verdicts}
    assert chapter.surprises(outcomes, result.score) == []


@pytest.fixture(scope="module")
def chapters() -> Mapping[str, tuple[Chapter, frozenset[str]]]:
    """Each chapter as feedback sees it, and the long numbers and the lists of its hidden tests."""
    config = load_config(ROOT)
    found = {}
    for assignment_id in config.layout.assignment_ids():
        assignment = load_assignment(config, assignment_id)
        tests = HiddenTests.of(assignment)
        public = "\n".join(cell.source for cell in tests.cells)
        hidden = "\n".join(tests.lines)
        numbers = {number for number in re.findall(r"\d+\.\d{4,}", hidden) if number not in public}
        lists = {values for values in re.findall(r"\[[^\[\]\n]{7,}\]", hidden) if values not in public}
        sources = {cell.name: cell.source for cell in assignment.cells if cell.is_grade}
        found[assignment_id] = Chapter(assignment_id, "", "", tests, sources, {}), frozenset(numbers | lists)
    return found


@pytest.mark.parametrize(
    ("student", "chapter"), CASES, ids=[f"{student.student_id}-{chapter.assignment_id}" for student, chapter in CASES]
)
def test_page(
    graded: Mapping[tuple[str, str], GradedSubmission],
    chapters: Mapping[str, tuple[Chapter, frozenset[str]]],
    student: SampleStudent,
    chapter: SampleChapter,
) -> None:
    """Each student's feedback page holds no hidden line, input or expected value; it is valid HTML."""
    course, secrets = chapters[chapter.assignment_id]
    page = page_of(graded[student.student_id, chapter.assignment_id], course)
    html5lib.HTMLParser(strict=True).parse(page)
    notebook = graded[student.student_id, chapter.assignment_id].notebook
    own = {
        line.strip()
        for cell in notebook["cells"]
        if not cell["metadata"].get("nbgrader", {}).get("grade")
        for line in cell["source"].split("\n")
    }
    text = html.unescape(re.sub(r"<[^>]*>", "", page))
    for line in sorted(own, key=len, reverse=True):
        text = text.replace(line, "")
    assert [line for line in course.tests.lines if line in text] == []
    assert [secret for secret in secrets if secret in text] == []
    assert "HIDDEN TESTS" not in page


def page_of(result: GradedSubmission, course: Chapter) -> str:
    """A feedback page without a gradebook."""
    at = datetime.datetime(2026, 10, 5, tzinfo=datetime.UTC)
    row = SubmissionRow("ada", result.assignment_id, result.score, 0, None, 0, 0, 9, graded_at=at)
    verdicts = [
        VerdictRow(
            "ada", result.assignment_id, v.grade_id, v.outcome, v.score, None, None, v.max_score, False, v.message
        )
        for v in result.verdicts
    ]
    return feedback_text(feedback_of(course, row, verdicts, [], result.notebook))


def test_every_chapter_has_a_sample() -> None:
    """The class covers the course: each chapter is handed in, and fully right in at least two ways."""
    full = {(chapter.assignment_id, student.student_id) for student, chapter in CASES if not chapter.lost}
    for path in (ROOT / "source").glob("[0-9]*.py"):
        assert sum(assignment_id == path.stem for assignment_id, _ in full) >= 2, path.stem


class TestBuilding:
    """Submissions are built from the released notebook and the text of the story."""

    RELEASED = {  # noqa: RUF012
        "cells": [
            {"cell_type": "code", "id": "a", "metadata": {"nbgrader": {"grade_id": "one"}}, "source": "stub"},
            {
                "cell_type": "code",
                "id": "b",
                "metadata": {"nbgrader": {"grade_id": "test_one"}},
                "source": "assert one",
            },
        ]
    }

    def story(self, tmp_path: Path, text: str, start: str = "starter") -> SampleChapter:
        """Read a one-chapter story."""
        folder = tmp_path / "sample_x"
        folder.mkdir()
        told = f'story = "x"\nsame_in_nbgrader = true\n[chapters.c]\nstart = "{start}"\nscore = 1\n'
        (folder / "story.toml").write_text(told, encoding="utf-8")
        (folder / "c.py").write_text(text, encoding="utf-8")
        (student,) = read_class(tmp_path)
        return student.chapters[0]

    def test_cells_are_replaced_deleted_and_added(self, tmp_path: Path) -> None:
        """A header with a grade_id replaces that cell; do="delete" and after="…" do what they say."""
        text = (
            'For the reader.\n\n# %% one\none = 1\n# %% test_one do="delete"\n# %% note [markdown] after="one"\n# Hi\n'
        )
        cells = built_notebook(self.story(tmp_path, text), self.RELEASED)["cells"]
        assert [(cell["cell_type"], "".join(cell["source"])) for cell in cells] == [
            ("code", "one = 1"),
            ("markdown", "Hi"),
        ]
        assert self.RELEASED["cells"][0]["source"] == "stub"

    def test_start_from_the_solution(self, tmp_path: Path) -> None:
        """With start = "solution" the course's own solutions stand in the notebook."""
        cells = built_notebook(self.story(tmp_path, "", "solution"), self.RELEASED, {"one": "one = 7"})["cells"]
        assert cells[0]["source"] == ["one = 7"]

    def test_unknown_cell(self, tmp_path: Path) -> None:
        """A story whose chapter has changed says which cell is gone, with file and line."""
        chapter = self.story(tmp_path, "# %% two\npass\n")
        with pytest.raises(CourseError, match='there is no cell "two" in c') as problem:
            built_notebook(chapter, self.RELEASED)
        assert problem.value.place.endswith("c.py:1")

    def test_bad_header(self, tmp_path: Path) -> None:
        """A header that says nothing known is an error, not a cell."""
        with pytest.raises(CourseError, match="a header is like"):
            self.story(tmp_path, '# %% one when="now"\n')

    def test_surprises_name_what_differs(self) -> None:
        """Score and outcomes are compared with the story; several outcomes may be allowed."""
        chapter = SampleChapter("c", "starter", 2, {"test_b": "timeout or not_run"})
        assert chapter.surprises({"test_a": "passed", "test_b": "not_run"}, 2) == []
        assert chapter.surprises({"test_a": "failed", "test_b": "passed"}, 3) == [
            "c: 3 points, expected 2",
            "c: test_a failed, expected passed",
            "c: test_b passed, expected timeout or not_run",
        ]

    def test_hand_in_writes_nbgraders_layout(self, tmp_path: Path) -> None:
        """Notebook and timestamp stand where nbgrader collect would put them."""
        (tmp_path / "course_config.py").write_text(
            'c = get_config()\nc.Course.chapters = {"c": {"due": "2026-10-05 23:59 UTC"}}\n', encoding="utf-8"
        )
        (tmp_path / "source").mkdir()
        solved = '# %% one role="solution"\none = 1\n# %% test_one role="test" points=1\nassert one == 1\n'
        (tmp_path / "source" / "c.py").write_text(solved, encoding="utf-8")
        (tmp_path / "release" / "c").mkdir(parents=True)
        (tmp_path / "release" / "c" / "c.ipynb").write_text(json.dumps(self.RELEASED), encoding="utf-8")
        config = load_config(tmp_path)
        student = SampleStudent("ada", "", True, (SampleChapter("c", "solution", 1, {}, (), 2.5),))
        assert hand_in(student, config.layout, config) == [("ada", "c")]
        folder = tmp_path / "submitted" / "ada" / "c"
        assert json.loads((folder / "c.ipynb").read_text(encoding="utf-8"))["cells"][0]["source"] == ["one = 1"]
        assert (folder / "timestamp.txt").read_text(encoding="utf-8") == "2026-10-08 11:59:00 UTC\n"
