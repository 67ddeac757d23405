"""Agreement with stock nbgrader: the same score in every grade cell, the same rows, the same pages listed."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli.main import main
from grader.course.config import load_config
from grader.sample_class import hand_in, read_class

ROOT = Path(__file__).resolve().parent.parent
HONEST = [student for student in read_class(ROOT / "samples") if student.same_in_nbgrader]
LAST = "07_final_project"
FULL_LAST = {"sample_perfect", "sample_lookup"}
"""Chapter 7 trains for seconds in nbgrader's kernel, too: one right and one wrong answer to it are enough."""


def run_nbgrader(root, *arguments):
    """Run stock nbgrader as its users do, in a course folder."""
    environment = dict(os.environ, PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def read_gradebook(root):
    """Every grade of a gradebook: (student, assignment, grade cell) → what the person in front of formgrader sees."""
    from nbgrader.api import Gradebook

    grades = {}
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", course_id="mlp_from_scratch") as gradebook:
        for assignment in gradebook.assignments:
            for submission in gradebook.assignment_submissions(assignment.name):
                for notebook in submission.notebooks:
                    for grade in notebook.grades:
                        grades[submission.student.id, assignment.name, grade.name] = (
                            grade.auto_score,
                            grade.manual_score,
                            grade.needs_manual_grade,
                            grade.max_score,
                        )
    return grades


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """The honest part of the sample class, graded by us."""
    root = tmp_path_factory.mktemp("ours")
    for name in ("course_config.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "source", root / "source", ignore=lambda folder, names: [n for n in names if "." not in n])
    shutil.copytree(ROOT / "release", root / "release")
    result = CliRunner().invoke(main, ["--course", str(root), "generate", "--quiet"])
    assert result.exit_code == 0, result.output
    config = load_config(root)
    for student in HONEST:
        chapters = [c.assignment_id for c in student.chapters if c.assignment_id != LAST]
        hand_in(student, config.layout, config, [*chapters, *([LAST] if student.student_id in FULL_LAST else [])])
    result = CliRunner().invoke(main, ["--course", str(root), "autograde", "--quiet"])
    assert result.exit_code == 0, result.output
    return root


@pytest.fixture(scope="module")
def stock(ours, tmp_path_factory):
    """The same submissions, graded by nbgrader alone: a copy of the course without our configuration lines.

    A folder a chapter, two at a time, because nbgrader grades one after the other.
    """
    place = tmp_path_factory.mktemp("stock")
    chapters = sorted(path.stem for path in (ours / "source").glob("[0-9]*.py"))

    def grade(chapter):
        root = place / chapter
        shutil.copytree(ours / "source", root / "source")
        config = (ours / "course_config.py").read_text(encoding="utf-8")
        config = config[: config.index("c.Autograde.autograde_preprocessors")] + "c.Execute.timeout = 300\n"
        (root / "nbgrader_config.py").write_text(config, encoding="utf-8")
        (root / "course_config.py").write_text(config, encoding="utf-8")
        done = run_nbgrader(root, "generate_assignment", chapter)
        assert done.returncode == 0, done.stderr[-2000:]
        for folder in sorted((ours / "submitted").glob(f"*/{chapter}")):
            shutil.copytree(folder, root / "submitted" / folder.parent.name / chapter)
        done = run_nbgrader(root, "autograde", chapter)
        assert done.returncode == 0, done.stderr[-2000:]
        return root

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(grade, reversed(chapters)))


def test_same_score_in_every_grade_cell(ours, stock):
    """For honest submissions nbgrader's own autograde gives the same score, flags and maximum in every grade cell."""
    theirs = {}
    for root in stock:
        theirs |= read_gradebook(root)

    assert len(theirs) > 200
    assert theirs == read_gradebook(ours)


def test_formgrader_lists_the_submissions_as_autograded(ours):
    """In nbgrader's formgrader every submission is listed as autograded, with its score."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = str(ours)
    config.CourseDirectory.course_id = "mlp_from_scratch"
    api = NbGraderAPI(config=config)

    submissions = api.get_submissions("01_math_foundations")

    handed_in = {path.parent.name for path in (ours / "submitted").glob("*/01_math_foundations")}
    listed = {s["student"]: s for s in submissions if s["submitted"]}
    assert set(listed) == handed_in
    assert all(s["autograded"] and not s["needs_manual_grade"] for s in listed.values())
    assert listed["sample_perfect"]["score"] == 16
    assert listed["sample_half_done"]["score"] == 7.5


def test_validate_succeeds_on_a_right_notebook(ours, tmp_path):
    """A student's right notebook validates in release/, with the student's own earlier chapters beside it."""
    shutil.copytree(ours / "release", tmp_path / "work")
    for chapter in ("01_math_foundations", "02_single_neuron", "03_forward_pass"):
        shutil.copy(ours / "submitted" / "sample_perfect" / chapter / f"{chapter}.ipynb", tmp_path / "work" / chapter)

    done = run_nbgrader(tmp_path / "work" / "03_forward_pass", "validate", "03_forward_pass.ipynb")

    assert "Success! Your notebook passes all the tests." in done.stdout, done.stdout + done.stderr


def test_validate_names_the_unfinished_exercise(ours, tmp_path):
    """On the untouched release nbgrader validate fails, and the message is the stub's: the exercise by its name."""
    shutil.copytree(ours / "release", tmp_path / "work")

    done = run_nbgrader(tmp_path / "work" / "01_math_foundations", "validate", "01_math_foundations.ipynb")

    assert "vector_add: your code here" in done.stdout
    assert "Success" not in done.stdout
