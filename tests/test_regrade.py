import dataclasses
import errno
import json
import os
import sqlite3

import pytest
from click.testing import CliRunner
from small_course import CONFIG, EXPLAINED, SOLVED, answered, hand_in, make_course

from grader.authoring.release import grading_spec
from grader.cli.main import main
from grader.course.config import load_config
from grader.course.model import GradedSubmission, Outcome, Role, Verdict
from grader.gradebook.store import open_gradebook
from grader.gradebook.versions import difference, grading_version

# nbgrader's own use of SQLAlchemy
pytestmark = pytest.mark.filterwarnings("ignore:Object of type <:sqlalchemy.exc.SAWarning")


def judge(task):
    """A judge by text: a grade cell fails if the notebook says ``fails: <name>``, it is stopped by ``loops: <name>``."""
    text = task.notebook.decode()
    verdicts = []
    for cell in task.spec.cells:
        if cell.is_grade:
            outcome = Outcome.MANUAL if cell.role is Role.MANUAL else Outcome.PASSED
            outcome = Outcome.FAILED if f"fails: {cell.name}" in text else outcome
            outcome = Outcome.TIMEOUT if f"loops: {cell.name}" in text else outcome
            points = cell.points if outcome is Outcome.PASSED else 0.0
            verdicts.append(Verdict(cell.name, outcome, points, cell.points, message=outcome))
    from grader.notebooks.cells import notebook_dict

    notebook = notebook_dict(task.spec.cells, locks=False)
    return GradedSubmission(task.spec.assignment_id, notebook, tuple(verdicts), cpu_s=0.05, wall_s=0.1)


@pytest.fixture
def pool(pool):
    """What grades, instead of processes: by text."""
    pool.answer = judge
    return pool


@pytest.fixture
def config(tmp_path, pool):
    """The small course with three graded submissions: ada has all, bob fails test_twice, eve is two days late."""
    config = make_course(tmp_path / "course", config=CONFIG + "c.Course.late_policy = 'per-day'\n")
    hand_in(config, "ada", notebook=answered(config, SOLVED | EXPLAINED))
    hand_in(config, "bob", notebook=answered(config, SOLVED | {"twice": "# fails: test_twice"}))
    hand_in(config, "eve", timestamp="2026-10-07 12:00:00 UTC")
    run(config, "autograde")
    pool.asked.clear()
    return config


def run(config, *args, code=0):
    """Run a command; returns what it said on stdout, or the result if it was to fail."""
    result = CliRunner().invoke(main, ["--course", str(config.root), *args])
    assert result.exit_code == code, result.output
    return result if code else result.stdout


def edit(config, *replacements, file="source/01_add.py"):
    """Change the course as its author would."""
    path = config.root / file
    text = path.read_text()
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def add_a_test(config):
    """A third test, worth 4 points, between the two."""
    edit(
        config,
        (
            '# %% twice role="solution"',
            '# %% test_more role="test" points=4\nassert add(2, 2) == 4\n# %% twice role="solution"',
        ),
    )
    edit(config, ('"points": 5', '"points": 9'), file="course_config.py")


def remove_a_test(config):
    """test_twice, worth 1 point."""
    path = config.root / "source/01_add.py"
    text = path.read_text()
    start = text.index('# %% test_twice role="test"')
    path.write_text(text[:start] + text[text.index("# %% [markdown] explain") :])
    edit(config, ('"points": 5', '"points": 4'), file="course_config.py")


def tell_the_gradebook(config):
    """What generate does last: the gradebook knows the cells that the chapter has now."""
    with open_gradebook(config) as store:
        store.sync_assignment("01_add", grading_spec(load_config(config.root), "01_add").cells)


def nbgraders(config):
    """Student → (score before the penalty, penalty, maximum), as nbgrader's own API has them."""
    from nbgrader.api import Gradebook

    with Gradebook(config.db_url, config.course_id) as gb:
        return {
            each.student.id: (each.score, each.late_submission_penalty, each.max_score)
            for each in gb.assignment_submissions("01_add")
        }


def by_hand(config, student, cell, **values):
    """What a person does in formgrader."""
    from nbgrader.api import Gradebook

    with Gradebook(config.db_url, config.course_id) as gb:
        grade = gb.find_grade(cell, "01_add", "01_add", student)
        for name, value in values.items():
            setattr(grade, name, value)
        gb.db.commit()


def regraded(config, *args):
    """The JSON of a regrading."""
    return json.loads(run(config, "regrade", "01", "--json", *args))


def events(config, student):
    """(event, score, version of the tests) of a history."""
    rows = json.loads(run(config, "history", student, "--json"))["history"]
    return [(row["event"], row["score"], row["tests"]) for row in rows]


# --- an added, a removed, a changed test ---


def test_an_added_test_shows_who_moves_and_then_writes(config, pool):
    """Where nbgrader refuses: "Cannot add or remove cells"."""
    add_a_test(config)
    said = run(config, "regrade", "01")
    assert "test_more added (4 points)" in said
    assert "ada 3 of 5 7 of 9 +4 test_more – → 4" in " ".join(said.split())
    assert "3 up, 0 down, 0 with the same score" in said
    assert nbgraders(config) == {"ada": (7.0, 0.0, 9.0), "bob": (6.0, 0.0, 9.0), "eve": (7.0, pytest.approx(1.4), 9.0)}
    assert events(config, "ada") == [("graded", 3.0, 1), ("graded", 7.0, 2)]
    assert sorted(pool.asked) == [("ada", "01_add"), ("bob", "01_add"), ("eve", "01_add")]
    assert "test_more" in config.layout.autograded_notebook("ada", "01_add").read_text()


def test_an_added_test_after_generate_moves_from_the_old_score(config):
    """The gradebook knows the new cell already; whoever looks sees the score that students have seen."""
    add_a_test(config)
    tell_the_gradebook(config)
    [ada, *_] = regraded(config, "--dry-run")["moves"]
    assert (ada["before"], ada["max_before"], ada["after"], ada["max_after"]) == (3.0, 5.0, 7.0, 9.0)


def test_a_removed_test_is_taken_out_and_what_it_had_is_kept(config):
    """Scores by hand of the removed cell, too."""
    by_hand(config, "bob", "test_twice", manual_score=0.5, needs_manual_grade=False)
    remove_a_test(config)
    moves = {move["student_id"]: move for move in regraded(config)["moves"]}
    assert (moves["ada"]["before"], moves["ada"]["after"]) == (3.0, 2.0)
    assert (moves["bob"]["before"], moves["bob"]["after"]) == (2.5, 2.0)
    assert moves["bob"]["cells"] == [{"grade_id": "test_twice", "before": 0.5, "after": None}]
    assert nbgraders(config)["bob"] == (2.0, 0.0, 4.0)
    rows = json.loads(run(config, "history", "bob", "--json"))["history"]
    assert [row["event"] for row in rows] == ["graded", "by hand", "cell removed", "graded"]
    assert rows[2]["removed"] == {"test_twice": {"auto_score": 0.0, "manual_score": 0.5}}


def test_a_removed_test_after_generate_moves_from_the_old_score(config):
    """What was taken out by generate is still in what the history tells."""
    remove_a_test(config)
    tell_the_gradebook(config)
    [ada, *_] = regraded(config, "--dry-run")["moves"]
    assert (ada["before"], ada["max_before"], ada["after"], ada["max_after"]) == (3.0, 5.0, 2.0, 4.0)


def test_a_changed_test_runs_everybody(config, pool):
    """A test's text is what a score depends on."""
    edit(config, ("assert add(1, 2) == 3", "assert add(2, 1) == 3"))
    document = regraded(config, "--why", "it was too narrow")
    assert document["changes"] == {"01_add": ["test_add changed"]}
    assert document["counts"] == {"concerned": 3, "run": 3, "unchanged": 0, "up": 0, "down": 0}
    [*_, last] = json.loads(run(config, "history", "ada", "--json"))["history"]
    assert (last["why"], last["tests"], bool(last["by"])) == ("it was too narrow (test_add changed)", 2, True)


# --- only what is concerned ---


def test_changed_points_need_no_run(config, pool):
    """The verdicts are there; the graded notebook and nbgrader's tables get the new points, and autograde agrees."""
    edit(config, ('test_twice role="test" points=1', 'test_twice role="test" points=3'))
    edit(config, ('"points": 5', '"points": 7'), file="course_config.py")
    document = regraded(config)
    assert [(move["student_id"], move["how"], move["by"]) for move in document["moves"]] == [
        ("ada", "points", 2.0),
        ("bob", "points", 0.0),
        ("eve", "points", pytest.approx(1.6)),
    ]
    assert nbgraders(config) == {"ada": (5.0, 0.0, 7.0), "bob": (2.0, 0.0, 7.0), "eve": (5.0, pytest.approx(1.0), 7.0)}
    cells = json.loads(config.layout.autograded_notebook("ada", "01_add").read_text())["cells"]
    facts = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell["metadata"].get("nbgrader") for cell in cells}
    assert facts["test_twice"]["points"] == 3
    assert pool.asked == []
    assert "3 unchanged" in CliRunner().invoke(main, ["--course", str(config.root), "autograde"]).stderr
    assert pool.asked == []


def test_points_without_a_run_are_those_of_a_run(config, pool):
    """The short way and the long one come to the same."""
    edit(config, ('test_twice role="test" points=1', 'test_twice role="test" points=3'))
    edit(config, ('"points": 5', '"points": 7'), file="course_config.py")
    short = regraded(config, "--dry-run")["moves"]
    long = regraded(config, "--dry-run", "--force")["moves"]
    assert len(pool.asked) == 3
    assert [{**move, "how": ""} for move in short] == [{**move, "how": ""} for move in long]


def test_a_changed_time_limit_concerns_those_who_came_near_one(config, pool):
    """Whoever was far from any limit keeps what there is; whoever was stopped is run."""
    hand_in(config, "dan", notebook=answered(config, SOLVED | {"twice": "# loops: test_twice"}))
    run(config, "autograde")
    pool.asked.clear()
    edit(config, ('"points": 5,', '"points": 5, "time_limit_s": 30,'), file="course_config.py")
    document = regraded(config)
    assert document["changes"] == {"01_add": ["time_limit_s: 10.0 → 30.0"]}
    assert {move["student_id"]: move["how"] for move in document["moves"]} == {
        "ada": "kept",
        "bob": "kept",
        "dan": "run",
        "eve": "kept",
    }
    assert pool.asked == [("dan", "01_add")]
    assert events(config, "ada") == [("graded", 3.0, 1), ("graded", 3.0, 2)]
    assert regraded(config)["counts"]["concerned"] == 0


def test_nothing_changed_is_nothing_to_do(config, pool):
    """A second run says so, and writes nothing."""
    before = config.layout.gradebook_path.read_bytes()
    assert "nothing has changed" in run(config, "regrade", "01")
    assert (pool.asked, config.layout.gradebook_path.read_bytes()) == ([], before)


def test_only_the_students_who_are_named_are_run(config, pool):
    """With --force also without a change."""
    assert regraded(config, "--student", "bob", "--force")["counts"]["run"] == 1
    assert pool.asked == [("bob", "01_add")]


def test_what_was_never_graded_is_left_to_autograde(config, pool):
    """It is counted, and not touched."""
    hand_in(config, "new")
    add_a_test(config)
    assert regraded(config)["not_graded_yet"] == [{"student_id": "new", "assignment_id": "01_add"}]
    assert ("new", "01_add") not in pool.asked


# --- what people gave ---


def test_scores_extra_credit_and_comments_by_hand_stay(config):
    """Through an added test and changed points; the penalty follows what counts then."""
    from nbgrader.api import Gradebook

    by_hand(config, "eve", "test_add", manual_score=0.5)
    by_hand(config, "eve", "explain", manual_score=2.0, needs_manual_grade=False, extra_credit=1.0)
    with Gradebook(config.db_url, config.course_id) as gb:
        gb.find_comment("add", "01_add", "01_add", "eve").manual_comment = "see page 3"
        gb.db.commit()
    add_a_test(config)
    edit(config, ("assert add(1, 2) == 3", "assert add(2, 1) == 3"))
    run(config, "regrade", "01")
    # 0.5 + 4 + 1 + 2 + 1 extra, two days late
    assert nbgraders(config)["eve"] == (8.5, pytest.approx(1.7), 9.0)
    with Gradebook(config.db_url, config.course_id) as gb:
        assert gb.find_comment("add", "01_add", "01_add", "eve").comment == "see page 3"
        changed, same = (gb.find_grade(name, "01_add", "01_add", "eve") for name in ("test_add", "explain"))
        assert (changed.manual_score, changed.needs_manual_grade) == (0.5, True)  # its test is another one
        assert (same.manual_score, same.needs_manual_grade) == (2.0, False)
    assert [event for event, _, _ in events(config, "eve")] == ["graded", "by hand", "graded"]
    said = run(config, "history", "eve")
    assert "explain – → 3" in said
    assert "late: 1.7 points off" in said


def test_history_shows_what_a_person_did_before_it_is_written_down(config):
    """The last line is how it stands now; nobody knows when that was."""
    by_hand(config, "ada", "explain", manual_score=1.5, needs_manual_grade=False)
    before = config.layout.gradebook_path.read_bytes()
    [first, last] = json.loads(run(config, "history", "ada", "--json"))["history"]
    assert (last["event"], last["score"], last["is_written"]) == ("by hand", 4.5, False)
    assert last["moved"] == [{"grade_id": "explain", "before": None, "after": 1.5}]
    assert f"after {first['happened_at'][:10]}" in run(config, "history", "ada")
    assert config.layout.gradebook_path.read_bytes() == before
    run(config, "autograde")  # nothing to grade, but now it is written
    assert json.loads(run(config, "history", "ada", "--json"))["history"][-1]["is_written"]


def test_history_tells_new_hand_ins_extensions_and_penalties(config):
    """When, by which tests, why and by whom."""
    run(config, "extend", "eve", "01", "--days", "1", "--why", "ill")
    hand_in(config, "eve", notebook=answered(config, SOLVED | EXPLAINED), timestamp="2026-10-08 12:00:00 UTC")
    run(config, "autograde")
    rows = json.loads(run(config, "history", "eve", "--json"))["history"]
    assert [(row["event"], row["why"], row["penalty"]) for row in rows] == [
        ("graded", "first grading", pytest.approx(0.6)),
        ("late penalty", "extension: ill", pytest.approx(0.3)),
        ("graded", "new hand-in", pytest.approx(0.6)),
    ]
    assert all(row["by"] and row["tests"] == 1 for row in rows)
    said = run(config, "history", "eve", "01")
    assert "extended: 1 d, by" in said
    assert max(map(len, said.splitlines())) <= 80


# --- before it writes ---


def test_dry_run_writes_nothing(config):
    """Neither scores nor cells nor notebooks."""
    before = config.layout.gradebook_path.read_bytes()
    notebook = config.layout.autograded_notebook("ada", "01_add").read_bytes()
    add_a_test(config)
    assert "7 of 9" in run(config, "regrade", "01", "--dry-run")
    assert config.layout.gradebook_path.read_bytes() == before
    assert config.layout.autograded_notebook("ada", "01_add").read_bytes() == notebook


@pytest.mark.parametrize(("answer", "score"), [("y\n", 7.0), ("n\n", 3.0), ("\n", 3.0)])
def test_on_a_terminal_it_asks(config, monkeypatch, answer, score):
    """Enter alone is no."""
    add_a_test(config)
    monkeypatch.setattr("grader.cli.regrade._is_terminal", lambda: True)
    result = CliRunner().invoke(main, ["--course", str(config.root), "regrade", "01"], input=answer)
    assert result.exit_code == 0
    assert "Write these scores?" in result.stderr
    assert nbgraders(config)["ada"][0] == score


def test_stopped_while_grading_nothing_is_changed(config, pool):
    """Ctrl-C in the second of three submissions; a second run then does all."""
    before = config.layout.gradebook_path.read_bytes()
    add_a_test(config)

    def stop(task):
        if len(pool.asked) == 2:
            raise KeyboardInterrupt
        return judge(task)

    pool.answer = stop
    result = CliRunner().invoke(main, ["--course", str(config.root), "regrade", "01"])
    assert result.exit_code == 130
    assert config.layout.gradebook_path.read_bytes() == before
    assert list((config.root / ".grader").glob("regrade-*")) == []
    pool.answer = judge
    run(config, "regrade", "01")
    assert nbgraders(config)["ada"][0] == 7.0


def test_stopped_while_writing_the_scores_are_the_old_ones_and_a_rerun_ends_the_same(config, monkeypatch):
    """All scores, their history and the new cells are one transaction."""
    from grader.gradebook.store import Store

    add_a_test(config)
    original, calls = Store.refresh_penalties, []

    def stop(self, name, **more):
        calls.append(name)
        if len(calls) == 2:  # the first is the look ahead
            raise KeyboardInterrupt
        return original(self, name, **more)

    monkeypatch.setattr(Store, "refresh_penalties", stop)
    scores = nbgraders(config)
    result = CliRunner().invoke(main, ["--course", str(config.root), "regrade", "01"])
    assert (result.exit_code, len(calls)) == (130, 2)
    assert nbgraders(config) == scores
    monkeypatch.setattr(Store, "refresh_penalties", original)
    run(config, "regrade", "01")
    assert nbgraders(config)["ada"] == (7.0, 0.0, 9.0)


def test_our_own_failure_takes_no_score_away(config, pool):
    """That submission is named and keeps its score; the others are written; the exit code is 1."""
    pool.answer = lambda task: "the worker died" if task.key[0] == "bob" else judge(task)
    edit(config, ("assert add(1, 2) == 3", "assert add(2, 1) == 3"))
    result = run(config, "regrade", "01", code=1)
    assert "bob/01_add: grading failed, the score stays: the worker died" in result.stderr
    assert nbgraders(config)["bob"][0] == 2.0
    pool.answer = judge
    assert [move["student_id"] for move in regraded(config)["moves"]] == ["bob"]


def test_a_hand_in_that_is_gone_keeps_its_score(config):
    """It is named: nobody can run it again."""
    path = config.layout.submitted_dir("bob", "01_add")
    path.rename(config.root / "elsewhere")
    edit(config, ("assert add(1, 2) == 3", "assert add(2, 1) == 3"))
    result = run(config, "regrade", "01", code=1)
    assert "bob/01_add: what was handed in is no longer in submitted/." in result.stderr
    assert nbgraders(config)["bob"][0] == 2.0


def test_another_writer_is_waited_for_and_then_named(config, monkeypatch):
    """A locked gradebook: one line, nothing lost."""
    from grader.gradebook.database import Database

    def impatient(config, *, create, busy_s):
        return Database(config, create=create, busy_s=0.1)

    monkeypatch.setattr("grader.gradebook.store.Database", impatient)
    add_a_test(config)
    notebook = config.layout.autograded_notebook("ada", "01_add").read_bytes()
    with sqlite3.connect(config.layout.gradebook_path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        result = run(config, "regrade", "01", code=1)
        connection.rollback()
    assert "another program has been writing" in result.stderr
    assert config.layout.autograded_notebook("ada", "01_add").read_bytes() == notebook


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["regrade"], 2, "Missing argument"),
        (["regrade", "09"], 2, "there is no chapter '09'"),
        (["regrade", "01", "--student", "adda"], 2, "Did you mean 'ada'?"),
        (["history", "adda"], 2, "Did you mean 'ada'?"),
        (["history"], 2, "Missing argument"),
    ],
)
def test_bad_input_is_wrong_usage(config, args, code, said):
    """One line that says what, where and what to do."""
    assert said in run(config, *args, code=code).stderr


def test_without_a_gradebook_nothing_is_made(tmp_path):
    """There is nothing to grade again."""
    config = make_course(tmp_path / "course")
    for args in (["regrade", "01"], ["history", "ada"], ["status"], ["extend", "--list"]):
        assert "there is no gradebook yet" in run(config, *args, code=1).stderr
    assert not config.layout.gradebook_path.exists()


# --- versions of tests ---


def facts(config):
    """The facts of chapter 1's grading."""
    return grading_version(grading_spec(load_config(config.root), "01_add")).facts


@pytest.mark.parametrize(
    ("replacement", "file", "lines", "needs_run"),
    [
        (("points=2\nassert", "points=3\nassert"), "source/01_add.py", ["test_add: 2 → 3 points"], False),
        (("points=2\nassert", "points=2 partial\nassert"), "source/01_add.py", ["test_add changed"], True),
        (("import math", "import cmath"), "source/01_add.py", ["imports changed"], True),
        (("test_twice", "test_double"), "source/01_add.py", ["test_twice removed (1 points)", "test_double added (1 points)"], True),
        (('"points": 5,', '"memory_limit_bytes": 500000000,'), "course_config.py", ["memory_limit_bytes: 1073741824 → 500000000"], True),
    ],
)  # fmt: skip
def test_what_has_changed_is_said_and_what_it_means(config, replacement, file, lines, needs_run):
    """Only points and time limits can be followed without running anything."""
    before = facts(config)
    edit(config, replacement, file=file)
    change = difference(before, facts(config))
    assert (list(change.lines), change.needs_run) == (lines, needs_run)


def test_several_chapters_are_one_regrading(config, pool):
    """Later chapters use earlier ones; a student may be in both."""
    hand_in(config, "ada", "02_mean", notebook=answered(config, {}, "02_mean"))
    run(config, "autograde")
    pool.asked.clear()
    edit(config, ("total / len(numbers)", "total / max(1, len(numbers))"), file="source/02_mean.py")
    edit(config, ("    return a + b", "    return b + a"))
    document = json.loads(run(config, "regrade", "01", "02", "--json"))
    assert document["changes"] == {
        "01_add": ["the chapter's own solutions changed: no score depends on them"],
        "02_mean": [
            "earlier chapters, allowed modules or the order of cells changed",
            "the chapter's own solutions changed: no score depends on them",
        ],
    }
    assert pool.asked == [("ada", "02_mean")]
    assert document["is_written"]


def test_a_course_that_cannot_be_written_to_is_said_before_anything_is_run(config, pool, monkeypatch):
    """Where graded notebooks wait; --dry-run needs no place."""

    def no_room(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("grader.gradebook.regrading.tempfile.TemporaryDirectory", no_room)
    add_a_test(config)
    result = run(config, "regrade", "01", code=1)
    assert "there is no place for graded notebooks" in result.stderr
    assert pool.asked == []
    assert len(json.loads(run(config, "regrade", "01", "--dry-run", "--json"))["moves"]) == 3


def test_manual_points_and_unanswered_cells_follow_without_a_run(config, pool):
    """A person's score stays; what was left as released stays "No response." and 0."""
    by_hand(config, "ada", "explain", manual_score=2.0, needs_manual_grade=False)
    pool.answer = lambda task: dataclasses.replace(judge(task), unchanged=frozenset({"explain"}))
    hand_in(config, "bob", timestamp="2026-10-05 13:00:00 UTC")
    run(config, "autograde")
    edit(config, ('role="manual" points=2', 'role="manual" points=4'))
    edit(config, ('"points": 5', '"points": 7'), file="course_config.py")
    pool.asked.clear()
    moves = {move["student_id"]: move for move in regraded(config)["moves"]}
    assert pool.asked == []
    assert [(moves[name]["before"], moves[name]["after"]) for name in ("ada", "bob")] == [(5.0, 5.0), (3.0, 3.0)]
    assert (moves["ada"]["needs_person"], moves["bob"]["needs_person"]) == (True, False)
    assert nbgraders(config)["ada"] == (5.0, 0.0, 7.0)
    with open_gradebook(config) as store:
        assert "explain" in store.unanswered("01_add")["bob"]


def test_the_real_judge_regrades_what_a_new_test_concerns(tmp_path):
    """From the hand-in to nbgrader's numbers, with student processes."""
    config = make_course(tmp_path / "course")
    hand_in(config, "ada")
    run(config, "autograde", "--jobs", "1")
    assert nbgraders(config)["ada"] == (3.0, 0.0, 5.0)
    add_a_test(config)
    edit(config, ("assert add(2, 2) == 4", "assert add(2, 2) == 5"))
    [move] = regraded(config, "--jobs", "1")["moves"]
    assert (move["how"], move["before"], move["after"], move["max_after"]) == ("run", 3.0, 3.0, 9.0)
    edit(config, ("assert add(2, 2) == 5", "assert add(2, 2) == 4"))
    [move] = regraded(config, "--jobs", "1", "--why", "a typing mistake in the test")["moves"]
    assert move["cells"] == [{"grade_id": "test_more", "before": 0.0, "after": 4.0}]
    assert nbgraders(config)["ada"] == (7.0, 0.0, 9.0)
    assert events(config, "ada") == [("graded", 3.0, 1), ("graded", 3.0, 2), ("graded", 7.0, 3)]


def test_what_could_not_be_graded_has_no_score_in_the_history(config, pool):
    """But the reason."""
    pool.answer = lambda task: GradedSubmission("01_add", {}, (), not_graded="it is not JSON.")
    hand_in(config, "bob", notebook=b"{", timestamp="2026-10-05 13:00:00 UTC")
    run(config, "autograde", code=1)
    [*_, last] = json.loads(run(config, "history", "bob", "--json"))["history"]
    assert (last["event"], last["score"]) == ("not graded", None)
    assert last["why"] == "new hand-in: it is not JSON."
    assert "not graded: no score, tests 1" in run(config, "history", "bob")
