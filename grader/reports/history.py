"""A student's history as text and as plain dicts."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from grader.gradebook.extensions import Extension
from grader.gradebook.history import Event, HistoryRow, cell_score
from grader.reports.render import wrapped
from grader.reports.text import duration, iso, moment, one_line, points, printable

if TYPE_CHECKING:
    from rich.console import Console

MAX_CELLS = 8
"""How many grade cells an event names; JSON has all."""


def show_history(console: Console, rows: Sequence[HistoryRow], extensions: Sequence[Extension]) -> None:
    """Print a student's history, chapter by chapter, the oldest first; each event with what it changed below."""
    chapters = sorted({row.assignment_id for row in rows} | {extension.assignment_id for extension in extensions})
    for number, chapter in enumerate(chapters):
        if number:
            console.print()
        console.print(printable(chapter), style="bold", markup=False, highlight=False)
        for _, lines in _events(
            [row for row in rows if row.assignment_id == chapter],
            [extension for extension in extensions if extension.assignment_id == chapter],
        ):
            head, *below = lines
            for line in wrapped(head, console.width, indent=2, hanging=4):
                console.print(line, markup=False, highlight=False, soft_wrap=True)
            for text in below:
                for line in wrapped(text, console.width, indent=6, hanging=2):
                    console.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)


def _events(rows: Sequence[HistoryRow], extensions: Sequence[Extension]) -> list[tuple[datetime.datetime, list[str]]]:
    events = []
    before: HistoryRow | None = None
    for row in rows:
        events.append((row.happened_at, _told(row, before)))
        if row.event != Event.REMOVED:
            before = row
    for extension in extensions:
        whose = "" if extension.student_id else " for all"
        by = f", by {printable(extension.given_by)}" if extension.given_by else ""
        why = f": {one_line(extension.why)}" if extension.why else ""
        more = duration(extension.seconds) if extension.seconds else f"until {moment(extension.until)}"
        events.append((extension.given_at, [f"{moment(extension.given_at)}  extended{whose}: {more}{by}{why}"]))
        if extension.ended_at is not None:
            why = f": {one_line(extension.end_why)}" if extension.end_why else ""
            by = f", by {printable(extension.ended_by)}" if extension.ended_by else ""
            events.append((extension.ended_at, [f"{moment(extension.ended_at)}  extension{whose} ended{by}{why}"]))
    return sorted(events, key=lambda event: event[0])


def _told(row: HistoryRow, before: HistoryRow | None) -> list[str]:
    when = f"after {moment(row.happened_at)}" if _is_unwritten(row, before) else moment(row.happened_at)
    tests = f", tests {row.tests}" if row.tests else ""
    by = f", by {printable(row.by_whom)}" if row.by_whom else ""
    if row.event == Event.REMOVED:
        lost = ", ".join(
            f"{printable(name)}: {', '.join(f'{_words(key)} {_shown(value)}' for key, value in had.items())}"
            for name, had in row.scores.items()
        )
        return [f"{when}  cell removed{by}", f"it had {lost}"]
    of = "" if row.max_score is None else f" of {points(row.max_score)}"
    counted = row.score if row.counted is None else row.counted
    score = "no score" if counted is None else f"{points(counted)}{of}"
    if before is not None and counted is not None:
        was = before.score if before.counted is None else before.counted
        if was is not None and abs(counted - was) > 1e-9:
            score += f" ({counted - was:+.4g})"
    lines = [f"{when}  {row.event}: {score}{tests}{by}"]
    if row.why:
        lines.append(one_line(row.why))
    moved = list(cell_changes(row, before))
    if before is not None and moved:
        told = [f"{printable(name)} {_points(was)} → {_points(now)}" for name, was, now in moved[:MAX_CELLS]]
        more = [f"and {len(moved) - MAX_CELLS} more"] if len(moved) > MAX_CELLS else []
        lines.append(", ".join([*told, *more]))
    if row.penalty:
        lines.append(f"late: {points(row.penalty)} points off")
    return lines


def _is_unwritten(row: HistoryRow, before: HistoryRow | None) -> bool:
    return before is not None and row.event == Event.BY_HAND and row.happened_at == before.happened_at


def cell_changes(row: HistoryRow, before: HistoryRow | None) -> Iterator[tuple[str, float | None, float | None]]:
    """Yield (grade_id, before, after) of the grade cells whose points an event has changed."""
    was, now = ({} if each is None else _cells(each) for each in (before, row))
    for name in dict.fromkeys(itertools.chain(was, now)):
        if was.get(name) != now.get(name):
            yield name, was.get(name), now.get(name)


def _cells(row: HistoryRow) -> Mapping[str, float | None]:
    names = dict.fromkeys([*row.scores, *row.by_hand])
    return {name: cell_score(row.scores.get(name), *row.by_hand.get(name, (None, None))) for name in names}


def _points(value: float | None) -> str:
    return "–" if value is None else points(value)


def _words(key: str) -> str:
    return key.replace("_", " ")


def _shown(value: object) -> str:
    return points(value) if isinstance(value, (int, float)) else one_line(str(value))


# --- JSON ---


def history_json(rows: Sequence[HistoryRow], extensions: Sequence[Extension]) -> dict[str, Any]:
    """Return a history as a plain dict."""
    found = []
    before: dict[str, HistoryRow] = {}
    for row in rows:
        last = before.get(row.assignment_id)
        removed = row.event == Event.REMOVED
        found.append(
            {
                "assignment_id": row.assignment_id,
                "happened_at": row.happened_at.isoformat(),
                "event": row.event,
                "score": row.counted,
                "auto_score": row.score,
                "penalty": row.penalty,
                "max_score": row.max_score,
                "cells": {} if removed else dict(row.scores),
                "by_hand": {
                    name: {"manual_score": manual, "extra_credit": extra}
                    for name, (manual, extra) in row.by_hand.items()
                },
                "removed": dict(row.scores) if removed else {},
                "moved": []
                if removed
                else [{"grade_id": name, "before": was, "after": now} for name, was, now in cell_changes(row, last)],
                "tests": row.tests or None,
                "tests_version": row.tests_version,
                "why": row.why,
                "by": row.by_whom,
                "is_written": not _is_unwritten(row, last),
            }
        )
        if not removed:
            before[row.assignment_id] = row
    return {
        "history": found,
        "extensions": [
            {
                "assignment_id": extension.assignment_id,
                "for_all": not extension.student_id,
                "seconds": extension.seconds,
                "until": iso(extension.until),
                "given_at": extension.given_at.isoformat(),
                "by": extension.given_by,
                "why": extension.why,
                "ended_at": iso(extension.ended_at),
            }
            for extension in extensions
        ],
    }
