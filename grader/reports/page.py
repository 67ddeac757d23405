"""The class at a glance as one HTML page: no script, no network, every number a link to the students behind it.

The page has two parts. Above, the class in numbers and charts, without a name, fit for a projector. Below, one row a
student, hidden until a number is followed: each number links to a heading ``<h3 id="g7">``, and a style rule shows the
rows of that group's students while that heading is the page's target (of a large group, it hides the others instead:
a third of the class names). So the page needs no script, and its security policy allows none: what students wrote could
not run even if it were not escaped.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

import grader
from grader.reports.charts import Charts, cell_anchor
from grader.reports.html import environment, policy
from grader.reports.measures import FAIR, GOOD, LITTLE, MIN_FOR_DISCRIMINATION
from grader.reports.picture import FALL, LOW_PART, ClassPicture, Group, short_key
from grader.reports.tables import mark_symbol
from grader.reports.text import points, printable

if TYPE_CHECKING:
    from jinja2 import Environment

NAMES = 40
"""How many students a list names before "and n more"."""


def class_page(picture: ClassPicture) -> str:
    """Return the page of a class, one self-contained HTML document."""
    charts = Charts()
    highest = max((len(group) for chapter in picture.chapters for group in chapter.bins), default=0)
    drawn: dict[str, Any] = {
        # the SVG is matplotlib's, which escapes text; all else goes through the template's escaping
        "progress": Markup(charts.progress(picture.chapters, len(picture.everybody))),  # noqa: S704
        "distributions": [Markup(charts.distribution(each, highest)) for each in picture.chapters],  # noqa: S704
        "hardest": Markup(charts.hardest(picture.cells)),  # noqa: S704
        "items": Markup(charts.items(picture.cells)),  # noqa: S704
        "times": Markup(charts.times(picture.chapters)),  # noqa: S704
    }
    templates = _templates()
    membership = _membership(picture)
    style = templates.get_template("class.css").render(
        charts=charts.style_rules(), inside=membership.inside, outside=membership.outside
    )
    return templates.get_template("class.html").render(
        picture=picture,
        report=picture.report,
        charts=drawn,
        style=Markup(style),  # noqa: S704 (numbers, keys and our own rules)
        policy=policy(style),
        rows=_rows(picture, membership.classes),
        row_of={line.student_id: f"s{number}" for number, line in enumerate(picture.report.students)},
        version=grader.__version__,
        n_names=NAMES,
        rules={
            "low": f"{100 * LOW_PART:.0f}",
            "fall": f"{100 * FALL:.0f}",
            "min": MIN_FOR_DISCRIMINATION,
            "little": f"{LITTLE:.2f}",
            "fair": f"{FAIR:.2f}",
            "good": f"{GOOD:.2f}",
        },
    )


def _templates() -> Environment:
    made = environment()
    made.filters.update(points=_points, date=_date, seconds=_seconds, shown=printable, count=_count)
    made.globals.update(number=_number, cell_anchor=cell_anchor)
    return made


def _number(group: Group, text: str | None = None) -> Markup:
    """A number as a link to the students behind it; 0 has nobody behind it."""
    shown = _count(len(group)) if text is None else text
    if not len(group):
        return Markup("<span class=zero>{}</span>").format(shown)
    return Markup('<a class=n href="#{}" title="{}">{}</a>').format(group.key, printable(group.title), shown)


def _count(value: int) -> str:
    return f"{value:,}"


def _points(value: float | None) -> str:
    return "–" if value is None else points(round(value, 1))


def _date(value: datetime.datetime | None) -> str:
    return "" if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


def _seconds(value: float | None) -> str:
    """A duration as people say it.

    Example:
        >>> _seconds(0.0324), _seconds(7.25), _seconds(754.0), _seconds(None)
        ('0.032 s', '7.2 s', '12.6 min', '–')
    """
    if value is None:
        return "–"
    if value >= 120:
        return f"{value / 60:.1f} min"
    return f"{value:.1f} s" if value >= 1 else f"{value:.2g} s"


@dataclasses.dataclass(frozen=True, slots=True)
class _Membership:
    """Which rows belong to which group, as few class names as it takes.

    ``classes`` are of each student's row. ``inside`` are pairs of a group and the class of those in it; ``outside``
    pairs of a large group and the class of those who are not in it. Equal sets of students share a class.
    """

    classes: dict[str, list[str]]
    inside: list[tuple[str, str]]
    outside: list[tuple[str, str]]


def _membership(picture: ClassPicture) -> _Membership:
    found = _Membership({}, [], [])
    names: dict[frozenset[str], str] = {}
    all_students = frozenset(picture.everybody.students)
    for group in picture.groups:
        if not len(group):
            continue
        members = frozenset(group.students)
        is_large = 2 * len(members) > len(all_students)
        marked = all_students - members if is_large else members
        if marked not in names:
            names[marked] = short_key("k", len(names))
            for student in marked:
                found.classes.setdefault(student, []).append(names[marked])
        (found.outside if is_large else found.inside).append((group.key, names[marked]))
    return found


def _rows(picture: ClassPicture, classes: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """One row a student."""
    reasons = {line.student_id: line.reasons for line in picture.help.lines}
    return [
        {
            "classes": " ".join(classes.get(line.student_id, ())),
            "student_id": printable(line.student_id),
            "name": printable(line.name),
            "marks": [mark_symbol(line.marks[chapter.assignment_id]) for chapter in picture.chapters],
            "total": line.total,
            "not_passed": picture.not_passed.get(line.student_id, ()),
            "reasons": reasons.get(line.student_id, ()),
        }
        for line in picture.report.students
    ]
