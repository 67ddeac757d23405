import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course.config import LateRule, load_config
from grader.course.dates import instant
from grader.course.model import Limits
from grader.errors import ConfigError

UTC = datetime.UTC


def config_of(folder, text, *chapters):
    """A course with this configuration and empty chapters."""
    (folder / "course_config.py").write_text("c = get_config()\n" + text)
    (folder / "source").mkdir(exist_ok=True)
    for name in chapters:
        (folder / "source" / f"{name}.py").write_text("")
    return load_config(folder)


def complaint(folder, text, *chapters):
    """What is said of a configuration that cannot be."""
    with pytest.raises(ConfigError) as caught:
        config_of(folder, text, *chapters)
    return str(caught.value)


def test_a_course_that_configures_nothing_works(tmp_path):
    """Chapters are then the solution files, with default limits, no points to check, and a database in the folder."""
    (tmp_path / "course_config.py").write_text("")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "01_a.py").write_text("")
    config = load_config(tmp_path)
    assert config.layout.assignment_ids() == ["01_a"]
    assert config.chapter("01_a").points is None
    assert config.chapter("01_a").limits == Limits()
    assert config.db_url == f"sqlite:///{tmp_path}/gradebook.db"
    assert config.course_id == "default_course"
    assert config.allowed_modules is None
    assert config.late_policy.rule is LateRule.NONE


def test_what_is_configured_is_read(tmp_path):
    """Titles, points, due dates (in UTC), limits of the course and of a chapter, and the rules."""
    config = config_of(
        tmp_path,
        """
c.CourseDirectory.course_id = " mlp "
c.Course.title = "T"
c.Course.time_limit_s = 5
c.Course.allowed_modules = ["stdlib", "IPython.display"]
c.Course.late_policy = "per-day"
c.Course.late_fraction_per_day = 0.25
c.Course.late_grace_s = 60
c.Course.chapters = {
    "a": {"title": "A", "points": 16, "due": "2026-10-05 23:59 Europe/Berlin"},
    "b": {"time_limit_s": 200, "memory_limit_bytes": 1 << 20},
}
""",
        "a",
        "b",
        "c",
    )
    assert (config.course_id, config.title) == ("mlp", "T")
    assert config.chapter("a").points == 16.0
    assert config.chapter("a").due == datetime.datetime(2026, 10, 5, 21, 59, tzinfo=UTC)
    assert config.chapter("a").limits == Limits(cpu_s=5.0)
    assert config.chapter("b").limits == Limits(cpu_s=200.0, memory_bytes=1 << 20, submission_cpu_s=400.0)
    assert config.chapter("c").limits.cpu_s == 5.0
    assert config.allowed_modules == ("stdlib", "IPython.display")
    assert config.late_policy.rule is LateRule.PER_DAY
    assert (config.late_policy.fraction_per_day, config.late_policy.grace_s) == (0.25, 60.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("c.Course.titel = 'x'", "c.Course.titel: there is no such option.\nDid you mean 'title'?"),
        ("c.Cours.title = 'x'", "c.Cours: there is no such section.\nDid you mean c.Course?"),
        ("c.course.title = 'x'", "Did you mean c.Course?"),
        ("c.Course.title = 3", "c.Course.title is 3; it must be text."),
        ("c.Course.chapters = ['a']", "it must be a dict"),
        ("c.Course.chapters = {'a': 3}", "c.Course.chapters['a'] is 3, not a dict"),
        ("c.Course.chapters = {'a': {'point': 3}}", "Did you mean 'points'?"),
        ("c.Course.chapters = {'a': {'points': '3'}}", "c.Course.chapters['a']['points'] is '3'; it must be a number"),
        ("c.Course.chapters = {'a': {'points': -1}}", "at least 0"),
        ("c.Course.chapters = {'a': {'points': float('nan')}}", "it must be a number"),
        ("c.Course.chapters = {'a': {'points': True}}", "it must be a number"),
        ("c.Course.chapters = {'a': {'time_limit_s': 0}}", "more than 0"),
        ("c.Course.chapters = {'a': {'memory_limit_bytes': 1.5}}", "whole number"),
        ("c.Course.chapters = {'a': {'due': '5.10. at noon'}}", 'Write it like "2026-10-05 23:59 UTC"'),
        ("c.Course.chapters = {'a': {'due': '2026-10-05 23:59 Europe/Berln'}}", "'Europe/Berln' is no time zone"),
        ("c.Course.chapters = {'a': {'due': '2026-13-05 23:59'}}", "is no point in time"),
        ("c.Course.chapters = {'a': {'due': 5}}", "it must be a date and time"),
        ("c.Course.chapters = {'../a': {}}", "letters, digits, _ and -"),
        ("c.Course.chapters = {'01_maths': {}}", "there is no source/01_maths.py.\nDid you mean '01_math'?"),
        ("c.Course.allowed_modules = 'stdlib'", "list of module names"),
        ("c.Course.allowed_modules = ['a b']", "list of module names"),
        ("c.Course.late_policy = 'perday'", "Did you mean 'per-day'?"),
        ("c.Course.late_policy = 3", "'none', 'zero', 'per-day'"),
        ("c.Course.late_fraction_per_day = 2", "between 0 and 1"),
        ("c.CourseDirectory.db_url = 'gradebook.db'", "is no database URL"),
        ("c.CourseDirectory.db_url = 'sqlite://'", "in memory"),
        ("c.CourseDirectory.submitted_directory = '../elsewhere'", "name of a folder"),
        ("c.CourseDirectory.directory_structure = '{student_id}'", "only nbgrader's default"),
    ],
)
def test_what_cannot_be_is_said_with_its_remedy(tmp_path, text, said):
    """Misspelt names, wrong types and impossible values are errors that name the option, not silently ignored."""
    message = complaint(tmp_path, text, "a", "01_math")
    assert message.startswith("course_config.py")
    assert said in message


def test_a_password_in_the_database_url_is_not_repeated(tmp_path):
    """An error about the URL does not show it."""
    assert "hunter2" not in complaint(tmp_path, "c.CourseDirectory.db_url = 'postgres//me:hunter2@host/db'")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\ny = (", "course_config.py:3: is not valid Python"),
        ("x = 1\n1 / 0", "course_config.py:3: stopped with ZeroDivisionError: division by zero"),
        ("def f():\n    raise KeyError('k')\nf()", "course_config.py:3: stopped with KeyError"),
        ("raise SystemExit(3)", "course_config.py:2: stopped with SystemExit"),
    ],
)
def test_a_file_that_cannot_be_run_names_the_line(tmp_path, text, said):
    """The author is sent to the line that stopped."""
    assert said in complaint(tmp_path, text)


def test_a_missing_file_is_said(tmp_path):
    """No traceback of traitlets."""
    with pytest.raises(ConfigError, match="is missing"):
        load_config(tmp_path)


def test_a_chapter_that_is_still_to_be_written_may_be_configured(tmp_path):
    """Only names that are nearly an existing chapter's are taken for mistakes."""
    config = config_of(tmp_path, "c.Course.chapters = {'07_final': {'points': 3}}", "01_math")
    assert config.chapter("07_final").points == 3.0


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///scores.db", "sqlite:///{root}/scores.db"),
        ("sqlite:////srv/scores.db", "sqlite:////srv/scores.db"),
        ("postgresql://localhost/course", "postgresql://localhost/course"),
    ],
)
def test_a_database_is_found_as_nbgrader_finds_it(tmp_path, url, expected):
    """A relative SQLite file lies in the course folder, wherever the command is started."""
    config = config_of(tmp_path, f"c.CourseDirectory.db_url = {url!r}")
    assert config.db_url == expected.format(root=tmp_path)


def test_folders_that_nbgrader_was_told_to_use_are_used(tmp_path):
    """A course with other folder names keeps them."""
    config = config_of(tmp_path, "c.CourseDirectory.submitted_directory = 'handed_in'")
    assert config.layout.submitted_notebook("ada", "a") == tmp_path / "handed_in" / "ada" / "a" / "a.ipynb"


def test_nbgraders_own_late_setting_counts_unless_ours_is_given(tmp_path):
    """A course that comes from nbgrader keeps its penalty method."""
    nbgraders = "c.LateSubmissionPlugin.penalty_method = 'zero'\n"
    assert config_of(tmp_path, nbgraders).late_policy.rule is LateRule.ZERO
    assert config_of(tmp_path, nbgraders + "c.Course.late_policy = 'none'").late_policy.rule is LateRule.NONE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-05 23:59 UTC", "2026-10-05T23:59:00"),
        ("2026-10-05 23:59", "2026-10-05T23:59:00"),
        ("2026-10-05 23:59:01.5 +0200", "2026-10-05T21:59:01.500000"),
        ("2026-10-05T23:59:00-05:30", "2026-10-06T05:29:00"),
        ("2026-10-05T23:59:00Z", "2026-10-05T23:59:00"),
        ("2026-01-05 12:00 America/New_York", "2026-01-05T17:00:00"),
        ("2026-07-05 12:00 EDT", "2026-07-05T16:00:00"),
        ("5 Oct 2026 23:59 UTC", "2026-10-05T23:59:00"),
        ("Oct 5, 2026 11:59 PM", "2026-10-05T23:59:00"),
        ("  2026-10-05 23:59 UTC\n", "2026-10-05T23:59:00"),
    ],
)
def test_points_in_time_are_read_in_the_forms_that_people_and_nbgrader_use(text, expected):
    """With offset, zone name or abbreviation; UTC without one."""
    assert instant(text) == datetime.datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "5", "12:00", "Monday", "2026-02-30 12:00", "2026-10-05 12:00 +9900"])
def test_what_names_no_point_in_time_is_refused(text):
    """Above all what dateutil would complete from today's date."""
    with pytest.raises(ValueError, match=r"time|date|zone"):
        instant(text)


@given(st.datetimes(min_value=datetime.datetime(1970, 1, 1), max_value=datetime.datetime(2200, 1, 1)))
def test_nbgraders_own_timestamps_are_read_back(moment):
    """Whatever nbgrader writes into timestamp.txt is the moment that it meant."""
    assert instant(moment.strftime("%Y-%m-%d %H:%M:%S.%f %Z").strip() + " UTC") == moment.replace(tzinfo=UTC)


@given(st.text(max_size=40))
def test_any_other_text_is_refused_and_never_crashes(text):
    """A student's timestamp.txt may hold anything."""
    try:
        assert instant(text).tzinfo is UTC
    except ValueError:
        pass
