"""Learning curves, read from what a student's own cells have printed.

Why this tells nothing that the student may not know: the numbers are taken from outputs that stand on the same page as
text, and those are never made after hidden tests ran (see ``docs/design.md``). The student process is asked nothing.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable

_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
_LINE = re.compile(rf"\bepochs?\b\W{{0,5}}(\d{{1,9}})\b.{{0,80}}?\bloss\b[^\d\n+-]{{0,20}}?{_NUMBER}", re.IGNORECASE)
_LEVEL = re.compile(rf"\s*{_NUMBER}\s*\|([ *.o#x]{{0,200}})")
_FLOOR = re.compile(r"\s*\+(-{2,200})")
_SPAN = re.compile(r"epochs?\s+(\d{1,9})\s*(?:to|-|–)\s*(\d{1,9})", re.IGNORECASE)

MAX_TEXT = 200_000
MAX_POINTS = 400
WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 14, 40


@dataclasses.dataclass(frozen=True, slots=True)
class Curve:
    """A curve: (epoch, loss) pairs in order. ``is_rough`` if it was read from a picture made of characters."""

    points: tuple[tuple[float, float], ...]
    is_rough: bool = False


def curves_in(texts: Iterable[str]) -> list[Curve]:
    """Return the learning curves in a cell's output; where an epoch does not go up, a new one begins.

    Example:
        >>> curves_in(["epoch 1 of 9  average loss 2.5", "epoch 5 of 9  average loss 1.0", "epoch 9: loss = .5"])
        [Curve(points=((1.0, 2.5), (5.0, 1.0), (9.0, 0.5)), is_rough=False)]
    """
    text = "\n".join(texts)[:MAX_TEXT]
    exact = _told(text)
    return exact or _drawn(text)


def _told(text: str) -> list[Curve]:
    runs: list[list[tuple[float, float]]] = [[]]
    for line in text.splitlines():
        found = _LINE.search(line[:500])
        if not found:
            continue
        epoch, loss = float(found[1]), float(found[2])
        if not math.isfinite(loss) or abs(loss) > 1e12:
            continue
        if runs[-1] and epoch <= runs[-1][-1][0]:
            runs.append([])
        runs[-1].append((epoch, loss))
    return [Curve(_fewer(run)) for run in runs if len(run) >= 3][:6]


def _drawn(text: str) -> list[Curve]:
    """Curves drawn with characters: lines ``0.512 |  **`` over a floor ``+-----``."""
    curves: list[Curve] = []
    levels: list[tuple[float, str]] = []
    first = last = 0.0
    for line in text.splitlines():
        line = line[:300]
        if level := _LEVEL.fullmatch(line.rstrip()):
            levels.append((float(level[1]), level[2]))
            continue
        if (floor := _FLOOR.fullmatch(line.rstrip())) and len(levels) >= 3:
            width = len(floor[1])
            heights = {
                column: value for value, marks in levels for column, mark in enumerate(marks[:width]) if mark != " "
            }
            if len(heights) >= 3:
                start, end = (first, last) if last > first else (1.0, float(width))
                step = (end - start) / max(1, width - 1)
                curves.append(Curve(tuple((start + step * c, heights[c]) for c in sorted(heights)), is_rough=True))
        if span := _SPAN.search(line):
            first, last = float(span[1]), float(span[2])
        levels = []
    return curves[:6]


def _fewer(points: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    if len(points) <= MAX_POINTS:
        return tuple(points)
    step = len(points) / MAX_POINTS
    return (*(points[int(k * step)] for k in range(MAX_POINTS - 1)), points[-1])


# --- the picture ---


@dataclasses.dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: where, and what stands there."""

    place: float
    label: str


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """A curve's geometry for a template; all of it made from finite numbers."""

    curve: Curve
    path: str
    dots: tuple[tuple[float, float], ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    summary: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    floor: int = HEIGHT - BOTTOM
    top: int = TOP


def picture_of(curve: Curve) -> Picture:
    """Return where the lines of a curve's picture go."""
    xs, ys = [x for x, _ in curve.points], [y for _, y in curve.points]
    low, high = min(0.0, *ys), max(ys)
    if high == low:
        high = low + 1
    first, last = min(xs), max(xs)
    up = _ticks(low, high)
    high = max(high, up[-1])

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (x - first) / ((last - first) or 1) * (WIDTH - RIGHT - LEFT)
        return round(across, 1), round(HEIGHT - BOTTOM - (y - low) / (high - low) * (HEIGHT - BOTTOM - TOP), 1)

    dots = tuple(place(x, y) for x, y in curve.points)
    word = "falls" if ys[-1] < ys[0] else "rises" if ys[-1] > ys[0] else "stays"
    about = "about " if curve.is_rough else ""
    summary = (
        f"The loss {word} from {about}{ys[0]:.4g} in epoch {first:g} to {about}{ys[-1]:.4g} in epoch {last:g};"
        f" the smallest is {about}{min(ys):.4g}."
    )
    return Picture(
        curve=curve,
        path=" ".join(f"{x:g},{y:g}" for x, y in dots),
        dots=dots if len(dots) <= 40 and not curve.is_rough else (),
        across=tuple(Tick(place(x, low)[0], f"{x:g}") for x in _ticks(first, last) if first <= x <= last),
        up=tuple(Tick(place(first, y)[1], f"{y:g}") for y in up),
        summary=summary,
    )


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from ``low`` to ``high``: four to seven of them."""
    rough = (high - low or 1) / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.floor(low / step)
    return [round(step * k, 12) for k in range(first, math.ceil(high / step) + 1)]
