from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from conftest import SAMPLES
from hypothesis import given
from hypothesis import strategies as st
from small_course import ADD, HIDDEN, MEAN

from grader.authoring.parse import parse_solution_file
from grader.authoring.release import (
    grading_spec,
    load_assignment,
    reference_text,
    release_notebook,
    released_cells,
    solved_notebook,
    source_notebook,
    starter_py,
)
from grader.authoring.visible import visible_tests_py
from grader.course.model import CourseCell, Role
from grader.errors import AnnotationError, CourseErrors, UsageProblem
from grader.notebooks.notebook import cell_ids, checksum, nbgrader_metadata, notebook_dict, notebook_text, read_notebook

CASES = sorted(path.name for path in SAMPLES.iterdir() if path.is_dir())
PERCENT = {"extension": ".py", "format_name": "percent"}


def sample(name):
    """The assignment of a sample."""
    return parse_solution_file((SAMPLES / name / "source.py").read_text(), f"source/{name}.py")


# -- goldens ---


@pytest.mark.parametrize("name", CASES)
def test_goldens(name, golden):
    """What students get of each sample is, to the byte, what was looked at when the golden was made."""
    assignment = sample(name)
    golden(SAMPLES / name / "release.ipynb", notebook_text(release_notebook(assignment)))
    golden(SAMPLES / name / "starter.py", starter_py(assignment))
    golden(
        SAMPLES / name / "visible.py", visible_tests_py(assignment).partition("# -- the tests ---\n")[2].lstrip("\n")
    )


@pytest.mark.parametrize("name", CASES)
def test_notebook_and_starter_say_the_same(name):
    """Jupytext reads the starter as the notebook: the same cells with the same text."""
    notebook = release_notebook(sample(name))
    text = starter_py(sample(name)).replace("# echo another", "echo another")  # jupytext knows no cells of bash
    starter = jupytext.reads(text, PERCENT)
    assert [(c.cell_type, c.source) for c in starter.cells] == [
        (c["cell_type"], c["source"]) for c in notebook["cells"]
    ]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("make", [source_notebook, release_notebook, solved_notebook])
def test_notebooks_are_valid_for_nbgrader(name, make):
    """Nbgrader's metadata schema and checksums hold in every notebook that is made."""
    from nbgrader.nbgraderformat import MetadataValidator
    from nbgrader.utils import compute_checksum

    notebook = nbformat.reads(notebook_text(make(sample(name))), as_version=4)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    MetadataValidator().validate_nb(notebook)
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata and not (make is solved_notebook and cell.metadata.nbgrader.solution):
            assert cell.metadata.nbgrader.checksum == compute_checksum(cell)


@pytest.mark.parametrize("name", CASES)
def test_source_notebook_survives_nbgrader(name):
    """What nbgrader's own steps make of our source notebook is what we make, but for the words of the stub."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions, ComputeChecksums, LockCells

    notebook = nbformat.reads(notebook_text(source_notebook(sample(name))), as_version=4)
    for step in (LockCells, ClearSolutions, ComputeChecksums, ClearHiddenTests, ComputeChecksums):
        notebook, _ = step().preprocess(notebook, {})
    ours = nbformat.from_dict(release_notebook(sample(name)))
    for theirs, mine in zip(notebook.cells, ours.cells, strict=True):
        for cell in (theirs, mine):
            if cell.cell_type == "code":
                cell.source = "\n".join(
                    line for line in cell.source.split("\n") if line.strip() and "NotImplementedError" not in line
                ).replace("# YOUR CODE HERE", "")
            cell.metadata.get("nbgrader", {}).pop("checksum", None)
        assert theirs.metadata == mine.metadata
        assert [line for line in theirs.source.split("\n") if line.strip()] == [
            line for line in mine.source.split("\n") if line.strip() and "Hidden tests run here" not in line
        ]


# -- cells ---


def released(text):
    """Sources of the released cells of a text."""
    return [cell.source for cell in released_cells(parse_solution_file(text, "x.py"))]


def test_a_stub_fails_by_name():
    """The stub stands at the region's indentation and names the function or method that is to be written."""
    sources = {cell.name: cell.source for cell in released_cells(sample("classes"))}
    stubs = [line for source in sources.values() for line in source.split("\n") if "NotImplementedError" in line]
    assert stubs == [
        '        raise NotImplementedError("Counter.__init__: your code here")',
        '            raise NotImplementedError("Counter.step: your code here")',
        '            raise NotImplementedError("Counter.step.move: your code here")',
        'raise NotImplementedError("constants: your code here")',
        'raise NotImplementedError("whole: your code here")',
    ]
    for source in sources.values():
        ast.parse(source)


def test_hidden_tests_go_out():
    """What is hidden is gone, what stands around it stays, and a cell that was all hidden says so."""
    sources = {cell.name: cell.source for cell in released_cells(sample("classes"))}
    assert "another stride" not in sources["test_Counter"]
    assert sources["test_Counter"].endswith('assert counter.count >= 4, "the count is kept"')
    sources = {cell.name: cell.source for cell in released_cells(sample("functions"))}
    assert sources["test_spread"] == "# Hidden tests run here when your work is graded."


def test_released_text_of_manual_cells():
    """A model answer is replaced, by nbgrader's words in prose; the question around it stays."""
    sources = {cell.name: cell.source for cell in released_cells(sample("by_hand"))}
    assert sources["why"] == "YOUR ANSWER HERE\n(Two sentences are enough.)"
    assert sources["experiment"] == 'raise NotImplementedError("experiment: your code here")'


@given(
    source=st.text(),
    cell_type=st.sampled_from(["code", "markdown"]),
    name=st.from_regex(r"[A-Za-z0-9_-]{1,60}", fullmatch=True),
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    points=st.one_of(st.integers(0, 100), st.floats(0, 100)),
)
def test_checksum_is_nbgraders(source, cell_type, name, flags, points):
    """Our checksum equals nbgrader.utils.compute_checksum for every kind of cell."""
    from nbgrader.utils import compute_checksum

    grade, solution, locked = flags
    metadata = {"grade": grade, "solution": solution, "locked": locked, "grade_id": name, "points": points}
    cell = nbformat.from_dict({"cell_type": cell_type, "source": source, "metadata": {"nbgrader": metadata}})
    ours = checksum(source, cell_type, name, grade=grade, solution=solution, locked=locked, points=points)
    assert ours == compute_checksum(cell)


def test_cell_ids_come_from_names():
    """A cell's id is its name; cells without one are numbered, past names that look like numbers of ours."""
    names = ["", "free-1", "f", ""]
    assert cell_ids([CourseCell(name, Role.FREE, "") for name in names]) == ["free-2", "free-1", "f", "free-3"]


def test_free_cells_have_no_nbgrader_metadata():
    """Only cells with a role are nbgrader's."""
    assert nbgrader_metadata(CourseCell("kept", Role.FREE, "x = 1")) is None


def test_notebooks_are_written_as_nbformat_writes_them():
    """Keys are sorted, the text ends with a newline, reading gives the same notebook, and nonsense is refused."""
    notebook = notebook_dict([CourseCell("f", Role.SOLUTION, "a\nb")], locks=True)
    text = notebook_text(notebook)
    assert text == json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert read_notebook(text) == notebook
    with pytest.raises(ValueError, match="not a valid notebook"):
        notebook_text({"cells": [], "metadata": [], "nbformat": 4, "nbformat_minor": 5})
    with pytest.raises(ValueError, match="not a notebook"):
        read_notebook("[1, 2")


# -- the course ---


def test_load_assignment(course):
    """A chapter is read and checked; its title is the configuration's."""
    assignment = load_assignment(course, "01_add")
    assert (assignment.assignment_id, assignment.title, assignment.max_score) == ("01_add", "Adding", 5)


def test_unknown_chapter(course):
    """A chapter that is not there is a usage problem with a near miss."""
    with pytest.raises(UsageProblem, match="Did you mean '01_add'"):
        load_assignment(course, "01_ad")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.write_bytes(b"# %%\nx = 1\n\xff\xfe"), r"source/01_add.py:3: byte 11 \(0xff\) is not UTF-8"),
        (lambda path: (path.unlink(), path.mkdir()), "source/01_add.py: is a folder, not a file"),
        (lambda path: path.write_text(""), "there is no cell in this file"),
    ],
)
def test_unreadable_solution_files(course, spoil, message):
    """What is not UTF-8, not a file or empty is named, with a remedy."""
    spoil(course.layout.solution_file("01_add"))
    with pytest.raises((CourseErrors, AnnotationError), match=message):
        load_assignment(course, "01_add")


def test_format_mistakes_and_others_come_together(course):
    """Mistakes of format and content are told in one go, in line order; points that are missing are not added up."""
    course.layout.solution_file("01_add").write_text(
        ADD.replace("add(1, 2) == 3", "ad(1, 2) == 3").replace('role="test" points=1', 'role="test"')
    )
    with pytest.raises(CourseErrors) as caught:
        load_assignment(course, "01_add")
    assert [error.message for error in caught.value.errors] == [
        "nobody defines 'ad'.",
        "a test cell needs points.",
    ]


def test_grading_spec(course):
    """The judge gets whole tests, stubs, the names of the solutions, earlier chapters, limits and allowed modules."""
    spec = grading_spec(course, "02_mean")
    cells = {cell.name: cell for cell in spec.cells}
    assert "### BEGIN HIDDEN TESTS" in cells["test_mean"].source
    assert cells["mean"].source.endswith('    raise NotImplementedError("mean: your code here")')
    assert spec.solution_names == {"mean"}
    ((earlier, text),) = spec.reference
    assert earlier == "01_add"
    assert "### " not in text
    space = {}
    exec(text, space)
    assert space["twice"](2) == 4
    assert "assert" not in text
    assert spec.allowed_modules == ("stdlib", "chapters")
    assert grading_spec(course, "01_add").reference == ()


def test_reference_has_imports_of_free_cells(course):
    """A solution may lean on an import that stands in a cell without a role."""
    text = "# %%\nimport math\nprint(math)\n" + '# %% f role="solution"\ndef f(): return math.pi\n'
    assert reference_text(parse_solution_file(text, "x.py")) == "import math\n\ndef f(): return math.pi"


def test_nothing_hidden_is_released(course):
    """No file for students has a hidden line or a solution in it."""
    for name in course.layout.assignment_ids():
        assignment = load_assignment(course, name)
        for text in (starter_py(assignment), visible_tests_py(assignment), json.dumps(release_notebook(assignment))):
            assert not [line for line in (*HIDDEN, "return a + b", "total / len") if line in text]


def test_making_it_twice_gives_the_same_bytes(course):
    """There is no time, number or order in the files that another run would change."""
    script = (
        "import sys, hashlib\n"
        "from pathlib import Path\n"
        "from grader.authoring.publish import plan\n"
        "from grader.course.config import load_config\n"
        "made = plan(load_config(Path(sys.argv[1])), ['01_add']).files\n"
        "print(hashlib.sha256(repr(sorted(made.items())).encode()).hexdigest())\n"
    )
    course.layout.chapters_module.write_text("")
    digests = {
        subprocess.run(
            [sys.executable, "-c", script, str(course.root)],
            capture_output=True, text=True, check=True, env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(digests) == 1


# -- visible tests, as students run them ---


def run_pytest(folder, *arguments, **environment):
    """Run pytest in a folder as a student would, and return what it says."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments]
    result = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | environment | {"PYTHONPATH": ""},
        timeout=60,
    )
    return result.stdout


def hand_out(folder, assignment, *, notebook=None):
    """Write what students get of an assignment."""
    folder.mkdir(parents=True, exist_ok=True)
    name = assignment.assignment_id
    (folder / f"{name}.ipynb").write_text(notebook_text(notebook or release_notebook(assignment)))
    (folder / f"{name}.py").write_text(starter_py(assignment))
    (folder / f"test_{name}.py").write_text(visible_tests_py(assignment))
    return folder


def test_visible_tests_fail_by_name_on_the_starter(tmp_path):
    """Untouched, every visible test fails and names the exercise; one test a grade cell, without hidden-only ones."""
    folder = hand_out(tmp_path / "functions", sample("functions"))
    os.utime(folder / "functions.py", (1, 1))
    said = run_pytest(folder)
    assert "NotImplementedError: mean: your code here" in said
    assert "Testing functions.ipynb (to be done: mean, spread; functions.py has 2 to be done)" in said
    assert "2 failed" in said


@pytest.mark.parametrize("name", ["functions", "classes", "by_hand"])
def test_visible_tests_pass_on_a_solved_notebook(tmp_path, name):
    """Filled in, the notebook beside an untouched starter is the one that is tested, and passes."""
    folder = hand_out(tmp_path / name, sample(name), notebook=solved_notebook(sample(name)))
    said = run_pytest(folder)
    assert f"Testing {name}.ipynb (every exercise is begun" in said
    assert "2 passed" in said
    assert "failed" not in said
    assert "error" not in said.lower()


def test_visible_tests_take_the_script_if_the_work_is_there(tmp_path):
    """A filled-in starter is tested when the notebook is untouched, and CHAPTER_FILE overrides the choice."""
    folder = hand_out(tmp_path / "functions", sample("functions"))
    script = folder / "functions.py"
    answer = "return sum(numbers) / len(numbers)"
    script.write_text(script.read_text().replace('raise NotImplementedError("mean: your code here")', answer))
    said = run_pytest(folder)
    assert "Testing functions.py (to be done: spread; functions.ipynb has 2 to be done)" in said
    assert "2 passed" in said
    said = run_pytest(folder, CHAPTER_FILE="functions.ipynb")
    assert "Testing functions.ipynb, as CHAPTER_FILE says" in said
    assert "2 failed" in said


def test_visible_tests_say_what_stands_in_the_way(tmp_path):
    """A cell that cannot run is named with its error; other exercises are tested all the same."""
    assignment = sample("functions")
    notebook = solved_notebook(assignment)
    cell = next(cell for cell in notebook["cells"] if cell["id"] == "mean")
    cell["source"] = "def mean(numbers)\n    return 1"
    folder = hand_out(tmp_path / "functions", assignment, notebook=notebook)
    (folder / "functions.py").unlink()
    said = run_pytest(folder)
    assert "mean is not defined." in said
    assert "functions.ipynb: cell \"mean\" stops with SyntaxError: expected ':'" in said
    (folder / "functions.ipynb").write_text("{")
    assert "functions.ipynb cannot be read (JSONDecodeError" in run_pytest(folder)
    (folder / "functions.ipynb").unlink()
    assert "Neither functions.ipynb nor functions.py is in" in run_pytest(folder)


def test_visible_tests_use_helpers_from_own_cells(tmp_path):
    """A function that a student wrote into an own cell is there; what else the cell does is not run."""
    assignment = sample("functions")
    notebook = solved_notebook(assignment)
    cells = notebook["cells"]
    own = {"cell_type": "code", "id": "own", "metadata": {}, "execution_count": None, "outputs": []}
    position = next(i for i, cell in enumerate(cells) if cell["id"] == "mean")
    cells.insert(
        position, own | {"source": "%time 1\nSCALE = 2\ndef total(x):\n    return sum(x)\nraise SystemExit(1)"}
    )
    cells[position + 1]["source"] = "def mean(numbers):\n    return SCALE * total(numbers) / len(numbers) / 2"
    assert "2 passed" in run_pytest(hand_out(tmp_path / "functions", assignment, notebook=notebook))


def test_a_single_visible_test_finds_its_names(tmp_path):
    """A test that uses a name from an earlier grade cell runs that one first, also when it is run alone."""
    folder = hand_out(tmp_path / "functions", sample("functions"), notebook=solved_notebook(sample("functions")))
    assert "1 passed, 1 deselected" in run_pytest(folder, "-k", "keeps")


def test_visible_tests_collect_in_a_plain_python(tmp_path):
    """The file needs nothing but pytest and the standard library."""
    text = visible_tests_py(sample("by_hand"))
    imported = {
        alias.name.partition(".")[0]
        for node in ast.walk(ast.parse(text))
        for alias in (node.names if isinstance(node, ast.Import) else [])
    } | {node.module.partition(".")[0] for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
    assert imported - set(sys.stdlib_module_names) == {"pytest"}


# -- beside nbgrader ---


def nbgrader(folder, *arguments):
    """Run a stock nbgrader command in a folder."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "JUPYTER_CONFIG_DIR": str(folder / ".jupyter"),
        "JUPYTER_PLATFORM_DIRS": "1",
    }
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, timeout=180)


def test_stock_nbgrader_generates_from_our_source_notebook(generated, tmp_path):
    """Nbgrader generate_assignment makes the same grade cells, points and checksums as our gradebook has."""
    import sqlite3

    copy = tmp_path / "copy"
    shutil.copytree(generated.layout.source_dir("01_add"), copy / "source" / "01_add")
    (copy / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "small"\n')
    result = nbgrader(copy, "generate_assignment", "01_add")
    assert result.returncode == 0, result.stderr

    def rows(database):
        with sqlite3.connect(database) as connection:
            found = {
                "grade": connection.execute(
                    "select b.name, g.max_score, g.cell_type from base_cell b join grade_cells g on g.id = b.id "
                    "join notebook n on n.id = b.notebook_id where n.name = '01_add'"
                ).fetchall(),
                "source": connection.execute(
                    "select s.name, s.cell_type, s.locked, s.checksum from source_cell s "
                    "join notebook n on n.id = s.notebook_id where n.name = '01_add'"
                ).fetchall(),
            }
        connection.close()
        # The stub's words are ours, so the checksums of solution cells differ.
        stubs = {"add", "twice"}
        source = sorted(
            (name, kind, locked, "" if name in stubs else digest) for name, kind, locked, digest in found["source"]
        )
        return sorted(found["grade"]), source

    assert rows(copy / "gradebook.db") == rows(generated.layout.gradebook_path)
    stock = nbformat.read(copy / "release" / "01_add" / "01_add.ipynb", as_version=4)
    ours = nbformat.read(generated.layout.release_dir("01_add") / "01_add.ipynb", as_version=4)
    locked = ("test_add", "imports")
    assert [c.metadata for c in stock.cells if c.id in locked] == [c.metadata for c in ours.cells if c.id in locked]
    beside = sorted(path.name for path in (copy / "release" / "01_add").iterdir())
    assert beside == ["01_add.ipynb", "01_add.py", "chapters.py", "test_01_add.py"]


def test_nbgrader_validate_accepts_a_right_notebook(generated):
    """A solved notebook with the earlier chapter beside it passes nbgrader validate; a stub does not."""
    for name in ("01_add", "02_mean"):
        notebook = solved_notebook(load_assignment(generated, name))
        (generated.layout.release_dir(name) / f"{name}.ipynb").write_text(notebook_text(notebook))
    folder = generated.layout.release_dir("02_mean")
    result = nbgrader(folder, "validate", "02_mean.ipynb")
    assert "Success! Your notebook passes all the tests." in result.stdout, result.stdout + result.stderr
    (folder / "02_mean.ipynb").write_text(notebook_text(release_notebook(load_assignment(generated, "02_mean"))))
    assert "mean: your code here" in nbgrader(folder, "validate", "02_mean.ipynb").stdout


def test_grading_spec_imports_nothing_heavy(course):
    """A specification is made without jupytext, nbformat or nbgrader, so that autograde starts at once."""
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from grader.authoring.release import grading_spec\n"
        "from grader.course.config import load_config\n"
        "grading_spec(load_config(Path(sys.argv[1])), '02_mean')\n"
        "print(sorted({'jupytext', 'nbformat', 'nbgrader', 'IPython'} & set(sys.modules)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, str(course.root)], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


def test_solution_text_is_hashed_by_content(course):
    """The same text gives the same assignment, whatever its time stamp; another text another one."""
    first = load_assignment(course, "02_mean")
    path = course.layout.solution_file("02_mean")
    os.utime(path, (1, 1))
    assert load_assignment(course, "02_mean") == first
    path.write_text(MEAN.replace("arithmetic", "plain"))
    again = load_assignment(course, "02_mean")
    assert hashlib.sha256(repr(again).encode()).digest() != hashlib.sha256(repr(first).encode()).digest()
