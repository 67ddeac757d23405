"""What a student may read of a hearing: nothing that was made after their code had seen the input of a hidden test.

Such outputs and messages are replaced by those of a second run without hidden tests; or left as they are where they are
known to be public: what was handed in, what the author's notebook shows, what tests say of the released one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from grader.course.model import Outcome, Role, Verdict
from grader.execution.judge import ENAME, CellRecord, Hearing
from grader.execution.outputs import error_output, stream_output
from grader.execution.submission import Step, visible_source

Gists = list[list[str]]
"""What a cell's outputs show, as texts that can be compared."""


def place(step: Step) -> str:
    """By what a cell of the author's and of a student's are known to be the same one."""
    if step.course is not None and step.role is not Role.FREE:
        return f"cell {step.course.name}"
    return step.source.strip()


def _may_tell(step: Step, record: CellRecord) -> bool:
    """True if a cell may show text that student code chose when it had perhaps seen the input of a hidden test.

    Such text could carry that input to the student, and so could silence: what a cell has shown must not matter here.
    Of a test, what its visible part says: when that has failed, or when it prints; what student code prints on the way
    is not shown, so that a test that trains a network is not run a second time for its sake.
    """
    if not record.after_hidden:
        return False
    if step.role is not Role.TEST or step.course is None:
        return bool(step.source.strip())
    return record.failed_visible or "print" in visible_source(step.course)


def n_to_run_again(
    steps: Sequence[Step], heard: Hearing, author_shows: Mapping[str, Gists], stub_says: Mapping[str, list[str]]
) -> int:
    """How many steps are run a second time, without hidden tests, to see what may be shown.

    All of them if cells show what is not public. Otherwise those up to the last test that has something to say, unless
    every test that has failed says of the released notebook just the same: that it failed like this is no more than
    that it failed, which is told anyway.
    """
    if not cells_are_public(steps, heard.records, author_shows):
        return len(steps)
    last, is_known = 0, True
    for number, (step, record) in enumerate(zip(steps, heard.records, strict=True), start=1):
        if step.role is Role.TEST and step.course is not None and _may_tell(step, record):
            last = number
            says = says_of(heard.verdicts[step.course.name])
            is_known &= record.failed_visible and says == stub_says.get(step.course.name)
    return 0 if is_known else last


def cells_are_public(steps: Sequence[Step], records: Sequence[CellRecord], author_shows: Mapping[str, Gists]) -> bool:
    """True if the student's cells that could tell show what was handed in, word for word; or, of a notebook without
    outputs, what the author's show.

    All of them: one bit a cell, chosen by student code, would be enough to tell everything. A cell that has no number,
    because it ended its process or could not be run, tells that.
    """
    telling = [
        (step, record)
        for step, record in zip(steps, records, strict=True)
        if step.role is not Role.TEST and step.cell_type == "code" and _may_tell(step, record)
    ]
    if any(record.execution_count is None for _, record in telling):
        return False
    is_executed = any(step.outputs for step in steps if step.role is not Role.TEST)
    return all(
        gists_of(record.outputs) == (gists_of(step.outputs) if is_executed else author_shows.get(place(step)))
        for step, record in telling
    )


VISIBLY_FAILED = (Outcome.FAILED, Outcome.ERROR)


def says_of(verdict: Verdict) -> list[str]:
    """What a verdict says, as texts that can be compared."""
    return [str(verdict.outcome), verdict.message]


def not_for_display(steps: Sequence[Step], records: Sequence[CellRecord]) -> dict[int, str]:
    """Steps that a run for the sake of outputs leaves out: what was stopped, and grade cells with nothing to show.

    A student's cell that was stopped after hidden tests is not left out: which one it is could be a message, too.
    """
    skip = {}
    for number, (step, record) in enumerate(zip(steps, records, strict=True)):
        if record.stopped and (step.role is Role.TEST or not record.after_hidden):
            skip[number] = record.stopped
        elif step.role is Role.TEST and not _may_tell(step, record):
            skip[number] = ""
    return skip


def gists_of(outputs: Sequence[Mapping[str, Any]]) -> Gists:
    """What outputs show, without counters; lists of lines joined as notebooks allow."""

    def text(value: Any) -> str:
        lines = value if isinstance(value, list) else [value]
        return "".join(line for line in lines if isinstance(line, str))

    gists = []
    for output in outputs:
        data = output.get("data")
        shown = sorted((str(mime), text(value)) for mime, value in data.items()) if isinstance(data, dict) else []
        parts = [text(output.get(key)) for key in ("output_type", "name", "text", "ename", "evalue")]
        lines = output.get("traceback")
        traceback = [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else [text(lines)]
        gists.append([*parts, str(len(traceback)), *traceback, *(part for pair in shown for part in pair)])
    return gists


def _tells(verdict: Verdict, solution_names: frozenset[str]) -> bool:
    """True for a failure worth telling: a missing name may only be one of an earlier test that was left out."""
    missing = verdict.message.split("'")[1:2] if verdict.message.startswith("NameError") else []
    return verdict.outcome in VISIBLY_FAILED and all(name in solution_names for name in missing)


def show_only_what_is_public(
    steps: Sequence[Step], heard: Hearing, shown: Hearing | None, n_again: int, solution_names: frozenset[str]
) -> None:
    """Replace outputs that came after a hidden test by those of a run without hidden tests.

    Args:
        steps: of the submission.
        heard: what is changed.
        shown: the run without hidden tests; None if there was none.
        n_again: how many steps had to be run again, as ``n_to_run_again`` says.
        solution_names: as in the spec.
    """
    withheld = "shown only to graders: it came after hidden tests had run"
    for number, (step, record) in enumerate(zip(steps, heard.records, strict=True)):
        may_tell = _may_tell(step, record)
        public = shown.records[number] if shown and may_tell and number < n_again else None
        if step.role is not Role.TEST or step.course is None:
            if may_tell and n_again == len(steps):
                record.outputs = public.outputs if public else [stream_output(f"[{withheld}]\n")]
                record.execution_count = public.execution_count if public else None
            continue
        if not record.after_hidden:
            continue
        verdict = heard.verdicts[step.course.name]
        public_verdict = shown.verdicts.get(step.course.name) if shown else None
        kept = [output for output in record.outputs if output["output_type"] == "execute_result"]
        streams = [o for o in public.outputs if o["output_type"] == "stream"] if public else []
        errors = [output for output in record.outputs if output["output_type"] == "error"]
        if record.failed_visible and n_again:
            # That it did not pass is told; how it did not, student code could have chosen.
            outcome, message = Outcome.FAILED, f"{Outcome.FAILED}; the message is {withheld}."
            if public_verdict is not None and _tells(public_verdict, solution_names):
                outcome, message = public_verdict.outcome, public_verdict.message
            detail = f"{verdict.outcome}: {verdict.message}\n{verdict.detail}"
            verdict = dataclasses.replace(verdict, outcome=outcome, message=message, detail=detail)
            heard.verdicts[step.course.name] = verdict
            errors = [error_output(ENAME[outcome], message)]
        record.outputs = [*streams, *kept, *errors]
