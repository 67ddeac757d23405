"""The visible tests of 01_math_foundations.

Run them in this folder with `pytest`, or with `python test_01_math_foundations.py`.

They try your notebook, 01_math_foundations.ipynb, or your script, 01_math_foundations.py: the
one with more finished exercises, and of two alike the one that you saved last. The first line they print says which.
To choose yourself: `CHAPTER_FILE=01_math_foundations.py pytest`.

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

CHAPTER = "01_math_foundations"
CELLS = {
    "setup": "setup",
    "vector_add": "solution",
    "test_vector_add": "test",
    "test_vector_add_keeps_arguments": "test",
    "vector_subtract": "solution",
    "test_vector_subtract": "test",
    "test_vector_subtract_keeps_arguments": "test",
    "vector_scale": "solution",
    "test_vector_scale": "test",
    "test_vector_scale_keeps_arguments": "test",
    "dot_product": "solution",
    "test_dot_product": "test",
    "test_dot_product_signs": "test",
    "elementwise_multiply": "solution",
    "test_elementwise_multiply": "test",
    "test_elementwise_multiply_keeps_arguments": "test",
    "transpose": "solution",
    "test_transpose": "test",
    "test_transpose_non_square": "test",
    "test_transpose_empty": "test",
    "test_transpose_new_lists": "test",
    "matrix_vector_multiply": "solution",
    "test_matrix_vector_multiply": "test",
    "test_matrix_vector_multiply_non_square": "test",
    "matrix_multiply": "solution",
    "test_matrix_multiply": "test",
    "test_matrix_multiply_non_square": "test",
    "test_matrix_multiply_keeps_arguments": "test",
}
NEEDS = {
    "test_vector_add": ("vector_add", "close"),
    "test_vector_add_keeps_arguments": ("vector_add",),
    "test_vector_subtract": ("vector_subtract", "close"),
    "test_vector_subtract_keeps_arguments": ("vector_subtract",),
    "test_vector_scale": ("vector_scale", "close"),
    "test_vector_scale_keeps_arguments": ("vector_scale",),
    "test_dot_product": ("dot_product", "close"),
    "test_dot_product_signs": ("dot_product",),
    "test_elementwise_multiply": ("elementwise_multiply", "close"),
    "test_elementwise_multiply_keeps_arguments": ("elementwise_multiply",),
    "test_transpose": ("transpose",),
    "test_transpose_non_square": ("transpose",),
    "test_transpose_empty": ("transpose",),
    "test_transpose_new_lists": ("transpose",),
    "test_matrix_vector_multiply": ("matrix_vector_multiply",),
    "test_matrix_vector_multiply_non_square": ("matrix_vector_multiply",),
    "test_matrix_multiply": ("matrix_multiply",),
    "test_matrix_multiply_non_square": ("matrix_multiply",),
    "test_matrix_multiply_keeps_arguments": ("matrix_multiply",),
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

def test_vector_add():
    """vector_add adds the numbers that stand at the same place."""
    assert vector_add([1, 2], [3, 4]) == [4, 6], "1 + 3 = 4 and 2 + 4 = 6, so the result is [4, 6]"
    assert close(vector_add([0.5, -1.0, 2.0], [0.25, 1.0, -3.0]), [0.75, 0.0, -1.0]), "three numbers, some of them negative"


def test_vector_add_keeps_arguments():
    """vector_add makes a new list: its arguments and its earlier results stay as they were."""
    a, b = [1, 2], [10, 20]
    total = vector_add(a, b)
    assert len(total) == 2, "the sum of two vectors of two numbers has two numbers"
    assert a == [1, 2] and b == [10, 20], "a and b must be the same after the call as before it"


def test_vector_subtract():
    """vector_subtract takes the second vector from the first, number by number."""
    assert vector_subtract([5, 7], [2, 10]) == [3, -3], "5 - 2 = 3 and 7 - 10 = -3, so the result is [3, -3]"
    assert close(vector_subtract([0.5, 1.0, 0.0], [0.25, -1.0, 2.0]), [0.25, 2.0, -2.0]), "taking away -1 is adding 1"


def test_vector_subtract_keeps_arguments():
    """vector_subtract makes a new list: its arguments and its earlier results stay as they were."""
    a, b = [9, 8], [1, 2]
    difference = vector_subtract(a, b)
    assert len(difference) == 2, "the difference of two vectors of two numbers has two numbers"
    assert a == [9, 8] and b == [1, 2], "a and b must be the same after the call as before it"


def test_vector_scale():
    """vector_scale multiplies every number of the vector by the scalar."""
    assert vector_scale([1, -2, 3], 2) == [2, -4, 6], "every number is doubled: [2, -4, 6]"
    assert close(vector_scale([4.0, 1.0], 0.5), [2.0, 0.5]), "half of [4, 1] is [2, 0.5]"


def test_vector_scale_keeps_arguments():
    """vector_scale makes a new list: its argument and its earlier results stay as they were."""
    v = [3, 4]
    scaled = vector_scale(v, 10)
    assert len(scaled) == 2, "a vector of two numbers still has two numbers when it is scaled"
    assert v == [3, 4], "v must be the same after the call as before it"


def test_dot_product():
    """dot_product multiplies the numbers at the same place and adds all the products."""
    assert dot_product([1, 2, 3], [4, 5, 6]) == 32, "1*4 + 2*5 + 3*6 = 4 + 10 + 18 = 32"
    assert close(dot_product([0.5, 2.0], [4.0, 0.25]), 2.5), "0.5*4 + 2*0.25 = 2 + 0.5 = 2.5"


def test_dot_product_signs():
    """dot_product counts signs: products can cancel each other, and the sum can be negative."""
    assert dot_product([1, 1], [1, -1]) == 0, "1*1 + 1*(-1) = 0: these two point at right angles to each other"
    assert dot_product([2, 0, 1], [-3, 5, 1]) == -5, "2*(-3) + 0*5 + 1*1 = -5"


def test_elementwise_multiply():
    """elementwise_multiply returns one product for each place."""
    assert elementwise_multiply([1, 2, 3], [4, 5, 6]) == [4, 10, 18], "1*4, 2*5 and 3*6, not added up: [4, 10, 18]"
    assert close(elementwise_multiply([0.5, -2.0], [4.0, 0.0]), [2.0, 0.0]), "a zero stops what it is multiplied with"


def test_elementwise_multiply_keeps_arguments():
    """elementwise_multiply makes a new list: its arguments and its earlier results stay as they were."""
    a, b = [2, 3], [5, 7]
    products = elementwise_multiply(a, b)
    assert len(products) == 2, "two places give two products"
    assert a == [2, 3] and b == [5, 7], "a and b must be the same after the call as before it"


def test_transpose():
    """transpose exchanges rows and columns of a square matrix."""
    turned = transpose([[1, 2], [3, 4]])
    assert [list(row) for row in turned] == [[1, 3], [2, 4]], "the first row of the transpose is the first column: [1, 3]"


def test_transpose_non_square():
    """transpose turns a matrix of shape (m, n) into one of shape (n, m)."""
    turned = transpose([[1, 2, 3], [4, 5, 6]])
    assert [list(row) for row in turned] == [[1, 4], [2, 5], [3, 6]], "2 rows of 3 numbers become 3 rows of 2 numbers"


def test_transpose_empty():
    """transpose of an empty matrix is an empty matrix."""
    assert transpose([]) == [], "the transpose of [] is []"


def test_transpose_new_lists():
    """transpose makes a new matrix out of lists and leaves its argument as it was."""
    matrix = [[1, 2], [3, 4]]
    turned = transpose(matrix)
    assert len(turned) == 2 and all(isinstance(row, list) for row in turned), "the rows of the transpose must be lists"
    assert matrix == [[1, 2], [3, 4]], "the matrix must be the same after the call as before it"


def test_matrix_vector_multiply():
    """matrix_vector_multiply returns the dot product of each row with the vector."""
    assert matrix_vector_multiply([[1, 2], [3, 4]], [5, 6]) == [17, 39], "1*5 + 2*6 = 17 and 3*5 + 4*6 = 39"
    assert matrix_vector_multiply([[1, 0], [0, 1]], [8, -9]) == [8, -9], "the identity matrix changes nothing"


def test_matrix_vector_multiply_non_square():
    """matrix_vector_multiply gives one number for each row, whatever the number of columns."""
    assert matrix_vector_multiply([[1, 2, 3], [4, 5, 6]], [1, 0, 2]) == [7, 16], "2 rows of 3 numbers give 2 numbers"


def test_matrix_multiply():
    """matrix_multiply: the number at row i, column j is row i of a times column j of b."""
    assert matrix_multiply([[1, 2], [3, 4]], [[5, 6], [7, 8]]) == [[19, 22], [43, 50]], "top left: 1*5 + 2*7 = 19"
    assert matrix_multiply([[0, 1], [1, 0]], [[1, 2], [3, 4]]) == [[3, 4], [1, 2]], "this left factor exchanges the rows"


def test_matrix_multiply_non_square():
    """matrix_multiply takes (m, k) times (k, n) to (m, n)."""
    product = matrix_multiply([[1, 2, 3], [4, 5, 6]], [[1, 0], [0, 1], [1, 1]])
    assert product == [[4, 5], [10, 11]], "(2, 3) times (3, 2) is (2, 2): [[4, 5], [10, 11]]"


def test_matrix_multiply_keeps_arguments():
    """matrix_multiply makes a new matrix: its arguments and its earlier results stay as they were."""
    a, b = [[1, 2], [3, 4]], [[2, 0], [0, 2]]
    product = matrix_multiply(a, b)
    assert len(product) == 2 and len(product[0]) == 2, "(2, 2) times (2, 2) has 2 rows of 2 numbers"
    assert a == [[1, 2], [3, 4]] and b == [[2, 0], [0, 2]], "a and b must be the same after the call as before it"


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
