import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from small_course import CONFIG, EXPLAINED, HIDDEN, PLUGIN, SOLVED, answered, graded, hand_in, make_course, nbgrader

from grader.course.config import load_config
from grader.course.model import GradedSubmission
from grader.gradebook.store import open_gradebook

# nbgrader and nbconvert warn of themselves
pytestmark = pytest.mark.filterwarnings("default")

WRONG = {"add": "def add(a, b):\n    print('adding', a, b)\n    return abs(a) + abs(b)"}


@pytest.fixture
def config(tmp_path):
    """A course with our two config lines, three submissions, and a gradebook."""
    config = make_course(tmp_path, config=CONFIG + PLUGIN)
    hand_in(config, "ada", notebook=answered(config, SOLVED | EXPLAINED))
    hand_in(config, "bob", notebook=answered(config, WRONG))
    return config


def grader(config, *args):
    """Run our command."""
    return subprocess.run(
        [sys.executable, "-m", "grader", "--course", str(config.root), *args],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )


def standing(config):
    """What the gradebook says of every grade cell."""
    with open_gradebook(config) as store:
        return {
            (row.student_id, row.grade_id): (
                row.outcome,
                row.auto_score,
                row.needs_manual_grade,
                row.message,
                row.comment,
            )
            for row in store.verdicts()
        }


def test_nbgraders_own_commands_grade_as_ours_and_leak_nothing(config):
    """``nbgrader autograde --force`` gives scores, verdicts and notebooks of ours; feedback holds no hidden test."""
    hand_in(config, "carl", notebook=answered(config, {}))
    assert grader(config, "autograde", "01_add").returncode == 0
    ours = standing(config)
    notebooks = {
        student: nbformat.read(config.layout.autograded_notebook(student, "01_add"), as_version=4)
        for student in ("ada", "bob")
    }
    assert ours["ada", "test_add"][:2] == ("passed", 2.0)
    assert ours["bob", "test_add"][:2] == ("failed", 0.0)

    done = nbgrader(config, "autograde", "01_add", "--force")
    assert done.returncode == 0, done.stderr
    assert standing(config) == ours
    for student, before in notebooks.items():
        after = nbformat.read(config.layout.autograded_notebook(student, "01_add"), as_version=4)
        assert [cell.source for cell in after.cells] == [cell.source for cell in before.cells]
        assert [cell.get("outputs") for cell in after.cells] == [cell.get("outputs") for cell in before.cells]

    done = nbgrader(config, "generate_feedback", "01_add")
    assert done.returncode == 0, done.stderr
    assert "not recognized" not in done.stderr
    for student in ("ada", "bob", "carl"):
        page = (config.layout.feedback_dir(student, "01_add") / "01_add.html").read_text()
        plain = page.replace("&#39;", "'").replace("&quot;", '"')
        assert "1 + 2 = 3" in plain
        for hidden in ("-1987", "1987", "2468", "4936", "HIDDEN TESTS", *HIDDEN):
            assert hidden not in plain


def test_formgraders_button_grades_as_ours(config, monkeypatch):
    """The same converter, called inside a running server."""
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    with open_gradebook(config) as store:
        from grader.authoring.release import grading_spec

        store.sync_assignment("01_add", grading_spec(config, "01_add").cells)
    monkeypatch.chdir(config.root)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))  # workers find the package from anywhere
    settings = Config()
    settings.Autograde.autograde_preprocessors = ["grader.nbgrader_plugin.Judge"]
    directory = CourseDirectory(root=str(config.root), db_url=config.db_url, course_id=config.course_id)
    answer = NbGraderAPI(directory, config=settings).autograde("01_add", "ada")
    assert answer["success"], answer
    assert standing(config)["ada", "test_add"][:2] == ("passed", 2.0)
    assert NbGraderAPI(directory).get_autograded_students("01_add") == {"ada"}


# --- the judge, without processes ---


class FakeJudgement:
    """What the pool gives back."""

    def __init__(self, monkeypatch, answer):
        monkeypatch.setattr("grader.nbgrader_plugin._graded", lambda handin, spec, isolation: answer())


def resources(config, student="ada", notebook="01_add", assignment="01_add"):
    """What nbgrader tells its preprocessors."""
    return {"nbgrader": {"student": student, "assignment": assignment, "notebook": notebook, "db_url": config.db_url}}


def empty_notebook():
    """A notebook without cells."""
    return nbformat.from_dict({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def judge(config, monkeypatch, answer, **names):
    """Let the judge answer, and hand its notebook on."""
    from grader.nbgrader_plugin import Judge

    monkeypatch.chdir(config.root)
    FakeJudgement(monkeypatch, answer)
    return Judge().preprocess(empty_notebook(), resources(config, **names))


def test_the_judge_hands_the_graded_notebook_on(config, monkeypatch):
    """And has written the scores, the assignment included."""
    marked = graded()
    notebook, _ = judge(config, monkeypatch, lambda: marked)
    assert notebook == nbformat.from_dict(marked.notebook)
    assert standing(config)["ada", "test_twice"][:2] == ("passed", 1.0)


def test_a_failing_judge_raises(config, monkeypatch):
    """So nbgrader reports the submission; nothing is scored."""
    from grader.errors import SandboxError

    def fails():
        raise SandboxError("no namespaces here")

    with pytest.raises(SandboxError):
        judge(config, monkeypatch, fails)
    assert standing(config) == {}


def test_an_impossible_result_raises(config, monkeypatch):
    """A judge that answers for other cells than the course's gives no points."""
    with pytest.raises(ValueError, match="answered for 0 of 3"):
        judge(config, monkeypatch, lambda: GradedSubmission("01_add", {}, ()))
    assert standing(config) == {}


def test_what_cannot_be_graded_is_recorded_and_raised(config, monkeypatch):
    """Not graded, not 0, and nbgrader goes on with the next."""
    from grader.errors import SubmissionError

    with pytest.raises(SubmissionError, match="not graded: it is empty"):
        judge(config, monkeypatch, lambda: GradedSubmission("01_add", {}, (), not_graded="it is empty."))
    with open_gradebook(config) as store:
        assert store.scores()[0].not_graded == "it is empty."


def test_a_second_notebook_of_a_chapter_is_refused(config, monkeypatch):
    """It would be graded by the tests of another."""
    from grader.errors import UsageProblem

    with pytest.raises(UsageProblem, match=r"extra.ipynb is not the one of 01_add"):
        judge(config, monkeypatch, graded, notebook="extra")


def test_an_old_assignment_of_nbgraders_is_refused_by_name(config, monkeypatch):
    """The gradebook of a course that was moved over has assignments that no solution file is for."""
    from grader.errors import UsageProblem

    with pytest.raises(UsageProblem, match=r"ps1 has no solution file in source/"):
        judge(config, monkeypatch, graded, assignment="ps1", notebook="problem1")


def test_nbgraders_late_penalties_follow_the_course(config, monkeypatch):
    """For a course that keeps AssignLatePenalties in its list."""
    from grader.nbgrader_plugin import CourseLatePolicy

    monkeypatch.chdir(config.root)
    assert CourseLatePolicy().late_submission_penalty("ada", 10.0, 5.0) is None
    config.layout.config_file.write_text(CONFIG + "c.Course.late_policy = 'zero'\n")
    assert CourseLatePolicy().late_submission_penalty("ada", 10.0, 5.0) == 10.0


# --- feedback, without nbgrader's commands ---


def feedback_of(config, monkeypatch, cells, student="ada"):
    """The text of the notebook from which a feedback page is made."""
    from grader.nbgrader_plugin import HideTests

    monkeypatch.chdir(config.root)
    notebook = nbformat.from_dict({**empty_notebook(), "cells": cells})
    shown, _ = HideTests().preprocess(notebook, resources(config, student))
    return json.dumps(shown)


def grade_cell(name, source, outputs=()):
    """A grade cell of an autograded notebook."""
    return {
        "cell_type": "code",
        "id": name.replace("_", "-"),
        "execution_count": None,
        "metadata": {"nbgrader": {"grade": True, "grade_id": name, "solution": False, "locked": True, "points": 1}},
        "source": source,
        "outputs": list(outputs),
    }


def error(text, name="AssertionError"):
    """An error output as nbgrader leaves it."""
    return {"output_type": "error", "ename": name, "evalue": text, "traceback": [f"\x1b[31m{name}\x1b[0m", text]}


@pytest.mark.parametrize(
    "source",
    [
        "### BEGIN HIDDEN TESTS\nassert add(-1987, 1987) == 0\n### END HIDDEN TESTS",
        "assert add(1, 2) == 3\n### BEGIN HIDDEN TESTS\nassert add(-1987, 1987) == 0",
        "assert add(-1987, 1987) == 0\n### END HIDDEN TESTS\nassert add(1, 2) == 3",
        "assert add(-1987, 1987) == 0",
        "#BEGIN hidden  tests\nassert add(-1987, 1987) == 0",
    ],
)
def test_a_test_is_shown_as_it_was_released(config, monkeypatch, source):
    """Whatever has become of its markers in the graded notebook."""
    shown = feedback_of(config, monkeypatch, [grade_cell("test_add", source)])
    assert "1987" not in shown
    assert "1 + 2 = 3" in shown


def test_a_test_that_is_hidden_as_a_whole_says_so(config, monkeypatch):
    """The student sees that there was one."""
    shown = feedback_of(config, monkeypatch, [grade_cell("test_twice", "assert twice(2468) == 4936")])
    assert "2468" not in shown
    assert "Hidden tests run here" in shown


@pytest.mark.parametrize("gone", ["renamed", "broken course", "no course source"])
def test_what_the_course_no_longer_knows_is_cut_by_its_markers(config, monkeypatch, gone):
    """A test that was renamed since, or a solution file that cannot be read today."""
    source = "assert f(1)\n### BEGIN HIDDEN TESTS\nassert f(2468)\n### END HIDDEN TESTS\nassert f(2)"
    path = config.layout.solution_file("01_add")
    if gone == "broken course":
        path.write_text(path.read_text().replace("### END HIDDEN TESTS", ""))
    elif gone == "no course source":
        path.unlink()
    shown = feedback_of(config, monkeypatch, [grade_cell("test_old", source, [error("assert f(2468)\nFalse")])])
    assert "2468" not in shown
    assert "HIDDEN" not in shown
    assert "assert f(1)" in shown
    assert "assert f(2)" in shown


def test_an_output_that_quotes_a_hidden_line_is_replaced(config, monkeypatch):
    """Also in another cell, in colours, and split over lines."""
    traceback = error("")
    traceback["traceback"] = ['---> 3 \x1b[38m  assert add(\x1b[0m-1987, 1987) == 0, "negative numbers"']
    stream = {"output_type": "stream", "name": "stdout", "text": 'assert twice(2468) == 4936, "a large number"\n'}
    free = {
        "cell_type": "code",
        "id": "x",
        "execution_count": 1,
        "metadata": {},
        "source": "history()",
        "outputs": [stream],
    }
    shown = feedback_of(config, monkeypatch, [grade_cell("test_add", "", [traceback]), free])
    assert "1987" not in shown
    assert "2468" not in shown
    assert "history()" in shown


def test_errors_of_tests_that_nbgrader_graded_alone_show_no_values(config, monkeypatch):
    """Its tracebacks quote hidden tests, and messages their values; the judge's do not, and stay."""
    cells = [grade_cell("test_add", "### BEGIN HIDDEN TESTS\n", [error("got 3974, expected 0")])]
    assert "3974" not in feedback_of(config, monkeypatch, cells)
    judge(config, monkeypatch, graded)
    assert "3974" in feedback_of(config, monkeypatch, cells)


def test_what_students_wrote_stays(config, monkeypatch):
    """Their cells and outputs are theirs."""
    cell = grade_cell("add", "def add(a, b):\n    return a + b  # BEGIN HIDDEN TESTS", [])
    cell["metadata"]["nbgrader"] |= {"grade": False, "solution": True}
    assert "return a + b" in feedback_of(config, monkeypatch, [cell])


def test_the_courses_own_configuration_names_the_plugins(monkeypatch):
    """The course of this repository, as nbgrader reads it."""
    from nbgrader.converters import Autograde, GenerateFeedback
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.preprocessors import AssignLatePenalties
    from traitlets.config.loader import PyFileConfigLoader

    from grader.nbgrader_plugin import CourseLatePolicy, HideTests, Judge

    root = Path(__file__).parent.parent
    assert load_config(root).layout.root == root
    settings = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    directory = CourseDirectory(root=str(root))
    assert Autograde(coursedir=directory, config=settings).autograde_preprocessors == [
        "grader.nbgrader_plugin.Judge",
        "nbgrader.preprocessors.AssignLatePenalties",
    ]
    assert AssignLatePenalties(config=settings).plugin_class is CourseLatePolicy
    assert (
        f"{HideTests.__module__}.{HideTests.__name__}"
        in GenerateFeedback(coursedir=directory, config=settings).preprocessors
    )
    assert Judge().enabled


# --- nothing of a hand-in acts in a browser ---

EVIL = {
    "text/html": "<b>word</b><script>evil()</script><img src=x onerror=evil()>",
    "text/markdown": "**word** [l](javascript:evil()) <script>evil()</script>",
    "image/svg+xml": "<svg onload=evil()><script>evil()</script></svg>",
    "image/png": '"><script>evil()</script>',
    "text/latex": "</div><script>evil()</script>",
    "application/javascript": "evil()",
    "text/plain": "<script>evil()</script>",
}
PROSE = (
    "# Title\n\n<script>evil()</script>\n\n<img src=x onerror=evil()> [l](javascript:evil()) $w_1 < w_2$\n\n"
    "<style>\n\nbody{display:none}\n\n</style>"
)


def hostile_notebook():
    """Outputs of each kind, alone and together, and Markdown."""
    bundles = [{mime: text} for mime, text in EVIL.items()] + [dict(EVIL)]
    outputs = [
        {"output_type": "display_data", "data": bundle, "metadata": {"image/png": {"width": '1"onload="evil()'}}}
        for bundle in bundles
    ]
    outputs.append({"output_type": "stream", "name": "stdout", "text": "\x1b[31m</pre><script>evil()</script>"})
    prose = {"cell_type": "markdown", "id": "m", "metadata": {}, "source": PROSE}
    task = {"schema_version": 3, "grade": True, "solution": True, "locked": False, "grade_id": "explain", "points": 2}
    answer = {"cell_type": "markdown", "id": "t", "metadata": {"nbgrader": task}, "source": PROSE}
    raw = {"cell_type": "raw", "id": "r", "metadata": {}, "source": "<script>evil()</script>"}
    code = {"cell_type": "code", "id": "c", "execution_count": 1, "metadata": {}, "source": "1 < 2", "outputs": outputs}
    return nbformat.from_dict({**empty_notebook(), "cells": [prose, answer, raw, code]})


def acting(page):
    """The elements of a page that would do something of a student's."""
    import html5lib

    tree = html5lib.parse(page, namespaceHTMLElements=False)
    found = []
    for element in tree.iter():
        own = "".join(element.itertext()) if element.tag in ("script", "style") else ""
        if "evil" in own or "display:none}\n" in own:
            found.append(own)
        for name, value in element.attrib.items():
            if "evil" in value and (name.startswith("on") or name in ("src", "href")):
                found.append(f"{name}={value}")
    return found


@pytest.mark.parametrize("template", ["feedback", "formgrade"])
@pytest.mark.parametrize("preprocessors", [[], ["grader.nbgrader_plugin.MakeSafe"]])
def test_nothing_of_a_hand_in_acts_in_nbgraders_pages(template, preprocessors):
    """In feedback and in formgrader, where it would act in the grader's name; without us it would."""
    import nbgrader
    from nbconvert.exporters import HTMLExporter
    from traitlets.config import Config

    settings = Config()
    settings.HTMLExporter.template_name = template
    folder = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"
    settings.HTMLExporter.extra_template_basedirs = [str(folder)]
    settings.HTMLExporter.extra_template_paths = [
        str(folder.parent / "static" / "node_modules" / "bootstrap" / "dist" / "css"),
        str(folder / template),
    ]
    settings.HTMLExporter.preprocessors = preprocessors
    notebook = hostile_notebook()
    for cell in notebook.cells:
        cell.metadata.setdefault("nbgrader", {}).update(score=0, comment="", max_score=1)
    names = {"student": "ada", "assignment": "a", "notebook": "n", "index": 0, "score": 0, "max_score": 1}
    more = {"late_penalty": 0, "name": "n", "first_name": "", "last_name": "", "total": 1}
    resources = {"nbgrader": names | more, "index": 0, "total": 1, "first_name": "", "last_name": "", "base_url": ""}
    page, _ = HTMLExporter(config=settings).from_notebook_node(notebook, resources=resources)
    assert bool(acting(page)) is not bool(preprocessors)
    assert "word" in page
