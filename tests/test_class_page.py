"""``grader report --html``: one page, every number a link to the students behind it, nothing in it that could run."""

import dataclasses
import datetime
import re

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from many_students import write_class
from small_course import CONFIG, graded, hand_in, make_course, verdict

from grader.authoring.release import grading_spec
from grader.cli.main import main
from grader.course.model import GradedSubmission, Outcome
from grader.gradebook.extensions import DueDates
from grader.gradebook.store import ScoredSubmission, open_gradebook
from grader.reports.page import class_page
from grader.reports.picture import class_picture, draw, message_pattern
from grader.reports.scores import class_report
from grader.reports.terminal import course_of

IN_TIME = datetime.datetime(2026, 10, 5, 12, 0, tzinfo=datetime.UTC)
LATE = datetime.datetime(2026, 10, 7, 12, 0, tzinfo=datetime.UTC)
NOW = datetime.datetime(2026, 10, 9, 12, 0, tzinfo=datetime.UTC)

EVIL_ID = '</style><script>alert(1)</script>" onclick="alert(2)'
EVIL_MESSAGE = "<img src=x onerror=alert(3)> {{ 7 * 7 }} \x1b[2J \u202eevil <!-- & javascript:alert(4)"


class Page:
    """A page taken apart: elements, ids, links, rows of students, the style sheet."""

    def __init__(self, text):
        self.soup = BeautifulSoup(text, "html.parser")
        self.elements = self.soup.find_all(True)
        self.ids = [element["id"] for element in self.elements if element.has_attr("id")]
        self.links = [element["href"] for element in self.elements if element.has_attr("href")]
        self.rows = {row["id"]: set(row.get("class", ())) for row in self.soup.select(".names tbody tr")}
        self.style = self.soup.style.string

    def heading(self, group):
        """What stands above a group's rows."""
        return self.soup.find(id=group).get_text()

    def shown(self, group):
        """The rows that the style sheet shows while a heading is the target."""
        of_group = rf"#{group}:target~div"
        shows_all = re.search(rf"{of_group}[,{{]", self.style)
        found = re.search(rf"{of_group} \.(\w+)[,{{]", self.style)
        rule = self.style[found.start() :]
        is_hidden = rule[rule.index("{") :].startswith("{display:none}")
        assert bool(shows_all) == is_hidden
        return {row for row, classes in self.rows.items() if (found[1] in classes) != is_hidden}


def write(config, *, more=()):
    """The class: ada fine, bob late and failed, eve unreadable, fay waiting, and ``more`` submissions."""
    for student in ("ada", "bob", "eve", "fay"):
        hand_in(config, student)
    with open_gradebook(config) as store:
        for name in ("01_add", "02_mean"):
            store.sync_assignment(name, grading_spec(config, name).cells, due=config.chapter(name).due)
        store.write_batch(
            [
                ScoredSubmission("ada", graded(), IN_TIME),
                ScoredSubmission("bob", graded(Outcome.FAILED), LATE),
                ScoredSubmission("eve", GradedSubmission("01_add", {}, (), not_graded="it is not JSON."), None),
                *more,
            ]
        )


def picture_of(config, chapters=None):
    """The values behind the page."""
    with open_gradebook(config) as store:
        return class_picture(store, course_of(config), chapters, now=NOW)


@pytest.fixture
def config(tmp_path):
    """A small class in all states."""
    config = make_course(tmp_path / "course", config=CONFIG)
    write(config)
    return config


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A class of 200 and its page."""
    config = make_course(tmp_path_factory.mktemp("big") / "course", config=CONFIG)
    with open_gradebook(config) as store:
        write_class(store, config, 200)
    picture = picture_of(config)
    return picture, class_page(picture)


def test_everybody_stands_somewhere(config):
    """On time, late, waiting, not graded, missing: each student once."""
    first, second = picture_of(config).chapters
    assert first.on_time.students == ("ada",)
    assert first.late.students == ("bob",)
    assert first.waiting.students == ("fay",)
    assert first.not_graded.students == ("eve",)
    assert first.missing.students == ()
    assert second.missing.students == ("ada", "bob", "eve", "fay")
    assert first.is_due
    assert not second.is_due  # no date, and nobody has handed it in


def test_a_due_date_counts_as_soon_as_it_is_configured(config):
    """As in the table on the terminal: the gradebook learns of it with the next grading only."""
    later = dataclasses.replace(config.chapters["01_add"], due=NOW + datetime.timedelta(days=1))
    first, _ = picture_of(dataclasses.replace(config, chapters={**config.chapters, "01_add": later})).chapters
    assert not first.is_due


def test_grade_cells_come_hardest_first_with_who_is_behind(config):
    """Bob failed test_add; the answer for a person counts for nobody until one has graded it."""
    cells = picture_of(config).cells
    assert [(cell.grade_id, cell.rate) for cell in cells] == [("test_add", 0.5), ("test_twice", 1.0), ("explain", None)]
    assert cells[0].failed.students == ("bob",)
    assert cells[0].passed.students == ("ada",)
    assert cells[2].unsettled.students == ("ada", "bob")
    assert cells[0].discrimination is None
    assert "fewer than" in cells[0].why_none


def test_discrimination_is_with_the_rest_of_the_chapter(tmp_path):
    """Half of the class passes both tests, half none: each is perfectly predicted by the other."""
    config = make_course(tmp_path / "course", config=CONFIG)
    strong = [ScoredSubmission(f"a{n}", graded(), IN_TIME) for n in range(6)]
    weak = [ScoredSubmission(f"b{n}", graded(Outcome.FAILED, Outcome.FAILED), IN_TIME) for n in range(6)]
    write(config, more=[*strong, *weak])
    by_name = {cell.grade_id: cell for cell in picture_of(config).cells}
    # of 14: bob failed test_add alone
    assert by_name["test_add"].discrimination == pytest.approx(0.87, abs=0.005)
    assert by_name["test_add"].word == "good"


def test_failures_that_say_the_same_are_one_kind(tmp_path):
    """Numbers, lists and quoted words do not tell failures apart; grade cells and verdicts do."""
    config = make_course(tmp_path / "course", config=CONFIG)

    def failed(message):
        return GradedSubmission("01_add", {}, (verdict("test_add", Outcome.FAILED, 2.0, message=message),))

    messages = ("expected 3, got 4", "expected 3, got -1.5e9", "expected 3, got [1, 2]", "expected 3, got 'x'\nhint")
    write(config, more=[ScoredSubmission(f"c{n}", failed(text), IN_TIME) for n, text in enumerate(messages)])
    kind = picture_of(config).failures[0]
    assert (kind.grade_id, kind.variants, len(kind.students)) == ("test_add", 4, 4)
    assert message_pattern("a is not b") != message_pattern("a is b")


def test_who_needs_help_and_why(config):
    """Little of what was graded, or behind; those first who need it most."""
    lines = {line.student_id: line.reasons for line in picture_of(config).help.lines}
    assert "ada" not in lines
    assert lines["bob"] == ("1 of 5 points of what was graded",)


def test_who_has_more_time_is_not_behind(config):
    """An extension counts for those who have not handed in; the others are behind."""
    more_for_bob = DueDates(IN_TIME, IN_TIME, {"bob": NOW + datetime.timedelta(days=1)})
    with open_gradebook(config) as store:
        report = class_report(store, course_of(config), ["02_mean"])
    picture = draw(report, [], [], {"02_mean": more_for_bob}, NOW)
    assert picture.chapters[0].missing.students == ("ada", "bob", "eve")
    assert picture.help.behind.students == ("ada", "eve")


def test_every_link_leads_somewhere_and_every_number_to_its_students(big):
    """Ids are unique, links stay in the page, and the style sheet shows just the students that a number counts."""
    picture, text = big
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    assert page.links
    for link in page.links:
        assert link.startswith("#")
        assert link[1:] in page.ids
    row_of = {line.student_id: f"s{n}" for n, line in enumerate(picture.report.students)}
    linked = {link[1:] for link in page.links}
    for group in picture.groups:
        if group.students:
            assert page.shown(group.key) == {row_of[student] for student in group.students}
            assert page.heading(group.key).endswith(f": {len(group):,}")
    assert {chapter.missing.key for chapter in picture.chapters} <= linked
    assert {cell.failed.key for cell in picture.cells if cell.failed.students} <= linked
    assert {cell.passed.key for cell in picture.cells if cell.passed.students} <= linked
    assert {kind.students.key for kind in picture.failures} <= linked


def test_every_number_of_a_table_is_a_link(big):
    """A cell of digits without a link is a 0, the points of a chapter or cell, or a row of a student."""
    _, text = big
    tables = text[: text.index('<section class="names"')]
    bare = re.findall(r"<td>([\d.,]+(?: %| s| min)?)</td>", tables)
    points = {"5", "2", "1"}  # what chapters and cells are worth
    assert set(bare) <= points


def test_nothing_in_the_page_can_run_or_load(tmp_path):
    """Ids, names and messages are hostile; the policy forbids scripts, and there is nothing that it would stop."""
    config = make_course(tmp_path / "course", config=CONFIG.replace("A small course", "<b>$x$ & co"))
    evil = GradedSubmission("01_add", {}, (verdict("test_add", Outcome.FAILED, 2.0, message=EVIL_MESSAGE),))
    write(config, more=[ScoredSubmission(EVIL_ID, evil, IN_TIME)])
    with open_gradebook(config) as store:  # of a course that others made
        store.sync_assignment("<i>\x1b[2J 学", grading_spec(config, "02_mean").cells)
    text = class_page(picture_of(config))
    page = Page(text)
    assert not page.soup.find_all(["script", "img", "iframe", "object", "embed", "link", "base", "form"])
    names = {name for element in page.elements for name in element.attrs}
    assert not [name for name in names if name.startswith("on") or name in ("style", "src", "action", "xlink:href")]
    assert "http:" not in re.sub(r'xmlns="http://www.w3.org/2000/svg"', "", text)
    assert "https:" not in text
    assert "{{" in text  # shown, not run
    assert "\x1b" not in text
    assert "\u202e" not in text
    policy = page.soup.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert page.soup.find(id="s0").th.get_text() == EVIL_ID


def test_a_class_without_anything_has_a_page(tmp_path):
    """No student, no submission, no chapter of the gradebook."""
    config = make_course(tmp_path / "course", config=CONFIG)
    with open_gradebook(config):
        pass
    text = class_page(picture_of(config))
    assert "There are no students yet." in text
    assert "Nothing was graded yet." in text


def test_the_size_of_a_large_class(tmp_path):
    """1,000 students and a chapter more make it grow as it should: a full course of them stays under 3 MB."""
    config = make_course(tmp_path / "course", config=CONFIG)
    with open_gradebook(config) as store:
        write_class(store, config, 1000)
    size = len(class_page(picture_of(config)).encode())
    assert size < 600_000  # two chapters of seven; measured: 0.35 MB


def test_the_command_writes_one_file(config, tmp_path):
    """The file, its name on stderr, nothing on stdout; - is stdout."""
    target = tmp_path / "class.html"
    result = CliRunner().invoke(main, ["--course", str(config.root), "report", "--html", str(target)])
    assert (result.exit_code, result.stdout) == (0, "")
    assert str(target) in result.stderr
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    result = CliRunner().invoke(main, ["--course", str(config.root), "report", "01_add", "--html", "-"])
    assert result.exit_code == 0
    assert "Means" not in result.stdout


@pytest.mark.parametrize(
    "words", [("--csv", "-", "--html", "-"), ("--html", "-", "--json"), ("--html", "-", "--student", "ada")]
)
def test_one_answer_at_a_time(config, words):
    """Two kinds of answer on one stdout would be neither."""
    result = CliRunner().invoke(main, ["--course", str(config.root), "report", *words])
    assert result.exit_code == 2
    assert "--html" in result.stderr


def test_a_file_that_cannot_be_written_is_one_line(config, tmp_path):
    """Place, what happened, what to do."""
    result = CliRunner().invoke(main, ["--course", str(config.root), "report", "--html", str(tmp_path / "no" / "x")])
    assert result.exit_code == 1
    assert "its folder does not exist" in result.stderr
