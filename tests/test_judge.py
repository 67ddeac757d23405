import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import SHORT, USUAL, Bench, grade_cell, judged, notebook, peer_session, spec_for

from grader.course.model import CourseCell, GradingSpec, Outcome, Role, Verdict
from grader.execution import grade as grading
from grader.execution.grade import Grader
from grader.execution.judge import Judge
from grader.execution.outputs import checked_outputs
from grader.execution.submission import Step


@pytest.fixture(scope="module")
def bench():
    """A warm template."""
    made = Bench()
    yield made
    made.close()


@pytest.fixture(scope="module")
def grader():
    """A grader with a warm template."""
    with Grader() as made:
        yield made


# -- verdicts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("student", "test", "outcome"),
    [
        ("def f(): return 1", "assert f() == 1", "passed"),
        ("def f(): return 1", "assert f() == 2", "failed"),
        ("def f(): return 1 / 0", "f()", "error"),
        ("def g(): return 1", "f()", "error"),
        ("import os\ndef f(): os._exit(0)", "f()", "crashed"),
        ("import os\ndef f(): os.abort()", "f()", "crashed"),
        ("import ctypes\ndef f(): ctypes.string_at(0)", "f()", "crashed"),
        ("def f():\n    while True: pass", "f()", "timeout"),
        ("import time\ndef f(): time.sleep(60)", "f()", "timeout"),
        (
            "def f():\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
            "f()",
            "timeout",
        ),
        ("def f():\n    try:\n        while True: pass\n    except BaseException: return 1", "f()", "timeout"),
        ("def f(): return [0] * 10**12", "f()", "error"),
        ("import sys\ndef f(): sys.exit(0)", "f()", "error"),
        ("def f(): raise KeyboardInterrupt", "f()", "error"),
        ("def f(): raise SystemExit", "try:\n    f()\nexcept Exception:\n    pass", "error"),
        ("import os\ndef f(): os._exit(0)", "try:\n    f()\nexcept BaseException:\n    pass", "crashed"),
        ("def f():\n    while True: pass", "try:\n    f()\nexcept:\n    pass", "timeout"),
        ("def f(): return 1", "return f(", "error"),
        ("def f(): return 1", "return f()", "error"),
    ],
)
def test_only_a_test_that_ran_to_its_end_earns_points(bench, student, test, outcome):
    """Each end has its name, and none but ``passed`` has points, whatever the test catches."""
    verdict = bench.verdict(student, test, SHORT, points=3)
    assert verdict.outcome == outcome
    assert (verdict.score, verdict.max_score) == (3 if outcome == "passed" else 0, 3)


@pytest.mark.parametrize("may_restart", [False, True])
def test_a_cell_that_ends_its_process_costs_itself_only(bench, may_restart):
    """What was defined before is there again for the next test, and later cells run."""
    steps = [
        "count = [0]\ndef good(): count[0] += 1; return count[0]",
        grade_cell("assert good() == 1", "first"),
        "import os\ndef bad(): os._exit(1)",
        grade_cell("bad()", "second"),
        grade_cell("assert good() == 2", "third"),
        "os._exit(2)",
        "def late(): return good()",
        grade_cell("assert late() == 3", "fourth"),
    ]
    heard = bench.hear(steps, may_restart=may_restart)
    outcomes = {name: str(verdict.outcome) for name, verdict in heard.verdicts.items()}
    assert outcomes == {"first": "passed", "second": "crashed", "third": "passed", "fourth": "passed"}
    assert heard.records[5].stopped == "this cell ended its process: the process ended itself with status 2"


@pytest.mark.parametrize("may_restart", [False, True])
def test_what_a_test_has_passed_is_there_after_a_crash(bench, may_restart):
    """A list of the test's that student code kept is the same list in the process that goes on."""
    steps = [
        "import os\nkept = []\ndef keep(x): kept.append(x)\ndef get(): return kept[0]\ndef die(): os._exit(1)",
        grade_cell("mine = [1]\nkeep(mine)\nassert get() is mine", "first"),
        grade_cell("mine.append(2)\ndie()", "second"),
        grade_cell("assert get() is mine and mine == [1, 2]\nget().append(3)\nassert mine == [1, 2, 3]", "third"),
    ]
    outcomes = {
        name: str(verdict.outcome) for name, verdict in bench.hear(steps, may_restart=may_restart).verdicts.items()
    }
    assert outcomes == {"first": "passed", "second": "crashed", "third": "passed"}


@pytest.mark.parametrize("may_restart", [False, True])
def test_after_too_many_crashes_the_rest_is_not_run(bench, may_restart):
    """A notebook may end its process eight times."""
    steps = ["import os\ndef f(): os._exit(1)", *(grade_cell("f()", f"test{n}") for n in range(11))]
    outcomes = [str(verdict.outcome) for verdict in bench.hear(steps, may_restart=may_restart).verdicts.values()]
    assert outcomes == ["crashed"] * 9 + ["not_run"] * 2


def test_a_notebook_that_has_used_up_its_time_is_not_run_on(bench):
    """The limit of the whole submission holds for cells and tests alike."""
    limits = dataclasses.replace(SHORT, submission_cpu_s=1.2)
    loop = "import time\nstart = time.process_time()\nwhile time.process_time() - start < 0.35: pass"
    heard = bench.hear([*[loop] * 5, "def f(): return 1", grade_cell("assert f() == 1")], limits)
    assert heard.verdicts["test"].outcome is Outcome.NOT_RUN
    assert "used up its time" in heard.verdicts["test"].message
    assert heard.records[5].outputs[0]["ename"] == "NotRun"


def test_a_test_that_nobody_can_run_says_so(bench):
    """The author's mistake costs no more than its own cell, and is named as what it is."""
    verdict = bench.verdict("def f(): return 1", "f(", points=2)
    assert verdict.message == "The test itself cannot be run. Tell your instructor."


def test_the_process_died_without_a_word_is_never_a_pass():
    """Even if nobody has noted why: an aborted test is crashed."""
    with peer_session(lambda r: [None]) as (session, _):
        test = grade_cell("f()")
        judge = Judge(spec_for(["f = 1"], [test]), session)
        judge.on_cell = lambda name: setattr(session, "_dead", False)
        session.begin_cell = lambda *_: setattr(session, "_dead", True)
        assert judge.hear([Step(test.source, "code", test)]).verdicts["test"].outcome is Outcome.CRASHED


@pytest.mark.parametrize("last", ["seen = held.points\nseen", "x = numbers[0]\nx", "x = held.list\ny = x[0]\ny"])
def test_a_value_that_an_earlier_test_has_read_is_no_score_either(bench, last):
    """What is known of an object from before does not come again over the wire, and is still the student's."""
    student = "class Box:\n    def __init__(self): self.points = 1.25; self.list = [1.75]\nbox = Box()"
    before = grade_cell("held, numbers = box, box.list\nassert held.points == 1.25 and numbers == [1.75]", "before")
    heard = bench.hear([student, before, grade_cell(last, partial=True, points=2)])
    assert [str(verdict.outcome) for verdict in heard.verdicts.values()] == ["passed", "error"]


@pytest.mark.parametrize(
    ("last", "outcome", "score"),
    [
        ("1.5", "partial", 1.5),
        ("0", "partial", 0),
        ("2", "passed", 2),
        ("2.0", "passed", 2),
        ("f() + 0.5", "partial", 1.5),
        ("max(0.5, f())", "error", 0),
        ("f()", "error", 0),
        ("one()", "error", 0),
        ("box.points", "error", 0),
        ("box.list[0]", "error", 0),
        ("2.5", "error", 0),
        ("-1", "error", 0),
        ("float('nan')", "error", 0),
        ("float('inf')", "error", 0),
        ("True", "error", 0),
        ("'2'", "error", 0),
        ("[2]", "error", 0),
        ("None", "error", 0),
        ("box", "error", 0),
        ("1j", "error", 0),
        ("x = 1", "error", 0),
        ("assert f() == 2\n1.5", "failed", 0),
    ],
)
def test_partial_credit_is_a_number_of_the_tests_own(bench, last, outcome, score):
    """An int or float from 0 to the points; never a value as student code gave it, no bool, no nan."""
    student = (
        "def f(): return 1.0\ndef one(): return 1\n"
        "class Box:\n    def __init__(self): self.points = 1.25; self.list = [1.75]\nbox = Box()"
    )
    verdict = bench.verdict(student, last, partial=True, points=2)
    assert (str(verdict.outcome), verdict.score) == (outcome, score)
    if outcome == "error":
        assert verdict.message == "The test gave no usable score. Tell your instructor."


def test_a_number_earns_nothing_where_the_course_did_not_say_partial(bench):
    """The last expression of an ordinary test is just an expression."""
    assert bench.verdict("def f(): return 1", "f()\n0", points=2).score == 2


# -- what students read ------------------------------------------------------------------------------------------------


def test_a_visible_test_shows_message_values_and_place(bench):
    """What was got, what was expected, the author's words, the line of the test."""
    verdict = bench.verdict("def f(): return [1, 2]", "x = 1\nassert f() == [1, 3], 'twice'")
    expected = "twice\n  got      [1, 2]\n  expected [1, 3]\nin test, line 2: assert f() == [1, 3], 'twice'"
    assert verdict.message == expected


def test_a_visible_test_shows_a_students_exception_and_own_line(bench):
    """Class, message and the deepest line in the student's own cells."""
    verdict = bench.verdict("class Oops(ValueError): pass\n\ndef f():\n    raise Oops('my words')", "f()")
    expected = "Oops: my words\nin your cell 1, line 4: raise Oops('my words')\nin test, line 1: f()"
    assert verdict.message == expected


HELPERS = {
    "close(got, want)": ("f()", "[1, 3]"),
    "check(expected, answer)": ("[1, 3]", "f()"),
    "close(got, want, tolerance=0.1)": ("f()", "[1, 3], tolerance=0.5"),
    "same(a, b)": ("f()", "[1, 3]"),
}


@pytest.mark.parametrize("helper", HELPERS)
def test_a_helper_that_compares_shows_what_it_compares(bench, helper):
    """``assert close(f(), want)`` tells both values, as ``==`` does; which is which, by the names of its parameters."""
    name, arguments = helper.partition("(")[0], helper.partition("(")[2][:-1].split(", ")
    first, second = HELPERS[helper]
    compared = " == ".join(argument.partition("=")[0] for argument in arguments[:2])
    source = f"def {helper}:\n    return {compared}\nassert {name}({first}, {second}), 'twice'"
    verdict = bench.verdict("def f():\n    return [1, 2]", source)
    if name == "same":
        assert "\n  left     [1, 2]\n  right    [1, 3]\n" in verdict.message
    else:
        assert "\n  got      [1, 2]\n  expected [1, 3]\n" in verdict.message


@pytest.mark.parametrize(
    "source",
    [
        "### BEGIN HIDDEN TESTS\ndef close(got, want):\n    return got == want\nassert close(f(), 2468), 'hint'\n### END HIDDEN TESTS",
        "def close(got, want):\n    return got == want\n### BEGIN HIDDEN TESTS\nassert close(f(), 2468), 'hint'\n### END HIDDEN TESTS",
        "def close(got, want):\n    return got == want\n### BEGIN HIDDEN TESTS\nx = (f(), 2468)\n### END HIDDEN TESTS\n"
        "assert close(f(), 1)\n### BEGIN HIDDEN TESTS\nassert close(*x)\n### END HIDDEN TESTS",
    ],
)
def test_a_helper_in_a_hidden_test_shows_nothing(bench, source):
    """Not what it compares, and not what an earlier, visible one has compared."""
    verdict = bench.verdict("def f():\n    return 1", source)
    assert verdict.outcome is Outcome.FAILED
    assert "2468" not in verdict.message
    assert "got" not in verdict.message


def test_what_a_hidden_test_has_compared_is_not_told_by_a_visible_one(bench):
    """A comparison that failed in a hidden region, and was caught there."""
    helper = "def close(got, want):\n    return got == want\n"
    caught = "try:\n    assert close(f(), 2468)\nexcept AssertionError:\n    pass"
    verdict = bench.verdict(
        "def f():\n    return 1",
        f"{helper}### BEGIN HIDDEN TESTS\n{caught}\n### END HIDDEN TESTS\nassert False, 'words'",
    )
    assert verdict.message.startswith("words\nin test, line 9")
    assert "2468" not in verdict.message


def test_a_students_function_is_no_helper(bench):
    """What it was asked is in the test; it is not asked whether it is right, and shows no values."""
    verdict = bench.verdict("def f(a, b):\n    return False", "assert f(1, 2), 'words'")
    assert verdict.message == "words\nin test, line 1: assert f(1, 2), 'words'"


HIDDEN = "### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"


@pytest.mark.parametrize(
    ("hidden", "message"),
    [
        ("assert f(7919) == 7919, 'large numbers'", "Hidden test: large numbers"),
        ("assert f(7919) == 7919", "A hidden test did not pass"),
        ("assert f(7919) == 7919, f'got {f(7919)}'", "A hidden test did not pass"),
        ("assert f(7919) == 7919, 'x' + str(7919)", "A hidden test did not pass"),
        ("if f(7919) != 7919: raise AssertionError('large numbers')", "Hidden test: large numbers"),
        ("if f(7919) != 7919: raise AssertionError(str(f(7919)))", "A hidden test did not pass"),
        (
            "assert g(7919) == 1, 'other numbers'",
            "Hidden test: other numbers; ValueError was raised\nin your cell 1, line 4: raise Secret7919(x)",
        ),
        ("{}[f(7919)]", "A hidden test did not pass; KeyError was raised"),
        ("def helper(x): assert x == 7919, 'helped'\nhelper(f(7919))", "Hidden test: helped"),
        ("class Mine7919(Exception): pass\nraise Mine7919(7919)", "A hidden test did not pass; Mine7919 was raised"),
        ("assert abs(odd() - 7919) < 1, 'odd'", "Hidden test: odd; TypeError was raised"),
    ],
)
def test_a_hidden_test_shows_class_hint_and_own_line(bench, hidden, message):
    """The exception's built-in class, the author's words if they are a constant, the student's line; never a value."""
    student = (
        "def f(x): return x + 1\ndef g(x):\n    Secret7919 = type(f'Secret{x}', (ValueError,), {})\n"
        "    raise Secret7919(x)\nclass Odd:\n    def __sub__(self, x): return x\ndef odd(): return Odd()"
    )
    verdict = bench.verdict(student, f"assert f(1) == 2\n{HIDDEN.format(hidden)}")
    assert verdict.message == message
    assert verdict.score == 0
    assert "7919" in verdict.detail


def test_graders_see_what_students_do_not(bench):
    """Values, messages, prints while hidden tests ran: in the detail."""
    student = "def f(x):\n    print('seen', x)\n    return x + 1"
    heard = bench.hear([student, grade_cell(HIDDEN.format("print('mine')\nassert f(7919) == 7919, 'large numbers'"))])
    verdict = heard.verdicts["test"]
    assert verdict.message == "Hidden test: large numbers"
    for part in ("got      7920", "expected 7919", "seen 7919", "mine"):
        assert part in verdict.detail
    assert heard.records[1].outputs == [
        {
            "output_type": "error",
            "ename": "AssertionError",
            "evalue": "Hidden test: large numbers",
            "traceback": ["AssertionError: Hidden test: large numbers"],
        }
    ]


STUBS = {name: f"def {name}(x):\n    raise NotImplementedError('{name}: your code here')" for name in ("f", "g", "h")}
RIGHT = {name: f"def {name}(x):\n    return x" for name in STUBS}
TESTED = [
    CourseCell(name, Role.SOLUTION, source)
    if role is Role.SOLUTION
    else CourseCell(f"test_{name}", role, test, points=1)
    for name, source in STUBS.items()
    for role, test in (
        (Role.SOLUTION, ""),
        (
            Role.TEST,
            f"assert {name}(2) == 2\n### BEGIN HIDDEN TESTS\nassert {name}(98765) == 98765\n### END HIDDEN TESTS",
        ),
    )
]


@pytest.mark.parametrize(
    ("answers", "n_again", "said"),
    [
        (RIGHT, 0, {}),
        ({}, 0, {"test_f": "f: your code here", "test_g": "g: your code here", "test_h": "h: your code here"}),
        ({"f": RIGHT["f"]}, 0, {"test_g": "g: your code here", "test_h": "h: your code here"}),
        (RIGHT | {"g": "def g(x):\n    return x + 1"}, 4, {"test_g": "got      3"}),
        ({"f": RIGHT["f"], "h": "def h(x):\n    return 0"}, 6, {"test_g": "g: your code here", "test_h": "got      0"}),
        (RIGHT | {"g": RIGHT["g"] + "\nprint('mine')"}, 6, {}),
    ],
    ids=["right", "as released", "one is left", "one is wrong", "wrong and left", "an output of its own"],
)
def test_what_is_run_a_second_time(grader, monkeypatch, tmp_path, answers, n_again, said):
    """Nothing where tests say what they say of the released notebook; all where a cell shows something of its own."""

    def noting(*args):
        found = decide(*args)
        (tmp_path / "found").write_text(str(found))  # from the judge process
        return found

    decide = grading.n_to_run_again
    monkeypatch.setattr(grading, "n_to_run_again", noting)
    spec = GradingSpec("chapter", tuple(TESTED), frozenset(STUBS), solutions=tuple(RIGHT.items()))
    handed_in = {**STUBS, **answers}
    cells = [(handed_in.get(cell.name, ""), cell.name) for cell in TESTED]
    for _ in range(2):
        graded = grader.grade(notebook(*cells), spec)
        messages = {verdict.grade_id: verdict.message for verdict in graded.verdicts if verdict.message}
        assert messages.keys() == said.keys()
        assert all(words in messages[name] for name, words in said.items())
        assert int((tmp_path / "found").read_text()) == n_again
    shown = [output["text"] for cell in graded.notebook["cells"] for output in cell["outputs"] if "text" in output]
    assert shown == (["mine\n"] if n_again == 6 and not said else [])


def test_a_value_of_a_hidden_assert_is_not_shown_by_a_later_visible_one(bench):
    """The operands of an assert that a test has caught are not those of the next."""
    test = (
        HIDDEN.format("try:\n    assert f(7919) == 0\nexcept AssertionError:\n    pass")
        + "\nassert not f(1), 'not zero'"
    )
    assert "7919" not in bench.verdict("def f(x): return x", test).message


@pytest.mark.parametrize(
    "value",
    [
        "'x' * 10**6",
        "[[[[[[1]]]]]] * 1000",
        "10**50000",
        "{n: n for n in range(9000)}",
        "{1, 2}",
        "Bad()",
        "[Bad()]",
        "float('nan')",
        "'\\ud800'",
        "b'\\xff' * 10000",
        "(1,)",
        "Slow()",
    ],
)
def test_any_value_can_be_shown(bench, value):
    """A message is short, valid UTF-8, and made without asking student code for its repr."""
    student = (
        "class Bad:\n    def __repr__(self): raise ValueError\n    __str__ = __repr__\n"
        "class Slow:\n    def __repr__(self):\n        while True: pass\n"
        f"def f(): return {value}"
    )
    verdict = bench.verdict(student, "assert f() == 5", SHORT)
    assert verdict.outcome is Outcome.FAILED
    assert len(verdict.message) < 2500
    verdict.message.encode()


@pytest.mark.parametrize("bad", ["raise ValueError('no')", "os._exit(1)", "return 5", "raise SystemExit"])
def test_a_message_made_by_student_code_cannot_end_the_hearing(bench, bad):
    """The message may be an object of the student's, and its ``__str__`` do what it likes; the next test runs."""
    student = f"import os\nclass Bad:\n    def __str__(self): {bad}\ndef f(): return Bad()"
    tests = [grade_cell("assert f() == 5, f()", "first"), grade_cell("assert f() != 5", "second")]
    verdicts = bench.hear([student, *tests]).verdicts
    assert verdicts["first"].outcome in (Outcome.FAILED, Outcome.ERROR, Outcome.CRASHED)
    assert verdicts["second"].outcome is Outcome.PASSED


def test_a_long_message_is_cut(bench):
    """Two thousand characters are enough, and an exception's message may be less."""
    verdict = bench.verdict("def f(): raise ValueError('x' * 10**6)", "f()")
    assert verdict.outcome is Outcome.ERROR
    assert len(verdict.message) < 1000
    assert verdict.message.endswith("in test, line 1: f()")


def test_prints_of_student_code_and_of_the_test_are_shown_in_order(bench):
    """As output of the grade cell; what goes to stderr as well, because it is no reason to lose points."""
    student = "import sys, warnings\ndef f():\n    print('one')\n    print('two', file=sys.stderr)\n    return 3"
    heard = bench.hear([student, grade_cell("print('zero')\nassert f() == 3\nprint(f'three {f()}')")])
    assert heard.verdicts["test"].outcome is Outcome.PASSED
    assert heard.records[1].outputs == [
        {"output_type": "stream", "name": "stdout", "text": "zero\none\ntwo\none\ntwo\nthree 3\n"}
    ]


def test_a_flood_of_prints_is_cut(bench):
    """In a student's cell and in a grade cell; the score stands."""
    limits = dataclasses.replace(USUAL, output_bytes=10_000)
    student = "def f():\n    for n in range(1000): print('x' * 100)\n    return 1\nf()"
    heard = bench.hear([student, grade_cell("for _ in range(20): assert f() == 1")], limits)
    assert heard.verdicts["test"].outcome is Outcome.PASSED
    for record in heard.records:
        assert len(json.dumps(record.outputs)) < 12_000
        assert "[output cut here: too long]" in record.outputs[-1]["text"]


def test_a_notebook_cannot_show_without_end(bench):
    """Hundreds of cells of a megabyte each would make a notebook that nobody can open."""
    limits = dataclasses.replace(USUAL, output_bytes=10_000)
    heard = bench.hear(["print('x' * 9000)"] * 60, limits)
    assert len(json.dumps([record.outputs for record in heard.records])) < 250_000
    assert "left out" in heard.records[-1].outputs[0]["text"]


def test_cells_are_counted_as_ipython_counts(bench):
    """By the judge: a number from the student process could say anything."""
    cells = ["1", "", "2\n", "get_ipython().execution_count = 7919\n3", "# nothing", "4"]
    heard = bench.hear(cells)
    assert [record.execution_count for record in heard.records] == [1, None, 2, 3, 4, 5]
    assert [record.outputs[0]["execution_count"] for record in heard.records if record.outputs] == [1, 2, 3, 5]


# -- sameness ----------------------------------------------------------------------------------------------------------


def test_the_same_submission_gets_the_same_verdicts(grader):
    """Random numbers, hashes and sets included: seeded in the student process and before each grade cell."""
    student = (
        "import random\nstart = random.random()\ndef f(x): return x + random.random()\ndef names(): return {'a', 'b'}"
    )
    tests = [
        grade_cell("import random\na = f(random.random())\nassert a == 0, 'never'", "first"),
        grade_cell("assert (random.random(), list(names()), start) == 0", "second"),
    ]
    spec = spec_for([student], tests, seed=5)
    work = notebook((student, "part0"), ("", "first"), ("", "second"))
    first, second = (grader.grade(work, spec) for _ in range(2))
    assert [v.message for v in first.verdicts] == [v.message for v in second.verdicts]
    assert first.notebook == second.notebook
    other = grader.grade(work, dataclasses.replace(spec, seed=6))
    assert [v.message for v in first.verdicts] != [v.message for v in other.verdicts]


def test_random_is_seeded_before_each_grade_cell(bench):
    """A test that draws numbers draws the same whether or not the tests before it have run to their end."""
    draw = "import random\nassert random.random() == {}, random.random()"
    first = bench.hear(["x = 1", grade_cell("import random\nassert False, random.random()", "a")]).verdicts["a"].message
    number = first.split("\n")[0]
    heard = bench.hear(["x = 1", grade_cell(draw.format(number), "a"), grade_cell(draw.format(number), "b")])
    assert {str(v.outcome) for v in heard.verdicts.values()} == {"passed"}


# -- names -------------------------------------------------------------------------------------------------------------


def course(tests, *, setup="", reference=(), names="f", **more):
    """A spec with a setup cell, a solution cell for ``names``, and grade cells."""
    cells = (
        CourseCell("setup", Role.SETUP, setup),
        CourseCell("part", Role.SOLUTION, ""),
        *(grade_cell(test, f"test{n}") for n, test in enumerate(tests)),
    )
    return GradingSpec("02_chapter", cells, frozenset(names.split()), reference=reference, **more)


def outcomes(grader, spec, *before, student="def f(x): return x"):
    """The outcome of each test of a course for a student's cells: some before the setup cell, and one after it."""
    tests = [("", cell.name) for cell in spec.cells if cell.role is Role.TEST]
    graded = grader.grade(notebook(*before, ("", "setup"), (student, "part"), *tests), spec)
    return [str(verdict.outcome) for verdict in graded.verdicts]


def test_a_patched_module_never_reaches_a_test(grader):
    """Functions, modules and constants of setup cells are the judge's own; so are builtins."""
    setup = "import math, json, operator\nfrom math import pi\nEPS = 1e-9\ndef close(a, b): return abs(a - b) < EPS"
    tests = [
        "assert math.sqrt(16) == 4 and pi > 3 and close(f(2.0), 2.0) and not close(f(2.0), 3.0)",
        "assert abs(-1) == 1 and all([f(0) == 0]) and not any([]) and len([1]) == 1 and sum([1, 2]) == 3",
        "assert json.dumps(f([1])) == '[1]' and operator.eq(1, 1) and sorted([2, 1]) == [1, 2]",
    ]
    patch = (
        "import builtins, math, json, operator\n"
        "for module in (builtins, math, json, operator):\n"
        "    for name in ('abs', 'all', 'len', 'sum', 'sorted', 'sqrt', 'eq', 'isinstance', 'close'):\n"
        "        if hasattr(module, name) and name != 'isinstance': setattr(module, name, lambda *a, **k: True)\n"
        "EPS = 1e9\n"
    )
    wrong = patch + "def close(a, b): return True\nmath.pi = 0\ndef f(x): return 3.0"
    spec = course(tests, setup=setup)
    assert outcomes(grader, spec) == ["passed"] * 3
    assert "passed" not in outcomes(grader, spec, student=wrong)
    assert "passed" not in outcomes(grader, spec, patch, student=wrong)


def test_classes_and_containers_of_a_setup_cell_live_with_the_student(grader):
    """So that an instance which a test makes is one for student code; as the setup cell left them."""
    setup = "class Point:\n    def __init__(self, x): self.x = x\nTABLE = [1, 2]\ndef make(): return Point(5)"
    tests = ["assert f(Point(3)) == 3 and f(make()) == 5", "assert TABLE == [1, 2] and isinstance(make(), Point)"]
    spec = course(tests, setup=setup)
    student = "def f(p): return p.x if type(p) is Point else None"
    assert outcomes(grader, spec, student=student) == ["passed", "passed"]
    assert outcomes(grader, spec, student=student + "\nTABLE = []")[1] == "passed"


def test_a_container_that_solutions_use_is_shared(grader):
    """What a test puts into it student code finds, and the other way round; through helpers of the setup cell, too."""
    setup = "STOCK = {'apple': 3}\nSEEN = []\ndef note(x): SEEN.append(x)"
    tests = [
        "STOCK['pear'] = 1\nassert sell('pear') == 0 and sell('apple') == 2",
        "assert STOCK == {'apple': 2, 'pear': 0} and SEEN == ['pear', 'apple']",
    ]
    spec = course(tests, setup=setup, solution_uses=frozenset({"STOCK", "note"}))
    student = "def sell(x):\n    note(x)\n    STOCK[x] -= 1\n    return STOCK[x]"
    spec = dataclasses.replace(spec, solution_names=frozenset({"sell"}))
    assert outcomes(grader, spec, student=student) == ["passed", "passed"]


def test_what_only_tests_use_cannot_be_changed(grader):
    """A table of a setup cell that no solution uses is the tests' own: expected values are out of reach."""
    spec = course(["assert all(f(x) == want for x, want in CASES)"], setup="CASES = [(1, 2), (5, 10)]")
    assert outcomes(grader, spec, student="def f(x): return 2 * x") == ["passed"]
    assert outcomes(grader, spec, student="CASES.clear()\ndef f(x): return 0") == ["failed"]
    assert outcomes(grader, spec, student="def f(x):\n    CASES[:] = [(1, 1)]\n    return x") == ["failed"]


def test_earlier_chapters_are_the_reference(grader):
    """``chapters`` for tests and students alike, functions the judge's own in a test, classes with the student."""
    reference = (("01_first", "def dot(a, b): return sum(x * y for x, y in zip(a, b))\nclass Net:\n    w = [1]"),)
    setup = "from chapters import dot, Net\nimport chapters"
    tests = [
        "assert f([1, 2]) == dot([1, 2], [1, 2]) == 5 and chapters.dot([2], [3]) == 6",
        "from chapters import Net as Same\nassert Same is Net and isinstance(Net(), Net) and Net().w == [1]",
    ]
    spec = course(tests, setup=setup, reference=reference)
    assert outcomes(grader, spec, student="def f(a): return dot(a, a)") == ["passed", "passed"]
    cheat = "import chapters\nchapters.dot = lambda a, b: 5\ndot = chapters.dot\ndef f(a): return 7"
    assert outcomes(grader, spec, student=cheat)[0] == "failed"


def test_what_a_test_defines_is_there_in_the_next(bench):
    """One namespace a submission; a test's own name hides a student's."""
    steps = [
        "def f(x): return x\ndef g(): return 'student'",
        grade_cell("def helper(x): return f(x) + 1\nkept = [1]", "first"),
        grade_cell("assert helper(1) == 2 and kept == [1]\ndef g(): return 'test'", "second"),
        grade_cell("assert g() == 'test'", "third"),
    ]
    assert {str(v.outcome) for v in bench.hear(steps).verdicts.values()} == {"passed"}


def test_a_name_that_only_a_student_defines_is_no_name_of_a_test(grader):
    """Neither a helper of the student's nor a module that the student imported is found."""
    spec = course(["assert f(1) == 1 and helper() == 1"])
    assert outcomes(grader, spec, student="def f(x): return x\ndef helper(): return 1") == ["error"]


def test_a_name_means_what_it_means_now(bench):
    """A function that a later cell defines anew is the new one."""
    steps = [
        "def f(): return 1",
        grade_cell("assert f() == 1", "a"),
        "def f(): return 2",
        grade_cell("assert f() == 2", "b"),
    ]
    assert {str(v.outcome) for v in bench.hear(steps).verdicts.values()} == {"passed"}


def test_only_what_the_course_allows_is_imported(grader):
    """A rule of teaching with a clear message, for the code of cells; modules import what they need."""
    spec = course(["assert f(1) == 1"], allowed_modules=("math", "json", "IPython.display"))
    assert outcomes(grader, spec, student="import math, json\ndef f(x): return x") == ["passed"]
    work = notebook(("import subprocess\ndef f(x): return x", "part"), ("", "test0"))
    graded = grader.grade(work, spec)
    assert graded.verdicts[0].outcome is Outcome.ERROR
    assert "What may be imported: math, json, IPython.display" in json.dumps(graded.notebook)


# -- outputs that a student process reports ----------------------------------------------------------------------------

junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["stream", "error", "stdout"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["output_type", "name", "text", "data", "text/plain", "traceback", "ename", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(st.lists(junk, max_size=5) | junk)
@settings(deadline=None)
def test_whatever_is_reported_becomes_valid_outputs(reported):
    """Nothing malformed reaches a notebook, and nothing reported can stop the hearing."""
    import nbformat

    outputs = checked_outputs(json.dumps(reported), 10_000, execution_count=3)
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": "", "execution_count": 3, "outputs": outputs}
    nbformat.validate({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "{}",
        "5",
        "[" * 990 + "]" * 990,
        '[{"output_type": "error", "ename": ' + "[" * 900 + "]" * 900 + "}]",
        '[{"output_type": "stream", "text": "\\ud800"}]',
        json.dumps([{str(n): n for n in range(100)}]),
        json.dumps([{"output_type": "stream", "text": "x" * 10**6}] * 5),
        json.dumps([{"output_type": "stream", "text": ""}] * 5000),
        '[{"output_type": "error", "ename": ' + "9" * 5000 + "}]",
    ],
    ids=range(10),
)
def test_no_report_is_too_strange(text):
    """Half a list, deep nesting, lone surrogates, many keys, megabytes, thousands: bounded, and encodable."""
    outputs = checked_outputs(text, 1000)
    assert len(json.dumps(outputs).encode()) < 200_000
    json.dumps(outputs, ensure_ascii=False).encode()


def test_judged_says_what_plain_python_would():
    """The helper of these tests reads verdicts right."""
    made = {"grade_id": "t", "score": 0, "max_score": 1}
    assert judged(Verdict(outcome=Outcome.PASSED, **made)) == "passed"
    detail = "test, line 1: f()\nValueError: x\ncell 1, line 2, in f: y"
    assert judged(Verdict(outcome=Outcome.ERROR, detail=detail, **made)) == "error: ValueError"
