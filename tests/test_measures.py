"""The formulas of the class report, each against a second formula or a library."""

import doctest
import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.reports import measures, page, picture
from grader.reports.measures import bin_of, discrimination_word, falling_by, pass_rate, point_biserial, quantile

SCORES = st.lists(st.tuples(st.booleans(), st.integers(0, 40)), min_size=2, max_size=60)


@pytest.mark.parametrize("module", [measures, page, picture])
def test_the_examples_in_the_docstrings_hold(module):
    """What a docstring shows is what comes out."""
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed


@given(SCORES)
def test_point_biserial_is_the_textbook_formula_and_numpys_correlation(pairs):
    """From the means of the two groups, and as Pearson's r of numpy; None just where both are undefined."""
    item = [float(passed) for passed, _ in pairs]
    rest = [float(score) for _, score in pairs]
    ones = [score for score, passed in zip(rest, item, strict=True) if passed]
    zeros = [score for score, passed in zip(rest, item, strict=True) if not passed]
    found = point_biserial(item, rest)
    if not ones or not zeros or len(set(rest)) == 1:
        assert found is None
        return
    n = len(item)
    spread = statistics.pstdev(rest)
    by_hand = (statistics.fmean(ones) - statistics.fmean(zeros)) / spread * math.sqrt(len(ones) * len(zeros)) / n
    assert found == pytest.approx(by_hand, abs=1e-9)
    assert found == pytest.approx(float(np.corrcoef(item, rest)[0, 1]), abs=1e-9)
    assert -1 <= found <= 1


@pytest.mark.parametrize(
    ("item", "rest"),
    [
        ([], []),
        ([1.0], [3.0]),
        ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]),
        ([1.0, 0.0, 1.0], [2.0, 2.0, 2.0]),
        ([0.1 + 0.2, 0.3], [1.0, 1.0]),
    ],
)
def test_no_discrimination_where_there_is_none(item, rest):
    """Too few students, an item that all passed, a rest in which all are equal: None, and no division by zero."""
    assert point_biserial(item, rest) is None


def test_a_test_that_only_weak_students_pass_is_negative():
    """The sign that says: look at this test."""
    found = point_biserial([0, 0, 0, 1, 1, 1], [9, 8, 7, 3, 2, 1])
    assert found < -0.9
    assert discrimination_word(found) == "negative"


def test_pass_rate_counts_full_points_only():
    """Half of the points is not passed; of nobody there is no rate."""
    assert pass_rate([1.0, 0.5, 0.0, 1.0], 1.0) == 0.5
    assert pass_rate([], 1.0) is None


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.integers(1, 99))
def test_quantile_is_numpys(values, percent):
    """Definition 7 of Hyndman and Fan."""
    assert quantile(values, percent) == pytest.approx(float(np.percentile(values, percent)), rel=1e-9, abs=1e-9)


@given(st.lists(st.floats(0, 100), max_size=50))
def test_bins_are_numpys_and_lose_nobody(values):
    """Every value in one bin."""
    edges = list(range(0, 101, 10))
    counts = [0] * 10
    for value in values:
        counts[bin_of(value, edges)] += 1
    assert counts == np.histogram(values, edges)[0].tolist()
    assert bin_of(130.0, edges) == 9  # extra credit


def test_a_fall_needs_a_before():
    """Two chapters are no trend; a rise is no fall."""
    assert falling_by([0.9, 0.1]) == 0
    assert falling_by([0.2, 0.2, 0.9]) == 0
    assert falling_by([0.8, 0.6, 0.2]) == pytest.approx(0.5)
