"""The visible tests of 06_training_loop.

Run them in this folder with `pytest`, or with `python test_06_training_loop.py`.

They try your notebook, 06_training_loop.ipynb, or your script, 06_training_loop.py: the
one with more finished exercises, and of two alike the one that you saved last. The first line they print says which.
To choose yourself: `CHAPTER_FILE=06_training_loop.py pytest`.

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

CHAPTER = "06_training_loop"
CELLS = {
    "setup": "setup",
    "Trainer": "solution",
    "test_Trainer_loss": "test",
    "test_Trainer_weight_update": "test",
    "test_Trainer_bias_update": "test",
    "test_Trainer_loss_history": "test",
    "test_Trainer_train_epoch": "test",
    "test_Trainer_train": "test",
    "test_Trainer_learns": "test",
}
NEEDS = {
    "test_Trainer_loss": ("BackpropNetwork", "from_zero", "Trainer", "close", "math"),
    "test_Trainer_weight_update": ("BackpropNetwork", "from_zero", "Trainer", "read_numbers", "close"),
    "test_Trainer_bias_update": ("BackpropNetwork", "from_zero", "Trainer", "read_numbers", "close"),
    "test_Trainer_loss_history": ("BackpropNetwork", "from_zero", "math", "Trainer", "close"),
    "test_Trainer_train_epoch": ("BackpropNetwork", "from_zero", "math", "Trainer", "close"),
    "test_Trainer_train": ("BackpropNetwork", "from_zero", "Trainer"),
    "test_Trainer_learns": ("BackpropNetwork", "Trainer", "loss_of", "read_numbers"),
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

def test_Trainer_loss():
    """train_step returns the loss of the example before the update."""
    network = from_zero(BackpropNetwork([1, 2], output_activation="linear"), [0.0, 0.0])
    loss = Trainer(network, learning_rate=0.1).train_step([1], [1, 0])
    assert close(loss, math.log(2)), f"before the update p = (0.5, 0.5), so the loss is ln 2 = 0.6931; yours: {loss}"


def test_Trainer_weight_update():
    """One step moves every weight of every layer by -learning_rate * slope."""
    network = from_zero(BackpropNetwork([1, 2], output_activation="linear"), [0.0, 0.0])
    Trainer(network, learning_rate=0.1).train_step([1], [1, 0])
    found = read_numbers(network.layers)[0][0]
    assert close(found, [[0.05], [-0.05]]), f"0 - 0.1 * (-0.5) = 0.05 and 0 - 0.1 * 0.5 = -0.05; yours: {found}"


def test_Trainer_bias_update():
    """One step moves every bias of every layer by -learning_rate * slope."""
    network = from_zero(BackpropNetwork([1, 2], output_activation="linear"), [0.0, 0.0])
    Trainer(network, learning_rate=0.1).train_step([1], [1, 0])
    found = read_numbers(network.layers)[0][1]
    assert close(found, [0.05, -0.05]), f"biases learn too: 0 - 0.1 * (-0.5) = 0.05 and -0.05; yours: {found}"


def test_Trainer_loss_history():
    """loss_history has one entry for each step, in the order of the examples; each trainer keeps its own."""
    # With these biases p = (3/4, 1/4) for every input. A tiny learning rate: the network stays as it is while we count.
    network = from_zero(BackpropNetwork([1, 2], output_activation="linear"), [math.log(3), 0.0])
    trainer = Trainer(network, learning_rate=1e-13)
    assert len(trainer.loss_history) == 0, "a new trainer has an empty loss_history"
    trainer.train_epoch([([1], [1, 0]), ([1], [0, 1]), ([1], [1, 0])])
    seen = list(trainer.loss_history)
    assert close(seen, [math.log(4 / 3), math.log(4), math.log(4 / 3)]), (
        f"three examples, three entries, in their order; yours: {seen}"
    )


def test_Trainer_train_epoch():
    """train_epoch takes one step for each example and returns their average loss."""
    network = from_zero(BackpropNetwork([1, 2], output_activation="linear"), [math.log(3), 0.0])
    got = Trainer(network, learning_rate=1e-13).train_epoch([([1], [1, 0]), ([2], [0, 1])])
    expected = (math.log(4 / 3) + math.log(4)) / 2
    assert close(got, expected), f"losses 0.2877 and 1.3863, average {expected:.4f}; yours: {got}"


def test_Trainer_train():
    """train runs the epochs and returns the average loss of each."""
    network = from_zero(BackpropNetwork([1, 2], output_activation="linear"), [0.0, 0.0])
    curve = Trainer(network, learning_rate=0.1).train([([1], [1, 0])], epochs=5, verbose=False)
    assert len(curve) == 5, f"5 epochs, 5 numbers; yours: {curve}"
    assert len(set(curve)) == 5, f"the network changes in every epoch, so no two losses are equal; yours: {curve}"


def test_Trainer_learns():
    """Training finds the right answers."""
    network = BackpropNetwork([3, 8, 3], "relu", "linear", seed=2)
    lessons = [([1, 0, 0], [0, 1, 0]), ([0, 1, 0], [0, 0, 1]), ([0, 0, 1], [1, 0, 0])]
    Trainer(network, learning_rate=0.1).train(lessons, epochs=200, verbose=False)
    for vector, wanted in lessons:
        left = loss_of(read_numbers(network.layers), ["relu", "linear"], vector, wanted)
        assert left < 0.1, f"after 200 epochs the loss for {vector} should be below 0.1; it is {left:.3f}"


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
