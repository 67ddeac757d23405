"""Students × chapters as tables for a terminal of any width, in colour where there is some.

Numbers stand with their decimal points below each other; signs after them (late, needs a person) take no part in that.
Where there is room the chapters' titles stand above the columns; where there is too little, the chapters are
shown one block after another.
"""

from __future__ import annotations

import dataclasses
import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from grader.reports.scores import ChapterColumn, ClassReport, Mark, State, short_names
from grader.reports.text import id_and_name, points, printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

GAP = 2
"""Blanks between two columns."""

LONG_TABLE = 30
"""A table of more rows says its headings again at the end, where one reads them."""

COLOURS = "green all points, red less than half"
"""What the colours say, where there are some; the numbers say it too."""

TITLE_WIDTH = 12
"""Where there is room, a chapter's title stands above its column, broken to this width."""


def in_short(report: ClassReport) -> str:
    """Return how large the class is, and its mean.

    Example:
        >>> in_short(ClassReport("", (), ()))
        '0 students, 0 chapters'
    """
    n, m = len(report.students), len(report.chapters)
    size = f"{n:,} student{'s' * (n != 1)}, {m} chapter{'s' * (m != 1)}"
    if report.mean_total is None:
        return size
    return f"{size}, mean {points(round(report.mean_total, 1))} of {points(report.max_score)} points"


def class_tables(report: ClassReport, width: int) -> list[Table]:
    """Return students × chapters in ``width`` columns: one table, or several with a part of the chapters each."""
    names = [id_and_name(line.student_id, line.name) for line in report.students]
    labels = short_names([chapter.assignment_id for chapter in report.chapters])
    columns = [_chapter(report, chapter, label) for chapter, label in zip(report.chapters, labels, strict=True)]
    columns.append(_total(report))
    longest = max(_width(name) for name in ("handed in", *names))
    enough = max(16, width // 3)  # never so wide that no number has room beside it
    beside_titles = width - sum(column.wide + GAP for column in columns)
    if min(longest, enough) <= beside_titles:
        return [_table(names, min(longest, beside_titles), columns, with_titles=True)]
    name_width = min(longest, max(enough, width - sum(column.width + GAP for column in columns)))
    blocks: list[list[_Column]] = []
    room = 0
    for column in columns:
        if not blocks or column.width + GAP > room:
            blocks.append([])
            room = width - name_width
        blocks[-1].append(column)
        room -= column.width + GAP
    return [_table(names, name_width, block, with_titles=False) for block in blocks]


def chapter_table(report: ClassReport) -> Table:
    """Return a line for each chapter, for a class too large for a line a student."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    table.add_column("chapter", overflow="fold")
    for heading in ("handed in", "scored", "mean", "of"):
        table.add_column(heading, justify="right", no_wrap=True)
    for chapter in report.chapters:
        mean = "–" if chapter.mean is None else f"{chapter.mean:.1f}"
        counts = (f"{_handed_in(report, chapter):,}", f"{chapter.n_scored:,}")
        table.add_row(_text(printable(chapter.assignment_id)), *counts, mean, points(chapter.max_score))
    return table


def mark_signs(mark: Mark) -> str:
    """Return what stands behind a mark's score, or in its place."""
    more = "+" if mark.extension_s else ""
    if mark.state is State.MISSING:
        return f"–{more}"
    if mark.state is State.WAITING:
        return f"…{more}"
    late = "*" if mark.is_late else ""
    return f"?{late}{more}" if mark.score is None else f"{late}{more}{'!' if mark.needs_person else ''}"


def mark_symbol(mark: Mark) -> str:
    """Return a mark as a table shows it; ``legend`` says what the signs mean."""
    return ("" if mark.score is None else points(mark.score)) + mark_signs(mark)


def legend(report: ClassReport) -> str:
    """Return the meaning of the signs that the report uses."""
    marks = [mark for line in report.students for mark in line.marks.values()]
    meanings = [
        ("– not handed in", any(mark.state is State.MISSING for mark in marks)),
        ("… not autograded yet", any(mark.state is State.WAITING for mark in marks)),
        ("? could not be graded", any(mark.state is State.NOT_GRADED for mark in marks)),
        ("* late", any(mark.is_late for mark in marks)),
        ("+ more time", any(mark.extension_s for mark in marks)),
        ("! needs a person", any(mark.needs_person and mark.score is not None for mark in marks)),
    ]
    return ", ".join(text for text, is_used in meanings if is_used)


def print_plainly(console: Console, table: Table) -> None:
    """Print a table without blanks at the ends of lines: nothing for ``diff`` or a mail to trip over."""
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        console.file.write(line.rstrip() + "\n")


# --- columns ---


@dataclasses.dataclass(frozen=True, slots=True)
class _Column:
    """A column of numbers: heading, title in lines, cells with their styles, and what stands below."""

    heading: str
    title: tuple[str, ...]
    cells: tuple[tuple[str, str], ...]
    footer: tuple[str, ...]

    @property
    def width(self) -> int:
        """How wide it is with the heading alone."""
        return max(_width(text) for text in (self.heading, *self.footer, *(text for text, _ in self.cells)))

    @property
    def wide(self) -> int:
        """How wide it is with the title."""
        return max(self.width, *(_width(line) for line in ("", *self.title)))


def _chapter(report: ClassReport, chapter: ChapterColumn, label: str) -> _Column:
    marks = [line.marks[chapter.assignment_id] for line in report.students]
    mean = "–" if chapter.mean is None else points(round(chapter.mean, 1))
    texts = [mark_symbol(mark) for mark in marks]
    *texts, mean, of = aligned([*texts, mean, points(chapter.max_score)])
    return _Column(
        label,
        tuple(textwrap.wrap(printable(chapter.title), TITLE_WIDTH, break_long_words=False)),
        tuple((text, _style(mark, chapter)) for text, mark in zip(texts, marks, strict=True)),
        (mean, of, f"{_handed_in(report, chapter):,}"),
    )


def _total(report: ClassReport) -> _Column:
    mean = "–" if report.mean_total is None else points(round(report.mean_total, 1))
    *totals, mean, of = aligned([*(points(line.total) for line in report.students), mean, points(report.max_score)])
    return _Column("total", (), tuple((total, "bold") for total in totals), (mean, of, ""))


def aligned(numbers: Sequence[str]) -> list[str]:
    """Return numbers with blanks behind them, so that their decimal points stand below each other.

    Signs after a number count as its decimals do; a sign alone stands where the ones stand.

    Example:
        >>> aligned(["14", "3.5", "2*", "–"])
        ['14  ', '3.5', '2* ', '–  ']
    """
    tails = [re.sub(r"^\d+|^[^\d]", "", number, count=1) for number in numbers]
    longest = max(map(len, tails), default=0)
    return [number + " " * (longest - len(tail)) for number, tail in zip(numbers, tails, strict=True)]


def _handed_in(report: ClassReport, chapter: ChapterColumn) -> int:
    return sum(line.marks[chapter.assignment_id].state is not State.MISSING for line in report.students)


def _style(mark: Mark, chapter: ChapterColumn) -> str:
    """A mark's colour; it never says what is not there in words or signs."""
    if mark.state is State.NOT_GRADED:
        return "bold red"
    if mark.score is None:
        return "dim"
    if mark.needs_person:
        return "yellow"
    return "red" if 2 * mark.score < chapter.max_score else "green" if mark.score >= chapter.max_score else ""


def _table(names: Sequence[str], name_width: int, columns: Sequence[_Column], *, with_titles: bool) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        show_footer=True,
        padding=(0, GAP - 1, 0, 0),  # the box itself puts one blank between columns
    )
    says_again = len(names) > LONG_TABLE
    footer = ["mean", "of", "handed in", *(["student"] if says_again else [])]
    table.add_column("student", footer="\n".join(footer), overflow="fold", width=name_width)
    padded: list[list[Text]] = []
    for column in columns:
        # rich would take the blanks that align the numbers from their ends, so nothing is left for it to justify
        room = column.wide if with_titles else column.width
        heading = [*(column.title if with_titles else ()), column.heading]
        footer = [*column.footer, *([column.heading] if says_again else [])]
        table.add_column(_text(_right(heading, room)), footer=_text(_right(footer, room)), no_wrap=True)
        padded.append([_text(_right([text], room), style) for text, style in column.cells])
    for row, name in enumerate(names):
        table.add_row(_text(name), *(cells[row] for cells in padded))
    return table


def _right(lines: Sequence[str], room: int) -> str:
    """Lines that end together, ``room`` wide."""
    return "\n".join(" " * (room - _width(line)) + line for line in lines)


def _text(text: str, style: str = "") -> Text:
    """Text of others' for a table: never read as markup."""
    from rich.text import Text

    return Text(text, style=style)


def _width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
