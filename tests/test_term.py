"""A whole term by commands: what every step says, and the same numbers through nbgrader's own API."""

import csv
import io
import json
import zipfile

import pytest
from click.testing import CliRunner
from small_course import ADD, CONFIG, EXPLAINED, PLUGIN, SOLVED, answered
from uploads import ROSTER, make_zip

from grader.cli.main import main

# nbgrader and nbconvert warn of themselves
pytestmark = pytest.mark.filterwarnings("default")

TERM = (
    CONFIG.replace('"points": 2}', '"points": 2, "due": "2026-10-12 23:59 UTC"}')
    + PLUGIN
    + 'c.Course.late_policy = "per-day"\nc.Course.late_fraction_per_day = 0.1\n'
)
STUDENTS = ("ada", "bob", "kurt")
FORGETS_SIGNS = {"add": "def add(a, b):\n    return abs(a) + abs(b)", "twice": SOLVED["twice"]}
MEAN = {"mean": "def mean(numbers):\n    return sum(numbers) / len(numbers)"}
FLOORS = {"mean": "def mean(numbers):\n    return sum(numbers) // len(numbers)"}

NEW_TEST = """# %% test_add_floats role="test" points=1
assert add(0.5, 0.25) == 0.75, "add works for floats"
### BEGIN HIDDEN TESTS
assert add(-3.5, 1.25) == -2.25, "negative floats"
### END HIDDEN TESTS
# %% twice role="solution"
"""


@pytest.fixture
def term(generated):
    """Run a command of the term; returns the JSON that it answers with, or its result."""
    config = generated
    (config.root / "course_config.py").write_text(TERM)

    def run(*args, code=0, text=False):
        words = ["--course", str(config.root), *args]
        result = CliRunner().invoke(main, words if text else [*words, "--json"])
        assert result.exit_code == code, result.output
        return result if text else json.loads(result.stdout)

    run.config = config
    return run


def through_nbgrader(config):
    """Student → chapter → (score before the penalty, penalty, what counts, needs a person), by nbgrader's own API."""
    from nbgrader.api import Gradebook

    with Gradebook(config.db_url) as gradebook:
        return {
            student.id: {
                handin.assignment.name: (
                    handin.score,
                    handin.late_submission_penalty,
                    max(0.0, handin.score - handin.late_submission_penalty),
                    handin.needs_manual_grade,
                )
                for handin in student.submissions
            }
            for student in gradebook.students
        }


def scores(term):
    """Student → chapter → what counts, by ``grader report``, which agrees with nbgrader."""
    document = term("report")
    ours = {
        line["student_id"]: {
            name: mark["score"] for name, mark in line["chapters"].items() if mark["state"] == "graded"
        }
        for line in document["students"]
    }
    exported = {(row["student_id"], row["assignment_id"]): row for row in term("export")["rows"]}
    for student, chapters in through_nbgrader(term.config).items():
        for name, (raw, penalty, counts, _) in chapters.items():
            if name in ours[student]:
                row = exported[student, name]
                assert ours[student][name] == pytest.approx(counts), (student, name)
                assert row["score"] == pytest.approx(counts)
                assert (row["raw_score"], row["penalty"]) == (pytest.approx(raw), pytest.approx(penalty))
    return ours


def states(term):
    """Student → (state in chapter 1, late, state in chapter 2, late), by ``grader status``."""
    return {
        line["student_id"]: tuple(fact for mark in line["chapters"].values() for fact in (mark["state"], mark["late"]))
        for line in term("status")["students"]
    }


def test_a_term(term, tmp_path):
    """Three students, two chapters: extension, late, resubmission, graded by hand, damaged, regraded after a new test."""
    config = term.config

    # The roster, and chapter 1.
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    assert sorted(term("students", "import", str(tmp_path / "roster.csv"))["added"]) == ["ada", "bob", "kurt"]
    [published] = term("release", "01")["released"]
    with zipfile.ZipFile(published["zip"]) as archive:
        assert any(name.endswith("01_add.ipynb") for name in archive.namelist())
    assert states(term) == dict.fromkeys(STUDENTS, ("missing", False, "missing", False))

    # Everybody hands in chapter 1 through Moodle: bob two days late, kurt a file that an upload has damaged.
    in_time, late = "2026-10-05 12:00 UTC", "2026-10-07 12:00 UTC"
    ada_first = tmp_path / "ada_01_add.ipynb"
    ada_first.write_bytes(answered(config, FORGETS_SIGNS | EXPLAINED))
    assert term("collect", str(ada_first), "-s", "ada", "--received", in_time)["counts"]["collected"] == 1
    bobs = tmp_path / "bob_01_add.ipynb"
    bobs.write_bytes(answered(config, SOLVED))
    assert term("collect", str(bobs), "-s", "bob", "--received", late)["counts"]["collected"] == 1
    whole = answered(config, SOLVED | EXPLAINED)
    damaged = make_zip(tmp_path / "moodle.zip", {"Kurt Gödel_77_assignsubmission_file/01_add.ipynb": whole[:400]})
    assert term("collect", str(damaged))["counts"]["collected"] == 1
    assert states(term) == {
        "ada": ("collected", False, "missing", False),
        "bob": ("collected", True, "missing", False),
        "kurt": ("collected", False, "missing", False),
    }

    # Graded: the damaged one is named and is not a 0.
    said = term("autograde", code=1)
    assert said["counts"]["graded"] == 2
    assert [error["type"] for error in said["errors"]] == ["SubmissionError"]
    # ada 1 of 3 (negative numbers), an answer for a person; bob 3 of 5 less two days begun.
    assert scores(term) == {"ada": {"01_add": 1.0}, "bob": {"01_add": pytest.approx(2.4)}, "kurt": {}}
    assert states(term)["kurt"] == ("not gradable", False, "missing", False)
    assert states(term)["ada"] == ("needs a person", False, "missing", False)
    assert states(term)["bob"] == ("graded", True, "missing", False)

    # kurt uploads it again, whole, after the due date, and has an extension; ada hands in a better one in time.
    assert term("extend", "kurt", "01", "--days", "3", "--why", "ill")["extended"][0]["student_id"] == "kurt"
    again = make_zip(
        tmp_path / "again.zip", {"Kurt Gödel_77_assignsubmission_file/01_add.ipynb": whole}, "2026-10-07 12:00:00"
    )
    assert term("collect", str(again))["counts"]["collected"] == 1
    better = tmp_path / "better" / "ada_01_add.ipynb"
    better.parent.mkdir()
    better.write_bytes(answered(config, SOLVED | EXPLAINED))
    [handin] = term("collect", str(better), "-s", "ada", "--received", "2026-10-05 20:00 UTC")["handins"]
    assert (handin["replaced"], handin["receipt"]["version"]) == (True, 2)
    # The old ones once more change nothing.
    for path, options in ((ada_first, ("-s", "ada", "--received", in_time)), (again, ())):
        assert "collected" not in {each["status"] for each in term("collect", str(path), *options)["handins"]}
    assert len(term("collect", "--receipts", "-s", "ada")["receipts"]) == 2
    assert states(term)["ada"][:2] == ("collected", False)
    assert term("autograde")["counts"] == {"graded": 2, "unchanged": 1, "not graded": 0, "failed": 0}
    assert scores(term) == {
        "ada": {"01_add": 3.0},
        "bob": {"01_add": pytest.approx(2.4)},
        "kurt": {"01_add": 3.0},
    }
    assert states(term)["kurt"] == ("needs a person", False, "missing", False)

    # By hand, as formgrader does it: an answer, and extra credit.
    by_hand(config, "ada", manual_score=2.0, extra_credit=0.5)
    by_hand(config, "kurt", manual_score=1.0, comment="And subtraction?")
    assert scores(term) == {
        "ada": {"01_add": 5.5},
        "bob": {"01_add": pytest.approx(2.4)},
        "kurt": {"01_add": 4.0},
    }
    assert {mark[0] for mark in states(term).values()} == {"graded"}

    # Chapter 2: kurt's is late, bob does not hand in.
    assert [each["assignment_id"] for each in term("release", "02_mean")["released"]] == ["02_mean"]
    for student, answers, when in (("ada", MEAN, "2026-10-12 12:00 UTC"), ("kurt", FLOORS, "2026-10-13 12:00 UTC")):
        path = tmp_path / f"{student}_02_mean.ipynb"
        path.write_bytes(answered(config, answers, "02_mean"))
        assert term("collect", str(path), "-s", student, "--received", when)["counts"]["collected"] == 1
    assert term("autograde", "02")["counts"]["graded"] == 2
    assert scores(term)["ada"] == {"01_add": 5.5, "02_mean": 2.0}
    assert scores(term)["kurt"] == {"01_add": 4.0, "02_mean": 0.0}
    assert states(term)["bob"] == ("graded", True, "missing", False)

    # A test is added to chapter 1. The table of who moves is what is then written.
    (config.root / "source" / "01_add.py").write_text(ADD.replace('# %% twice role="solution"\n', NEW_TEST))
    (config.root / "course_config.py").write_text(TERM.replace('"points": 5', '"points": 6'))
    term("generate")
    before = scores(term)
    shown = term("regrade", "01", "--dry-run")
    assert scores(term) == before
    written = term("regrade", "01", "--why", "floats were forgotten")
    assert (shown["is_written"], written["is_written"]) == (False, True)
    assert written["moves"] == shown["moves"]
    moved = {move["student_id"]: (move["before"], move["after"]) for move in written["moves"]}
    # A point more for everybody; two days late cost bob a fifth of it.
    assert moved == {"ada": (5.5, 6.5), "bob": (pytest.approx(2.4), pytest.approx(3.2)), "kurt": (4.0, 5.0)}
    assert scores(term) == {
        "ada": {"01_add": 6.5, "02_mean": 2.0},
        "bob": {"01_add": pytest.approx(3.2)},
        "kurt": {"01_add": 5.0, "02_mean": 0.0},
    }
    assert {name: values["01_add"][3] for name, values in through_nbgrader(config).items()} == dict.fromkeys(
        STUDENTS, False
    )
    assert term("autograde")["counts"]["graded"] == 0

    # How it came to be.
    lines = [line for line in term("history", "ada", "01")["history"] if line["assignment_id"] == "01_add"]
    assert [line["score"] for line in lines] == [1.0, 3.0, 5.5, 6.5]
    assert [line["event"] for line in lines] == ["graded", "graded", "by hand", "graded"]
    assert [line["tests"] for line in lines] == [1, 1, 1, 2]
    assert "floats were forgotten" in lines[-1]["why"]
    [extension] = term("history", "kurt", "01")["extensions"]
    assert extension["why"] == "ill"

    # Back to students, and to the LMS.
    assert term("feedback")["counts"]["written"] == 5
    page = config.layout.feedback_dir("kurt", "01_add") / "01_add.html"
    assert "And subtraction?" in page.read_text(encoding="utf-8")
    assert "-1987" not in page.read_text(encoding="utf-8")
    assert states(term) == {
        "ada": ("returned", False, "returned", False),
        "bob": ("returned", True, "missing", False),
        "kurt": ("returned", False, "returned", True),
    }
    rows = list(csv.DictReader(io.StringIO(term("export", text=True).stdout)))
    counted = {(row["student_id"], row["assignment"]): row["score"] for row in rows}
    assert float(counted["bob", "01_add"]) == pytest.approx(3.2)
    assert counted["bob", "02_mean"] == ""
    refused = term("students", "remove", "ada", code=1)
    assert "ada" in refused["errors"][0]["message"] + refused["errors"][0]["place"]


def by_hand(config, student, *, manual_score, extra_credit=None, comment=None):
    """What a person enters in formgrader for the answer in words."""
    from nbgrader.api import Gradebook

    with Gradebook(config.db_url) as gradebook:
        grade = gradebook.find_grade("explain", "01_add", "01_add", student)
        grade.manual_score = manual_score
        grade.extra_credit = extra_credit
        grade.needs_manual_grade = False
        if comment is not None:
            gradebook.find_comment("explain", "01_add", "01_add", student).manual_comment = comment
        gradebook.db.commit()
