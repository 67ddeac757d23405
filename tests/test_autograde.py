import json
import os
import sqlite3
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner
from gradebooks import sql
from small_course import EXPLAINED, HIDDEN, SOLVED, FakePool, answered, graded, hand_in, make_course, verdict

from grader.authoring.release import grading_spec
from grader.cli.main import main
from grader.course.config import load_config
from grader.course.model import GradedSubmission, Outcome
from grader.gradebook import handins
from grader.gradebook.grading import Grading, check_graded
from grader.gradebook.handins import read_handin
from grader.gradebook.sharing import MAX_KEPT, MAX_WAITING, Grade, Sharing
from grader.gradebook.store import open_gradebook


@pytest.fixture
def config(new_course, tmp_path):
    """The small course, with a gradebook of each kind."""
    return new_course(tmp_path / "course")


@pytest.fixture
def sqlite_config(tmp_path):
    """The small course with its gradebook in a file, for what has nothing to do with databases."""
    return make_course(tmp_path / "course")


def run(config, *args):
    """Run ``grader autograde``."""
    return CliRunner().invoke(main, ["--course", str(config.root), "autograde", *args])


def scores(config):
    """What the gradebook says, by student and chapter."""
    with open_gradebook(config, create=False) as store:
        return {(row.student_id, row.assignment_id): row for row in store.scores()}


def configure(config, text):
    """Add to the course's configuration."""
    file = config.layout.config_file
    file.write_text(f"{file.read_text()}\n{text}\n")


# --- the whole way ---


def test_a_submission_becomes_a_score_and_a_graded_notebook(config, pool):
    """Without any preparation: the gradebook and the chapter in it are made as well."""
    folder = hand_in(config, "ada")
    (folder / "data.csv").write_text("1,2\n")
    result = run(config)
    assert result.exit_code == 0, result.output
    row = scores(config)["ada", "01_add"]
    assert (row.score, row.n_manual, row.not_graded) == (3.0, 1, "")
    autograded = config.layout.autograded_dir("ada", "01_add")
    assert sorted(path.name for path in autograded.iterdir()) == ["01_add.ipynb", "data.csv", "timestamp.txt"]
    assert json.loads(config.layout.autograded_notebook("ada", "01_add").read_text())["nbformat"] == 4
    assert "ada" in result.stdout
    assert "1 submission: 1 graded" in result.stderr


def test_what_lies_beside_the_source_notebook_comes_along(config, pool):
    """As nbgrader does: chapters.py, data; the course's file wins over the student's of that name."""
    source = config.layout.source_dir("01_add")
    (source / "data").mkdir(parents=True)
    (source / "chapters.py").write_text("theirs = False\n")
    (source / "data" / "letters.txt").write_text("abc")
    (source / "01_add.ipynb").write_text("{}")
    folder = hand_in(config, "ada")
    (folder / "chapters.py").write_text("theirs = True\n")
    (folder / "data").write_text("a file where the course has a folder")
    assert run(config).exit_code == 0
    autograded = config.layout.autograded_dir("ada", "01_add")
    assert (autograded / "chapters.py").read_text() == "theirs = False\n"
    assert (autograded / "data" / "letters.txt").read_text() == "abc"


def test_formgrader_lists_what_was_autograded(config, pool):
    """The answer to nbgrader's own question to folder, gradebook and timestamps, in several of its formats."""
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    stamps = {"ada": "2026-10-05 12:00:00.250000 UTC", "bob": "2026-10-05 14:00:00 Europe/Berlin", "eve": ""}
    for student, stamp in stamps.items():
        hand_in(config, student, timestamp=stamp)
    assert run(config).exit_code == 0
    directory = CourseDirectory(root=str(config.root), db_url=config.db_url, course_id=config.course_id)
    api = NbGraderAPI(directory)
    assert api.get_autograded_students("01_add") == set(stamps)


def test_an_earlier_submissions_files_do_not_remain(config, pool):
    """The folder holds what the newest submission has."""
    folder = hand_in(config, "ada")
    (folder / "old").mkdir()
    (folder / "old" / "notes.txt").write_text("x")
    run(config)
    assert (config.layout.autograded_dir("ada", "01_add") / "old" / "notes.txt").exists()
    (folder / "old" / "notes.txt").unlink()
    (folder / "old").rmdir()
    (folder / "old").write_text("now a file")
    run(config)
    assert (config.layout.autograded_dir("ada", "01_add") / "old").read_text() == "now a file"


# --- again ---


def test_what_has_not_changed_is_not_graded_again(config, pool):
    """A second run only looks; --force grades."""
    hand_in(config, "ada")
    hand_in(config, "bob")
    run(config)
    assert pool.asked == [("ada", "01_add"), ("bob", "01_add")]
    result = run(config)
    assert pool.opened == 1
    assert "2 submissions: 2 unchanged" in result.stderr
    assert "ada" in result.stdout
    hand_in(config, "bob", notebook=answered(config, {**SOLVED, "add": "x = 1"}))
    run(config)
    assert pool.asked[2:] == [("bob", "01_add")]
    run(config, "--force", "--student", "ada")
    assert pool.asked[3:] == [("ada", "01_add")]


@pytest.mark.parametrize("change", ["test", "limit", "isolation", "file", "timestamp", "notebook lost", "rows lost"])
def test_what_the_score_depends_on_is_noticed(config, pool, change):
    """The course's tests and limits, the isolation, other files, the time, the graded notebook, nbgrader's rows."""
    folder = hand_in(config, "ada")
    run(config)
    if change == "test":
        source = config.layout.solution_file("01_add")
        source.write_text(source.read_text().replace("-1987, 1987", "-1988, 1988"))
    elif change == "limit":
        configure(config, "c.Course.time_limit_s = 3")
    elif change == "isolation":
        configure(config, "c.Course.isolation = 'process'")
    elif change == "file":
        (folder / "data.csv").write_text("1")
    elif change == "timestamp":
        (folder / "timestamp.txt").write_text("2026-10-06 12:00:00 UTC")
    elif change == "notebook lost":
        config.layout.autograded_notebook("ada", "01_add").unlink()
    else:
        sql(config, "DELETE FROM grade WHERE auto_score = 2")
    run(config)
    assert pool.asked == [("ada", "01_add")] * 2


def test_a_changed_late_policy_needs_no_grading(config, pool):
    """The penalty is brought up to date all the same."""
    hand_in(config, "ada", timestamp="2026-10-07 00:00:00 UTC")
    run(config)
    assert scores(config)["ada", "01_add"].penalty == 0.0
    configure(config, "c.Course.late_policy = 'zero'")
    run(config)
    assert len(pool.asked) == 1
    assert scores(config)["ada", "01_add"].penalty == 3.0


def test_a_score_by_hand_survives(config, pool):
    """Grading again does not touch it."""
    hand_in(config, "ada")
    run(config)
    sql(config, "UPDATE grade SET manual_score = 0.5, needs_manual_grade = false")
    pool.answer = lambda task: graded(Outcome.FAILED, Outcome.FAILED)
    run(config, "--force")
    assert scores(config)["ada", "01_add"].score == 1.5


# --- the same file from several students ---


@pytest.mark.parametrize("many_in_hand", [False, True])
def test_hand_ins_that_are_the_same_are_graded_once(config, pool, many_in_hand):
    """Whoever comes later has the same verdicts and an own notebook in autograded/; --force grades each for itself."""
    one_by_one = pool.map
    pool.map = lambda tasks: one_by_one(list(tasks) if many_in_hand else tasks)
    same = answered(config, SOLVED)
    for student in ("ada", "bob", "cem", "eve"):
        hand_in(config, student, notebook=same + b" " * (student == "cem"))
    pool.answer = lambda task: graded(Outcome.FAILED if task.key[0] == "ada" else Outcome.PASSED)
    result = run(config)
    assert pool.asked == [("ada", "01_add"), ("cem", "01_add")]
    assert "4 graded (2 the same file as another student's)" in result.stderr
    found = {student: row.score for (student, _), row in scores(config).items()}
    assert found["bob"] == found["eve"] == found["ada"] != found["cem"]
    texts = {s: config.layout.autograded_notebook(s, "01_add").read_text() for s in ("ada", "bob", "eve")}
    assert len(set(texts.values())) == 1
    pool.asked.clear()
    assert "4 unchanged" in run(config).stderr
    assert not pool.asked
    told = json.loads(run(config, "--json", "--quiet").stdout)["results"]
    assert not any(entry["same_as"] for entry in told)
    run(config, "--force")
    assert len(pool.asked) == 4


def test_files_beside_the_notebook_count(config, pool):
    """The same notebook with another data file is another hand-in."""
    same = answered(config, SOLVED)
    for student in ("ada", "bob"):
        folder = hand_in(config, student, notebook=same)
        (folder / "letters.csv").write_text(student)
    run(config)
    assert len(pool.asked) == 2


def test_what_is_the_same_shares_a_refusal_and_a_failure(config, pool):
    """Not graded once, not graded for all; a failure of ours is nobody's verdict, and all are tried again."""
    for student in ("ada", "bob"):
        hand_in(config, student, notebook=answered(config, SOLVED))
    pool.answer = lambda task: GradedSubmission("01_add", {}, (), not_graded="empty.")
    assert run(config).stderr.count("not graded: empty.") == 2
    assert len(pool.asked) == 1
    for student in ("cem", "eve"):
        hand_in(config, student, notebook=answered(config, {"add": SOLVED["add"]}))
    pool.asked.clear()
    pool.answer = lambda task: None
    assert run(config).stderr.count("grading failed") == 2
    assert len(pool.asked) == 2, "a failure is kept for nobody"
    pool.asked.clear()
    one_by_one = pool.map
    pool.map = lambda tasks: one_by_one(list(tasks))
    assert run(config).stderr.count("grading failed") == 2
    assert len(pool.asked) == 1, "who waits for the other shares its failure"
    pool.asked.clear()
    pool.answer = lambda task: graded()
    run(config)
    assert pool.asked == [("cem", "01_add")]
    assert {student for student, _ in scores(config)} == {"ada", "bob", "cem", "eve"}


def test_results_are_kept_within_bounds():
    """The last ones, by size; and only so many wait for one that takes long."""
    sharing = Sharing()
    sharing.begin("a")
    assert [sharing.waits("a", number) for number in range(MAX_WAITING + 1)] == [True] * MAX_WAITING + [False]
    assert not sharing.waits("b", 0)
    big = Grade("ada", graded(), "x" * (MAX_KEPT // 2))
    assert sharing.end("a", big) == list(range(MAX_WAITING))
    for digest in ("b", "c"):
        sharing.begin(digest)
        assert sharing.known("a") is big
        assert sharing.end(digest, big) == []
    assert [sharing.known(digest) for digest in "abc"] == [big, None, big]


# --- what cannot be graded ---


def test_one_that_cannot_be_graded_is_named_and_the_rest_goes_on(config, pool):
    """Kept in the gradebook as not graded, not as 0; exit code 1, also the second time."""
    for student in ("ada", "bob", "eve"):
        hand_in(config, student)
    unreadable = GradedSubmission("01_add", {}, (), not_graded="it is not JSON.")
    pool.answer = lambda task: unreadable if task.key[0] == "bob" else graded()
    for expected in ([("ada", "01_add"), ("bob", "01_add"), ("eve", "01_add")], []):
        pool.asked.clear()
        result = run(config)
        assert result.exit_code == 1
        assert "submitted/bob/01_add/01_add.ipynb: not graded: it is not JSON." in result.stderr
        assert pool.asked == expected
    rows = scores(config)
    assert (rows["bob", "01_add"].not_graded, rows["bob", "01_add"].n_manual) == ("it is not JSON.", 3)
    assert rows["ada", "01_add"].score == rows["eve", "01_add"].score == 3.0
    assert not config.layout.autograded_dir("bob", "01_add").exists()


def test_a_submission_that_can_no_longer_be_graded_leaves_no_old_notebook(config, pool):
    """Formgrader must not show the graded form of something else."""
    folder = hand_in(config, "ada")
    run(config)
    (folder / "01_add.ipynb").unlink()
    assert run(config).exit_code == 1
    assert not config.layout.autograded_dir("ada", "01_add").exists()
    assert scores(config)["ada", "01_add"].not_graded.startswith("there is no 01_add.ipynb in the folder")


def test_our_own_failure_draws_no_score_and_is_tried_again(config, pool):
    """Not graded, named, exit code 1; the next run grades it."""
    hand_in(config, "ada")
    pool.answer = lambda task: "the sandbox could not be made"
    result = run(config)
    assert result.exit_code == 1
    assert "grading failed, no score was drawn from it: the sandbox could not be made" in result.stderr
    assert "the sandbox" in scores(config)["ada", "01_add"].not_graded
    pool.answer = lambda task: graded()
    assert run(config).exit_code == 0
    assert scores(config)["ada", "01_add"].score == 3.0


def test_our_own_failure_takes_nothing_away(config, pool):
    """A score of the same submission from an earlier run stays."""
    hand_in(config, "ada")
    run(config)
    pool.answer = lambda task: "the sandbox could not be made"
    result = run(config, "--force")
    assert result.exit_code == 1
    assert scores(config)["ada", "01_add"].score == 3.0
    assert config.layout.autograded_notebook("ada", "01_add").exists()


@pytest.mark.parametrize(
    "impossible",
    [
        (verdict("test_add", Outcome.PASSED, 2.0),),
        (
            verdict("test_add", Outcome.PASSED, 2.0, 3.0),
            verdict("test_twice", Outcome.PASSED, 1.0),
            verdict("explain", Outcome.MANUAL, 2.0),
        ),
        (
            verdict("test_add", Outcome.PASSED, 2.0, float("nan")),
            verdict("test_twice", Outcome.PASSED, 1.0),
            verdict("explain", Outcome.MANUAL, 2.0),
        ),
        (
            verdict("test_add", Outcome.PASSED, 20.0),
            verdict("test_twice", Outcome.PASSED, 1.0),
            verdict("explain", Outcome.MANUAL, 2.0),
        ),
    ],
)
def test_a_result_that_the_course_could_not_give_is_no_score(config, pool, impossible):
    """Missing grade cells, more than the points, no number: our mistake, never a score."""
    hand_in(config, "ada")
    pool.answer = lambda task: GradedSubmission("01_add", graded().notebook, impossible)
    result = run(config)
    assert result.exit_code == 1
    assert "grading failed" in result.stderr
    assert scores(config)["ada", "01_add"].score == 0.0
    assert scores(config)["ada", "01_add"].not_graded


def test_an_honest_result_passes_the_check():
    """The check is not in the way."""
    check_graded(graded(), {"test_add": 2.0, "test_twice": 1.0, "explain": 2.0})


def test_a_notebook_that_is_none_is_no_score(config, pool):
    """What is written to autograded/ is validated first."""
    hand_in(config, "ada")
    pool.answer = lambda task: GradedSubmission("01_add", {"cells": 3, "nbformat": 4}, graded().verdicts)
    assert run(config).exit_code == 1
    assert not config.layout.autograded_dir("ada", "01_add").exists()


# --- reading what was handed in ---


def test_only_regular_files_are_touched(sqlite_config, tmp_path):
    """A link could be the grader's own file, a pipe would wait for ever."""
    secret = tmp_path / "secret.ipynb"
    secret.write_text("{}")
    folder = hand_in(sqlite_config, "ada")
    notebook = folder / "01_add.ipynb"
    notebook.unlink()
    notebook.symlink_to(secret)
    (folder / "link.txt").symlink_to("/etc/passwd")
    (folder / "etc").symlink_to("/etc")
    os.mkfifo(folder / "pipe")
    (folder / "fine.txt").write_text("x")
    started = time.monotonic()
    handin = read_handin(sqlite_config.layout, "ada", "01_add")
    assert time.monotonic() - started < 2
    assert handin.problem == "01_add.ipynb is not a regular file."
    assert dict(handin.files) == {"fine.txt": b"x"}
    assert len(handin.warnings) == 3
    notebook.unlink()
    os.mkfifo(notebook)
    assert read_handin(sqlite_config.layout, "ada", "01_add").problem == "01_add.ipynb is not a regular file."


def test_large_files_are_bounded(sqlite_config, monkeypatch):
    """A notebook that is too large is not graded, other files are left out, each with a word."""
    monkeypatch.setattr(handins, "MAX_NOTEBOOK_BYTES", 2000)
    monkeypatch.setattr(handins, "MAX_FILE_BYTES", 100)
    monkeypatch.setattr(handins, "MAX_FILES", 3)
    folder = hand_in(sqlite_config, "ada", notebook=b"x" * 2001)
    for number in range(5):
        (folder / f"{number}.txt").write_text("x")
    (folder / "1.txt").write_text("x" * 101)
    handin = read_handin(sqlite_config.layout, "ada", "01_add")
    assert handin.problem == "01_add.ipynb is too large: 2,001 bytes, at most 2,000 are graded."
    assert sorted(handin.files) == ["0.txt", "2.txt", "3.txt"]
    assert handin.warnings == (
        "left out: 1.txt is too large: 101 bytes, at most 100 are graded.",
        "only the first 3 files were taken.",
    )


def test_a_missing_notebook_names_what_is_there(sqlite_config):
    """Students rename files."""
    folder = hand_in(sqlite_config, "ada")
    (folder / "01_add.ipynb").rename(folder / "01_add (1).ipynb")
    assert read_handin(sqlite_config.layout, "ada", "01_add").problem == (
        "there is no 01_add.ipynb in the folder; there is 01_add (1).ipynb."
    )


def test_a_file_where_the_folder_should_be_is_named(config, pool):
    """Nothing that was handed in is passed over in silence."""
    hand_in(config, "ada")
    config.layout.submitted_dir("bob", "01_add").parent.mkdir()
    config.layout.submitted_dir("bob", "01_add").write_text("my homework")
    result = run(config)
    assert result.exit_code == 1
    assert "submitted/bob/01_add/01_add.ipynb: not graded: 01_add is not a folder." in result.stderr


@pytest.mark.parametrize("stamp", [b"last tuesday", b"\xff\xfe", b"5", b"2026-99-99", b"x" * 2000])
def test_a_bad_timestamp_is_a_warning(config, pool, stamp):
    """Where nbgrader stops, the submission is graded and counts as in time."""
    folder = hand_in(config, "ada")
    (folder / "timestamp.txt").write_bytes(stamp)
    result = run(config)
    assert result.exit_code == 0
    assert "submitted/ada/01_add/01_add.ipynb: warning: timestamp.txt was ignored" in result.stderr
    assert scores(config)["ada", "01_add"].timestamp is None


def test_a_student_whose_name_is_no_text_is_named(config, pool):
    """A folder's name may be any bytes; a gradebook holds text."""
    hand_in(config, "ada")
    os.makedirs(os.fsencode(config.layout.submitted_root) + b"/b\xff/01_add")
    result = run(config)
    assert result.exit_code == 1
    assert "the folder's name is not text" in result.stderr
    assert list(scores(config)) == [("ada", "01_add")]


def test_warnings_and_repairs_are_told(config, pool):
    """On stderr, with the submission's name."""
    hand_in(config, "ada")
    pool.answer = lambda task: graded(repairs=["a test cell was put back"])
    result = run(config)
    assert result.exit_code == 0
    assert "submitted/ada/01_add/01_add.ipynb: repaired: a test cell was put back" in result.stderr


# --- choosing ---


def test_chapters_and_students_can_be_chosen(config, pool):
    """Only these are graded."""
    for student in ("ada", "bob"):
        for chapter in ("01_add", "02_mean"):
            hand_in(config, student, chapter)
    run(config, "01_add", "--student", "bob")
    assert pool.asked == [("bob", "01_add")]


def test_an_unknown_student_or_chapter_is_wrong_usage(config, pool):
    """Exit code 2, a near miss, nothing graded."""
    hand_in(config, "ada")
    result = run(config, "--student", "adda")
    assert result.exit_code == 2
    assert "there is no student 'adda'.\nDid you mean 'ada'?" in result.stderr
    result = run(config, "01_ad")
    assert result.exit_code == 2
    assert pool.asked == []


def test_no_submissions_is_said(config, pool):
    """With where they are expected."""
    result = run(config, "01_add")
    assert result.exit_code == 1
    assert "there are no submissions of 01_add." in result.stderr
    assert "submitted/<student>/<chapter>/<chapter>.ipynb" in result.stderr


def test_an_authors_mistake_is_said_before_anything_is_graded(config, pool):
    """File and line; exit code 1."""
    hand_in(config, "ada")
    source = config.layout.solution_file("01_add")
    source.write_text(source.read_text().replace("    ### END SOLUTION", "", 1))
    result = run(config)
    assert result.exit_code == 1
    assert "source/01_add.py:8" in result.stderr
    assert pool.asked == []


# --- telling ---


def test_json_is_one_document(config, pool):
    """Results with verdicts, what only graders may read apart, errors in the usual shape."""
    hand_in(config, "ada")
    hand_in(config, "bob")
    pool.answer = lambda task: (
        graded(Outcome.FAILED) if task.key[0] == "ada" else GradedSubmission("01_add", {}, (), not_graded="empty.")
    )
    result = run(config, "--json", "--quiet")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["schema"] == 1
    assert document["counts"] == {"graded": 1, "unchanged": 0, "not graded": 1, "failed": 0}
    ada, bob = document["results"]
    assert (ada["score"], ada["max_score"], ada["status"], ada["needs_person"]) == (1.0, 5.0, "graded", True)
    assert ada["verdicts"][0]["message"] == "1 + 2 = 3"
    assert ada["verdicts"][0]["grader_only"] == {"detail": "got 4"}
    assert (bob["score"], bob["reason"], bob["verdicts"]) == (None, "empty.", [])
    assert document["errors"] == [{"type": "SubmissionError", "place": "bob/01_add", "message": "empty.", "hint": ""}]


def test_quiet_says_only_what_went_wrong(config, pool):
    """And the answer."""
    hand_in(config, "ada")
    result = run(config, "--quiet")
    assert result.stderr == ""
    assert "ada" in result.stdout


def test_a_large_class_is_summed_up(config, pool, monkeypatch):
    """A thousand lines are no answer."""
    monkeypatch.setattr("grader.cli.autograde.TABLE_ROWS", 3)
    for number in range(5):
        hand_in(config, f"s{number}")
    result = run(config)
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["chapter", "handed", "in", "scored", "mean", "of"] in lines
    assert ["01_add", "5", "5", "3.0", "5"] in lines
    assert "s3 " not in result.stdout


def test_a_students_name_is_shown_and_never_obeyed(config, pool):
    """Escape sequences in a folder's name."""
    hand_in(config, "eve\x1b[2J")
    result = run(config)
    assert "\x1b" not in result.output
    assert "eve\\x1b[2J" in result.stdout


# --- interrupted ---


def test_what_is_graded_is_kept_when_the_user_stops(config, pool):
    """Ctrl-C: exit code 130, and the next run does only the rest."""
    for number in range(4):
        hand_in(config, f"s{number}")

    def answer(task):
        if task.key[0] == "s2":
            raise KeyboardInterrupt
        return graded()

    pool.answer = answer
    result = run(config)
    assert result.exit_code == 130
    assert {student for student, _ in scores(config)} == {"s0", "s1"}
    pool.answer = lambda task: graded()
    pool.asked.clear()
    assert run(config).exit_code == 0
    assert [student for student, _ in pool.asked] == ["s2", "s3"]


def test_a_gradebook_that_is_locked_is_said_and_nothing_is_lost(sqlite_config, pool, monkeypatch):
    """Exit code 1, one message; afterwards the same command does everything."""
    hand_in(sqlite_config, "ada")
    with open_gradebook(sqlite_config) as store:
        store.sync_assignment(
            "01_add", grading_spec(sqlite_config, "01_add").cells, due=sqlite_config.chapter("01_add").due
        )
    other = sqlite3.connect(sqlite_config.layout.gradebook_path)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr("grader.gradebook.store.Database", _impatient)
    result = run(sqlite_config)
    assert result.exit_code == 1
    assert "another program has been writing to the gradebook" in result.stderr
    assert "Traceback" not in result.output
    other.rollback()
    other.close()
    assert run(sqlite_config).exit_code == 0
    assert scores(sqlite_config)["ada", "01_add"].score == 3.0


def _impatient(config, *, create, busy_s):
    from grader.gradebook.database import Database

    return Database(config, create=create, busy_s=0.1)


def test_memory_holds_a_batch_and_not_the_class(config):
    """Tasks are made as they are asked for; at most one batch of results waits to be written."""
    for number in range(120):
        hand_in(config, f"s{number:03}", notebook=b"{}" + b" " * number)
    with open_gradebook(config) as store:
        grading = Grading(config, store, lambda name: grading_spec(config, name), ["01_add"])
        waiting = []

        def answer(task):
            waiting.append(len(grading._in_flight) + len(grading._batch))
            return graded()

        results = list(grading.run(FakePool(answer)))
    assert len(results) == 120
    assert max(waiting) <= 51


# --- with the real judge ---


def test_the_real_judge_grades(tmp_path):
    """Right, wrong, unreadable and unchanged submissions of two chapters, by the command itself."""
    config = make_course(tmp_path)
    hand_in(config, "ada", notebook=answered(config, SOLVED | EXPLAINED))
    hand_in(config, "bob", notebook=answered(config, {"add": "def add(a, b):\n    return abs(a) + abs(b)"}))
    hand_in(config, "eve", notebook=b"not a notebook")
    hand_in(config, "ada", "02_mean", answered(config, {"mean": "def mean(v):\n    return sum(v) / len(v)"}, "02_mean"))
    done = subprocess.run(
        [sys.executable, "-m", "grader", "--course", str(tmp_path), "autograde", "--json", "--jobs", "2"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    outcomes = {
        (result["student_id"], verdict["grade_id"]): (verdict["outcome"], verdict["score"])
        for result in document["results"]
        for verdict in result["verdicts"]
    }
    assert outcomes == {
        ("ada", "test_add"): ("passed", 2.0),
        ("ada", "test_twice"): ("passed", 1.0),
        ("ada", "explain"): ("manual", 0.0),
        ("ada", "test_mean"): ("passed", 2.0),
        ("bob", "test_add"): ("failed", 0.0),
        ("bob", "test_twice"): ("error", 0.0),
        ("bob", "explain"): ("manual", 0.0),
    }
    with open_gradebook(load_config(tmp_path)) as store:
        rows = {(row.student_id, row.grade_id): row for row in store.verdicts()}
    assert rows["ada", "explain"].needs_manual_grade
    assert rows["bob", "explain"].auto_score == 0.0  # left as released
    for hidden in HIDDEN:
        assert not any(hidden in row.message for row in rows.values())
