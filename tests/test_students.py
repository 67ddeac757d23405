"""``grader students``: the roster, as nbgrader, Canvas, Moodle and Gradescope write one."""

import json
import os

import pytest
from click.testing import CliRunner
from small_course import SOLVED, answered, hand_in
from uploads import ROSTER

from grader.cli.main import main
from grader.course.roster import Named, Roster, Student, read_roster
from grader.errors import CourseErrors, RosterError
from grader.gradebook.store import open_gradebook


def run(config, *words, code=0):
    """Run ``grader`` in the course."""
    result = CliRunner().invoke(main, ["--course", str(config.root), *map(str, words)])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Homework (77)
    Points Possible,,,,,5
"Lovelace, Ada",4711,S1,ada,Monday,
"Gödel, Kurt",4712,S2,kurt,Monday,
"Student, Test",4799,,0123abc,Monday,
"""
MOODLE = """First name,Last name,ID number,Email address,Groups
Ada,Lovelace,,ada@example.org,
Kurt,Gödel,k-17,kurt@example.org,A
"""
WORKSHEET = """Identifier,Full name,Email address,Status,Grade,Last modified (submission)
Participant 31337,Ada Lovelace,ada@example.org,Submitted,,"Monday, 5 October 2026, 11:14 PM"
"""
GRADESCOPE = """First Name,Last Name,SID,Email,Role
Ada,Lovelace,4711,ada@example.org,Student
Grace,Hopper,1,grace@example.org,Instructor
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ROSTER.splitlines(True)[0] + ROSTER.splitlines(True)[1], [Student("ada", "Ada", "Lovelace", "ada@example.org", "4711")]),
        (CANVAS, [Student("ada", "Ada", "Lovelace", "", "4711"), Student("kurt", "Kurt", "Gödel", "", "4712")]),
        (MOODLE, [Student("ada", "Ada", "Lovelace", "ada@example.org"), Student("k-17", "Kurt", "Gödel", "kurt@example.org")]),
        (WORKSHEET, [Student("ada", "Ada", "Lovelace", "ada@example.org", "31337")]),
        (GRADESCOPE, [Student("4711", "Ada", "Lovelace", "ada@example.org")]),
        ("student_id;first name;LAST_NAME\nada;Ada;Lovelace\n", [Student("ada", "Ada", "Lovelace")]),
    ],
    ids=["nbgrader", "canvas", "moodle", "moodle-worksheet", "gradescope", "semicolons"],
)  # fmt: skip
def test_the_columns_of_each_lms_are_understood(text, expected):
    """And lines that are no student (points possible, the test student, instructors) are left out."""
    assert read_roster(text.encode(), "roster.csv") == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_spreadsheets_encodings_are_read(encoding):
    """Excel writes any of them."""
    assert read_roster("id\tlast_name\nkurt\tGödel\n".encode(encoding), "r")[0].last_name == "Gödel"


def test_another_column_can_hold_the_ids():
    """And one that is not there is named, with those that are."""
    assert read_roster(CANVAS.encode(), "r", "SIS User ID")[0].student_id == "S1"
    with pytest.raises(RosterError, match="no column 'Nickname'"):
        read_roster(CANVAS.encode(), "r", "Nickname")


def test_every_mistake_is_told_and_nobody_is_imported(generated, tmp_path):
    """A path as an id, an id twice, one LMS id for two: each with its line."""
    bad = "id,last_name,lms_user_id\n../x,A,1\nada,B,2\nada,C,3\n.hidden,D,4\nkurt,E,2\nADA,F,9\n"
    with pytest.raises(CourseErrors) as caught:
        read_roster(bad.encode(), "r.csv")
    assert [error.place for error in caught.value.errors] == ["r.csv:2", "r.csv:4", "r.csv:5", "r.csv:6", "r.csv:7"]
    (tmp_path / "r.csv").write_text(bad)
    run(generated, "students", "import", tmp_path / "r.csv", code=1)
    assert json.loads(run(generated, "students", "list", "--json").stdout)["students"] == []


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        (None, 2, "there is no such file"),
        (b"\x00\x01\x02", 1, "is no text"),
        (b"", 1, "has no column"),
        (b"id\n", 1, "has no students"),
        (b"colour\nred\n", 1, "has no column"),
        (b'id,name\n"ada,x\n' + b"y" * 200_000, 1, "is not CSV"),
    ],
)
def test_a_file_that_is_no_roster_is_refused(generated, tmp_path, content, code, told):
    """With one line that says why."""
    path = tmp_path / "r.csv"
    if content is not None:
        path.write_bytes(content)
    assert told in run(generated, "students", "import", path, code=code).stderr


def test_import_adds_and_updates_and_a_second_time_changes_nothing(generated, tmp_path):
    """What a later file leaves empty stays as it was."""
    path = tmp_path / "r.csv"
    path.write_text(ROSTER)
    assert "3 would be added" in run(generated, "students", "import", path, "--dry-run").stdout
    assert "3 added, 0 changed, 0 unchanged" in run(generated, "students", "import", path).stdout
    assert "0 added, 0 changed, 3 unchanged" in run(generated, "students", "import", path).stdout
    path.write_text("id,last_name,email\nada,King,\nnew,,\n")
    result = run(generated, "students", "import", path)
    assert "1 added, 1 changed, 0 unchanged" in result.stdout
    assert "bob, kurt" in result.stderr  # who is not in the file is kept, and named
    rows = {
        row["student_id"]: row for row in json.loads(run(generated, "students", "list", "--json").stdout)["students"]
    }
    assert (rows["ada"]["last_name"], rows["ada"]["email"]) == ("King", "ada@example.org")


def test_nbgrader_sees_the_same_students(generated, tmp_path):
    """The roster is its table."""
    from nbgrader.api import Gradebook

    (tmp_path / "r.csv").write_text(ROSTER)
    run(generated, "students", "import", tmp_path / "r.csv")
    with Gradebook(generated.db_url, generated.course_id) as gradebook:
        found = [(s.id, s.first_name, s.last_name, s.email, s.lms_user_id) for s in gradebook.students]
    assert ("kurt", "Kurt", "Gödel", "kurt@example.org", "4712") in found


def test_add_refuses_what_would_mix_up_two_students(generated):
    """An id that differs in case only, an LMS id of another, an id that is a path."""
    run(generated, "students", "add", "ada", "--lms-id", "1")
    assert run(generated, "students", "add", "ada", "--lms-id", "1").stdout == "ada: unchanged\n"
    for words in (["Ada"], ["bob", "--lms-id", "1"], ["../bob"], [""]):
        run(generated, "students", "add", *words, code=2)


def test_a_student_with_submissions_is_removed_only_on_request_and_the_files_are_kept(generated):
    """No row of the student is left in the gradebook, nbgrader's or ours."""
    notebook = answered(generated, SOLVED)
    hand_in(generated, "ada", notebook=notebook)
    run(generated, "autograde", "--isolation", "process")
    refused = run(generated, "students", "remove", "ada", code=1)
    assert "handed in 1 chapter" in refused.stderr
    assert "--with-submissions" in refused.stderr
    result = json.loads(run(generated, "students", "remove", "ada", "--with-submissions", "--json").stdout)
    kept = generated.root / result["moved_to"] / "submitted" / "01_add" / "01_add.ipynb"
    assert kept.read_bytes() == notebook
    assert not generated.layout.autograded_dir("ada", "01_add").exists()
    with open_gradebook(generated) as store:
        assert (store.students(), store.scores(), store.verdicts(), store.receipts()) == ([], [], [], [])
    run(generated, "students", "remove", "ada", code=2)


def test_unknown_students_in_submitted_are_named(generated):
    """They are not in the roster, and nothing of theirs is touched."""
    hand_in(generated, "mallory")
    assert "mallory" in run(generated, "students", "list").stderr


def test_a_locked_and_a_foreign_gradebook_change_nothing(generated, tmp_path):
    """One line each."""
    import sqlite3

    (tmp_path / "r.csv").write_text(ROSTER)
    path = generated.layout.gradebook_path
    path.rename(tmp_path / "real.db")
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE things (x)")
    other.close()
    assert "no gradebook" in run(generated, "students", "import", tmp_path / "r.csv", code=1).stderr
    os.replace(tmp_path / "real.db", path)
    assert json.loads(run(generated, "students", "list", "--json").stdout)["students"] == []


ROLL = Roster(
    [
        Student("ada", "Ada", "Lovelace", "ada@example.org", "4711"),
        Student("kurt", "Kurt", "Gödel", "", "4712"),
        Student("an1", "An", "Li", "an1@example.org", "1"),
        Student("an2", "An", "Li", "an2@example.org", "2"),
        Student("dave", "Dave", "O'Neil"),
    ]
)


@pytest.mark.parametrize(
    ("named", "found"),
    [
        (Named("ada"), ["ada"]),
        (Named("ADA"), ["ada"]),
        (Named(email="Ada@Example.org"), ["ada"]),
        (Named(lms_user_id="4712", name="somebodyelse"), ["kurt"]),
        (Named(lms_user_id="999", name="gödelkurt"), []),  # the number is another's of the same name
        (Named(lms_user_id="999", name="oneildave"), ["dave"]),  # nobody has said what Dave's number is
        (Named(lms_user_id="31337", name="Kurt Gödel", is_weak=True), ["kurt"]),
        (Named(lms_user_id="4711", name="Kurt Gödel", is_weak=True), ["kurt"]),  # Moodle's number is not Ada's
        (Named(lms_user_id="4711", name="Participant", is_weak=True), ["ada"]),  # blind marking
        (Named(name="An Li"), ["an1", "an2"]),
        (Named(lms_user_id="2", name="An Li", is_weak=True), ["an2"]),
        (Named(name=""), []),
    ],
)  # fmt: skip
def test_who_is_meant(named, found):
    """By id, number, address and name; never by a guess."""
    assert ROLL.find(named) == found


def test_the_examples_in_the_docstrings_are_true():
    """Of the modules that read rosters and names of files."""
    import doctest

    from grader.course import roster
    from grader.gradebook import keeping, uploads

    for module in (roster, keeping, uploads):
        assert doctest.testmod(module).failed == 0
