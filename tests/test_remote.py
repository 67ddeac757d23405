import contextlib
import io
import time

import pytest
from hypothesis import HealthCheck, given, settings
from judging import USUAL, Bench, grade_cell, judged, ok, peer_session, plain_result
from meaning import CASES
from programs import STUDENT, programs

from grader.course.model import Limits
from grader.execution.remote import CellTimeout, DictView, ListView, NotPlainData, ProcessDied, RemoteReference


@pytest.fixture(scope="module")
def bench():
    """A warm template."""
    made = Bench()
    yield made
    made.close()


# -- Python's meaning is kept ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("student", "test"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_judge_and_plain_python_agree(bench, student, test):
    """A grade cell passes, fails or raises against the student process just as in one namespace with its code."""
    assert judged(bench.quick_verdict(student, test)) == plain_result(student, test)


LENIENT = Limits(cpu_s=60, submission_cpu_s=3000)


@given(programs())
@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_shared_lists_and_dicts_behave_as_in_one_process(program):
    """Whatever a test does with lists and dicts that it shares with student code, it sees what plain Python shows."""
    printed = io.StringIO()
    namespace = {"__name__": "__main__"}
    with contextlib.redirect_stdout(printed):
        exec(STUDENT, namespace)
        exec(program, namespace)
    want = printed.getvalue()
    if len(want) > 20_000:
        return
    heard = _shared.bench.hear([STUDENT, grade_cell(program)], LENIENT, session=_shared.session)
    assert heard.verdicts["test"].outcome == "passed", heard.verdicts["test"].detail
    assert "".join(output["text"] for output in heard.records[1].outputs) == want


class _Shared:
    """A student process for all examples of a property."""

    bench: Bench
    session = None


_shared = _Shared()


@pytest.fixture(autouse=True, scope="module")
def _one_process(bench):
    _shared.bench, _shared.session = bench, bench.start(LENIENT)
    yield
    _shared.session.close()


ON_PURPOSE = {
    "== of a student's class is not asked": (
        "class V:\n    def __eq__(self, other): return True",
        "assert V() == V()",
        "failed: AssertionError",
    ),
    "truth of a student's object is the author's mistake": (
        "def f(): return object()",
        "assert f()",
        "error: NotPlainData",
    ),
    "order of a student's objects is the author's mistake": (
        "class V:\n    def __lt__(self, other): return True",
        "assert V() < 3",
        "error: NotPlainData",
    ),
    "an operator with a value of the test's may not answer with plain data": (
        "class V:\n    def __sub__(self, other): return 0.0",
        "assert abs(V() - 3.5) < 1e-9",
        "error: NotPlainData",
    ),
    "nor in two steps": (
        "class V:\n    def __rsub__(self, other): return self\n    def __abs__(self): return 0.0",
        "assert abs(3.5 - V()) < 1e-9",
        "error: NotPlainData",
    ),
    "nor in place": (
        "class V:\n    def __isub__(self, other): return 0.0",
        "error = V()\nerror -= 3.5\nassert abs(error) < 1e-9",
        "error: NotPlainData",
    ),
    "nor by a set's operators": (
        "class S(set):\n    def __rsub__(self, other): return set()\ndef f(): return S()",
        "assert not {1, 2} - f()",
        "error: NotPlainData",
    ),
    "nor by rounding": (
        "class V:\n    def __sub__(self, other): return self\n    def __round__(self, n): return 0",
        "assert round(V() - 3.5, 7) == 0",
        "error: NotPlainData",
    ),
    "nor as a float": (
        "class V:\n    def __sub__(self, other): return self\n    def __float__(self): return 0.0",
        "import math\nassert math.sqrt(V() - 3.5) == 0",
        "error: NotPlainData",
    ),
    "nor is a student's object asked what is in it": (
        "class V:\n    def __contains__(self, x): return True\n    def __iter__(self): return iter(())",
        "assert 5 in V()",
        "failed: AssertionError",
    ),
    "StopIteration of a call is not the end of an iteration": (
        "def f(x): raise StopIteration",
        "assert all(map(f, [1]))",
        "error: RuntimeError",
    ),
    "a set that a call returns is a copy": (
        "s = {1}\ndef f(): return s",
        "f().add(2)\nassert f() == {1, 2}",
        "failed: AssertionError",
    ),
    "callable() is true of all that is the student's": (
        "x = object()",
        "assert not callable(x)",
        "failed: AssertionError",
    ),
    "a student's class has no subclass in a test": (
        "class A: pass",
        "class B(A): pass",
        "error: NotPlainData",
    ),
    "the signature of a student's function is not known": (
        "def f(a, b): pass",
        "import inspect\nassert list(inspect.signature(f).parameters) == ['a', 'b']",
        "failed: AssertionError",
    ),
    "the cause of an exception stays with the student": (
        "def f():\n    try: 1 / 0\n    except ZeroDivisionError as e: raise ValueError from e",
        "try: f()\nexcept ValueError as e: assert e.__cause__ is not None",
        "failed: AssertionError",
    ),
    "a group of exceptions is an Exception": (
        "def f(): raise ExceptionGroup('g', [ValueError()])",
        "try: f()\nexcept ExceptionGroup: pass",
        "error: ExceptionGroup",
    ),
    "a subclass of float is an object": (
        "class F(float):\n    def __eq__(self, other): return True\ndef f(): return F(1)",
        "assert f() == 2",
        "failed: AssertionError",
    ),
    "a context manager cannot swallow what a test finds": (
        "class Quiet:\n    def __enter__(self): return self\n    def __exit__(self, *exc): return True",
        "with Quiet():\n    assert 1 == 2",
        "failed: AssertionError",
    ),
    "tuples have no identity": ("def f(t): return t", "t = (1, 2)\nassert f(t) is t", "failed: AssertionError"),
    "an object of the test's has no operators for student code": (
        "def f(x): return x + 1",
        "class N:\n    def __add__(self, other): return 5\nassert f(N()) == 5",
        "error: TypeError",
    ),
}


@pytest.mark.parametrize(("student", "test", "verdict"), ON_PURPOSE.values(), ids=ON_PURPOSE)
def test_where_the_judge_differs_from_plain_python(bench, student, test, verdict):
    """The places where Python's meaning is not kept, most of them because student code would decide."""
    assert judged(bench.quick_verdict(student, test)) == verdict


def test_operators_of_a_students_class_work_on_values_of_the_tests(bench):
    """What they give is an object, and what is in it counts: a vector times a number, a sum that starts at 0."""
    vector = """
class V:
    def __init__(self, x): self.x = x
    def __add__(self, other): return V(self.x + (other.x if isinstance(other, V) else other))
    __radd__ = __add__
    def __mul__(self, k): return V(self.x * k)
    __rmul__ = __mul__
    def __matmul__(self, other): return self.x * other.x
"""
    test = "assert (V(1) * 3).x == (3 * V(1)).x == sum([V(1), V(2)]).x == 3\nassert V(2) @ V(4) == 8"
    assert judged(bench.quick_verdict(vector, test)) == "passed"


# -- costs -------------------------------------------------------------------------------------------------------------


def requests(bench, student, test):
    """How many requests a test costs."""
    session = bench.start()
    heard = bench.hear([student, grade_cell(test)], session=session)
    session.close()
    assert heard.verdicts["test"].outcome == "passed", heard.verdicts["test"].detail
    return session.seq


BIG = (
    "rows = [[float(i)] * 4 for i in range(2000)]\ndef f(row): return row[0]\ndef get(): return rows\n"
    "def table(): return {n: row for n, row in enumerate(rows)}"
)


@pytest.mark.parametrize(
    "test",
    [
        "for row in get(): f(row)",
        "view = get()\nfor i in range(2000): assert f(view[i]) == i",
        "for n, row in enumerate(get()): assert f(row) == n",
        "data = [[1.0]] * 2000\nfor row in data: f(row)",
        "view = table()\nfor n in range(2000): assert f(view[n]) == n",
        "view = table()\nfor n in range(2000): view[n] = [n + f([1])]",
        "view = get()\nfor n in range(2000): view.append([f([n])])",
    ],
)
def test_a_walk_over_a_large_list_or_dict_is_linear(bench, test):
    """A loop that calls student code for each of 2,000 rows takes some requests a row, and no fetch of all of them."""
    started = time.process_time()
    assert requests(bench, BIG, test) < 2000 * 4
    assert time.process_time() - started < 10


def test_a_test_can_go_through_a_large_result_without_a_request_an_item(bench):
    """Ten thousand numbers come in one message when nothing else happens in between."""
    assert requests(bench, "def f(): return list(range(10_000))", "assert sum(f()) == sum(range(10_000))") < 20


def test_containers_that_no_test_holds_are_let_go(bench):
    """A thousand lists that a test passes and forgets are not compared at each later request."""
    session = bench.start()
    bench.hear(["def f(x): return None", grade_cell("for i in range(3000): f([i, [i]])")], session=session)
    assert len(session._linked) < 1000
    session.close()


def test_a_list_that_student_code_keeps_may_be_let_go_by_the_test(bench):
    """When it changes afterwards, in a cell of the notebook, nothing is wrong with the protocol."""
    student = "kept = []\ndef f(x): kept.append(x)\ndef last(): return kept[-1]"
    steps = [student, grade_cell("for i in range(250): f([i])"), *["for x in kept: x.append(1)\n"] * 8]
    heard = bench.hear([*steps, grade_cell("assert last()[1:] == [1] * 8", "after")])
    assert heard.verdicts["after"].outcome == "passed", heard.verdicts["after"].message
    assert not any(record.stopped for record in heard.records)


# -- what cannot be passed ---------------------------------------------------------------------------------------------


def test_what_cannot_be_passed_is_an_error_of_that_call_only(bench):
    """A list with an object of no known kind in it is refused; later calls are none the worse for it."""
    test = """
import datetime
xs = [1]
f(xs)
try:
    f([datetime.date(2026, 1, 1)])
except TypeError as error:
    assert "cannot pass a date" in str(error)
else:
    assert False
xs.append(datetime.date(2026, 1, 1))
assert f([5]) == [5]
assert xs[0] == 1
"""
    assert judged(bench.quick_verdict("def f(x): return x", test)) == "passed"


def test_call_backs_may_go_deep_and_then_it_is_a_recursion_error(bench):
    """Fifty calls of each other are fine; without an end, both sides see Python's own exception."""
    test = """
def back(n): return 0 if n == 0 else f(n - 1, back) + 1
assert f(50, back) == 50
def endless(n): return f(n, endless)
try:
    f(1, endless)
except RecursionError:
    pass
else:
    assert False
assert f(3, back) == 3
"""
    assert judged(bench.quick_verdict("def f(n, back): return back(n)", test)) == "passed"


def test_student_code_that_calls_back_without_end_is_stopped_by_its_own_limit(bench):
    """At the CPU limit, not minutes later at that of the clock; and the next test is judged."""
    limits = Limits(cpu_s=0.5, grace_s=120)
    student = "def f(back):\n    while True: back()\ndef g(): return 1"
    tests = [grade_cell("f(lambda: None)", "endless"), grade_cell("assert g() == 1", "after")]
    verdicts = bench.hear([student, *tests], limits).verdicts
    assert verdicts["endless"].message == "Your code was stopped after 0.5 s of CPU."
    assert verdicts["endless"].seconds < 60
    assert verdicts["after"].outcome == "passed"


def test_student_code_finds_no_way_from_a_given_object_to_the_code_around_it(bench):
    """Neither frames nor globals nor classes: of a generator, an object, a random generator, a view of a dict."""
    student = """
def reach(x):
    found = []
    for name in ("__globals__", "__closure__", "__code__", "gi_frame", "__self__", "__func__", "__class__",
                 "__dict__", "__init__", "__reduce__", "__builtins__", "_method", "__wrapped__"):
        try:
            value = object.__getattribute__(x, "_link")[0].callback(
                object.__getattribute__(x, "_link")[1], "getattr", (name,), {})
        except Exception:
            continue
        found.append(name)
    return found
"""
    test = """
import random
class Thing:
    def method(self): return secret
    def __repr__(self): return "thing"
secret = "s"
for given in ((x for x in [1]), Thing(), random.Random(1), iter([1]), {"a": 1}.items()):
    assert reach(given) == []
"""
    assert judged(bench.quick_verdict(student, test)) == "passed"


# -- a peer that plays views and references false ----------------------------------------------------------------------


def test_a_view_is_the_same_object_for_the_same_list():
    """As long as anybody holds it; and it is a list."""
    with peer_session(lambda r: [ok(r, ["t", [["l", 7], ["l", 7], ["d", 8]]])]) as (session, _):
        session.begin_cell(5, 5)
        a, b, c = session.lookup("user", "x")
        assert a is b
        assert isinstance(a, ListView)
        assert isinstance(c, DictView)
        assert session.lookup("user", "x")[0] is a


@pytest.mark.parametrize(
    ("contents", "form"),
    [
        ([["l", 7, 5]], ["l", 7]),
        ([["l", 7, [["l"]]]], ["l", 7]),
        ([["l", -7, [1]]], 1),
        ([["l", True, [1]]], 1),
        ([["d", 7, [[1]]]], 1),
        ([["d", 7, [[["l", 9], 1]]]], 1),
        ([["o", 7, []]], 1),
        ([["s", 7, [1]]], 1),
        ([[]], 1),
        ([5], 1),
        (5, 1),
        ([["l", 7, [["c", -1, ""]]]], 1),
        ([], ["l", -1]),
        ([], ["c", -1, "f"]),
        ([], ["e", -1]),
        ([], ["o", 5, "class"]),
        ([], ["o", 5, "instance", "X"]),
        ([], ["o", 5, "class", 7]),
        ([], ["o", "5", "class", "X"]),
        ([], ["n", "os", "system"]),
        ([], ["n", "builtins", "eval"]),
        ([], ["n", "builtins", ["type"]]),
        ([], ["s", [["s", [1]]]]),
        ([], ["t", 5]),
        ([], ["zz", 1]),
        ([], [[], 1]),
        ([], []),
    ],
    ids=str,
)
def test_impossible_contents_end_the_process(contents, form):
    """Contents of what has none, of the judge's own lists, keys that cannot be, ids that were never given out."""
    with peer_session(lambda r: [["ok", r[1], form, [], contents, ""]]) as (session, _):
        session.begin_cell(5, 5)
        with pytest.raises(ProcessDied, match="broke the protocol"):
            session.lookup("user", "x")
        assert session.is_dead


@pytest.mark.parametrize("back", [[["l", -1, [1]]], [["l", 5, [1]]], [[1]], [["d", -1, [[1, 2]]]]], ids=str)
def test_only_what_was_passed_can_be_changed(back):
    """Changes to something that student code never got, or that is not such a thing, end the process."""
    with peer_session(lambda r: [ok(r, None, back=back)]) as (session, _):
        session.begin_cell(5, 5)
        with pytest.raises(ProcessDied, match="broke the protocol"):
            session.lookup("user", "x")


def test_contents_that_are_missing_end_the_process():
    """A view that is never filled is not an empty list."""
    with peer_session(lambda r: [ok(r, ["l", 7])]) as (session, _):
        session.begin_cell(5, 5)
        view = session.lookup("user", "x")
        with pytest.raises(ProcessDied, match="contents are missing"):
            len(view)


@pytest.mark.parametrize(
    "replies",
    [
        [["ok", 99, 1, [], [], ""]],
        [["ok", 1]],
        [["ran", 1, [], [], ""]],
        [["yes", 1, 1, [], [], ""]],
        [[]],
        [5],
        ["text"],
        [b"\x00\x00\x00\x02{}"],
        [b"\xff\xff\xff\xff"],
        [["call", 5, "call", [], [], [], []]],
        [["call", -1, "call", [], [], [], []]],
        [["call"]],
        [["call", [], "call", [], [], [], []]],
        [["err", 1, []]],
        [["err", 1, [], [], [], ""]],
        [["err", 1, [1, [[0, "eval"]], 5, None, 0, 0, []], [], [], ""]],
        [["err", 1, [-5, [[0, "ValueError"]], "m", None, 0, 0, []], [], [], ""]],
        [None],
    ],
    ids=str,
)
def test_a_wrong_answer_ends_the_process(replies):
    """Another number or form, no message at all, a call of something never passed: nothing is believed any more."""
    with peer_session(lambda r: replies) as (session, _):
        session.begin_cell(5, 5)
        session.seq = 0  # the request to come is number 1
        with pytest.raises(ProcessDied):
            session.lookup("user", "x")
        assert session.is_dead
        with pytest.raises(ProcessDied):
            session.lookup("user", "x")


def test_a_reply_ahead_of_time_is_not_the_answer():
    """Forged frames in the pipe are read first, and their number is wrong."""
    with peer_session(lambda r: [ok([0, r[1] + 1], 42), ok(r, 1)]) as (session, _):
        session.begin_cell(5, 5)
        with pytest.raises(ProcessDied, match="not the answer"):
            session.lookup("user", "x")


def test_an_extra_reply_spoils_the_next_question():
    """A second answer to one question is not taken for the answer to the next."""
    with peer_session(lambda r: [ok(r, 1), ok(r, 2)]) as (session, _):
        session.begin_cell(5, 5)
        assert session.lookup("user", "x") == 1
        with pytest.raises(ProcessDied, match="not the answer"):
            session.lookup("user", "x")


def test_no_reply_is_a_timeout():
    """A peer that says nothing is given up at the wall limit, one second after it was asked to stop."""
    with peer_session(lambda r: []) as (session, _):
        session.begin_cell(5, 0.3)
        with pytest.raises(CellTimeout) as caught:
            session.lookup("user", "x")
        assert caught.value.wall_only
        assert session.is_dead


def test_endless_call_backs_are_a_timeout():
    """A peer that calls back for ever without answering is stopped by the wall limit like one that says nothing."""

    def answer(request):
        if request[0] == "op" and request[2] == "lookup":
            return [ok(request, ["o", 7, "callable", "f"])]
        return [["call", -1, "call", [], [], [], []]]

    with peer_session(answer) as (session, _):
        session.begin_cell(5, 0.5)
        f = session.lookup("user", "f")
        calls = []
        with pytest.raises(CellTimeout):
            f(lambda: calls.append(1))
        assert len(calls) > 10
        assert session.is_dead


@pytest.mark.parametrize(
    "kinds",
    [
        [[0, "BaseExceptionGroup"], [0, "Exception"]],
        [[0, "UnicodeDecodeError"]],
        [[5, "Mine"], [0, "SystemExit"]],
        [[5, "Mine"], [6, "Other"], [0, "OSError"], [0, "KeyError"]],
        [[5, "not an identifier"], [0, "Warning"]],
        [[0, "int"]],
        [],
    ],
    ids=str,
)
def test_exceptions_of_all_kinds_can_be_made(kinds):
    """Groups, those that need arguments, bases that contradict each other, names that are none."""
    payload = [9, kinds, "message", None, 0, 1, []]
    with peer_session(lambda r: [["err", r[1], payload, [], [], ""]]) as (session, _):
        session.begin_cell(5, 5)
        with pytest.raises(BaseException, match="message"):
            session.lookup("user", "x")
        assert not session.is_dead


def test_references_have_only_the_operators_that_ask_nothing():
    """A reference is itself, has no truth, no order, no pickle; its repr asks nobody."""
    import pickle

    with peer_session(lambda r: [ok(r, ["o", 7, "object", "Thing"])]) as (session, peer):
        session.begin_cell(5, 5)
        x = session.lookup("user", "x")
        asked = len(peer.requests)
        assert isinstance(x, RemoteReference)
        assert x == x
        assert x != 1
        assert repr(x) == "<Thing object>"
        assert len({x, x}) == 1
        for mistake in (lambda: bool(x), lambda: x < x, lambda: sorted([x, x]), lambda: pickle.dumps(x)):
            with pytest.raises(NotPlainData):
                mistake()
        assert len(peer.requests) == asked


def test_a_message_that_is_too_large_is_an_error_of_that_call():
    """Forty megabytes do not cross; the process lives."""
    with peer_session(lambda r: [ok(r, ["o", 7, "callable", "f"])]) as (session, _):
        session.begin_cell(5, 5)
        f = session.lookup("user", "f")
        with pytest.raises(NotPlainData, match="may cross"):
            f("x" * (1 << 21))
        assert not session.is_dead
        assert USUAL.message_bytes >= 1 << 24
