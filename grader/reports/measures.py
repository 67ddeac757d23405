"""The numbers of a class report, as pure functions: each says its formula and where it comes from."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

MIN_FOR_DISCRIMINATION = 10
"""With fewer students a correlation says more about chance than about a test; it is then not shown."""

LITTLE, FAIR, GOOD = 0.2, 0.3, 0.4
"""Where an index of discrimination begins to be marginal, fair, good (Ebel, see ``discrimination_word``)."""


def pass_rate(scores: Sequence[float], max_score: float) -> float | None:
    """Return the part of the class that earned all points of a grade cell; None without anybody.

    Classical test theory calls it the item's *difficulty index* ``p = n_full / n``: high is easy.

    Source: Crocker, Algina, Introduction to Classical and Modern Test Theory (1986), chapter 14 (item analysis).

    Example:
        >>> pass_rate([2.0, 2.0, 0.0, 1.0], 2.0)
        0.5
    """
    return sum(score >= max_score for score in scores) / len(scores) if scores else None


def rest_scores(item: Sequence[float], totals: Sequence[float]) -> list[float]:
    """Return each student's total without the item: a test must not be correlated with itself.

    Source: Henrysson, Correction of item-total correlations in item analysis, Psychometrika 28 (1963), 211-218.

    Example:
        >>> rest_scores([1.0, 0.0], [5.0, 3.0])
        [4.0, 3.0]
    """
    return [total - score for score, total in zip(item, totals, strict=True)]


def point_biserial(item: Sequence[float], rest: Sequence[float]) -> float | None:
    """Return how well a grade cell tells strong from weak students: its correlation with the rest of the score.

    ``r = (M1 - M0) / s * sqrt(n1 * n0) / n``: the mean rest score of those who passed less that of those who did not,
    in units of the standard deviation ``s`` of all (that with ``n``, not ``n - 1``). This is Pearson's correlation with
    an item that has two values, and computed as such, so that it holds for partial credit too.

    Args:
        item: the grade cell's score of each student.
        rest: of the same students, the chapter's score without that cell.

    Returns:
        A number in [-1, 1]; None where it is not defined: fewer than two students, or an item that all passed or all
        failed, or a rest in which all are equal.

    Source: Tate, Correlation between a discrete and a continuous variable. Point-biserial correlation, Annals of
    Mathematical Statistics 25 (1954), 603-607; with the rest score: Henrysson, Psychometrika 28 (1963), 211-218.

    Example:
        >>> point_biserial([1.0, 1.0, 0.0, 0.0], [4.0, 3.0, 2.0, 1.0])
        0.8944271909999159
        >>> point_biserial([1.0, 1.0], [4.0, 3.0]) is None
        True
    """
    if len(item) < 2 or len(set(item)) == 1 or len(set(rest)) == 1:
        return None
    try:
        found = statistics.correlation(item, rest)
    except statistics.StatisticsError:  # so nearly constant that its spread is lost in rounding
        return None
    return max(-1.0, min(1.0, found))


def discrimination_word(index: float) -> str:
    """Return what an index of discrimination is worth, in a word.

    Ebel's rule of thumb: 0.40 and up is good, 0.30 fair, 0.20 marginal, below it the item should be looked at. A
    negative one means that weak students pass and strong ones fail: usually the test is wrong.

    Source: Ebel, Frisbie, Essentials of Educational Measurement (5th ed. 1991), page 232; made for the difference
    between the upper and the lower 27 %, and usually read for the correlation too.

    Example:
        >>> [discrimination_word(index) for index in (0.5, 0.3, 0.2, 0.1, -0.1)]
        ['good', 'fair', 'marginal', 'poor', 'negative']
    """
    if index < 0:
        return "negative"
    return "good" if index >= GOOD else "fair" if index >= FAIR else "marginal" if index >= LITTLE else "poor"


def quantile(values: Sequence[float], percent: int) -> float | None:
    """Return the value below which ``percent`` of the values lie, between two of them in proportion; None of nothing.

    Source: Hyndman, Fan, Sample Quantiles in Statistical Packages, The American Statistician 50 (1996), 361-365,
    definition 7 (that of numpy and of spreadsheets).

    Example:
        >>> quantile([1.0, 2.0, 3.0, 4.0], 50), quantile([1.0, 2.0], 95), quantile([5.0], 95)
        (2.5, 1.95, 5.0)
    """
    if len(values) < 2:
        return values[0] if values else None
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def bin_of(value: float, edges: Sequence[float]) -> int:
    """Return in which bin a value lies: ``edges[i] <= value < edges[i + 1]``; the last bin takes its upper edge too.

    Values outside of all edges are counted in the nearest bin, so that nobody is left out of a picture.

    Source: as ``numpy.histogram`` counts, but for what lies outside.

    Example:
        >>> [bin_of(value, [0, 10, 20]) for value in (-1, 0, 9.9, 10, 20, 35)]
        [0, 0, 0, 1, 1, 1]
    """
    inner = edges[1:-1]
    return sum(value >= edge for edge in inner)


def falling_by(parts: Sequence[float]) -> float:
    """Return how far the last of some values (distances to the class's mean, say) lies below the mean of those before.

    Never negative; 0 with fewer than three scores, where there is no "before" to speak of. A rule of thumb of ours.

    Example:
        >>> falling_by([0.9, 0.7, 0.3])
        0.5
    """
    if len(parts) < 3:
        return 0.0
    *before, last = parts
    return max(0.0, round(statistics.fmean(before) - last, 12))
