"""What students get back: pages in nbgrader's place, with nothing of a hidden test and nothing that runs."""

import base64
import html
import json
import re
from pathlib import Path

import html5lib
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from small_course import CONFIG, EXPLAINED, HIDDEN, PLUGIN, SOLVED, answered, hand_in, make_course, nbgrader

from grader.cli.main import main
from grader.course.config import load_config
from grader.reports.curves import curves_in, picture_of
from grader.reports.failures import called, failure_of, released_line
from grader.reports.safe import safe_html, safe_markdown, safe_picture

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 20).decode()
NUMBERS = ("1987", "2468", "4936")
"""Of hidden tests, in no other text of the course."""

HOSTILE = f'''from IPython.display import HTML, SVG, Markdown, Image, display
display(HTML("<script>evil()</script><table onclick='evil()' style='position:fixed'><tr><td>cell text</td></tr></table>"
             "<img src=x onerror=evil()><iframe src='https://evil.example'></iframe><a href='javascript:evil()'>j</a>"
             "<a href='data:text/html,evil'>d</a><form action='https://evil.example'><input></form><base href='//evil'>"
             "<style>body{{display:none}}</style><meta http-equiv=refresh content='0;url=//evil'><link rel=stylesheet href=//e>"))
display(SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='evil()'><script>evil()</script></svg>"))
display(Markdown("[m](javascript:evil()) ![i](https://evil.example/x.png) <script>evil()</script> **bold words**"))
display({{"text/latex": "</pre><script>evil()</script>", "text/plain": "x"}}, raw=True)
display({{"image/png": "\\"><script>evil()</script>", "text/plain": "x"}}, raw=True)
display({{"image/png": "{PNG}"}}, raw=True)
display({{"image/svg+xml": "<svg onload=evil()>", "text/html": "<scr<script>ipt>evil()</script>"}}, raw=True)
print("\\x1b[31m</pre></main><script>evil()</script>\\x00\\x08\\u202e" + "y" * 400_000)
'''
PROSE = "# <script>evil()</script>\n\n[x](javascript:evil()) [y](java&#x09;script:evil()) <img src=x onerror=evil()>\n\n<style>*{}"


def run(config, *args):
    """A command of ours."""
    return CliRunner().invoke(main, ["--course", str(config.root), *args])


def read_page(config, student, chapter="01_add"):
    """A page's HTML."""
    return (config.layout.feedback_dir(student, chapter) / f"{chapter}.html").read_text()


def parsed(page):
    """The page's elements; the parser stops at the first thing that is not valid HTML."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)


def words(page):
    """What a reader sees, as one line."""
    tree = parsed(page)
    for parent in tree.iter():
        for element in list(parent):
            if element.tag == "style":
                parent.remove(element)
            elif element.tag in ("dt", "dd", "h4", "p", "pre", "br"):
                element.tail = f" {element.tail or ''}"
    return " ".join("".join(tree.itertext()).split())


def with_cells(config, answers, *cells):
    """A hand-in with cells of the student's own at its end."""
    notebook = json.loads(answered(config, answers))
    for number, (kind, source) in enumerate(cells):
        cell = {"cell_type": kind, "id": f"own-{number}", "metadata": {}, "source": source}
        notebook["cells"].append(cell | ({"outputs": [], "execution_count": None} if kind == "code" else {}))
    return json.dumps(notebook).encode()


CLASS = {
    "ada": (SOLVED | EXPLAINED, ()),
    "bob": ({"add": "def add(a, b):\n    return a * b", "twice": SOLVED["twice"]}, ()),
    "cleo": ({"add": "def add(a, b):\n    if a < 0:\n        raise ValueError(f'no {a} {b}')\n    return a + b"}, ()),
    "dan": (SOLVED, (("code", "1 / 0"),)),
    "eve": (
        {
            "add": "seen = []\ndef add(a, b):\n    seen.append((a, b))\n    print('asked', a, b)\n    return a + b",
            "twice": "class Found(Exception): pass\ndef twice(a):\n    raise Found(f'{a} {seen}')",
        },
        (("code", "print(seen)\nprint(seen, file=__import__('sys').stderr)\nraise ValueError(seen)"),),
    ),
    "mallory": (SOLVED | {"explain": PROSE}, (("code", HOSTILE), ("markdown", PROSE))),
    "learner": (
        SOLVED,
        (("code", "for k in range(1, 21):\n    print(f'Epoch {k}/20 - accuracy: 0.5 - loss: {2 / k:.4f}')"),),
    ),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course with a graded class; feedback for all of it."""
    config = make_course(
        tmp_path_factory.mktemp("feedback") / "course", config=f"{CONFIG}{PLUGIN}c.Course.allowed_modules = None\n"
    )
    for student, (answers, cells) in CLASS.items():
        hand_in(config, student, notebook=with_cells(config, answers, *cells))
    (hand_in(config, "broken") / "01_add.ipynb").write_bytes(b"\x00\x01 not a notebook <script>evil()</script>")
    run(config, "autograde", "01_add")
    assert run(config, "feedback").exit_code == 0
    return config


@pytest.mark.parametrize("student", [*CLASS, "broken"])
def test_no_page_holds_anything_of_a_hidden_test(graded, student):
    """No source, input or expected value, whatever student code has printed or raised; and it is valid HTML."""
    page = read_page(graded, student)
    plain = html.unescape(re.sub(r"<[^>]*>", "", page))
    for secret in (*HIDDEN, *NUMBERS, "HIDDEN TESTS"):
        assert secret not in plain
        assert secret not in page
    parsed(page)


@pytest.mark.parametrize("student", [*CLASS, "broken"])
def test_nothing_of_a_page_runs_or_is_fetched(graded, student):
    """Scripts, events, styles, SVG, frames, forms, foreign addresses, ``javascript:`` and ``data:`` of a student."""
    tree = parsed(read_page(graded, student))
    policy = next(e for e in tree.iter("meta") if e.get("http-equiv") == "Content-Security-Policy").get("content")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    ours = {"svg", "title", "desc", "line", "text", "polyline", "circle", "rect"}
    for element in tree.iter():
        assert element.tag not in {"script", "iframe", "object", "embed", "form", "input", "base", "link", "template"}
        for name, value in element.attrib.items():
            assert not name.startswith("on"), (element.tag, name)
            assert name != "style"
            assert "javascript:" not in value.lower()
            if name in ("src", "href", "action", "srcset"):
                assert value.startswith(("#", "https://", "data:image/png;base64,")), value
    assert len(list(tree.iter("style"))) == 1
    svgs = list(tree.iter("svg")) + list(tree.iter("{http://www.w3.org/2000/svg}svg"))
    assert {e.tag.rpartition("}")[2] for svg in svgs for e in svg.iter()} <= ours
    assert {e.tag for e in tree.iter("img")} <= {"img"}
    assert all(e.get("src") == f"data:image/png;base64,{PNG}" for e in tree.iter("img"))


def test_what_a_student_shows_stays_readable(graded):
    """Tables, bold words and pictures are shown, SVG as text; a flood of output is cut, and that is said."""
    page = read_page(graded, "mallory")
    text = words(page)
    assert "<td>cell text</td>" in page
    assert "<strong>bold words</strong>" in page
    assert "SVG, shown as text" in text
    assert "characters are left out" in text
    assert len(page) < 200_000
    assert f"data:image/png;base64,{PNG}" in page
    assert "\\x00\\x08\\u202e" in page  # control characters are shown, not obeyed


def test_a_visible_test_tells_what_was_called_expected_and_received(graded):
    """And the author's words, and the test itself with the line that did not pass."""
    page = read_page(graded, "bob")
    text = words(page)
    assert "Failed add" in text
    assert "1 + 2 = 3" in text
    assert "Checked add(1, 2) == 3 Expected 3 Received 2" in text
    assert '<span class="line here">' in page
    assert "0 of 2" in text


def test_a_hidden_test_tells_its_hint_and_the_own_line(graded):
    """The built-in class, no message; a link to the line in the student's own cell, which is marked."""
    page = read_page(graded, "cleo")
    text = words(page)
    assert "A hidden test checks: negative numbers; ValueError was raised" in text
    assert "line 3: raise ValueError(f'no {a} {b}')" in text
    cell = re.search(r'href="#(cell-\d+)"', page)[1]
    assert f'id="{cell}"' in page
    assert 'class="mark">this line: </span>' in page


def test_an_exception_in_an_own_cell_is_shown_as_the_student_saw_it(graded):
    """The own lines of the traceback."""
    text = words(read_page(graded, "dan"))
    assert "----> 1 1 / 0" in text
    assert "ZeroDivisionError: division by zero" in text


def test_a_learning_curve_is_drawn_from_what_was_printed(graded):
    """A picture with a title, a description and axes."""
    page = read_page(graded, "learner")
    assert "<polyline points=" in page
    assert "The loss falls from 2 in epoch 1 to 0.1 in epoch 20" in words(page)
    assert "<polyline" not in read_page(graded, "dan")


def test_an_answer_for_a_person_says_that_it_waits(graded):
    """And that the score can go up; the instructor is told before releasing."""
    assert "waiting for a person: your score can go up" in words(read_page(graded, "ada"))
    result = run(graded, "feedback", "--student", "ada")
    assert "ada/01_add: 1 of its answers wait for a person" in result.stderr


def test_what_cannot_be_graded_gets_a_page_that_says_so(graded):
    """Not 0 points, and what to do."""
    text = words(read_page(graded, "broken"))
    assert "This submission could not be graded" in text
    assert "does not count as 0" in text


def test_running_again_rewrites_nothing(graded):
    """Files keep their times; ``--json`` says so."""
    path = graded.layout.feedback_dir("bob", "01_add") / "01_add.html"
    before = path.stat().st_mtime_ns, path.stat().st_ino
    result = run(graded, "feedback", "--json", "-q")
    document = json.loads(result.stdout)
    assert document["counts"]["unchanged"] == len(CLASS) + 1
    assert document["counts"]["written"] == 0
    assert document["results"][0]["path"] == "feedback/ada/01_add/01_add.html"
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


# --- what people have added ---


@pytest.fixture
def own(graded, tmp_path):
    """A copy of the graded course, to be changed."""
    import shutil

    return load_config(Path(shutil.copytree(graded.root, tmp_path / "course")))


def sql(config, statement, **values):
    """Change the gradebook as formgrader would."""
    engine = sa.create_engine(config.db_url)
    with engine.begin() as connection:
        done = connection.execute(sa.text(statement), values)
        assert done.rowcount > 0
    engine.dispose()


def set_grade(config, student, cell, column, value):
    """One column of a grade."""
    sql(
        config,
        f"UPDATE grade SET {column} = :value, needs_manual_grade = 0 WHERE cell_id IN (SELECT id FROM base_cell WHERE"
        " name = :cell) AND notebook_id IN (SELECT n.id FROM submitted_notebook n JOIN submitted_assignment s ON"
        " s.id = n.assignment_id WHERE s.student_id = :student)",
        value=value,
        cell=cell,
        student=student,
    )


def test_manual_scores_extra_credit_and_comments_are_shown(own):
    """What a person gave beside what the tests gave; comments on answers, escaped."""
    set_grade(own, "bob", "test_add", "manual_score", 1.5)
    set_grade(own, "bob", "explain", "manual_score", 2)
    set_grade(own, "bob", "explain", "extra_credit", 0.5)
    sql(
        own,
        "UPDATE comment SET manual_comment = 'Think of <b>signs</b>.' WHERE cell_id IN (SELECT id FROM base_cell WHERE"
        " name = 'add') AND notebook_id IN (SELECT n.id FROM submitted_notebook n JOIN submitted_assignment s ON"
        " s.id = n.assignment_id WHERE s.student_id = 'bob')",
    )
    run(own, "feedback", "-s", "bob")
    page = read_page(own, "bob")
    text = words(page)
    assert "A person gave these points; the tests alone gave 0." in text
    assert "Extra credit: 0.5 points" in text
    assert "Your grader says Think of <b>signs</b>." in text
    assert "&lt;b&gt;signs" in page
    assert "5 of 5 points" in text
    assert "waiting for a person" not in text


def test_a_comment_that_quotes_a_hidden_test_is_named(own):
    """It is the grader's word, so it stays; but somebody should look at it first."""
    sql(own, "UPDATE comment SET manual_comment = :text", text=f'it fails in {HIDDEN[0]} == 0, "negative numbers"')
    result = run(own, "feedback", "-s", "ada")
    assert "quotes a hidden test" not in result.stderr  # part of a line
    sql(own, "UPDATE comment SET manual_comment = :text", text='assert add(-1987, 1987) == 0, "negative numbers"')
    result = run(own, "feedback", "-s", "ada")
    assert "the comment on explain quotes a hidden test" in result.stderr


def test_late_penalty_and_extension_are_told(own):
    """What being late cost, and the student's own due date."""
    text = own.layout.config_file.read_text()
    own.layout.config_file.write_text(text + 'c.Course.late_policy = "per-day"\nc.Course.late_fraction_per_day = 0.5\n')
    for student in ("ada", "dan"):
        (own.layout.submitted_dir(student, "01_add") / "timestamp.txt").write_text("2026-10-06 12:00:00 UTC")
    run(own, "autograde", "01_add")
    sql(
        own,
        "UPDATE submitted_assignment SET extension = :time WHERE student_id = 'dan'",
        time="1970-01-03 00:00:00.000000",
    )
    run(own, "autograde", "01_add")
    run(own, "feedback")
    late = words(read_page(own, "ada"))
    assert "Late by 12 h 1 min" in late
    assert "−1.5 of the 3 points that you earned" in late
    in_time = words(read_page(own, "dan"))
    assert "Due 7 Oct 2026, 23:59 UTC with an extension of 2 d" in in_time
    assert "Late" not in in_time


def test_who_has_no_page_is_named(own):
    """Handed in since: run autograde, exit 1. Not handed in: named. An unknown student: the near miss, exit 2."""
    hand_in(own, "new")
    result = run(own, "feedback")
    assert result.exit_code == 1
    assert "new/01_add" in result.stderr
    assert "grader autograde" in result.stderr
    result = run(own, "feedback", "-s", "ada")
    assert "Not handed in, so no page:\n  ada/02_mean" in result.stderr
    assert result.exit_code == 0
    result = run(own, "feedback", "02_mean", "-s", "ada")
    assert result.exit_code == 1
    assert "nothing to give feedback on" in result.stderr
    result = run(own, "feedback", "-s", "adda")
    assert (result.exit_code, "Did you mean 'ada'?" in result.stderr) == (2, True)


def test_a_newer_hand_in_is_named(own):
    """The page is about what was graded."""
    (own.layout.submitted_dir("ada", "01_add") / "timestamp.txt").write_text("2026-10-05 13:00:00 UTC")
    assert "a newer submission has not been graded yet" in run(own, "feedback", "-s", "ada").stderr


def test_a_link_in_the_way_leads_nowhere(own, tmp_path):
    """A page is never written through a link."""
    import shutil

    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.rmtree(own.layout.feedback_dir("ada", "01_add"))
    own.layout.feedback_dir("ada", "01_add").symlink_to(outside)
    assert run(own, "feedback", "-s", "ada").exit_code == 0
    assert list(outside.iterdir()) == []
    assert "Adding" in read_page(own, "ada")


def test_a_folder_that_cannot_be_written_is_one_line(own):
    """What happened, where, what to do; exit 1."""
    import shutil

    shutil.rmtree(own.layout.feedback_root)
    own.layout.feedback_root.write_text("in the way")
    result = run(own, "feedback", "-s", "ada")
    assert result.exit_code == 1
    assert "the feedback cannot be written" in result.stderr
    assert "Make room" in result.stderr
    assert own.layout.feedback_root.read_text() == "in the way"


def test_without_graded_notebook_or_solution_file_a_page_has_what_is_left(own):
    """Verdicts from the gradebook; of tests only what their own markers allow."""
    own.layout.autograded_notebook("bob", "01_add").unlink()
    assert "the graded notebook is gone" in run(own, "feedback", "-s", "bob").stderr
    assert "1 + 2 = 3" in words(read_page(own, "bob"))
    own.layout.solution_file("01_add").write_text("# %% broken role=\n### BEGIN HIDDEN TESTS\n")
    run(own, "feedback")
    for student in CLASS:
        assert not [number for number in NUMBERS if number in read_page(own, student)]


def test_what_nbgrader_alone_has_graded_shows_nothing_after_hidden_tests(own):
    """There student code has met the tests: what it prints since may be theirs."""
    path = own.layout.autograded_notebook("dan", "01_add")
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": f"seen in {cell['id']}: -1987"}]
    path.write_text(json.dumps(notebook))
    sql(own, "DELETE FROM grader_verdict WHERE student_id = 'dan'")
    sql(own, "DELETE FROM grader_submission WHERE student_id = 'dan'")
    run(own, "feedback", "-s", "dan")
    text = words(read_page(own, "dan"))
    assert "seen in add: -1987" in text  # before any test: the student's own
    assert text.count("1987") == 1
    assert "shown only to graders" in text
    assert "Passed" in text


def test_an_id_that_leads_elsewhere_gets_no_page(own, tmp_path):
    """A gradebook that others write may hold any."""
    sql(own, "UPDATE student SET id = '../../../x' WHERE id = 'dan'")
    sql(own, "UPDATE submitted_assignment SET student_id = '../../../x' WHERE student_id = 'dan'")
    sql(own, "UPDATE grader_submission SET student_id = '../../../x' WHERE student_id = 'dan'")
    sql(own, "UPDATE grader_verdict SET student_id = '../../../x' WHERE student_id = 'dan'")
    result = run(own, "feedback")
    assert result.exit_code == 1
    assert "such an id cannot be a folder's name" in result.stderr
    assert not list(tmp_path.glob("x*"))


def test_nbgrader_releases_our_pages(own, tmp_path):
    """``nbgrader release_feedback`` finds them, those without a secret of ``nbgrader submit`` too."""
    (own.layout.submitted_dir("bob", "01_add") / "submission_secret.txt").write_text("s3cret")
    run(own, "feedback")
    exchange = tmp_path / "exchange"
    (exchange / "small").mkdir(parents=True)
    exchange.chmod(0o777)
    text = own.layout.config_file.read_text()
    own.layout.config_file.write_text(f'{text}\nc.Exchange.root = "{exchange}"\n')
    done = nbgrader(own, "release_feedback", "01_add")
    assert done.returncode == 0, done.stderr
    released = list((exchange / "small" / "feedback").glob("*.html"))
    assert len(released) == len(CLASS) + 1
    assert read_page(own, "bob") in [path.read_text() for path in released]


# --- the parts ---


@pytest.mark.parametrize(
    "text",
    [
        "<scr<script>ipt>evil()</script>",
        "<svg><animate onbegin=evil()></svg>",
        "<math><mtext></p><style><img src=x onerror=evil()></style></math>",
        "<noscript><p title='</noscript><img src=x onerror=evil()>'>",
        "<a href='&#106;avascript:evil()'>a</a>",
        "<a href='//evil.example'>relative</a><a href='../other.html'>b</a><a href='#score'>c</a>",
        "<table background=javascript:evil()><td style='x:expression(evil())'>",
        "<p id=main class=score data-x=1>",
        "<b" + "<b>" * 5000,
    ],
)
def test_hostile_html_loses_what_acts(text):
    """No event, style, name or address of its own remains."""
    tree = html5lib.parseFragment(safe_html(text), namespaceHTMLElements=False)
    for element in tree.iter():
        assert set(element.attrib) <= {"href", "rel", "colspan", "rowspan"}
        assert "href" not in element.attrib
        assert element.tag not in ("script", "style", "img", "svg", "math")


def test_markdown_is_rendered_without_its_html():
    """And mathematics keeps its underscores."""
    shown = safe_markdown("*a* <b onclick=evil()>x</b> $w_1 w_2$ [l](https://example.org)\n\n|h|\n|-|\n|c|\n")
    assert "<em>a</em>" in shown
    assert "<b" not in shown
    assert "w_1 w_2" in shown
    assert 'href="https://example.org"' in shown
    assert "<td>c</td>" in shown


@pytest.mark.parametrize("data", ["", "%%%", "PHN2Zz4=", '"><script>', PNG + "!"])
def test_what_is_no_picture_is_none(data):
    """By its first bytes, not by its label."""
    assert safe_picture("image/png", data, 1000) == ""


def test_pictures_have_a_size():
    """A large one is left out."""
    assert safe_picture("image/png", PNG, 1000)
    assert safe_picture("image/png", base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 9000).decode(), 100) == ""
    assert safe_picture("image/svg+xml", PNG, 1000) == ""


def test_a_message_is_taken_apart():
    """Author's words, values, the student's line, the test's line."""
    full = {"test_f": "### BEGIN HIDDEN TESTS\nassert f(9)\n### END HIDDEN TESTS\nx = f(1)\nassert x == 2, 'two'"}
    message = "two\n  got      3\n  expected 2\nin test_f, line 5: assert x == 2, 'two'"
    failure = failure_of(message, "test_f", full, "x = f(1)\nassert x == 2, 'two'")
    assert (failure.message, failure.got, failure.expected, failure.test_line) == ("two", "3", "2", 2)
    assert failure.called == "x = f(1)\nx == 2"
    failure = failure_of("Hidden test: signs; ValueError was raised\nin your cell 4, line 2: f(x)", "test_f", full, "")
    assert failure.is_hidden
    assert failure.own == (4, 2, "f(x)")
    assert failure.message == "signs; ValueError was raised"


def test_a_hidden_line_has_no_place_in_the_released_test():
    """Lines after it move up."""
    full = "a = 1\n### BEGIN HIDDEN TESTS\nb = 2\n### END HIDDEN TESTS\nc = 3"
    assert [released_line(full, line) for line in range(1, 7)] == [1, 0, 0, 0, 2, 0]


def test_what_leads_to_a_line_is_shown_with_it():
    """Assignments and calls on the objects that it uses, and nothing else."""
    source = "t = T(1)\nother = 5\nt.train([1])\nassert t.loss == 0"
    assert called(source, 4) == "t = T(1)\nt.train([1])\nt.loss == 0"


@pytest.mark.parametrize(
    "text",
    ["epoch 1 loss nan\nepoch 2 loss inf\nepoch 3 loss", "epoch " + "9" * 400 + " loss 1\n" * 5, "loss\n" * 99_999, ""],
)
def test_what_is_no_curve_is_none(text):
    """Not a number, no epochs, nothing."""
    assert curves_in([text]) == []


def test_a_curve_drawn_with_characters_is_read():
    """As finely as it was drawn; epochs from the line above it."""
    drawn = "average loss, epoch 1 to 200\n   2.000 |*\n   1.000 | *\n   0.000 |  **\n         +----\n"
    (curve,) = curves_in([drawn])
    assert curve.is_rough
    assert [y for _, y in curve.points] == [2.0, 1.0, 0.0, 0.0]
    assert (curve.points[0][0], curve.points[-1][0]) == (1.0, 200.0)
    assert picture_of(curve).summary.startswith("The loss falls from about 2")


def test_a_second_training_is_a_second_curve():
    """Where the epochs begin again."""
    lines = [f"epoch {k}: loss={9 - k}" for k in (1, 2, 3, 1, 2, 3)]
    assert len(curves_in(lines)) == 2
