"""The autograder for Gradescope, run in a clean folder as Gradescope runs it."""

import io
import json
import os
import subprocess
import sys
import zipfile

import pytest
from click.testing import CliRunner
from small_course import EXPLAINED, HIDDEN, SOLVED, answered, hand_in, make_course

from grader.authoring.release import grading_spec
from grader.cli.main import main
from grader.execution.grade import grade
from grader.reports.autograder_zip import autograder_zip, requirements
from grader.reports.gradescope import find_notebook, results_of

RUNS = {**{name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}, "PATH": "/usr/bin:/bin"}


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """The small course."""
    return make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def built(config, tmp_path_factory):
    """The container's ``/autograder``, built once: the zip unpacked, ``setup.sh`` run."""
    root = tmp_path_factory.mktemp("container") / "autograder"
    for name in ("source", "submission", "results"):
        (root / name).mkdir(parents=True)
    path = root.parent / "a.zip"
    result = CliRunner().invoke(
        main, ["--course", str(config.root), "gradescope", "01_add", "--output", str(path), "--isolation", "process"]
    )
    assert result.exit_code == 0, result.output
    assert "Set the autograder's points on Gradescope to 3" in result.stderr
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(path), str(root / "source")], check=True)
    (root / "run_autograder").write_bytes((root / "source" / "run_autograder").read_bytes())
    (root / "run_autograder").chmod(0o755)
    # What setup.sh installs is installed here already, in the same versions: nothing is fetched.
    done = subprocess.run(
        ["bash", str(root / "source" / "setup.sh")],
        env={**os.environ, "GRADER_VENV": sys.prefix, "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture
def autograder(built):
    """The container, empty again."""
    for folder in ("submission", "results"):
        for path in (built / folder).iterdir():
            path.unlink()
    return built


def run_autograder(root):
    """What Gradescope does with a submission."""
    env = {**RUNS, "GRADER_VENV": sys.prefix}
    return subprocess.run([str(root / "run_autograder")], cwd=root, env=env, capture_output=True, text=True)


def results(root):
    """What Gradescope reads."""
    return json.loads((root / "results" / "results.json").read_text())


def test_one_submission_is_graded_by_the_same_judge(config, autograder):
    """Scores, names, messages and hints are those of ``grade``; hidden tests are in none of them."""
    notebook = answered(
        config, {"add": "def add(a, b):\n    return abs(a) + abs(b)", "twice": SOLVED["twice"]} | EXPLAINED
    )
    (autograder / "submission" / "01_add.ipynb").write_bytes(notebook)
    (autograder / "submission" / "notes.txt").write_text("mine")
    done = run_autograder(autograder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "graded with isolation 'process'" in done.stdout
    found = results(autograder)
    spec = grading_spec(config, "01_add")
    expected = results_of(grade(notebook, spec), spec)
    assert found | {"execution_time": 0} == expected | {"execution_time": 0}
    assert found["score"] == 1
    assert [(test["status"], test["score"], test["max_score"]) for test in found["tests"]] == [
        ("failed", 0, 2),
        ("passed", 1, 1),
    ]
    assert "Hidden test: negative numbers" in found["tests"][0]["output"]
    assert "A person grades your answer explain (2 points)" in found["output"]
    assert not [secret for secret in (*HIDDEN, "1987", "2468") if secret in json.dumps(found)]


def test_a_notebook_of_another_name_is_found(config, autograder):
    """Browsers and students rename files."""
    path = autograder / "submission" / "01_add (3).ipynb"
    path.write_bytes(answered(config, SOLVED))
    assert run_autograder(autograder).returncode == 0
    assert results(autograder)["score"] == 3


def test_what_cannot_be_graded_says_so(autograder):
    """To the student, who can hand in again."""
    assert run_autograder(autograder).returncode == 0
    found = results(autograder)
    assert found["tests"] == []
    assert "This could not be graded: there is no 01_add.ipynb" in found["output"]
    assert "Hand in 01_add.ipynb." in found["output"]


def test_a_failing_machinery_gives_no_score(autograder):
    """No results.json: Gradescope says that the autograder failed. 0 points would be a verdict."""
    spec = autograder / "source" / "spec.json"
    text = spec.read_text()
    spec.write_text("{}")
    done = run_autograder(autograder)
    spec.write_text(text)
    assert done.returncode == 1
    assert "no score was drawn from it" in done.stdout
    assert not (autograder / "results" / "results.json").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="Gradescope's autograders run as root")
def test_student_code_reads_no_test_and_writes_no_result(config, autograder):
    """Where a container allows no namespaces it is another user, and the tests are root's."""
    assert (autograder / "source").stat().st_mode & 0o077 == 0
    source = f"""
import os
for path in ("{autograder}/source/spec.json", "{autograder}/results/results.json", "{autograder}/run_autograder"):
    for mode in ("r", "a"):
        try:
            print(open(path, mode).read()[:50], "READ")
        except OSError as problem:
            pass
def add(a, b):
    return open("{autograder}/source/spec.json").read()
"""
    (autograder / "submission" / "01_add.ipynb").write_bytes(answered(config, {"add": source}))
    assert run_autograder(autograder).returncode == 0
    found = results(autograder)
    assert found["score"] == 0
    assert "PermissionError" in found["tests"][0]["output"] or "FileNotFoundError" in found["tests"][0]["output"]
    assert "hidden" not in json.dumps(found).lower().replace("hidden test", "").replace(
        '"stdout_visibility": "hidden"', ""
    )


def test_the_zip_is_the_same_each_time(config):
    """And has what Gradescope asks for, executable."""
    spec = grading_spec(config, "01_add")
    content = autograder_zip(spec)
    assert content == autograder_zip(spec)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        modes = {info.filename: info.external_attr >> 16 & 0o777 for info in archive.infolist()}
        assert modes["setup.sh"] == modes["run_autograder"] == 0o755
        assert archive.read("run_autograder").startswith(b"#!/usr/bin/env bash\n")
        assert not [name for name in modes if "__pycache__" in name or name.startswith(("/", ".."))]
        # the course's own folder and its other chapters' tests stay at home
        assert str(config.root) not in archive.read("spec.json").decode()
        assert HIDDEN[2] not in archive.read("spec.json").decode()


def test_what_a_course_allows_is_installed(config):
    """In the versions that are installed here."""
    import dataclasses
    from importlib import metadata

    spec = dataclasses.replace(grading_spec(config, "01_add"), allowed_modules=("stdlib", "numpy.linalg", "nowhere"))
    assert requirements(spec) == [f"ipython=={metadata.version('ipython')}", f"numpy=={metadata.version('numpy')}"]


def test_the_nearest_notebook_of_the_right_name_counts(tmp_path):
    """One of another name only when it is alone."""
    for name in ("01_add.ipynb", "deep/01_add.ipynb", "other.ipynb", "__MACOSX/01_add.ipynb", ".hidden.ipynb"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert find_notebook(tmp_path, "01_add") == tmp_path / "01_add.ipynb"
    assert find_notebook(tmp_path, "02_mean") is None
    (tmp_path / "01_add.ipynb").unlink()
    assert find_notebook(tmp_path, "01_add") == tmp_path / "deep" / "01_add.ipynb"


def test_it_writes_where_it_is_told(config, tmp_path):
    """An unknown chapter: the near miss. A folder that is not there: one line. JSON: what was written."""
    hand_in(config, "ada")
    call = lambda *args: CliRunner().invoke(main, ["--course", str(config.root), "gradescope", *args])  # noqa: E731
    assert "Did you mean '01_add'?" in call("01_ad").stderr
    assert call("01_add", "-o", str(tmp_path / "no" / "a.zip")).exit_code == 1
    document = json.loads(call("01_add", "-o", str(tmp_path / "a.zip"), "--json").stdout)
    assert document["bytes"] == (tmp_path / "a.zip").stat().st_size
