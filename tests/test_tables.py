"""Students × chapters in a terminal: of any width, in colour and without."""

import doctest
import io
import re

import pytest
from rich.console import Console

from grader.reports import render, scores, tables
from grader.reports.render import attention, show_class
from grader.reports.scores import ChapterColumn, ClassReport, Mark, State, StudentLine


def report(n_students=3, n_chapters=7, *, title="A title of some words", names="student"):
    """A class in which everything occurs."""
    ids = [f"{number:02}_chapter" for number in range(1, n_chapters + 1)]
    marks = [
        Mark(State.GRADED, 14.0),
        Mark(State.GRADED, 3.5, seconds_late=60.0),
        Mark(State.GRADED, 16.0, n_manual=1),
        Mark(State.MISSING),
        Mark(State.WAITING),
        Mark(State.NOT_GRADED, not_graded="it is not JSON."),
        Mark(State.GRADED, 16.0),
    ]
    lines = tuple(
        StudentLine(f"{names}{row}", "", {name: marks[(row + column) % len(marks)] for column, name in enumerate(ids)})
        for row in range(n_students)
    )
    columns = tuple(ChapterColumn(name, title, 16.0, 11.2, n_students) for name in ids)
    return ClassReport("A course", columns, lines)


def shown(answer, width, *, colour=False, no_color=False):
    """What a terminal shows."""
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=colour, color_system="standard" if colour else None,
                      no_color=no_color, emoji=False)  # fmt: skip
    show_class(console, answer)
    return file.getvalue()


def test_the_examples_in_the_docstrings_hold():
    """What a docstring shows is what comes out."""
    for module in (scores, tables):
        found = doctest.testmod(module)
        assert found.attempted
        assert not found.failed


@pytest.mark.parametrize("n_chapters", [1, 7])
def test_names_are_not_broken_where_there_is_room(n_chapters):
    """A name of 30 letters has its line beside seven chapters at 80 columns; titles go before names break."""
    answer = report(2, n_chapters, names="n" * 30)
    assert sum(f"{'n' * 30}{row}" in shown(answer, 80) for row in range(2)) == 2


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("n_chapters", [1, 7, 20])
@pytest.mark.parametrize("names", ["s", "a-student-with-a-very-long-id-indeed-", "学生"])
def test_nothing_is_wider_than_the_terminal_and_nothing_is_cut(width, n_chapters, names):
    """Chapters that do not fit go into a table below; every mark of every student is there."""
    from rich.cells import cell_len

    answer = report(4, n_chapters, names=names)
    lines = shown(answer, width).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert "…" not in "".join(line for line in lines if "chapter" in line.split("–")[0] and "student" in line)
    text = "\n".join(lines[: next(n for n, line in enumerate(lines) if "not handed in" in line)])
    for line in answer.students:
        marks = [tables.mark_symbol(mark) for mark in line.marks.values()]
        for mark in set(marks):
            assert len(re.findall(rf"(?<![\w.*!?–…]){re.escape(mark)}(?![\w.*!?–…])", text)) >= marks.count(mark)


def test_decimal_points_stand_below_each_other():
    """Whatever signs stand behind the numbers."""
    lines = [line for line in shown(report(6, 1), 80).splitlines() if line.startswith("student")][1:]
    assert lines[0].index("14") + 2 == lines[1].index("3.5*") + 1


def test_no_line_ends_in_blanks():
    """For diff, mail and eyes."""
    assert not [line for line in shown(report(), 80).splitlines() if line != line.rstrip()]


def test_titles_stand_above_where_there_is_room():
    """At 200 columns the chapters are named, at 80 numbered."""
    assert "A title of" in shown(report(), 200)
    assert "A title of" not in shown(report(), 80)


def test_a_long_table_says_its_headings_again():
    """At its end, where one reads them."""
    headings = [line for line in shown(report(40), 80).splitlines() if line.split()[:3] == ["student", "01", "02"]]
    assert len(headings) == 2


def test_colours_say_nothing_that_is_not_there_without_them():
    """The same text, and a legend of the colours only where there are some."""
    plain, coloured = shown(report(), 80), shown(report(), 80, colour=True)
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert "\x1b[32m" in coloured
    assert tables.COLOURS.split(",")[0] in stripped
    assert plain.splitlines()[:12] == [line.rstrip() for line in stripped.splitlines()[:12]]
    without = shown(report(), 80, colour=True, no_color=True)
    assert "\x1b[3" not in without
    assert tables.COLOURS.split(",")[0] not in without


def test_what_needs_a_person_is_said_once_for_many():
    """Twenty submissions with one reason are one line, with the first names and how many more."""
    mark = Mark(State.NOT_GRADED, not_graded="it is not JSON.\nAsk for it again.")
    lines = tuple(StudentLine(f"s{n:02}", "", {"01_a": mark}) for n in range(20))
    said = attention(ClassReport("", (ChapterColumn("01_a", "", 1.0, None, 0),), lines))
    assert said == [
        "Needs a person: 20 submissions",
        f"  01_a: it is not JSON. (20: s00, s01, s02, s03, s04, … and {20 - render.NAMED} more)",
    ]
