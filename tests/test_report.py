import csv
import datetime
import io
import json
import re

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from small_course import CONFIG, graded, hand_in, make_course

from grader.authoring.release import grading_spec
from grader.cli.main import main
from grader.course.model import GradedSubmission, Outcome
from grader.gradebook.store import ScoredSubmission, open_gradebook
from grader.reports.scores import State, class_report, student_report
from grader.reports.terminal import course_of
from grader.reports.text import points, printable, spreadsheet_cell

IN_TIME = datetime.datetime(2026, 10, 5, 12, 0, tzinfo=datetime.UTC)
LATE = datetime.datetime(2026, 10, 7, 12, 0, tzinfo=datetime.UTC)
EVIL = "\x1b[2J\x1b]0;owned\x07"


@pytest.fixture
def config(new_course, tmp_path):
    """A class: ada fine, bob late with a failed test, eve unreadable, fay handed in and waiting."""
    config = new_course(tmp_path, config=CONFIG + "c.Course.late_policy = 'per-day'\n")
    for student in ("ada", "bob", "eve", "fay"):
        hand_in(config, student)
    with open_gradebook(config) as store:
        for name in ("01_add", "02_mean"):
            store.sync_assignment(name, grading_spec(config, name).cells, due=config.chapter(name).due)
        store.write_batch(
            [
                ScoredSubmission("ada", graded(unchanged=["explain"]), IN_TIME),
                ScoredSubmission("bob", graded(Outcome.FAILED, repairs=["a cell was put back"]), LATE),
                ScoredSubmission("eve", GradedSubmission("01_add", {}, (), not_graded="it is not JSON.\nAsk."), None),
            ]
        )
    return config


def run(config, *args):
    """Run ``grader report``."""
    return CliRunner().invoke(main, ["--course", str(config.root), "report", *args])


# --- values ---


def test_the_report_says_where_everybody_stands(config):
    """Scores that count, what is late, what nobody could grade, what waits, what is missing."""
    with open_gradebook(config) as store:
        report = class_report(store, course_of(config))
    marks = {line.student_id: line.marks["01_add"] for line in report.students}
    assert {name: (mark.state, mark.score) for name, mark in marks.items()} == {
        "ada": (State.GRADED, 3.0),
        "bob": (State.GRADED, pytest.approx(0.8)),
        "eve": (State.NOT_GRADED, None),
        "fay": (State.WAITING, None),
    }
    assert (marks["bob"].is_late, marks["bob"].penalty) == (True, pytest.approx(0.2))
    assert {line.marks["02_mean"].state for line in report.students} == {State.MISSING}
    assert [(c.assignment_id, c.title, c.max_score) for c in report.chapters] == [
        ("01_add", "Adding", 5.0),
        ("02_mean", "Means", 2.0),
    ]
    assert report.chapters[0].mean == pytest.approx((3.0 + 0.8) / 2)
    assert report.chapters[1].mean is None
    assert report.max_score == 7.0
    assert [(student, mark.n_manual) for student, _, mark in report.needing_a_person()] == [("bob", 1), ("eve", 3)]
    assert report.waiting() == [("fay", "01_add")]


def test_a_person_who_graded_the_ungradable_settles_it(config):
    """Once a score was given by hand, it counts."""
    with open_gradebook(config) as store:
        from nbgrader.api import Gradebook

        with Gradebook(config.db_url, config.course_id) as gb:
            for grade in gb.find_submission_notebook("01_add", "01_add", "eve").grades:
                grade.manual_score, grade.needs_manual_grade = 1.0, False
            gb.db.commit()
        mark = student_report(store, course_of(config), "eve").chapters[0].mark
    assert (mark.state, mark.score, mark.needs_person) == (State.GRADED, 3.0, False)


# --- text ---


def test_the_table_is_plain_and_fits_80_columns(config):
    """No colour in a pipe; everything is named: late, not graded, waiting, by hand."""
    result = run(config)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    rows = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines() if line.split()}
    assert rows["student"] == ["01", "02", "total"]
    assert rows["ada"] == ["3", "–", "3"]
    assert rows["bob"] == ["0.8*!", "–", "0.8"]
    assert rows["eve"] == ["?", "–", "0"]
    assert rows["fay"] == ["…", "–", "0"]
    assert rows["mean"] == ["1.9", "–", "0.9"] or rows["mean"] == ["1.9", "–", "1"]
    assert rows["of"] == ["5", "2", "7"]
    assert "Needs a person: 2 submissions" in result.stdout
    assert "bob/01_add: 1 answer to grade by hand" in result.stdout
    assert "eve/01_add: it is not JSON." in result.stdout
    assert "1 submission was not autograded yet: grader autograde" in result.stdout


def test_many_chapters_and_long_names_still_fit(config):
    """Seven columns and an e-mail address for a name."""
    with open_gradebook(config) as store:
        store.write_batch([ScoredSubmission("a.very.long.address@students.example.org", graded(), IN_TIME)])
    for number in range(3, 8):
        (config.layout.source_root / f"{number:02}_more.py").write_text("")
    result = run(config)
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "07" in result.stdout


def test_a_student_is_shown_with_every_verdict(config):
    """Outcome, points, message; what only graders may read is not there."""
    result = run(config, "--student", "bob")
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    assert "bob: 0.8 of 7 points" in text
    assert "01_add Adding: 0.8 of 5" in text
    assert "late by 1 d 12 h: 0.2 points off" in text
    assert "repaired: a cell was put back" in text
    assert "test_add failed 0 of 2 1 + 2 = 3" in text
    assert "test_twice passed 1 of 1" in text
    assert "explain by hand 0 of 2 needs a person" in text
    assert "02_mean Means: not handed in (0 of 2)" in text
    assert "got 4" not in text
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_what_a_person_gave_is_shown(config):
    """Score and comment, beside what the judge had said."""
    from nbgrader.api import Gradebook

    with Gradebook(config.db_url, config.course_id) as gb:
        grade = gb.find_grade("test_add", "01_add", "01_add", "bob")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        gb.find_comment("explain", "01_add", "01_add", "bob").manual_comment = "Think of 1 + 2."
        gb.db.commit()
    text = " ".join(run(config, "--student", "bob").stdout.split())
    assert "test_add failed 1.5 of 2 1 + 2 = 3 given by a person instead of 0" in text
    assert "comment: Think of 1 + 2." in text


def test_an_unknown_student_is_wrong_usage(config):
    """With a near miss."""
    result = run(config, "--student", "bib")
    assert result.exit_code == 2
    assert "there is no student 'bib'.\nDid you mean 'bob'?" in result.stderr


def test_only_the_named_chapters_are_shown(config):
    """And totals are theirs."""
    assert "/02" not in run(config, "01_add").stdout
    assert json.loads(run(config, "02_mean", "--json").stdout)["max_score"] == 2.0


# --- JSON and CSV ---


def test_json_is_one_document_with_a_schema(config):
    """Nothing else on stdout."""
    document = json.loads(run(config, "--json").stdout)
    assert document["schema"] == 1
    assert document["errors"] == []
    bob = next(student for student in document["students"] if student["student_id"] == "bob")
    assert bob["chapters"]["01_add"]["late"] is True
    assert bob["chapters"]["01_add"]["timestamp"] == "2026-10-07T12:00:00+00:00"
    assert {entry["student_id"]: entry["reason"] for entry in document["needs_person"]} == {
        "bob": "manual cells",
        "eve": "it is not JSON.\nAsk.",
    }


def test_json_of_a_student_marks_what_only_graders_may_read(config):
    """A message can be passed on; the detail is under grader_only."""
    document = json.loads(run(config, "--student", "bob", "--json").stdout)
    first = document["students"][0]["chapters"][0]["verdicts"][0]
    assert (first["grade_id"], first["outcome"], first["message"]) == ("test_add", "failed", "1 + 2 = 3")
    assert first.pop("grader_only") == {"detail": "got 4"}
    assert "got 4" not in json.dumps(first)


def test_csv_has_a_line_a_student(config, tmp_path):
    """Empty where there is no score, with the reason in another column."""
    target = tmp_path / "scores.csv"
    result = run(config, "--csv", str(target))
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"Wrote {target}\n"
    rows = {row["student_id"]: row for row in csv.DictReader(io.StringIO(target.read_text(encoding="utf-8-sig")))}
    assert rows["ada"]["01_add"] == "3"
    assert (rows["bob"]["state_01_add"], rows["bob"]["penalty_01_add"]) == ("graded, late, needs a person", "0.2")
    assert (rows["eve"]["01_add"], rows["eve"]["state_01_add"]) == ("", "not graded")
    assert rows["fay"]["state_01_add"] == "waiting"
    assert run(config, "--csv", "-").stdout.splitlines()[0].startswith("student_id,name,01_add,02_mean,total")


def test_csv_that_cannot_be_written_is_said(config, tmp_path):
    """One message, exit code 1."""
    result = run(config, "--csv", str(tmp_path / "nowhere" / "scores.csv"))
    assert result.exit_code == 1
    assert "its folder does not exist" in result.stderr


def test_csv_and_student_do_not_go_together(config):
    """Wrong usage, exit code 2."""
    assert run(config, "--csv", "-", "--student", "ada").exit_code == 2


# --- what students wrote ---


def test_nothing_that_a_student_wrote_reaches_the_terminal_or_a_spreadsheet(tmp_path):
    """Names of folders, messages, reasons and repairs, in every form of the report."""
    config = make_course(tmp_path)
    name = f"=cmd|{EVIL}"
    with open_gradebook(config) as store:
        store.sync_assignment("01_add", grading_spec(config, "01_add").cells)
        bad = graded(Outcome.FAILED, repairs=[EVIL])
        verdicts = tuple(
            type(v)(v.grade_id, v.outcome, v.score, v.max_score, f"[red]{EVIL}\nsecond line") for v in bad.verdicts
        )
        store.write_batch(
            [
                ScoredSubmission(name, GradedSubmission("01_add", {}, verdicts, repairs=(EVIL,))),
                ScoredSubmission("eve", GradedSubmission("01_add", {}, (), not_graded=f"[bold]{EVIL}")),
            ]
        )
    for args in ([], ["--student", name], ["--student", "eve"], ["--json"], ["--csv", "-"]):
        output = run(config, *args).output
        assert "\x1b" not in output
        assert "\x07" not in output
        assert output
    assert "[red]" in run(config, "--student", name).stdout
    assert run(config, "--csv", "-").stdout.splitlines()[1].startswith("'=cmd")


@given(st.text())
def test_printable_text_holds_no_control_character(text):
    """And says the same every time it is applied to what is printable."""
    shown = printable(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    assert printable(shown) == shown


@given(st.text(min_size=1), st.sampled_from("=+-@\t\r＝＋－＠"))
def test_a_spreadsheet_never_sees_a_formula(text, start):
    """Whatever a cell starts with."""
    assert spreadsheet_cell(start + text)[0] not in "=+-@\t\r＝＋－＠"


@pytest.mark.parametrize(("value", "shown"), [(14.0, "14"), (3.5, "3.5"), (0.125, "0.12"), (-0.001, "0"), (100, "100")])
def test_points_are_written_as_people_do(value, shown):
    """No needless decimals."""
    assert points(value) == shown
