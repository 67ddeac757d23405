"""First passes: another interpreter may say full marks, and nothing else that it says counts."""

import ast
import dataclasses
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from judging import grade_cell, notebook, spec_for
from small_course import CONFIG, SOLVED, answered, hand_in, make_course

from grader.cli.main import main
from grader.course.config import load_config
from grader.course.model import ACCEPTED, GradingSpec, Interpreter, Limits
from grader.errors import ConfigError, SandboxError
from grader.execution import sandbox
from grader.execution.first_pass import OLDEST, find_interpreter, first_pass_spec, unfit
from grader.execution.grade import Grader
from grader.execution.probes import run_probes
from grader.execution.sandbox import Template
from grader.execution.session import Session, closing
from grader.gradebook.store import open_gradebook

PYPY = shutil.which("pypy3")
needs_pypy = pytest.mark.skipif(
    PYPY is None and os.environ.get("GRADER_TEST_PYPY") != "required", reason="there is no pypy3 on this machine"
)
INTERPRETERS = [pytest.param(sys.executable, id="cpython"), pytest.param("pypy3", id="pypy", marks=needs_pypy)]
"""Our own interpreter with the plain shell shows the rules everywhere; PyPy is what it is for."""

TEST = grade_cell("assert twice(4) == 8\n### BEGIN HIDDEN TESTS\nassert twice(-2.5) == -5.0\n### END HIDDEN TESTS")
RIGHT = "def twice(a):\n    return 2 * a"


@pytest.fixture(scope="module", params=INTERPRETERS)
def interpreter(request):
    """Another interpreter."""
    return find_interpreter(request.param, "test")


@pytest.fixture(scope="module")
def grader():
    """A grader that keeps its templates."""
    with Grader() as made:
        yield made


def graded(grader, interpreter, *cells, tests=(TEST,), **more):
    """Cells and tests, graded with a first pass."""
    spec = dataclasses.replace(spec_for(cells, tests, **more), first_pass=interpreter)
    named = [(cell, f"part{number}") for number, cell in enumerate(cells)]
    return grader.grade(notebook(*named, *[(test.source, test.name) for test in tests]), spec)


def outputs(submission):
    """What the cells show."""
    return [cell["outputs"] for cell in submission.notebook["cells"] if cell["cell_type"] == "code"]


def test_full_marks_are_accepted(grader, interpreter):
    """CPython is not asked; the history knows who was."""
    result = graded(grader, interpreter, f"{RIGHT}\nprint('one', 1.5)\n[twice(2), 'x', None]")
    assert (result.first_pass, result.score, result.interpreter) == (ACCEPTED, 1, interpreter.version)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("def twice(a):\n    return 3 * a", "test: failed"),
        ("def twice(a):\n    return a.nothing", "test: error"),
        (f"{RIGHT}\n1 / 0", "ZeroDivisionError"),
        (f"{RIGHT}\n[1] * 100", "NotPlain"),
        (f"{RIGHT}\n{{'a': 1}}", "NotPlain"),
        (f"%pwd\n{RIGHT}", "not plain Python"),
        (f"{RIGHT}\nimport os", "import os"),
        (f"{RIGHT}\nfor _ in iter(int, 1):\n    pass", "stopped"),
    ],
)
def test_everything_else_is_graded_by_cpython(grader, interpreter, cell, reason):
    """As if nothing had been: verdicts and outputs are those of a grading without a first pass."""
    limits = Limits(cpu_s=1)
    result = graded(grader, interpreter, cell, limits=limits)
    assert reason in result.first_pass
    assert result.interpreter.startswith("CPython")
    alone = graded(grader, None, cell, limits=limits)
    assert alone.first_pass == ""
    strip = lambda verdict: dataclasses.replace(verdict, seconds=0)  # noqa: E731
    assert list(map(strip, result.verdicts)) == list(map(strip, alone.verdicts))
    assert outputs(result) == outputs(alone)


def test_what_it_shows_is_what_ipython_shows(grader, interpreter):
    """Streams, values, and the count of cells."""
    cells = (RIGHT, "print(twice(1.25), end='')\ntwice('ab')", "twice(0.1) + 0.2", "(twice(1),)", "", "True")
    ours = graded(grader, interpreter, *cells)
    assert ours.first_pass == ACCEPTED
    alone = graded(grader, None, *cells)
    assert outputs(ours) == outputs(alone)
    counts = [
        [cell.get("execution_count") for cell in result.notebook["cells"] if "outputs" in cell]
        for result in (ours, alone)
    ]
    assert counts[0] == counts[1]


def test_nothing_shown_depends_on_hidden_tests(grader, interpreter):
    """What was printed after a hidden test comes from a run without it."""
    cells = ("seen = []\ndef twice(a):\n    seen.append(a)\n    return 2 * a",)
    spec = dataclasses.replace(spec_for(cells, [TEST]), first_pass=interpreter)
    book = notebook((cells[0], "part0"), (TEST.source, "test"), "print(seen)")
    result = grader.grade(book, spec)
    assert result.first_pass == ACCEPTED
    assert "-2.5" not in json.dumps(result.notebook["cells"][-1])
    alone = grader.grade(book, dataclasses.replace(spec, first_pass=None))
    assert outputs(result) == outputs(alone)


@pytest.mark.parametrize(
    "cell",
    [
        "x = {1, 2}",
        "x = list(set([3, 1]))",
        "x = 5 is y",
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept:\n    pass",
        "def f(n):\n    return f(n - 1)",
        "def f(n):\n    return g(n)\ndef g(n):\n    return f(n)",
        "class A:\n    def f(self):\n        return self.f()",
        "import sys",
        "from math import dist",
        "import math\nmath.hypot(3, 4)",
        "x = id(3)",
        "_",
        "_3 + 1",
        "Out[1]",
        "get_ipython()",
        "f(1);",
        "await f()",
        "match x:\n    case 1:\n        pass",
        "!ls",
        "x = (",
        "f.__globals__",
        "x = getattr(f, 'y', 0)",
    ],
)
def test_what_may_mean_something_else(cell):
    """Such a notebook has no first pass at all."""
    assert unfit([cell])


def test_lessons_are_fit():
    """The Python of the course: its own solutions of chapters 6 and 7, and the reference that they stand on."""
    from grader.authoring.release import grading_spec
    from grader.execution.first_pass import unfit_course

    config = load_config(Path(__file__).parent.parent)
    for chapter in ("06_training_loop", "07_final_project"):
        spec = grading_spec(config, chapter)
        assert unfit_course(spec) == ""
        assert unfit([source for _, source in spec.solutions]) == ""
    assert unfit(["for _ in range(3):\n    x = _\nx is None"]) == ""


def test_slower_than_cpython_would_be_is_not_accepted(grader, interpreter):
    """A cell's limit is a thirtieth: what CPython would have stopped does not pass because PyPy is faster."""
    short = first_pass_spec(spec_for([], [], Limits(cpu_s=120, submission_cpu_s=300)))
    assert (short.limits.cpu_s, short.limits.submission_cpu_s) == (4, 16)
    busy = f"import time\n{RIGHT}\nend = time.process_time() + 2\nwhile time.process_time() < end:\n    pass"
    result = graded(grader, interpreter, busy, limits=Limits(cpu_s=15))
    assert result.first_pass != ACCEPTED
    assert result.score == 1


@needs_pypy
def test_a_reference_that_does_not_run_there_is_no_harm(grader):
    """The chapter has no first pass, and says why."""
    newer = "from dataclasses import dataclass\n@dataclass(slots=True)\nclass Pair:\n    left: int = 0"  # Python 3.10
    reference = (("one", newer),)
    result = graded(grader, find_interpreter("pypy3", "test"), RIGHT, reference=reference)
    assert result.score == 1
    assert "the reference of the earlier chapters does not run: TypeError" in result.first_pass


@needs_pypy
@pytest.mark.parametrize("isolation", ["auto"])
def test_pypy_is_shut_in_as_cpython_is(isolation):
    """Every probe of ``grader doctor``, from inside PyPy."""
    broken = [finding for finding in run_probes(isolation, find_interpreter("pypy3", "test")) if not finding.holds]
    # The memory of one is reached before that of all together: PyPy's own needs some.
    assert [finding for finding in broken if not finding.detail.startswith("MemoryError")] == []


NUMBERS = """
import math
import random

dice = random.Random(7)
random.seed(3)
found = [random.random(), random.gauss(0, 1), random.uniform(-1, 1), random.randint(1, 9), random.choice("abc")]
order = list(range(20))
random.shuffle(order)
found += order + random.choices(order, k=5) + [dice.gauss(0, 0.1), dice.normalvariate(0, 1), dice.expovariate(2)]
for _ in range(300):
    x = dice.uniform(-30, 30)
    found += [math.exp(x), math.tanh(x / 9), math.log(abs(x)), math.sqrt(abs(x)), math.sin(x), math.cos(x)]
    found += [abs(x) ** 1.7, round(x, 3), math.log10(abs(x)), 1 / (1 + math.exp(-x)), x * 1e300 * 1e300]
    found += [sum([x, 0.1, 1e9, -1e9]), math.fsum([x, 0.1, 1e9, -1e9, 1e-9])]
found = [repr(value) for value in found] + [f"{value:.17g}" for value in found[-99:]]
"""


@needs_pypy
def test_pypy_computes_the_same_numbers():
    """``random`` and floats to the last digit, written as digits too; seeded as our own student processes are."""
    ours = {}
    exec(NUMBERS, ours)
    expected = ours["found"]
    if sys.version_info >= (3, 12):
        pytest.skip("sum() of floats is another one from Python 3.12 on")
    with (
        Template([], interpreter=find_interpreter("pypy3", "test")) as template,
        closing(Session(template.spawn(Limits(), seed=0, allowed_modules=None))) as session,
    ):
        session.begin_cell(10, 40)
        session.run_cell(0, NUMBERS, [])
        assert list(session.lookup("user", "found")) == expected


@needs_pypy
def test_pypy_trains_the_reference_to_the_same_losses():
    """Twelve epochs of the course's own network, to the last digit."""
    from grader.authoring.release import grading_spec

    spec = grading_spec(load_config(Path(__file__).parent.parent), "07_final_project")
    cell = (
        "from chapters import BackpropNetwork, Trainer\n"
        "pairs = [([1.0 if i == k else 0.0 for i in range(6)],) * 2 for k in range(6)]\n"
        "trainer = Trainer(BackpropNetwork([6, 8, 6]))\ntrainer.train(pairs, 12)\n"
        "losses = [repr(loss) for loss in trainer.loss_history]"
    )
    seen = []
    for interpreter in (None, find_interpreter("pypy3", "test")):
        with (
            Template(spec.reference, interpreter=interpreter) as template,
            closing(Session(template.spawn(Limits(), seed=0, allowed_modules=None))) as session,
        ):
            session.begin_cell(10, 40)
            session.run_cell(0, cell, [])
            seen.append(list(session.lookup("user", "losses")))
    assert len(seen[0]) == 12 * 6
    assert seen[0] == seen[1]


def test_what_is_sent_there_is_written_for_the_oldest_python():
    """No ``match``, no parenthesised ``with``: also where there is no PyPy to see it."""
    for name in ("template", *sandbox._WALLS, *sandbox._PLAIN_MODULES):
        text = Path(sandbox.__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
        ast.parse(text, feature_version=OLDEST)


# -- which interpreter, which chapters --


def script(path, text):
    """An executable file."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_interpreters_that_cannot_be_used(tmp_path):
    """Missing, no Python, too old, without what a sandbox takes: each is told by name."""
    old = script(tmp_path / "old", """echo '["pypy", "7.3.0", [3, 6, 9]]'""")
    lame = script(tmp_path / "lame", """echo '["pypy", "7.3.0", [3, 9, 9]]'; echo no ctypes >&2; exit 1""")
    other = script(tmp_path / "other", "echo hello")
    for command, words in (
        ("no-such-python", "there is no interpreter 'no-such-python'"),
        (str(tmp_path / "nowhere"), "there is no interpreter"),
        (old, "is Python 3.6.9"),
        (lame, "cannot be shut in: no ctypes"),
        (other, "no Python interpreter"),
    ):
        with pytest.raises(SandboxError, match=words) as caught:
            find_interpreter(command, "--first-pass")
        assert caught.value.place == "--first-pass"
        assert "apt-get install pypy3" in caught.value.hint


def test_an_interpreter_that_does_not_start_in_the_sandbox_stops_the_run(tmp_path):
    """It said that it could; then nothing is graded, and the message names it."""
    liar = script(tmp_path / "liar", """echo '["pypy", "7.3.0", [3, 9, 9]]'""")
    with Grader() as own, pytest.raises(SandboxError, match=r"the first pass cannot use .*liar"):
        graded(own, Interpreter(liar, "PyPy 7.3.0"), RIGHT)


def test_a_chapter_takes_part_by_its_time_limit_or_by_its_word(course, write_course):
    """Long chapters do; ``first_pass`` says otherwise."""
    config = load_config(
        write_course(
            {"01_short.py": "", "02_long.py": "", "03_told.py": "", "04_not.py": ""},
            "c.Course.time_limit_s = 10\nc.Course.first_pass = 'pypy3'\n"
            "c.Course.chapters = {'02_long': {'time_limit_s': 60}, '03_told': {'first_pass': True},"
            " '04_not': {'time_limit_s': 60, 'first_pass': False}}\n",
        ).root
    )
    assert config.first_pass == "pypy3"
    taking = [name for name in config.layout.assignment_ids() if config.takes_first_pass(name)]
    assert taking == ["02_long", "03_told"]


def test_words_that_are_no_answer(write_course):
    """``first_pass`` of a chapter is yes or no."""
    with pytest.raises(ConfigError, match="must be True or False"):
        write_course({"01_add.py": ""}, "c.Course.chapters = {'01_add': {'first_pass': 'pypy3'}}\n")


def test_specs_carry_it_and_content_keys_know_it():
    """A spec comes back from plain data as it was, and another interpreter is another grading."""
    from grader.gradebook.handins import spec_hash
    from grader.gradebook.versions import grading_version

    plain = spec_for([RIGHT], [TEST])
    with_pass = dataclasses.replace(plain, first_pass=Interpreter("/usr/bin/pypy3", "PyPy 7.3.11"))
    assert GradingSpec.from_plain(json.loads(json.dumps(with_pass.to_plain()))) == with_pass
    assert spec_hash(plain, "auto") != spec_hash(with_pass, "auto")
    assert grading_version(plain) == grading_version(with_pass)  # the tests are the same


def test_autograde_by_command(tmp_path):
    """From the option to the history: full marks by the other interpreter, the rest by ours, equal scores."""
    config = make_course(
        tmp_path / "course", config=CONFIG + "\nc.Course.chapters = {'01_add': {'first_pass': True}}\n"
    )
    hand_in(config, "ada", notebook=answered(config, SOLVED))
    hand_in(config, "bob", notebook=answered(config, {"add": SOLVED["add"]}))

    def run(*options):
        done = CliRunner().invoke(main, ["--course", str(config.root), "autograde", "--json", *options])
        assert done.exit_code == 0, done.output
        return {each["student_id"]: each for each in json.loads(done.stdout)["results"]}

    alone = run()
    with_pass = run("--first-pass", sys.executable)
    assert {name: each["status"] for name, each in with_pass.items()} == {"ada": "graded", "bob": "graded"}
    for name, each in with_pass.items():
        assert each["score"] == alone[name]["score"]
    again = run("--first-pass", sys.executable)
    assert {each["status"] for each in again.values()} == {"unchanged"}
    with open_gradebook(load_config(config.root)) as store:
        assert "full marks in a first pass, CPython" in store.history("ada")[-1].why
        assert "first pass" not in store.history("bob")[-1].why


def test_a_missing_interpreter_by_command(tmp_path):
    """One line and a way out, and nothing is graded."""
    config = make_course(
        tmp_path / "course", config=CONFIG + "\nc.Course.chapters = {'01_add': {'first_pass': True}}\n"
    )
    hand_in(config, "ada", notebook=answered(config, SOLVED))
    done = subprocess.run(
        [sys.executable, "-m", "grader", "--course", str(config.root), "autograde", "--first-pass", "no-such-python"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "there is no interpreter 'no-such-python' for the first pass" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (config.root / "autograded").exists()
