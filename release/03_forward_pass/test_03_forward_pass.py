"""The visible tests of 03_forward_pass.

Run them in this folder with `pytest`, or with `python test_03_forward_pass.py`.

They try your notebook, 03_forward_pass.ipynb, or your script, 03_forward_pass.py: the
one with more finished exercises, and of two alike the one that you saved last. The first line they print says which.
To choose yourself: `CHAPTER_FILE=03_forward_pass.py pytest`.

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

CHAPTER = "03_forward_pass"
CELLS = {
    "setup": "setup",
    "Layer": "solution",
    "test_Layer_shape": "test",
    "test_Layer_biases": "test",
    "test_Layer_xavier": "test",
    "test_Layer_seed": "test",
    "test_Layer_forward": "test",
    "test_Layer_activation": "test",
    "test_Layer_memory": "test",
    "test_Layer_keeps_inputs": "test",
    "test_Layer_passes": "test",
    "Network": "solution",
    "test_Network_structure": "test",
    "test_Network_forward": "test",
    "test_Network_activations": "test",
    "test_Network_seed": "test",
    "test_Network_separate": "test",
}
NEEDS = {
    "test_Layer_shape": ("Layer",),
    "test_Layer_biases": ("Layer", "close"),
    "test_Layer_xavier": ("Layer", "math"),
    "test_Layer_seed": ("Layer", "close"),
    "test_Layer_forward": ("Layer", "put", "close"),
    "test_Layer_activation": ("Layer", "put", "close", "math"),
    "test_Layer_memory": ("Layer", "put", "close"),
    "test_Layer_keeps_inputs": ("Layer",),
    "test_Layer_passes": ("Layer", "put", "close"),
    "test_Network_structure": ("Network",),
    "test_Network_forward": ("Network", "put", "close"),
    "test_Network_activations": ("Network", "put", "close", "math"),
    "test_Network_seed": ("Network", "close"),
    "test_Network_separate": ("Network",),
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

def test_Layer_shape():
    """Layer.weights has one row for each output and one column for each input."""
    layer = Layer(3, 2, seed=1)
    assert len(layer.weights) == 2, "2 outputs: the matrix of weights has 2 rows"
    assert all(len(row) == 3 for row in layer.weights), "3 inputs: each row has 3 weights"


def test_Layer_biases():
    """Layer.biases starts with a zero for each output."""
    assert close(Layer(3, 2, seed=1).biases, [0, 0]), "2 outputs: 2 biases, both zero"


def test_Layer_xavier():
    """Layer.weights are spread evenly between -limit and limit, with limit = sqrt(6 / (input_size + output_size))."""
    flat = [weight for row in Layer(20, 30, seed=3).weights for weight in row]
    limit = math.sqrt(6 / (20 + 30))
    assert all(abs(weight) <= limit + 1e-9 for weight in flat), "no weight lies outside of -limit and limit"
    assert max(flat) > 0.9 * limit and min(flat) < -0.9 * limit, "the weights fill the range, up to both ends"


def test_Layer_seed():
    """Layer draws the same weights for the same seed, and other weights for another seed."""
    expected = [list(row) for row in Layer(4, 3, seed=7).weights]
    assert expected != [list(row) for row in Layer(4, 3, seed=8).weights], "another seed gives other weights"
    assert close(Layer(4, 3, seed=7).weights, expected), "the same seed gives the same weights, also after other layers"


def test_Layer_forward():
    """Layer.forward returns W x + b (while all of it is positive, relu changes nothing)."""
    layer = Layer(2, 3, seed=1)
    put(layer, [[1, 2], [3, 4], [0.5, 0]], [0, 1, 2])
    assert close(layer.forward([1, 1]), [3, 8, 2.5]), "1 + 2 + 0 = 3, then 3 + 4 + 1 = 8, then 0.5 + 0 + 2 = 2.5"


def test_Layer_activation():
    """Layer bends each output on its own: relu unless told otherwise, or the sigmoid."""
    layer = Layer(3, 3, seed=1)
    put(layer, [[2, 0, 0], [0, -2, 0], [0, 0, 0]], [0, 0, 0])
    assert close(layer.forward([1.5, 1.5, 1.5]), [3, 0, 0]), "relu is the activation if none is named: sums 3, -3 and 0"
    layer = Layer(3, 3, "sigmoid", seed=1)
    put(layer, [[1, 0, 0], [0, -1, 0], [0, 0, 0]], [0, 0, 0])
    ln3 = math.log(3)
    assert close(layer.forward([ln3, ln3, ln3]), [0.75, 0.25, 0.5]), "sigmoid of ln 3, -ln 3 and 0"


def test_Layer_memory():
    """Layer.forward stores what it saw and computed in inputs, z_values and outputs."""
    layer = Layer(2, 2, seed=1)
    put(layer, [[1, -1], [-1, 2]], [0, 0])
    answer = layer.forward([1, 3])
    assert layer.inputs == [1, 3], "layer.inputs holds the inputs"
    assert close(layer.z_values, [-2, 5]), "layer.z_values holds the sums before the activation: 1 - 3 and -1 + 6"
    assert close(layer.outputs, list(answer)), "layer.outputs holds what forward returned"


def test_Layer_keeps_inputs():
    """Layer.forward leaves its argument as it was."""
    layer = Layer(2, 2, seed=1)
    seen = [4, -1]
    assert len(layer.forward(seen)) == 2, "two neurons give two outputs"
    assert seen == [4, -1], "the inputs must be the same after the call as before it"


def test_Layer_passes():
    """Several passes, several layers: an earlier result stays as it was, and layers share nothing."""
    layer = Layer(2, 2, seed=1)
    put(layer, [[1, 0], [0, 2]], [0, 0])
    first = layer.forward([1, 1])
    second = layer.forward([10, 10])
    assert close(second, [10, 20]), "the second pass starts afresh"
    assert close(first, [1, 2]), "the result of the first pass must not change when forward runs again"


def test_Network_structure():
    """Network makes one layer for each pair of neighbouring sizes, in order."""
    network = Network([3, 4, 2])
    assert len(network.layers) == 2, "three sizes make two layers"
    shapes = [(len(layer.weights), len(layer.weights[0])) for layer in network.layers]
    assert shapes == [(4, 3), (2, 4)], "the first layer leads from 3 inputs to 4, the second from 4 to 2"


def test_Network_forward():
    """Network.forward hands the outputs of each layer to the next and returns those of the last."""
    network = Network([2, 2, 1], "relu", "relu", seed=1)
    put(network.layers[0], [[1, 2], [3, 1]], [0, 0])
    put(network.layers[1], [[2, -1]], [0.5])
    assert close(network.forward([1, 2]), [5.5]), "hidden: 1 + 4 = 5 and 3 + 2 = 5; output: 2*5 - 5 + 0.5 = 5.5"


def test_Network_activations():
    """Network gives the last layer the output activation and all others the hidden activation."""
    network = Network([1, 1, 1], seed=1)
    put(network.layers[0], [[1]], [0])
    put(network.layers[1], [[-1]], [0])
    assert close(network.forward([math.log(9)]), [0.1]), "hidden: relu(ln 9) = ln 9; output: sigmoid(-ln 9) = 0.1"
    assert close(network.forward([-5]), [0.5]), "hidden: relu(-5) = 0; output: sigmoid(0) = 0.5"


def test_Network_seed():
    """Network is the same for the same seed, and two of its layers with one shape start different."""
    network = Network([3, 3, 3], seed=5)
    start = [[list(row) for row in layer.weights] for layer in network.layers]
    assert start[0] != start[1], "two layers of one shape must not start with the same weights"
    again = [[list(row) for row in layer.weights] for layer in Network([3, 3, 3], seed=5).layers]
    assert close(again, start), "the same seed must give the same network"


def test_Network_separate():
    """Networks share nothing with each other and leave the list of sizes alone."""
    sizes = [2, 3, 1]
    one, other = Network(sizes, seed=1), Network(sizes, seed=1)
    assert len(one.layers) == 2 and len(other.layers) == 2, "each network has its own two layers"
    assert sizes == [2, 3, 1], "the list of sizes must be the same after the call as before it"


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
