"""Student code that wants points it has not earned, or to carry hidden inputs home: neither works."""

import dataclasses
import json
import textwrap

import pytest
from judging import SHORT, grade_cell, notebook

from grader.course.model import CourseCell, GradingSpec, Outcome, Role
from grader.execution.grade import Grader


@pytest.fixture(scope="module")
def grader():
    """A grader with a warm template."""
    with Grader() as made:
        yield made


def hide(*lines):
    """A hidden region."""
    return "\n".join(["### BEGIN HIDDEN TESTS", *lines, "### END HIDDEN TESTS"])


# -- points that were not earned ---------------------------------------------------------------------------------------

TESTS = {
    "test_double": "import math\nassert double([1, 2]) == [2, 4], 'doubles'\n"
    + hide("r = double([7919, 0])", "assert r == [15838, 0]", "assert isinstance(r, list)", "assert len(r) == 2"),
    "test_half": "import math\nassert abs(half(3) - 1.5) < 1e-9, 'halves'\n"
    + hide("assert math.isclose(half(7919), 3959.5)", "assert not half(0)", "assert half(5) > 2.4"),
    "test_word": "assert word('a') == 'aa'\n"
    + hide("assert word('xyzzy') == 'xyzzyxyzzy'", "assert word('b').upper() == 'BB'"),
    "test_total": "score = sum(total([n, 1]) == n + 1 for n in (5, 7, 9, 7919))\nscore * 0.5",
}
SPEC = GradingSpec(
    "chapter",
    (
        CourseCell("setup", Role.SETUP, "import math"),
        CourseCell("part", Role.SOLUTION, ""),
        *(grade_cell(source, name, points=2, partial=name == "test_total") for name, source in TESTS.items()),
        CourseCell("later", Role.SOLUTION, ""),
        grade_cell("assert later(20) == 21\n" + hide("assert later(30) == 31"), "test_later", points=2),
    ),
    frozenset(("double", "half", "word", "total", "later")),
    limits=dataclasses.replace(SHORT, submission_cpu_s=20, output_bytes=100_000),
)
HONEST = """
def double(x): return [2 * v for v in x]
def half(x): return x / 2
def word(x): return x + x
def total(x): return sum(x)
"""
LATER = "def later(x): return x + 1"


def work(*student, later=LATER):
    """A notebook of the student's cells, the last of them the graded one, and all grade cells."""
    *before, part = student
    return notebook(
        ("", "setup"), *before, (part, "part"), *(("", name) for name in TESTS), (later, "later"), ("", "test_later")
    )


ALL_EVIL = "def double(x): return Evil()\nhalf = word = total = double"

LYING = [
    "def __eq__(self, o): return True\n    def __ne__(self, o): return False\n    __hash__ = None",
    "def __sub__(self, o): return 0.0\n    __rsub__ = __sub__\n    def __abs__(self): return 0.0",
    "def __sub__(self, o): return self\n    __rsub__ = __abs__ = __sub__\n    def __float__(self, *o): return 0.0",
    "def __lt__(self, o): return True\n    __le__ = __gt__ = __ge__ = __lt__",
    "def __bool__(self): return False\n    def __len__(self): return 2\n    def __iter__(self): return iter([2, 4])",
    "def __getattr__(self, name): return lambda *a, **k: True",
    "__class__ = list",
    "__class__ = property(lambda self: float)",
    "def __instancecheck__(self, x): return True",
    "def __reduce__(self): return (exec, ('import os; os._exit(0)',))",
    "def __del__(self):\n        import os\n        os._exit(0)",
    "def __repr__(self): return '[2, 4]'\n    __str__ = __repr__",
    "def __index__(self): return 0\n    def __int__(self): return 0\n    def __float__(self): return 1.5",
]

CHEATS = {
    **{f"class {n}": f"class Evil:\n    {body}\n{ALL_EVIL}" for n, body in enumerate(LYING)},
    **{
        f"subclass of {base}": f"class Evil({base}):\n    {LYING[0]}\n    {LYING[1]}\n{ALL_EVIL}"
        for base in ("list", "float", "int", "str", "dict", "tuple", "set", "bytes", "complex")
    },
}


def cheat(name, student, *, complete=False):
    """Note one; unless it is complete, the other functions are ``double`` too."""
    CHEATS[name] = textwrap.dedent(student) + ("" if complete else "half = word = total = double\n")


cheat(
    "patched builtins",
    r"""
    import builtins, operator, math, json, random
    for name in ('abs', 'all', 'any', 'sum', 'isinstance', 'len', 'float', 'sorted', 'zip', 'AssertionError'):
        setattr(builtins, name, lambda *a, **k: True)
    operator.eq = operator.is_ = math.isclose = lambda *a, **k: True
    def double(x): return None
    """,
)
cheat(
    "patched json",
    r"""
    import json
    json.dumps = lambda *a, **k: '["ok",1,true,[],[],""]'
    json.loads = lambda *a, **k: []
    def double(x): return None
    """,
)
cheat(
    "patched wire",
    r"""
    import sys
    w = sys.modules['grader.execution.wire']
    w.encode_scalar = lambda v: True
    w.dumps = lambda m: b'[]'
    def double(x): return None
    """,
)
cheat(
    "server found",
    r"""
    import gc
    for o in gc.get_objects():
        if type(o).__name__ == 'Server':
            type(o).operate = lambda self, seq, *a: ['ok', seq, True, [], [], '']
            type(o).answer = lambda self, r: self.send(r[1], ['ok', r[1], ['l', 1], [], [['l', 1, [2, 4]]], ''])
    def double(x): return None
    """,
)
cheat(
    "frames forged",
    r"""
    import os, struct, json
    def forge():
        for seq in range(1, 400):
            for reply in (['ok', seq, True, [], [], ''], ['ok', seq, ['o', 1, 'object', 'X'], [], [], '']):
                data = json.dumps(reply).encode()
                for fd in range(3, 60):
                    try: os.write(fd, struct.pack('>I', len(data)) + data)
                    except OSError: pass
    def double(x):
        forge()
    """,
)
cheat(
    "frames forged by a thread",
    r"""
    import os, struct, json, threading, time
    def forge():
        for seq in range(1, 2000):
            data = json.dumps(['ok', seq % 60, True, [], [], '']).encode()
            for fd in range(3, 12):
                try: os.write(fd, struct.pack('>I', len(data)) + data)
                except OSError: pass
            time.sleep(0.001)
    threading.Thread(target=forge, daemon=True).start()
    def double(x): return None
    """,
)
cheat(
    "garbage on the pipes",
    r"""
    import os
    for fd in range(3, 60):
        try: os.write(fd, os.urandom(2000))
        except OSError: pass
    def double(x): return None
    """,
)
cheat(
    "pipes closed",
    r"""
    import os
    os.closerange(3, 200)
    def double(x): return None
    """,
)
cheat(
    "exit",
    r"""
    import sys
    sys.exit(0)
    """,
    complete=True,
)
cheat(
    "exit in a call",
    r"""
    import sys
    def double(x): sys.exit(0)
    """,
)
cheat(
    "hard exit",
    r"""
    import os
    os._exit(0)
    """,
    complete=True,
)
cheat(
    "hard exit in a call",
    r"""
    import os
    def double(x): os._exit(0)
    """,
)
cheat(
    "interrupt",
    r"""
    def double(x): raise KeyboardInterrupt
    """,
)
cheat(
    "generator exit",
    r"""
    def double(x): raise GeneratorExit
    """,
)
cheat(
    "stop iteration",
    r"""
    def double(x): raise StopIteration([2, 4])
    """,
)
cheat(
    "exit by a thread",
    r"""
    import os, threading
    threading.Timer(0.05, lambda: os._exit(0)).start()
    import time
    def double(x): time.sleep(0.1)
    """,
)
cheat(
    "a name of an exception of the judge's",
    r"""
    class CellTimeout(BaseException): pass
    class JudgeAbort(BaseException): pass
    def double(x): raise JudgeAbort
    def half(x): raise CellTimeout
    word = total = half
    """,
    complete=True,
)
cheat(
    "an exception without a message",
    r"""
    class Evil(Exception):
        def __str__(self): raise self
        __repr__ = __str__
        args = property(lambda self: 1 / 0)
    def double(x): raise Evil
    """,
)
cheat(
    "an exception whose class lies",
    r"""
    class Meta(type):
        __mro__ = ()
        __name__ = property(lambda c: 1 / 0)
        __module__ = property(lambda c: 1 / 0)
    class Evil(Exception, metaclass=Meta): pass
    def double(x): raise Evil
    """,
)
cheat(
    "recursion",
    r"""
    def double(x): return double(x)
    """,
)
cheat(
    "a generator without end",
    r"""
    def double(x):
        while True: yield 2
    """,
)
cheat(
    "an int of a million digits",
    r"""
    def double(x): return 10 ** 1_000_000
    """,
)
cheat(
    "a list of many lists",
    r"""
    def double(x): return [[] for _ in range(200_000)]
    """,
)
cheat(
    "lists nested deeply",
    r"""
    def double(x):
        r = []
        for _ in range(100_000): r = [r]
        return r
    """,
)
cheat(
    "a list of itself",
    r"""
    def double(x):
        r = [2]
        r.append(r)
        return r
    """,
)
cheat(
    "keys of one hash",
    r"""
    def double(x): return {n * (2**61 - 1): 1 for n in range(3000)}
    """,
)
cheat(
    "a flood",
    r"""
    def double(x):
        while True: print('x' * 10_000)
    """,
)
cheat(
    "a flood of displays",
    r"""
    def double(x):
        while True: display({'text/plain': 'x' * 10_000}, raw=True)
    """,
)
cheat(
    "hooks",
    r"""
    ip = get_ipython()
    ip.input_transformers_cleanup.append(lambda lines: ['double = half = word = total = later = lambda x: True\n'])
    ip.ast_node_interactivity = 'all'
    ip.run_cell = lambda *a, **k: None
    def double(x): return None
    """,
)
cheat(
    "standard output replaced",
    r"""
    import sys
    class Out:
        def write(self, t): raise SystemExit(0)
        flush = write
    sys.stdout = sys.stderr = sys.__stdout__ = Out()
    def double(x):
        print('x')
    """,
)
cheat(
    "arguments emptied",
    r"""
    def double(x):
        x.clear()
        return x
    """,
)
cheat(
    "its own argument",
    r"""
    def double(x): return x
    """,
)
cheat(
    "nothing",
    r"""
    double = half = word = total = None
    """,
    complete=True,
)
cheat(
    "nan",
    r"""
    def double(x): return float('nan')
    """,
)
cheat(
    "not a number of its own",
    r"""
    def total(x): return 2.0
    def double(x): return NotImplemented
    half = word = double
    """,
    complete=True,
)
cheat(
    "frames of the caller",
    r"""
    import sys
    def double(x):
        f = sys._getframe()
        while f:
            for v in list(f.f_locals.values()):
                if isinstance(v, list) and v and v[0] == 15838: return v
            f = f.f_back
    """,
)


@pytest.mark.parametrize("cheat", CHEATS.values(), ids=CHEATS)
def test_nothing_is_earned_by_cheating(grader, cheat):
    """None of these gives right answers, and none of them gets a point of those tests."""
    graded = grader.grade(work(cheat), SPEC)
    assert not graded.not_graded
    verdicts = {verdict.grade_id: verdict for verdict in graded.verdicts}
    for name in TESTS:
        assert verdicts[name].score == 0, (name, verdicts[name])


def test_the_honest_solution_earns_all(grader):
    """The tests of this file can be passed."""
    graded = grader.grade(work(HONEST), SPEC)
    assert [(v.grade_id, v.score) for v in graded.verdicts] == [(name, 2) for name in (*TESTS, "test_later")]


HARMLESS_LATER = (
    "class 0",
    "class 1",
    "class 8",
    "exit",
    "exit in a call",
    "hard exit",
    "hard exit in a call",
    "recursion",
    "an int of a million digits",
    "a generator without end",
    "interrupt",
    "nan",
    "a list of itself",
)


@pytest.mark.parametrize("name", HARMLESS_LATER)
def test_a_cheat_costs_its_own_tests_only(grader, name):
    """A later exercise that is right is paid, although the process had to be brought back."""
    graded = grader.grade(work(CHEATS[name]), SPEC)
    assert graded.verdicts[-1].outcome is Outcome.PASSED, graded.verdicts[-1]


def test_a_call_back_is_no_way_out(grader):
    """A test's own assertion in a call back fails the test unless student code has swallowed it, as in plain Python."""
    test = "seen = []\ndef check(x):\n    seen.append(x)\n    assert x == 7919\nrun(check)\nassert seen == [7919]"
    spec = dataclasses.replace(
        SPEC, cells=(CourseCell("part", Role.SOLUTION, ""), grade_cell(test, "test")), solution_names=frozenset({"run"})
    )
    for student in ("def run(check): check(1)", "def run(check):\n    try: check(1)\n    except BaseException: pass"):
        assert grader.grade(notebook((student, "part"), ("", "test")), spec).score == 0


# -- hidden inputs stay hidden -----------------------------------------------------------------------------------------

SECRETS = (7919, 4242)
"""Two hidden inputs: whatever a student reads must be the same with the one and the other."""


def secret_spec(secret, *, first_hidden=False, limits=None):
    """A course whose only difference is a hidden input, which every solution of this file takes in its stride."""
    hidden = hide(f"assert f({secret}) == {secret}, 'large numbers'", "note = 'done'")
    visible = "assert f(1) == 1, 'one'"
    tests = {
        "test_f": f"{hidden}\n{visible}" if first_hidden else f"{visible}\n{hidden}",
        "test_g": "print('test speaks')\nx = g(2)\nassert x == 2, f'{x} is not two'",
        "test_h": "assert h(3) == 3, 'three'\n" + hide(f"assert h({secret}) == {secret}, 'large too'"),
    }
    cells = [CourseCell(name, Role.SOLUTION, "") for name in ("part_f", "part_g", "part_h")]
    cells[1:1] = [grade_cell(tests["test_f"], "test_f")]
    cells[3:3] = [grade_cell(tests["test_g"], "test_g")]
    cells.append(grade_cell(tests["test_h"], "test_h"))
    return GradingSpec("chapter", tuple(cells), frozenset("fgh"), limits=limits or SHORT)


def what_students_read(graded):
    """Outputs, numbers and messages; not the course's own cells, of which feedback shows the visible part."""
    cells = [
        (cell.get("execution_count"), cell.get("outputs"), sorted(cell["metadata"]), cell["id"])
        for cell in graded.notebook["cells"]
    ]
    return [
        cells,
        [(v.grade_id, str(v.outcome), v.message) for v in graded.verdicts],
        graded.repairs,
        graded.notebook["metadata"],
    ]


LOG = "log = [0]\ndef f(x):\n    log.append(x)\n    return x\n"
LEAKS = {}


def leak(name, free="", g="def g(x): return x", f=LOG):
    """Note one: a free cell after the tests of ``f`` and ``g``, and what these two are."""
    LEAKS[name] = tuple(map(textwrap.dedent, (f, g, free)))


leak("print", "print(log)")
leak("result", "log")
leak(
    "display",
    r"""
    display(log)
    display({'text/html': str(log)}, raw=True)
    """,
)
leak("error", "raise ValueError(str(log))")
leak("error class", "raise type(f'E{log[-1]}', (Exception,), {})")
leak("error in a visible test", g="def g(x): raise ValueError(str(log))")
leak("error class in a visible test", g="def g(x): raise type(f'E{log[-1]}', (Exception,), {})")
leak("value in a visible test", g="def g(x): return log[-1]")
leak("value that begins like a hint", g="def g(x): return f'Hidden test {log[-1]}'")
leak(
    "print in a visible test",
    g=r"""
    def g(x):
        print(log)
        return x
    """,
)
leak(
    "stderr in a visible test",
    g=r"""
    import sys
    def g(x):
        print(log, file=sys.stderr)
        return x
    """,
)
leak(
    "print in a hidden test",
    f=r"""
    log = []
    def f(x):
        log.append(x)
        print(log)
        return x
    """,
)
leak(
    "error in the test itself",
    f=r"""
    log = []
    def f(x):
        log.append(x)
        if len(log) > 1: raise ValueError(str(log))
        return x
    """,
)
leak(
    "display in a hidden test",
    f=r"""
    def f(x):
        display(x)
        return x
    """,
)
leak(
    "warning in a hidden test",
    f=r"""
    import warnings
    def f(x):
        warnings.warn(str(x))
        return x
    """,
)
leak(
    "status of a call",
    g=r"""
    import os
    def g(x): os._exit(log[-1] % 200)
    """,
)
leak(
    "status of a cell",
    r"""
    import os
    os._exit(log[-1] % 200)
    """,
)
leak(
    "signal",
    g=r"""
    import os
    def g(x): os.kill(os.getpid(), [9, 15][log[-1] % 2])
    """,
)
leak(
    "count",
    r"""
    get_ipython().execution_count = log[-1]
    5
    """,
)
leak(
    "thread",
    "time.sleep(0.15)",
    g=r"""
    import threading, time
    def tell():
        time.sleep(0.05)
        print(log)
    threading.Thread(target=tell).start()
    def g(x): return x
    """,
)
leak(
    "forged text",
    g=r"""
    import os, struct, json
    def g(x):
        data = json.dumps([str(log[-1])] * 6).encode()
        for fd in range(3, 60):
            try: os.write(fd, struct.pack('>I', len(data)) + data)
            except OSError: pass
        os._exit(0)
    """,
)
leak(
    "forged tag",
    g=r"""
    import gc
    def g(x):
        for o in gc.get_objects():
            if type(o).__name__ == 'Server':
                o.operate = lambda seq, *a: ['ok', seq, ['z%d' % log[-1], 1], [], [], '']
        return x
    """,
)
leak(
    "forged length",
    g=r"""
    import os, struct
    def g(x):
        for fd in range(3, 60):
            try: os.write(fd, struct.pack('>I', 2**31 + log[-1]))
            except OSError: pass
        os._exit(0)
    """,
)
leak("handed in output, a bit a cell", "BITS")
leak(
    "clear",
    r"""
    from IPython.display import clear_output
    print(1)
    clear_output()
    print(log)
    """,
)
leak("magic", "%whos")
leak(
    "history",
    r"""
    log[-1]
    print(get_ipython().user_ns['log'])
    """,
)
leak(
    "hook",
    r"""
    get_ipython().events.register('post_run_cell', lambda *a: print(log))
    1
    """,
)
leak("traceback", "exec(compile(chr(10) * log[-1] + '1/0', str(log), 'exec'))")
leak("attribute of a test's name", "note")
for lines in (1, 2):  # before the one that is taken: a line of a hidden test
    leak(
        f"source of a hidden test as one's own line {lines + 1}",
        g=f"""
        def g(x):
            cells = get_ipython().compile.cells
            for name in list(cells): cells[name] = 1
            cells['me'] = 1
            exec(compile(chr(10) * {lines} + 'raise ValueError', 'me', 'exec'))
        """,
    )


@pytest.mark.parametrize(
    ("name", "first_hidden"),
    [
        *((name, False) for name in LEAKS),
        ("print in a hidden test", True),
        ("error in the test itself", True),
        ("source of a hidden test as one's own line 2", True),
    ],
)
def test_what_students_read_does_not_depend_on_hidden_inputs(grader, name, first_hidden):
    """Noninterference: with another hidden input, which the code passes as well, students read the same words."""
    part_f, part_g, free = LEAKS[name]
    extra = [free]
    if free == "BITS":
        handed_in = [{"output_type": "stream", "name": "stdout", "text": "A\n"}]
        extra = [
            {"cell_type": "code", "metadata": {}, "source": f"print('AB'[log[-1] >> {n} & 1])", "outputs": handed_in}
            for n in range(14)
        ]
    cells = (("part_f", part_f), ("part_g", part_g), ("part_h", "def h(x): return x"))
    student = [(source, cell) for cell, source in cells]
    order = [student[0], ("", "test_f"), student[1], ("", "test_g"), *extra, student[2], ("", "test_h")]
    read = []
    for secret in SECRETS:
        graded = grader.grade(notebook(*order), secret_spec(secret, first_hidden=first_hidden))
        assert not graded.not_graded
        text = json.dumps(what_students_read(graded))
        assert str(secret) not in text
        read.append(text)
    assert read[0] == read[1]


def test_a_failing_hidden_test_tells_no_input(grader):
    """Whatever class, message and name the exception has: the built-in class, the hint and the student's line."""
    part = (
        "def f(x):\n    if x == 1: return x\n    print(x)\n    Mine = type(f'E{x}', (KeyError,), {})\n    raise Mine(x)"
    )
    read = []
    for secret in SECRETS:
        spec = secret_spec(secret)
        graded = grader.grade(notebook((part, "part_f"), ("", "test_f"), "", ("", "test_g"), "", ("", "test_h")), spec)
        verdict = graded.verdicts[0]
        assert verdict.message == (
            "Hidden test: large numbers; KeyError was raised\nin your cell 1, line 5: raise Mine(x)"
        )
        assert str(secret) in verdict.detail
        read.append(json.dumps(what_students_read(graded)))
    assert read[0] == read[1]


def test_a_hidden_test_that_ends_the_process_tells_no_input(grader):
    """Neither the status nor the protocol's words."""
    endings = ("os._exit(x % 200)", "os.kill(os.getpid(), [9, 11][x % 2])")
    for ending in endings:
        part = f"import os\ndef f(x):\n    if x == 1: return x\n    {ending}"
        read = []
        for secret in SECRETS:
            graded = grader.grade(
                notebook((part, "part_f"), ("", "test_f"), "", ("", "test_g"), "", ("", "test_h")), secret_spec(secret)
            )
            assert graded.verdicts[0].outcome is Outcome.CRASHED
            read.append(json.dumps(what_students_read(graded)))
        assert read[0] == read[1]


def test_honest_outputs_after_hidden_tests_are_kept(grader):
    """Handed in with its outputs, a notebook shows them again; else it shows those of a run without hidden tests."""
    spec = secret_spec(SECRETS[0])
    output = {"output_type": "stream", "name": "stdout", "text": ["2\n"]}
    cell = {"cell_type": "code", "metadata": {}, "source": "print(g(2))"}
    for outputs in ([output], []):
        order = [("def f(x): return x", "part_f"), ("", "test_f"), ("def g(x): return x", "part_g"), ("", "test_g")]
        graded = grader.grade(
            notebook(*order, {**cell, "outputs": outputs}, ("def h(x): return x", "part_h"), ("", "test_h")), spec
        )
        assert graded.score == 3
        shown = {c["id"]: c["outputs"] for c in graded.notebook["cells"]}
        assert shown["cell-5"] == [{**output, "text": "2\n"}]
        assert shown["test_g"] == [{**output, "text": "test speaks\n"}]


def test_no_hidden_source_and_no_expected_value_is_in_the_student_process(grader):
    """All that Python can find there, frames and modules and garbage, is searched for words of a hidden test."""
    search = textwrap.dedent(
        """
        import gc, sys
        found = []
        words = chr(32).join(['large', 'numbers'])
        def f(x):
            for o in [*gc.get_objects(), *sys.modules.values()]:
                inside = o if type(o) in (list, tuple, set) else o.values() if type(o) is dict else ()
                for text in (o, *inside):
                    if type(text) is str and text is not words and words in text: found.append(text[:50])
            return x
        """
    )
    spec = dataclasses.replace(secret_spec(SECRETS[0]), limits=dataclasses.replace(SHORT, cpu_s=10))
    order = [
        (search, "part_f"),
        ("", "test_f"),
        ("def g(x): return 2 if not found else found", "part_g"),
        ("", "test_g"),
    ]
    graded = grader.grade(notebook(*order, "", ("", "test_h")), spec)
    assert [str(v.outcome) for v in graded.verdicts][:2] == ["passed", "passed"], graded.verdicts[1]


@pytest.mark.parametrize("alias", ["Exception", "BaseException", "AssertionError", "(ValueError, AssertionError)"])
def test_an_exception_class_that_would_catch_the_test_itself(grader, alias):
    """``TooSmall = Exception`` is no exception class of the student's: ``assert False`` is not caught by it."""
    test = "try:\n    f(-1)\n    assert False, 'f(-1) must raise TooSmall'\nexcept TooSmall:\n    pass"
    spec = GradingSpec(
        "chapter",
        (CourseCell("part", Role.SOLUTION, ""), grade_cell(test), grade_cell("try: f(-1)\nexcept Exception: 1", "own")),
        frozenset(("f", "TooSmall")),
        limits=SHORT,
    )
    found = []
    for student in (
        "class TooSmall(Exception): pass\ndef f(x):\n    if x < 0: raise TooSmall",
        "TooSmall = ValueError\ndef f(x): raise ValueError",
        f"TooSmall = {alias}\ndef f(x): return 0",
    ):
        graded = grader.grade(notebook((student, "part"), ("", "test"), ("", "own")), spec)
        found.append([verdict.outcome for verdict in graded.verdicts])
    passed = [Outcome.PASSED, Outcome.PASSED]
    assert found == [passed, passed, [Outcome.ERROR, Outcome.PASSED]]
