"""A hand-in's cells beside the course's: which is which, what runs, and in which order.

Cells are recognised by ``grade_id``, unless their text says that the id belongs to another cell; then by being the
released text of a course cell, by the names they define, by likeness. What is recognised decides nothing about points:
grade cells and setup cells are the course's own, and all other code of the student's runs where it stands. So a wrong
guess costs little, and what is at stake is mostly *where* a grade cell is judged:

- at its place in the notebook, or where the course has it if the notebook has lost it;
- but after the cells that define what it tests, when its own place stands before all of them;
- an untouched stub is no answer: if another cell defines the same names, that one is.

An undamaged notebook needs none of this, and nothing is said about it.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from grader.course.model import CourseCell, GradingSpec, Role
from grader.errors import SubmissionError
from grader.execution.cell_text import (
    bound_names,
    defined_names,
    is_python,
    methods,
    normal_text,
    outline,
    released_texts,
    used_names,
    visible_source,
)
from grader.execution.reading import HandedIn, HandedInCell, numbered, plain_words
from grader.notebooks.cells import nbgrader_metadata

MAX_REPAIRS = 60
MAX_JOINS = 50
MAX_PARTS = 3
"""How many cells may be looked at for the end of one that was split."""
MIN_BLOCK = 20
"""Characters of a test that is looked for inside of other cells."""
MIN_LIKENESS = 0.6
"""Of two texts that may be the same cell, as difflib's ratio over their words."""
MAX_WORDS = 400
MAX_COMPARED = 300
"""Pairs of cells that are compared word by word."""


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One cell of a grading, in the order in which it runs.

    ``course`` is the course's cell that this one stands for, if any; ``source`` is what runs or is shown.
    """

    source: str
    cell_type: str
    course: CourseCell | None = None
    outputs: tuple[Mapping[str, Any], ...] = ()

    @property
    def role(self) -> Role:
        """The course's role of this cell; free for what the student added."""
        return self.course.role if self.course else Role.FREE


def align(handed_in: HandedIn | Iterable[HandedInCell], spec: GradingSpec) -> tuple[list[Step], list[str]]:
    """The steps of a grading, and what was put right, one sentence each.

    Every grade and setup cell of the course appears exactly once.

    Raises:
        SubmissionError: no cell of this chapter is in it, so there is nothing that could be graded.
    """
    if not isinstance(handed_in, HandedIn):
        handed_in = HandedIn(tuple(handed_in))
    alignment = _Alignment(handed_in.cells, spec)
    steps = alignment.steps()
    repairs = [*handed_in.repairs, *alignment.repairs.sentences()]
    if len(repairs) > MAX_REPAIRS:
        rest = len(repairs) - MAX_REPAIRS + 1
        repairs = [*repairs[: MAX_REPAIRS - 1], f"{rest} more things were put right."]
    return steps, repairs


class _Course:
    """The course's side: its named cells in order, and how to recognise them."""

    def __init__(self, spec: GradingSpec) -> None:
        self.order = [cell for cell in spec.cells if cell.name and cell.role is not Role.FREE]
        self.cells = {cell.name: cell for cell in self.order}
        self.position = {cell.name: number for number, cell in enumerate(self.order)}
        self.released = {cell.name: released_texts(cell) for cell in self.order}
        self.free_texts = {normal_text(cell.source) for cell in spec.cells if cell.role is Role.FREE}
        self.solution_names = spec.solution_names
        self._binds = {cell.name: _bound_by(cell) for cell in self.order}
        claims: dict[str, set[str]] = defaultdict(set)
        for name, texts in self.released.items():
            for text in texts:
                claims[text].add(name)
        self.owner = {text: min(names) for text, names in claims.items() if len(names) == 1 and text}

    def binds(self, name: str) -> frozenset[str]:
        """The names that a solution cell binds: none for the others."""
        return self._binds[name]

    def methods(self) -> dict[str, frozenset[str]]:
        """The methods of the classes that students write."""
        return {name: found for cell in self.answers() for name, found in methods(cell.source).items()}

    def answers(self) -> list[CourseCell]:
        """The cells in which students write code."""
        return [cell for cell in self.order if self.binds(cell.name)]


def _bound_by(cell: CourseCell) -> frozenset[str]:
    is_answer = cell.cell_type == "code" and cell.role in (Role.SOLUTION, Role.MANUAL)
    return bound_names(cell.source) if is_answer else frozenset()


@functools.lru_cache(maxsize=1)
def get_ready(spec: GradingSpec) -> _Course:
    """Read the course's side of a spec; that of the last one is kept, for many hand-ins are aligned with it."""
    return _Course(spec)


class _Alignment:
    """One hand-in and one chapter; ``steps`` does the work, once."""

    def __init__(self, cells: Sequence[HandedInCell], spec: GradingSpec) -> None:
        self.course = get_ready(spec)
        self.repairs = _Repairs(self.course)
        self.cells = list(cells)
        self._join_halves()
        self.texts = [normal_text(cell.source) for cell in self.cells]
        self.claims: dict[int, str] = {}
        """Index of a handed-in cell → the course cell that it is or is a copy of."""
        self.found: dict[str, int] = {}
        """Course cell → index of the one handed-in cell that stands for it."""
        self.how: dict[tuple[str, int], str] = {}
        """By what a cell was recognised, if not by its ``grade_id``."""
        self.left_out: set[int] = set()
        self.merged: dict[str, int] = {}
        """Course cell → index of a cell in which it stands together with other code."""
        self._defines: dict[int, frozenset[str]] = {}

    def steps(self) -> list[Step]:
        """All steps, in order."""
        self._claim()
        self._choose()
        self._find_merged_tests()
        self._find_by_names()
        self._find_elsewhere()
        self._find_by_likeness()
        self._find_by_place()
        self._require_something()
        self._say_what_was_recognised()
        return self._assembled()

    # -- what a handed-in cell is -------------------------------------------------------------------------------------

    def defines(self, index: int) -> frozenset[str]:
        """Names that a handed-in cell defines, imports aside."""
        if index not in self._defines:
            self._defines[index] = defined_names(self.cells[index].source)
        return self._defines[index]

    def may_define(self, index: int, names: Iterable[str]) -> bool:
        """False for a cell in which none of these names is even mentioned."""
        source = self.cells[index].source
        return any(name in source for name in names)

    def is_untouched(self, index: int, name: str) -> bool:
        """True for a cell that still has the released text of a course cell."""
        return self.texts[index] in self.course.released[name]

    def _is_own(self, index: int) -> bool:
        """True for a cell that is the student's own: none of the course's, with something in it."""
        return bool(self.texts[index]) and index not in self.claims and self.texts[index] not in self.course.free_texts

    def _claim(self) -> None:
        """By id, or by being word for word a released cell: then the id is another's."""
        known = self.course.cells
        for index, cell in enumerate(self.cells):
            owner = self.course.owner.get(self.texts[index])
            label = cell.grade_id if cell.grade_id in known else cell.cell_id if cell.cell_id in known else ""
            if owner is not None and owner != label:
                self.claims[index] = owner
                self.how[owner, index] = "text"
            elif label and not (self.texts[index] and self.texts[index] in self.course.free_texts):
                other = self._real_name(index, label)
                self.claims[index] = other or label
                if other:
                    self.how[other, index] = "names"
                elif label != cell.grade_id:
                    self.how[label, index] = "cell id"

    def _real_name(self, index: int, label: str) -> str:
        """The solution cell whose names a cell defines while it carries the id of another; empty if there is none."""
        course = self.course.cells[label]
        if course.role is not Role.SOLUTION or outline(course.source) & outline(self.cells[index].source):
            return ""
        wanted, defined = self.course.binds(label), self.defines(index)
        if not wanted or not defined or defined & wanted:
            return ""
        return next((cell.name for cell in self.course.answers() if self.course.binds(cell.name) <= defined), "")

    def _choose(self) -> None:
        """Of several cells that claim to be the same one: the one that counts."""
        groups: dict[str, list[int]] = defaultdict(list)
        for index, name in self.claims.items():
            groups[name].append(index)
        for name, group in groups.items():
            role = self.course.cells[name].role

            def worth(index: int, name: str = name, role: Role = role) -> tuple[bool, bool, bool, int]:
                cell, untouched = self.cells[index], self.is_untouched(index, name)
                has_id = cell.grade_id == name
                if role is Role.TEST:
                    return untouched, has_id, True, index
                is_type = cell.cell_type == self.course.cells[name].cell_type
                if role is Role.SETUP:
                    return is_type, has_id, untouched, -index
                return is_type, not untouched, has_id, index

            self._stands_for(name, max(group, key=worth))

    def _stands_for(self, name: str, index: int, how: str = "") -> None:
        self.found[name] = index
        self.claims[index] = name
        if how:
            self.how[name, index] = how

    # -- what no id tells ---------------------------------------------------------------------------------------------

    def _others(self, *, code: bool) -> list[int]:
        """Cells that stand for no course cell and are not word for word one."""
        chosen = set(self.found.values())
        return [
            index
            for index, cell in enumerate(self.cells)
            if index not in chosen
            and (cell.cell_type == "code") is code
            and (self._is_own(index) or (index in self.claims and not self.is_untouched(index, self.claims[index])))
        ]

    def _find_merged_tests(self) -> None:
        """Grade cells whose text stands, word for word, in a cell with other code.

        Only the course's own is judged. There the text is taken out: an assertion that fails would keep what stands
        behind it from being defined.
        """
        for cell in self.course.order:
            block = normal_text(visible_source(cell)) if cell.role is Role.TEST else ""
            if len(block) < MIN_BLOCK:
                continue
            at_home = self.found.get(cell.name)
            if at_home is not None:
                if not self.is_untouched(at_home, cell.name):
                    self._take_out(at_home, block)
                continue
            hosts = [index for index in self.running() if self._take_out(index, block)]
            if hosts:
                self.merged[cell.name] = hosts[-1]
                self.repairs.add(_MERGED.format(number=self.cells[hosts[-1]].number), cell)

    def _take_out(self, index: int, block: str) -> bool:
        """Take whole lines out of a cell; False if they are not there, or alone there."""
        text = f"\n{normal_text(self.cells[index].source)}\n"
        if f"\n{block}\n" not in text or self.texts[index] == block:
            return False
        rest = text.replace(f"\n{block}\n", "\n").strip("\n")
        self.cells[index] = dataclasses.replace(self.cells[index], source=rest)
        return True

    def _find_by_names(self) -> None:
        missing = [cell for cell in self.course.order if cell.name not in self.found and self.course.binds(cell.name)]
        for cell in missing:
            wanted = self.course.binds(cell.name)
            worth = {
                index: (len(self.defines(index) & wanted), index)
                for index in self._others(code=True)
                if self.may_define(index, wanted) and self.defines(index) & wanted
            }
            if worth:
                self._stands_for(cell.name, max(worth, key=lambda index: worth[index]), "names")
        for cell in missing:
            if cell.name in self.found:
                continue
            wanted = self.course.binds(cell.name)
            hosts = [
                index for index in self.running() if self.may_define(index, wanted) and self.defines(index) & wanted
            ]
            if hosts:
                self.merged[cell.name] = hosts[-1]
                self.repairs.add(_MERGED.format(number=self.cells[hosts[-1]].number), cell)
                continue
            texts = [index for index in self._others(code=False) if self.may_define(index, wanted)]
            readable = [
                index for index in texts if is_python(self.cells[index].source) and self.defines(index) & wanted
            ]
            if readable:
                self._stands_for(cell.name, readable[-1], "names")

    def running(self) -> list[int]:
        """Indices of the cells whose own text runs: all code but grade and setup cells as released."""
        return [
            index
            for index, cell in enumerate(self.cells)
            if index not in self.left_out
            and (self._runs_as_answer(index) or (cell.cell_type == "code" and not self._is_the_courses(index)))
        ]

    def _runs_as_answer(self, index: int) -> bool:
        name = self.claims.get(index, "")
        return self.found.get(name) == index and bool(self.course.binds(name))

    def _is_the_courses(self, index: int) -> bool:
        name = self.claims.get(index)
        if name is None:
            return self.texts[index] in self.course.free_texts
        role = self.course.cells[name].role
        return role in (Role.TEST, Role.SETUP) and self.found.get(name) == index and not self._runs_too(index)

    def _runs_too(self, index: int) -> bool:
        """True for a changed grade or setup cell whose text runs as well, as the student's own.

        A setup cell may hold an import that the student's code needs; a grade cell the answer itself.
        """
        name = self.claims[index]
        course, cell = self.course.cells[name], self.cells[index]
        if cell.cell_type != "code" or self.is_untouched(index, name) or not self.texts[index]:
            return False
        if course.role is Role.SETUP:
            return True
        return bool(defined_names(cell.source, imports=True) - defined_names(course.source, imports=True))

    def _find_elsewhere(self) -> None:
        """Answers that stand in a cell of the student's own while the cell for them is as released, or is text."""
        for course in self.course.order:
            index = self.found.get(course.name)
            if index is None or course.cell_type != "code" or course.role not in (Role.SOLUTION, Role.MANUAL):
                continue
            is_text = self.cells[index].cell_type != "code"
            if not is_text and not self.is_untouched(index, course.name):
                continue
            wanted = self.course.binds(course.name)
            if not wanted:
                continue
            own = self._defining(self._others(code=True), wanted)
            others = own or self._defining((i for i in self.running() if i != index), wanted)
            if not others:
                continue
            del self.claims[index]
            if not is_text:
                self.left_out.add(index)
            if own:
                self._stands_for(course.name, own[-1], "elsewhere")
            else:
                del self.found[course.name]
                self.merged[course.name] = others[-1]
            state = "had become text" if is_text else "{was} as released"
            self.repairs.add(_ELSEWHERE.format(state=state, number=self.cells[others[-1]].number), course)

    def _defining(self, indices: Iterable[int], wanted: frozenset[str]) -> list[int]:
        """Those of some cells that define all of these names, and are no untouched stubs."""
        return [
            index
            for index in indices
            if self.may_define(index, wanted)
            and wanted <= self.defines(index)
            and not (index in self.claims and self.is_untouched(index, self.claims[index]))
        ]

    def _find_by_likeness(self) -> None:
        missing = [cell for cell in self.course.order if cell.name not in self.found and cell.name not in self.merged]
        own = [index for index in range(len(self.cells)) if self._is_own(index)]
        if not missing or not own:
            return
        pairs = _alike(
            {cell.name: min(filter(None, self.course.released[cell.name]), key=len, default="") for cell in missing},
            {index: self.texts[index] for index in own},
        )
        for _, name, index in sorted(pairs, key=lambda p: (-p[0], self.course.position[p[1]], p[2])):
            if name not in self.found and index not in self.claims:
                self._stands_for(name, index, "text")

    def _find_by_place(self) -> None:
        """An answer in words has lost all that was released; it is what stands alone between its neighbours."""
        for position, cell in enumerate(self.course.order):
            if cell.role is not Role.MANUAL or cell.cell_type == "code" or cell.name in self.found:
                continue
            before = [self.found[c.name] for c in self.course.order[:position] if c.name in self.found]
            after = [self.found[c.name] for c in self.course.order[position + 1 :] if c.name in self.found]
            if not before:
                continue
            between = range(before[-1] + 1, after[0] if after else len(self.cells))
            words = [index for index in between if self.cells[index].cell_type != "code" and self._is_own(index)]
            if len(words) == 1:
                self._stands_for(cell.name, words[0], "place")

    def _require_something(self) -> None:
        roles = {self.course.cells[name].role for name in self.found}
        if roles - {Role.SETUP} or self.merged or not any(cell.role is not Role.SETUP for cell in self.course.order):
            return
        ids = [cell.grade_id for cell in self.cells if cell.grade_id and cell.grade_id not in self.course.cells]
        named = f" (its cells are called {', '.join(map(plain_words, ids[:3]))})" if ids else ""
        raise SubmissionError(
            f"no exercise and no test of this chapter is in it{named}",
            hint="Is it the notebook of another chapter? Ask the student to hand in the right one.",
        )

    # -- halves of a cell ---------------------------------------------------------------------------------------------

    def _join_halves(self) -> None:
        """Put together what was split inside of a definition: its second part cannot stand alone."""
        whole: list[HandedInCell] = []
        rest = self.cells[::-1]
        n_joins = 0
        while rest:
            parts = [rest.pop()]
            while n_joins < MAX_JOINS and (more := self._more_parts(parts, rest)):
                parts += [rest.pop() for _ in range(more)]
                n_joins += 1
            whole.append(dataclasses.replace(parts[0], source=_joined(parts)))
            if len(parts) > 1:
                self.repairs.say_joined(parts)
        self.cells = whole

    def _more_parts(self, parts: Sequence[HandedInCell], rest: Sequence[HandedInCell]) -> int:
        """How many of the cells behind (``rest``, last first) belong to a cell; 0 for one that is whole."""
        first = dataclasses.replace(parts[0], source=_joined(parts))
        following: list[HandedInCell] = []
        for cell in rest[: -MAX_PARTS - 1 : -1]:
            if not self._may_be_halves(first, cell):
                return 0
            if not following and self._stands_alone(first.source, cell.source):
                return 0
            following.append(cell)
            if is_python(_joined([*parts, *following])):
                return len(following)
        return 0

    def _may_be_halves(self, first: HandedInCell, second: HandedInCell) -> bool:
        if first.cell_type != "code" or second.cell_type != "code" or not first.source.strip():
            return False
        course = self.course.cells.get(first.grade_id)
        if course is not None and course.role in (Role.TEST, Role.SETUP):
            return False
        if second.grade_id in self.course.cells and second.grade_id != first.grade_id:
            return False
        texts = normal_text(first.source), normal_text(second.source)
        return bool(texts[1]) and not any(t in self.course.owner or t in self.course.free_texts for t in texts)

    def _stands_alone(self, first: str, second: str) -> bool:
        """Whether a cell can be something else than the second half of the cell before it."""
        if second.lstrip("\n")[:1] not in (" ", "\t"):
            return is_python(second) or is_python(first)
        if not is_python(first) or not is_python(second):
            return False
        # IPython takes what is indented as a whole; but a method of the course's class has no business outside of it,
        # and who speaks of the parameters of the function before is inside of it.
        classes = re.findall(r"^class[ \t]+(\w+)", first, re.M)
        expected = self.course.methods().get(classes[-1], frozenset()) if classes else frozenset()
        signatures = re.findall(r"^[ \t]*(?:async[ \t]+)?def[ \t]+\w+\(([^)]*)", first, re.M)
        parameters = set(re.findall(r"(\w+)[ \t]*(?=[:,=]|$)", signatures[-1])) if signatures else set()
        return not expected & defined_names(second) and not parameters & used_names(second)

    # -- order --------------------------------------------------------------------------------------------------------

    def _assembled(self) -> list[Step]:
        places = _Places(self)
        entries: list[tuple[_Place, Step]] = []
        for index, cell in enumerate(self.cells):
            entries += ((_Place(index, 1, 0), step) for step in self._own_steps(index, cell))
        for course in self.course.order:
            if course.role in (Role.TEST, Role.SETUP) or course.name not in self.found:
                place = places.of.get(course.name)
                if place is not None:
                    found = self.found.get(course.name)
                    outputs = () if found is None else self.cells[found].outputs
                    entries.append((place, Step(course.source, course.cell_type, course, outputs)))
        entries.sort(key=lambda entry: entry[0])
        return [step for _, step in entries]

    def _own_steps(self, index: int, cell: HandedInCell) -> list[Step]:
        """What runs or is shown of a handed-in cell itself."""
        if index in self.left_out:
            return []
        name = self.claims.get(index)
        shown_type = cell.cell_type or "raw"
        if name is None:
            return [Step(cell.source, shown_type, None, cell.outputs)]
        course = self.course.cells[name]
        is_it = self.found.get(name) == index
        if is_it and course.role in (Role.SOLUTION, Role.MANUAL):
            return [Step(cell.source, course.cell_type, course, cell.outputs)]
        if is_it:
            return [Step(cell.source, shown_type, None, ())] if self._runs_too(index) else []
        return [] if self._is_needless_copy(index, name) else [Step(cell.source, shown_type, None, cell.outputs)]

    def _is_needless_copy(self, index: int, name: str) -> bool:
        """A second untouched setup cell; an untouched stub beside the answer."""
        if not self.is_untouched(index, name):
            return False
        course = self.course.cells[name]
        if course.role is Role.SETUP:
            return self.cells[index].grade_id == name
        return course.role is Role.SOLUTION and not self.is_untouched(self.found[name], name)

    # -- what is said -------------------------------------------------------------------------------------------------

    def _say_what_was_recognised(self) -> None:
        for course in self.course.order:
            index = self.found.get(course.name)
            if index is None:
                if course.name not in self.merged:
                    self.repairs.add(_NO_ANSWER if course.role is Role.SOLUTION else _MISSING, course)
                continue
            how = self.how.get((course.name, index), "")
            if how in _HOW:
                self.repairs.say_recognised(course, self.cells[index].grade_id, how)
            self._say_changes(course, index)
        copies = [index for index, name in sorted(self.claims.items()) if self.found.get(name) != index]
        for index in copies:
            self._say_copy(index, self.course.cells[self.claims[index]])
        for index, cell in enumerate(self.cells):
            if cell.grade_id and cell.grade_id not in self.course.cells and index not in self.claims:
                self.repairs.unknown.append(cell)
            if "skip-execution" in cell.tags:
                self.repairs.skipped.append(cell.number)

    def _say_changes(self, course: CourseCell, index: int) -> None:
        cell = self.cells[index]
        is_changed = course.role in (Role.TEST, Role.SETUP) and not self.is_untouched(index, course.name)
        if is_changed:
            self.repairs.add(_CHANGED_RAN if self._runs_too(index) else _CHANGED, course)
        if cell.cell_type != course.cell_type:
            now = f"a {cell.cell_type} cell" if cell.cell_type else "a cell of no known type"
            self.repairs.add(_RETYPED.format(now=now, course=course.cell_type), course)
        if cell.grade_id == course.name:
            marks = nbgrader_metadata(course) or {}
            points = cell.marks.get("points")
            if course.is_grade and type(points) in (int, float) and points != marks["points"]:
                self.repairs.add(_POINTS, course)
            if cell.marks.get("schema_version") == marks["schema_version"] and any(
                cell.marks.get(key, marks[key]) != marks[key] for key in ("grade", "solution", "locked")
            ):
                self.repairs.add(_MARKS, course)

    def _say_copy(self, index: int, course: CourseCell) -> None:
        cell = self.cells[index]
        if self._is_needless_copy(index, course.name):
            self.repairs.add(_LEFT_OUT, course)
        elif cell.grade_id == course.name:
            self.repairs.add(_COPY if cell.cell_type == "code" else _TEXT_COPY, course)


def _joined(parts: Sequence[HandedInCell]) -> str:
    return "\n".join(cell.source for cell in parts)


@dataclasses.dataclass(frozen=True, order=True, slots=True)
class _Place:
    """Where a step stands: at which handed-in cell; before (0), at (1) or behind it (2); then in the course's order."""

    index: int
    side: int
    order: int


class _Places:
    """Where the course's grade and setup cells run."""

    def __init__(self, alignment: _Alignment) -> None:
        self.a = alignment
        self.course = alignment.course
        self.of: dict[str, _Place] = {}
        self._uses: dict[int, frozenset[str]] = {}
        self._known_binders: dict[str, list[int]] | None = None
        found = alignment.found
        for cell in self.course.order:
            if cell.name in found and cell.role in (Role.SOLUTION, Role.MANUAL):
                self.of[cell.name] = _Place(found[cell.name], 1, 0)
        indices = [found[cell.name] for cell in self.course.order if cell.name in found]
        self._is_undisturbed = (
            len(indices) == len(self.course.order)
            and indices == sorted(indices)
            and not alignment.left_out
            and not self._has_answers_elsewhere()
        )
        for position, cell in enumerate(self.course.order):
            if cell.name in self.of:
                continue
            place = self._own_place(position, cell)
            if cell.role is Role.SETUP:
                place = self._before_what_follows(position, cell, place)
            elif cell.role is Role.TEST and not self._is_undisturbed:
                place = self._behind_what_it_needs(position, cell, place)
            elif cell.role is Role.SOLUTION:
                continue  # a stub that nobody handed in would take the place of an answer that stands elsewhere
            self.of[cell.name] = place

    def _has_answers_elsewhere(self) -> bool:
        names = self.course.solution_names
        return any(
            self.a.may_define(index, names) and names & self.a.defines(index)
            for index in self.a.running()
            if self.a.found.get(self.a.claims.get(index, "")) != index
        )

    def _own_place(self, position: int, cell: CourseCell) -> _Place:
        """Where the notebook has it, or else behind the course cell before it."""
        index = self.a.found.get(cell.name, self.a.merged.get(cell.name))
        if index is not None:
            return _Place(index, 2, position)
        for other in reversed(self.course.order[:position]):
            place = self.of.get(other.name)
            if place is not None:
                return _Place(place.index, 0 if place.side == 0 else 2, position)
        return _Place(-1, 2, position)

    def _before_what_follows(self, position: int, cell: CourseCell, place: _Place) -> _Place:
        """A setup cell that has slipped behind cells that build on it runs before them."""
        followers = [
            self.a.found[other.name]
            for other in self.course.order[position + 1 :]
            if other.name in self.a.found and other.role in (Role.SOLUTION, Role.MANUAL)
        ]
        if not followers or min(followers) > place.index:
            return place
        if cell.name in self.a.found:
            self.a.repairs.add(_SETUP_FIRST, cell)
        return _Place(min(followers), 0, position)

    def _behind_what_it_needs(self, position: int, cell: CourseCell, place: _Place) -> _Place:
        """A grade cell that stands before everything that defines what it tests is judged behind it."""
        own = place
        uses, defines = used_names(cell.source), defined_names(cell.source, imports=True)
        for other in self.course.order[:position]:
            there = self.of.get(other.name)
            if there is None or there < place or other.role not in (Role.TEST, Role.SETUP):
                continue
            if (uses - defines) & defined_names(other.source, imports=True):  # a helper, or a network trained there
                place = _Place(there.index, there.side, position)
        for name in self._needed(position, uses - defines):
            there_too = self._binding_cells(name)
            if not there_too or (min(there_too), 1) < (place.index, place.side):
                continue
            chosen = [index for index in there_too if self.a.claims.get(index) in self.a.found]
            target = _Place(chosen[-1] if chosen else there_too[-1], 2, position)
            place = max(place, target)
        if place != own and cell.name in self.a.found:
            self.a.repairs.add(_MOVED.format(number=self.a.cells[place.index].number), cell)
        return place

    def _needed(self, position: int, uses: frozenset[str]) -> list[str]:
        """The names that a grade cell tests, and those of earlier exercises that their answers use in turn."""
        earlier = {
            name
            for number, cell in enumerate(self.course.order)
            if number < position
            for name in self.course.binds(cell.name)
        }
        todo = sorted(uses & self.course.solution_names)
        seen = set(todo)
        for name in todo:
            for index in self._binding_cells(name):
                if index not in self._uses:
                    self._uses[index] = used_names(self.a.cells[index].source)
                more = sorted((self._uses[index] & earlier) - seen)
                seen.update(more)
                todo += more
        return todo

    def _binding_cells(self, name: str) -> list[int]:
        """Indices of the running cells that define a name, untouched stubs aside."""
        return self._binders().get(name, [])

    def _binders(self) -> dict[str, list[int]]:
        if self._known_binders is None:
            wanted = self.course.solution_names
            self._known_binders = defaultdict(list)
            for index in self.a.running():
                claimed = self.a.claims.get(index)
                if claimed is not None and self.a.is_untouched(index, claimed):
                    continue
                if self.a.may_define(index, wanted):
                    for bound in self.a.defines(index) & wanted:
                        self._known_binders[bound].append(index)
        return self._known_binders


# -- likeness ---------------------------------------------------------------------------------------------------------


def _alike(course: Mapping[str, str], handed_in: Mapping[int, str]) -> list[tuple[float, str, int]]:
    """(likeness, course cell, index) of the pairs that are alike enough.

    Words in common come first, by an index of words: only what could be alike is compared in order.
    """
    words = {name: _words(text) for name, text in course.items()}
    counts = {name: Counter(found) for name, found in words.items()}
    having: dict[str, set[str]] = defaultdict(set)
    for name, counted in counts.items():
        for word in counted:
            having[word].add(name)
    promising: list[tuple[float, str, int]] = []
    theirs: dict[int, list[str]] = {}
    for index, text in handed_in.items():
        found = _words(text)
        if not found:
            continue
        counted = Counter(found)
        common: Counter[str] = Counter()
        for word, count in counted.items():
            for name in having.get(word, ()):
                common[name] += min(count, counts[name][word])
        for name, shared in common.items():
            bound = 2 * shared / (len(found) + len(words[name]))  # no order of the words gives more
            if bound >= MIN_LIKENESS:
                promising.append((bound, name, index))
                theirs[index] = found
    promising.sort(key=lambda p: (-p[0], p[1], p[2]))
    alike = []
    for _, name, index in promising[:MAX_COMPARED]:
        ratio = difflib.SequenceMatcher(None, words[name], theirs[index], autojunk=False).ratio()
        if ratio >= MIN_LIKENESS:
            alike.append((ratio, name, index))
    return alike


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text[: 20 * MAX_WORDS])[:MAX_WORDS]


# -- sentences --------------------------------------------------------------------------------------------------------

_KINDS = {
    Role.SOLUTION: "solution cell",
    Role.TEST: "grade cell",
    Role.SETUP: "locked cell",
    Role.MANUAL: "manual cell",
}

_MISSING = "{cells} {was} missing; the course's own {was} used."
_NO_ANSWER = "{cells} {is} not in the notebook."
_CHANGED = "{cells} had been changed; the course's own {was} used."
_CHANGED_RAN = "{cells} had been changed; the course's own {was} used, behind the student's text."
_POINTS = "the points of {cells} had been edited; the course's own count."
_MARKS = "nbgrader's metadata of {cells} had been edited; the course's own were used."
_LEFT_OUT = "{an} untouched {copy} of {cells} {was} left out."
_COPY = "{a} {copy} of {cells} ran where {it} {stand}, as {own} of the student's own."
_TEXT_COPY = "{a} {copy} of {cells} {is} text and {was} not run."
_SETUP_FIRST = "{cells} stood behind cells that build on {them}; {it} ran before those."
_LOST_ID = "{{cells}} had lost {{their}} {{id}}; {{it}} {{was}} recognised by {how}."
_WRONG_ID = '{{cells}} had the id "{grade_id}"; {{it}} {{was}} recognised by {how}.'
_MERGED = "{{cells}} {{was}} found in cell {number}, together with other code."
_ELSEWHERE = "{{cells}} {state}, but cell {number} defines what {{it}} should; that one was taken."
_JOINED = "{{cells}} had been split; {parts} were put together."
_RETYPED = "{{cells}} had become {now}; {{it}} {{was}} read as {course}."
_MOVED = "{{cells}} stood before what {{it}} {{test}}; {{it}} {{was}} judged behind cell {number}."

_HOW = {
    "text": "{their} text",
    "names": "the names {it} {define}",
    "cell id": "{their} cell {id}",
    "place": "{their} place",
}


class _Repairs:
    """What was put right: gathered by what it was, so that forty cells without ids make one sentence."""

    def __init__(self, course: _Course) -> None:
        self._course = course
        self._plain: list[str] = []
        self._said: dict[str, list[str]] = {}
        self.unknown: list[HandedInCell] = []
        """Cells with an id that the course does not know, and that are none of the course's."""
        self.skipped: list[int] = []
        """Numbers of the cells that nbclient would not have run."""

    def add(self, template: str, cell: CourseCell) -> None:
        """Say this of a course cell, and of all others of which the same is said."""
        self._said.setdefault(template, []).append(cell.name)

    def say_joined(self, cells: Sequence[HandedInCell]) -> None:
        """Several cells were parts of one and were put together."""
        course = self._course.cells.get(cells[0].grade_id)
        parts = numbered([cell.number for cell in cells])
        if course is None:
            self._plain.append(f"{parts} were parts of one; they were put together.")
        else:
            self.add(_JOINED.format(parts=parts), course)

    def say_recognised(self, cell: CourseCell, grade_id: str, how: str) -> None:
        """A cell was recognised otherwise than by its id."""
        template = _WRONG_ID if grade_id else _LOST_ID
        self.add(template.format(grade_id=plain_words(grade_id), how=_HOW[how]), cell)

    def sentences(self) -> list[str]:
        """What is to be said, in a fixed order."""
        said = self._plain + [self._sentence(template, names) for template, names in self._said.items()]
        if self.unknown:
            ids = list(dict.fromkeys(f'"{plain_words(cell.grade_id)}"' for cell in self.unknown))
            one = len(self.unknown) == 1
            which = numbered([cell.number for cell in self.unknown])
            shown = ", ".join(ids[:5]) + (" …" if len(ids) > 5 else "")
            said.append(
                f"{which} {'has an id' if one else 'have ids'} that the course does not know ({shown}): "
                f"treated as {'a cell' if one else 'cells'} of the student's own."
            )
        if self.skipped:
            said.append(f'the tag "skip-execution" was ignored ({numbered(self.skipped)}).')
        return said

    def _sentence(self, template: str, names: list[str]) -> str:
        words = _SINGULAR if len(names) == 1 else _PLURAL
        return " ".join(template.format(cells=self._listed(names), **words).split())

    def _listed(self, names: list[str]) -> str:
        """``grade cell "a"``, or ``solution cells "f" and "g", grade cell "t"``."""
        kinds: dict[str, list[str]] = {}
        for name in dict.fromkeys(names):
            kinds.setdefault(_KINDS[self._course.cells[name].role], []).append(name)
        parts = []
        for kind, of_kind in kinds.items():
            shown = [f'"{name}"' for name in of_kind[:12]]
            if len(of_kind) > 12:
                shown.append(f"{len(of_kind) - 12} more")
            listed = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
            parts.append(f"{kind}{'s' * (len(of_kind) > 1)} {listed}")
        return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


_SINGULAR = {
    "was": "was", "is": "is", "it": "it", "them": "it", "their": "its", "id": "id", "test": "tests",
    "define": "defines", "a": "a", "an": "an", "copy": "copy", "stand": "stands", "own": "a cell",
}  # fmt: skip
_PLURAL = {
    "was": "were", "is": "are", "it": "they", "them": "them", "their": "their", "id": "ids", "test": "test",
    "define": "define", "a": "", "an": "", "copy": "copies", "stand": "stand", "own": "cells",
}  # fmt: skip
