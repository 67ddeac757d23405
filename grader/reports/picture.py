"""The class at a glance, as values: every number together with the students behind it.

``reports/page.py`` draws it; nothing here knows HTML.
"""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from grader.course.model import Outcome
from grader.gradebook.extensions import DueDates
from grader.gradebook.store import Store, SubmissionRow, VerdictRow
from grader.reports.measures import (
    MIN_FOR_DISCRIMINATION,
    bin_of,
    discrimination_word,
    falling_by,
    pass_rate,
    point_biserial,
    quantile,
    rest_scores,
)
from grader.reports.scores import (
    ChapterColumn,
    ClassReport,
    Course,
    Mark,
    State,
    StudentLine,
    class_report,
    short_names,
)
from grader.reports.text import first_line, points

SCORE_EDGES = tuple(range(0, 101, 10))
"""The bins of a chapter's distribution, in percent of its points."""

LOW_PART = 0.5
"""Who has less than this part of the points of what was graded needs help."""

FALL = 0.25
"""So does whose distance to the class's mean fell by this part of the points with the latest chapter."""

MESSAGES = 25
"""How many kinds of failure are listed one by one."""


def short_key(letter: str, number: int) -> str:
    """Return a short name for a number: a page says it for every student.

    Example:
        >>> short_key("g", 35), short_key("g", 36)
        ('gz', 'g10')
    """
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return letter + digits


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """Some students, and what they have in common; ``key`` tells groups of one picture apart."""

    key: str
    title: str
    students: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.students)


class Groups:
    """Makes groups, each with a key of its own; an equal one is made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, tuple[str, ...]], Group] = {}

    def group(self, title: str, students: Iterable[str]) -> Group:
        """Return the group of these students, in their order."""
        members = tuple(dict.fromkeys(students))
        known = self._made.get((title, members))
        return known or self._made.setdefault((title, members), Group(short_key("g", len(self._made)), title, members))

    def all(self) -> tuple[Group, ...]:
        """Return all groups, in the order in which they were made."""
        return tuple(self._made.values())


@dataclasses.dataclass(frozen=True, slots=True)
class ChapterPicture:
    """One chapter: where everybody stands (the first five groups are the whole class), scores and times.

    ``label`` is short. Of those who have not handed in, ``overdue`` have no more time. ``bins`` are of ``SCORE_EDGES``.
    Times are CPU seconds of the students' processes.
    """

    assignment_id: str
    label: str
    title: str
    max_score: float
    due: datetime.datetime | None
    is_due: bool
    overdue: frozenset[str]
    on_time: Group
    late: Group
    waiting: Group
    not_graded: Group
    missing: Group
    by_hand: Group
    scored: Group
    mean: float | None
    median: float | None
    lower: float | None
    upper: float | None
    bins: tuple[Group, ...]
    timed: Group
    median_s: float | None
    long_s: float | None
    longest_s: float | None
    slowest: Group
    longest: Group
    wall_s: float

    @property
    def handed_in(self) -> int:
        """How many have handed something in."""
        return len(self.on_time) + len(self.late) + len(self.waiting) + len(self.not_graded)


@dataclasses.dataclass(frozen=True, slots=True)
class CellPicture:
    """One grade cell: who earned all of its points, a part, nothing; ``unsettled`` waits for a person.

    ``rate`` and ``discrimination`` are None where nobody, or too few, were graded; ``why_none`` says why there is no
    discrimination.
    """

    assignment_id: str
    label: str
    grade_id: str
    max_score: float
    passed: Group
    partly: Group
    failed: Group
    unsettled: Group
    graded: Group
    rate: float | None
    discrimination: float | None
    why_none: str = ""

    @property
    def word(self) -> str:
        """What the discrimination is worth."""
        return "" if self.discrimination is None else discrimination_word(self.discrimination)


@dataclasses.dataclass(frozen=True, slots=True)
class FailurePicture:
    """Failures of one grade cell that say the same but for numbers and quoted words: ``variants`` different texts."""

    label: str
    grade_id: str
    outcome: str
    message: str
    variants: int
    students: Group


@dataclasses.dataclass(frozen=True, slots=True)
class HelpLine:
    """A student who needs help, and why."""

    student_id: str
    reasons: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class HelpPicture:
    """Who needs help (with little, behind, falling; together ``needing``) and who has not handed in something.

    ``lines`` are sorted by urgency; ``missing`` is each student who lacks a chapter with these chapters' labels.
    """

    low: Group
    behind: Group
    falling: Group
    needing: Group
    lines: tuple[HelpLine, ...]
    missing: tuple[tuple[str, tuple[str, ...]], ...]
    missing_any: Group


@dataclasses.dataclass(frozen=True, slots=True)
class ClassPicture:
    """Everything that the page shows."""

    report: ClassReport
    chapters: tuple[ChapterPicture, ...]
    cells: tuple[CellPicture, ...]
    failures: tuple[FailurePicture, ...]
    other_failures: Group
    n_other_failures: int
    help: HelpPicture
    everybody: Group
    needs_person: Group
    groups: tuple[Group, ...]
    not_passed: Mapping[str, tuple[str, ...]]
    made_at: datetime.datetime


def class_picture(
    store: Store,
    course: Course,
    assignment_ids: Sequence[str] | None = None,
    *,
    now: datetime.datetime,
) -> ClassPicture:
    """Read the class's standing from the gradebook.

    Args:
        store: the gradebook.
        course: the course around it.
        assignment_ids: only these chapters.
        now: what is due is due before this.
    """
    report = class_report(store, course, assignment_ids)
    chosen = [chapter.assignment_id for chapter in report.chapters]
    due = {name: store.due_dates(name, due=course.due.get(name)) for name in chosen}
    return draw(report, store.scores(chosen), store.verdicts(None, chosen), due, now)


def draw(
    report: ClassReport,
    submissions: Iterable[SubmissionRow],
    verdicts: Iterable[VerdictRow],
    due: Mapping[str, DueDates],
    now: datetime.datetime,
) -> ClassPicture:
    """Return the picture of a class; a pure function of what the gradebook says."""
    groups = Groups()
    everybody = groups.group("All students", (line.student_id for line in report.students))
    labels = _labels(report)
    times: dict[str, dict[str, SubmissionRow]] = {}
    for row in submissions:
        if not row.not_graded and row.graded_at is not None:
            times.setdefault(row.assignment_id, {})[row.student_id] = row
    chapters = tuple(
        _chapter(
            groups,
            report,
            chapter,
            labels[chapter.assignment_id],
            due[chapter.assignment_id],
            times.get(chapter.assignment_id, {}),
            now,
        )
        for chapter in report.chapters
    )
    by_cell = _by_cell(report, verdicts)
    cells = [_cell(groups, labels[name], rows, by_cell.totals[name]) for (name, _), rows in by_cell.rows.items()]
    not_passed = _not_passed(cells)
    cells.sort(key=lambda cell: (cell.rate is None, cell.rate or 0.0))  # stable: else in the course's order
    failures, others, n_others = _failures(groups, labels, by_cell.rows)
    return ClassPicture(
        report=report,
        chapters=chapters,
        cells=tuple(cells),
        failures=failures,
        other_failures=others,
        n_other_failures=n_others,
        help=_help(groups, report, chapters),
        everybody=everybody,
        needs_person=groups.group(
            "Something waits for a grader", sorted({student for student, _, _ in report.needing_a_person()})
        ),
        groups=groups.all(),
        not_passed=not_passed,
        made_at=now,
    )


def _labels(report: ClassReport) -> dict[str, str]:
    ids = [chapter.assignment_id for chapter in report.chapters]
    return dict(zip(ids, short_names(ids), strict=True))


# --- chapters ---


def _chapter(
    groups: Groups,
    report: ClassReport,
    column: ChapterColumn,
    label: str,
    due: DueDates,
    times: Mapping[str, SubmissionRow],
    now: datetime.datetime,
) -> ChapterPicture:
    name = column.assignment_id
    marks = {line.student_id: line.marks[name] for line in report.students}

    def those(title: str, *, of: Iterable[str]) -> Group:
        return groups.group(f"{label}: {title}", of)

    def standing(state: State) -> list[str]:
        return [student for student, mark in marks.items() if mark.state is state]

    graded = standing(State.GRADED)
    missing = standing(State.MISSING)
    scores = {student: mark.score for student, mark in marks.items() if mark.score is not None}
    percents = {
        student: 100 * score / column.max_score for student, score in scores.items() if column.max_score > 0
    }  # of a chapter without points there is no part
    bins: list[list[str]] = [[] for _ in SCORE_EDGES[1:]]
    for student, percent in percents.items():
        bins[bin_of(percent, SCORE_EDGES)].append(student)
    cpu = {student: times[student].cpu_s for student in marks if student in times}
    long_s = quantile(list(cpu.values()), 95)
    longest_s = max(cpu.values(), default=None)
    values = list(scores.values())
    return ChapterPicture(
        assignment_id=name,
        label=label,
        title=column.title,
        max_score=column.max_score,
        due=due.due,
        # without a date: once half of the class has handed it in, the rest is behind
        is_due=due.due < now if due.due else 2 * len(missing) < len(marks),
        overdue=frozenset(student for student in missing if (last := due.of(student)) is None or last < now),
        on_time=those("handed in on time", of=(student for student in graded if not marks[student].is_late)),
        late=those("handed in late", of=(student for student in graded if marks[student].is_late)),
        waiting=those("handed in, not autograded yet", of=standing(State.WAITING)),
        not_graded=those("handed in, could not be graded", of=standing(State.NOT_GRADED)),
        missing=those("not handed in", of=missing),
        by_hand=those("answers to grade by hand", of=(student for student in graded if marks[student].n_manual)),
        scored=those("has a score", of=scores),
        mean=statistics.fmean(values) if values else None,
        median=quantile(values, 50),
        lower=quantile(values, 25),
        upper=quantile(values, 75),
        bins=tuple(
            those(f"{low} to {'' if high == SCORE_EDGES[-1] else 'under '}{high} % of the points", of=members)
            for (low, high), members in zip(itertools.pairwise(SCORE_EDGES), bins, strict=True)
        ),
        timed=those("graded by the judge", of=cpu),
        median_s=quantile(list(cpu.values()), 50),
        long_s=long_s,
        longest_s=longest_s,
        slowest=those(
            "the slowest 5 %", of=(student for student, seconds in cpu.items() if seconds >= (long_s or 0.0))
        ),
        longest=those("took longest", of=(student for student, seconds in cpu.items() if seconds == longest_s)),
        wall_s=sum(row.wall_s for row in times.values()),
    )


# --- grade cells ---


@dataclasses.dataclass(frozen=True, slots=True)
class _ByCell:
    """Verdicts of the report's students by (chapter, grade cell) in the course's order, and settled chapter scores."""

    rows: dict[tuple[str, str], list[VerdictRow]]
    totals: dict[str, dict[str, float]]


def _by_cell(report: ClassReport, verdicts: Iterable[VerdictRow]) -> _ByCell:
    graded = {
        (line.student_id, name)
        for line in report.students
        for name, mark in line.marks.items()
        if mark.state is State.GRADED
    }
    rows: dict[tuple[str, str], list[VerdictRow]] = {}
    totals: dict[str, dict[str, float]] = {}
    for row in verdicts:
        if (row.student_id, row.assignment_id) in graded and row.max_score > 0:
            rows.setdefault((row.assignment_id, row.grade_id), []).append(row)
            if not _is_unsettled(row):
                of_chapter = totals.setdefault(row.assignment_id, {})
                of_chapter[row.student_id] = of_chapter.get(row.student_id, 0.0) + row.score
    order = {chapter.assignment_id: position for position, chapter in enumerate(report.chapters)}
    return _ByCell(
        dict(sorted(rows.items(), key=lambda item: order[item[0][0]])),
        {name: totals.get(name, {}) for name in order},
    )


def _is_unsettled(row: VerdictRow) -> bool:
    """Whether only a person can say what it is worth, and none has."""
    return row.auto_score is None and row.manual_score is None


def _cell(groups: Groups, label: str, rows: Sequence[VerdictRow], totals: Mapping[str, float]) -> CellPicture:
    name, max_score = rows[0].grade_id, rows[0].max_score
    settled = [row for row in rows if not _is_unsettled(row)]

    def those(what: str, of: Iterable[VerdictRow]) -> Group:
        return groups.group(f"{label} {name}: {what}", (row.student_id for row in of))

    scores = [row.score for row in settled]
    rest = rest_scores(scores, [totals[row.student_id] for row in settled])
    found, why = None, ""
    if len(settled) < MIN_FOR_DISCRIMINATION:
        why = f"fewer than {MIN_FOR_DISCRIMINATION} students"
    elif (found := point_biserial(scores, rest)) is None:
        why = "all have the same" if len(set(scores)) == 1 else "no other scores to compare with"
    return CellPicture(
        assignment_id=rows[0].assignment_id,
        label=label,
        grade_id=name,
        max_score=max_score,
        passed=those("all points", (row for row in settled if row.score >= max_score)),
        partly=those("some of the points", (row for row in settled if 0 < row.score < max_score)),
        failed=those("no points", (row for row in settled if row.score <= 0)),
        unsettled=those("waits for a person", (row for row in rows if _is_unsettled(row))),
        graded=those("graded", settled),
        rate=pass_rate(scores, max_score),
        discrimination=found,
        why_none=why,
    )


def _not_passed(cells: Iterable[CellPicture]) -> dict[str, tuple[str, ...]]:
    """By student, what earned less than all points, in the course's order."""
    found: dict[str, list[str]] = {}
    for cell in cells:
        for student in (*cell.failed.students, *cell.partly.students):
            found.setdefault(student, []).append(f"{cell.label} {cell.grade_id}")
    return {student: tuple(names) for student, names in found.items()}


# --- failures ---

_VARYING = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\[[^\]]*\]|0x[0-9a-f]+|[-+]?\d[\d.,e+-]*|\b(?:nan|inf)\b", re.I)


def message_pattern(message: str) -> str:
    """Return what is common to messages that differ only in numbers, lists and quoted words.

    Example:
        >>> message_pattern("expected 32, got 31") == message_pattern("expected 7.5, got -1e9")
        True
    """
    return _VARYING.sub("…", message)


def _failures(
    groups: Groups, labels: Mapping[str, str], cells: Mapping[tuple[str, str], Sequence[VerdictRow]]
) -> tuple[tuple[FailurePicture, ...], Group, int]:
    kinds: dict[tuple[str, str, str, str], list[tuple[str, str]]] = {}
    for (chapter, grade_id), rows in cells.items():
        for row in rows:
            if row.outcome in _GOOD or (not row.outcome and row.score > 0) or _is_unsettled(row):
                continue
            text = first_line(row.message)[:300]
            key = (chapter, grade_id, row.outcome, message_pattern(text))
            kinds.setdefault(key, []).append((row.student_id, text))
    ordered = sorted(kinds.items(), key=lambda item: -len(item[1]))
    shown = []
    for (chapter, grade_id, outcome, _), found in ordered[:MESSAGES]:
        texts = Counter(text for _, text in found)
        message = texts.most_common(1)[0][0]
        title = f"{labels[chapter]} {grade_id}, {outcome.replace('_', ' ') or 'no points'}: {message}"
        students = groups.group(title, (student for student, _ in found))
        shown.append(FailurePicture(labels[chapter], grade_id, outcome, message, len(texts), students))
    rest = [student for _, found in ordered[MESSAGES:] for student, _ in found]
    return tuple(shown), groups.group("Other failures", sorted(rest)), len(ordered[MESSAGES:])


_GOOD = frozenset({Outcome.PASSED, Outcome.PARTIAL, Outcome.MANUAL})


# --- who needs help ---


def _help(groups: Groups, report: ClassReport, chapters: Sequence[ChapterPicture]) -> HelpPicture:
    low, behind, falling = [], [], []
    reasons: dict[str, list[str]] = {}
    missing: dict[str, tuple[str, ...]] = {}
    standing: dict[str, float] = {}
    for line in report.students:
        student = line.student_id
        mine = [chapter for chapter in chapters if line.marks[chapter.assignment_id].state is State.MISSING]
        overdue = [chapter.label for chapter in mine if chapter.is_due and student in chapter.overdue]
        if mine:
            missing[student] = tuple(chapter.label for chapter in mine)
        said = reasons.setdefault(student, [])
        earned, possible = _graded_points(line.marks, chapters)
        standing[student] = earned / possible if possible else 0.0
        if possible and earned < LOW_PART * possible:
            low.append(student)
            said.append(f"{points(earned)} of {points(possible)} points of what was graded")
        if overdue:
            behind.append(student)
            said.append(f"has not handed in {', '.join(overdue)}")
        if (fall := falling_by(_distances(line, chapters))) >= FALL:
            falling.append(student)
            said.append(f"latest chapter {100 * fall:.0f} percentage points lower than before, next to the class")
    needing = sorted(
        (student for student, said in reasons.items() if said),
        key=lambda student: (-len(reasons[student]), standing[student], student),
    )
    n_due = sum(chapter.is_due for chapter in chapters)
    return HelpPicture(
        low=groups.group(f"Less than {100 * LOW_PART:.0f} % of the points of what was graded", low),
        behind=groups.group(f"Has not handed in one of the {n_due} chapters that are due", behind),
        falling=groups.group(f"Fell by {100 * FALL:.0f} percentage points or more with the latest chapter", falling),
        needing=groups.group("Needs help", needing),
        lines=tuple(HelpLine(student, tuple(reasons[student])) for student in needing),
        missing=tuple(sorted(missing.items(), key=lambda item: (-len(item[1]), item[0]))),
        missing_any=groups.group("Has not handed in some chapter", missing),
    )


def _distances(line: StudentLine, chapters: Sequence[ChapterPicture]) -> list[float]:
    """How far a student is above the class's mean, in parts of a chapter's points: a hard chapter is no fall."""
    found = []
    for chapter in chapters:
        score = line.marks[chapter.assignment_id].score
        if score is not None and chapter.mean is not None and chapter.max_score > 0:
            found.append((score - chapter.mean) / chapter.max_score)
    return found


def _graded_points(marks: Mapping[str, Mark], chapters: Sequence[ChapterPicture]) -> tuple[float, float]:
    """What a student has of the chapters that have a score, and what these are worth."""
    scored = [chapter for chapter in chapters if marks[chapter.assignment_id].score is not None]
    return (
        sum(marks[chapter.assignment_id].score or 0.0 for chapter in scored),
        sum(chapter.max_score for chapter in scored),
    )
