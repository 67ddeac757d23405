"""What being late costs: a pure function of policy, score and seconds."""

from __future__ import annotations

import datetime
import math

from grader.course.config import LatePolicy, LateRule

_DAY_S = 86_400.0
_HOUR_S = 3_600.0


def seconds_late(
    submitted: datetime.datetime | None,
    due: datetime.datetime | None,
    extension: datetime.timedelta | None = None,
) -> float:
    """Return how many seconds after the due date (and the student's extension) a submission came; 0 if in time.

    Without a timestamp or a due date nothing is late, as in nbgrader. Both are UTC, and both say so or neither does.
    """
    if submitted is None or due is None:
        return 0.0
    return max(0.0, (submitted - due - (extension or datetime.timedelta())).total_seconds())


def late_penalty(policy: LatePolicy, score: float, late_s: float) -> float | None:
    """Return the points that being ``late_s`` seconds late costs, between 0 and ``score``; None if it costs nothing.

    nbgrader keeps None apart from 0: None is "no penalty was considered".

    Example:
        >>> late_penalty(LatePolicy(LateRule.PER_DAY, fraction_per_day=0.1), score=20, late_s=90_000)  # two days begun
        4.0
        >>> hourly = LatePolicy(LateRule.PER_HOUR, fraction_per_hour=0.05, max_fraction=0.5)
        >>> late_penalty(hourly, score=20, late_s=3_601), late_penalty(hourly, score=20, late_s=90_000)
        (2.0, 10.0)
        >>> late_penalty(LatePolicy(LateRule.ZERO), score=20, late_s=1)
        20.0
    """
    beyond_grace_s = late_s - policy.grace_s
    if late_s <= 0 or beyond_grace_s <= 0 or policy.rule is LateRule.NONE:
        return None
    points = max(0.0, float(score))
    if policy.rule is LateRule.ZERO:
        return points
    if policy.rule is LateRule.PER_HOUR:
        fraction = policy.fraction_per_hour * math.ceil(beyond_grace_s / _HOUR_S)
    else:
        fraction = policy.fraction_per_day * math.ceil(beyond_grace_s / _DAY_S)
    # Rounded, so that 0.1 a day of 12 points on 3 days is 3.6 and not 3.6000000000000005.
    return min(points, round(points * min(fraction, policy.max_fraction), 9))
