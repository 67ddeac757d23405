"""The visible tests of 07_final_project.

Run them in this folder with `pytest`, or with `python test_07_final_project.py`.

They try your notebook, 07_final_project.ipynb, or your script, 07_final_project.py: the
one with more finished exercises, and of two alike the one that you saved last. The first line they print says which.
To choose yourself: `CHAPTER_FILE=07_final_project.py pytest`.

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

CHAPTER = "07_final_project"
CELLS = {
    "setup": "setup",
    "LetterClassifier": "solution",
    "test_LetterClassifier_network": "test",
    "test_LetterClassifier_predict": "test",
    "test_LetterClassifier_predict_probs": "test",
    "test_LetterClassifier_evaluate": "test",
    "test_LetterClassifier_learning": "test",
    "test_LetterClassifier_accuracy": "test",
}
NEEDS = {
    "test_LetterClassifier_network": ("LetterClassifier", "read_numbers", "ALPHABET", "close"),
    "test_LetterClassifier_predict": ("LetterClassifier", "ALPHABET", "write_answers", "vector_of"),
    "test_LetterClassifier_predict_probs": ("LetterClassifier", "vector_of", "ALPHABET", "close", "softmax"),
    "test_LetterClassifier_evaluate": ("LetterClassifier", "write_answers", "close"),
    "test_LetterClassifier_learning": ("LetterClassifier", "average_loss_of", "read_numbers"),
    "test_LetterClassifier_accuracy": ("ALPHABET", "vector_of"),
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

def test_LetterClassifier_network():
    """The network has 26 inputs, hidden_size relu neurons and 26 outputs: 3,418 numbers, drawn from the seed."""
    classifier = LetterClassifier()
    count = sum(sum(len(row) for row in weights) + len(biases) for weights, biases in read_numbers(classifier.network))
    assert count == 3418, f"26*64 + 64 + 64*26 + 26 = 3418 weights and biases; yours: {count}"
    assert classifier.LETTERS == ALPHABET, "LETTERS is the alphabet, a to z"
    assert close(classifier.trainer.learning_rate, 0.05), "the learning rate is 0.05 if not told otherwise"


def test_LetterClassifier_predict():
    """predict returns the letter with the largest output, whatever the network's weights are."""
    classifier = LetterClassifier()
    rotated = ALPHABET[1:] + "a"
    write_answers(classifier.network, rotated)
    said = "".join(classifier.predict(vector_of(letter)) for letter in ALPHABET)
    assert said == rotated, (
        f"these weights, written by hand, answer each letter with the next one, {rotated}; yours: {said}"
    )


def test_LetterClassifier_predict_probs():
    """predict_probs returns the softmax of the network's outputs, by letter."""
    classifier = LetterClassifier()
    chances = classifier.predict_probs(vector_of("k"))
    assert sorted(chances) == list(ALPHABET), "the keys are the 26 letters"
    assert close(sum(chances.values()), 1), f"26 probabilities sum to 1; yours: {sum(chances.values())}"
    outputs = list(classifier.network.forward(vector_of("k")))
    assert close(chances["b"], softmax(outputs)[1]), "the probability of b is number 1 of softmax(outputs)"


def test_LetterClassifier_evaluate():
    """evaluate reports the accuracy and, for each letter, what was predicted and how sure the network was."""
    classifier = LetterClassifier()
    write_answers(classifier.network, "bacdefghijklmnopqrstuvwxyz")
    accuracy, results = classifier.evaluate()
    assert close(accuracy, 24 / 26), f"these weights, written by hand, mix up a and b: accuracy 24/26; yours: {accuracy}"
    assert len(results) == 26, "one result for each letter"
    assert results[0]["letter"] == "a" and results[0]["predicted"] == "b", f"a is taken for b; yours: {results[0]}"
    assert results[25]["correct"] and not results[0]["correct"], "z is right, a is wrong"


def test_LetterClassifier_learning():
    """500 epochs of training: one loss for each, the loss falls, and it falls because the weights change."""
    global trained
    # This takes some seconds. The trained classifier is used again below.
    trained = LetterClassifier()
    start, start_loss = read_numbers(trained.network), average_loss_of(trained.network)
    losses = trained.train(epochs=500, verbose=False)
    assert len(losses) == 500, f"one average loss for each of 500 epochs; yours: {len(losses)}"
    assert losses[-1] < losses[0] - 0.5, f"the loss falls clearly; yours goes from {losses[0]:.3f} to {losses[-1]:.3f}"


def test_LetterClassifier_accuracy():
    """The final check: after 500 epochs at least 95 % of the letters are right, because the network learned them."""
    if "trained" not in globals():
        test_LetterClassifier_learning()
    said = "".join(trained.predict(vector_of(letter)) for letter in ALPHABET)
    right = sum(guess == letter for guess, letter in zip(said, ALPHABET))
    assert right / 26 >= 0.95, f"25 of 26 letters, 95 %, must be right after 500 epochs; yours: {right}"


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
