"""The course against itself: its solutions, its stubs, and answers that students might plausibly give."""

import ast
import dataclasses
import functools
import json
import pathlib
import tomllib

import pytest

from grader.authoring.release import grading_spec, load_assignment, released_cells
from grader.course.config import load_config
from grader.course.model import Outcome, Role
from grader.execution.pool import Pool, Task
from grader.notebooks.cells import notebook_dict

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFIG = load_config(ROOT)
CHAPTERS = [
    "01_math_foundations",
    "02_single_neuron",
    "03_forward_pass",
    "04_loss_function",
    "05_backpropagation",
    "06_training_loop",
    "07_final_project",
]
POINTS = dict(zip(CHAPTERS, [16, 12, 14, 12, 20, 12, 14], strict=True))


@functools.cache
def assignment(chapter):
    """A chapter's cells, read once."""
    return load_assignment(CONFIG, chapter)


@functools.cache
def said(chapter):
    """The plausible mistakes and unusual variants of a chapter."""
    return tomllib.loads((ROOT / "tests" / "mistakes" / f"{chapter}.toml").read_text(encoding="utf-8"))


def exercises(chapter):
    """The names of a chapter's exercises."""
    return [cell.name for cell in assignment(chapter).cells if cell.role is Role.SOLUTION]


def own_tests(chapter, exercise):
    """Grade cells of an exercise: ``test_<Name>`` or ``test_<Name>_<aspect>``, the longest name that fits."""
    names = sorted(exercises(chapter), key=len, reverse=True)
    owner = {
        cell.name: next(n for n in names if cell.name == f"test_{n}" or cell.name.startswith(f"test_{n}_"))
        for cell in assignment(chapter).cells
        if cell.role is Role.TEST
    }
    return {test for test, name in owner.items() if name == exercise}


def callers(chapter, exercise):
    """The exercises of a chapter whose reference uses ``exercise``, directly or through others, and itself."""
    names = set(exercises(chapter))
    uses = {}
    for cell in assignment(chapter).cells:
        if cell.role is Role.SOLUTION:
            uses[cell.name] = {n.id for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.Name)} & names
    found = {exercise}
    while True:
        more = {name for name, used in uses.items() if used & found} - found
        if not more:
            return found
        found |= more


def notebook(chapter, *, replaced=None, solved=True):
    """A hand-in: the author's solutions (or the stubs), with one cell written differently."""
    stubs = {cell.name: cell for cell in released_cells(assignment(chapter)) if cell.name}
    cells = []
    for cell in assignment(chapter).cells:
        if cell.role is Role.SOLUTION and replaced and cell.name in replaced:
            text = replaced[cell.name]
            cell = stubs[cell.name] if text is None else dataclasses.replace(cell, source=text.strip("\n"))
        elif cell.role is Role.TEST or (cell.role is Role.SOLUTION and not solved):
            cell = stubs[cell.name]
        cells.append(cell)
    return json.dumps(notebook_dict(cells, locks=False)).encode()


class Graded:
    """All hand-ins of a chapter, graded side by side once."""

    def __init__(self, pool):
        self.pool = pool
        self.cache = {}

    def __call__(self, chapter):
        """The graded hand-ins of a chapter by what they are."""
        if chapter not in self.cache:
            tasks = {"solution": notebook(chapter), "stub": notebook(chapter, solved=False)}
            for name in exercises(chapter):
                tasks[f"without {name}"] = notebook(chapter, replaced={name: None})
            for kind in ("mistake", "variant"):
                for number, entry in enumerate(said(chapter)[kind]):
                    tasks[f"{kind} {number}"] = notebook(chapter, replaced={entry["exercise"]: entry["source"]})
            spec = grading_spec(CONFIG, chapter)
            results = self.pool.map(Task((key, chapter), data, spec) for key, data in tasks.items())
            self.cache[chapter] = {}
            for result in results:
                assert result.error == ""
                assert result.graded.not_graded == ""
                self.cache[chapter][result.key[0]] = result.graded
        return self.cache[chapter]


@pytest.fixture(scope="module")
def graded():
    """Graded hand-ins of any chapter."""
    with Pool() as pool:
        yield Graded(pool)


def lost(result):
    """The grade cells that did not pass."""
    return {verdict.grade_id for verdict in result.verdicts if verdict.outcome is not Outcome.PASSED}


def why(result):
    """What did not pass, with all that the judge says of it."""
    return {v.grade_id: (str(v.outcome), v.message, v.detail) for v in result.verdicts if v.outcome != "passed"}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_points(chapter):
    """A chapter has the points that the course promises; the course has 100."""
    assert assignment(chapter).max_score == POINTS[chapter]
    assert sum(POINTS.values()) == 100


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_solution_earns_everything(graded, chapter):
    """The author's own solution earns every point, and nothing had to be repaired in its notebook."""
    result = graded(chapter)["solution"]

    assert why(result) == {}
    assert result.score == POINTS[chapter]
    assert result.repairs == ()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_stub_earns_nothing(graded, chapter):
    """The untouched release earns no point in any grade cell, and all its exercises count as unanswered."""
    result = graded(chapter)["stub"]

    assert [verdict.score for verdict in result.verdicts] == [0] * len(result.verdicts)
    assert result.unchanged == frozenset(exercises(chapter))


@pytest.mark.parametrize(("chapter", "exercise"), [(c, e) for c in CHAPTERS for e in exercises(c)])
def test_removed_exercise_loses_its_own_points(graded, chapter, exercise):
    """Without one exercise all of its points are lost, and else only points of exercises that call it."""
    missing = lost(graded(chapter)[f"without {exercise}"])

    assert own_tests(chapter, exercise)
    assert own_tests(chapter, exercise) <= missing
    assert missing <= {test for name in callers(chapter, exercise) for test in own_tests(chapter, name)}


@pytest.mark.parametrize(
    ("chapter", "number"),
    [pytest.param(c, n, id=f"{c}-{entry['name']}") for c in CHAPTERS for n, entry in enumerate(said(c)["mistake"])],
)
def test_plausible_mistake_costs_what_it_breaks(graded, chapter, number):
    """A plausible wrong answer loses the points of the behaviour that it breaks, and no others."""
    result = graded(chapter)[f"mistake {number}"]

    assert lost(result) == set(said(chapter)["mistake"][number]["fails"]), why(result)


@pytest.mark.parametrize(
    ("chapter", "number"),
    [pytest.param(c, n, id=f"{c}-{entry['name']}") for c in CHAPTERS for n, entry in enumerate(said(c)["variant"])],
)
def test_unusual_but_right_answer_earns_everything(graded, chapter, number):
    """An unusual answer that is right earns every point."""
    assert why(graded(chapter)[f"variant {number}"]) == {}
