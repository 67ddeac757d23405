"""What a regrading comes to, as text and as plain dicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from grader.gradebook.regrading import Move, Regrading
from grader.reports.text import points, printable

if TYPE_CHECKING:
    from rich.console import Console

MAX_ROWS = 40
MAX_CELLS = 3


def show_changes(console: Console, regrading: Regrading) -> None:
    """Print what has changed since submissions were graded, and how many are concerned."""
    for chapter, lines in regrading.changes.items():
        console.print(printable(chapter), style="bold", markup=False, highlight=False)
        for line in lines or ["nothing has changed since its submissions were graded."]:
            console.print(f"  {printable(line)}", markup=False, highlight=False)


def show_moves(console: Console, moves: Sequence[Move]) -> None:
    """Print who moves and by how much, those who lose first."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    moving = sorted(
        (move for move in moves if move.is_moved), key=lambda move: (move.by, move.assignment_id, move.student_id)
    )
    if moving:
        several = len({move.assignment_id for move in moves}) > 1
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
        table.add_column("student", overflow="fold", min_width=6)
        if several:
            table.add_column("chapter", overflow="fold")
        table.add_column("before", justify="right", no_wrap=True)
        table.add_column("after", justify="right", no_wrap=True)
        table.add_column("by", justify="right", no_wrap=True)
        table.add_column("cells", overflow="fold")
        # The largest moves, whichever way, if there is no room for all.
        shown = moving if len(moving) <= MAX_ROWS else sorted(moving, key=lambda move: -abs(move.by))[:MAX_ROWS]
        for move in sorted(shown, key=moving.index):
            row = [Text(printable(move.student_id))]
            if several:
                row.append(Text(printable(move.assignment_id)))
            style = "red" if move.by < 0 else "green"
            row += [
                Text(_of(move.before, move.max_before)),
                Text(_of(move.after, move.max_after)),
                Text(_signed(move.by), style=style),
                Text(_cells(move)),
            ]
            table.add_row(*row)
        console.print(table)
        if len(moving) > len(shown):
            console.print(f"… and {len(moving) - len(shown)} more (--json has all)", markup=False, highlight=False)
    for line in summary(moves):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def summary(moves: Sequence[Move]) -> list[str]:
    """Return lines that count who moves."""
    up = sum(move.is_moved and move.by > 0 for move in moves)
    down = sum(move.is_moved and move.by < 0 for move in moves)
    other = sum(move.is_moved and move.by == 0 for move in moves)
    lines = [f"{up} up, {down} down, {len(moves) - up - down - other} with the same score"]
    if other:
        lines[0] += f", {other} between no score and 0"
    for text, number in (
        ("can no longer be graded", sum(bool(move.not_graded) and move.before is not None for move in moves)),
        ("have something for a person", sum(move.needs_person and not move.not_graded for move in moves)),
    ):
        if number:
            lines.append(f"{number} {text if number != 1 else text.replace('have', 'has')}")
    return lines


def _of(score: float | None, max_score: float) -> str:
    return "–" if score is None else f"{points(score)} of {points(max_score)}"


def _signed(value: float) -> str:
    shown = points(value)
    return f"+{shown}" if value > 0 and shown != "0" else shown


def _cells(move: Move) -> str:
    told = []
    for name, (before, after) in list(move.cells.items())[:MAX_CELLS]:
        told.append(
            f"{printable(name)} {'–' if before is None else points(before)} → {'–' if after is None else points(after)}"
        )
    if len(move.cells) > MAX_CELLS:
        told.append(f"{len(move.cells) - MAX_CELLS} more")
    return ", ".join(told)


def regrade_json(regrading: Regrading, moves: Sequence[Move], *, is_written: bool) -> dict[str, Any]:
    """Return all of it as a plain dict."""
    return {
        "is_written": is_written,
        "changes": regrading.changes,
        "counts": {
            "concerned": regrading.n_concerned,
            "run": sum(move.how == "run" for move in moves),
            "unchanged": regrading.n_unchanged,
            "up": sum(move.is_moved and move.by > 0 for move in moves),
            "down": sum(move.is_moved and move.by < 0 for move in moves),
        },
        "moves": [
            {
                "student_id": move.student_id,
                "assignment_id": move.assignment_id,
                "how": move.how,
                "before": move.before,
                "after": move.after,
                "by": move.by,
                "max_before": move.max_before,
                "max_after": move.max_after,
                "cells": [
                    {"grade_id": name, "before": before, "after": after} for name, (before, after) in move.cells.items()
                ],
                "needs_person": move.needs_person,
                "not_graded": move.not_graded,
            }
            for move in moves
        ],
        "not_graded_yet": [
            {"student_id": student_id, "assignment_id": assignment_id}
            for student_id, assignment_id in regrading.waiting
        ],
        "errors": [
            {
                "type": "SubmissionError",
                "place": f"{trouble.student_id}/{trouble.assignment_id}",
                "message": trouble.reason,
                "hint": "",
            }
            for trouble in regrading.troubles
        ],
    }
