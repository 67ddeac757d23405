"""The visible tests of 02_single_neuron.

Run them in this folder with `pytest`, or with `python test_02_single_neuron.py`.

They try your notebook, 02_single_neuron.ipynb, or your script, 02_single_neuron.py: the
one with more finished exercises, and of two alike the one that you saved last. The first line they print says which.
To choose yourself: `CHAPTER_FILE=02_single_neuron.py pytest`.

Your exercises are run without the other cells. There is nothing to do in this file, and it is not handed in.
"""

import ast
import json
import linecache
import os
import random
import re
import sys
import types
from pathlib import Path

import pytest

CHAPTER = "02_single_neuron"
CELLS = {
    "setup": "setup",
    "sigmoid": "solution",
    "test_sigmoid": "test",
    "test_sigmoid_extremes": "test",
    "sigmoid_derivative": "solution",
    "test_sigmoid_derivative": "test",
    "relu": "solution",
    "test_relu": "test",
    "relu_derivative": "solution",
    "test_relu_derivative": "test",
    "test_relu_derivative_at_zero": "test",
    "Neuron": "solution",
    "test_Neuron_weighted_sum": "test",
    "test_Neuron_activation": "test",
    "test_Neuron_memory": "test",
    "test_Neuron_second_pass": "test",
    "test_Neuron_separate": "test",
}
NEEDS = {
    "test_sigmoid": ("sigmoid", "close", "math"),
    "test_sigmoid_extremes": ("close", "sigmoid"),
    "test_sigmoid_derivative": ("close", "sigmoid_derivative"),
    "test_relu": ("relu",),
    "test_relu_derivative": ("relu_derivative",),
    "test_relu_derivative_at_zero": ("relu_derivative",),
    "test_Neuron_weighted_sum": ("Neuron", "close"),
    "test_Neuron_activation": ("Neuron", "close"),
    "test_Neuron_memory": ("Neuron", "close"),
    "test_Neuron_second_pass": ("Neuron", "close"),
    "test_Neuron_separate": ("Neuron", "close"),
}

NOT_RUN = ("test", "manual")
FOLDER = Path(__file__).resolve().parent


def load_cells(path):
    """Read the code cells of a notebook or a .py file: (name or None, source)."""
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".ipynb":
        cells = []
        for cell in json.loads(text)["cells"]:
            if cell["cell_type"] == "code":
                name = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id") or cell.get("id")
                cells.append((name, "".join(cell["source"])))
        return cells
    cells, header, lines = [], "", []
    for line in [*text.splitlines(), "# %%"]:
        if re.match(r"\s*#\s*%%(\s|$)", line):
            words = line.split("%%")[1].split()
            if not header.startswith(("[markdown]", "[md]", "[raw]")):
                cells.append((header.partition(" ")[0] or None, "\n".join(lines)))
            header, lines = " ".join(words), []
        else:
            lines.append(line)
    return cells


def without_magics(source):
    """Leave out lines that only a notebook understands (%time, !ls)."""
    return re.sub(r"(?m)^(\s*)[%!?].*$", r"\1pass", source)


def only_definitions(source):
    """Keep the imports, functions, classes and constants of a cell of your own; the rest is not needed here."""
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign)
    tree = ast.parse(source)
    tree.body = [
        node
        for node in tree.body
        if isinstance(node, kinds)
        and not (isinstance(node, ast.Assign) and any(isinstance(part, ast.Call) for part in ast.walk(node)))
    ]
    return tree


class Work:
    """Your exercises in one file: the names they define, and what went wrong."""

    def __init__(self, path):
        self.path = path
        self.module = types.ModuleType(CHAPTER)
        self.troubles = []
        self.cells = []
        try:
            self.cells = load_cells(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
            self.troubles.append(f"{path.name} cannot be read ({type(problem).__name__}: {problem}).")
        sources = [source for name, source in self.cells if CELLS.get(name) not in NOT_RUN]
        stubs = re.findall(r'raise NotImplementedError\("([^"\n]*): your code here"\)', "\n".join(sources))
        found = {name for name, _ in self.cells}
        missing = [name for name, role in CELLS.items() if role == "solution" and name not in found]
        self.unfinished = list(dict.fromkeys([*stubs, *missing]))

    def run(self):
        """Run the exercises and what they need, cell by cell; a cell that fails does not stop the others."""
        names = vars(self.module)
        names["__file__"] = str(self.path)
        sys.modules[CHAPTER] = self.module  # dataclasses look here
        sys.modules.pop("chapters", None)  # that of another chapter's folder
        sys.path.insert(0, str(FOLDER))
        try:
            for number, (name, source) in enumerate(self.cells, start=1):
                role = CELLS.get(name)
                if role not in NOT_RUN:
                    self._run_cell(f'cell "{name}"' if role else f"cell {number}", without_magics(source), role)
        finally:
            sys.path.remove(str(FOLDER))
        return names

    def _run_cell(self, label, source, role):
        place = f"<{self.path.name}, {label}>"
        linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
        try:
            code = compile(source if role else only_definitions(source), place, "exec")
            exec(code, vars(self.module))
        except Exception as problem:  # shown with every test that needs the cell
            if role:
                self.troubles.append(f"{self.path.name}: {label} stops with {type(problem).__name__}: {problem}")


def choose():
    """Take the notebook or the .py file: the one with more finished exercises, then the one that was saved last."""
    wanted = os.environ.get("CHAPTER_FILE")
    if wanted:
        return Work(FOLDER / wanted), f"Testing {wanted}, as CHAPTER_FILE says"
    works = [Work(path) for path in (FOLDER / f"{CHAPTER}.ipynb", FOLDER / f"{CHAPTER}.py") if path.is_file()]
    if not works:
        pytest.fail(f"Neither {CHAPTER}.ipynb nor {CHAPTER}.py is in {FOLDER}.", pytrace=False)
    work = min(works, key=lambda work: (not work.cells, len(work.unfinished), -work.path.stat().st_mtime))
    count = len(work.unfinished)
    state = "every exercise is begun" if not count else f"to be done: {', '.join(work.unfinished)}"
    others = [f"{other.path.name} has {len(other.unfinished)} to be done" for other in works if other is not work]
    return work, f"Testing {work.path.name} ({'; '.join([state, *others])})"


@pytest.fixture(scope="module", autouse=True)
def _work(request):
    work, message = choose()
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\n{message}")
    names = work.run()
    for name in {name for needed in NEEDS.values() for name in needed} & set(names):
        globals()[name] = names[name]
    return work


@pytest.fixture(autouse=True)
def _ready(request, _work):
    random.seed(0)
    missing = [name for name in NEEDS.get(request.function.__name__, ()) if name not in globals()]
    if missing:
        lines = [f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not defined.", *_work.troubles]
        pytest.fail("\n".join(lines), pytrace=False)


# -- the tests ---

def test_sigmoid():
    """sigmoid squeezes numbers into the range from 0 to 1, and is one half at zero."""
    assert sigmoid(0) == 0.5, "at z = 0 the sigmoid is exactly 0.5"
    assert close(sigmoid(math.log(3)), 0.75), "sigmoid(ln 3) = 1 / (1 + 1/3) = 0.75"
    assert close(sigmoid(-math.log(3)), 0.25), "sigmoid(-ln 3) = 1 / (1 + 3) = 0.25"


def test_sigmoid_extremes():
    """sigmoid does not overflow, and it goes all the way to 0 and to 1."""
    assert close(sigmoid(1000), 1.0), "far to the right the sigmoid is 1"
    assert close(sigmoid(-1000), 0.0), "far to the left the sigmoid is 0, and math.exp must not overflow"


def test_sigmoid_derivative():
    """sigmoid_derivative takes the sigmoid's output a and returns a * (1 - a)."""
    assert close(sigmoid_derivative(0.5), 0.25), "in the middle the slope is 0.5 * 0.5 = 0.25"
    assert close(sigmoid_derivative(0.9), 0.09), "0.9 * 0.1 = 0.09; the argument is the output a, not z"


def test_relu():
    """relu lets positive numbers through and turns all others into zero."""
    assert relu(3) == 3, "positive numbers stay as they are"
    assert relu(-2) == 0, "negative numbers become 0"
    assert relu(0) == 0, "zero stays zero"


def test_relu_derivative():
    """relu_derivative is 1 for positive numbers and 0 for negative ones."""
    assert relu_derivative(5) == 1, "where relu lets numbers through, its slope is 1"
    assert relu_derivative(-5) == 0, "where relu stops numbers, its slope is 0"


def test_relu_derivative_at_zero():
    """relu_derivative is 0 in the corner, and 1 just to the right of it."""
    assert relu_derivative(0) == 0, "at z = 0 we choose the slope 0"
    assert relu_derivative(1e-6) == 1, "any positive number, however small, has slope 1"


def test_Neuron_weighted_sum():
    """Neuron.forward returns the weighted sum of the inputs plus the bias (while it is positive, relu changes nothing)."""
    assert close(Neuron([1, 2], -1).forward([3, 0.5]), 3), "1*3 + 2*0.5 - 1 = 3, and relu(3) = 3"
    assert close(Neuron([0.5, -1.0, 2.0], 0.25).forward([2.0, 1.0, 3.0]), 6.25), "0.5*2 - 1*1 + 2*3 + 0.25 = 6.25"


def test_Neuron_activation():
    """Neuron applies the activation that it was made with: relu unless told otherwise."""
    assert Neuron([1], 0).forward([-3]) == 0, "z = -3, and relu(-3) = 0: relu is the activation if none is named"
    assert Neuron([2], 0, "sigmoid").forward([0]) == 0.5, "z = 0, and sigmoid(0) = 0.5"
    assert close(Neuron([2], 0, activation="relu").forward([2]), 4), "z = 4, and relu(4) = 4"


def test_Neuron_memory():
    """Neuron.forward stores what it saw and computed in inputs, z and a."""
    neuron = Neuron([2, -1], 0)
    answer = neuron.forward([1, 4])
    assert neuron.inputs == [1, 4], "neuron.inputs holds the inputs of the last call"
    assert close(neuron.z, -2), "neuron.z holds the weighted sum before the activation: 2*1 - 1*4 = -2"
    assert close(neuron.a, answer), "neuron.a holds the answer that forward returned"


def test_Neuron_second_pass():
    """Neuron.forward starts afresh in every call and remembers the last one."""
    neuron = Neuron([1, 1], 0)
    first = neuron.forward([1, 2])
    second = neuron.forward([10, 20])
    assert close(first, 3) and close(second, 30), "1 + 2 = 3, then 10 + 20 = 30: nothing is left over from the first call"
    assert neuron.inputs == [10, 20], "the second call replaces what the first one stored"


def test_Neuron_separate():
    """Neurons share nothing: what one remembers does not change when another is asked."""
    one, other = Neuron([1], 0), Neuron([5], 0)
    one.forward([2])
    other.forward([3])
    assert one.inputs == [2] and close(one.z, 2), "asking the second neuron must not change what the first one remembers"


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
