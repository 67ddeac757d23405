import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "grader"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "samples" not in path.parts)

LAYERS = ("course", "notebooks", "execution", "authoring", "gradebook", "reports", "sample_class", "cli", "")
"""From the bottom: a module may import from its own layer and from those before it. The last is the package itself."""

FRONT = ("grader.nbgrader_plugin", "grader.nbgrader_server", "grader.__main__")
"""What others start; nothing of ours imports it."""

HEAVY = (
    "matplotlib",
    "jinja2",
    "nbgrader",
    "nbformat",
    "IPython",
    "sqlalchemy",
    "rich",
    "jupytext",
    "traitlets",
    "alembic",
)


def dotted(path):
    """A module's name."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(path, *, at_top_only=False):
    """Dotted names of all that a module imports, ``from a import b`` as ``a.b`` where that is a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if at_top_only else list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                inner = PACKAGE.parent.joinpath(*node.module.split("."), alias.name)
                is_module = inner.with_suffix(".py").is_file() or inner.is_dir()
                yield f"{node.module}.{alias.name}" if is_module else node.module


def ours(path):
    """What a module imports of ours."""
    return {name for name in imports(path) if name.split(".")[0] == "grader"}


def layer(name):
    """The layer that a module belongs to."""
    parts = name.split(".")
    return "" if name in FRONT or len(parts) == 1 else parts[1]


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_no_arrow_turns_back(path):
    """From cli over reports, gradebook, authoring, execution and notebooks to course; a layer may be skipped."""
    here = layer(dotted(path))
    for name in ours(path):
        there = layer(name)
        if name in ("grader", "grader.errors"):  # its version and its exceptions are everybody's
            continue
        assert name not in FRONT, f"{dotted(path)} imports {name}"
        assert LAYERS.index(there) <= LAYERS.index(here), f"{dotted(path)} imports {name}"


def test_the_student_process_knows_nothing_of_ours_but_the_wire():
    """No test, no expected value and no path of the course can be found there, because none was ever imported."""
    names = ("student_side", "student_shell", "plain_shell", "recorder", "student_values", "wire")
    parts = {f"grader.execution.{name}" for name in names}
    for name in parts:
        assert ours(PACKAGE / "execution" / f"{name.rpartition('.')[2]}.py") <= parts - {name}


def test_only_notebooks_and_nbgraders_border_import_nbformat():
    """Workers and templates would pay a second and a half for it."""
    users = {dotted(path) for path in MODULES if any(name.split(".")[0] == "nbformat" for name in imports(path))}
    assert users <= {"grader.notebooks.notebook", "grader.nbgrader_plugin"}


def test_only_the_gradebook_speaks_to_a_database():
    """One module opens it, so one module has to be right about transactions."""
    for path in MODULES:
        if any(name.split(".")[0] == "sqlalchemy" for name in imports(path)):
            assert layer(dotted(path)) == "gradebook"


def test_nbgrader_is_imported_where_it_is_needed():
    """To make its tables, in what it calls itself, for its exchange, and for its formgrader."""
    users = {dotted(path) for path in MODULES if any(name.split(".")[0] == "nbgrader" for name in imports(path))}
    assert users <= {
        "grader.gradebook.database",
        "grader.nbgrader_plugin",
        "grader.nbgrader_server",
        "grader.authoring.exchange",
        "grader.cli.formgrader",
    }
    assert not any(
        name.startswith("nbgrader") for name in imports(PACKAGE / "gradebook" / "database.py", at_top_only=True)
    )


def loaded_after(code):
    """The heavy packages that a fresh interpreter has loaded after ``code``."""
    script = f"import sys\n{code}\nprint(*sorted({set(HEAVY)!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=PACKAGE.parent, check=True
    )
    return done.stdout.split()[-1:] if done.stdout.splitlines()[-1].strip() else []


def test_help_answers_at_once():
    """``grader --help`` loads none of the heavy libraries."""
    assert loaded_after("from grader.cli.main import main\nmain(['--help'], standalone_mode=False)") == []


def test_workers_load_neither_nbformat_nor_nbgrader():
    """A worker's modules come without them; IPython lives in the template."""
    code = "import grader.execution.grade, grader.execution.pool, grader.course.config, grader.gradebook.handins"
    assert loaded_after(code) == []
