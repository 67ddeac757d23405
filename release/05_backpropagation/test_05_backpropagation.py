"""The visible tests of 05_backpropagation.

Run them in this folder with `pytest`, or with `python test_05_backpropagation.py`.

They try your notebook, 05_backpropagation.ipynb, or your script, 05_backpropagation.py: the
one with more finished exercises, and of two alike the one that you saved last. The first line they print says which.
To choose yourself: `CHAPTER_FILE=05_backpropagation.py pytest`.

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

CHAPTER = "05_backpropagation"
CELLS = {
    "setup": "setup",
    "BackpropLayer": "solution",
    "test_BackpropLayer_weights": "test",
    "test_BackpropLayer_forward": "test",
    "test_BackpropLayer_activation_derivative": "test",
    "test_BackpropLayer_weight_gradients": "test",
    "test_BackpropLayer_bias_gradients": "test",
    "test_BackpropLayer_input_gradient": "test",
    "test_BackpropLayer_second_example": "test",
    "BackpropNetwork": "solution",
    "test_BackpropNetwork_forward": "test",
    "test_BackpropNetwork_output_gradient": "test",
    "test_BackpropNetwork_gradients": "test",
    "test_BackpropNetwork_second_example": "test",
}
NEEDS = {
    "test_BackpropLayer_weights": ("BackpropLayer", "close", "math", "read_numbers"),
    "test_BackpropLayer_forward": ("BackpropLayer", "set_numbers", "close"),
    "test_BackpropLayer_activation_derivative": ("BackpropLayer", "set_numbers", "close"),
    "test_BackpropLayer_weight_gradients": ("BackpropLayer", "close"),
    "test_BackpropLayer_bias_gradients": ("BackpropLayer", "close"),
    "test_BackpropLayer_input_gradient": ("BackpropLayer", "set_numbers", "close"),
    "test_BackpropLayer_second_example": ("BackpropLayer", "set_numbers", "close"),
    "test_BackpropNetwork_forward": ("BackpropNetwork", "outputs_of", "read_numbers", "close"),
    "test_BackpropNetwork_output_gradient": ("BackpropNetwork", "set_numbers", "close"),
    "test_BackpropNetwork_gradients": ("BackpropNetwork", "shake", "read_numbers", "central_differences", "loss_of", "close"),
    "test_BackpropNetwork_second_example": ("BackpropNetwork", "set_numbers", "close"),
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

def test_BackpropLayer_weights():
    """A new layer has Xavier weights of the right shape, decided by the seed, and zero biases."""
    layer = BackpropLayer(3, 2, "relu", seed=7)
    assert [len(row) for row in layer.weights] == [3, 3], (
        "weights has one row for each output, one number in it for each input"
    )
    assert close(layer.biases, [0, 0]), "a new layer has one bias for each output, all of them 0"
    bound = math.sqrt(6 / (3 + 2))
    assert all(-bound <= w <= bound for row in layer.weights for w in row), (
        "Xavier: weights lie within ±sqrt(6 / (inputs + outputs))"
    )
    drawn = {str(read_numbers([BackpropLayer(3, 2, "relu", seed=7)])) for _ in range(3)}
    assert len(drawn) == 1, "the same seed must always draw the same weights"


def test_BackpropLayer_forward():
    """forward returns f(W x + b) for all three activations and stores inputs, z_values and outputs."""
    for kind, answer in (("relu", [0, 7]), ("linear", [-1, 7]), ("sigmoid", [0.2689414213699951, 0.9990889488055994])):
        layer = BackpropLayer(2, 2, kind, seed=1)
        set_numbers(layer, weights=[[1, -1], [2, 3]], biases=[0, -1])
        result = layer.forward([1, 2])
        assert close(result, answer), f"{kind}: z is [-1, 7], so the outputs are {answer}; yours: {result}"
        assert close(layer.z_values, [-1, 7]), (
            f"{kind}: z_values holds W x + b before the activation; yours: {layer.z_values}"
        )
        assert close(layer.inputs, [1, 2]) and close(layer.outputs, answer), f"{kind}: forward stores inputs and outputs"


def test_BackpropLayer_activation_derivative():
    """backward multiplies dL/da by the activation's derivative (one neuron, one input: the table at the top)."""
    neuron = BackpropLayer(1, 1, "relu", seed=1)
    set_numbers(neuron, weights=[[2]], biases=[-5])
    neuron.forward([3])
    passed_on = neuron.backward([4])
    assert close(neuron.bias_gradients, [4]), f"awake (z = 1): dL/db = 4 * 1 = 4; yours: {neuron.bias_gradients}"
    assert close(neuron.weight_gradients, [[12]]), (
        f"awake (z = 1): dL/dw = 4 * 1 * 3 = 12; yours: {neuron.weight_gradients}"
    )
    assert close(passed_on, [8]), f"awake (z = 1): dL/dx = 4 * 1 * 2 = 8; yours: {passed_on}"
    neuron = BackpropLayer(1, 1, "sigmoid", seed=1)
    set_numbers(neuron, weights=[[2]], biases=[0])
    neuron.forward([0])
    neuron.backward([4])
    assert close(neuron.bias_gradients, [1]), (
        f"sigmoid at z = 0: a = 0.5, so dL/db = 4 * 0.5 * (1 - 0.5) = 1; yours: {neuron.bias_gradients}"
    )


def test_BackpropLayer_weight_gradients():
    """The gradient of weight i, j is delta i times input j, in the shape of the weights."""
    layer = BackpropLayer(3, 2, "linear", seed=1)
    layer.forward([1, 2, -3])
    layer.backward([10, -1])
    expected = [[10, 20, -30], [-1, -2, 3]]
    assert close(layer.weight_gradients, expected), (
        f"linear, so delta = [10, -1]: expected {expected}, yours: {layer.weight_gradients}"
    )


def test_BackpropLayer_bias_gradients():
    """The gradient of bias i is delta i."""
    layer = BackpropLayer(3, 2, "linear", seed=1)
    layer.forward([1, 2, -3])
    layer.backward([10, -1])
    assert close(layer.bias_gradients, [10, -1]), (
        f"linear, so delta = [10, -1], and a bias has slope delta; yours: {layer.bias_gradients}"
    )


def test_BackpropLayer_input_gradient():
    """backward returns dL/dx: the transposed weights times delta."""
    layer = BackpropLayer(2, 2, "linear", seed=1)
    set_numbers(layer, weights=[[1, -1], [2, 3]], biases=[0, -1])
    layer.forward([1, 2])
    result = layer.backward([0, -1])
    assert close(result, [-2, -3]), f"delta = [0, -1], down the columns of the weights: [-2, -3]; yours: {result}"


def test_BackpropLayer_second_example():
    """Gradients belong to the last example alone; the weights and earlier results stay as they are."""
    layer = BackpropLayer(2, 1, "linear", seed=1)
    set_numbers(layer, weights=[[3, -2]], biases=[0])
    layer.forward([1, 2])
    layer.backward([10])
    layer.forward([5, 0])
    layer.backward([2])
    assert close(layer.weight_gradients, [[10, 0]]), (
        f"gradients are replaced, not added up: 2 * [5, 0] = [10, 0]; yours: {layer.weight_gradients}"
    )


def test_BackpropNetwork_forward():
    """The network chains layers of the given sizes and activations, each with weights of its own."""
    network = BackpropNetwork([4, 5, 3])
    shapes = [(len(layer.weights), len(layer.weights[0])) for layer in network.layers]
    assert shapes == [(5, 4), (3, 5)], f"[4, 5, 3] makes two layers, (5, 4) and (3, 5); yours: {shapes}"
    result = network.forward([1, 0, -1, 2])
    expected = outputs_of(read_numbers(network.layers), ["relu", "sigmoid"], [1, 0, -1, 2])
    assert close(result, expected), (
        f"hidden layers are relu and the last is sigmoid if not told otherwise: expected {expected}, yours: {result}"
    )


def test_BackpropNetwork_output_gradient():
    """The walk starts with softmax(outputs) - target."""
    network = BackpropNetwork([2, 3], output_activation="linear")
    set_numbers(network.layers[0], weights=[[0, 0], [0, 0], [0, 0]], biases=[0, 0, 0])
    network.forward([1, 2])
    network.backward([0, 1, 0])
    report = network.layers[0].bias_gradients
    assert close(report, [1 / 3, -2 / 3, 1 / 3]), (
        f"three equal outputs, the second is right: [1/3, -2/3, 1/3]; yours: {report}"
    )


def test_BackpropNetwork_gradients():
    """The gradients of all layers agree with central differences."""
    network = BackpropNetwork([2, 3, 2], "relu", "linear", seed=1)
    shake(network.layers, 4)
    network.forward([1, -0.5])
    network.backward([0, 1])
    numbers = read_numbers(network.layers)
    for k, layer in enumerate(network.layers):
        for i, row in enumerate(numbers[k][0]):
            slopes = central_differences(lambda: loss_of(numbers, ["relu", "linear"], [1, -0.5], [0, 1]), row)
            assert close(layer.weight_gradients[i], slopes, 1e-4, 1e-8), (
                f"layer {k + 1}, weights of neuron {i}: nudging gives {slopes}, yours: {layer.weight_gradients[i]}"
            )


def test_BackpropNetwork_second_example():
    """backward belongs to the last forward pass of its own network, and replaces what was there."""
    network = BackpropNetwork([2, 2], output_activation="linear")
    set_numbers(network.layers[0], weights=[[0, 0], [0, 0]], biases=[0, 0])
    network.forward([1, 2])
    network.backward([1, 0])
    network.forward([4, 0])
    network.backward([0, 1])
    got = network.layers[0].weight_gradients
    assert close(got, [[2, 0], [-2, 0]]), (
        f"second example: 0.5 * [4, 0] and -0.5 * [4, 0], nothing of the first one; yours: {got}"
    )


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
