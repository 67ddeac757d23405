from __future__ import annotations

import dataclasses
import html
import json

import pytest
from conftest import fake_grade
from small_course import ADD, HIDDEN, make_course

from grader.authoring.gates import leak_errors, proof_key, real_grade, run_gates
from grader.authoring.leaks import Secrets
from grader.authoring.parse import parse_solution_file
from grader.authoring.release import grading_spec, load_assignment, release_notebook
from grader.course.model import GradedSubmission, Outcome, Verdict
from grader.errors import GateError, LeakError, SandboxError

PATH = "source/01_add.py"


def gate(course, grade=fake_grade, said=lambda text: None):
    """Run the gates of chapter 1."""
    return run_gates(load_assignment(course, "01_add"), grading_spec(course, "01_add"), PATH, grade, said)


def with_verdicts(change):
    """A grade function whose verdicts on the solution (True) and the stub (False) are changed."""

    def grade(notebook, spec, files=None):
        graded = fake_grade(notebook, spec)
        is_solution = ": your code here" not in notebook.decode()
        return dataclasses.replace(
            graded, verdicts=tuple(filter(None, (change(v, is_solution) for v in graded.verdicts)))
        )

    return grade


# -- solution and stub ---


def test_the_real_judge_lets_a_good_chapter_through(course):
    """In a fresh process the solution earns every point, also with an earlier chapter's names, and the stub none."""
    for name in course.layout.assignment_ids():
        path = course.layout.solution_file(name).name
        assert run_gates(load_assignment(course, name), grading_spec(course, name), path, real_grade) == []


def test_the_real_judge_stops_wrong_chapters(tmp_path):
    """A solution that fails a hidden test, and a test that the stub passes, are named with line and cell."""
    course = make_course(tmp_path)
    text = ADD.replace("return a + b", "return abs(a) + b")
    text = text.replace('test_twice role="test" points=1', 'test_twice role="test" points=0.5')
    text += '# %% test_free role="test" points=0.5\nassert len([add]) == 1\n'
    course.layout.solution_file("01_add").write_text(text)
    first, second = gate(course, real_grade)
    assert isinstance(first, GateError)
    assert first.place == 'source/01_add.py:11 (cell 4, grade_id "test_add")'
    assert "the solution earns 0 of 2 points here: failed." in first.message
    assert second.place == 'source/01_add.py:28 (cell 8, grade_id "test_free")'
    assert "the untouched notebook earns 0.5 of 0.5 points here." in second.message


def test_every_point_means_every_point(course):
    """A solution that earns a part of a test's points does not pass; who sees it is the author, so all is told."""
    errors = gate(
        course,
        with_verdicts(
            lambda v, is_solution: (
                dataclasses.replace(v, outcome=Outcome.PARTIAL, score=1.5, detail="secret\ndetail")
                if is_solution and v.grade_id == "test_add"
                else v
            )
        ),
    )
    assert [error.message for error in errors] == [
        "the solution earns 1.5 of 2 points here: partial.\n    secret\n    detail"
    ]


def test_a_test_without_a_verdict_is_no_pass(course):
    """A grade cell that the judge says nothing about stops the release."""
    errors = gate(course, with_verdicts(lambda v, is_solution: None if v.grade_id == "test_twice" else v))
    assert "gets no verdict" in errors[0].message


def test_a_passed_outcome_without_points_is_no_pass(course):
    """Outcome and score both have to be right."""
    errors = gate(course, with_verdicts(lambda v, is_solution: dataclasses.replace(v, score=0.0)))
    assert len(errors) == 2


def test_a_notebook_that_cannot_be_graded_is_an_error(course):
    """Not graded is not passed."""

    def grade(notebook, spec, files=None):
        return GradedSubmission(spec.assignment_id, {}, (), not_graded="too large")

    assert [error.message for error in gate(course, grade)] == [
        "the solution could not be graded: too large",
        "the untouched notebook could not be graded: too large",
    ]


def test_broken_machinery_says_so(course):
    """If nothing can be run, that is no verdict on the chapter."""

    def grade(notebook, spec, files=None):
        raise SandboxError("no namespaces here")

    with pytest.raises(SandboxError, match="the gates could not run: no namespaces here"):
        gate(course, grade)


def test_manual_cells_are_for_persons(course):
    """A cell that a person grades is no matter for the gates."""
    assert gate(course) == []


def test_a_slow_solution_is_mentioned(course):
    """A solution that takes more than half of the students' time limit is worth a word."""
    said = []
    slow = with_verdicts(lambda v, is_solution: dataclasses.replace(v, seconds=6.0) if v.grade_id == "test_add" else v)
    assert gate(course, slow, said.append) == []
    assert said == ['source/01_add.py:11 (cell 4, grade_id "test_add"): the solution takes 6.0 s; the limit is 10 s.']


def test_the_proof_depends_on_all_that_counts(course):
    """Solution, stub, tests, earlier chapters, limits and allowed modules each change the proof; nothing else does."""
    assignment, spec = load_assignment(course, "02_mean"), grading_spec(course, "02_mean")
    key = proof_key(assignment, spec)
    assert key == proof_key(assignment, spec)
    for other in (
        dataclasses.replace(spec, limits=dataclasses.replace(spec.limits, cpu_s=11)),
        dataclasses.replace(spec, reference=(("01_add", "add = None"),)),
        dataclasses.replace(spec, allowed_modules=None),
        dataclasses.replace(spec, solution_names=frozenset()),
    ):
        assert proof_key(assignment, other) != key
    for index, cell in enumerate(assignment.cells):
        cells = [*assignment.cells]
        cells[index] = dataclasses.replace(cell, source=cell.source.replace("2", "3").replace("total =", "sum_ ="))
        changed = dataclasses.replace(assignment, cells=tuple(cells))
        if changed != assignment and cell.role == "solution":
            assert proof_key(changed, spec) != key


# -- leaks ---

CHAPTER = '''\
# %% [markdown]
# Public: `print(left, right, sep=", ", end="!")` is a line that students may see.
# %% area role="solution"
def area(width, height):
    """Return the area."""
    ### BEGIN SOLUTION
    import math
    if width < 0:
        width = -width
    else:
        pass
    size = width * height
    print(left, right, sep=", ", end="!")
    return math.fsum([size, 0.0, 0.0])  # exactly rounded
    ### END SOLUTION
# %% test_area role="test" points=1
assert area(2, 3) == 6
### BEGIN HIDDEN TESTS
assert area(1234, 2) == 2468, "a large number"
side = 77
assert area(side, side) == 5929
### END HIDDEN TESTS
'''


@pytest.fixture(scope="module")
def secrets():
    """The secrets of the chapter above."""
    return Secrets([parse_solution_file(CHAPTER, "01_area.py")])


LEAKS = {
    "a long line": "return math.fsum([size, 0.0, 0.0])",
    "a long line with its comment": "    return math.fsum([size, 0.0, 0.0])  # exactly rounded",
    "with other spacing": "return math.fsum( [size,0.0,0.0] )",
    "behind a comment sign": "# return math.fsum([size, 0.0, 0.0])",
    "inside prose": "The answer is `return math.fsum([size, 0.0, 0.0])`, as you know.",
    "inside a string": 'x = "return math.fsum([size, 0.0, 0.0])"',
    "escaped for HTML": html.escape("assert area(1234, 2) == 2468, 'a large number'"),
    "a hidden test": 'assert area(1234, 2) == 2468, "a large number"',
    "two lines": "side = 77\nassert area(side, side) == 5929",
    "two short lines": "if width < 0:\n    width = -width",
    "two lines with nothing said between": "    width = -width\n\nelse:\n    pass\n# \nsize = width * height",
    "two lines as a list": "> - side = 77\n> - assert area(side, side) == 5929",
    "two lines in a string": 'text = "side = 77\\nassert area(side, side) == 5929"',
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak(secrets, name):
    """One line of eight or more tokens, or two consecutive lines, in whatever clothes, is a leak."""
    assert secrets.leaks(f"some words\n{LEAKS[name]}\nmore words\n")


HARMLESS = {
    "one short line": "size = width * height",
    "lines that are not neighbours": "side = 77\nprint(side)\nassert area(side, side) == 5928",
    "a public line": 'print(left, right, sep=", ", end="!")',
    "imports": "import math\nimport random",
    "words that say nothing": "else:\n    pass\n",
    "the visible test": "assert area(2, 3) == 6",
    "a part of a long line": "return math.fsum([size])",
    "the stub": 'raise NotImplementedError("area: your code here")',
}


@pytest.mark.parametrize("name", HARMLESS)
def test_no_leak(secrets, name):
    """What the author shows anyway, and what says nothing, is none."""
    assert secrets.leaks(f"some words\n{HARMLESS[name]}\nmore words\n") == []


def test_a_solution_without_markers_is_secret_as_a_whole():
    """Of a cell without markers students get nothing, so nothing of it may be told."""
    assignment = parse_solution_file('# %% f role="solution"\ndef f(x, y):\n    z = x\n    return z\n', "x.py")
    assert Secrets([assignment]).leaks("z = x\nreturn z")


def test_model_answers_are_secret():
    """A line of a model answer in prose is a leak too."""
    text = '# %% [markdown] why role="manual" points=1\n# ### BEGIN SOLUTION\n'
    text += "# Because it cancels in the difference of both.\n# ### END SOLUTION\n"
    assert Secrets([parse_solution_file(text, "x.py")]).leaks("because: Because it cancels in the difference of both.")


@pytest.mark.parametrize(
    "where", ["source", "output", "traceback", "html", "metadata", "attachment", "notebook metadata"]
)
def test_a_leak_anywhere_in_a_notebook(course, where):
    """Sources, outputs, metadata and attachments of a released notebook are read."""
    assignment = load_assignment(course, "01_add")
    notebook = release_notebook(assignment)
    secret = 'assert add(-1987, 1987) == 0, "negative numbers"'
    cell = notebook["cells"][1]
    if where == "source":
        cell["source"] += f"\n# {secret}"
    elif where == "output":
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["x\n", f"{secret}\n"]}]
    elif where == "traceback":
        cell["outputs"] = [
            {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["---", f"----> {secret}"]}
        ]
    elif where == "html":
        cell["outputs"] = [{"output_type": "display_data", "data": {"text/html": f"<b>{html.escape(secret)}</b>"}}]
    elif where == "metadata":
        cell["metadata"]["tags"] = ["x", secret]
    elif where == "attachment":
        notebook["cells"][0]["attachments"] = {"a.txt": {"text/plain": secret}}
    else:
        notebook["metadata"][secret] = True
    (error,) = leak_errors(
        [("release/01_add/01_add.ipynb", json.dumps(notebook).encode())], [assignment], {"01_add": PATH}
    )
    assert isinstance(error, LeakError)
    assert error.place.startswith("release/01_add/01_add.ipynb (")
    assert 'a hidden test in source/01_add.py (cell "test_add")' in error.message


def test_one_secret_is_one_error(course):
    """A line that is told in several places is one mistake, with its places."""
    assignment = load_assignment(course, "01_add")
    text = f'x\nassert {HIDDEN[0]} == 0, "negative numbers"\n'.encode()
    (error,) = leak_errors([("release/a.py", text), ("release/b.md", text)], [assignment], {"01_add": PATH})
    assert error.place == "release/a.py:2"
    assert "So do release/b.md:2." in error.message


def test_what_is_no_text_is_passed_over(course):
    """Pictures, broken notebooks and text in another encoding stop nothing."""
    assignment = load_assignment(course, "01_add")
    files = [("a.png", b"\x89PNG\x00\xff"), ("b.ipynb", b"{"), ("c.ipynb", b"[1]"), ("d.txt", b"\xff\xfe caf\xe9")]
    assert leak_errors(files, [assignment], {}) == []


def test_verdicts_of_the_fake_are_like_the_judges(course):
    """The fake that other tests use says of solution and stub what the judge says."""
    spec = grading_spec(course, "01_add")
    notebook = json.dumps(release_notebook(load_assignment(course, "01_add"))).encode()
    kinds = [
        [(v.grade_id, v.score, v.max_score) for v in grade(notebook, spec, {}).verdicts]
        for grade in (fake_grade, real_grade)
    ]
    assert kinds[0] == kinds[1]
    assert isinstance(fake_grade(notebook, spec).verdicts[0], Verdict)
