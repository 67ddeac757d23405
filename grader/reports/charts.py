"""Charts of a class report as inline SVG, drawn by matplotlib, mended so that a page can colour and link them.

matplotlib is imported when a chart is drawn (half a second), never for a report in the terminal. Its SVG is taken
apart once more: inline styles become classes (so that the page's security policy can forbid inline styles),
colours become the page's variables (dark and light), ids are dropped or made unique, links get a tooltip.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from grader.reports.picture import SCORE_EDGES, CellPicture, ChapterPicture, Group
from grader.reports.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    # what matplotlib is told → the page's variable; the values are only names
    "#010101": "ink",
    "#020202": "faint",
    "#030303": "good",
    "#040404": "late",
    "#050505": "wait",
    "#060606": "bad",
    "#070707": "none",
    "#080808": "paper",
    "#090909": "onbar",
}
_C = {name: value for value, name in COLOURS.items()}

HARDEST = 15
"""How many grade cells the chart of the hardest shows; the table has all."""

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}href"


class Charts:
    """Draws charts; ``styles`` collects the style rules that they share.

    Example:
        >>> Charts().style_rules()
        ''
    """

    def __init__(self) -> None:
        self._styles: dict[str, str] = {}
        self._n_drawn = 0

    def style_rules(self) -> str:
        """Return the style sheet of all charts drawn so far."""
        return "".join(f".{name}{{{style}}}" for style, name in self._styles.items())

    def progress(self, chapters: Sequence[ChapterPicture], n_students: int) -> str:
        """Draw where everybody stands: one bar a chapter, of those on time, late, waiting, not graded and missing."""
        if not chapters:
            return ""
        with self._figure(5.6, 0.5 + 0.42 * len(chapters)) as (axes, drawn):
            for row, chapter in enumerate(chapters):
                left = 0
                for group, colour, word in _standings(chapter):
                    n = len(group)
                    if not n:
                        continue
                    drawn.link(axes.barh(row, n, left=left, height=0.72, color=_C[colour])[0], group)
                    if n >= 0.05 * n_students:  # there is room for the number, or for the word too
                        label = f"{word} {n}" if n >= 0.03 * len(f"{word} {n}") * n_students else f"{n}"
                        ink = _C["ink" if colour == "none" else "onbar"]
                        axes.text(left + n / 2, row, label, ha="center", va="center_baseline", color=ink)
                    left += n
            axes.set_yticks(range(len(chapters)), [_cut(chapter.label, 20) for chapter in chapters])
            axes.set_ylim(len(chapters) - 0.5, -0.5)
            axes.set_xlim(0, max(1, n_students))
            axes.set_xlabel("students")
        return drawn.svg

    def distribution(self, chapter: ChapterPicture, highest: int) -> str:
        """Draw how many have which part of a chapter's points; ``highest`` makes charts comparable."""
        from matplotlib.ticker import MaxNLocator

        with self._figure(3.5, 2.0) as (axes, drawn):
            width = SCORE_EDGES[1] - SCORE_EDGES[0]
            for low, group in zip(SCORE_EDGES, chapter.bins, strict=False):
                if len(group):
                    bar = axes.bar(low + width / 2, len(group), width=0.9 * width, color=_C["good"])[0]
                    drawn.link(bar, group)
            if chapter.median is not None and chapter.max_score > 0:
                at = 100 * chapter.median / chapter.max_score
                axes.axvline(at, color=_C["ink"], linestyle=(0, (4, 3)), linewidth=1.2, clip_on=False)
                side = "right" if at > 50 else "left"
                axes.text(at + (-2 if at > 50 else 2), 1.02 * max(1, highest), "median", ha=side, color=_C["ink"])
            axes.set_xlim(0, 100)
            axes.set_ylim(0, 1.12 * max(1, highest))
            axes.set_xticks([0, 50, 100], ["0 %", "50 %", "100 %"])
            axes.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True))
        return drawn.svg

    def hardest(self, cells: Sequence[CellPicture]) -> str:
        """Draw the pass rates of the hardest grade cells, the hardest on top."""
        shown = [cell for cell in cells if cell.rate is not None][:HARDEST]
        if not shown:
            return ""
        with self._figure(5.6, 0.6 + 0.36 * len(shown)) as (axes, drawn):
            for row, cell in enumerate(shown):
                rate = 100 * (cell.rate or 0.0)
                drawn.link(axes.barh(row, 100, height=0.72, color=_C["none"])[0], cell.failed)
                if len(cell.passed):
                    drawn.link(axes.barh(row, rate, height=0.72, color=_C["good"])[0], cell.passed)
                axes.text(101.5, row, f"{rate:.0f} %", ha="left", va="center_baseline", color=_C["ink"])
            axes.set_yticks(range(len(shown)), [_cut(f"{cell.label} {cell.grade_id}", 34) for cell in shown])
            axes.set_ylim(len(shown) - 0.5, -0.5)
            axes.set_xlim(0, 108)
            axes.set_xticks([0, 25, 50, 75, 100], ["0 %", "25 %", "50 %", "75 %", "100 %"])
        return drawn.svg

    def items(self, cells: Sequence[CellPicture]) -> str:
        """Draw each test's discrimination over its pass rate; a shape for each word, so that no colour is needed."""
        if not any(cell.discrimination is not None for cell in cells):
            return ""
        with self._figure(5.6, 3.4) as (axes, drawn):
            for level in (0.0, 0.2, 0.4):
                axes.axhline(level, color=_C["faint"], linewidth=0.8, linestyle="-" if level == 0 else (0, (4, 3)))
            lowest = 0.0
            for cell in cells:
                if cell.rate is None or cell.discrimination is None:
                    continue
                shape, colour = _SHAPES[cell.word]
                lowest = min(lowest, cell.discrimination)
                at = ([100 * cell.rate], [cell.discrimination])
                dots = axes.scatter(*at, s=60, marker=shape, color=_C[colour], clip_on=False, zorder=3)
                what = f"{cell.label} {cell.grade_id}: {100 * cell.rate:.0f} % passed, r = {cell.discrimination:.2f}"
                drawn.link_to(dots, f"#{cell_anchor(cell)}", what)
            axes.set_xlim(0, 100)
            axes.set_ylim(min(-0.1, lowest - 0.05), 1.0)
            axes.set_xticks([0, 25, 50, 75, 100], ["0 %", "25 %", "50 %", "75 %", "100 %"])
            axes.set_xlabel("earned all points (harder on the left)")
            axes.set_ylabel("discrimination r")
        return drawn.svg

    def times(self, chapters: Sequence[ChapterPicture]) -> str:
        """Draw CPU seconds of a submission: the median as a dot, up to the slowest 5 % as a bar, the longest a line."""
        timed = [chapter for chapter in chapters if chapter.median_s is not None]
        if not timed:
            return ""
        with self._figure(5.6, 0.7 + 0.42 * len(timed)) as (axes, drawn):
            axes.set_xscale("log")
            for row, chapter in enumerate(timed):
                median, long, longest = (
                    max(0.001, value or 0.0) for value in (chapter.median_s, chapter.long_s, chapter.longest_s)
                )
                if longest > long:
                    bar = axes.barh(row, longest - long, left=long, height=0.12, color=_C["late"])[0]
                    drawn.link(bar, chapter.slowest)
                drawn.link(axes.barh(row, long - median, left=median, height=0.5, color=_C["wait"])[0], chapter.timed)
                drawn.link(
                    axes.scatter([median], [row], s=70, color=_C["good"], zorder=3, clip_on=False), chapter.timed
                )
            axes.set_yticks(range(len(timed)), [_cut(chapter.label, 20) for chapter in timed])
            axes.set_ylim(len(timed) - 0.5, -0.5)
            axes.margins(x=0.04)
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:g} s")
            axes.xaxis.set_minor_formatter(lambda value, _: "")
            axes.set_xlabel("CPU seconds of one submission")
        return drawn.svg

    @contextlib.contextmanager
    def _figure(self, width: float, height: float) -> Iterator[tuple[Axes, _Drawn]]:
        logging.getLogger("matplotlib").setLevel(logging.ERROR)  # a font cache in the making is no news
        import matplotlib as mpl
        from matplotlib.figure import Figure

        # never the user's own style: the page must look the same everywhere
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(_SETTINGS)
            figure = Figure(figsize=(width, height), layout="constrained")
            axes = figure.add_subplot()
            axes.spines[:].set_visible(False)
            axes.tick_params(which="both", bottom=False, left=False)
            drawn = _Drawn()
            yield axes, drawn
            self._n_drawn += 1
            drawn.svg = self._mended(_svg(figure), drawn.titles, f"c{self._n_drawn}")

    def _mended(self, svg: str, titles: Mapping[str, str], prefix: str) -> str:
        """Return matplotlib's SVG as a page can take it in: no inline style, no id of its own, links with tooltips."""
        ET.register_namespace("", _SVG)
        root = ET.fromstring(svg)  # noqa: S314 (it is our own drawing)
        for meta in root.findall(f"{{{_SVG}}}metadata"):
            root.remove(meta)
        for name in ("width", "height", "version"):
            root.attrib.pop(name, None)
        # beside each chart stands a table with the same numbers and links: this one is for eyes and pointers
        root.attrib.update({"aria-hidden": "true", "focusable": "false"})
        for element in list(root.iter()):
            attributes = element.attrib
            ident = attributes.pop("id", None)
            if ident and element.tag in (f"{{{_SVG}}}clipPath", f"{{{_SVG}}}path") and f"#{ident}" in svg:
                attributes["id"] = f"{prefix}{ident}"
            style = attributes.pop("style", "").strip().rstrip(";")
            target = attributes.pop(_XLINK, None)
            if element.tag == f"{{{_SVG}}}style":
                style = ""
                self._styles.setdefault((element.text or "").strip().removeprefix("*{").rstrip("}"), "mpl")
                element.text = ""
            if style:
                attributes["class"] = self._styles.setdefault(_page_style(style), f"m{len(self._styles)}")
            if target is not None:
                own = element.tag == f"{{{_SVG}}}a"
                attributes["href"] = target if own else f"#{prefix}{target.removeprefix('#')}"
                if own:
                    attributes.pop("target", None)
                    attributes["tabindex"] = "-1"
                    title = ET.Element(f"{{{_SVG}}}title")
                    title.text = titles.get(target, "")
                    element.insert(0, title)
            if "clip-path" in attributes:
                attributes["clip-path"] = attributes["clip-path"].replace("#", f"#{prefix}")
        for parent in list(root.iter()):
            for child in list(parent):
                if child.tag == f"{{{_SVG}}}style":
                    parent.remove(child)
        return re.sub(r">\s+<", "><", ET.tostring(root, encoding="unicode"))


class _Drawn:
    """A chart in the making: its links, and its SVG at the end."""

    def __init__(self) -> None:
        self.titles: dict[str, str] = {}
        self.svg = ""

    def link(self, artist: Any, group: Group) -> None:
        """Make a shape a link to the students behind it."""
        if len(group):
            self.link_to(artist, f"#{group.key}", f"{group.title}: {len(group)}")

    def link_to(self, artist: Any, target: str, title: str) -> None:
        """Make a shape a link; its title is shown where the pointer rests on it."""
        self.titles[target] = printable(title)
        if hasattr(artist, "set_urls"):
            artist.set_urls([target])
        else:
            artist.set_url(target)


def cell_anchor(cell: CellPicture) -> str:
    """Return the id of a grade cell's row in the page."""
    return f"cell-{cell.graded.key}"


def _standings(chapter: ChapterPicture) -> list[tuple[Group, str, str]]:
    return [
        (chapter.on_time, "good", "on time"),
        (chapter.late, "late", "late"),
        (chapter.waiting, "wait", "waiting"),
        (chapter.not_graded, "bad", "not graded"),
        (chapter.missing, "none", "missing"),
    ]


_SHAPES = {
    "good": ("o", "good"),
    "fair": ("s", "good"),
    "marginal": ("D", "late"),
    "poor": ("v", "bad"),
    "negative": ("X", "bad"),
}

_SETTINGS: Any = {  # rcParams name each of their keys
    "svg.fonttype": "none",  # text stays text: small, selectable, in the page's font
    "svg.hashsalt": "grader",
    "text.parse_math": False,  # a dollar sign in a title is a dollar sign
    "font.size": 11,
    "text.color": _C["ink"],
    "axes.labelcolor": _C["ink"],
    "xtick.color": _C["ink"],
    "ytick.color": _C["ink"],
    "axes.facecolor": "none",
    "figure.facecolor": "none",
}


def _svg(figure: Figure) -> str:
    file = io.StringIO()
    with warnings.catch_warnings():
        # it measures with its own font; the page is shown in the reader's, which has the letters
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def _page_style(style: str) -> str:
    """A style of matplotlib's in the page's colours and font.

    Example:
        >>> _page_style("fill: #010101; font-family: 'DejaVu Sans', sans-serif; text-anchor: end")
        'fill:var(--ink);font-family:var(--font);text-anchor:end'
    """
    style = re.sub(r"#[0-9a-f]{6}", lambda found: f"var(--{COLOURS.get(found[0], 'ink')})", style)
    style = re.sub(r"font-family:[^;]*", "font-family:var(--font)", style)
    style = re.sub(r"(font: ?[\d.]+px) [^;]*", r"\1 var(--font)", style)  # as matplotlib before 3.10 writes it
    return re.sub(r"\s*([:;])\s*", r"\1", style)


def _cut(text: str, width: int) -> str:
    """A name as an axis shows it; no control character gets into the drawing."""
    text = printable(text)
    return text if len(text) <= width else text[: width - 1] + "…"
