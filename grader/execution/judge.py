"""The judge: runs the course's grade cells against remote references and draws a verdict for each.

No student code runs here and none is asked whether it is right: a grade cell reads values across the wire, and the
comparisons are the judge's own. A cell earns its points only by running to its end.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import dataclasses
import io
import linecache
import random
import sys
import time
import traceback
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grader.course.model import CourseCell, GradingSpec, Outcome, Role, Verdict
from grader.execution import remote
from grader.execution.course_side import BUILTINS, CourseNames, CourseSide
from grader.execution.grade_cells import GradeCell, helpers
from grader.execution.outputs import (
    Output,
    add_stream,
    checked_outputs,
    error_output,
    result_output,
    stream_output,
)
from grader.execution.parsing import parse_cell
from grader.execution.sandbox import now
from grader.execution.session import Session
from grader.execution.submission import Step, bound_names, clean_text
from grader.execution.wording import cut, message_of, shown_value

MAX_MESSAGE = 2_000
MAX_SECRET = 16_000
"""Characters of what was printed while hidden tests ran that graders get to see."""
OUTPUT_ROOM = 16
"""A notebook's cells may show this many times as much as one cell."""
NOT_READY = "the notebook had used up its time or ended its process too often"


@dataclasses.dataclass
class CellRecord:
    """What happened to one step: its outputs as students may see them, and whether hidden tests came before them."""

    outputs: list[Output] = dataclasses.field(default_factory=list)
    execution_count: int | None = None
    after_hidden: bool = False
    """Student code may have seen the input of a hidden test before it chose what these outputs say."""
    failed_visible: bool = False
    """A grade cell whose message is about its visible part."""
    stopped: str = ""
    """Why the cell was ended from outside, if it was."""


@dataclasses.dataclass
class Hearing:
    """All that one pass over a notebook has found."""

    records: list[CellRecord]
    verdicts: dict[str, Verdict]
    wall_timeouts: list[str] = dataclasses.field(default_factory=list)
    killed: list[str] = dataclasses.field(default_factory=list)
    """Where the student process was ended by a SIGKILL that nobody of ours has sent."""


class Names(dict[str, Any]):
    """The judge's namespace: what grade cells define, then the student's names, builtins, and the course's own."""

    def __init__(self, session: Session, spec: GradingSpec, setup: CourseNames) -> None:
        super().__init__(
            {name: value for name, value in BUILTINS.items() if name not in spec.solution_names},
            __name__="__main__",
            __builtins__=builtins,
        )
        self._session = session
        self._solution_names = spec.solution_names
        self._setup = setup

    def __missing__(self, name: str) -> Any:
        if name in self._solution_names:
            return self._session.lookup("user", name)
        if hasattr(builtins, name):
            raise KeyError(name)
        return self._setup[name]


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "Eq": lambda a, b: a == b,
    "NotEq": lambda a, b: a != b,
    "Lt": lambda a, b: a < b,
    "LtE": lambda a, b: a <= b,
    "Gt": lambda a, b: a > b,
    "GtE": lambda a, b: a >= b,
    "Is": lambda a, b: a is b,
    "IsNot": lambda a, b: a is not b,
    "In": lambda a, b: a in b,
    "NotIn": lambda a, b: a not in b,
}


class Judge:
    """One pass over a submission.

    Args:
        spec: the course's side.
        session: the student process.
        course: the names of setup cells and earlier chapters, if they have been made already.
        visible_only: run grade cells without their hidden part: what the student's own run would show.
        timed_out: grade cells that ran away in the judge itself before; they are not run again.
        skip: steps that are not run, with what to show instead (or nothing).
        on_cell: told the name of each grade cell before it runs, and an empty one before a student's cell.
        is_over: asked after each step whether what was heard so far is enough.
    """

    def __init__(
        self,
        spec: GradingSpec,
        session: Session,
        *,
        visible_only: bool = False,
        timed_out: Sequence[str] = (),
        skip: Mapping[int, str] | None = None,
        course: CourseSide | None = None,
        on_cell: Callable[[str], None] = lambda _: None,
        is_over: Callable[[Hearing], bool] = lambda _: False,
    ) -> None:
        self.spec = spec
        self.session = session
        self.visible_only = visible_only
        self.timed_out = frozenset(timed_out)
        self.skip = skip or {}
        self.on_cell = on_cell
        self.is_over = is_over
        self.course = course or CourseSide(spec)
        self.course.slot.session = session
        self.names = Names(session, spec, self.course.setup)
        self.hidden_seen = False
        self._count = 0  # of cells run, as IPython counts them
        self._killed: list[str] = []
        self._room = OUTPUT_ROOM * spec.limits.output_bytes
        self._own_cells: dict[int, str] = {}  # the student's cells that have run
        self._started = now()
        self._cells: dict[str, GradeCell] = {}
        self._operands: tuple[str, Any, Any, bool] | None = None  # of the last assert, and whether it is hidden
        self._outputs: list[Output] = []
        self._secret: list[str] = []
        self._failed_hidden = False
        self._hidden_began = False  # in the running grade cell
        self.names.update(
            helpers(self.names, spec.solution_names),
            __grader_hidden__=self._begin_hidden,
            __grader_compare__=self._compare,
            __grader_compare_by__=self._compare_by,
        )
        session.on_output = self._note_output

    def hear(self, steps: Sequence[Step]) -> Hearing:
        """Run all steps in order."""
        sys.modules["chapters"] = self.course.module
        hearing = Hearing([], {}, killed=self._killed)
        for index, step in enumerate(steps):
            if step.cell_type != "code":
                record = CellRecord()
                if step.role is Role.MANUAL and step.course:
                    hearing.verdicts[step.course.name] = self._manual(step.course)
            elif index in self.skip:
                reason = self.skip[index]
                record = CellRecord([error_output("Stopped", reason)] if reason else [])
            elif step.role is Role.TEST and step.course:
                record, verdict, wall_only = self._grade_cell(step.course)
                hearing.verdicts[step.course.name] = verdict
                if wall_only:
                    hearing.wall_timeouts.append(step.course.name)
            else:
                record, wall_only = self._student_cell(index, step)
                if step.role is Role.MANUAL and step.course:
                    hearing.verdicts[step.course.name] = self._manual(step.course)
                if wall_only:
                    hearing.wall_timeouts.append(step.course.name if step.course else f"cell {index + 1}")
            hearing.records.append(record)
            if self.is_over(hearing):
                break
        if self.session.was_killed:
            self._killed.append("between cells")
        return hearing

    @staticmethod
    def _manual(cell: CourseCell) -> Verdict:
        return Verdict(cell.name, Outcome.MANUAL, 0.0, cell.points, "A person grades this answer.")

    # -- the student's cells ---------------------------------------------------------------------------------

    def _student_cell(self, index: int, step: Step) -> tuple[CellRecord, bool]:
        record = CellRecord(after_hidden=self.hidden_seen)
        if not step.source.strip():
            return record, False  # what its process said of it would not be its own
        if not self._ready():
            record.outputs = [error_output("NotRun", f"this cell was not run: {NOT_READY}")]
            return record, False
        names = self._kept_names(step) if step.role is Role.SETUP else []
        limits = self.spec.limits
        self._own_cells[index] = step.source
        self.on_cell("")
        try:
            self.session.begin_cell(limits.cpu_s, limits.wall_s)
            text = self.session.run_cell(index, step.source, names)
            self._count += 1  # we count ourselves: a number that student code chose could say anything
            record.execution_count = self._count
            record.outputs = self._shown(text, record.execution_count)
            stopped: BaseException | None = self.session.broken
        except remote.JudgeAbort as exc:
            stopped = exc
        self._note_kill(stopped, f"cell {index + 1}")
        if isinstance(stopped, remote.CellTimeout):
            record.stopped = f"this cell was {stopped}"
            record.outputs.append(error_output("TimeoutError", record.stopped))
            return record, stopped.wall_only
        if stopped is not None:
            record.stopped = f"this cell ended its process{self._how(stopped)}"
            record.outputs.append(error_output("Crashed", record.stopped))
        return record, False

    def _note_kill(self, broken: BaseException | None, place: str) -> None:
        if isinstance(broken, remote.KeeperLost):
            raise broken
        if isinstance(broken, remote.ProcessDied) and broken.by_kill:
            self._killed.append(place)

    def _shown(self, text: str, execution_count: int | None) -> list[Output]:
        """A cell's outputs, as far as there is room for them in the notebook."""
        if self._room <= 0:
            return [stream_output("[output left out: the notebook shows too much]\n")] if text else []
        self._room -= len(text)
        return checked_outputs(text, self.spec.limits.output_bytes, execution_count=execution_count)

    def _how(self, died: BaseException) -> str:
        """How a process ended, for its student: until a hidden test has run; a status could say what was in it."""
        return "" if self.hidden_seen else f": {died}"

    def _kept_names(self, step: Step) -> list[str]:
        """Names that a setup cell binds and that tests will look up as the cell left them."""
        tree = parse_cell(step.source)
        bound = set(bound_names(step.source))
        for node in tree.body if tree else ():
            if isinstance(node, ast.Import | ast.ImportFrom):
                bound |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        return sorted(name for name in bound if self.course.setup.remote.get(name, ("",))[0] == "setup")

    def _ready(self) -> bool:
        """True with a living student process, if need be a new one in the state before the cell that ended the last."""
        limits = self.spec.limits
        if self.session.cpu_at_cell >= limits.submission_cpu_s or now() >= self._started + limits.submission_wall_s:
            return False
        if self.session.is_dead:
            return self.session.resume()
        self.session.broken = None
        return True

    # -- grade cells -----------------------------------------------------------------------------------------

    def _grade_cell(self, cell: CourseCell) -> tuple[CellRecord, Verdict, bool]:
        started = time.monotonic()
        record = CellRecord(after_hidden=self.hidden_seen)
        self.on_cell(cell.name)
        outcome, score, message, detail, wall_only = self._outcome(cell)
        message, detail = clean_text(message)[:MAX_MESSAGE], clean_text(detail)[: 4 * MAX_MESSAGE]
        record.outputs = self._outputs
        record.stopped = message if outcome in (Outcome.TIMEOUT, Outcome.CRASHED) else ""
        record.failed_visible = outcome in (Outcome.FAILED, Outcome.ERROR) and not self._failed_hidden
        goes_on = self._goes_on_after_hidden(cell)
        record.after_hidden |= goes_on or (self._hidden_began and record.failed_visible)
        if outcome is Outcome.PARTIAL:
            record.outputs.append(result_output(score))
        elif outcome is not Outcome.PASSED:
            record.outputs.append(error_output(ENAME[outcome], message))
        is_through = outcome in (Outcome.PASSED, Outcome.PARTIAL) and self._has_hidden(cell)
        if self._failed_hidden or is_through or goes_on:
            self.hidden_seen = True  # values can also have gone across with a later request
        secret = "".join(self._secret)
        if secret:
            detail = f"{detail}\nOutput while hidden tests ran:\n{secret}"[: 8 * MAX_MESSAGE].strip()
        seconds = time.monotonic() - started
        return record, Verdict(cell.name, outcome, score, cell.points, message, detail, seconds), wall_only

    def _outcome(self, cell: CourseCell) -> tuple[Outcome, float, str, str, bool]:
        self._outputs, self._secret, self._operands = [], [], None
        self._failed_hidden = self._hidden_began = False
        if cell.name in self.timed_out:
            return Outcome.TIMEOUT, 0.0, "The test ran away on a value that your code gave it.", "", False
        if not self._ready():
            return Outcome.NOT_RUN, 0.0, f"Not run: {NOT_READY}.", "", False
        ready = self.course.grade_cell(cell, visible_only=self.visible_only)
        self._cells[ready.filename] = ready
        lines = ready.source.splitlines(keepends=True)
        linecache.cache[ready.filename] = (len(ready.source), None, lines, ready.filename)
        if ready.tree is None or ready.body is None:
            return Outcome.ERROR, 0.0, "The test itself cannot be run. Tell your instructor.", "not Python", False
        limits = self.spec.limits
        random.seed(self.spec.seed)
        stdout = _TestOutput(self)
        value: Any = None
        aborted: remote.JudgeAbort | None = None
        if cell.partial:
            self.session.epoch += 1  # what is known from before came without being counted
        self.session.numbers = [] if cell.partial else None
        try:
            self.session.begin_cell(limits.cpu_s, limits.wall_s)
            self.session.stop_is_meant = "StopIteration" in ready.source
            with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(io.StringIO()):
                exec(ready.body, self.names)
                value = eval(ready.value, self.names) if ready.value else None  # noqa: S307 (the course's own test)
        except remote.JudgeAbort as exc:
            aborted = exc
        except BaseException as exc:  # noqa: BLE001 (whatever a test raises is its verdict)
            if self.session.broken is None:
                return (*self._failure(exc), False)
        broken = self.session.broken or aborted
        self._note_kill(broken, cell.name)
        if isinstance(broken, remote.CellTimeout):
            # Whether it slept or worked could say what it has seen.
            how = "stopped at a time limit" if self.hidden_seen else str(broken)
            return Outcome.TIMEOUT, 0.0, f"Your code was {how}.", str(broken), broken.wall_only
        if broken is not None:
            return Outcome.CRASHED, 0.0, f"Your code ended its process{self._how(broken)}.", str(broken), False
        if not cell.partial:
            return Outcome.PASSED, cell.points, "", "", False
        if type(value) not in (int, float) or not 0 <= value <= cell.points or self._is_remote_value(value, ready.tree):
            shown = "The test gave no usable score. Tell your instructor."
            return Outcome.ERROR, 0.0, shown, f"partial score {shown_value(value)}", False
        if value == cell.points:
            return Outcome.PASSED, cell.points, "", "", False
        return Outcome.PARTIAL, float(value), f"{value:g} of {cell.points:g} points.", "", False

    def _is_remote_value(self, value: Any, tree: ast.Module) -> bool:
        """True for a score that is a remote call's own value: student code would give itself points."""
        if type(value) is float or value.bit_length() > 8:
            return any(value is number for number in self.session.numbers or ())
        # Small ints are shared objects; what can be asked is whether the last line takes one as it came.
        last = tree.body[-1]
        return (
            isinstance(last, ast.Expr)
            and isinstance(last.value, ast.Call | ast.Attribute | ast.Subscript)
            and any(isinstance(n, ast.Name) and n.id in self.spec.solution_names for n in ast.walk(last.value))
            and any(value is number for number in self.session.numbers or ())
        )

    def _has_hidden(self, cell: CourseCell) -> bool:
        ready = self._cells.get(f"<{cell.name}>")
        return ready is not None and bool(ready.hidden)

    def _goes_on_after_hidden(self, cell: CourseCell) -> bool:
        """True for a grade cell with visible lines behind its first hidden ones."""
        ready = self._cells.get(f"<{cell.name}>")
        return ready is not None and ready.goes_on

    def _compare(self, operator: str, left: Any, right: Any) -> Any:
        self._operands = None
        result = _COMPARE[operator](left, right)
        if result is not True:
            self._operands = (operator, left, right, self._in_hidden())
        return result

    def _compare_by(self, function: Any, left: Any, right: Any, *more: Any, **options: Any) -> Any:
        """``function(left, right, …)`` of an assert; what a helper of the course's compares can be shown."""
        self._operands = None
        result = function(left, right, *more, **options)
        if result is not True and isinstance(function, types.FunctionType | types.BuiltinFunctionType):
            self._operands = (_order(function), left, right, self._in_hidden())
        return result

    # -- what may be said ------------------------------------------------------------------------------------

    def _failure(self, exc: BaseException) -> tuple[Outcome, float, str, str]:
        """Outcome, score, the student's message and the grader's detail for an exception that ended a grade cell."""
        frames = [frame for frame in traceback.extract_tb(exc.__traceback__) if frame.filename in self._cells]
        is_hidden = any((frame.lineno or 0) in self._cells[frame.filename].hidden for frame in frames)
        self._failed_hidden = is_hidden
        detail = self._detail(exc, frames)
        remote_failure = exc if isinstance(exc, remote.RemoteFailure) else None
        outcome = Outcome.FAILED if isinstance(exc, AssertionError) and remote_failure is None else Outcome.ERROR
        if is_hidden:
            hint = self._hint(frames)
            kind = remote_failure.grader_builtin if remote_failure else _class_name(exc)
            parts = [f"Hidden test: {hint}" if hint else "A hidden test did not pass"]
            if outcome is not Outcome.FAILED:
                parts.append(f"{kind} was raised")
            message = "; ".join(parts) + self._own_line(remote_failure)
            return outcome, 0.0, message, detail
        if remote_failure is not None:
            message = f"{remote_failure.grader_name}: {cut(message_of(exc))}" + self._own_line(remote_failure)
        elif outcome is Outcome.FAILED:
            message = cut(message_of(exc)) or "The test did not pass."
            message += self._compared()
        else:
            message = f"{_class_name(exc)}: {cut(message_of(exc))}"
        place = frames[-1] if frames else None
        if place is not None:
            message += f"\nin {place.filename[1:-1]}, line {place.lineno}: {cut((place.line or '').strip())}"
        return outcome, 0.0, message, detail

    def _compared(self, *, for_graders: bool = False) -> str:
        if self._operands is None:
            return ""
        operator, left, right, is_hidden = self._operands
        if is_hidden and not for_graders:
            return ""
        shown_left, shown_right = shown_value(left), shown_value(right)
        if operator == "expected first":
            operator, shown_left, shown_right = "Eq", shown_right, shown_left
        word = {"Eq": "equal", "NotEq": "differ from"}.get(operator)
        if word == "equal":
            return f"\n  got      {shown_left}\n  expected {shown_right}"
        return f"\n  left     {shown_left}\n  right    {shown_right}"

    def _own_line(self, failure: remote.RemoteFailure | None) -> str:
        """The student's own line that an exception came from; taken from the submission, not from the process.

        The numbers are the process's word, so that they must not lead to a line of a test.
        """
        cell, line = failure.grader_place if failure else (-1, 0)
        lines = self._own_cells[cell].split("\n") if cell in self._own_cells else []
        if not 1 <= line <= len(lines):
            return ""
        return f"\nin your cell {cell + 1}, line {line}: {cut(lines[line - 1].strip())}"

    def _hint(self, frames: list[traceback.FrameSummary]) -> str:
        """The author's words for what a hidden test tests, when they are plain words and not made from values."""
        for frame in reversed(frames):
            tree = self._cells[frame.filename].tree
            for node in ast.walk(tree) if tree else ():
                if not isinstance(node, ast.Assert | ast.Raise) or not frame.lineno:
                    continue
                if node.lineno <= frame.lineno <= (node.end_lineno or node.lineno):
                    words = _constant_words(node)
                    if words:
                        return cut(words)
        return ""

    def _detail(self, exc: BaseException, frames: list[traceback.FrameSummary]) -> str:
        lines = [f"{f.filename[1:-1]}, line {f.lineno}: {(f.line or '').strip()}" for f in frames]
        lines.append(f"{type(exc).__name__}: {message_of(exc)[:MAX_MESSAGE]}")
        if isinstance(exc, remote.RemoteFailure):
            lines += exc.grader_lines
        elif isinstance(exc, AssertionError):
            lines.append(self._compared(for_graders=True).strip("\n"))
        return "\n".join(line for line in lines if line)

    def _in_hidden(self) -> bool:
        """True while a line of a hidden region (or of a helper defined in one) is being executed."""
        frame = sys._getframe(1)
        while frame is not None:
            cell = self._cells.get(frame.f_code.co_filename)
            if cell and frame.f_lineno in cell.hidden:
                return True
            frame = frame.f_back  # type: ignore[assignment]
        return False

    def _begin_hidden(self) -> None:
        """Hidden lines of the running grade cell begin: until its end, all that happens may come from them."""
        self._hidden_began = self.hidden_seen = True

    def _note_output(self, text: str) -> None:
        # Warnings and prints of student code never change a score, and nbgrader would read stderr as a failure.
        outputs = checked_outputs(text, self.spec.limits.output_bytes)
        self.note_print("".join(str(o["text"]) for o in outputs if o["output_type"] == "stream"))

    def note_print(self, text: str) -> None:
        """The grade cell itself prints, or student code that it calls."""
        if self._hidden_began or self._in_hidden():
            if sum(map(len, self._secret)) < MAX_SECRET:
                self._secret.append(text[:MAX_MESSAGE])
            return
        shown = sum(len(output["text"]) for output in self._outputs)
        room = min(self._room, self.spec.limits.output_bytes - shown)
        if text and room > 0:
            self._room -= len(text)
            add_stream(self._outputs, text if len(text) <= room else f"{text[:room]}\n[output cut here: too long]\n")


_EXPECTED = frozenset(["want", "wanted", "expected", "expect", "desired", "target", "right", "reference", "truth"])
_GOT = frozenset(["got", "actual", "result", "found", "given", "yours", "received", "answer", "value"])


def _order(function: Any) -> str:
    """Which of a helper's two arguments is the expected one, by their names; the second, if they say nothing."""
    code = getattr(function, "__code__", None)
    first, second = (*code.co_varnames[: code.co_argcount], "", "")[:2] if code else ("", "")
    if first in _EXPECTED and second not in _EXPECTED:
        return "expected first"
    return "Eq" if second in _EXPECTED or first in _GOT else "By"


class _TestOutput(io.TextIOBase):
    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def write(self, text: str) -> int:
        self._judge.note_print(text)
        return len(text)


def _class_name(exc: BaseException) -> str:
    """The name of an exception's class; of ours, the built-in one behind it, which is what students know."""
    return next(k.__name__ for k in type(exc).__mro__ if not k.__module__.startswith("grader."))


def _constant_words(node: ast.Assert | ast.Raise) -> str:
    words: ast.expr | None = None
    if isinstance(node, ast.Assert):
        words = node.msg
    elif isinstance(node.exc, ast.Call) and node.exc.args:
        words = node.exc.args[0]
    return words.value if isinstance(words, ast.Constant) and isinstance(words.value, str) else ""


ENAME = {
    Outcome.FAILED: "AssertionError",
    Outcome.ERROR: "Error",
    Outcome.TIMEOUT: "TimeoutError",
    Outcome.CRASHED: "Crashed",
    Outcome.NOT_RUN: "NotRun",
}
