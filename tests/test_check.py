from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.authoring.assertions import weaknesses
from grader.authoring.check import check, remarks, solution_names
from grader.authoring.names import bindings, needed_names
from grader.authoring.parse import parse_solution_file
from grader.course.config import load_config

PATH = "source/02_x.py"
SOLUTION = '''\
# %% setup role="setup"
import math
LIMIT = 1e-9
# %% double role="solution"
def double(x):
    """Return twice x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
'''


def assignment_of(text):
    """The chapter that a text makes."""
    return parse_solution_file(text, PATH)


def mistakes(text, **more):
    """What check finds in a text."""
    return check(assignment_of(text), more.pop("config", None), PATH, **more)


def in_test(*lines, header='test_double role="test" points=1'):
    """The solution above with a test of these lines."""
    return SOLUTION + f"# %% {header}\n" + "\n".join(lines) + "\n"


def hidden(*lines):
    """A good visible assertion, and these lines hidden."""
    shown = 'assert double(1) == 2, "1 + 1"'
    return in_test(shown, "### BEGIN HIDDEN TESTS", *lines, "### END HIDDEN TESTS")


WEAK = {
    # name: (assertion lines, in the message, in the hint)
    "not greater": (["assert not abs(double(1) - 2) > 1e-9"], "nan passes", "abs(double(1) - 2) <= 1e-09"),
    "not less": (["assert not double(1) < 2"], "nan passes", "double(1) >= 2"),
    "not any greater": (
        ["assert not any(abs(double(x) - 2 * x) > 1e-9 for x in (1, 2))"],
        "nan passes",
        "all((abs(double(x) - 2 * x) <= 1e-09 for x in (1, 2)))",
    ),
    "same call twice": (["assert double(1) == double(1)"], "only with the student's", "value that the test knows"),
    "through variables": (
        ["first = double(3)", "second = [double(3)]", "assert second[0] == first"],
        "only with the student's",
        "value that the test knows",
    ),
    "closeness of two": (["assert abs(double(1) - double(1)) < 1e-9"], "only with the student's", ""),
    "isclose of two": (["assert math.isclose(double(1), double(1))"], "only with the student's", ""),
    "all pairs": (["assert all(a == b for a, b in zip([double(1)], [double(1)]))"], "only with the student's", ""),
    "sums of two": (["assert sum([double(1)]) == sum([double(1)])"], "only with the student's", ""),
    "a trend alone": (["assert double(1) < double(2)"], "only with the student's", ""),
    "isinstance alone": (["assert isinstance(double(1), int)"], "types and names alone", "what it computes"),
    "type alone": (["assert type(double(1)) is int"], "types and names alone", ""),
    "exists": (["assert callable(double)", "assert double(1) is not None"], "types and names alone", ""),
    "isinstance and itself": (["assert isinstance(double(1), int) and double(1) == double(1)"], "types and names", ""),
    "nothing": (["double(1)"], "asserts nothing", "Add an assertion"),
    "only prints": (["print(double(1))"], "asserts nothing", "Add an assertion"),
    "constant": (["assert True"], "always true", "what must hold"),
}


@pytest.mark.parametrize("name", WEAK)
def test_a_weak_assertion_is_a_mistake(name):
    """What passes although nothing was shown is named with its line and a stronger form."""
    lines, message, hint = WEAK[name]
    (error,) = mistakes(in_test(*lines))
    assert message in error.message
    assert hint in error.hint
    assert error.place.startswith("source/02_x.py:1")
    assert 'grade_id "test_double"' in error.place


STRONG = {
    "value": ["assert double(2) == 4"],
    "close to a value": ["assert abs(double(2) - 4) < 1e-9"],
    "isclose to a value": ["assert math.isclose(double(2), 4)"],
    "own computation": ["expected = 2 * 3", "assert double(3) == expected"],
    "isinstance among others": ["assert isinstance(double(2), int)", "assert double(2) == 4"],
    "student and student among others": ["assert double(2) == double(2)", "assert double(2) == 4"],
    "same and different": ["assert double(2) == double(2)", "assert double(2) != double(3)"],
    "sum of two is one": ["assert double(1) + double(2) == 6"],
    "raises": [
        "try:",
        "    double(None)",
        "except TypeError:",
        "    pass",
        "else:",
        "    raise AssertionError('TypeError')",
    ],
    "checked by a helper": ["def check(value):", "    assert value == 4, 'wrong'", "check(double(2))"],
    "not of a count": ["assert not len([double(1)]) > 1", "assert double(1) == 2"],
    "not in": ["assert double(1) not in (1, 3)"],
    "finite differences": [
        "def loss(x):",
        "    return (double(x) - 1) ** 2",
        "numeric = (loss(1 + 1e-6) - loss(1 - 1e-6)) / 2e-6",
        "assert abs(numeric - 2 * double(1 / 2 + 1 / 2)) < 1e-3",
    ],
    "every value of a loop": ["assert all(double(x) == 2 * x for x in range(3))"],
}


@pytest.mark.parametrize("name", STRONG)
def test_a_strong_assertion_is_none(name):
    """What compares with something that the test knows is let through."""
    assert [str(error) for error in mistakes(in_test(*STRONG[name]))] == []


def test_partial_tests_need_no_assertion():
    """A test with partial credit ends with its score."""
    header = 'test_double role="test" points=2 partial'
    assert mistakes(in_test("sum(double(x) == 2 * x for x in (1, 2))", header=header)) == []


@given(st.text(max_size=40))
def test_looking_for_weakness_never_fails(text):
    """Whatever a test cell holds, looking at it raises nothing."""
    weaknesses(text, {"f"})


NAMES = {
    # name: (text before the test, line of the test, in the message, in the hint)
    "free cell": (
        "# %%\nsample = [1, 2]\n",
        "assert double(sample[0]) == 2",
        "'sample' is defined only in cell 3, which is no part of the grading",
        'role="setup"',
    ),
    "nobody": ("", "assert duoble(1) == 2", "nobody defines 'duoble'", "Did you mean 'double'?"),
    "only inside a solution": (
        '# %% third role="solution"\n### BEGIN SOLUTION\n'
        "from fractions import Fraction\nthird = Fraction(1, 3)\n### END SOLUTION\n",
        "assert double(1) == 2 and Fraction(2, 3) == 2 * third",
        "'Fraction' is imported only inside the solution 'third'",
        "Import it outside of the solution",
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_a_test_cannot_use(name):
    """A test uses what tests, solutions and setup cells define; anything else is named, with the way out."""
    before, line, message, hint = NAMES[name]
    (error,) = mistakes(SOLUTION + before + f'# %% test_x role="test" points=1\n{line}\n')
    assert message in error.message
    assert hint in error.hint


def test_names_that_a_test_can_use():
    """Builtins, setup cells, imports of any cell, solutions, earlier tests, comprehensions and its own functions."""
    text = in_test(
        "import random",
        "def helper(x, *, y=LIMIT): return [z + x for z in (1, 2)] + [len(str(y))]",
        "assert helper(1)[0] == double(1) == math.floor(2.5)",
    )
    text += "# %%\nimport json\n"
    text += '# %% test_more role="test" points=1\n'
    text += 'assert helper(double(1))[0] == int(json.dumps(random.random() < 9) == "true") + 2\n'
    assert [str(error) for error in mistakes(text)] == []


def test_a_name_must_be_there_in_time():
    """A test cannot use what a later cell defines."""
    text = '# %% test_f role="test" points=1\nassert f(1) == 2\n# %% f role="solution"\ndef f(x): return 2 * x\n'
    (error,) = mistakes(text)
    assert error.message == "'f' is defined only later, in cell 2."


def test_what_students_see_must_not_lean_on_hidden_tests():
    """A name that only hidden tests define is no use to the visible part of a test."""
    text = hidden("expected = 8") + '# %% test_again role="test" points=1\nassert double(4) == expected\n'
    (error,) = mistakes(text)
    assert "students see this use of 'expected', but only hidden tests define it (in 'test_double')" in error.message
    assert error.place == 'source/02_x.py:16 (cell 4, grade_id "test_again")'


def test_imports_from_chapters_are_looked_up():
    """A name that no earlier chapter defines is a mistake, with its near miss."""
    text = '# %% setup role="setup"\nfrom chapters import dot_prodct\n'
    (error,) = mistakes(text, earlier_names=frozenset({"dot_product", "relu"}))
    assert error.message == "no earlier chapter defines 'dot_prodct'."
    assert error.hint == "Did you mean 'dot_product'?"
    assert mistakes(text) == []  # earlier chapters that cannot be read are told elsewhere


def test_points_must_add_up(tmp_path):
    """The sum of a chapter's points is compared with the configuration."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "02_x.py").write_text("")
    (tmp_path / "course_config.py").write_text('c = get_config()\nc.Course.chapters = {"02_x": {"points": 3}}\n')
    config = load_config(tmp_path)
    (error,) = mistakes(in_test("assert double(1) == 2"), config=config)
    assert error.place == PATH
    assert error.message == "the points of this chapter add up to 1, but course_config.py says 3."
    assert "test_double 1" in error.hint


def test_what_students_get_must_be_python():
    """Markers that leave a hole in the program are named."""
    text = in_test(
        "if double(1) == 2:", "    ### BEGIN HIDDEN TESTS", "    assert double(2) == 4", "    ### END HIDDEN TESTS"
    )
    (error,) = mistakes(text)
    assert "what students get of this cell is not valid Python" in error.message
    assert "Keep a whole statement outside" in error.hint
    text = '# %% f role="solution"\ndef f(x):\n### BEGIN SOLUTION\n    return x\n### END SOLUTION\n'
    (error,) = mistakes(text)
    assert "Indent the markers" in error.hint


HINTS = {
    "expected value": ('assert double(16) == 32, "should be 32"', "tells 32"),
    "input": ('assert double(-17) == -34, "wrong for -17"', "tells 17"),
    "a fraction": ('assert double(0.25) == 0.5, "half of it is 0.5"', "tells 0.5"),
    "a text": ('assert double("abc") == "abcabc", "abc is a string too"', "tells 'abc'"),
}


@pytest.mark.parametrize("name", HINTS)
def test_a_hint_must_not_tell(name):
    """The message of a hidden assertion names the behaviour: its inputs and answers in it are a mistake."""
    line, message = HINTS[name]
    (error,) = mistakes(hidden(line))
    assert message in error.message
    assert "Name the behaviour" in error.hint


def test_what_is_public_may_be_in_a_hint():
    """Small numbers and what students read anyway are no secret."""
    text = "# %% [markdown]\n# It must not overflow at 1000.\n" + hidden(
        'assert double(0) == 0, "zero stays 0"', 'assert double(1000) == 2000, "no overflow at 1000"'
    )
    assert [str(error) for error in mistakes(text)] == []


def test_remarks():
    """Hidden assertions without a hint, and max() that passes over nan, are remarked upon and stop nothing."""
    text = hidden('assert double(3) == 6, f"got {double(3)}"', "assert double(4) == 8", "assert max([double(5)]) <= 10")
    text += '# %% [markdown] why role="manual" points=1\n# Why?\n'
    assert mistakes(text) == []
    found = remarks(assignment_of(text), PATH)
    assert [remark.message for remark in found] == [
        "3 hidden assertions have no message that a student may read.",
        "max() passes over nan unless it comes first.",
        "students get none of this text: without markers all of it is taken for the model answer.",
    ]


def test_a_solution_that_leans_on_a_free_cell_is_remarked_upon():
    """Later chapters run setup and solution cells only."""
    text = '# %%\nRATE = 2\n# %% f role="solution"\ndef f(x):\n'
    text += "    ### BEGIN SOLUTION\n    return RATE * x\n    ### END SOLUTION\n"
    (remark,) = remarks(assignment_of(text), PATH)
    assert remark.message.startswith("'RATE' comes from cell 1")
    assert remark.place == 'source/02_x.py:6 (cell 2, exercise "f")'


def test_solution_names():
    """Names bound by def, class or assignment in solution cells, wherever at module level; never by import."""
    text = textwrap.dedent(
        """\
        # %% a role="solution"
        import math
        from os import path as p
        A, (B, *C) = 1, (2, 3)
        if A:
            D: int = 4
        for E in range(2):
            with open(__file__) as F: G = [(H := inner) for inner in [1]]
        def function(argument):
            local = 1
        class Thing:
            attribute = 1
        ### BEGIN SOLUTION
        helper = lambda x: x
        ### END SOLUTION
        # %%
        free = 1
        """
    )
    names = solution_names(assignment_of(text))
    assert names == frozenset(["A", "B", "C", "D", "E", "F", "G", "H", "function", "Thing", "helper"])


def test_needed_names():
    """Names from outside, with the line of their first use; what is bound inside, in any scope, is not needed."""
    source = "import math\n\ndef f(x):\n    y = x + g\n    return [z for z in y if z in h]\n\nprint(math.pi, f, k)\n"
    assert needed_names(source) == {"g": 4, "h": 5, "k": 7, "print": 7}


@given(st.text(max_size=60))
def test_names_never_fail(text):
    """Whatever a cell holds, looking for names raises nothing."""
    bindings(text)
    needed_names(text)
