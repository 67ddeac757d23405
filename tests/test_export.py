"""Scores for learning platforms: columns as their imports want them, cells that no spreadsheet runs."""

import csv
import io
import json

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from small_course import CONFIG, FakePool, graded, hand_in, make_course

from grader.cli.main import main
from grader.course.model import Outcome
from grader.gradebook.grading import Grading
from grader.gradebook.store import open_gradebook

LATE = "2026-10-06 12:00:00 UTC"


def run(config, *args):
    """A command of ours."""
    return CliRunner().invoke(main, ["--course", str(config.root), *args])


@pytest.fixture
def config(tmp_path):
    """Ada is graded and known by name, bob late and half right, cleo not gradable, dan waits, emmy handed in nothing."""
    from grader.authoring.release import grading_spec

    config = make_course(tmp_path / "course", config=f'{CONFIG}c.Course.late_policy = "per-day"\n')
    hand_in(config, "ada")
    hand_in(config, "bob", timestamp=LATE)
    hand_in(config, "cleo", notebook=b"nothing")
    answers = {
        "ada": lambda: graded(repairs=["a cell was double."]),
        "bob": lambda: graded(Outcome.PASSED, Outcome.FAILED),
        "cleo": lambda: graded(),
    }

    def answer(task):
        from grader.execution.grade import not_graded

        student = task.key[0]
        return not_graded(task.spec, "it is no notebook.") if student == "cleo" else answers[student]()

    with open_gradebook(config) as store:
        grading = Grading(config, store, lambda name: grading_spec(config, name), ["01_add", "02_mean"])
        list(grading.run(FakePool(answer)))
    hand_in(config, "dan")
    engine = sa.create_engine(config.db_url)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE student SET first_name='Ada', last_name='Lovelace', email='ada@example.org', lms_user_id='4711'"
                " WHERE id = 'ada'"
            )
        )
        connection.execute(sa.text("INSERT INTO student (id, first_name) VALUES ('emmy', '=HYPERLINK(\"//evil\")')"))
    engine.dispose()
    return config


def table(text):
    """CSV as a list of dicts."""
    return list(csv.DictReader(io.StringIO(text)))


def test_a_row_for_each_student_and_chapter_in_nbgraders_columns(config):
    """Raw score, penalty and score; empty where there is none, with the reason."""
    result = run(config, "export", "01_add")
    assert result.stdout.splitlines()[0] == (
        "assignment,duedate,timestamp,student_id,last_name,first_name,email,"
        "raw_score,late_submission_penalty,score,max_score,status"
    )
    rows = {row["student_id"]: row for row in table(result.stdout)}
    assert list(rows) == ["ada", "bob", "cleo", "dan", "emmy"]
    assert rows["ada"] | {"last_name": "Lovelace", "email": "ada@example.org", "score": "3"} == rows["ada"]
    assert (rows["bob"]["raw_score"], rows["bob"]["late_submission_penalty"], rows["bob"]["score"]) == (
        "2",
        "0.2",
        "1.8",
    )
    assert {name: row["status"] for name, row in rows.items()} == {
        "ada": "needs manual grade",
        "bob": "needs manual grade",
        "cleo": "not graded",
        "dan": "not graded",
        "emmy": "missing",
    }
    assert [rows[name]["score"] for name in ("cleo", "dan", "emmy")] == ["", "", ""]
    assert rows["ada"]["duedate"] == "2026-10-05 23:59:00"
    assert "2 submissions with answers that a person has not graded" in result.stderr
    assert "2 submissions not graded" in result.stderr


def test_without_late_penalties(config):
    """Lateness costs nothing, in every format."""
    rows = {row["student_id"]: row for row in table(run(config, "export", "01_add", "--no-late-penalty").stdout)}
    assert (rows["bob"]["late_submission_penalty"], rows["bob"]["score"]) == ("0", "2")
    text = run(config, "export", "01_add", "--no-late-penalty", "--format", "canvas").stdout
    assert [row["Adding"] for row in table(text) if row["SIS Login ID"] == "bob"] == ["2"]


def test_a_row_for_each_question(config):
    """What the tests gave, what a person gave, and what lateness cost: they sum up to the score."""
    rows = [row for row in table(run(config, "export", "--by", "question").stdout) if row["student_id"] == "bob"]
    assert [(row["grade_id"], row["outcome"], row["score"]) for row in rows] == [
        ("test_add", "passed", "2"),
        ("test_twice", "failed", "0"),
        ("explain", "manual", "0"),
        ("late_submission_penalty", "", "-0.2"),
    ]
    assert sum(float(row["score"]) for row in rows) == pytest.approx(1.8)


def test_canvas_finds_students_assignments_and_points(config):
    """The five columns of Canvas's own export, points possible in the second row, empty cells for no score."""
    rows = list(csv.reader(io.StringIO(run(config, "export", "--format", "canvas").stdout)))
    assert rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Adding", "Means"]
    assert rows[1] == ["    Points Possible", "", "", "", "", "5", "2"]
    assert rows[2] == ["Lovelace, Ada", "4711", "", "ada", "", "3", ""]
    assert rows[3][5] == "1.8"
    assert rows[4][:5] == ["cleo", "", "", "cleo", ""]
    assert rows[4][5] == ""


def test_canvas_by_question(config):
    """A column each, and one for what lateness cost."""
    rows = list(
        csv.reader(io.StringIO(run(config, "export", "01_add", "--format", "canvas", "--by", "question").stdout))
    )
    assert rows[0][5:] == ["Adding: test_add", "Adding: test_twice", "Adding: explain", "Adding: late penalty"]
    assert rows[1][5:] == ["2", "1", "2", "0"]
    assert rows[3][5:] == ["2", "0", "0", "-0.2"]


def test_moodle_maps_users_and_grades(config):
    """Headings as in Moodle's own export."""
    rows = list(csv.reader(io.StringIO(run(config, "export", "--format", "moodle").stdout)))
    assert rows[0] == [
        "Username", "ID number", "First name", "Last name", "Email address", "Adding (Real)", "Means (Real)",
    ]  # fmt: skip
    assert rows[1] == ["ada", "4711", "Ada", "Lovelace", "ada@example.org", "3", ""]


@pytest.mark.parametrize("kind", ["csv", "canvas", "moodle"])
def test_no_cell_runs_as_a_formula(config, kind):
    """Names, ids and titles of students and authors; numbers stay numbers."""
    text = run(config, "export", "--format", kind, "--by", "question").stdout
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            if cell.lstrip()[:1] in set("=+-@|%\t\r"):
                float(cell)
    if kind != "csv":  # emmy has no questions
        assert "'=HYPERLINK" in text


def test_missing_as_zero_is_asked_for(config):
    """For whom handed in nothing; what could not be graded has no score all the same."""
    rows = {row["student_id"]: row for row in table(run(config, "export", "01_add", "--missing-as-zero").stdout)}
    assert [rows[name]["score"] for name in ("emmy", "cleo", "dan")] == ["0", "", ""]


def test_gradescope_gets_a_results_file_a_submission(config, tmp_path):
    """Score, tests with status and what a student may read; only the documented keys."""
    folder = tmp_path / "results"
    result = run(config, "export", "--format", "gradescope", "--output", str(folder))
    assert "Wrote 4 results.json" in result.stderr
    document = json.loads((folder / "bob" / "01_add" / "results.json").read_text())
    assert set(document) <= {
        "score", "execution_time", "output", "output_format", "test_output_format", "test_name_format",
        "visibility", "stdout_visibility", "extra_data", "tests", "leaderboard",
    }  # fmt: skip
    assert document["score"] == 1.8
    assert "Late penalty: 0.2 points" in document["output"]
    assert "A person grades your answer explain (2 points)" in document["output"]
    first, second = document["tests"]
    assert set(first) <= {
        "score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags",
        "visibility", "extra_data",
    }  # fmt: skip
    assert (first["name"], first["score"], first["max_score"], first["status"]) == ("add", 2.0, 2.0, "passed")
    assert (second["status"], second["output"]) == ("failed", "a large number")
    document = json.loads((folder / "ada" / "01_add" / "results.json").read_text())
    assert "Put right before grading: a cell was double." in document["output"]
    document = json.loads((folder / "cleo" / "01_add" / "results.json").read_text())
    assert (document["score"], document["tests"]) == (0.0, [])
    assert "Not graded: it is no notebook." in document["output"]


def test_a_students_id_leads_out_of_no_folder():
    """Names of folders are made of ids."""
    from grader.reports.exports import _folder

    for name in ("../../x", "..", "a/b", "\\x", "\udc80"):
        assert "/" not in _folder(name)
        assert _folder(name) not in ("", ".", "..")


def test_a_file_is_written_whole_or_not_at_all(config, tmp_path):
    """A spreadsheet knows that it is UTF-8; a wrong place is one line."""
    path = tmp_path / "scores.csv"
    result = run(config, "export", "-o", str(path))
    assert result.exit_code == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbfassignment")
    result = run(config, "export", "-o", str(tmp_path / "nowhere" / "scores.csv"))
    assert (result.exit_code, "its folder does not exist" in result.stderr) == (1, True)
    assert run(config, "export", "--format", "gradescope").exit_code == 2
    assert run(config, "export", "-s", "adda").exit_code == 2
    assert run(config, "export", "01_ad").exit_code == 2


def test_json_has_all_of_it(config):
    """One document."""
    document = json.loads(run(config, "export", "01_add", "--json", "-q").stdout)
    assert document["schema"] == 1
    by_student = {row["student_id"]: row for row in document["rows"]}
    assert by_student["bob"]["score"] == pytest.approx(1.8)
    assert by_student["bob"]["questions"] == {"test_add": 2.0, "test_twice": 0.0, "explain": 0.0}
    assert by_student["dan"]["score"] is None
