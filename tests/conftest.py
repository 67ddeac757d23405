"""Fixtures that several test files share: small courses in ``tmp_path``, and goldens."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import gradebooks
import pytest
from gradebooks import Databases
from postgres_server import server
from small_course import FakePool, make_course

from grader.course.config import load_config
from grader.course.model import GradedSubmission, Outcome, Role, Verdict

SAMPLES = Path(__file__).parent / "samples"


def pytest_configure(config):
    """Give tests that run side by side folders for temporary files of their own: some look what was left there."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        own = tempfile.mkdtemp(prefix="side-by-side-")
        os.chmod(own, 0o711)  # as root, student processes are other users, and their folders are in it
        tempfile.tempdir = os.environ["TMPDIR"] = own
        config.add_cleanup(lambda: shutil.rmtree(own, ignore_errors=True))


def pytest_addoption(parser):
    """Add the option that rewrites goldens."""
    parser.addoption(
        "--update-goldens", action="store_true", help="rewrite tests/samples; read the diff before committing"
    )


@pytest.fixture
def course(tmp_path):
    """The configuration of a course of two small chapters, not yet generated."""
    return make_course(tmp_path / "course")


@pytest.fixture
def write_course(tmp_path):
    """A function that writes a course from file names and texts, and reads its configuration."""

    def write(files, config=""):
        root = tmp_path / "course"
        (root / "source").mkdir(parents=True, exist_ok=True)
        (root / "course_config.py").write_text(config)
        for name, text in files.items():
            (root / "source" / name).write_text(text)
        return load_config(root)

    return write


@pytest.fixture(scope="session")
def _generated(tmp_path_factory):
    from click.testing import CliRunner

    from grader.cli.main import main

    config = make_course(tmp_path_factory.mktemp("generated") / "course")
    shutil.copy(Path(__file__).parent.parent / "source" / "chapters.py", config.layout.chapters_module)
    result = CliRunner().invoke(main, ["--course", str(config.root), "generate"])
    assert result.exit_code == 0, result.output
    return config.root


@pytest.fixture
def generated(_generated, tmp_path):
    """The configuration of the small course, generated with its real gates, gradebook and all."""
    return load_config(Path(shutil.copytree(_generated, tmp_path / "course")))


def fake_grade(notebook, spec, files=None):
    """Grade without running anything: a stub in the notebook fails every test, its absence passes them."""
    is_finished = ": your code here" not in notebook.decode()
    cells = json.loads(notebook)["cells"]
    verdicts = tuple(
        Verdict(
            cell.name,
            Outcome.MANUAL if cell.role is Role.MANUAL else Outcome.PASSED if is_finished else Outcome.FAILED,
            cell.points if is_finished and cell.role is Role.TEST else 0.0,
            cell.points,
        )
        for cell in spec.cells
        if cell.is_grade
    )
    return GradedSubmission(spec.assignment_id, {"cells": cells}, verdicts)


@pytest.fixture
def fake_gates(monkeypatch):
    """The gates of ``grader generate`` without student processes."""
    monkeypatch.setattr("grader.authoring.publish.real_grade", fake_grade)


@pytest.fixture
def pool(monkeypatch):
    """What grades, instead of processes."""
    fake = FakePool()
    monkeypatch.setattr("grader.cli.autograde.grading_pool", fake.stand_in)
    return fake


@pytest.fixture
def golden(request):
    """A function that compares a text with a golden file; ``--update-goldens`` rewrites it, a missing one fails."""

    def compare(path, text):
        if request.config.getoption("--update-goldens"):
            path.write_text(text)
        assert path.is_file(), f"{path} is missing; run pytest --update-goldens and read it"
        assert path.read_text() == text

    return compare


@pytest.fixture(scope="session")
def postgres():
    """The URL of a PostgreSQL server of our own, in a temporary folder."""
    reason = gradebooks.missing()
    if reason and os.environ.get(gradebooks.REQUIRED) == "required":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    with server() as url:
        yield url


@pytest.fixture
def postgres_course(postgres):
    """A function that makes the small course with its gradebook in PostgreSQL."""
    databases = Databases(postgres)
    yield databases.course
    databases.drop()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_course(request):
    """A function that makes the small course; the test runs with a gradebook of each kind."""
    if request.param == "sqlite":
        return Databases(None).course
    return request.getfixturevalue("postgres_course")
