# mypy: ignore-errors
# Pasted into student files: kept short and plain.
# ruff: noqa: ANN001, ANN201, ANN202, ANN204, BLE001
"""What every ``test_<chapter>.py`` begins with: it finds and runs the student's exercises.

The text of this module, from its first import on, is pasted into the generated test files. So it uses the standard
library and pytest only, knows nothing of the tool, and reads well to a student.
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

# -- made from the chapter ---
CHAPTER = ""
CELLS: dict[str, str] = {}
NEEDS: dict[str, tuple[str, ...]] = {}
# -- end ---

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
