"""``grader demo``: a fresh copy of the course, its sample students graded, each story beside its score."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

SOURCE = '''\
# %% double role="solution"
def double(x):
    """Return twice x."""
    ### BEGIN SOLUTION
    return x * 2
    ### END SOLUTION
# %% test_double role="test" points=3
assert double(4) == 8, "two times 4 is 8"
### BEGIN HIDDEN TESTS
assert double(-7.5) == -15, "a negative number"
### END HIDDEN TESTS
'''


def story(text: str, score: int, lost: str = "") -> str:
    """The story of a student who hands in the only chapter."""
    return (
        f'story = "{text}"\nsame_in_nbgrader = true\n[chapters.01_double]\nstart = "starter"\nscore = {score}\n{lost}'
    )


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course of one exercise and two sample students; the second one's story expects too much."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "01_double.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "course_config.py").write_text("c = get_config()\n", encoding="utf-8")
    for name, answer, told in (
        ("sample_adds", "x + x", story("Adds it to itself.", 3)),
        ("sample_knows", "8", story("Returns what the visible test asks for.", 3)),
    ):
        folder = tmp_path / "samples" / name
        folder.mkdir(parents=True)
        (folder / "story.toml").write_text(told, encoding="utf-8")
        text = f"# %% double\ndef double(x):\n    return {answer}\n"
        (folder / "01_double.py").write_text(text, encoding="utf-8")
    return tmp_path


def demo(course: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run it as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "grader", "demo", *options],
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_stories_scores_and_what_differs(course: Path) -> None:
    """Each student's story stands below the score; one who gets something else is named, and the exit code is 1."""
    done = demo(course)
    assert "sample_adds                3 of 3, as expected\n    Adds it to itself.\n" in done.stdout
    assert "sample_knows               0 of 3\n    Returns what the visible test asks for.\n" in done.stdout
    assert "    ! 01_double: test_double failed, expected passed\n" in done.stdout
    assert done.stderr.endswith("1 of 2 sample students did not get what their story says.\n")
    assert done.returncode == 1

    told = story("Returns what the visible test asks for.", 0, 'lost = { test_double = "failed" }\n')
    (course / "samples" / "sample_knows" / "story.toml").write_text(told, encoding="utf-8")
    again = demo(course)
    assert "sample_knows               0 of 3, as expected\n" in again.stdout
    assert again.returncode == 0, again.stderr
    assert (course / "demo" / "autograded" / "sample_knows" / "01_double" / "01_double.ipynb").is_file()


def test_a_folder_of_somebody_else_is_left_alone(course: Path) -> None:
    """The demo replaces only what a demo made."""
    (course / "mine").mkdir()
    (course / "mine" / "thesis.txt").write_text("two years of work", encoding="utf-8")
    done = demo(course, "--folder", "mine")
    assert done.returncode == 2
    assert "the folder is not empty, and no earlier demo made it." in done.stderr
    assert (course / "mine" / "thesis.txt").read_text(encoding="utf-8") == "two years of work"


def test_a_course_without_samples(course: Path) -> None:
    """A course that has no sample students says so; nothing is made."""
    for path in course.glob("samples/*/story.toml"):
        path.unlink()
    done = demo(course)
    assert done.returncode == 1
    assert "there are no sample students." in done.stderr
    assert not (course / "demo").exists()
