import json
import sqlite3

import pytest
from click.testing import CliRunner
from small_course import CONFIG, graded, hand_in, make_course

from grader.cli.main import main
from grader.course.config import load_config
from grader.course.dates import instant
from grader.course.model import Outcome
from grader.errors import ConfigError
from grader.gradebook.due import last_due_date
from grader.gradebook.store import open_gradebook

# nbgrader's own use of SQLAlchemy
pytestmark = pytest.mark.filterwarnings("ignore:Object of type <:sqlalchemy.exc.SAWarning")

PER_DAY = CONFIG + "c.Course.late_policy = 'per-day'\n"
TWO_DAYS = "2026-10-07 12:00:00 UTC"
"""Hours after the second day began."""


@pytest.fixture
def config(tmp_path):
    """The small course; being late costs a tenth a day."""
    return make_course(tmp_path / "course", config=PER_DAY)


def run(config, *args, code=0):
    """Run a command; returns what it said on stdout."""
    result = CliRunner().invoke(main, ["--course", str(config.root), *args])
    assert result.exit_code == code, result.output
    return result if code else result.stdout


def nbgraders(config, student, chapter="01_add"):
    """(score before the penalty, penalty, seconds late) as nbgrader's own API has them."""
    from nbgrader.api import Gradebook

    with Gradebook(config.db_url, config.course_id) as gb:
        submission = gb.find_submission(chapter, student)
        return submission.score, submission.late_submission_penalty, submission.total_seconds_late


def counted(config, student):
    """What our own report counts."""
    document = json.loads(run(config, "report", "--student", student, "--json"))
    return document["students"][0]["chapters"][0]["score"]


# --- policies ---


@pytest.mark.parametrize(
    ("policy", "penalty"),
    [
        ("", 0.0),
        ("c.Course.late_policy = 'zero'", 3.0),
        ("c.Course.late_policy = 'per-day'", 0.6),
        ("c.Course.late_policy = 'per-day'\nc.Course.late_grace_s = 86400", 0.3),
        ("c.Course.late_policy = 'per-hour'", 1.11),  # 37 hours begun
        ("c.Course.late_policy = 'per-hour'\nc.Course.late_max_fraction = 0.25", 0.75),
        ("c.Course.late_policy = 'per-hour'\nc.Course.late_fraction_per_hour = 0.02", 2.22),
        ("c.LateSubmissionPlugin.penalty_method = 'zero'", 3.0),
    ],
)
def test_each_policy_is_what_formgrader_shows(tmp_path, pool, policy, penalty):
    """None, zero, per day, per hour, with grace and a cap: in the report and through nbgrader's API."""
    config = make_course(tmp_path / "course", config=f"{CONFIG}\n{policy}\n")
    hand_in(config, "ada", timestamp=TWO_DAYS)
    run(config, "autograde")
    assert nbgraders(config, "ada")[:2] == pytest.approx((3.0, penalty))
    assert counted(config, "ada") == pytest.approx(3.0 - penalty)


def test_nbgraders_own_penalties_are_the_same(config, pool, monkeypatch):
    """AssignLatePenalties, with the plugin that course_config.py names, comes to our numbers."""
    from nbgrader.preprocessors import AssignLatePenalties
    from traitlets.config import Config

    hand_in(config, "ada", timestamp=TWO_DAYS)
    run(config, "autograde")
    ours = nbgraders(config, "ada")
    with sqlite3.connect(config.layout.gradebook_path) as connection:
        connection.execute("UPDATE submitted_notebook SET late_submission_penalty = NULL")
    monkeypatch.chdir(config.root)
    settings = Config({"AssignLatePenalties": {"plugin_class": "grader.nbgrader_plugin.CourseLatePolicy"}})
    names = {"notebook": "01_add", "assignment": "01_add", "student": "ada", "db_url": config.db_url}
    from nbformat.v4 import new_notebook

    AssignLatePenalties(config=settings).preprocess(new_notebook(), {"nbgrader": names})
    assert nbgraders(config, "ada") == ours
    assert ours[1] == pytest.approx(0.6)


OWN_PLUGIN = """
import sys
from pathlib import Path
sys.path.append(str(Path(__file__).parent))
c.AssignLatePenalties.plugin_class = "late_points_{name}.PointsAnHour"
c.PointsAnHour.points = 0.05
"""

POINTS_AN_HOUR = """
from nbgrader.plugins import BasePlugin
from traitlets import Float

class PointsAnHour(BasePlugin):
    points = Float(1.0).tag(config=True)

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        {body}
"""


def test_a_courses_own_plugin_decides(tmp_path, pool):
    """As nbgrader's users write one; its answer is kept between 0 and the score, as nbgrader does."""
    config = make_course(tmp_path / "course", config=CONFIG + OWN_PLUGIN.format(name="a"))
    body = "return 99 if student_id == 'bob' else self.points * total_seconds_late / 3600"
    (config.root / "late_points_a.py").write_text(POINTS_AN_HOUR.format(body=body))
    for student in ("ada", "bob"):
        hand_in(config, student, timestamp="2026-10-06 23:59 UTC")
    run(config, "autograde")
    assert nbgraders(config, "ada")[:2] == pytest.approx((3.0, 1.2))
    assert nbgraders(config, "bob")[:2] == pytest.approx((3.0, 3.0))
    run(config, "extend", "ada", "01", "--hours", "20")
    assert nbgraders(config, "ada")[:2] == pytest.approx((3.0, 0.2))


def test_a_plugin_that_fails_is_named(tmp_path, pool):
    """One message, and no score is half stored."""
    config = make_course(tmp_path / "course", config=CONFIG + OWN_PLUGIN.format(name="b"))
    (config.root / "late_points_b.py").write_text(POINTS_AN_HOUR.format(body="return 1 / 0"))
    hand_in(config, "ada", timestamp=TWO_DAYS)
    result = run(config, "autograde", code=1)
    assert "plugin late_points_b.PointsAnHour stopped with ZeroDivisionError" in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("c.AssignLatePenalties.plugin_class = 'a.B'\nc.Course.late_policy = 'zero'", "leave the other out"),
        ("c.Course.late_fraction_per_hour = 1.5", "between 0 and 1"),
        ("c.Course.late_max_fraction = -1", "at least 0"),
        ("c.Course.late_policy = 'zero'\nc.Course.late_max_fraction = 0.5", "loses everything"),
        ("c.Course.late_policy = 'per-our'", "Did you mean 'per-hour'"),
    ],
)
def test_an_impossible_policy_is_said(tmp_path, text, said):
    """With the option, and what to write."""
    (tmp_path / "course_config.py").write_text(f"c = get_config()\n{text}\n")
    with pytest.raises(ConfigError, match=said):
        load_config(tmp_path)


# --- extensions ---


def test_an_extension_counts_when_the_notebook_comes(config, pool):
    """It is given before there is a submission, or even a chapter in the gradebook."""
    (config.layout.submitted_root / "ada").mkdir(parents=True)
    said = run(config, "extend", "ada", "01", "--days", "1", "--why", "ill")
    assert said == "ada/01_add: due 2026-10-06 23:59 UTC, 1 d more\n"
    hand_in(config, "ada", timestamp=TWO_DAYS)
    hand_in(config, "bob", timestamp=TWO_DAYS)
    run(config, "autograde")
    assert nbgraders(config, "ada") == pytest.approx((3.0, 0.3, 43_260))
    assert nbgraders(config, "bob") == pytest.approx((3.0, 0.6, 129_660))


def test_an_extension_takes_a_penalty_back_without_running_anything(config, pool):
    """After grading: the numbers are right at once, and right again when it is revoked."""
    hand_in(config, "ada", timestamp=TWO_DAYS)
    run(config, "autograde")
    said = run(config, "extend", "ada", "01_add", "--hours", "48", "--why", "a funeral")
    assert "ada: no longer late, penalty 0.6 → 0, score 2.4 → 3" in said
    assert nbgraders(config, "ada") == (3.0, 0.0, 0)
    said = run(config, "extend", "ada", "01_add", "--revoke")
    assert "late by 1 d 12 h, penalty 0 → 0.6, score 3 → 2.4" in said
    assert nbgraders(config, "ada")[:2] == pytest.approx((3.0, 0.6))
    assert pool.asked == [("ada", "01_add")]


def test_whoever_has_two_extensions_has_the_longer_one(config, pool):
    """One's own, and one for all; revoking one leaves the other."""
    for student in ("ada", "bob"):
        hand_in(config, student, timestamp=TWO_DAYS)
    run(config, "autograde")
    run(config, "extend", "ada", "01", "--days", "7")
    run(config, "extend", "--all", "01", "--until", "2026-10-07 11:30 UTC", "--why", "the server was down")
    assert nbgraders(config, "ada")[2] == 0
    assert nbgraders(config, "bob")[2] == 1800
    run(config, "extend", "ada", "01", "--revoke")
    assert nbgraders(config, "ada")[2] == 1800
    hand_in(config, "eve", timestamp=TWO_DAYS)  # comes after it was given
    run(config, "autograde")
    assert nbgraders(config, "eve") == pytest.approx((3.0, 0.3, 1800))
    run(config, "extend", "--all", "01", "--revoke")
    assert [nbgraders(config, student)[1] for student in ("ada", "bob", "eve")] == pytest.approx([0.6] * 3)


def test_a_second_extension_replaces_the_first(config, pool):
    """As in nbgrader they do not add up; the same again changes nothing, and what was stays on record."""
    hand_in(config, "ada", timestamp=TWO_DAYS)
    run(config, "autograde")
    run(config, "extend", "ada", "01", "--days", "3")
    assert "due 2026-10-06 23:59 UTC, 1 d more" in run(config, "extend", "ada", "01", "--days", "1")
    assert run(config, "extend", "ada", "01", "--days", "1").startswith("ada/01_add: as it was: due 2026-10-06")
    assert run(config, "extend", "--list").count("ada/01_add") == 1
    listed = json.loads(run(config, "extend", "--list", "--json"))["extensions"]
    assert [(each["seconds"], each["end_why"]) for each in listed] == [(3 * 86_400, "replaced"), (86_400, "")]
    assert all(each["given_by"] and each["given_at"] for each in listed)


def test_an_extension_until_a_time_stays_when_the_due_date_moves(config, pool):
    """One of some days moves with it."""
    for student in ("ada", "bob"):
        hand_in(config, student, timestamp="2026-10-09 12:00:00 UTC")
    run(config, "autograde")
    run(config, "extend", "ada", "01", "--until", "2026-10-09")
    run(config, "extend", "bob", "01", "--days", "3")
    assert [nbgraders(config, student)[2] > 0 for student in ("ada", "bob")] == [False, True]
    path = config.layout.config_file
    path.write_text(path.read_text().replace("2026-10-05 23:59", "2026-10-06 23:59"))
    run(config, "autograde")
    assert [nbgraders(config, student)[2] for student in ("ada", "bob")] == [0, 0]
    path.write_text(path.read_text().replace("2026-10-06 23:59", "2026-10-04 23:59"))
    run(config, "autograde")
    assert [nbgraders(config, student)[2] > 0 for student in ("ada", "bob")] == [False, True]
    assert len(pool.asked) == 2


def test_an_extension_given_in_nbgrader_counts_and_is_listed(config, pool):
    """A longer one of nbgrader's is not shortened by one for all; a new one of the student's own replaces it."""
    from nbgrader.api import Gradebook

    hand_in(config, "ada", timestamp=TWO_DAYS)
    run(config, "autograde")
    with Gradebook(config.db_url, config.course_id) as gb:
        gb.grant_extension("01_add", "ada", days=9)
    run(config, "extend", "--all", "01", "--days", "1")
    assert nbgraders(config, "ada") == (3.0, 0.0, 0)
    assert "ada/01_add: due 2026-10-14 23:59 UTC (given by nbgrader)" in run(config, "extend", "--list")
    run(config, "extend", "ada", "01", "--revoke")
    assert nbgraders(config, "ada")[:2] == pytest.approx((3.0, 0.3))


def test_a_late_penalty_follows_a_score_by_hand(config, pool):
    """A person raises the score in formgrader: autograde recomputes the penalty, as nbgrader's would, and runs nothing."""
    from nbgrader.api import Gradebook

    hand_in(config, "ada", timestamp=TWO_DAYS)
    run(config, "autograde")
    with Gradebook(config.db_url, config.course_id) as gb:
        gb.find_grade("explain", "01_add", "01_add", "ada").manual_score = 2
        gb.find_grade("test_add", "01_add", "01_add", "ada").extra_credit = 1
        gb.db.commit()
    run(config, "autograde")
    assert nbgraders(config, "ada")[:2] == pytest.approx((6.0, 1.2))
    assert len(pool.asked) == 1


def test_the_last_due_date_looks_at_every_extension(config):
    """What publishing a solution has to wait for; also for students who handed nothing in."""
    with open_gradebook(config) as store:
        assert last_due_date(store, config, "01_add") == instant("2026-10-05 23:59 UTC")
        assert last_due_date(store, config, "02_mean") is None
        store.extend("01_add", ["ada"], seconds=3 * 86_400)
        store.extend("01_add", [""], seconds=86_400)
        assert last_due_date(store, config, "01_add") == instant("2026-10-08 23:59 UTC")
        dues = store.due_dates("01_add", due=config.chapter("01_add").due)
        assert [dues.of(name) for name in ("ada", "bob")] == [
            instant("2026-10-08 23:59 UTC"),
            instant("2026-10-06 23:59 UTC"),
        ]
        store.end_extensions("01_add", ["ada"])
        assert last_due_date(store, config, "01_add") == instant("2026-10-06 23:59 UTC")


def test_dry_run_changes_nothing(config, pool):
    """It shows what would come."""
    hand_in(config, "ada", timestamp=TWO_DAYS)
    run(config, "autograde")
    before = config.layout.gradebook_path.read_bytes()
    assert "penalty 0.6 → 0" in run(config, "extend", "ada", "01", "--days", "5", "--dry-run")
    assert config.layout.gradebook_path.read_bytes() == before


def test_json_is_one_document(config, pool):
    """The new due date, the last one, and whose score moved."""
    hand_in(config, "ada", timestamp=TWO_DAYS)
    run(config, "autograde")
    document = json.loads(run(config, "extend", "ada", "01", "--days", "1", "--json"))
    assert document["last_due"] == "2026-10-06T23:59:00+00:00"
    [moved] = document["moved"]
    assert (moved["penalty_before"], moved["penalty"]) == pytest.approx((0.6, 0.3))
    assert document["errors"] == []


def test_report_tells_an_extension(config, pool):
    """Where it tells lateness."""
    hand_in(config, "ada", timestamp=TWO_DAYS)
    run(config, "autograde")
    run(config, "extend", "ada", "01", "--days", "1")
    assert "2.7*+" in run(config, "report")
    assert "extended by 1 d: due 2026-10-06 23:59 UTC" in run(config, "report", "--student", "ada")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["adda", "01", "--days", "1"], "there is no student 'adda'.\nDid you mean 'ada'?"),
        (["ada", "01_ad", "--days", "1"], "Did you mean '01_add'?"),
        (["ada", "02", "--days", "1"], "02_mean has no due date"),
        (["ada", "01", "--days", "0"], "more than nothing"),
        (["ada", "01", "--days", "-3"], "more than nothing"),
        (["ada", "01", "--days", "nan"], "more than nothing"),
        (["ada", "01", "--hours", "1e300"], "at most 3650 days"),
        (["ada", "01", "--until", "soon"], "no point in time"),
        (["ada", "01", "--until", "2026-10-01"], "is not after the due date, 2026-10-05 23:59 UTC"),
        (["ada", "01", "--until", "2026-10-09", "--days", "1"], "does not go with --days"),
        (["ada", "01"], "Say how long"),
        (["ada", "01", "--days", "1", "--revoke"], "Say how long"),
        (["01", "--days", "1"], "Name students and a chapter"),
        (["--all", "ada", "01", "--days", "1"], "Name students and a chapter"),
        (["--list", "--days", "1"], "--list only shows"),
    ],
)
def test_bad_input_is_wrong_usage_and_changes_nothing(config, pool, args, said):
    """One line that says what, where and what to do."""
    hand_in(config, "ada")
    run(config, "autograde")
    before = config.layout.gradebook_path.read_bytes()
    assert said in run(config, "extend", *args, code=2).stderr
    assert config.layout.gradebook_path.read_bytes() == before


def test_a_gradebook_of_the_first_version_gets_what_it_lacks(config, pool):
    """Its rows stay; what it never kept is empty."""
    hand_in(config, "ada", timestamp=TWO_DAYS)
    run(config, "autograde")
    with sqlite3.connect(config.layout.gradebook_path) as connection:
        for table in ("grader_extension", "grader_tests"):
            connection.execute(f"DROP TABLE {table}")
        for column in ("by_hand", "penalty", "counted", "tests_version", "why", "by_whom"):
            connection.execute(f"ALTER TABLE grader_history DROP COLUMN {column}")
        for column in ("handin_hash", "tests_version", "tools"):
            connection.execute(f"ALTER TABLE grader_submission DROP COLUMN {column}")
        connection.execute("UPDATE grader_meta SET value = '1'")
    run(config, "extend", "ada", "01", "--days", "1")
    assert nbgraders(config, "ada")[:2] == pytest.approx((3.0, 0.3))
    history = json.loads(run(config, "history", "ada", "--json"))["history"]
    assert history[0]["event"] == "graded"
    assert "Nothing to write" not in run(config, "regrade", "01")
    pool.answer = lambda task: graded(Outcome.FAILED)
    run(config, "autograde", "--force")
    assert nbgraders(config, "ada")[0] == 1.0


def test_an_extension_counts_for_a_submission_that_nbgrader_has_made(config, pool):
    """Its own autograde, and formgrader's button, make the row before anybody is asked."""
    from nbgrader.api import Gradebook

    hand_in(config, "ada", timestamp=TWO_DAYS)
    hand_in(config, "bob")
    run(config, "autograde", "--student", "bob")
    run(config, "extend", "ada", "01", "--days", "1")
    with Gradebook(config.db_url, config.course_id) as gb:
        gb.update_or_create_student("ada")
        gb.update_or_create_submission("01_add", "ada")
    run(config, "autograde")
    assert nbgraders(config, "ada") == pytest.approx((3.0, 0.3, 43_260))
