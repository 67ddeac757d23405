import os

import pytest

from grader.course.layout import Layout, find_course
from grader.errors import UsageProblem


def test_a_course_is_found_from_inside(tmp_path):
    """From any folder below, the nearest course upwards."""
    (tmp_path / "course_config.py").write_text("")
    inner = tmp_path / "source" / "deep"
    inner.mkdir(parents=True)
    assert find_course(inner) == tmp_path
    (inner / "course_config.py").write_text("")
    assert find_course(inner) == inner


def test_no_course_is_said_with_the_way_out(tmp_path):
    """Exit code 2, and what to do."""
    with pytest.raises(UsageProblem, match="--course DIR") as caught:
        find_course(tmp_path)
    assert caught.value.exit_code == 2
    assert str(tmp_path) in str(caught.value)


def test_chapters_are_the_solution_files_in_order(tmp_path):
    """Helpers, tests, the chapters module, folders and foreign files are none."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("02_b.py", "01_a.py", "extra-1.py", "chapters.py", "_helper.py", "test_a.py", "notes.txt", "a b.py"):
        (source / name).write_text("")
    (source / "03_folder.py").mkdir()
    assert Layout(tmp_path).assignment_ids() == ["01_a", "02_b", "extra-1"]


def test_a_course_without_a_source_folder_has_no_chapters(tmp_path):
    """An empty course is no error yet."""
    assert Layout(tmp_path).assignment_ids() == []
    assert Layout(tmp_path).submissions("01_a") == []


def test_submissions_are_all_that_students_left(tmp_path):
    """Every student with something called like the chapter, even if it is no folder: none may be lost silently."""
    layout = Layout(tmp_path)
    for student in ("bob", "ada", ".hidden", "Zoë"):
        layout.submitted_dir(student, "01_a").mkdir(parents=True)
    (tmp_path / "submitted" / "carl").mkdir()
    (tmp_path / "submitted" / "carl" / "01_a").write_text("a file")
    os.symlink("nowhere", tmp_path / "submitted" / "ada" / "02_b")
    (tmp_path / "submitted" / "README.md").write_text("")
    assert layout.submissions("01_a") == ["Zoë", "ada", "bob", "carl"]
    assert layout.submissions("02_b") == ["ada"]
    assert layout.submissions("03_c") == []


def test_a_folder_that_may_not_be_looked_into_counts(tmp_path, monkeypatch):
    """What is in it cannot be graded, and somebody has to say so."""
    for student in ("ada", "bob", "cem"):
        (tmp_path / "submitted" / student).mkdir(parents=True)
    (tmp_path / "submitted" / "ada" / "01_add").mkdir()
    look = os.lstat

    def lstat(path, **more):
        if "bob" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return look(path, **more)

    monkeypatch.setattr(os, "lstat", lstat)
    assert Layout(tmp_path).submissions("01_add") == ["ada", "bob"]


def test_paths_are_nbgraders(tmp_path):
    """So that nbgrader and formgrader work in the same folder."""
    layout = Layout(tmp_path)
    expected = {
        layout.solution_file("a"): "source/a.py",
        layout.source_notebook("a"): "source/a/a.ipynb",
        layout.release_dir("a"): "release/a",
        layout.submitted_notebook("s", "a"): "submitted/s/a/a.ipynb",
        layout.autograded_notebook("s", "a"): "autograded/s/a/a.ipynb",
        layout.feedback_dir("s", "a"): "feedback/s/a",
        layout.gradebook_path: "gradebook.db",
    }
    assert {path.relative_to(tmp_path).as_posix() for path in expected} == set(expected.values())
