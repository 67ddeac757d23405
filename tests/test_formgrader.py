import json
import os
import shutil
import socket
import sys
import urllib.error
import urllib.request
from pathlib import Path

import browser
import pytest
from click.testing import CliRunner
from small_course import CONFIG, EXPLAINED, PLUGIN, SOLVED, answered, hand_in, make_course

from grader.cli.main import main
from grader.course.config import load_config
from grader.gradebook.store import open_gradebook

WRONG = {"add": "def add(a, b):\n    return abs(a) + abs(b)"}


def run(config, *args, code=0):
    """Run a command; returns what it said."""
    result = CliRunner().invoke(main, ["--course", str(config.root), *args])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A generated course with two graded students, one of whom explained something that a person has to read."""
    config = make_course(tmp_path_factory.mktemp("formgrader") / "course", config=CONFIG + PLUGIN)
    shutil.copy(Path(__file__).parent.parent / "source" / "chapters.py", config.layout.chapters_module)
    run(config, "generate")
    run(config, "students", "add", "ada", "--first-name", "Ada", "--last-name", "Lovelace")
    run(config, "students", "add", "bob", "--first-name", "Bob", "--last-name", "Byrd")
    hand_in(config, "ada", notebook=answered(config, SOLVED | EXPLAINED))
    hand_in(config, "bob", notebook=answered(config, WRONG))
    run(config, "autograde")
    return config


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A user whose own configuration is of another course, and lets everybody in."""
    home = tmp_path_factory.mktemp("home")
    (home / ".jupyter").mkdir()
    (home / "elsewhere").mkdir()
    (home / ".jupyter" / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.root = {str(home / 'elsewhere')!r}\nc.CourseDirectory.course_id = 'other'\n"
    )
    (home / ".jupyter" / "jupyter_server_config.py").write_text(
        "c = get_config()\nc.ServerApp.ip = '0.0.0.0'\nc.IdentityProvider.token = ''\n"
        "c.ServerApp.root_dir = '/'\nc.ServerApp.open_browser = True\n"
        "c.ServerApp.jpserver_extensions = {'grader.nbgrader_server': False}\n"
    )
    return home


@pytest.fixture(scope="module")
def server(graded, home):
    """``grader formgrader`` on that course, for that user."""
    with browser.formgrader_server(graded.root, home) as server:
        yield server


@pytest.fixture(scope="module")
def page(server):
    """A browser's page."""
    reason = browser.missing()
    if reason and os.environ.get(browser.REQUIRED) == "required":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    with browser.browser() as started:
        page = started.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(browser.PATIENCE_MS)
        yield page


def look(page, name):
    """Keep a picture for a person, if ``GRADER_TEST_PICTURES`` names a folder."""
    folder = os.environ.get("GRADER_TEST_PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def standing(config, student="ada"):
    """Grade cell → (automatic, a person's score, comment, needs a person), as nbgrader's own API reads them."""
    from nbgrader.api import Gradebook

    with Gradebook(config.db_url) as gradebook:
        notebook = gradebook.find_submission_notebook("01_add", "01_add", student)
        comments = {comment.name: comment.manual_comment for comment in notebook.comments}
        return {
            grade.name: (grade.auto_score, grade.manual_score, comments.get(grade.name), bool(grade.needs_manual_grade))
            for grade in notebook.grades
        }


def test_only_this_machine_and_who_has_the_token_come_in(server, graded):
    """Whatever the user's own configuration of other servers says."""
    port = server.answer["port"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/api/contents")
    assert refused.value.code == 403
    refused.value.close()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/formgrader/manage_assignments") as response:
        assert "/login" in response.url
    with urllib.request.urlopen(server.url("formgrader/manage_assignments")) as response:
        assert server.answer["token"] not in response.read().decode()
    table = Path("/proc/net/tcp")
    listening = [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []
    addresses = {fields[1] for fields in listening if fields[3] == "0A" and fields[1].endswith(f":{port:04X}")}
    assert addresses <= {f"0100007F:{port:04X}"}


@pytest.mark.filterwarnings("default")  # nbgrader's own
def test_what_people_enter_in_formgrader_outlives_every_autograde(page, server, graded):
    """A score over a verdict, a score for an answer, a comment; then formgrader's own autograde button as well."""
    page.goto(server.answer["url"])
    page.locator("#main-table a", has_text="01_add").first.wait_for()
    look(page, "formgrader_assignments")
    page.goto(server.url("formgrader/manage_submissions/01_add"))
    page.locator("#main-table", has_text="bob").wait_for()
    table = page.locator("#main-table").inner_text()
    assert "Lovelace, Ada" in table
    assert table.count("needs manual grading") == 1
    look(page, "formgrader_submissions")

    page.goto(server.url("formgrader/gradebook/01_add/01_add"))
    page.locator(".name-hidden", has_text="Submission #1").wait_for()
    page.evaluate("document.querySelectorAll('.name-shown').forEach(e => e.style.display = 'inline')")
    page.locator("a.name-shown", has_text="Byrd, Bob").click()
    page.locator("#test_add[placeholder='0']").wait_for()  # the scores come after the page

    def enter(selector, value):
        with page.expect_response(lambda response: response.request.method == "PUT") as saved:
            page.fill(selector, value)
            page.press(selector, "Tab")
        assert saved.value.ok

    enter("#test_add", "1.5")
    enter("#explain", "2")
    enter("#add-comment", "Almost: look at negative numbers.")
    look(page, "formgrader_submission")
    entered = standing(graded, "bob")
    assert entered["test_add"][:2] == (0, 1.5)
    assert entered["explain"][1] == 2

    run(graded, "autograde", "--force")
    page.goto(server.url("formgrader/manage_submissions/01_add"))
    row = page.locator("#main-table tr", has_text="Byrd, Bob")
    row.wait_for()
    with page.expect_response(lambda response: response.url.endswith("/autograde"), timeout=60_000) as pressed:
        row.locator(".autograde a").click()
    assert pressed.value.json()["success"], pressed.value.json()["log"]
    kept = standing(graded, "bob")
    assert {name: values[1] for name, values in kept.items()} == {name: values[1] for name, values in entered.items()}

    page.goto(server.url("formgrader/gradebook/01_add/01_add"))
    page.locator(".name-hidden", has_text="Submission #1").wait_for()
    page.evaluate("document.querySelectorAll('.name-shown').forEach(e => e.style.display = 'inline')")
    page.locator("a.name-shown", has_text="Byrd, Bob").click()
    page.locator("#test_add").wait_for()
    page.wait_for_function("document.querySelector('#add-comment').value !== ''")
    assert page.input_value("#test_add") == "1.5"
    assert page.input_value("#explain") == "2"
    assert page.input_value("#add-comment") == "Almost: look at negative numbers."
    [line] = json.loads(run(graded, "report", "--student", "bob", "--json").stdout)["students"]
    assert line["chapters"][0]["score"] == 3.5
    said = json.loads(run(graded, "history", "bob", "--json").stdout)["history"]
    assert said[-1]["by_hand"]["test_add"]["manual_score"] == 1.5
    assert "by hand" in {each["event"] for each in said}


@pytest.mark.parametrize("answers", [{}, SOLVED | EXPLAINED], ids=["as released", "solved"])
def test_jupyterlab_runs_a_released_notebook_and_validates_it(page, server, graded, answers):
    """What a student does first: open it, run it, press Validate."""
    name = "solved" if answers else "released"
    folder = shutil.copytree(graded.layout.root / "release" / "01_add", graded.root / "students" / name)
    if answers:
        (folder / "01_add.ipynb").write_bytes(answered(graded, answers))
    page.goto(server.url(f"lab/workspaces/{name}/tree/students/{name}/01_add.ipynb"))
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.locator(".jp-InputPrompt", has_text="[1]:").first.wait_for()
    if not answers:
        page.locator(".jp-OutputArea-output", has_text="NotImplementedError").first.wait_for()
    look(page, f"jupyterlab_run_{name}")
    page.get_by_role("button", name="Validate").first.click()
    dialog = page.locator(".jp-Dialog")
    words = "Your notebook passes all the tests" if answers else "add: your code here"
    dialog.get_by_text(words).first.wait_for(timeout=30_000)
    look(page, f"jupyterlab_validate_{name}")
    dialog.get_by_role("button", name="Ok").click()


def test_ctrl_c_stops_it_and_says_so_by_0(graded, tmp_path):
    """No question, no kernel and no file left."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with browser.formgrader_server(graded.root, tmp_path / "home", "--port", str(port)) as server:
        assert server.answer["port"] == port
        assert server.stop() == 0
    assert not list((tmp_path / "home").glob("runtime/jpserver-*"))


def test_what_is_in_the_way_is_said_in_one_line(tmp_path, monkeypatch):
    """No gradebook, a port that is taken, no JupyterLab."""
    config = make_course(tmp_path / "course")
    assert "there is no gradebook" in run(config, "formgrader", code=1).stderr
    with open_gradebook(load_config(config.root)):
        pass
    monkeypatch.chdir(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = run(config, "formgrader", "--port", str(port), code=2).stderr
    assert said.startswith(f"port {port}: cannot listen there: address already in use.\nTake another --port")
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)
    said = run(config, "formgrader", "--no-browser", "--json", code=1)
    assert "pip install --upgrade jupyterlab nbgrader" in said.stderr
    assert json.loads(said.stdout)["errors"][0]["type"] == "GraderError"
