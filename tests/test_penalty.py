import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course.config import LatePolicy, LateRule
from grader.gradebook.penalty import late_penalty, seconds_late

DAY_S = 86_400
DUE = datetime.datetime(2026, 10, 5, 23, 59, tzinfo=datetime.UTC)

scores = st.floats(min_value=0, max_value=1000)
seconds = st.floats(min_value=0, max_value=1000 * DAY_S)
policies = st.builds(
    LatePolicy,
    rule=st.sampled_from(LateRule),
    fraction_per_day=st.floats(min_value=0, max_value=1),
    grace_s=st.floats(min_value=0, max_value=10 * DAY_S),
)


@pytest.mark.parametrize(
    ("policy", "late_s", "expected"),
    [
        (LatePolicy(), 10 * DAY_S, None),
        (LatePolicy(LateRule.ZERO), 0, None),
        (LatePolicy(LateRule.ZERO), 1, 20.0),
        (LatePolicy(LateRule.ZERO, grace_s=60), 60, None),
        (LatePolicy(LateRule.ZERO, grace_s=60), 61, 20.0),
        (LatePolicy(LateRule.PER_DAY, 0.1), 1, 2.0),
        (LatePolicy(LateRule.PER_DAY, 0.1), DAY_S, 2.0),
        (LatePolicy(LateRule.PER_DAY, 0.1), DAY_S + 1, 4.0),
        (LatePolicy(LateRule.PER_DAY, 0.1), 30 * DAY_S, 20.0),
        (LatePolicy(LateRule.PER_DAY, 0.1, grace_s=3600), DAY_S + 3600, 2.0),
    ],
)
def test_being_late_costs_what_the_policy_says(policy, late_s, expected):
    """Nothing, everything, or a part of the score for each day begun after the grace time."""
    assert late_penalty(policy, 20, late_s) == expected


def test_a_tenth_a_day_is_a_round_number():
    """A student sees 3.6 points off, not 3.6000000000000005."""
    assert late_penalty(LatePolicy(LateRule.PER_DAY, 0.1), 12, 3 * DAY_S) == 3.6


@given(policies, scores, seconds)
def test_a_penalty_never_raises_a_score_nor_takes_more_than_there_is(policy, score, late_s):
    """It lies between nothing and the whole score."""
    penalty = late_penalty(policy, score, late_s)
    assert penalty is None or 0 <= penalty <= score


@given(policies, scores, seconds, seconds)
def test_a_penalty_never_shrinks_with_lateness(policy, score, one, other):
    """Whoever hands in later never pays less."""
    earlier, later = sorted((one, other))
    assert (late_penalty(policy, score, earlier) or 0) <= (late_penalty(policy, score, later) or 0)


def test_a_score_below_zero_is_not_made_better():
    """Extra credit may be negative; the penalty is then nothing."""
    assert late_penalty(LatePolicy(LateRule.ZERO), -1.0, DAY_S) == 0.0


@pytest.mark.parametrize(
    ("submitted", "due", "extension", "expected"),
    [
        (DUE + datetime.timedelta(seconds=5), DUE, None, 5.0),
        (DUE, DUE, None, 0.0),
        (DUE - datetime.timedelta(days=1), DUE, None, 0.0),
        (DUE + datetime.timedelta(days=1), DUE, datetime.timedelta(days=2), 0.0),
        (DUE + datetime.timedelta(days=3), DUE, datetime.timedelta(days=2), float(DAY_S)),
        (None, DUE, None, 0.0),
        (DUE, None, None, 0.0),
    ],
)
def test_lateness_counts_from_the_students_own_due_date(submitted, due, extension, expected):
    """The extension moves it; without a timestamp or a due date nobody is late."""
    assert seconds_late(submitted, due, extension) == expected
