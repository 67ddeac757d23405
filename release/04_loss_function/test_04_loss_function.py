"""The visible tests of 04_loss_function.

Run them in this folder with `pytest`, or with `python test_04_loss_function.py`.

They try your notebook, 04_loss_function.ipynb, or your script, 04_loss_function.py: the
one with more finished exercises, and of two alike the one that you saved last. The first line they print says which.
To choose yourself: `CHAPTER_FILE=04_loss_function.py pytest`.

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

CHAPTER = "04_loss_function"
CELLS = {
    "setup": "setup",
    "softmax": "solution",
    "test_softmax": "test",
    "test_softmax_stable": "test",
    "test_softmax_keeps_arguments": "test",
    "cross_entropy_loss": "solution",
    "test_cross_entropy_loss": "test",
    "test_cross_entropy_loss_soft_target": "test",
    "test_cross_entropy_loss_clamped": "test",
    "mse_loss": "solution",
    "test_mse_loss": "test",
    "test_mse_loss_mean": "test",
}
NEEDS = {
    "test_softmax": ("close", "math", "softmax"),
    "test_softmax_stable": ("close", "softmax"),
    "test_softmax_keeps_arguments": ("softmax",),
    "test_cross_entropy_loss": ("close", "cross_entropy_loss", "math"),
    "test_cross_entropy_loss_soft_target": ("close", "cross_entropy_loss", "math"),
    "test_cross_entropy_loss_clamped": ("close", "cross_entropy_loss", "math"),
    "test_mse_loss": ("close", "mse_loss"),
    "test_mse_loss_mean": ("close", "mse_loss"),
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

def test_softmax():
    """softmax divides the exponential of each logit by the sum of all exponentials."""
    assert close(softmax([0, math.log(3)]), [0.25, 0.75]), "exponentials 1 and 3, together 4: [1/4, 3/4]"
    assert close(softmax([1.0, 1.0, 1.0, 1.0]), [0.25, 0.25, 0.25, 0.25]), "equal logits give equal probabilities"
    assert close(sum(softmax([0.3, -1.2, 2.0])), 1), "probabilities add up to 1"


def test_softmax_stable():
    """softmax is right for very large and very negative logits: only the differences count."""
    assert close(softmax([1000.0, 1000.0]), [0.5, 0.5]), "math.exp(1000) overflows: subtract the largest logit first"
    assert close(softmax([-1000.0, -1000.0]), [0.5, 0.5]), "math.exp(-1000) is 0, and 0 / 0 is no probability"


def test_softmax_keeps_arguments():
    """softmax makes a new list: the logits and its earlier results stay as they were."""
    logits = [1.0, 3.0]
    probabilities = softmax(logits)
    assert len(probabilities) == 2, "two logits give two probabilities"
    assert logits == [1.0, 3.0], "the logits must be the same after the call as before it"


def test_cross_entropy_loss():
    """cross_entropy_loss is the negative logarithm of the probability that was given to the truth."""
    assert close(cross_entropy_loss([0.25, 0.75], [0, 1]), -math.log(0.75)), "-log 0.75: the target picks the second one"
    assert close(cross_entropy_loss([0.25, 0.75], [1, 0]), math.log(4)), "-log 0.25 = log 4: a loss is never negative"


def test_cross_entropy_loss_soft_target():
    """cross_entropy_loss weighs every class by its target, also when the target is spread over several."""
    assert close(cross_entropy_loss([0.5, 0.5], [0.5, 0.5]), math.log(2)), "0.5 * log 2 + 0.5 * log 2 = log 2"
    assert close(cross_entropy_loss([0.25, 0.5, 0.25], [0.5, 0.25, 0.25]), 1.75 * math.log(2)), "(1 + 0.25 + 0.5) * log 2"


def test_cross_entropy_loss_clamped():
    """cross_entropy_loss takes predictions under 1e-15 for 1e-15."""
    assert close(cross_entropy_loss([0.0, 1.0], [1, 0]), -math.log(1e-15)), "certain and wrong: -log(1e-15), about 34.5"
    assert close(cross_entropy_loss([0.0, 1.0], [0, 1]), 0), "log 0 must not be computed, even where the target is 0"


def test_mse_loss():
    """mse_loss squares the difference between prediction and target."""
    assert close(mse_loss([3], [1]), 4), "3 - 1 = 2, and 2 squared is 4"
    assert close(mse_loss([1], [3]), 4), "1 - 3 = -2, and -2 squared is 4 as well"


def test_mse_loss_mean():
    """mse_loss is the mean over all entries."""
    assert close(mse_loss([1, 0, 2, 5], [0, 0, 1, 5]), 0.5), "squares 1, 0, 1, 0: together 2, divided by 4 entries"
    assert close(mse_loss([1, 1], [0, 0]), 1), "squares 1 and 1: together 2, divided by 2 entries"


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
