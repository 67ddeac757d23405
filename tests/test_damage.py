"""Damaged notebooks: each file in ``damage/`` says what was done to a right notebook and what must come out.

A case is a module with ``damage(notebook)``, which changes a notebook or returns the bytes that are handed in instead,
and with what must come out: ``PASSES`` (the grade cells that pass, and no others) and ``REPAIRS`` (what is said, word
for word), or ``NOT_GRADED`` (words of the reason). ``EVERYWHERE = True``: the damage can be done to any notebook
and costs no points; then it is done to the first chapter of the real course as well.
"""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import itertools
import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_course import SOLVED, answered, hand_in, make_course

from grader.authoring.release import grading_spec, load_assignment, solved_notebook
from grader.cli.main import main
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


def test_two_damages_at_once(grader, small):
    """Damages come in company, and still cost a right notebook nothing (every ninth pair that can be had)."""
    notebook, spec = small
    anywhere = [name for name, case in CASES.items() if getattr(case, "EVERYWHERE", False)]
    costly = []
    for first, second in list(itertools.permutations(anywhere, 2))[::9]:
        twice = copy.deepcopy(notebook)
        if CASES[first].damage(twice) is not None:
            continue  # its result is bytes, which the second cannot change
        try:
            data = damaged(CASES[second], twice)
        except (KeyError, TypeError, AttributeError):
            continue  # what the second would change is gone
        graded = grader.grade(data, spec)
        if graded.score != 3:
            costly.append((first, second, graded.not_graded, graded.repairs))
    assert costly == []


def test_all_of_them_in_one_batch(tmp_path):
    """One run with every damage there is: it comes to its end, and loses nothing.

    What cannot be graded is named, counts as not graded, and waits for a person; it is no zero.
    """
    config = make_course(tmp_path / "course")
    notebook = json.loads(answered(config, SOLVED))
    for name, case in CASES.items():
        hand_in(config, name, notebook=damaged(case, notebook))
    result = CliRunner().invoke(main, ["--course", str(config.root), "autograde", "--json", "--jobs", "2"])
    assert result.exit_code == 1
    results = {row["student_id"]: row for row in json.loads(result.stdout)["results"]}
    refused = {name for name, case in CASES.items() if hasattr(case, "NOT_GRADED")}
    assert results.keys() == CASES.keys()
    assert {name for name, row in results.items() if row["status"] != "graded"} == refused
    points = {"test_add": 2, "test_twice": 1}
    for name, case in CASES.items():
        row = results[name]
        if name in refused:
            assert (row["status"], row["score"]) == ("not graded", None)
            assert case.NOT_GRADED in row["reason"]
            assert f"submitted/{name}/01_add/01_add.ipynb: not graded: {row['reason']}"[:80] in result.stderr
        else:
            assert row["score"] == sum(points[passed] for passed in case.PASSES.split())
            assert row["repairs"] == list(getattr(case, "REPAIRS", []))
    grades = """
        select student_id, auto_score, needs_manual_grade from grade
        join submitted_notebook on grade.notebook_id = submitted_notebook.id
        join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
    """
    with contextlib.closing(sqlite3.connect(config.layout.gradebook_path)) as database:
        rows = [row for row in database.execute(grades) if row[0] in refused]
    assert len(rows) == 3 * len(refused)
    assert {(auto_score, needs_manual_grade) for _, auto_score, needs_manual_grade in rows} == {(None, 1)}


def test_the_zoo_is_large_enough():
    """A damage that nobody has thought of is found among many, not among few."""
    assert len(CASES) >= 60
