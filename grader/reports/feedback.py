"""The feedback value: what one student may know of one graded chapter, ready for a page.

It is made from the gradebook and the graded notebook. Nothing of a hidden test is in it: grade cells are shown as they
were released (``public``), messages are those that the judge wrote for students, and outputs in a graded notebook were
never made after hidden tests ran.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from grader.authoring.release import load_assignment
from grader.course.config import CourseConfig
from grader.course.model import CourseCell, Outcome, Role
from grader.errors import CourseError
from grader.execution.submission import has_statements, normal_text
from grader.gradebook.store import CommentRow, Store, SubmissionRow, VerdictRow
from grader.reports.curves import Picture, curves_in, picture_of
from grader.reports.failures import Failure, failure_of
from grader.reports.gradescope import behaviour
from grader.reports.html import code_html
from grader.reports.public import ANSI, HiddenTests, grade_facts, has_marker, hide_tests, is_test
from grader.reports.safe import joined, safe_html, safe_markdown, safe_picture
from grader.reports.text import printable

MAX_OUTPUT = 12_000
"""Characters of one output that are shown."""
MAX_OUTPUTS = 400_000
"""Characters of all outputs of a page."""
MAX_PICTURES = 4 << 20
MAX_TRACEBACK = 80
WITHHELD = "The message is shown only to graders: it quotes a hidden test."


@dataclasses.dataclass(frozen=True, slots=True)
class OutputView:
    """One output: ``kind`` is text, error, html or picture; ``note`` says what was done to it."""

    kind: str
    text: str = ""
    html: Markup = dataclasses.field(default_factory=Markup)
    note: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class CellView:
    """A cell of the student's notebook.

    ``kind`` is answer, own (added by the student), course (an example of the course) or text.
    """

    number: int
    kind: str
    name: str = ""
    code: Markup = dataclasses.field(default_factory=Markup)
    prose: Markup = dataclasses.field(default_factory=Markup)
    outputs: tuple[OutputView, ...] = ()
    pictures: tuple[Picture, ...] = ()
    comment: str = ""
    comment_by_person: bool = False
    is_unchanged: bool = False

    @property
    def has_error(self) -> bool:
        """Whether it ended with an exception."""
        return any(output.kind == "error" for output in self.outputs)


@dataclasses.dataclass(frozen=True, slots=True)
class ResultView:
    """A grade cell's verdict: ``state`` is good, part, bad or wait; ``word`` says it."""

    grade_id: str
    behaviour: str
    state: str
    word: str
    score: float
    max_score: float
    failure: Failure | None = None
    by_person: str = ""
    extra: float = 0.0
    comment: str = ""
    comment_by_person: bool = False
    test: Markup = dataclasses.field(default_factory=Markup)
    is_all_hidden: bool = False
    printed: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class SectionView:
    """An answer of the student with its tests, or cells before the first answer."""

    name: str
    heading: str
    items: tuple[tuple[str, Any], ...]
    results: tuple[ResultView, ...]

    @property
    def score(self) -> float:
        """Points earned."""
        return sum(result.score for result in self.results)

    @property
    def max_score(self) -> float:
        """Points there were."""
        return sum(result.max_score for result in self.results)


@dataclasses.dataclass(frozen=True, slots=True)
class Feedback:
    """What a student may know of a graded chapter.

    ``score`` is before the late ``penalty``; ``not_graded`` says why there is none. ``due`` is the student's own date.
    """

    course_title: str
    assignment_id: str
    chapter_title: str
    student_id: str
    student_name: str
    not_graded: str
    score: float
    max_score: float
    penalty: float
    seconds_late: float
    timestamp: datetime.datetime | None
    due: datetime.datetime | None
    extension_s: float
    repairs: tuple[str, ...]
    results: tuple[ResultView, ...]
    sections: tuple[SectionView, ...]

    @property
    def counts(self) -> float:
        """The points that count, the late penalty taken off."""
        return self.score - self.penalty

    @property
    def lost(self) -> tuple[ResultView, ...]:
        """What to look at: grade cells without full points."""
        return tuple(result for result in self.results if result.state in ("bad", "part"))

    @property
    def waiting(self) -> tuple[ResultView, ...]:
        """What a person still has to grade."""
        return tuple(result for result in self.results if result.state == "wait")


@dataclasses.dataclass(frozen=True)
class Chapter:
    """What all pages of a chapter share."""

    assignment_id: str
    title: str
    course_title: str
    tests: HiddenTests
    sources: Mapping[str, str]
    names: Mapping[str, str]

    @classmethod
    def read(cls, config: CourseConfig, store: Store, assignment_id: str) -> Chapter:
        """Read a chapter's side of its feedback."""
        tests, sources, title = HiddenTests(), {}, ""
        try:
            assignment = load_assignment(config, assignment_id)
        except (CourseError, OSError, ValueError):  # its author is in the middle of a change; the rest can be shown
            pass
        else:
            tests, title = HiddenTests.of(assignment), assignment.title
            sources = {cell.name: cell.source for cell in assignment.cells if cell.is_grade}
        names = {row.student_id: row.name for row in store.students()}
        title = config.chapter(assignment_id).title or title or assignment_id
        return cls(assignment_id, title, config.title, tests, sources, names)


def feedback_of(
    chapter: Chapter,
    row: SubmissionRow,
    verdicts: Sequence[VerdictRow],
    comments: Sequence[CommentRow],
    notebook: Mapping[str, Any] | None,
) -> Feedback:
    """Put together what a student may know.

    Args:
        chapter: the course's side.
        row: the submission's score.
        verdicts: its grade cells, in the chapter's order.
        comments: what was said of its answers.
        notebook: the graded notebook; None if there is none.
    """
    cells = [_plain_cell(cell) for cell in (notebook or {}).get("cells", []) if isinstance(cell, Mapping)]
    if row.graded_at is None:
        _drop_what_may_tell(cells, chapter)
    hide_tests(cells, chapter.tests, by_judge=row.graded_at is not None)
    own = frozenset(
        line.strip() for cell in cells if not grade_facts(cell).get("grade") for line in cell["source"].splitlines()
    )
    said = {comment.grade_id: comment for comment in comments}
    results = {
        verdict.grade_id: _result(chapter, verdict, said.get(verdict.grade_id), own, _printed(cells, verdict.grade_id))
        for verdict in (verdicts if row.is_scored else ())
    }
    return Feedback(
        course_title=printable(chapter.course_title),
        assignment_id=chapter.assignment_id,
        chapter_title=printable(chapter.title),
        student_id=printable(row.student_id),
        student_name=printable(chapter.names.get(row.student_id, "")),
        not_graded=_why_not(row.not_graded) if row.not_graded and not row.is_scored else "",
        score=row.score if row.is_scored else 0.0,
        max_score=sum(verdict.max_score for verdict in verdicts),
        penalty=row.penalty if row.is_scored else 0.0,
        seconds_late=row.seconds_late,
        timestamp=row.timestamp,
        due=row.due,
        extension_s=row.extension_s,
        repairs=tuple(printable(repair) for repair in row.repairs),
        results=tuple(results.values()),
        sections=_sections(chapter, cells, results, said),
    )


def _drop_what_may_tell(cells: Sequence[dict[str, Any]], chapter: Chapter) -> None:
    """Drop what cells have shown since the first hidden test, where nbgrader alone graded.

    Tests and student code then shared a process: any of it may be what a hidden test has asked.
    """
    is_after = False
    for cell in cells:
        facts = grade_facts(cell)
        if is_test(cell):
            released = chapter.tests.released.get(str(facts.get("grade_id", "")))
            is_after |= released is None or released != cell["source"] or has_marker(cell["source"])
        if is_after and cell["outputs"]:
            text = "[shown only to graders: it came after hidden tests had run]"
            cell["outputs"] = [] if facts.get("grade") else [{"output_type": "stream", "name": "stdout", "text": text}]


def _why_not(reason: str) -> str:
    if reason.startswith("grading failed"):
        return "The grading itself failed; that is not your fault, and your instructor can see why."
    return printable(reason.strip().partition("\n")[0])


# --- verdicts ---

_WORDS = {
    Outcome.PASSED: ("good", "Passed"),
    Outcome.PARTIAL: ("part", "Partly"),
    Outcome.FAILED: ("bad", "Failed"),
    Outcome.ERROR: ("bad", "Error"),
    Outcome.TIMEOUT: ("bad", "Out of time"),
    Outcome.CRASHED: ("bad", "Crashed"),
    Outcome.NOT_RUN: ("bad", "Not run"),
}


def _result(
    chapter: Chapter, row: VerdictRow, comment: CommentRow | None, own: frozenset[str], printed: str
) -> ResultView:
    state, word = _state(row)
    released = chapter.tests.released.get(row.grade_id, "")
    message = row.message
    if chapter.tests.quoted_in(message, own):
        message = WITHHELD
    failure = None
    if message.strip() and row.outcome not in (Outcome.PASSED, Outcome.MANUAL, ""):
        failure = failure_of(printable(message, lines=True), row.grade_id, chapter.sources, released)
    by_person = ""
    if row.manual_score is not None and row.outcome != Outcome.MANUAL:
        by_person = "A person gave these points"
        if row.auto_score is not None:
            by_person += f"; the tests alone gave {row.auto_score:g}"
        by_person += "."
    return ResultView(
        grade_id=row.grade_id,
        behaviour=printable(_behaviour(released, row)),
        state=state,
        word=word,
        score=row.score,
        max_score=row.max_score,
        failure=failure,
        by_person=by_person,
        extra=row.extra_credit or 0.0,
        comment=printable(comment.text, lines=True) if comment else "",
        comment_by_person=bool(comment and comment.is_manual),
        test=code_html(released, [failure.test_line] if failure else ()) if released else Markup(),
        is_all_hidden=bool(released) and not has_statements(released),
        printed=printed,
    )


def _state(row: VerdictRow) -> tuple[str, str]:
    given = row.manual_score if row.manual_score is not None else row.auto_score
    if row.outcome == Outcome.MANUAL or row.outcome == "":
        if row.needs_manual_grade or given is None:
            return "wait", "Waiting for a person"
        state = "good" if given >= row.max_score else "part" if given > 0 else "bad"
        by_test = row.outcome == "" and row.manual_score is None
        return state, {"good": "Passed", "part": "Partly", "bad": "Failed"}[state] if by_test else "Graded by a person"
    state, word = _WORDS[Outcome(row.outcome)] if row.outcome in set(Outcome) else ("bad", row.outcome)
    if row.manual_score is not None:
        state = "good" if row.manual_score >= row.max_score else "part" if row.manual_score > 0 else "bad"
    return state, word


def _behaviour(released: str, row: VerdictRow) -> str:
    """What a test checks: its docstring, else its name in words."""
    if row.outcome == Outcome.MANUAL:
        return f"Your answer: {row.grade_id.replace('_', ' ')}"
    return behaviour(released, row.grade_id)


def _printed(cells: Sequence[Mapping[str, Any]], grade_id: str) -> str:
    """What was printed while the visible part of a test ran."""
    for cell in cells:
        if grade_facts(cell).get("grade_id") == grade_id and cell["cell_type"] == "code":
            texts = [joined(o.get("text")) for o in cell["outputs"] if o.get("output_type") == "stream"]
            return _cut(_plain("".join(texts)), 4_000)[0]
    return ""


# --- the notebook ---


def read_graded(text: str) -> dict[str, Any] | None:
    """Return a graded notebook's JSON, or None if it is none."""
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return notebook if isinstance(notebook, dict) and isinstance(notebook.get("cells"), list) else None


def _plain_cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    metadata = cell.get("metadata")
    outputs = cell.get("outputs")
    kind = cell.get("cell_type")
    return {
        "cell_type": kind if kind in ("code", "markdown", "raw") else "raw",
        "metadata": metadata if isinstance(metadata, dict) else {},
        "source": joined(cell.get("source")),
        "outputs": [dict(o) for o in outputs if isinstance(o, Mapping) and isinstance(o.get("output_type"), str)]
        if isinstance(outputs, list)
        else [],
    }


class _Room:
    """How much more a page may show."""

    def __init__(self) -> None:
        self.characters = MAX_OUTPUTS
        self.pictures = MAX_PICTURES


def _sections(
    chapter: Chapter,
    cells: Sequence[Mapping[str, Any]],
    results: Mapping[str, ResultView],
    said: Mapping[str, CommentRow],
) -> tuple[SectionView, ...]:
    known: dict[str, CourseCell] = {cell.name: cell for cell in chapter.tests.cells if cell.name}
    public = {normal_text(cell.source) for cell in chapter.tests.cells}
    room = _Room()
    marked: dict[int, set[int]] = {}
    for result in results.values():
        if result.failure and result.failure.own:
            marked.setdefault(result.failure.own[0], set()).add(result.failure.own[1])
    sections: list[tuple[str, str, list[tuple[str, Any]], list[ResultView]]] = [("", "", [], [])]
    heading = ""
    shown: set[str] = set()
    for number, cell in enumerate(cells, start=1):
        facts = grade_facts(cell)
        name = str(facts.get("grade_id", ""))
        is_answer = bool(facts.get("solution"))
        is_public = normal_text(cell["source"]) in public
        if cell["cell_type"] != "code" and not is_answer and is_public:
            heading = _heading(cell["source"]) or heading
        if is_answer:
            sections.append((name, heading, [], []))
        items, of_section = sections[-1][2:]
        view = _cell_view(number, cell, name, is_answer, is_public, known.get(name), said.get(name), room, marked)
        if facts.get("grade") and not is_answer:
            view = None
        if view is not None:
            items.append(("cell", view))
        if name in results and name not in shown:
            shown.add(name)
            of_section.append(results[name])
            items.append(("result", results[name]))
    left = [result for name, result in results.items() if name not in shown]
    if left:
        sections.append(("", "Tests without a cell in your notebook", [("result", result) for result in left], left))
    return tuple(SectionView(printable(n), h, tuple(i), tuple(r)) for n, h, i, r in sections if i)


def _heading(source: str) -> str:
    headings = re.findall(r"^#{1,4}\s+(.+?)\s*#*$", source, re.MULTILINE)
    return printable(re.sub(r"[*`$]", "", headings[-1])) if headings else ""


def _cell_view(
    number: int,
    cell: Mapping[str, Any],
    name: str,
    is_answer: bool,
    is_public: bool,
    course: CourseCell | None,
    comment: CommentRow | None,
    room: _Room,
    marked: Mapping[int, set[int]],
) -> CellView | None:
    is_code = cell["cell_type"] == "code"
    if not is_code and is_public and not is_answer:
        return None
    outputs = tuple(_outputs(cell["outputs"], room)) if is_code else ()
    is_setup = course is not None and course.role is Role.SETUP
    is_dull = is_setup or (is_public and not outputs)
    if is_code and not is_answer and is_dull and not any(output.kind == "error" for output in outputs):
        return None
    if not is_answer and not cell["source"].strip() and not outputs:
        return None
    kind = "answer" if is_answer else "course" if is_public else "own" if is_code else "text"
    texts = [output.text for output in outputs if output.kind == "text"]
    return CellView(
        number=number,
        kind=kind,
        name=printable(name),
        code=code_html(cell["source"], marked.get(number, ())) if is_code else Markup(),
        prose=Markup() if is_code else _prose(cell),
        outputs=outputs,
        pictures=tuple(picture_of(curve) for curve in curves_in(texts)) if not is_answer else (),
        comment=printable(comment.text, lines=True) if comment and is_answer else "",
        comment_by_person=bool(comment and comment.is_manual),
        is_unchanged=is_answer and is_public,
    )


def _prose(cell: Mapping[str, Any]) -> Markup:
    text = printable(_cut(cell["source"], 60_000)[0], lines=True)
    if cell["cell_type"] == "markdown":
        return Markup(safe_markdown(text))  # noqa: S704 (sanitized)
    return Markup("<pre>{}</pre>").format(text)


# --- outputs ---


def _plain(text: str) -> str:
    """Text as a terminal would leave it: without colours, and what was overwritten gone."""
    lines = ANSI.sub("", text).replace("\r\n", "\n").split("\n")
    return printable("\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines), lines=True)


def _cut(text: str, limit: int) -> tuple[str, str]:
    if len(text) <= limit:
        return text, ""
    head, tail = limit * 3 // 4, limit // 4
    note = f"{len(text) - limit:,} of {len(text):,} characters are left out in the middle."
    return f"{text[:head]}\n\n[… {len(text) - limit:,} characters …]\n\n{text[-tail:]}", note


def _outputs(outputs: Sequence[Mapping[str, Any]], room: _Room) -> list[OutputView]:
    views: list[OutputView] = []
    for output in outputs:
        if room.characters <= 0:
            views.append(OutputView("text", note="More output is left out here: the page would be too large."))
            break
        view = _output(output, room)
        if view is None:
            continue
        room.characters -= len(view.text) + len(view.html)
        views.append(view)
    return views


def _output(output: Mapping[str, Any], room: _Room) -> OutputView | None:
    kind = output["output_type"]
    limit = min(MAX_OUTPUT, room.characters)
    if kind == "stream":
        text, note = _cut(_plain(joined(output.get("text"))), limit)
        return OutputView("text", text, note=note) if text.strip() else None
    if kind == "error":
        text, note = _cut(_own_traceback(output), limit)
        return OutputView("error", text, note=note)
    data = output.get("data")
    return _bundle(data, limit, room) if isinstance(data, Mapping) else None


def _bundle(data: Mapping[str, Any], limit: int, room: _Room) -> OutputView | None:
    """The richest harmless form of a result."""
    for mime in ("image/png", "image/jpeg", "image/gif"):
        if mime in data:
            source = safe_picture(mime, joined(data[mime]), min(2 << 20, room.pictures))
            if source:
                room.pictures -= len(source)
                return OutputView("picture", source)
            return OutputView("text", note="A picture is left out here: it is damaged, or too large.")
    for mime, render in (("text/html", safe_html), ("text/markdown", safe_markdown)):
        text = joined(data.get(mime))
        if text and len(text) <= limit:
            html = render(printable(text, lines=True))
            if re.sub(r"<[^>]*>", "", html).strip():
                return OutputView("html", html=Markup(html))  # noqa: S704 (sanitized)
    plain = joined(data.get("text/plain"))
    for mime, word in (("image/svg+xml", "SVG"), ("text/latex", "LaTeX"), ("text/html", "HTML")):
        if mime in data and (not plain or mime != "text/html"):
            text, note = _cut(_plain(joined(data[mime])), min(limit, 4_000))
            return OutputView("text", text, note=f"{word}, shown as text. {note}".strip())
    text, note = _cut(_plain(plain), limit)
    return OutputView("text", text, note=note) if text.strip() else None


def _own_traceback(output: Mapping[str, Any]) -> str:
    """An exception as its student saw it, without the lines of other people's files."""
    traceback = output.get("traceback")
    lines = _plain("\n".join(joined(line) for line in traceback) if isinstance(traceback, list) else "").split("\n")
    last = _plain(f"{joined(output.get('ename'))}: {joined(output.get('evalue'))}").strip(": ")
    kept: list[str] = []
    is_own = True
    for line in lines:
        if re.match(r"\s*File ", line):
            is_own = False
        elif not line.strip() or re.match(r"\s*(Cell In|Input In)\b", line):
            is_own = True
        if is_own and not line.startswith("-----"):
            kept.append(line)
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n")
    shown = text.split("\n")
    if len(shown) > MAX_TRACEBACK:
        half = MAX_TRACEBACK // 2
        shown = [*shown[:half], f"[… {len(shown) - MAX_TRACEBACK} lines …]", *shown[-half:]]
    text = "\n".join(shown)
    return text if last.split("\n")[0] in text else f"{text}\n{last}".strip("\n")
