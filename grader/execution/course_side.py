"""What the course itself defines, as grade cells see it: names of setup cells and of ``chapters``, in the judge.

Functions, modules and constants are the judge's own, so that a patched ``math`` never reaches a test. Classes and their
instances live in the student process, because instances must live where student code uses them; a function of a setup
cell that builds a network builds it there. So do mutable containers that the author's solutions use, directly or
through what a setup cell defines. A list of plain data that only tests use is theirs: nobody else shall change what
they expect.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import dataclasses
import io
import random
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from grader.course.model import CourseCell, GradingSpec, Role
from grader.execution.grade_cells import GradeCell, helpers, ready_cell, rewrite
from grader.execution.parsing import parse_cell
from grader.execution.reference import build_chapters

BUILTINS = {name: value for name, value in vars(builtins).items() if not name.startswith("_")}
"""What a namespace that looks names up elsewhere holds itself: each use of ``len`` would cost it a ``__missing__``."""


class Lookup(Protocol):
    """Where remote names are found: a session, once there is one."""

    def lookup(self, space: str, name: str) -> Any:
        """What ``name`` means in the student process."""


@dataclasses.dataclass
class SessionSlot:
    """The session that remote names are asked of; filled when a hearing begins."""

    session: Lookup | None = None


class CourseNames(dict[str, Any]):
    """A namespace of the course: its own values, and names that are looked up in the student process at each use."""

    def __init__(self, slot: SessionSlot, name: str) -> None:
        super().__init__(__name__=name, __builtins__=builtins)
        self.update(helpers(self))
        self.slot = slot
        self.remote: dict[str, tuple[str, str]] = {}

    def __missing__(self, name: str) -> Any:
        place = self.remote.get(name)
        if place is None or self.slot.session is None:
            raise KeyError(name)
        return self.slot.session.lookup(*place)

    def complete(self) -> None:
        """Take in the builtins that nothing of the course's has replaced: they are found without ``__missing__``."""
        for name, value in BUILTINS.items():
            if name not in self.remote:
                self.setdefault(name, value)

    def has(self, name: str) -> bool:
        """True for a name that the course defines here or in the student process."""
        return name in self or name in self.remote


class ChaptersForTests(types.ModuleType):
    """``chapters`` as a grade cell imports it."""

    def __init__(self, names: CourseNames) -> None:
        super().__init__("chapters")
        self.__dict__["grader_names"] = names

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["grader_names"][name]
        except KeyError:
            raise AttributeError(f"module 'chapters' has no attribute {name!r}") from None


class CourseSide:
    """The names of one spec, made once and used for many submissions (each in a fork of its own)."""

    def __init__(self, spec: GradingSpec) -> None:
        self.slot = SessionSlot()
        self.chapters = CourseNames(self.slot, "chapters")
        self.setup = CourseNames(self.slot, "__main__")
        self._ready: dict[tuple[str, bool], GradeCell] = {}
        self._shared = _shared_names(spec)
        self._build(spec)
        for cell in spec.cells:
            if cell.role is Role.TEST:
                self.grade_cell(cell, visible_only=False)

    def grade_cell(self, cell: CourseCell, *, visible_only: bool) -> GradeCell:
        """A grade cell of the spec, made ready once."""
        key = (cell.name, visible_only)
        if key not in self._ready:
            self._ready[key] = ready_cell(cell, visible_only=visible_only)
        return self._ready[key]

    def _build(self, spec: GradingSpec) -> None:
        state = random.getstate()
        before = sys.modules.get("chapters")
        real = build_chapters(spec.reference)
        parts = [self.setup]
        for_tests = ChaptersForTests(self.chapters)
        try:
            with _quiet():
                for assignment_id, source in spec.reference:
                    part = CourseNames(self.slot, f"chapters_{assignment_id}")
                    parts.append(part)
                    tree = parse_cell(source) or ast.Module([], [])
                    first = vars(sys.modules[part["__name__"]])
                    self._second_reading(tree, first, part, real, for_tests, "chapters")
                    self.chapters.update({k: v for k, v in part.items() if not k.startswith("_")})
                    for name, place in part.remote.items():
                        self.chapters.pop(name, None)
                        self.chapters.remote[name] = place
                first_space = self._first_reading(spec, real)
                tree = ast.Module([n for body in _setup_bodies(spec) for n in body], [])
                self._second_reading(tree, first_space, self.setup, real, for_tests, "setup")
            for names in parts:
                names.complete()
        finally:
            random.setstate(state)
            if before is None:
                sys.modules.pop("chapters", None)
            else:
                sys.modules["chapters"] = before
        self.module = for_tests

    @staticmethod
    def _first_reading(spec: GradingSpec, chapters: types.ModuleType) -> dict[str, Any]:
        """Setup cells as plain Python, to find out what their names are."""
        module = types.ModuleType("grader_setup")
        sys.modules[module.__name__] = module  # dataclasses look their module up
        sys.modules["chapters"] = chapters
        for body in _setup_bodies(spec):
            for node in body:
                # One statement that fails (a picture that needs a screen, say) must not take the others along.
                with contextlib.suppress(Exception):
                    exec(compile(ast.Module([node], []), "<setup>", "exec", dont_inherit=True), module.__dict__)
        return module.__dict__

    def _second_reading(
        self,
        tree: ast.Module,
        first: Mapping[str, Any],
        names: CourseNames,
        chapters: types.ModuleType,
        for_tests: types.ModuleType,
        space: str,
    ) -> None:
        """Run definitions again where classes and containers are remote; what is neither keeps its first value."""
        for name, value in first.items():
            if name.startswith("__") or not self._lives_with_student(name, value):
                continue
            from_chapters = space == "setup" and getattr(chapters, name, names) is value
            names.remote[name] = ("chapters" if from_chapters else space, name)
        sys.modules["chapters"] = for_tests
        for node in tree.body:
            kept = _judges_own(node, names.remote)
            if kept is None:
                continue
            with contextlib.suppress(Exception):
                again = rewrite(ast.Module([kept], []), compare=False)
                exec(compile(again, f"<{space}>", "exec", dont_inherit=True), names)
        for name, value in first.items():
            if not name.startswith("__") and not names.has(name):
                names[name] = value
        for name in names.remote:
            names.pop(name, None)

    def _lives_with_student(self, name: str, value: Any) -> bool:
        if isinstance(value, list | dict | set) and _is_plain(value):
            return name in self._shared
        return lives_with_student(value)


def _setup_bodies(spec: GradingSpec) -> Iterator[list[ast.stmt]]:
    """Statements of setup cells, and the imports of all other cells but tests."""
    for cell in spec.cells:
        if cell.cell_type != "code" or cell.role in (Role.TEST, Role.MANUAL):
            continue
        tree = parse_cell(cell.source)
        if tree is not None:
            setup = cell.role is Role.SETUP
            yield [node for node in tree.body if setup or isinstance(node, ast.Import | ast.ImportFrom)]


def _shared_names(spec: GradingSpec) -> frozenset[str]:
    """Names that the author's solutions use, directly or through definitions of setup cells."""
    uses: dict[str, set[str]] = {}
    for body in _setup_bodies(spec):
        for node in body:
            read = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            for name in bindings_of(node):
                uses.setdefault(name, set()).update(read)
    found = set(spec.solution_uses)
    new = set(found)
    while new:
        new = set().union(*(uses.get(name, set()) for name in new)) - found
        found |= new
    return frozenset(found)


def bindings_of(node: ast.stmt) -> set[str]:
    """Names that a statement of a setup cell defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _judges_own(node: ast.stmt, remote: Mapping[str, object]) -> ast.stmt | None:
    """The statement without what is remote; None if nothing remains, or if it only does something."""
    if isinstance(node, ast.ClassDef):
        return None if node.name in remote else node
    if isinstance(node, ast.Expr):
        return None
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        bound = {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
        return None if bound & set(remote) else node
    if isinstance(node, ast.Import | ast.ImportFrom):
        kept = [alias for alias in node.names if (alias.asname or alias.name) not in remote]
        if not kept:
            return None
        return ast.copy_location(type(node)(**{**dict(ast.iter_fields(node)), "names": kept}), node)
    return node


def lives_with_student(value: Any) -> bool:
    """True for classes of the course, their instances, and mutable containers."""
    if isinstance(value, types.ModuleType | types.FunctionType | types.BuiltinFunctionType | types.MethodType):
        return False
    if isinstance(value, type):
        return _is_ours(value)
    if isinstance(value, list | dict | set):
        return True
    if type(value) is tuple:
        return any(map(lives_with_student, value))
    return _is_ours(type(value))


def _is_plain(value: Any, depth: int = 20) -> bool:
    """True for constants, and for lists, dicts, sets and tuples with nothing else in them."""
    if type(value) in (list, tuple, set, frozenset):
        return depth > 0 and all(_is_plain(item, depth - 1) for item in value)
    if type(value) is dict:
        value = [*value.keys(), *value.values()]
        return depth > 0 and all(_is_plain(item, depth - 1) for item in value)
    return value is None or type(value) in (bool, int, float, complex, str, bytes, range)


def _is_ours(kind: type) -> bool:
    module = kind.__module__.partition(".")[0]
    return module == "__main__" or module not in sys.stdlib_module_names


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
