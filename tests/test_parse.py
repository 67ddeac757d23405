from __future__ import annotations

import pickle
import textwrap

import jupytext
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.authoring.parse import parse_solution_file
from grader.authoring.percent import disagreement, percent_cells
from grader.authoring.release import percent_text
from grader.course.model import CourseCell, Role
from grader.errors import CourseErrors

DESIGN = '''# %% [markdown]
# ## The dot product ...
# %% dot_product role="solution"
def dot_product(a, b):
    """..."""
    ### BEGIN SOLUTION
    return sum(x * y for x, y in zip(a, b))
    ### END SOLUTION
# %% test_dot_product role="test" points=1
assert dot_product([1, 2, 3], [4, 5, 6]) == 32, "1*4 + 2*5 + 3*6 = 32"
### BEGIN HIDDEN TESTS
assert dot_product([-2], [5]) == -10, "negative numbers"
### END HIDDEN TESTS
'''


def mistakes(text, path="source/01_x.py"):
    """The author's mistakes in a text that has some."""
    with pytest.raises(CourseErrors) as caught:
        parse_solution_file(textwrap.dedent(text), path)
    return caught.value.errors


def only_mistake(text):
    """The mistake in a text that has exactly one."""
    found = mistakes(text)
    assert len(found) == 1, [str(error) for error in found]
    return found[0]


def cells_of(text):
    """The cells of a text without mistakes."""
    return parse_solution_file(textwrap.dedent(text), "source/01_x.py").cells


def test_a_solution_file_becomes_cells():
    """Each cell has its role, grade_id, points, text and line."""
    assignment = parse_solution_file(DESIGN, "source/01_math.py")
    prose, solution, test = assignment.cells

    assert assignment.assignment_id == "01_math"
    assert assignment.max_score == 1
    assert prose == CourseCell("", Role.FREE, "## The dot product ...", "markdown", line=2)
    assert (solution.name, solution.role, solution.line) == ("dot_product", Role.SOLUTION, 4)
    assert solution.source.startswith("def dot_product(a, b):\n")
    assert solution.source.endswith("### END SOLUTION")
    assert (test.name, test.role, test.points, test.partial, test.line) == (
        "test_dot_product",
        Role.TEST,
        1.0,
        False,
        10,
    )


def test_every_role_and_option_is_read():
    """solution, test, setup, manual and free cells; fractions of points; partial; markdown that a person grades."""
    cells = cells_of(
        """\
        # %% helpers role="setup"
        import math
        # %% [markdown] why role="manual" points=2
        # Why?
        # %% area role='solution'
        def area(r): return math.pi * r * r
        # %% test_area role="test" points=0.5 partial
        round(area(1) == math.pi, 1) * 0.5
        # %% test_area_whole role="test" partial=true points=1e1
        0
        # %% a word about it
        print(area(2))
        # %%
        """
    )
    assert [cell.role for cell in cells] == ["setup", "manual", "solution", "test", "test", "free", "free"]
    assert [cell.points for cell in cells] == [0, 2, 0, 0.5, 10, 0, 0]
    assert [cell.partial for cell in cells] == [False, False, False, True, True, False, False]
    assert [cell.name for cell in cells] == ["helpers", "why", "area", "test_area", "test_area_whole", "", ""]
    assert (cells[1].cell_type, cells[1].source) == ("markdown", "Why?")


def test_title_is_the_first_heading():
    """The chapter is called what its first heading says, unless the configuration says otherwise."""
    text = "# %% [markdown]\n# some words\n#\n# # Means and sums\n# %% [markdown]\n# # Another\n"
    assert parse_solution_file(text, "01_x.py").title == "Means and sums"
    assert parse_solution_file(DESIGN, "01_x.py").title == ""


MISTAKES = {
    # name: (text, line, in the message, in the hint)
    "unclosed solution": (
        """\
        # %% f role="solution"
        def f():
            ### BEGIN SOLUTION
            return 1
        # %%
        f()
        """,
        3,
        '"### BEGIN SOLUTION" is never closed',
        'Add "### END SOLUTION" before line 5, where the next cell starts.',
    ),
    "unclosed hidden tests in the last cell": (
        """\
        # %% test_f role="test" points=1
        assert True is True
        ### BEGIN HIDDEN TESTS
        assert 1 == 1
        """,
        3,
        "never closed",
        "before the end of the file, line 4.",
    ),
    "nested": (
        """\
        # %% f role="solution"
        ### BEGIN SOLUTION
        x = 1
        ### BEGIN SOLUTION
        y = 2
        ### END SOLUTION
        """,
        4,
        "inside a region that is still open",
        'Add "### END SOLUTION" before it.',
    ),
    "never begun": (
        """\
        # %% f role="solution"
        x = 1
        ### END SOLUTION
        """,
        3,
        "never begun",
        'Add "### BEGIN SOLUTION" before it',
    ),
    "solution in a free cell": (
        """\
        # %%
        ### BEGIN SOLUTION
        x = 1
        ### END SOLUTION
        """,
        2,
        '"### BEGIN SOLUTION" stands in a cell without a role',
        'role="solution"',
    ),
    "solution in a test": (
        """\
        # %% test_f role="test" points=1
        assert 1 == 1
        ### BEGIN SOLUTION
        x = 1
        ### END SOLUTION
        """,
        3,
        "stands in a test cell",
        'role="solution"',
    ),
    "hidden tests in a solution": (
        """\
        # %% f role="solution"
        x = 1
        ### BEGIN HIDDEN TESTS
        y = 1
        ### END HIDDEN TESTS
        """,
        3,
        "stands in a solution cell",
        'role="test"',
    ),
    "marker in another spelling": (
        """\
        # %% f role="solution"
        # begin solution
        x = 1
        """,
        2,
        "looks like a marker but is none",
        'Write exactly "### BEGIN SOLUTION"',
    ),
    "marker with a typo": (
        """\
        # %% test_f role="test" points=1
        assert 1 == 1
        ### BEGIN HIDEN TESTS
        """,
        3,
        "looks like a marker but is none",
        'Write exactly "### BEGIN HIDDEN TESTS"',
    ),
    "role without quotes": (
        """\
        # %% f role=solution
        def f(): return 1
        """,
        1,
        "role=solution needs quotes; without them the cell would be published",
        'Write role="solution"',
    ),
    "unknown role": (
        """\
        # %% test_f role="tests" points=1
        assert 1 == 1
        """,
        1,
        "there is no role 'tests'",
        "Did you mean 'test'?",
    ),
    "unknown key": (
        """\
        # %% test_f role="test" point=1 points=1
        assert 1 == 1
        """,
        1,
        "there is no header key 'point'",
        "Did you mean 'points'?",
    ),
    "key in capitals": (
        """\
        # %% f Role="solution"
        f = 1
        """,
        1,
        "there is no header key 'Role'",
        "Did you mean 'role'?",
    ),
    "key twice": (
        """\
        # %% test_f role="test" points=1 points=2
        assert 1 == 1
        """,
        1,
        "points is given twice",
        "",
    ),
    "json header": (
        """\
        # %% test_f {"role": "test", "points": 1}
        assert 1 == 1
        """,
        1,
        "is not an option",
        "key=value",
    ),
    "test without points": (
        """\
        # %% test_f role="test"
        assert 1 == 1
        """,
        1,
        "a test cell needs points",
        "points=1",
    ),
    "manual without points": (
        '# %% [markdown] why role="manual"\n# Why?\n',
        1,
        "a manual cell needs points",
        "points=1",
    ),
    "negative points": (
        '# %% test_f role="test" points=-1\nassert 1 == 1\n',
        1,
        "points=-1 must be a number, 0 or",
        "",
    ),
    "points that are no number": (
        '# %% t role="test" points="2"\nassert 1 == 1\n',
        1,
        'points="2" is not a number',
        "",
    ),
    "points that are a bool": ('# %% t role="test" points=true\nassert 1 == 1\n', 1, "points=true is not a number", ""),
    "points that are nan": ('# %% t role="test" points=NaN\nassert 1 == 1\n', 1, "points=NaN must be a number", ""),
    "points without a value": (
        '# %% t role="test" points\nassert 1 == 1\n',
        1,
        "points without a value is not a number",
        "",
    ),
    "points as a word": (
        '# %% t role="test" points=two\nassert 1 == 1\n',
        1,
        "points=two has no value that can be",
        "=1",
    ),
    "points of a solution": (
        '# %% f role="solution" points=1\nf = 1\n',
        1,
        "a solution cell cannot have points",
        "test",
    ),
    "points of a free cell": ("# %% f points=1\nf = 1\n", 1, "a cell without a role cannot have points", "test"),
    "partial solution": ('# %% f role="solution" partial\nf = 1\n', 1, "partial credit is for tests only", ""),
    "partial as text": ('# %% t role="test" points=1 partial="no"\n1\n', 1, "neither true nor false", "only partial"),
    "duplicate title": (
        '# %% f role="solution"\nf = 1\n# %% f role="test" points=1\nassert f == 1\n',
        3,
        "the title 'f' is taken, by line 1",
        "another title",
    ),
    "options with colons": (
        '# %% f role: "solution"\nf = 1\n',
        1,
        "are not written as options",
        'role="test" points=1',
    ),
    "illegal title": ('# %% test f! role="test" points=1\nassert 1\n', 1, "'test f!' cannot be a title", "'test_f_'"),
    "long title": (f'# %% {"x" * 61} role="setup"\nx = 1\n', 1, "cannot be a title", "61 characters"),
    "partial before role": (
        '# %% test_f partial role="test" points=1\nassert 1 == 1\n',
        1,
        "'test_f partial' cannot be a title",
        'Options come after role: # %% test_f role="test" partial',
    ),
    "role without a title": ('# %% role="setup"\nx = 1\n', 1, "a setup cell needs a title", 'some_name role="setup"'),
    "unknown cell type": ("# %% [markdwn]\n# words\n", 1, "there is no cell type [markdwn]", "'[markdown]'"),
    "markdown test": (
        '# %% [markdown] t role="test" points=1\n# words\n',
        1,
        "a markdown cell cannot be a test",
        "code",
    ),
    "markdown solution": ('# %% [markdown] s role="solution"\n# words\n', 1, "cannot be a solution", 'role="manual"'),
    "raw setup": ('# %% [raw] s role="setup"\n# words\n', 1, "a raw cell cannot be setup", "[markdown]"),
    "syntax error": ("# %%\nx = 1\ny = (\n", 3, "not valid Python: '(' was never closed", ""),
    "indentation mixed": ('# %% f role="solution"\ndef f():\n\tx = 1\n        return x\n', 4, "not valid Python", ""),
    "magic in a test": (
        '# %% t role="test" points=1\n%time f()\nassert 1 == 1\n',
        2,
        "not valid Python",
        "without a role",
    ),
    "comment that becomes a magic": (
        '# %% f role="setup"\n# %d is a format\nf = 1\n',
        2,
        "into a magic command",
        "word",
    ),
    "python warns": (
        '# %% t role="test" points=1\nassert (1 == 2, "no")\n',
        2,
        "Python warns: assertion is always true",
        "",
    ),
    "no space after the percent signs": (
        '# %%test_f role="test" points=1\nassert 1 == 1\n',
        1,
        "does not start a cell",
        "space",
    ),
    "one percent sign": (
        '# %%\nx = 1\n# % test_f role="test" points=1\nassert 1 == 1\n',
        3,
        "looks like a cell header",
        "%%",
    ),
    "header inside a string, by mistake": (
        '# %%\nx = "\\\\"""\n# %% f role="setup"\ny = 1\n',
        3,
        "does not start a cell",
        "quotes above it",
    ),
    "control character": ("# %%\nx = 1\x0c\ny = 2\n", 2, "control character (U+000C)", "Delete it"),
    "line separator": ("# %% [markdown]\n# pasted\u2028text\n", 2, "control character (U+2028)", "Delete it"),
    "empty file": ("", 1, "there is no cell in this file", "# %% [markdown]"),
    "only blank lines": ("\n\n", 1, "there is no cell in this file", "# %% [markdown]"),
    "late future import": ("# %%\nx = 1\n# %%\nfrom __future__ import annotations\n", 4, "__future__", "as a whole"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_has_place_message_and_remedy(name):
    """An author's mistake is named with file, line and cell, says what is wrong and what to do."""
    text, line, message, hint = MISTAKES[name]
    error = only_mistake(text)
    assert error.place.startswith(f"source/01_x.py:{line}"), error.place
    assert message in error.message, error.message
    assert hint in error.hint, error.hint


def test_place_names_cell_and_exercise():
    """The place of a mistake names the cell as a notebook shows it, and the exercise or grade_id."""
    text = '# %%\n# %% f role="solution"\n### BEGIN SOLUTION\n# %% t role="test"\nassert 1 == 1\n'
    first, second = mistakes(text)
    assert str(first) == (
        'source/01_x.py:3 (cell 2, exercise "f"): "### BEGIN SOLUTION" is never closed.\n'
        'Add "### END SOLUTION" before line 4, where the next cell starts.'
    )
    assert second.place == 'source/01_x.py:4 (cell 3, grade_id "t")'


def test_all_mistakes_are_told_at_once():
    """One run names every mistake of a file, in line order, and the errors survive a trip between processes."""
    text = "".join(text for text, *_ in (MISTAKES[name] for name in ("test without points", "unknown role")))
    found = mistakes(text + "# %%\n### END SOLUTION\nx = (\n")
    lines = [int(error.place.split(":")[1].split(" ")[0]) for error in found]
    assert lines == sorted(lines)
    assert len(found) >= 5
    again = pickle.loads(pickle.dumps(CourseErrors(list(found))))
    assert [str(error) for error in again.errors] == [str(error) for error in found]


def test_a_string_may_hold_a_cell_header():
    """A line inside a triple-quoted string starts no cell, as jupytext has it."""
    text = '# %%\nx = """\n# %% not a cell role="test"\n"""\n# %% y role="setup"\ny = 1\n'
    cells = cells_of(text)
    assert [cell.name for cell in cells] == ["", "y"]
    assert "not a cell" in cells[0].source
    assert disagreement(text) is None


def test_prose_may_speak_of_solutions():
    """Words like "begin solution" in markdown are words; the marker itself is not."""
    assert len(cells_of("# %% [markdown]\n# We begin: solution of the equation\n# begin solution\n")) == 1
    assert "stands in a cell without a role" in mistakes("# %% [markdown]\n# ### BEGIN SOLUTION\n")[0].message


@pytest.mark.parametrize("form", ["\ufeff{}", "{}\n\n\n"])
def test_how_an_editor_saves_does_not_matter(form):
    """A byte order mark and blank lines at the end change nothing."""
    assert parse_solution_file(form.format(DESIGN), "01_x.py") == parse_solution_file(DESIGN, "01_x.py")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_do_not_matter(end):
    """Windows and old Macintosh line ends give the same cells."""
    text = DESIGN.replace("\n", end)
    assert parse_solution_file(text, "01_x.py") == parse_solution_file(DESIGN, "01_x.py")
    assert disagreement(text) is None


def test_a_jupytext_header_is_stepped_over():
    """The YAML header that jupytext writes is no cell; a shebang and an encoding line neither."""
    header = "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n"
    header += "# ---\n# jupyter:\n#   jupytext:\n#     formats: ipynb,py:percent\n# ---\n\n"
    assert [cell.line for cell in cells_of(header + DESIGN)] == [10, 12, 18]
    assert disagreement(header + DESIGN) is None


def test_text_before_the_first_header_is_a_cell():
    """A module docstring at the top is a free cell; blank lines there are nothing."""
    assert [cell.source for cell in cells_of('"""About."""\n\n# %%\nx = 1\n')] == ['"""About."""', "x = 1"]
    assert [cell.source for cell in cells_of("\n\n# %%\nx = 1\n")] == ["x = 1"]


def test_free_cells_may_have_magics():
    """Magics are IPython's business in cells without a role: commented, bare, or a whole cell of another language."""
    cells_of("# %%\n# %timeit f(1)\n%matplotlib inline\n!ls\nfiles = !ls\nlen?\n")
    cells_of("# %%\n%%bash\nls | wc (\n# %%\n%%time\nx = 1\n")
    assert "not valid Python" in only_mistake("# %%\n%%time\nx = (\n").message


LINES = [
    *(
        "# %%",
        "# %% [markdown]",
        '# %% [md] why role="manual" points=2',
        '#%% a role="test" points=1 partial',
        "  # %% x",
    ),
    *("# text", "x = 1", 'x = """', '"""', "'''", 's = "#"', 'a = \'"""\'', "", "", "   ", "# ```", "# ~~~", "```"),
    *('r = r"\\"', 'd = "\\""  # """', "# %%time", "%%bash", "# In[3]:", "# <codecell>", "# %% [raw]", "# ---"),
    *("# jupyter:", "#   kernelspec:", "#!python", "# coding: utf-8", "def f():", '    """doc', '    """', "\tpass"),
    *("'''a'''", '"""a"""', "it's", "# %%% sub", "# %%\ttab", "#", "##  %% a", '# %% b role="x" partial y=[1, 2]'),
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=14))
def test_we_read_what_jupytext_reads(lines):
    """Cells, their types, texts and options are jupytext's, whatever the file looks like."""
    found = disagreement("\n".join(lines))
    assert found is None or "jupytext cannot read it" in found.message


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=14))
def test_lines_are_where_the_file_has_them(lines):
    """The line of a cell is the line of the file where its text starts."""
    for cell in percent_cells("\n".join(lines)):
        if cell.header_line or cell.cell_type != "raw":
            assert list(cell.lines) == lines[cell.line - 1 : cell.line - 1 + len(cell.lines)]


CODE = st.sampled_from(
    ["x = 1", "def f(a):\n    return a", 's = """\n# %% no\n"""', "# %timeit x", "y = [\n    1,\n]", ""]
)
TITLES = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)


@st.composite
def course_cells(draw):
    """Cells of every role, with unique titles."""
    cells = []
    for title in draw(st.lists(TITLES, unique=True, max_size=6)):
        role = draw(st.sampled_from(list(Role)))
        is_prose = role in (Role.FREE, Role.MANUAL, Role.SETUP) and draw(st.booleans())
        points = draw(st.sampled_from([0.0, 0.5, 1.0, 3.0])) if role in (Role.TEST, Role.MANUAL) else 0.0
        cells.append(
            CourseCell(
                title,
                role,
                draw(st.sampled_from(["words", "# Heading\n\n- a\n- b", "$x$"])) if is_prose else draw(CODE),
                "markdown" if is_prose else "code",
                points,
                role is Role.TEST and draw(st.booleans()),
            )
        )
    return cells


@settings(deadline=None)
@given(course_cells())
def test_what_is_written_is_read_again(cells):
    """Parse ∘ write is the identity on cells, and jupytext agrees."""
    text = percent_text(cells)
    read = []
    for cell in percent_cells(text):
        options = {option.key: option.value for option in cell.options}
        role, points = Role(options.get("role", "free")), float(options.get("points", 0))
        read.append(CourseCell(cell.title, role, cell.source, cell.cell_type, points, "partial" in options))
    assert read == cells
    form = {"extension": ".py", "format_name": "percent", "comment_magics": False}
    assert [cell.source for cell in jupytext.reads(text, form).cells] == [cell.source for cell in cells]
