"""What you built in earlier chapters: ``from chapters import dot_product, relu``.

The names come from your own earlier notebooks. With the folders side by side, as they were handed out,

    01_math_foundations/01_math_foundations.ipynb
    02_single_neuron/02_single_neuron.ipynb        from chapters import dot_product

chapter 2 gets the ``dot_product`` that you wrote in chapter 1. Only your exercise cells (and the locked cells that
set a chapter up) are run, never tests or other cells, and what they print is not shown again. If you work in the
``.py`` file instead of the notebook, that one is taken. After you change an earlier chapter, run the import again.

There is nothing to do in this file. It uses the standard library only.
"""

# Where it looks depends on where it stands:
#   in source/ (and in the notebooks generated into source/<chapter>/): the course's solution files beside it;
#   under nbgrader's autograde (NBGRADER_EXECUTION=autograde): the solution files of the course around it;
#   anywhere else: the student's own ../<chapter>/<chapter>.ipynb or .py, or files of those names in the same folder.
# A chapter sees strictly earlier chapters only (chapters sort by name); of several definitions the latest counts.
# `grader autograde` does not use this file: there, `chapters` is a module of the course's solutions.

import __future__

import ast
import builtins
import contextlib
import difflib
import io
import json
import linecache
import os
import re
import sys
import types
from pathlib import Path

# Which chapter a name belongs to. Only messages use it, so that they can name a chapter that is not there.
COMES_FROM = {
    name: chapter
    for chapter, names in {
        "01_math_foundations": "vector_add vector_subtract vector_scale dot_product elementwise_multiply transpose "
        "matrix_vector_multiply matrix_multiply",
        "02_single_neuron": "sigmoid sigmoid_derivative relu relu_derivative Neuron",
        "03_forward_pass": "Layer Network",
        "04_loss_function": "softmax cross_entropy_loss mse_loss",
        "05_backpropagation": "BackpropLayer BackpropNetwork",
        "06_training_loop": "Trainer",
        "07_final_project": "LetterClassifier",
    }.items()
    for name in names.split()
}


class EarlierChapterError(ImportError):
    """A name of an earlier chapter is missing, or the cell that should define it doesn't work yet."""


def __getattr__(name):
    """Return what an earlier chapter calls ``name``; Python asks here for ``from chapters import name``."""
    if name.startswith("_"):  # Python's own questions (`__path__`), and tools looking for hooks
        raise AttributeError(f"module 'chapters' has no attribute {name!r}")
    folder, chapter_id = _importer(sys._getframe(1))
    earlier = _earlier_files(folder, chapter_id)
    for other in sorted(earlier, reverse=True):
        having = [c for c in map(_chapter, earlier[other]) if c.defines(name)]
        if having:
            # Notebook and .py both there: the one with work in it, then the one that was changed last.
            return max(having, key=lambda c: (c.progress(name), c.changed)).get(name)
    raise EarlierChapterError(_missing(name, folder, chapter_id, earlier))


def __dir__():
    """List the names that earlier chapters define, for completion."""
    earlier = _earlier_files(*_importer(sys._getframe(1)))
    return sorted({name for paths in earlier.values() for path in paths for name in _chapter(path).names})


# --- Who asks, and which files are earlier -------------------------------------------------------------------------


def _importer(frame):
    """Find the chapter that imports: its folder and its id (None when no chapter asks, as at a Python prompt)."""
    while frame is not None:
        names = frame.f_globals
        if "__chapter__" in names:  # an earlier chapter that we are running
            return Path(names["__file__"]).parent, names["__chapter__"]
        file = names.get("__vsc_ipynb_file__") or names.get("__file__")
        if isinstance(file, str) and names is not globals():
            file = Path(os.path.abspath(file))
            if (file.parent / "chapters.py").is_file():  # a solution file, a starter or its tests
                stem = file.stem.removeprefix("test_")
                return file.parent, file.parent.name if _is_chapter_folder(file.parent) else stem
        frame = frame.f_back
    # A notebook has no __file__; Jupyter runs it in its folder.
    own = Path(os.path.abspath(__file__)).parent
    for folder in (own, Path.cwd()):
        if _is_chapter_folder(folder):
            return folder, folder.name
    notebook = Path(os.environ.get("JPY_SESSION_NAME", ""))  # Jupyter's name for the open notebook
    if notebook.suffix and (own / notebook.name).is_file():
        return own, notebook.stem
    return own, None


def _is_chapter_folder(folder):
    """Tell whether ``folder`` is like ``03_forward_pass/``, with a notebook or .py of the same name in it."""
    return any((folder / f"{folder.name}{suffix}").is_file() for suffix in (".ipynb", ".py"))


def _earlier_files(folder, chapter_id):
    """Map the id of each earlier chapter to its files."""
    files = []
    course = _course_around(folder) if os.environ.get("NBGRADER_EXECUTION") == "autograde" else None
    if course is not None:
        files += (course / "source").glob("*.py")
    elif (folder.parent / "chapters.py").is_file() and (folder.parent / f"{folder.name}.py").is_file():
        files += folder.parent.glob("*.py")  # source/03_forward_pass/, generated from source/03_forward_pass.py
    else:
        files += [*folder.glob("*.ipynb"), *folder.glob("*.py")]
        if _is_chapter_folder(folder):
            files = [file for file in files if file.stem in COMES_FROM.values()]  # not the student's scratch files
            for sibling in folder.parent.iterdir():
                files += [sibling / f"{sibling.name}.ipynb", sibling / f"{sibling.name}.py"]
    earlier = {}
    for file in files:
        is_chapter = file.stem != "chapters" and not file.stem.startswith(("_", "test_"))
        if is_chapter and (chapter_id is None or file.stem < chapter_id) and file.is_file():
            earlier.setdefault(file.stem, []).append(file)
    return earlier


def _course_around(folder):
    """Walk up from the notebook, the working folder and this file to the folder with ``course_config.py``."""
    for start in (folder, Path.cwd(), Path(os.path.abspath(__file__)).parent):
        for place in (start, *start.parents):
            if (place / "course_config.py").is_file():
                return place
    return None


def _missing(name, folder, chapter_id, earlier):
    """Say why no earlier chapter has ``name`` and what to do."""
    home = COMES_FROM.get(name)
    if home is None:
        known = set(COMES_FROM).union(*(_chapter(path).names for paths in earlier.values() for path in paths))
        near = difflib.get_close_matches(name, known, n=1)
        return f"no earlier chapter defines {name!r}." + (f" Did you mean {near[0]!r}?" if near else "")
    if chapter_id is not None and home >= chapter_id:
        return f"{name} belongs to chapter {home}; chapter {chapter_id} can use names of earlier chapters only."
    if home in earlier:
        looked = " and ".join(_short(path, folder) for path in earlier[home])
        problem = next((_chapter(path).problem for path in earlier[home] if _chapter(path).problem), "")
        return f"{name} comes from chapter {home}, but no exercise cell in {looked} defines it. " + (
            problem or f"Finish `{name}` there, save the file and run this import again."
        )
    if _is_chapter_folder(folder):
        place = f"../{home}/"
    else:
        place = f"the folder {folder}"
    return (
        f"{name} comes from chapter {home}: not found in {place}. "
        f"Put your finished notebook {home}.ipynb (or {home}.py) there."
    )


def _short(path, folder=None):
    """Write a path as seen from the folder of the chapter that is being worked on."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive, on Windows
        return str(path)


# --- One earlier chapter -------------------------------------------------------------------------------------------

_chapters = {}


def _chapter(path):
    """Return the chapter in ``path``, read again when the file has changed."""
    status = path.stat()
    stamp = (status.st_mtime_ns, status.st_size)
    if path not in _chapters or _chapters[path].stamp != stamp:
        _chapters[path] = _Chapter(path, stamp)
    return _chapters[path]


class _Cell:
    """A code cell: its title, whether it is run, its statements (None if it is not Python).

    ``place`` is for messages; ``filename`` and ``first_line`` are where a traceback finds the lines.
    """

    def __init__(self, title, kind, source, place, filename, first_line=1):
        self.title, self.kind, self.source, self.place, self.filename = title, kind, source, place, filename
        self.error = None
        try:
            self.statements = _parse(source, filename)
        except (SyntaxError, ValueError) as error:
            self.statements, self.error = None, error
            if getattr(error, "lineno", None):
                error.lineno += first_line - 1
        for statement in self.statements or ():
            ast.increment_lineno(statement, first_line - 1)

    def mentions(self, name):
        """Tell whether a cell that is not Python looks as if it should define ``name``."""
        return self.title == name or re.search(rf"^(def|class)\s+{name}\b|^{name}\s*=", self.source, re.MULTILINE)


class _Chapter:
    """The cells of one earlier chapter, and the module that running them makes."""

    def __init__(self, path, stamp):
        self.path, self.stamp, self.changed = path, stamp, stamp[0]
        self.module, self.failures, self.problem = None, [], ""
        try:
            text = path.read_text(encoding="utf-8-sig")
            self.cells = _notebook_cells(text, path) if path.suffix == ".ipynb" else _script_cells(text, path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            self.cells, self.problem = [], f"{_short(path)} cannot be read ({error}). Save it again from Jupyter."
        self.plan = self._what_to_run()
        self.names = {name for _, statement in self.plan for name in _bound(statement)}

    def _what_to_run(self):
        """Pair cells and statements: exercise and setup cells whole, of other cells only what those need.

        A helper function, a constant or an import that stands in a cell of its own belongs to the answer; the rest of
        such a cell (a demo, a training run) is not run.
        """
        chosen = [(cell, s) for cell in self.cells if cell.kind == "run" for s in cell.statements or ()]
        spare = [(cell, s) for cell in self.cells if cell.kind == "free" for s in cell.statements or ()]
        spare = [(cell, s) for cell, s in spare if _is_definition(s)]
        if not any(cell.kind == "run" for cell in self.cells):
            # The notebook has lost nbgrader's metadata (some editors drop it): take every definition.
            return spare
        present = {name for _, s in chosen for name in _bound(s) | _imported(s)} | set(dir(builtins))
        wanted = {name for _, s in chosen for name in _used(s)}
        taken = set()
        while True:
            new = {s for _, s in spare if s not in taken and (_bound(s) | _imported(s)) & (wanted - present)}
            if not new:
                break
            taken |= new
            wanted |= {name for s in new for name in _used(s)}
        order = {cell: position for position, cell in enumerate(self.cells)}
        return sorted(chosen + [(cell, s) for cell, s in spare if s in taken], key=lambda pair: order[pair[0]])

    def defines(self, name):
        """Tell whether this chapter has ``name``, or a broken cell that should have it."""
        return name in self.names or any(c.error and c.kind == "run" and c.mentions(name) for c in self.cells)

    def progress(self, name):
        """How far ``name`` is: 0 an untouched stub, 1 not Python yet, 2 written."""
        statement = next((s for _, s in reversed(self.plan) if name in _bound(s)), None)
        if statement is None:
            return 1
        return 0 if any(_is_stub(node) for node in ast.walk(statement)) else 2

    def get(self, name):
        """Return ``name``, running the chapter first if that has not happened yet."""
        if self.module is None:
            self._run()
        if name in vars(self.module):
            return vars(self.module)[name]
        failures = self.failures + [(cell, cell.error) for cell in self.cells if cell.error and cell.kind == "run"]
        cell, error = next(((c, e) for c, e in failures if c.mentions(name)), failures[0] if failures else (None, None))
        if cell is None:
            raise EarlierChapterError(
                f"{name} comes from chapter {self.path.stem}, but {_short(self.path)} deletes it."
            )
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise EarlierChapterError(
            f"{name} comes from chapter {self.path.stem}, and its cell does not run: "
            f"{cell.place}{line}: {type(error).__name__}: {getattr(error, 'msg', None) or error}. "
            "Mend that cell, save the file and run this import again."
        ) from error

    def _run(self):
        """Run the plan as Jupyter would: a cell that fails does not stop the ones after it."""
        module = types.ModuleType(f"chapters.{self.path.stem}")  # not "__main__"
        module.__file__ = str(self.path)
        module.__chapter__ = self.path.stem
        sys.modules[module.__name__] = module  # dataclasses and pickle look a class's module up there
        flags = 0  # `from __future__ import …` holds for the cells after it too
        failures = []
        for cell in self.cells:
            body = [statement for owner, statement in self.plan if owner is cell]
            try:
                code = compile(ast.Module(body, []), cell.filename, "exec", flags, dont_inherit=True)
                flags |= code.co_flags & __future__.annotations.compiler_flag
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(code, vars(module))
            except EarlierChapterError:
                raise  # it says already which chapter is missing
            except (Exception, SystemExit) as error:
                failures.append((cell, error))
        self.module, self.failures = module, failures


# --- Cells of a notebook, cells of a .py file ----------------------------------------------------------------------


def _notebook_cells(text, path):
    """Read the code cells of a notebook; nbgrader's metadata says which are exercises."""
    cells = []
    for number, cell in enumerate(json.loads(text)["cells"], start=1):
        if cell.get("cell_type") != "code":
            continue
        meta = cell.get("metadata", {}).get("nbgrader", {})
        if meta.get("grade") and not meta.get("solution"):
            kind = "test"
        elif meta.get("solution") or meta.get("locked"):
            kind = "run"
        else:
            kind = "free"
        title = meta.get("grade_id", "")
        source = "".join(cell.get("source", ""))
        filename = f"{_short(path)}, cell {number}" + (f" ({title})" if title else "")
        # Tracebacks show the student's own lines.
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        cells.append(_Cell(title, kind, source, filename, filename))
    return cells


def _script_cells(text, path):
    """Read the code cells of a file in the percent format: ``# %% dot_product role="solution"``."""
    cells = []
    lines = text.splitlines(keepends=True)
    starts = [i for i, line in enumerate(lines) if re.match(r"\s*#\s*%%+(\s|$)", line)]
    for start, end in zip([-1, *starts], [*starts, len(lines)]):
        header = lines[start].split("%%", 1)[1].lstrip("%").strip() if start >= 0 else ""
        if "[markdown]" in header or "[md]" in header or "[raw]" in header:
            continue
        role = re.search(r"""\brole\s*=\s*["'](\w+)["']""", header)
        kind = {"solution": "run", "setup": "run", "test": "test"}.get(role[1] if role else "", "free")
        title = re.split(r"\s*\w+\s*=", header, maxsplit=1)[0].strip()
        place = _short(path) + (f", cell {title}" if title else "")
        cells.append(_Cell(title, kind, "".join(lines[start + 1 : end]), place, str(path), start + 2))
    return cells


# --- Python text ---------------------------------------------------------------------------------------------------


def _parse(source, filename):
    """Parse a cell; what only IPython understands (``%timeit``, ``!ls``, ``name?``) is left out."""
    try:
        return ast.parse(source, filename).body
    except SyntaxError:
        first = source.lstrip().split(None, 1)[:1]
        if first and first[0].startswith("%%"):
            if first[0] not in ("%%time", "%%timeit", "%%capture", "%%prun"):
                return []  # %%bash, %%html …: another language
            source = re.sub(r"^(\s*)%%.*", r"\1", source, count=1)
        source = re.sub(r"^([ \t]*)([%!].*|\?.*|[\w.]+\?{1,2}[ \t]*)$", r"\1pass", source, flags=re.MULTILINE)
        return ast.parse(source, filename).body


def _bound(node):
    """Names that a statement binds at module level by def, class or assignment (not by import)."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Store) else set()
    if isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        return set()
    return set().union(*map(_bound, ast.iter_child_nodes(node)))


def _imported(node):
    """Names that a statement imports."""
    aliases = [
        alias for part in ast.walk(node) if isinstance(part, (ast.Import, ast.ImportFrom)) for alias in part.names
    ]
    return {alias.asname or alias.name.split(".")[0] for alias in aliases}


def _used(node):
    """Names that a statement reads, also inside functions."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}


def _is_definition(node):
    """Tell whether a statement only defines something: import, def, class, ``NAME = 1e-9``."""
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return True
    if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        with contextlib.suppress(ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            ast.literal_eval(node.value)
            return True
    return False


def _is_stub(node):
    """Tell whether a node is ``raise NotImplementedError(…)``."""
    if not isinstance(node, ast.Raise):
        return False
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
