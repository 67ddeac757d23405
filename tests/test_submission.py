"""Reading what was handed in, and aligning it with the course's cells; see also the cases in ``damage/``."""

from __future__ import annotations

import ast
import contextlib
import copy
import json
import time
from pathlib import Path

import pytest
from damage_tools import cell, forget, insert, new, place, take, text
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from small_course import SOLVED, answered, make_course, released

from grader.authoring.release import (
    grading_spec,
    load_assignment,
    percent_text,
    release_notebook,
    released_cells,
    solved_notebook,
    starter_py,
)
from grader.course.config import load_config
from grader.course.model import CourseCell, GradingSpec, Role
from grader.errors import SubmissionError
from grader.execution import reading
from grader.execution.alignment import MAX_REPAIRS
from grader.execution.cell_text import defined_names, is_python, released_texts
from grader.execution.lenient import LenientReader
from grader.execution.submission import align, normal_text, read_notebook, slim_notebook, steps_of

ROOT = Path(__file__).resolve().parent.parent
CONFIG = load_config(ROOT)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The small course's first chapter: what it is graded by, and a right notebook."""
    config = make_course(tmp_path_factory.mktemp("small") / "course")
    return grading_spec(config, "01_add"), json.loads(answered(config, SOLVED)), released(config)


def handed_in(notebook):
    """A notebook, read."""
    return read_notebook(json.dumps(notebook).encode())


def names(steps):
    """The course cells among some steps."""
    return [step.course.name for step in steps if step.course]


# -- undamaged ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chapter", CONFIG.layout.assignment_ids())
def test_nothing_is_said_about_the_real_course(chapter):
    """The released notebook and the solved one, as JSON or as the starter .py, need no repair and keep their order."""
    assignment, spec = load_assignment(CONFIG, chapter), grading_spec(CONFIG, chapter)
    for notebook in (release_notebook(assignment), solved_notebook(assignment)):
        steps, repairs = align(handed_in(notebook), spec)
        assert repairs == []
        assert [step.course.name if step.course else "" for step in steps] == [
            "" if cell.role is Role.FREE else cell.name for cell in spec.cells
        ]
        assert [step.source for step in steps if step.role is Role.TEST] == [
            cell.source for cell in spec.cells if cell.role is Role.TEST
        ]
    steps, repairs = align(read_notebook(starter_py(assignment).encode()), spec)
    assert repairs == ['it is a Python file, not a notebook; its cells were read by their "# %%" lines.']
    assert names(steps) == [cell.name for cell in spec.cells if cell.role is not Role.FREE]


@pytest.mark.parametrize("chapter", CONFIG.layout.assignment_ids())
def test_what_was_released_is_known_as_unchanged(chapter):
    """The text that students get of a cell is a text by which the cell is recognised as untouched."""
    assignment, spec = load_assignment(CONFIG, chapter), grading_spec(CONFIG, chapter)
    for theirs, ours in zip(released_cells(assignment), spec.cells, strict=True):
        if theirs.role is not Role.FREE:
            assert normal_text(theirs.source) in released_texts(ours)


@pytest.mark.parametrize("chapter", CONFIG.layout.assignment_ids())
def test_an_answer_split_at_any_line_is_whole_again(chapter):
    """Wherever an answer is split, and whatever its second half has kept, no half of a definition is left."""
    assignment, spec = load_assignment(CONFIG, chapter), grading_spec(CONFIG, chapter)
    solved = solved_notebook(assignment)
    for index, whole in enumerate(solved["cells"]):
        if not whole["metadata"].get("nbgrader", {}).get("solution") or whole["cell_type"] != "code":
            continue
        lines = whole["source"].split("\n")
        for line in range(1, len(lines), 3):
            notebook = copy.deepcopy(solved)
            first, second = notebook["cells"][index], copy.deepcopy(whole)
            first["source"], second["source"] = "\n".join(lines[:line]), "\n".join(lines[line:])
            if line % 2:
                forget(second)
            notebook["cells"].insert(index + 1, second)
            steps, _ = align(handed_in(notebook), spec)
            is_whole = any(step.source == whole["source"] for step in steps)
            assert is_whole or not (lines[line].startswith(" ") or [s for s in steps if not is_a_cell(s)]), lines[line]


def is_a_cell(step):
    """True for a step that is no half of anything."""
    return step.cell_type != "code" or is_python(step.source)


# -- reading -----------------------------------------------------------------------------------------------------------

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no mistake."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
NEARLY = {
    "cell_type": st.sampled_from(["code", "markdown", "raw", "heading", "Code", "", 1, None, []]),
    "source": st.text() | st.lists(st.text()) | JSON,
    "metadata": st.sampled_from([{"nbgrader": {"grade_id": name}} for name in ("add", "test_add", "explain", 3)])
    | JSON,
    "outputs": JSON,
}
NOTEBOOK_LIKE = st.fixed_dictionaries(
    {"cells": st.lists(st.fixed_dictionaries({}, optional=NEARLY) | JSON, max_size=6)},
    optional={"metadata": JSON, "nbformat": JSON, "worksheets": JSON},
)


@CALM
@given(JSON | NOTEBOOK_LIKE)
@example({"cells": [{"cell_type": "code", "source": {"a": 1}}]})
@example({"cells": [[], {}, 5]})
@example({"worksheets": [{"cells": None}, 3]})
def test_any_json_is_read_or_refused(small, value):
    """Whatever JSON says, it is steps with each grade cell once, or a SubmissionError; and the same each time."""
    data = json.dumps(value).encode()
    spec = small[0]
    try:
        steps, repairs = align(read_notebook(data), spec)
    except SubmissionError:
        return
    assert sorted(name for name in names(steps) if spec_role(spec, name) is not Role.SOLUTION) == sorted(
        cell.name for cell in spec.cells if cell.role not in (Role.FREE, Role.SOLUTION)
    )
    assert (steps, repairs) == align(read_notebook(data), spec)
    assert len(repairs) <= MAX_REPAIRS
    for said in repairs:
        assert said.endswith(".")
        assert said.isprintable()


def spec_role(spec, name):
    """The role of a course cell."""
    return next(cell.role for cell in spec.cells if cell.name == name)


@CALM
@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_any_bytes_are_read_or_refused(data):
    """No bytes do more than refuse to be a notebook."""
    with contextlib.suppress(SubmissionError):
        read_notebook(data)


@CALM
@given(st.data())
def test_a_notebook_cut_anywhere_is_read_or_refused(small, data):
    """A broken-off upload gives whole cells only: none of another text than was written."""
    whole = text(small[1])
    end = data.draw(st.integers(0, len(whole)))
    try:
        cells = read_notebook(whole[:end].encode()).cells
    except SubmissionError:
        return
    written = {cell["source"] for cell in small[1]["cells"]}
    assert {cell.source for cell in cells} <= written


@CALM
@given(st.data())
def test_json_with_a_hole_is_read_or_refused(small, data):
    """Bytes overwritten in the middle do no more than spoil some cells."""
    whole = text(small[1]).encode()
    start = data.draw(st.integers(0, len(whole)))
    hole = data.draw(st.binary(max_size=20))
    with contextlib.suppress(SubmissionError):
        read_notebook(whole[:start] + hole + whole[start + len(hole) :])


@CALM
@given(JSON)
def test_lenient_reading_agrees_with_json(value):
    """What is JSON reads the same leniently, as far as anything in a notebook goes."""
    written = json.dumps([value])
    reader = LenientReader(written)
    assert json.dumps(reader.value()) == written
    assert not reader.is_cut


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('{"a": [1, 2,], }', {"a": [1, 2]}),
        ("{'a': 'it\\'s', 'b': None, 'c': True}", {"a": "it's", "b": None, "c": True}),
        ('{"a": "one\\d"}', {"a": "one\\d"}),
        ("{'a': '\\x41\\u00e9'}", {"a": "Aé"}),
        ('{"a" "b", "c": 1}', {"c": 1}),
        ('{"a": [1, 2}', {"a": [1, 2]}),
        ('[{"a": 1, {"b": 2}]', [{"a": 1}, {"b": 2}]),
        ('{"a": 1 "b": 2}', {"a": 1, "b": 2}),
        ('{"a": "lost,\n "b": 2}', {"a": "lost", "b": 2}),
        ("[1, @, 2]", [1, 2]),
        ("{a: 1}", {}),
        ("[" * 500, None),
    ],
)
def test_lenient_reading(written, value):
    """Mistakes in JSON cost what they touch and nothing else."""
    read = LenientReader(written).value()
    assert read == value or value is None


def test_a_number_too_long_for_python_is_no_trouble(small):
    """Python refuses to read an int of more than 4,300 digits; nobody needs it."""
    notebook = text(small[1]).replace('"nbformat": 4', f'"nbformat": 4, "x": {"9" * 5000}')
    assert align(read_notebook(notebook.encode()), small[0])[1] == []


# -- size --------------------------------------------------------------------------------------------------------------


def large(notebook, outputs):
    """A notebook with these bytes as outputs of its first code cell."""
    return json.dumps(notebook).encode().replace(b'"outputs": []', b'"outputs": ' + outputs, 1)


@pytest.mark.parametrize(
    "outputs",
    [
        b'[{"output_type": "stream", "name": "stdout", "text": "' + b"x" * 30_000_000 + b'"}]',
        b'[{"output_type": "stream", "name": "stdout", "text": [' + b'"0123\\n", ' * 3_000_000 + b'"["]}]',
        b"[" + b'{"output_type": "stream", "name": "stdout", "text": "}]\\""}, ' * 500_000 + b"{}]",
    ],
    ids=["one text", "many lines", "many outputs"],
)
def test_large_outputs_are_passed_over(small, outputs):
    """30 MB of outputs cost no time worth mentioning, and what was written in the cells is all there."""
    data = large(small[1], outputs)
    started = time.process_time()
    slim = slim_notebook(data)
    assert time.process_time() - started < 10
    assert len(slim) < 20_000
    assert [cell.source for cell in read_notebook(slim).cells] == [cell["source"] for cell in small[1]["cells"]]
    said = f"the outputs in it are very large ({len(outputs):,} bytes) and were not read."
    assert align(read_notebook(data), small[0])[1] == align(read_notebook(slim), small[0])[1] == [said]


def test_outputs_of_a_common_size_are_left_out_in_silence(small):
    """A notebook with some megabytes of pictures is nothing to talk about."""
    data = large(small[1], b'[{"data": {"image/png": "' + b"iVBOR" * 1_000_000 + b'"}}]')
    assert len(slim_notebook(data)) < 20_000
    assert read_notebook(data).repairs == ()


def test_small_notebooks_stay_as_they_are(small):
    """Outputs that were handed in are compared with what the cell shows now; so they are kept."""
    data = large(small[1], b'[{"output_type": "stream", "name": "stdout", "text": "3"}]')
    assert slim_notebook(data) is data
    assert [len(cell.outputs) for cell in read_notebook(data).cells if cell.outputs] == [1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"cells": [], "outputs": ' + b"[" * 5_000_000, "more parts than can be read"),
        (b'{"cells": ["' + b"x" * (17 << 20) + b'"]}', "bytes without outputs"),
        (b'{"cells": [' + b"{}," * 20_001 + b"{}]}", "at most 20,000 are graded"),
        (b"[" + b"[]," * 1_300_000, "more parts than can be read"),
    ],
    ids=["nested outputs", "long text", "many cells", "not even JSON"],
)
def test_what_is_too_large_is_refused(monkeypatch, data, words):
    """The bounds of time and memory are a reason not to grade, not a crash."""
    monkeypatch.setattr(reading, "MAX_SKIPPED", 1_000_000)
    with pytest.raises(SubmissionError, match=words):
        read_notebook(data)


def test_the_largest_file_is_refused_unread(monkeypatch):
    """A file above the limit is not even looked into."""
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 10)
    with pytest.raises(SubmissionError, match="too large: 11 bytes"):
        read_notebook(b"x" * 11)


# -- Python files ------------------------------------------------------------------------------------------------------


def test_the_starter_comes_back_whole():
    """Each cell of a filled-in starter is read as it was written, markdown too."""
    chapter = CONFIG.layout.assignment_ids()[1]
    assignment = load_assignment(CONFIG, chapter)
    cells = read_notebook(percent_text(released_cells(assignment)).encode()).cells
    assert [(cell.cell_type, cell.source) for cell in cells] == [
        (cell.cell_type, cell.source.strip("\n")) for cell in released_cells(assignment)
    ]


def test_a_broken_starter_is_still_a_starter(small):
    """One answer that is no Python costs that answer."""
    parts = ['# %% add role="solution"', "def add(a, b)", "    return a + b"]
    parts += ['# %% twice role="solution"', "def twice(a):", "    return 2 * a", ""]
    steps, _ = align(read_notebook("\n".join(parts).encode()), small[0])
    assert [step.source for step in steps if step.role is Role.SOLUTION] == [
        "def add(a, b)\n    return a + b",
        "def twice(a):\n    return 2 * a",
    ]


def test_the_py_counts_when_the_notebook_has_no_answer(small):
    """Who worked in the .py hands in an untouched notebook as well."""
    spec, solved, untouched = small
    py = {"01_add.py": b"def add(a, b):\n    return a + b\n\ndef twice(a):\n    return 2 * a\n"}
    as_bytes = json.dumps(untouched).encode()
    steps, repairs = steps_of(as_bytes, py, spec)
    assert repairs[0] == "the notebook has no answer in it; 01_add.py beside it was graded."
    assert any("return a + b" in step.source for step in steps)
    assert steps_of(b"{broken", py, spec)[1][0] == "the notebook cannot be read; 01_add.py beside it was graded."
    assert steps_of(b"", py, spec)[1][0] == "there is no notebook; 01_add.py was graded."
    assert steps_of(as_bytes, {}, spec)[1] == []
    assert steps_of(as_bytes, {"01_add.py": b"not Python ("}, spec)[1] == []
    assert steps_of(json.dumps(solved).encode(), py, spec)[1] == []
    with pytest.raises(SubmissionError, match="it is not JSON"):
        steps_of(b"{broken", {}, spec)


def test_an_untouched_py_beside_an_untouched_notebook_changes_nothing():
    """Students get both, so both come back."""
    chapter = CONFIG.layout.assignment_ids()[0]
    assignment, spec = load_assignment(CONFIG, chapter), grading_spec(CONFIG, chapter)
    files = {f"{chapter}.py": starter_py(assignment).encode()}
    assert steps_of(json.dumps(release_notebook(assignment)).encode(), files, spec)[1] == []


# -- alignment ---------------------------------------------------------------------------------------------------------


@CALM
@given(st.data())
def test_shuffled_and_doubled_and_stripped(small, data):
    """However the cells are mixed: each grade and setup cell once, all other code as it was, nothing made up."""
    spec, solved, _ = small
    chosen = data.draw(st.lists(st.sampled_from(range(len(solved["cells"]))), min_size=1, max_size=12))
    forgotten = data.draw(st.lists(st.booleans(), min_size=len(chosen), max_size=len(chosen)))
    notebook = {"cells": [copy.deepcopy(solved["cells"][index]) for index in chosen]}
    for part, is_forgotten in zip(notebook["cells"], forgotten, strict=True):
        if is_forgotten:
            forget(part)
    try:
        steps, repairs = align(handed_in(notebook), spec)
    except SubmissionError:
        assert not {1, 3, 5, 6} - {0, 1} & set(chosen) or set(chosen) <= {0, 1}
        return
    once = [name for name in names(steps) if spec_role(spec, name) is not Role.SOLUTION]
    assert sorted(once) == ["explain", "imports", "test_add", "test_twice"]
    assert len(set(names(steps))) == len(names(steps))
    known = {cell.source for cell in spec.cells} | {part["source"] for part in notebook["cells"]}
    assert {step.source for step in steps} <= known
    for answer in (2, 4):
        if answer in chosen:
            assert solved["cells"][answer]["source"] in {step.source for step in steps}
    order = [step.source for step in steps if step.cell_type == "code"]
    for name in ("add", "twice"):  # a test never stands before the only answer
        tests = [n for n, step in enumerate(steps) if step.course and step.course.name == f"test_{name}"]
        answers = [n for n, step in enumerate(steps) if name in defined_names(step.source)]
        assert not answers or min(answers) < tests[0], order
    assert repairs == align(handed_in(notebook), spec)[1]


def course(*cells, solution_names=()):
    """A chapter of a few cells."""
    return GradingSpec("x", tuple(cells), frozenset(solution_names))


STUB = "class Layer:\n    def __init__(self):\n        raise NotImplementedError\n\n    def forward(self, x): pass"
LAYER = CourseCell("Layer", Role.SOLUTION, STUB)
HELPING = "def helper(x):\n    return Layer().forward(x)\nassert helper(1) == 2"
HELPER_TEST = CourseCell("test_one", Role.TEST, HELPING, points=1)
USING_TEST = CourseCell("test_two", Role.TEST, "assert helper(3) == 4", points=1)
FORWARD = course(LAYER, HELPER_TEST, USING_TEST, solution_names=["Layer"])
DONE = (
    "class Layer:\n    def __init__(self):\n        self.n = 1\n\n    def forward(self, x):\n        return x + self.n"
)


def labelled(source, name):
    """A code cell with an id of nbgrader's."""
    made = new(source)
    made["metadata"] = {"nbgrader": {"grade_id": name, "schema_version": 3}}
    return made


def test_a_class_split_between_its_methods_is_whole_again():
    """IPython would run the second half as a function of its own; the course knows that it is a method."""
    first, second = DONE.split("\n\n")
    notebook = {"cells": [labelled(first, "Layer"), new(second)]}
    steps, repairs = align(handed_in(notebook), FORWARD)
    assert steps[0].source.replace("\n\n", "\n") == DONE.replace("\n\n", "\n")
    assert repairs[0] == 'solution cell "Layer" had been split; cells 1 and 2 were put together.'


def test_an_indented_cell_of_its_own_stays_its_own():
    """IPython runs a cell that is indented as a whole; it does not belong to the cell before."""
    notebook = {"cells": [labelled(DONE, "Layer"), new("    print(Layer())"), labelled("x", "test_one")]}
    steps, _ = align(handed_in(notebook), FORWARD)
    assert [step.source for step in steps[:2]] == [DONE, "    print(Layer())"]


def test_a_test_that_needs_another_follows_it():
    """Grade cells share their names, so the one that defines a helper comes before the one that uses it."""
    cells = [labelled(DONE, "Layer"), labelled(USING_TEST.source, "test_two"), labelled(HELPER_TEST.source, "test_one")]
    steps, repairs = align(handed_in({"cells": cells}), FORWARD)
    assert names(steps) == ["Layer", "test_one", "test_two"]
    assert repairs == ['grade cell "test_two" stood before what it tests; it was judged behind cell 3.']


F = CourseCell("f", Role.SOLUTION, "def f():\n    raise NotImplementedError")
G = CourseCell("g", Role.SOLUTION, "def g():\n    raise NotImplementedError")
TEST_G = CourseCell("test_g", Role.TEST, "assert g() == 1", points=1)
F_AND_G = course(F, G, TEST_G, solution_names=["f", "g"])


def test_a_test_follows_what_the_answer_itself_needs():
    """An answer may call an earlier exercise; in a shuffled notebook its test waits for that one too."""
    sources = {"g": "def g():\n    return f()", "test_g": TEST_G.source, "f": "def f():\n    return 1"}
    cells = [labelled(source, name) for name, source in sources.items()]
    assert names(align(handed_in({"cells": cells}), F_AND_G)[0]) == ["g", "f", "test_g"]


def test_two_exercises_that_use_each_other_come_to_an_end():
    """Names that need each other in a circle are followed once."""
    sources = {"test_g": TEST_G.source, "g": "def g():\n    return f()", "f": "def f():\n    return g()"}
    cells = [labelled(source, name) for name, source in sources.items()]
    assert names(align(handed_in({"cells": cells}), F_AND_G)[0]) == ["g", "f", "test_g"]


def test_an_attempt_in_a_cell_of_ones_own_does_not_replace_the_answer(small):
    """Only an untouched stub is no answer; what was written for an exercise stays its answer."""
    notebook = copy.deepcopy(small[1])
    cell(notebook, "add")["source"] = "def add(a, b):\n    return a"
    insert(notebook, "explain", new("def add(a, b):\n    return a + b"))
    steps, repairs = align(handed_in(notebook), small[0])
    assert (
        next(step.source for step in steps if step.course and step.course.name == "add")
        == "def add(a, b):\n    return a"
    )
    assert repairs == []


def test_half_an_answer_elsewhere_does_not_remove_the_stub():
    """A stub goes only if all that it defines is defined elsewhere."""
    both = CourseCell("both", Role.SOLUTION, f"{F.source}\n{G.source}")
    tests = [CourseCell(f"test_{name}", Role.TEST, f"assert {name}() == 1", points=1) for name in "fg"]
    spec = course(both, *tests, solution_names=["f", "g"])
    cells = [labelled(c.source, c.name) for c in (both, *tests)]
    steps, _ = align(handed_in({"cells": [*cells, new("def f():\n    return 1")]}), spec)
    assert names(steps) == ["both", "test_g", "test_f"]
    assert steps[2].source == "def f():\n    return 1"


def test_several_tests_are_taken_out_of_one_cell():
    """However many tests were merged with an answer, only the answer runs in the student process."""
    tests = [
        CourseCell(f"test_{n}", Role.TEST, f'assert g() != {n}, "a number that it is not"', points=1) for n in range(3)
    ]
    merged = "\n".join([tests[0].source, "def g():", "    return 5", tests[1].source, "", tests[2].source])
    steps, repairs = align(handed_in({"cells": [labelled(merged, "g")]}), course(G, *tests, solution_names=["g"]))
    assert [step.source for step in steps] == ["def g():\n    return 5", *(test.source for test in tests)]
    assert repairs == ['grade cells "test_0", "test_1" and "test_2" were found in cell 1, together with other code.']


def test_a_similar_test_is_recognised(small):
    """A test that has lost its id and was edited is still that test."""
    notebook = copy.deepcopy(small[1])
    forget(cell(notebook, "test_add"))["source"] = 'assert add(1, 2) == 3, "one plus two is three"'
    steps, repairs = align(handed_in(notebook), small[0])
    assert len(steps) == len(notebook["cells"])
    assert repairs == [
        'grade cell "test_add" had lost its id; it was recognised by its text.',
        'grade cell "test_add" had been changed; the course\'s own was used.',
    ]


def test_another_test_of_the_students_is_not_taken_for_the_courses(small):
    """What is merely about the same function stays the student's own."""
    notebook = copy.deepcopy(small[1])
    index = place(notebook, "test_add")
    notebook["cells"][index] = new("for a in range(10):\n    for b in range(10):\n        assert add(a, b) == b + a")
    steps, repairs = align(handed_in(notebook), small[0])
    assert repairs == ['grade cell "test_add" was missing; the course\'s own was used.']
    assert sum(step.source.startswith("for a in") for step in steps) == 1


def test_a_words_answer_without_id_is_found_between_its_neighbours(small):
    """An answer in words has nothing of the released text left; where it stands says what it is."""
    spec, solved, _ = small
    more = CourseCell("test_more", Role.TEST, "assert twice(3) == 6", points=1)
    spec = GradingSpec(spec.assignment_id, (*spec.cells, more), spec.solution_names)
    notebook = copy.deepcopy(solved)
    forget(cell(notebook, "explain"))["source"] = "Because a sum has no order at all."
    notebook["cells"].append(labelled(more.source, "test_more"))
    steps, repairs = align(handed_in(notebook), spec)
    assert repairs == ['manual cell "explain" had lost its id; it was recognised by its place.']
    assert next(s.source for s in steps if s.role is Role.MANUAL) == "Because a sum has no order at all."


def test_many_damaged_cells_are_aligned_in_bounded_time(small):
    """5,000 cells without ids, all of them much like the course's: seconds, not hours."""
    spec, solved, _ = small
    alike = [
        new(f"{part['source']}\n# {number}")
        for number in range(1_250)
        for part in solved["cells"]
        if part["cell_type"] == "code" and "assert" not in part["source"]
    ]
    started = time.process_time()
    steps, repairs = align(handed_in({"cells": alike}), spec)
    assert time.process_time() - started < 20
    assert set(names(steps)) == {cell.name for cell in spec.cells if cell.name}
    assert all(len(said) < 1000 for said in repairs)


def test_a_split_after_every_line_is_no_trouble():
    """Thousands of cells that might be halves of each other do not multiply."""
    cells = [labelled("def add(a, b):", "add"), *(new(f"    x = {number} +") for number in range(2_000))]
    spec = course(CourseCell("add", Role.SOLUTION, "def add(a, b):\n    pass"), solution_names=["add"])
    started = time.process_time()
    align(handed_in({"cells": cells}), spec)
    assert time.process_time() - started < 10


def test_hostile_text_is_only_text():
    """Texts that are hard on Python's parser are looked at without harm."""
    for source in (
        "-" * 100_000 + "1",
        "(" * 50_000,
        "a" + ".b" * 50_000,
        "not " * 30_000 + "1",
        "\\",
        "%%bash\nadd = 1",
    ):
        assert defined_names(source) == frozenset()
        assert not is_python(source) or ast.parse(source)


def test_what_the_student_wrote_is_shown_without_control_characters(small):
    """An id is a student's text: in a message it is short and plain."""
    notebook = copy.deepcopy(small[1])
    own = labelled("1", "\x1b]0;evil\x07" + "x" * 500)
    insert(notebook, "add", own)
    [said] = align(handed_in(notebook), small[0])[1]
    assert said.isprintable()
    assert len(said) < 200


def test_sentences_are_few(small):
    """A notebook in pieces is told about in one page."""
    notebook = copy.deepcopy(small[1])
    take(notebook, "test_add")
    notebook["cells"] += [labelled(f"x = {number}", f"unknown_{number}") for number in range(500)]
    repairs = align(handed_in(notebook), small[0])[1]
    assert len(repairs) == 2
    assert all(len(said) < 300 for said in repairs)
