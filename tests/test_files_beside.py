"""What lies beside the notebook in a submission: read with care, visible to the student's code, in nobody's way."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from damage_tools import new
from small_course import SOLVED, answered, hand_in, make_course

from grader.authoring.release import grading_spec
from grader.cli.main import main
from grader.course.model import Outcome
from grader.execution.grade import Grader
from grader.gradebook import handins
from grader.gradebook.handins import read_handin

CHAPTER = "01_add"


@pytest.fixture(scope="module")
def grader():
    """One grader for all."""
    with Grader() as grader:
        yield grader


@pytest.fixture
def folder(course):
    """A right submission's folder."""
    return hand_in(course, "ada")


def read(course):
    """What is read of the submission."""
    return read_handin(course.layout, "ada", CHAPTER)


def shown(grader, config, source, files):
    """What a cell of the student's shows when these files lie beside the notebook."""
    notebook = json.loads(answered(config, SOLVED))
    notebook["cells"].append(new(source))
    graded = grader.grade(json.dumps(notebook).encode(), grading_spec(config, CHAPTER), files)
    assert [v.outcome for v in graded.verdicts] == [Outcome.PASSED, Outcome.PASSED, Outcome.MANUAL]
    outputs = graded.notebook["cells"][-1]["outputs"]
    return "".join(str(output.get("text", output)) for output in outputs)


# -- reading -----------------------------------------------------------------------------------------------------------


def test_common_files_come_along(course, folder):
    """Data and folders of data are part of the submission, by their path."""
    (folder / "data.csv").write_bytes(b"1,2\n")
    (folder / "images").mkdir()
    (folder / "images" / "a.png").write_bytes(b"\x89PNG")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "old.ipynb").write_bytes(b"{}")
    assert read(course).files == {"data.csv": b"1,2\n", "images/a.png": b"\x89PNG"}
    assert read(course).warnings == ()


def test_links_are_not_followed(course, folder, tmp_path):
    """A link to a file of the grader's, to a folder, or to nothing is left out with a word."""
    (tmp_path / "secret").write_text("hidden tests")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "one").write_text("hidden tests")
    (folder / "file").symlink_to(tmp_path / "secret")
    (folder / "dir").symlink_to(tmp_path / "secrets")
    (folder / "nothing").symlink_to(tmp_path / "absent")
    (folder / "loop").symlink_to(folder)
    handin = read(course)
    assert handin.files == {}
    names = ("dir", "file", "loop", "nothing")
    assert handin.warnings == tuple(f"left out: {name} is not a regular file." for name in names)


def test_pipes_sockets_and_devices_are_not_opened(course, folder, monkeypatch):
    """Reading a pipe would wait for ever, and reading a device never end."""
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(folder)  # the path of a socket may not be long
        listening.bind("socket")
    try:
        os.mknod(folder / "zero", 0o20666, os.makedev(1, 5))
    except PermissionError:
        (folder / "zero").symlink_to("/dev/zero")
    handin = read(course)
    assert handin.files == {}
    assert [warning.split()[2] for warning in handin.warnings] == ["pipe", "socket", "zero"]
    assert handin.problem == ""


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "device"])
def test_a_notebook_that_is_no_file_is_not_graded(course, folder, kind):
    """It is named and not opened."""
    path = folder / f"{CHAPTER}.ipynb"
    target = path.rename(folder / "real.ipynb")
    {"link": lambda: path.symlink_to(target), "pipe": lambda: os.mkfifo(path), "folder": path.mkdir}.get(
        kind, lambda: path.symlink_to("/dev/zero")
    )()
    assert read(course).problem == f"{CHAPTER}.ipynb is not a regular file."


def test_a_submission_that_is_a_link_is_not_graded(course, folder):
    """A submission is a folder of its own."""
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to("elsewhere")
    assert read(course).problem == f"{CHAPTER} is not a folder."


def test_a_notebook_of_terabytes_is_refused_by_its_size(course, folder):
    """What a file claims to hold is asked before it is read."""
    os.truncate(folder / f"{CHAPTER}.ipynb", 1 << 40)
    started = time.monotonic()
    assert "too large: 1,099,511,627,776 bytes" in read(course).problem
    assert time.monotonic() - started < 1


def test_a_large_notebook_is_read_without_its_outputs(course, folder):
    """Only what is graded goes on to the worker, so that the parent stays small."""
    path = folder / f"{CHAPTER}.ipynb"
    outputs = json.dumps([{"output_type": "stream", "name": "stdout", "text": "x" * 30_000_000}]).encode()
    path.write_bytes(path.read_bytes().replace(b'"outputs": []', b'"outputs": ' + outputs, 1))
    handin = read(course)
    assert handin.problem == ""
    assert len(handin.notebook) < 20_000


def test_a_huge_tree_is_looked_at_in_bounded_time(course, folder, monkeypatch):
    """Neither many entries, nor many folders, nor deep ones keep the others waiting."""
    monkeypatch.setattr(handins, "MAX_ENTRIES", 80)
    for number in range(30):
        (folder / f"d{number:02}" / "inner").mkdir(parents=True)
        os.mkfifo(folder / f"p{number:02}")
    handin = read(course)
    assert handin.problem == ""
    assert handin.files == {}
    assert len(handin.warnings) == handins.MAX_WARNINGS + 1
    assert handin.warnings[-1].endswith("more of this kind.")


def test_a_wide_folder_is_looked_at_in_bounded_time(course, folder):
    """20,000 files: the first hundred come along, and it takes no time worth mentioning."""
    for number in range(20_000):
        os.close(os.open(folder / f"f{number:05}", os.O_CREAT))
    started = time.process_time()
    handin = read(course)
    assert time.process_time() - started < 5
    assert sorted(handin.files) == [f"f{number:05}" for number in range(handins.MAX_FILES)]
    assert handin.warnings == ("only the first 100 files were taken.",)


def test_a_deep_tree_is_cut(course, folder):
    """Folders within folders without end are left out from some depth on."""
    path = str(folder)
    here = os.open(path, os.O_RDONLY)
    for _ in range(100):
        os.mkdir("deeper", dir_fd=here)
        below = os.open("deeper", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    assert read(course).warnings == (
        f"left out: {'/'.join(['deeper'] * (handins.MAX_DEPTH + 1))} is nested too deeply.",
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_files_are_left_out(course, folder):
    """A file or folder that cannot be read costs nothing but itself."""
    (folder / "secret").write_text("x")
    (folder / "closed").mkdir()
    (folder / "secret").chmod(0)
    (folder / "closed").chmod(0)
    handin = read(course)
    (folder / "closed").chmod(0o700)
    assert [warning.split(" (")[0] for warning in handin.warnings] == [
        "left out: secret cannot be read",
        "left out: closed/ cannot be read",
    ]
    assert handin.problem == ""


def test_names_are_harmless_in_a_terminal(course, folder):
    """A name with control characters, or one that is no text, is shown without them."""
    os.mkfifo(folder / "\x1b]0;evil\x07\n")
    os.mkfifo(os.fsencode(folder) + b"/\xff")
    assert all(warning.isprintable() for warning in read(course).warnings)


# -- in the student process --------------------------------------------------------------------------------------------

SHADOWS = (
    *(
        "math",
        "random",
        "json",
        "typing",
        "sitecustomize",
        "usercustomize",
        "conftest",
        "chapters",
        "grader",
        "IPython",
    ),
    *("numpy", "traitlets", "io", "os", "linecache", "traceback", "warnings", "encodings", "site", "__main__"),
)
EVIL = b"open('ran', 'w').write('x')\nraise SystemExit('shadowed')\n"


def test_files_can_be_opened(grader, course):
    """The working folder of the student's code is the submission's."""
    files = {"data.csv": b"1,2\n", "more/deep/words.txt": "größer".encode()}
    source = "print(open('data.csv').read(), open('more/deep/words.txt', encoding='utf-8').read())"
    assert shown(grader, course, source, files) == "1,2\n größer\n"


def test_files_shadow_no_module(grader, course):
    """A module is what it is in a fresh interpreter, whatever lies beside the notebook."""
    files = {f"{name}.py": EVIL for name in SHADOWS}
    files |= {f"{name}/__init__.py": EVIL for name in ("collections", "email", "html")}
    source = """
import importlib, os, sys, math, random, json, typing, io, linecache, traceback, warnings, collections
import email, html, statistics, decimal, fractions, csv
print(math.sqrt(4), random.random() < 1, os.path.exists("ran"))
print("" in sys.path, "." in sys.path, os.getcwd() in sys.path)
"""
    assert shown(grader, course, source, files) == "2.0 True False\nFalse False False\n"


def test_files_shadow_no_module_of_the_judge(grader, course, tmp_path):
    """Tests import too; and nothing of a submission is in the judge's path."""
    config = make_course(tmp_path / "importing")
    path = config.layout.solution_file(CHAPTER)
    test = "assert add(1, 2) == 3"
    path.write_text(path.read_text().replace(test, f"import random, fractions, statistics\n{test}"))
    shown(grader, config, "1", {f"{name}.py": EVIL for name in (*SHADOWS, "fractions", "statistics")})


def test_startup_files_are_not_run(grader, course):
    """IPython's and Python's own start-up files are for people at their own machine."""
    files = {
        ".ipython/profile_default/startup/00.py": EVIL,
        ".ipython/profile_default/ipython_config.py": EVIL,
        "profile_default/startup/00.py": EVIL,
        ".pythonrc.py": EVIL,
        "pyvenv.cfg": b"home = .\n",
        "python311._pth": b".\n",
        "evil.pth": b"import os; open('ran', 'w')\n",
    }
    assert shown(grader, course, "import os; print(os.path.exists('ran'))", files) == "False\n"


def test_chapters_is_the_courses_own(grader, course):
    """Each released folder has a chapters.py; in grading `chapters` is the reference of earlier chapters."""
    notebook = json.loads(
        answered(course, {"mean": "def mean(numbers):\n    return sum(numbers) / len(numbers)"}, "02_mean")
    )
    spec = grading_spec(course, "02_mean")
    files = {"chapters.py": b"def add(a, b):\n    return 'shadowed'\n", "02_mean.py": b"import chapters\n"}
    notebook["cells"].append(new("import chapters\nprint(chapters.add(1, 2))"))
    graded = grader.grade(json.dumps(notebook).encode(), spec, files)
    assert [v.outcome for v in graded.verdicts] == [Outcome.PASSED]
    assert graded.notebook["cells"][-1]["outputs"][0]["text"] == "3\n"


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside", "", ".", "..", "a//b"])
def test_a_name_reaches_nowhere(grader, course, name, tmp_path):
    """Grading is a function of bytes; a name that no folder could hold is left out or kept inside."""
    shown(grader, course, "1", {name: b"x"})
    assert not os.path.exists("/outside")


def test_files_of_one_are_gone_for_the_next(grader, course):
    """One submission never sees another's files, nor what it has written."""
    shown(grader, course, "open('mine', 'w').write('x')", {"mine_too": b"x"})
    assert shown(grader, course, "import os; print(os.listdir())", {}) == "[]\n"


# -- in the grader's own processes -------------------------------------------------------------------------------------


def test_grading_from_within_a_submission_runs_nothing_of_it(course, folder, monkeypatch):
    """Whoever grades may stand in a student's folder: no process of ours takes a module from there."""
    for name in ("random", "base64", "heapq", "select", "json", "grader"):
        (folder / f"{name}.py").write_bytes(EVIL)
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(main, ["--course", str(course.root), "autograde", CHAPTER, "--jobs", "1", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["results"][0]["score"] == 3
    assert not (folder / "ran").exists()


def test_the_command_itself_takes_no_module_from_the_working_folder(course, folder):
    """The installed command, started there."""
    (folder / "random.py").write_bytes(EVIL)
    command = f"from grader.cli.main import main; main(['--course', {str(course.root)!r}, 'autograde'])"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    started = [sys.executable, "-P", "-c", command]  # as the script that pip writes: its folder comes first, not this
    done = subprocess.run(started, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not (folder / "ran").exists()


def test_files_are_in_the_graded_folder(course, folder):
    """Graders see what the student's code saw: beside the graded notebook."""
    (folder / "data.csv").write_bytes(b"1,2\n")
    os.mkfifo(folder / "pipe")
    result = CliRunner().invoke(main, ["--course", str(course.root), "autograde", CHAPTER, "--jobs", "1"])
    assert result.exit_code == 0, result.output
    assert "pipe is not a regular file" in result.stderr
    graded = course.layout.autograded_dir("ada", CHAPTER)
    assert sorted(path.name for path in graded.iterdir()) == [f"{CHAPTER}.ipynb", "data.csv", "timestamp.txt"]


def test_the_py_is_graded_when_there_is_no_notebook(course, folder):
    """Students may hand in the .py instead."""
    (folder / f"{CHAPTER}.ipynb").unlink()
    (folder / f"{CHAPTER}.py").write_text('# %% add role="solution"\n' + SOLVED["add"] + "\n")
    result = CliRunner().invoke(main, ["--course", str(course.root), "autograde", CHAPTER, "--jobs", "1", "--json"])
    [graded] = json.loads(result.stdout)["results"]
    assert (graded["status"], graded["score"]) == ("graded", 2)
    assert graded["repairs"][0] == f"there is no notebook; {CHAPTER}.py was graded."
