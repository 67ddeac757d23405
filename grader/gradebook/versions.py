"""Which tests graded a submission: a chapter's grading in a few facts, comparable with that of another day.

A score depends on the hand-in, on the chapter's tests (with their points and limits) and on the tools. The gradebook
keeps a digest of each, so that after a change one can say what has changed and whom it can concern.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from grader.course.model import GradingSpec, Role

Json = Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class GradingVersion:
    """A chapter's grading on some day.

    Args:
        assignment_id: the chapter.
        digest: of the facts; equal digests grade equally (by the same tools).
        facts: ``cells`` (name, role, digest of the source, points, partial and type of each), ``limits``, ``solutions``
            (a digest of the chapter's own, on which only depends what is shown), and ``rest``, a digest of what else
            the grading depends on (earlier chapters, allowed modules).
    """

    assignment_id: str
    digest: str
    facts: Json


def grading_version(spec: GradingSpec) -> GradingVersion:
    """Return the version that a chapter's grading has today."""
    plain = spec.to_plain()
    cells, limits, solutions = plain.pop("cells"), plain.pop("limits"), plain.pop("solutions", None)
    plain.pop("first_pass")  # a tool, like our own interpreter: no part of the tests
    facts = {
        "cells": [
            {
                "name": cell["name"],
                "role": str(cell["role"]),
                "source": _digest(cell["source"])[:16],
                "points": float(cell["points"]),
                "partial": bool(cell["partial"]),
                "type": cell["cell_type"],
            }
            for cell in cells
        ],
        "limits": limits,
        "solutions": _digest(solutions),
        "rest": _digest(plain),
    }
    return GradingVersion(spec.assignment_id, _digest(facts), facts)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


# --- from one version to another ---


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """What has changed between two versions of a chapter's grading.

    Args:
        lines: for people, one a change.
        needs_run: whether scores can only be known by running submissions again.
        limits: whether a time limit has changed: only submissions that came near one can be concerned.
        points: grade cells whose points alone have changed: their scores follow from the verdicts that are there.
        cells: the cells that are new, or changed in anything.
    """

    lines: tuple[str, ...] = ()
    needs_run: bool = False
    limits: bool = False
    points: frozenset[str] = frozenset()
    cells: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return "; ".join(self.lines)


def difference(before: Json, after: Json) -> Difference:
    """Compare the facts of two versions of one chapter."""
    old = {_key(number, cell): cell for number, cell in enumerate(before["cells"])}
    new = {_key(number, cell): cell for number, cell in enumerate(after["cells"])}
    lines = []
    points, cells = set(), set()
    needs_run = before["rest"] != after["rest"] or [key for key in old if key in new] != [
        key for key in new if key in old
    ]
    if needs_run:
        lines.append("earlier chapters, allowed modules or the order of cells changed")
    for key in [*old, *(key for key in new if key not in old)]:
        name = key if isinstance(key, str) else "a cell without a name"
        if key not in new or key not in old:
            needs_run = True
            cell = new.get(key) or old[key]
            worth = f" ({cell['points']:g} points)" if cell["role"] in _GRADED else ""
            cells.add(name)
            lines.append(f"{name} {'added' if key in new else 'removed'}{worth}")
            continue
        was, now = old[key], new[key]
        if any(was[field] != now[field] for field in ("source", "role", "type", "partial")):
            needs_run = True
            cells.add(name)
            lines.append(f"{name} changed")
        if was["points"] != now["points"]:
            lines.append(f"{name}: {was['points']:g} → {now['points']:g} points")
            points.add(name)
            cells.add(name)
            # Partial credit is a number of points, not a part of them.
            needs_run = needs_run or now["partial"]
    if before.get("solutions") != after["solutions"]:
        lines.append("the chapter's own solutions changed: no score depends on them")
    limits = sorted(name for name in after["limits"] if before["limits"].get(name) != after["limits"][name])
    lines += [f"{_limit(name)}: {before['limits'].get(name)} → {after['limits'][name]}" for name in limits]
    needs_run = needs_run or not set(limits) <= _TIME_LIMITS
    return Difference(tuple(_once(lines)), needs_run, bool(limits), frozenset(points), frozenset(cells))


_GRADED = (str(Role.TEST), str(Role.MANUAL))
_TIME_LIMITS = {"cpu_s", "submission_cpu_s", "grace_s"}
_OPTIONS = {"cpu_s": "time_limit_s", "submission_cpu_s": "submission_time_limit_s"}


def _limit(name: str) -> str:
    return _OPTIONS.get(name, name.replace("_bytes", "_limit_bytes"))


def _key(number: int, cell: Json) -> str | int:
    return str(cell["name"]) or number


def _once(lines: list[str]) -> list[str]:
    return list(dict.fromkeys(lines))


def is_far_from_limits(cpu_s: float, wall_s: float, before: Json, after: Json) -> bool:
    """Whether a submission that took so long cannot have met a time limit, neither the old nor the new one.

    The processes that a cell left behind, or that were ended, are not in ``cpu_s``: so the wall clock counts as well,
    and as if eight cores had been busy all the time.
    """
    lowest = min(
        limits[name] for limits in (before["limits"], after["limits"]) for name in ("cpu_s", "submission_cpu_s")
    )
    return cpu_s <= lowest / 2 and wall_s <= lowest / 8
