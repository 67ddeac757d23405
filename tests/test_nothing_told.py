"""What a student may read afterwards does not depend on what hidden tests have passed to their code.

Each case is graded twice, with other numbers in the hidden tests; all that is shown must be the same. More of them, with
everything that a command writes, are in ``zoo/leaking``.
"""

import dataclasses

import pytest
from judging import SHORT, grade_cell, notebook, spec_for

from grader.execution.grade import Grader

SECRETS = (98765, 5554)
HIDDEN = "assert f(1) == 1\n### BEGIN HIDDEN TESTS\nassert f({secret}) == {secret}\n### END HIDDEN TESTS"
SEES = "seen = []\ndef f(x):\n    seen.append(x)\n    return x\n"
TELLS = "seen = []\ndef f(x):\n    if x == 2:\n        print('seen', seen)\n        return ('saw', seen)\n    seen.append(x)\n    return x\n"


def error(name, message, *lines):
    """An output that a student has handed in."""
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": list(lines)}


def cell(source, *outputs):
    """A cell of the student's own, with outputs."""
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": list(outputs)}


CRASHED = "this cell ended its process"
CASES = {
    "printed in a later test": ([TELLS], [HIDDEN, "f(2)"], []),
    "an empty cell": (
        [
            SEES
            + "shell = type(get_ipython())\nusual = shell.run_cell\n"
            + "def run_cell(self, source, *args, **more):\n    result = usual(self, source, *args, **more)\n"
            + "    if not source.strip():\n        print(seen)\n    return result\nshell.run_cell = run_cell"
        ],
        [HIDDEN],
        [" ", "\n\n"],
    ),
    "a loop around hidden lines": (
        [TELLS],
        [
            "for n in (1, 2):\n    assert f(n) == n\n    ### BEGIN HIDDEN TESTS\n"
            "    assert f(n + {secret}) == n + {secret}\n    ### END HIDDEN TESTS"
        ],
        [],
    ),
    "the end of a block around hidden lines": (
        [
            SEES
            + "class Block:\n    def __enter__(self):\n        return self\n"
            + "    def __exit__(self, *_):\n        print(seen)\n        raise ValueError(seen)"
        ],
        ["with Block():\n    f(1)\n    ### BEGIN HIDDEN TESTS\n    f({secret})\n    ### END HIDDEN TESTS"],
        [],
    ),
    "hidden lines inside of a statement": (
        [TELLS],
        [
            "numbers = [\n    1,\n    ### BEGIN HIDDEN TESTS\n    {secret},\n    ### END HIDDEN TESTS\n    2,\n]\n"
            "assert all(f(number) == number for number in numbers)"
        ],
        [],
    ),
    "a thread of a hidden test in a visible function": (
        ["def f(x):\n    print('seen', x)\n    return x"],
        [
            "import threading\nfound = []\ndef run(x):\n    found.append(f(x))\nrun(1)\n### BEGIN HIDDEN TESTS\n"
            "thread = threading.Thread(target=run, args=({secret},))\nthread.start()\nthread.join()\n"
            "assert found == [1, {secret}]\n### END HIDDEN TESTS"
        ],
        [],
    ),
    "a list that is looked at while a name is looked up": (
        [
            "import os, threading, time\ntime.sleep(0.2)",
            "def f(a):\n    def watch():\n        while len(a) < 3:\n            pass\n        os._exit(a[-1] % 251)\n"
            "    threading.Thread(target=watch, daemon=True).start()\n    return 2\ng = len\nh = 1",
        ],
        [
            "a = [3, 1]\nassert f(a) == 2\n### BEGIN HIDDEN TESTS\na.append({secret})\ng\n"
            "total = sum(range(5000000))\nh\nassert g(a) == 3\n### END HIDDEN TESTS"
        ],
        [],
    ),
    "how a traceback is cut": (
        [
            SEES
            + "class E(Exception):\n    def _render_traceback_(self):\n        lines = ['']\n"
            + "        for i, letter in enumerate('abcdefghijklmnop'):\n            lines[-1] += letter\n"
            + "            if max(seen) >> i & 1:\n                lines.append('')\n        return lines"
        ],
        [HIDDEN],
        [cell("raise E('x')", error("E", "x", "abcdefghijklmnop"))],
    ),
    "which cells end the process": (
        [
            SEES
            + f"import os\nlook = lambda self: ['Crashed: {CRASHED}']\n"
            + "Crashed = type('Crashed', (Exception,), {'_render_traceback_': look})\n"
            + f"def tell(i):\n    if max(seen) >> i & 1:\n        os._exit(1)\n    raise Crashed('{CRASHED}')"
        ],
        [HIDDEN],
        [cell(f"tell({i})", error("Crashed", CRASHED, f"Crashed: {CRASHED}")) for i in range(6)],
    ),
    "whether it sleeps or works": (
        [
            "import time\nseen = []\ndef f(x):\n    if x == 2:\n        while seen[-1] % 2 or time.sleep(9):\n            pass\n"
            "    seen.append(x)\n    return x"
        ],
        [HIDDEN, "f(2)"],
        [],
    ),
}


def shown(grader, before, tests, after, secret):
    """All that a student may read, for one number in the hidden tests."""
    cells = [grade_cell(test.replace("{secret}", str(secret)), f"test{n}") for n, test in enumerate(tests)]
    spec = dataclasses.replace(spec_for(before, cells, SHORT), solution_names=frozenset(("f", "g", "h", "Block")))
    graded = grader.grade(notebook(*before, *((cell.source, cell.name) for cell in cells), *after), spec)
    outputs = [(cell["id"], cell.get("execution_count"), cell.get("outputs")) for cell in graded.notebook["cells"]]
    return outputs, [(v.grade_id, v.outcome, v.message) for v in graded.verdicts], graded.not_graded


@pytest.fixture(scope="module")
def grader():
    """A grader with a warm template."""
    with Grader() as made:
        yield made


@pytest.mark.parametrize("name", CASES)
def test_nothing_that_is_shown_depends_on_hidden_tests(grader, name):
    """Outputs, counters, messages and outcomes."""
    first, second = (shown(grader, *CASES[name], secret) for secret in SECRETS)
    assert first == second
