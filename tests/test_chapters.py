"""``source/chapters.py`` in every place where it has to work: beside solutions, with students, under nbgrader."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHAPTERS = Path(__file__).resolve().parent.parent / "source" / "chapters.py"

ONE = '''\
# %% [markdown]
# # Vectors
# %% setup_one role="setup"
import math
UNIT = [1.0, 0.0]
print("setup ran")
# %% dot_product role="solution"
def dot_product(a, b):
    """Multiply and add."""
    ### BEGIN SOLUTION
    return sum(x * y for x, y in zip(a, b))
    ### END SOLUTION
# %% length role="solution"
def length(v):
    return math.sqrt(dot_product(v, v))
# %%
print("free ran")
# %% test_dot_product role="test" points=1
print("test ran")
assert dot_product([1], [2]) == 2
'''

TWO = """\
# %% imports role="setup"
from chapters import dot_product
# %% relu role="solution"
def relu(z):
    return max(0, z)
# %% Neuron role="solution"
def fire():
    return True
class Neuron:
    def __init__(self, weights):
        self.weights = weights
    def forward(self, inputs):
        return relu(dot_product(self.weights, inputs))
"""

THREE = """\
# %% imports role="setup"
from chapters import Neuron, dot_product, relu
# %% Layer role="solution"
def dot_product(a, b):
    return "chapter 3"
class Layer:
    pass
"""

STUB = """\
# %% dot_product role="solution"
def dot_product(a, b):
    raise NotImplementedError("dot_product: your code here")
"""


def notebook(*cells: tuple[str, str, str]) -> str:
    """Build a notebook of ``(kind, grade_id, source)``; kind is solution, setup, test, free or markdown."""
    made = []
    for kind, title, source in cells:
        meta = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
        if kind == "solution":
            meta["solution"] = True
        elif kind == "setup":
            meta["locked"] = True
        elif kind == "test":
            meta |= {"grade": True, "locked": True, "points": 1}
        cell = {
            "cell_type": "markdown" if kind == "markdown" else "code",
            "metadata": {} if kind in ("free", "markdown") else {"nbgrader": meta | {"grade_id": title}},
            "source": source.splitlines(keepends=True),
        }
        made.append(cell)
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


ONE_NOTEBOOK = notebook(
    ("markdown", "", "# Vectors"),
    ("setup", "setup_one", "import math\nprint('setup ran')"),
    ("solution", "dot_product", "def dot_product(a, b):\n    return sum(x * y for x, y in zip(a, b))"),
    ("free", "", "print('free ran')"),
    ("test", "test_dot_product", "print('test ran')\nassert dot_product([1], [2]) == 2"),
)


def put(path: Path, text: str) -> Path:
    """Write ``text``, and ``chapters.py`` beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    shutil.copy(CHAPTERS, path.parent / "chapters.py")
    return path


def run(cwd: Path, code: str, **env: str) -> str:
    """Run ``code`` the way a notebook's kernel does: no ``__file__``, working folder first on the path."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **env},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout if done.returncode == 0 else done.stdout + done.stderr


@pytest.fixture
def student(tmp_path: Path) -> Path:
    """Three chapter folders side by side; chapter 1 is finished, the others are starters."""
    put(tmp_path / "01_vectors" / "01_vectors.ipynb", ONE_NOTEBOOK)
    put(tmp_path / "02_neuron" / "02_neuron.ipynb", notebook(("setup", "imports", "from chapters import dot_product")))
    put(tmp_path / "03_layer" / "03_layer.ipynb", notebook(("setup", "imports", "from chapters import dot_product")))
    return tmp_path


class TestSource:
    """In ``source/`` the solution files beside it are read."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        """A course of three solution files."""
        put(tmp_path / "source" / "01_vectors.py", ONE)
        put(tmp_path / "source" / "02_neuron.py", TWO)
        put(tmp_path / "source" / "03_layer.py", THREE + "print(dot_product.__module__, Neuron([2]).forward([3]))\n")
        return tmp_path / "source"

    def test_a_solution_file_runs_with_the_names_of_earlier_ones(self, source: Path) -> None:
        """``python source/03_layer.py`` finds chapters 1 and 2, and prints nothing of theirs."""
        done = subprocess.run(
            [sys.executable, source / "03_layer.py"], capture_output=True, text=True, cwd=source.parent, check=True
        )
        assert done.stdout == "__main__ 6\n"

    def test_the_latest_earlier_definition_counts(self, source: Path) -> None:
        """Chapter 3 redefines ``dot_product``: chapter 4 gets that one, chapter 3 itself the one of chapter 1."""
        put(source / "04_last.py", "from chapters import dot_product\nprint(dot_product([1], [1]))\n")
        put(source / "03_layer.py", "from chapters import dot_product\nprint(dot_product([1], [1]))\n" + THREE)
        assert run(source, "import runpy; runpy.run_path('04_last.py')") == "chapter 3\n"
        assert run(source, "import runpy; runpy.run_path('03_layer.py')") == "1\n"

    def test_only_the_chapters_that_are_needed_run(self, source: Path) -> None:
        """A name of chapter 1 doesn't run chapter 2."""
        put(source / "02_neuron.py", TWO + '# %% boom role="solution"\nraise SystemExit("chapter 2 ran")\n')
        assert run(source, "from chapters import dot_product; print('ok')") == "ok\n"

    def test_one_process_may_hold_several_chapters(self, source: Path) -> None:
        """What one chapter imports is not what another gets: pytest runs all of them in one process."""
        code = "import runpy\nrunpy.run_path('03_layer.py')\nrunpy.run_path('02_neuron.py')\nprint('ok')"
        assert run(source, code).endswith("ok\n")

    def test_at_a_prompt_every_chapter_is_there(self, source: Path) -> None:
        """Nobody's chapter asks: the latest definition of all."""
        code = "import chapters; print(chapters.dot_product(1, 2), 'Neuron' in dir(chapters), hasattr(chapters, '_x'))"
        assert run(source, code) == "chapter 3 True False\n"

    def test_generated_source_notebooks_use_the_solution_files(self, source: Path) -> None:
        """In its own folder nbgrader runs ``source/<id>/<id>.ipynb``; the notebooks there are not read."""
        put(source / "01_vectors" / "01_vectors.ipynb", notebook(("solution", "dot_product", "1/0")))
        put(source / "02_neuron" / "02_neuron.ipynb", notebook())
        assert run(source / "02_neuron", "from chapters import dot_product; print(dot_product([2], [3]))") == "6\n"

    def test_classes_know_their_module(self, source: Path) -> None:
        """Dataclasses with postponed annotations, pickle and repr work as in any module; it is not ``__main__``."""
        text = (
            '# %% s role="setup"\nfrom __future__ import annotations\nimport dataclasses\n'
            '# %% Point role="solution"\n@dataclasses.dataclass\nclass Point:\n    x: Undefined = 0\n'
        )
        put(source / "01_vectors.py", text)
        code = (
            "import pickle\nfrom chapters import Point\nprint(Point.__module__, pickle.loads(pickle.dumps(Point(3))))"
        )
        assert run(source, code) == "chapters.01_vectors Point(x=3)\n"


class TestAutograde:
    """Under nbgrader's autograde the course's own solutions are used, whatever the student has."""

    @pytest.fixture
    def course(self, tmp_path: Path) -> Path:
        """A course with one student's chapter 2 copied to ``autograded/``."""
        put(tmp_path / "source" / "01_vectors.py", ONE)
        put(tmp_path / "source" / "02_neuron.py", TWO)
        (tmp_path / "course_config.py").write_text("c = get_config()\n")
        wrong = notebook(("solution", "dot_product", "def dot_product(a, b):\n    return 'student'"))
        put(tmp_path / "autograded" / "ada" / "01_vectors" / "01_vectors.ipynb", wrong)
        put(tmp_path / "autograded" / "ada" / "02_neuron" / "02_neuron.ipynb", notebook())
        return tmp_path

    CODE = "from chapters import dot_product; print(dot_product([2], [3]))"

    def test_reference(self, course: Path) -> None:
        """A mistake in chapter 1 costs points once."""
        folder = course / "autograded" / "ada" / "02_neuron"
        assert run(folder, self.CODE, NBGRADER_EXECUTION="autograde") == "6\n"

    def test_validate_uses_the_students_own(self, course: Path) -> None:
        """``nbgrader validate`` is what the student sees, so it uses what the student wrote."""
        folder = course / "autograded" / "ada" / "02_neuron"
        assert run(folder, self.CODE, NBGRADER_EXECUTION="validate") == "student\n"

    def test_only_earlier_chapters(self, course: Path) -> None:
        """A chapter never gets its own reference solution."""
        said = run(
            course / "autograded" / "ada" / "02_neuron",
            "from chapters import fire",
            NBGRADER_EXECUTION="autograde",
        )
        assert "EarlierChapterError: no earlier chapter defines 'fire'" in said


class TestStudent:
    """In a student's folder the names come from the student's own earlier work."""

    def test_a_notebook_beside_it(self, student: Path) -> None:
        """Setup and solution cells run, silently; tests and free cells don't."""
        assert run(student / "02_neuron", "from chapters import dot_product; print(dot_product([2], [3]))") == "6\n"

    def test_the_visible_tests_find_their_chapter(self, student: Path) -> None:
        """A pytest file ``test_<id>.py`` belongs to its chapter, also when run from elsewhere."""
        test = put(student / "02_neuron" / "test_02_neuron.py", "from chapters import dot_product\nprint('found')")
        assert run(
            student, f"import sys, runpy; sys.path.insert(0, {str(test.parent)!r}); runpy.run_path({str(test)!r})"
        ) == ("found\n")

    def test_a_chapter_that_imports_an_earlier_one(self, student: Path) -> None:
        """Chapter 3 asks chapter 2, whose setup cell asks chapter 1."""
        put(
            student / "02_neuron" / "02_neuron.ipynb",
            notebook(
                ("setup", "imports", "from chapters import dot_product"),
                ("solution", "fire", "def fire(w, x):\n    return dot_product(w, x) > 0"),
            ),
        )
        assert run(student / "03_layer", "from chapters import fire; print(fire([1], [1]))") == "True\n"

    def test_the_py_file_when_the_work_is_there(self, student: Path) -> None:
        """The notebook is still the stub: the .py counts, though the notebook is newer."""
        put(student / "01_vectors" / "01_vectors.py", ONE)
        stub = notebook(("solution", "dot_product", STUB.split("\n", 1)[1]))
        put(student / "01_vectors" / "01_vectors.ipynb", stub)
        os.utime(student / "01_vectors" / "01_vectors.py", (1, 1))
        assert run(student / "02_neuron", "from chapters import dot_product; print(dot_product([2], [3]))") == "6\n"

    def test_the_newest_when_both_have_work(self, student: Path) -> None:
        """Two finished versions: the one that was saved last."""
        other = put(student / "01_vectors" / "01_vectors.py", STUB.replace("raise NotImpl", "return 'py' #"))
        code = "from chapters import dot_product; print(dot_product([2], [3]))"
        os.utime(other, (1, 1))
        assert run(student / "02_neuron", code) == "6\n"
        os.utime(other, (4e9, 4e9))
        assert run(student / "02_neuron", code) == "py\n"

    def test_all_files_in_one_folder(self, student: Path) -> None:
        """A student who keeps notebooks flat is served too; Jupyter tells the notebook's name."""
        flat = student / "flat"
        put(flat / "01_vectors.ipynb", ONE_NOTEBOOK)
        put(flat / "02_neuron.ipynb", notebook(("solution", "dot_product", "def dot_product(a, b):\n    return 'own'")))
        code = "from chapters import dot_product; print(dot_product([2], [3]))"
        assert run(flat, code, JPY_SESSION_NAME="some/where/02_neuron.ipynb") == "6\n"

    def test_helpers_in_cells_of_their_own(self, student: Path) -> None:
        """Imports, functions and constants that an answer uses are taken from other cells; the rest is not run."""
        put(
            student / "01_vectors" / "01_vectors.ipynb",
            notebook(
                ("free", "", "import math\nEPS = 1e-9\nprint('free ran')"),
                ("free", "", "def root(x):\n    return math.sqrt(x + EPS * 0)\nwrong = 1 / 0\n"),
                ("free", "", "def length(v):\n    return 'scratch'\n"),
                ("solution", "length", "def length(v):\n    return root(sum(x * x for x in v))"),
            ),
        )
        assert run(student / "02_neuron", "from chapters import length; print(length([3, 4]))") == "5.0\n"

    def test_metadata_stripped(self, student: Path) -> None:
        """Some editors drop nbgrader's metadata: definitions are taken, nothing else is run."""
        put(
            student / "01_vectors" / "01_vectors.ipynb",
            notebook(
                ("free", "", "import math"),
                ("free", "", "def length(v):\n    return math.hypot(*v)"),
                ("free", "", "assert length([3, 4]) == 6\nprint('test ran')"),
            ),
        )
        assert run(student / "02_neuron", "from chapters import length; print(length([3, 4]))") == "5.0\n"

    def test_magics(self, student: Path) -> None:
        """A cell with IPython's own syntax still gives its names."""
        put(
            student / "01_vectors" / "01_vectors.ipynb",
            notebook(
                ("solution", "twice", "%%time\n# mine\n!ls\ndef twice(x):\n    return x * 2\ntwice?"),
                ("solution", "page", "%%html\n<b>bold</b>"),
            ),
        )
        assert run(student / "02_neuron", "from chapters import twice; print(twice(4))") == "8\n"

    def test_a_changed_notebook_is_read_again(self, student: Path) -> None:
        """No kernel restart after mending an earlier chapter: import again."""
        path = student / "01_vectors" / "01_vectors.ipynb"
        mended = ONE_NOTEBOOK.replace("return sum(", "return 1 + sum(")
        code = (
            "from chapters import dot_product\nprint(dot_product([2], [3]))\n"
            f"open({str(path)!r}, 'w').write({mended!r})\n"
            "from chapters import dot_product\nprint(dot_product([2], [3]))\n"
        )
        assert run(student / "02_neuron", code) == "6\n7\n"

    def test_tracebacks_show_the_students_line(self, student: Path) -> None:
        """An error inside an earlier chapter points at the cell, with its text."""
        code = "import traceback\nfrom chapters import dot_product\ntry:\n    dot_product(1, 2)\nexcept TypeError:\n"
        said = run(student / "02_neuron", code + "    print(traceback.format_exc())")
        assert '"../01_vectors/01_vectors.ipynb, cell 3 (dot_product)", line 2' in said
        assert "return sum(x * y for x, y in zip(a, b))" in said

    def test_dir_lists_names(self, student: Path) -> None:
        """Completion sees what earlier chapters define."""
        assert run(student / "02_neuron", "import chapters; print(dir(chapters))") == "['dot_product']\n"


class TestMessages:
    """What a student reads when something is missing or unfinished."""

    def test_unfinished(self, student: Path) -> None:
        """An untouched stub imports, and says its name when called."""
        put(student / "01_vectors" / "01_vectors.ipynb", notebook(("solution", "dot_product", STUB.split("\n", 1)[1])))
        assert run(student / "02_neuron", "from chapters import dot_product; print('imported')") == "imported\n"
        said = run(student / "02_neuron", "from chapters import dot_product; dot_product([1], [2])")
        assert said.endswith("NotImplementedError: dot_product: your code here\n")

    def test_folder_not_there(self, tmp_path: Path) -> None:
        """The chapter, the place and what to do, though no earlier folder is there to ask."""
        put(tmp_path / "03_forward_pass" / "03_forward_pass.ipynb", notebook())
        said = run(tmp_path / "03_forward_pass", "from chapters import relu")
        assert said.endswith(
            "EarlierChapterError: relu comes from chapter 02_single_neuron: not found in ../02_single_neuron/. "
            "Put your finished notebook 02_single_neuron.ipynb (or 02_single_neuron.py) there.\n"
        )

    def test_cell_deleted(self, tmp_path: Path) -> None:
        """The notebook is there, its exercise isn't."""
        put(tmp_path / "02_single_neuron" / "02_single_neuron.ipynb", notebook())
        put(tmp_path / "03_forward_pass" / "03_forward_pass.ipynb", notebook())
        said = run(tmp_path / "03_forward_pass", "from chapters import relu")
        assert (
            "no exercise cell in ../02_single_neuron/02_single_neuron.ipynb defines it. "
            "Finish `relu` there, save the file and run this import again."
        ) in said

    def test_missing_two_chapters_back(self, tmp_path: Path) -> None:
        """Chapter 2 is there but needs chapter 1: the message is about chapter 1."""
        two = notebook(
            ("setup", "imports", "from chapters import dot_product"),
            ("solution", "relu", "def relu(z):\n    return max(0, z)"),
        )
        put(tmp_path / "02_single_neuron" / "02_single_neuron.ipynb", two)
        put(tmp_path / "03_forward_pass" / "03_forward_pass.ipynb", notebook())
        said = run(tmp_path / "03_forward_pass", "from chapters import relu")
        assert "dot_product comes from chapter 01_math_foundations: not found in ../01_math_foundations/." in said

    def test_later_chapter(self, tmp_path: Path) -> None:
        """Names of the chapter itself or of later ones are not on offer."""
        put(tmp_path / "03_forward_pass" / "03_forward_pass.ipynb", notebook())
        said = run(tmp_path / "03_forward_pass", "from chapters import Trainer")
        assert "Trainer belongs to chapter 06_training_loop; chapter 03_forward_pass can use names of earlier" in said

    def test_near_miss(self, student: Path) -> None:
        """A misspelt name gets the near one."""
        said = run(student / "02_neuron", "from chapters import dot_prodct")
        assert said.endswith("no earlier chapter defines 'dot_prodct'. Did you mean 'dot_product'?\n")

    def test_syntax_error(self, student: Path) -> None:
        """Chapter, cell and line of a broken exercise cell; other exercises of that notebook still work."""
        put(
            student / "01_vectors" / "01_vectors.ipynb",
            notebook(
                ("solution", "dot_product", "def dot_product(a, b):\n    return sum(a"),
                ("solution", "double", "def double(x):\n    return x * 2"),
            ),
        )
        said = run(student / "02_neuron", "from chapters import dot_product")
        assert (
            "EarlierChapterError: dot_product comes from chapter 01_vectors, and its cell does not run: "
            "../01_vectors/01_vectors.ipynb, cell 1 (dot_product), line 2: SyntaxError: '(' was never closed. "
            "Mend that cell, save the file and run this import again.\n"
        ) in said
        assert run(student / "02_neuron", "from chapters import double; print(double(2))") == "4\n"

    def test_syntax_error_in_a_py_file(self, student: Path) -> None:
        """The line is the file's, and a finished notebook would be preferred."""
        py = put(student / "01_vectors" / "01_vectors.py", '# one\n# two\n# %% length role="solution"\ndef length(v:\n')
        assert py.exists()
        said = run(student / "02_neuron", "from chapters import length")
        assert "../01_vectors/01_vectors.py, cell length, line 4: SyntaxError" in said

    def test_a_cell_that_raises(self, student: Path) -> None:
        """A leftover call that fails hides nothing that stands before it; a name after it is reported."""
        cell = "def dot_product(a, b):\n    return 1\ndot_product()\ndef late(x):\n    return x\n"
        put(student / "01_vectors" / "01_vectors.ipynb", notebook(("solution", "dot_product", cell)))
        assert run(student / "02_neuron", "from chapters import dot_product; print(dot_product(1, 2))") == "1\n"
        said = run(student / "02_neuron", "from chapters import late")
        assert "cell 1 (dot_product): TypeError: dot_product() missing 2 required positional arguments" in said

    def test_exit_in_a_cell(self, student: Path) -> None:
        """A forgotten exit() doesn't take the next chapter down."""
        cells = notebook(("solution", "leave", "exit()"), ("solution", "one", "def one():\n    return 1"))
        put(student / "01_vectors" / "01_vectors.ipynb", cells)
        assert run(student / "02_neuron", "from chapters import one; print(one())") == "1\n"

    def test_not_a_notebook(self, tmp_path: Path) -> None:
        """A file that is not JSON is named, with what to do."""
        put(tmp_path / "02_single_neuron" / "02_single_neuron.ipynb", "<html>not found</html>")
        put(tmp_path / "03_forward_pass" / "03_forward_pass.ipynb", notebook())
        said = run(tmp_path / "03_forward_pass", "from chapters import relu")
        assert "../02_single_neuron/02_single_neuron.ipynb cannot be read (" in said
        assert "Save it again from Jupyter." in said


def test_the_map_agrees_with_the_course() -> None:
    """``COMES_FROM`` names the chapter of every exercise, so that messages are true."""
    table: dict[str, object] = {}
    exec(compile(CHAPTERS.read_text(encoding="utf-8"), "chapters.py", "exec"), table)
    comes_from = table["COMES_FROM"]
    assert isinstance(comes_from, dict)
    for path in sorted(CHAPTERS.parent.glob("[0-9]*.py")):
        titles = {
            cell.title for cell in table["_script_cells"](path.read_text(encoding="utf-8"), path) if cell.kind == "run"
        }  # type: ignore[operator]
        expected = {name for name, chapter in comes_from.items() if chapter == path.stem}
        assert expected <= titles, path.name
