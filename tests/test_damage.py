"""Damaged notebooks: each file in ``damage/`` says what was done to a right notebook and what must come out.

A case is a module with ``damage(notebook)``, which changes a notebook or returns the bytes that are handed in instead,
and with what must come out: ``PASSES`` (the grade cells that pass, and no others) and ``REPAIRS`` (what is said, word
for word), or ``NOT_GRADED`` (words of the reason). ``EVERYWHERE = True``: the damage can be done to any notebook
and costs no points; then it is done to the first chapter of the real course as well.
"""

from __future__ import annotations

import copy
import importlib.util
import json
from pathlib import Path

import pytest
from small_course import SOLVED, answered, make_course

from grader.authoring.release import grading_spec, load_assignment, solved_notebook
from grader.course.config import load_config
from grader.course.model import Outcome
from grader.execution.grade import Grader

ROOT = Path(__file__).resolve().parent.parent


def load(path):
    """The module in a file."""
    spec = importlib.util.spec_from_file_location(f"damage_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CASES = {path.stem: load(path) for path in sorted((ROOT / "tests" / "damage").glob("*.py"))}


def damaged(case, notebook):
    """What is handed in after a case has been at a notebook."""
    notebook = copy.deepcopy(notebook)
    data = case.damage(notebook)
    return json.dumps(notebook).encode() if data is None else data


@pytest.fixture(scope="module")
def grader():
    """One grader for all."""
    with Grader() as grader:
        yield grader


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A right notebook of the small course, and what it is graded by."""
    config = make_course(tmp_path_factory.mktemp("small") / "course")
    return json.loads(answered(config, SOLVED)), grading_spec(config, "01_add")


@pytest.fixture(scope="module")
def real():
    """A right notebook of the real course's first chapter, and what it is graded by."""
    config = load_config(ROOT)
    chapter = config.layout.assignment_ids()[0]
    return solved_notebook(load_assignment(config, chapter)), grading_spec(config, chapter)


@pytest.mark.parametrize("name", CASES)
def test_damage(grader, small, name):
    """What the case says comes out: these grade cells pass, this is said; or it is not graded, for this reason."""
    case = CASES[name]
    notebook, spec = small
    graded = grader.grade(damaged(case, notebook), spec)
    if hasattr(case, "NOT_GRADED"):
        assert case.NOT_GRADED in graded.not_graded
        assert graded.verdicts == ()
        return
    assert graded.not_graded == ""
    assert " ".join(v.grade_id for v in graded.verdicts if v.outcome is Outcome.PASSED) == case.PASSES
    assert list(graded.repairs) == list(getattr(case, "REPAIRS", []))
    assert graded.notebook["metadata"]["grader"]["repairs"] == list(graded.repairs)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if getattr(case, "EVERYWHERE", False)])
def test_damage_to_a_real_chapter(grader, real, name):
    """The same damage costs a right notebook of the real course no point."""
    case = CASES[name]
    notebook, spec = real
    graded = grader.grade(damaged(case, notebook), spec)
    assert graded.not_graded == ""
    assert [v.grade_id for v in graded.verdicts if v.outcome not in (Outcome.PASSED, Outcome.MANUAL)] == []
    assert bool(graded.repairs) == bool(getattr(case, "REPAIRS", []))


def test_the_zoo_is_large_enough():
    """A damage that nobody has thought of is found among many, not among few."""
    assert len(CASES) >= 60
