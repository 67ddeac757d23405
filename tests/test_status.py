import json
import os
import time

import pytest
from click.testing import CliRunner
from small_course import CONFIG, FakePool, graded, hand_in, make_course

from grader.cli.main import main
from grader.course.model import GradedSubmission, Outcome
from grader.gradebook.scores import ScoredSubmission
from grader.gradebook.store import open_gradebook

LATE = "2026-10-07 12:00:00 UTC"


@pytest.fixture
def pool(monkeypatch):
    """What grades, instead of processes; no answer is left to a person."""
    fake = FakePool(lambda task: graded(unchanged=["explain"]))
    monkeypatch.setattr("grader.cli.autograde.grading_pool", fake.stand_in)
    return fake


@pytest.fixture
def config(tmp_path):
    """The small course."""
    return make_course(tmp_path / "course")


def run(config, *args, code=0):
    """Run a command; returns what it said on stdout."""
    result = CliRunner().invoke(main, ["--course", str(config.root), *args])
    assert result.exit_code == code, result.output
    return result if code else result.stdout


def states(config, *args):
    """Student → (state, late) in chapter 1, as JSON has it."""
    document = json.loads(run(config, "status", "--json", *args))
    return {
        line["student_id"]: (line["chapters"]["01_add"]["state"], line["chapters"]["01_add"]["late"])
        for line in document["students"]
    }


def give_feedback(config, student):
    """What ``nbgrader generate_feedback`` leaves."""
    folder = config.layout.feedback_dir(student, "01_add")
    folder.mkdir(parents=True)
    (folder / "01_add.html").write_text("<html></html>")
    return folder / "01_add.html"


def test_a_chapter_goes_from_missing_to_returned(config, pool):
    """Every state there is, one student each."""
    for student in ("graded", "hand", "late", "returned"):
        hand_in(config, student, timestamp=LATE if student == "late" else "2026-10-05 12:00:00 UTC")
    hand_in(config, "broken", notebook=b"{")
    pool.answer = lambda task: {
        "broken": GradedSubmission("01_add", {}, (), not_graded="it is not JSON."),
        "hand": graded(),
    }.get(task.key[0], graded(unchanged=["explain"]))
    run(config, "autograde", code=1)
    hand_in(config, "new", timestamp=LATE)
    (config.layout.submitted_root / "absent").mkdir()
    hand_in(config, "absent", "02_mean")
    give_feedback(config, "returned")
    assert states(config) == {
        "absent": ("missing", False),
        "broken": ("not gradable", False),
        "graded": ("graded", False),
        "hand": ("needs a person", False),
        "late": ("graded", True),
        "new": ("collected", True),
        "returned": ("returned", False),
    }
    [first, second] = json.loads(run(config, "status", "--json"))["chapters"]
    assert first["counts"] == {
        "missing": 1,
        "collected": 1,
        "not gradable": 1,
        "needs a person": 1,
        "graded": 2,
        "returned": 1,
        "late": 2,
        "overdue": 1,
        "extended": 0,
    }
    assert (second["counts"]["missing"], second["counts"]["collected"], second["counts"]["overdue"]) == (6, 1, 0)


def test_a_newer_hand_in_is_collected_again(config, pool):
    """Until it is graded; feedback that is older than the grading was not returned for it."""
    hand_in(config, "ada")
    run(config, "autograde")
    feedback = give_feedback(config, "ada")
    assert states(config)["ada"] == ("returned", False)
    hand_in(config, "ada", timestamp=LATE)
    assert states(config)["ada"] == ("collected", True)
    os.utime(feedback, (time.time() - 3600, time.time() - 3600))
    run(config, "autograde")
    assert states(config)["ada"] == ("graded", True)


def test_an_extension_makes_late_and_overdue_what_they_are_for_this_student(config, pool):
    """Also where nothing was graded, or handed in."""
    for student in ("ada", "bob"):
        hand_in(config, student, timestamp=LATE)
    hand_in(config, "eve", "02_mean")
    hand_in(config, "dan", "02_mean")
    with open_gradebook(config):
        pass
    run(config, "extend", "ada", "01", "--days", "2")
    run(config, "extend", "eve", "01", "--until", "2999-01-01")
    assert states(config)["ada"] == ("collected", False)
    assert states(config)["bob"] == ("collected", True)
    document = json.loads(run(config, "status", "--json"))
    overdue = {line["student_id"]: line["chapters"]["01_add"]["overdue"] for line in document["students"]}
    assert overdue == {"ada": False, "bob": False, "dan": True, "eve": False}
    assert document["chapters"][0]["last_due"] == "2999-01-01T23:59:59+00:00"
    said = run(config, "status")
    assert ("…+" in said, "…*" in said, "·+" in said) == (True, True, True)
    assert "· not due yet, * late, + more time" in said


def test_the_table_fits_80_columns_and_obeys_nobody(config, pool):
    """Long names of chapters and students; a student's name is shown and never obeyed."""
    hand_in(config, "ada\x1b[31m")
    hand_in(config, "n" * 100)
    run(config, "autograde")
    for args in ((), ("01",)):
        said = run(config, "status", *args)
        assert "\x1b" not in said
        assert "01" in said
        assert max(map(len, said.splitlines())) <= 80


def test_only_those_who_are_so_far_are_listed(config, pool):
    """To write to them."""
    hand_in(config, "ada", timestamp=LATE)
    hand_in(config, "bob")
    run(config, "autograde")
    assert set(states(config, "01", "--only", "late")) == {"ada"}
    result = run(config, "status", "--only", "lost", code=2)
    assert "there is no state 'lost'" in result.stderr
    assert set(states(config, "--student", "bob")) == {"bob"}
    assert "Did you mean 'bob'?" in run(config, "status", "--student", "bobb", code=2).stderr


def test_a_big_class_is_counted_in_seconds(tmp_path):
    """1000 students: counts, and who needs somebody; --all shows everybody."""
    config = make_course(tmp_path / "course", config=CONFIG)
    with open_gradebook(config) as store:
        from grader.authoring.release import grading_spec

        store.sync_assignment("01_add", grading_spec(config, "01_add").cells, due=config.chapter("01_add").due)
        outcomes = (Outcome.PASSED, Outcome.FAILED)
        items = [ScoredSubmission(f"s{n:04}", graded(outcomes[n % 2]), content_hash="h") for n in range(1000)]
        store.write_batch(items)
    started = time.perf_counter()
    said = run(config, "status")
    assert time.perf_counter() - started < 5
    assert "1000 students" in said
    assert "and 988 more that need somebody" in said
    assert len(said.splitlines()) < 40
    assert "s0999" in run(config, "status", "--all")
