from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_course import ADD, HIDDEN, MEAN

from grader.authoring import publish
from grader.cli.main import main
from grader.course.config import load_config
from grader.errors import CourseErrors, GraderError, UsageProblem

CHAPTERS = Path(__file__).parent.parent / "source" / "chapters.py"


def run(config, *arguments):
    """Run ``grader generate`` in a course."""
    return CliRunner().invoke(main, ["--course", str(config.root), "generate", *arguments])


def files(config, *folders):
    """Every file in some folders of the course: name → content."""
    return {
        path.relative_to(config.root).as_posix(): path.read_bytes()
        for folder in folders or ("release", "source")
        for path in sorted((config.root / folder).rglob("*"))
        if path.is_file()
    }


def edit(config, name, old, new):
    """Replace text in a solution file."""
    path = config.layout.solution_file(name)
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


# -- what is made ---


def test_generate_makes_everything(generated):
    """Student versions, nbgrader's notebooks, README, lesson and proof are there; the gradebook knows the chapters."""
    from grader.gradebook.store import open_gradebook

    names = set(files(generated, "release"))
    assert names == {
        *("release/README.md", "release/lesson.md", "release/.proof.json"),
        *(f"release/01_add/{name}" for name in ("01_add.ipynb", "01_add.py", "test_01_add.py", "chapters.py")),
        *(f"release/02_mean/{name}" for name in ("02_mean.ipynb", "02_mean.py", "test_02_mean.py", "chapters.py")),
    }
    assert generated.layout.source_notebook("01_add").is_file()
    assert (generated.layout.source_dir("01_add") / "chapters.py").read_bytes() == CHAPTERS.read_bytes()
    with open_gradebook(generated) as store:
        rows = {row.assignment_id: row for row in store.assignments()}
    assert {name: row.max_score for name, row in rows.items()} == {"01_add": 5.0, "02_mean": 2.0}
    assert rows["01_add"].due is not None


def test_nothing_hidden_is_in_release(generated):
    """No released file tells a hidden test or a solution; the source notebooks do, they are nbgrader's."""
    released = b"\n".join(files(generated, "release").values()).decode()
    assert not [line for line in (*HIDDEN, "return a + b", "total / len(numbers)") if line in released]
    assert HIDDEN[0] in generated.layout.source_notebook("01_add").read_text()


def test_a_second_run_changes_nothing(generated):
    """Generating twice gives the same bytes, touches no file, and says so."""
    before = files(generated)
    times = {path: (generated.root / path).stat().st_mtime_ns for path in before}
    result = run(generated)
    assert result.exit_code == 0, result.output
    assert result.stdout == "2 chapters, 7 points; 0 files changed\n"
    assert files(generated) == before
    assert times == {path: (generated.root / path).stat().st_mtime_ns for path in before}


def test_the_readme_and_the_lesson(generated):
    """Students read what there is, where it is and what it is worth; the lesson has every chapter's text and stubs."""
    readme = (generated.layout.release_root / "README.md").read_text()
    assert "2 chapters, 7 points." in readme
    assert "| [01_add](01_add/) | Adding | `add` `twice` | 5 |" in readme
    assert "chapters.py" in readme
    lesson = (generated.layout.release_root / "lesson.md").read_text()
    assert "# A small course: the lesson" in lesson
    assert 'raise NotImplementedError("mean: your code here")' in lesson
    assert "*Answer in the notebook: explain, 2 points.*" in lesson
    assert "- *Test* `test_mean` (2 points)" in lesson


# -- check ---


def test_check_needs_only_source_and_release(generated, tmp_path, monkeypatch):
    """A fresh clone is fresh: no gradebook, no generated notebooks in source/, no judge, nothing written."""
    clone = tmp_path / "clone"
    clone.mkdir()
    shutil.copytree(generated.layout.release_root, clone / "release")
    (clone / "source").mkdir()
    for path in generated.layout.source_root.glob("*.py"):
        shutil.copy(path, clone / "source")
    shutil.copy(generated.layout.config_file, clone)
    monkeypatch.setattr("grader.authoring.publish.real_grade", None)
    before = files(load_config(clone), ".")
    result = run(load_config(clone), "--check")
    assert result.exit_code == 0, result.output
    assert result.stdout == "2 chapters, 7 points; 0 files stale\n"
    assert files(load_config(clone), ".") == before


EDITS = {
    "a word of the lesson": ("01_add", "# ## Adding", "# ## Sums"),
    "a solution": ("02_mean", "total = 0", "total = 0.0"),
    "a hidden test": ("01_add", "add(-1987, 1987)", "add(-1988, 1988)"),
    "a visible test": ("02_mean", "[1, 2, 3]) == 2", "[1, 3]) == 2"),
    "points": ("01_add", 'role="test" points=1', 'role="test" points=1.0'),
    "chapters.py": ("chapters", "", "# more\n"),
}


@pytest.mark.parametrize("name", [name for name in EDITS if name not in ("points", "chapters.py")])
def test_check_notices_an_edit(generated, name):
    """After any edit in source/ the exit code is 1, the files that differ are named, and nothing is written."""
    edit(generated, *EDITS[name])
    before = files(generated, ".")
    result = run(generated, "--check")
    assert result.exit_code == 1
    assert "stale" in result.stdout
    assert "release/" in result.stdout
    assert "Run: grader generate" in result.stderr
    assert files(generated, ".") == before


def test_check_notices_a_changed_chapters_module_and_a_changed_release(generated):
    """chapters.py is copied, and a released file that somebody edited is not what source/ makes."""
    generated.layout.chapters_module.write_text("# another\n")
    result = run(generated, "--check")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[:-1] == ["release/01_add/chapters.py", "release/02_mean/chapters.py"]
    shutil.copy(CHAPTERS, generated.layout.chapters_module)
    (generated.layout.release_root / "README.md").write_text("hello")
    assert run(generated, "--check").stdout.splitlines()[0] == "release/README.md"


def test_check_notices_a_changed_limit(generated):
    """The gates hold under the students' limits: with another limit they have to be run again."""
    config = generated.layout.config_file
    config.write_text(config.read_text() + "c.Course.time_limit_s = 3\n")
    result = run(generated, "--check")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "release/.proof.json"


def test_check_tells_mistakes(generated):
    """An author's mistake is told by --check too."""
    edit(generated, "01_add", 'role="test" points=2', 'role="test"')
    result = run(generated, "--check")
    assert result.exit_code == 1
    assert "a test cell needs points" in result.stderr


# -- some chapters ---


def test_one_chapter_alone(generated, fake_gates):
    """Generating one chapter leaves the files and proofs of the others, and the lesson has both."""
    edit(generated, "02_mean", "arithmetic mean", "plain mean")
    before = files(generated)
    result = run(generated, "02_mean")
    assert result.exit_code == 0, result.output
    after = files(generated)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {
        *("release/.proof.json", "release/lesson.md"),
        *(f"{top}/02_mean/02_mean.{kind}" for top in ("release", "source") for kind in ("ipynb", "py")),
    }
    assert result.stdout.splitlines()[-1] == "1 chapter, 2 points; 6 files changed"
    assert run(generated, "--check").exit_code == 0


def test_a_broken_chapter_does_not_hinder_another(generated, fake_gates):
    """A chapter that is being written has its old place in the lesson while an earlier one is generated."""
    edit(generated, "02_mean", "### END SOLUTION", "")
    edit(generated, "01_add", "# ## Adding", "# ## Sums")
    result = run(generated, "01_add")
    assert result.exit_code == 0, result.output
    lesson = (generated.layout.release_root / "lesson.md").read_text()
    assert "## Sums" in lesson
    assert "mean: your code here" in lesson


def test_an_earlier_solution_is_part_of_a_later_proof(generated, fake_gates):
    """After an earlier solution has changed, the later chapter's gates have to be run again."""
    edit(generated, "01_add", "return a + b", "return b + a")
    assert run(generated, "01_add").exit_code == 0
    result = run(generated, "--check", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["unproven"] == ["02_mean"]
    assert run(generated).exit_code == 0
    assert run(generated, "--check").exit_code == 0


def test_a_removed_chapter_goes_out_of_release(generated, fake_gates):
    """What was generated for a chapter that is no more is removed; what others put there stays."""
    generated.layout.solution_file("02_mean").unlink()
    config = generated.layout.config_file
    config.write_text(config.read_text().replace('    "02_mean": {"title": "Means", "points": 2},\n', ""))
    mine = generated.layout.release_dir("02_mean") / "notes.txt"
    mine.write_text("mine")
    result = run(load_config(generated.root), "--check")
    assert result.exit_code == 1
    assert "release/02_mean/02_mean.ipynb (no longer made)" in result.stdout
    assert run(load_config(generated.root)).exit_code == 0
    assert [path.name for path in generated.layout.release_dir("02_mean").iterdir()] == ["notes.txt"]
    mine.unlink()
    assert "02_mean" not in (generated.layout.release_root / "lesson.md").read_text()


def test_unknown_chapter(generated):
    """A chapter that is not there is wrong usage, with the near miss."""
    result = run(generated, "01_ad")
    assert result.exit_code == 2
    assert "there is no chapter '01_ad'" in result.stderr
    assert "Did you mean '01_add'?" in result.stderr


# -- nothing is replaced before the gates have passed ---


def spoiled(config, name, old, new):
    """Edit, generate, and return the result; nothing in the course may have changed but the edit."""
    edit(config, name, old, new)
    before = files(config, "release", "source")
    gradebook = config.layout.gradebook_path.read_bytes()
    result = run(config)
    assert files(config, "release", "source") == before
    assert config.layout.gradebook_path.read_bytes() == gradebook
    assert not list(config.layout.state_dir.glob("generate-*"))
    return result


def test_all_mistakes_of_all_chapters_at_once(generated):
    """Mistakes in several chapters are told in one go, each with its place, and nothing is changed."""
    edit(generated, "02_mean", "points=2", "points=two")
    result = spoiled(generated, "01_add", "    ### END SOLUTION\n", "")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("source/01_add.py:") >= 2
    assert "source/02_mean.py:12" in result.stderr


def test_a_solution_that_fails_changes_nothing(generated):
    """The real judge stops a wrong solution."""
    result = spoiled(generated, "02_mean", "return total / len(numbers)", "return total / 3")
    assert result.exit_code == 1
    assert "source/02_mean.py:" in result.stderr
    assert "the solution earns 0 of 2 points here: failed." in result.stderr


def test_a_stub_that_earns_changes_nothing(generated):
    """The real judge stops a test that passes without a student's work."""
    edit(generated, "02_mean", 'assert mean([1, 2, 3]) == 2, "(1 + 2 + 3) / 3 = 2"', "assert len([mean]) == 1")
    result = spoiled(generated, "02_mean", "assert mean([1357.5]) == 1357.5", "assert 1 + len([mean]) == 2")
    assert "the untouched notebook earns 2 of 2 points here." in result.stderr


def test_a_leak_changes_nothing(generated, fake_gates):
    """A hidden line in another chapter's text is found before anything is published."""
    line = '# assert add(-1987, 1987) == 0, "negative numbers"\n'
    result = spoiled(generated, "02_mean", '# %% mean role="solution"\n', f'# %%\n{line}# %% mean role="solution"\n')
    assert result.exit_code == 1
    assert 'tells what a hidden test in source/01_add.py (cell "test_add") holds' in result.stderr


def test_a_leak_in_a_file_of_somebody_elses(generated, fake_gates):
    """Everything that lies in release/ is looked through, also what the tool did not make."""
    path = generated.layout.release_dir("01_add") / "hints.md"
    path.write_text('Try `assert add(-1987, 1987) == 0, "negative numbers"`.\n')
    result = run(generated, "--check")
    assert result.exit_code == 1
    assert "release/01_add/hints.md:1: tells what a hidden test" in result.stderr
    assert path.is_file()


def test_a_locked_gradebook_changes_nothing(generated, fake_gates, monkeypatch):
    """If the gradebook cannot be written, no file is replaced."""
    from grader.errors import GradebookError

    def refuse(*_, **__):
        raise GradebookError("locked by another program", place="gradebook.db")

    monkeypatch.setattr("grader.gradebook.store.Store.sync_assignment", refuse)
    result = spoiled(generated, "01_add", "# ## Adding", "# ## Sums")
    assert result.exit_code == 1
    assert "locked by another program" in result.stderr


def test_a_full_disk_changes_nothing(generated, fake_gates, monkeypatch):
    """When there is no room for the new files the old ones stay, and the message says what to do."""
    real = publish.write_through

    def full(path, data):
        real(path, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(publish, "write_through", full)
    result = spoiled(generated, "01_add", "# ## Adding", "# ## Sums")
    assert result.exit_code == 1
    assert "cannot be written: No space left on device." in result.stderr
    assert "Nothing was changed." in result.stderr


@pytest.mark.parametrize("at", [0, 3, 7])
def test_a_failure_in_the_middle_of_renaming_is_undone(generated, fake_gates, monkeypatch, at):
    """If a file cannot be put in place, those before it are put back."""
    real, count = os.replace, 0

    def failing(source, target):
        nonlocal count
        count += "generate-" in str(source) or "generate-" in str(target)
        if count == at + 1:
            count += 100
            raise PermissionError(errno.EACCES, "Permission denied", str(target))
        real(source, target)

    monkeypatch.setattr(os, "replace", failing)
    result = spoiled(generated, "01_add", "# ## Adding", "# ## Sums")
    assert result.exit_code == 1
    assert "Permission denied" in result.stderr


def test_ctrl_c_in_the_gates_changes_nothing(generated, monkeypatch):
    """Stopped while the solution runs, everything is as it was."""

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("grader.authoring.publish.real_grade", stopped)
    result = spoiled(generated, "02_mean", "total = 0", "total = 0.0")
    assert result.exit_code == 130


def test_a_file_where_a_folder_should_be(course, fake_gates):
    """release/01_add is somebody's file: named, and left alone."""
    course.layout.chapters_module.write_text("")
    course.layout.release_root.mkdir()
    course.layout.release_dir("01_add").write_text("mine")
    with pytest.raises(GraderError, match="cannot be written"):
        publish.write(publish.plan(course, ["01_add"]))
    assert course.layout.release_dir("01_add").read_text() == "mine"
    assert sorted(path.name for path in course.layout.release_root.iterdir()) == ["01_add"]


# -- answers ---


def test_json(generated):
    """The answer as one document: what there is, what is stale; errors have the shape that all commands share."""
    document = json.loads(run(generated, "--check", "--json").stdout)
    assert document["schema"] == 1
    assert document["is_fresh"] is True
    assert document["stale"] == document["errors"] == []
    assert document["points"] == 7
    first = document["chapters"][0]
    assert first["assignment_id"] == "01_add"
    assert first["exercises"] == ["add", "twice"]
    assert first["grade_cells"] == ["test_add", "test_twice", "explain"]
    edit(generated, "01_add", 'role="test" points=2', 'role="test"')
    document = json.loads(run(generated, "--json").stdout)
    assert {"type", "place", "message", "hint"} == set(document["errors"][0])


def test_quiet(generated, fake_gates):
    """Quiet, only the answer is said; else progress and remarks are on stderr."""
    edit(generated, "02_mean", "total = 0", "total = 0.0")
    loud = run(generated)
    assert "02_mean: running the solution and the stub" in loud.stderr
    assert "remark: students get none of this text" in loud.stderr
    edit(generated, "02_mean", "total = 0.0", "total = 0")
    assert run(generated, "--quiet").stderr == ""


def test_help():
    """The help has examples."""
    result = CliRunner().invoke(main, ["generate", "--help"])
    assert result.exit_code == 0
    assert "grader generate 05_backpropagation" in result.output


# -- other courses ---


def test_a_course_without_anything_special(write_course, fake_gates):
    """Any stems, one chapter, no chapters.py, no configuration: the README then says nothing of chapters.py."""
    config = write_course({"week-1_lists.py": ADD, "_draft.py": "x = (", "test_helpers.py": ""})
    result = run(config)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in config.layout.release_dir("week-1_lists").iterdir()) == [
        "test_week-1_lists.py",
        "week-1_lists.ipynb",
        "week-1_lists.py",
    ]
    readme = (config.layout.release_root / "README.md").read_text()
    assert "# The course\n\n1 chapter, 5 points." in readme
    assert "chapters.py" not in readme
    assert run(config, "--check").exit_code == 0


def test_no_chapters_at_all(write_course):
    """A course without solution files is told how to begin."""
    with pytest.raises(UsageProblem, match="no chapters yet"):
        publish.plan(write_course({}), [])


def test_files_that_cannot_be_chapters(write_course):
    """A solution file with an impossible name, and a folder that looks like one, are not passed over in silence."""
    config = write_course({"01_add.py": ADD, "02 means.py": "x = 1"})
    (config.layout.source_root / "03_x.py").mkdir()
    with pytest.raises(CourseErrors) as caught:
        publish.plan(config, config.layout.assignment_ids())
    assert [error.place for error in caught.value.errors] == ["source/02 means.py", "source/03_x.py"]


def test_chapters_are_imported_but_not_there(write_course):
    """A chapter that imports from chapters needs source/chapters.py for its students."""
    config = write_course({"01_add.py": ADD, "02_mean.py": MEAN})
    with pytest.raises(CourseErrors, match=r"there is no source/chapters\.py for students to import"):
        publish.plan(config, config.layout.assignment_ids())


def test_a_damaged_proof_proves_nothing(generated, fake_gates):
    """A proof file that cannot be read is as if it were not there."""
    path = generated.layout.release_root / publish.PROOF_NAME
    good = path.read_text()
    for text in ("{", "[]", '{"gates": 1, "files": []}', ""):
        path.write_text(text)
        assert run(generated, "--check").exit_code == 1
    assert run(generated).exit_code == 0
    assert path.read_text() == good


def test_sigkill_while_writing_leaves_whole_files(course, fake_gates):
    """Killed at the worst moment, every file is an old or a new one, and another run finishes the work."""
    course.layout.chapters_module.write_text("")
    publish.write(publish.plan(course, ["01_add", "02_mean"]))
    old = files(course, "release")
    edit(course, "01_add", "# ## Adding", "# ## Sums")
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from grader.authoring import publish\n"
        "from grader.course.config import load_config\n"
        "real, count = os.replace, [0]\n"
        "def dying(*paths):\n"
        "    count[0] += 1\n"
        "    if count[0] == 4:\n"
        "        os.kill(os.getpid(), 9)\n"
        "    real(*paths)\n"
        "os.replace = dying\n"
        "publish.write(publish.plan(load_config(Path(sys.argv[1])), ['01_add', '02_mean']))\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(course.root)], check=False).returncode == -9
    new = publish.plan(course, ["01_add", "02_mean"])
    for name, data in files(course, "release").items():
        assert data in (old[name], new.files[name])
    publish.write(new)
    assert publish.plan(course, ["01_add", "02_mean"]).changed() == []
