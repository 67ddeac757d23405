"""What being late costs: a pure function of policy, score and seconds, or what the course's own plugin says."""

from __future__ import annotations

import datetime
import functools
import math
from pathlib import Path
from typing import Any

from grader.course.config import CourseConfig, LatePolicy, LateRule
from grader.course.layout import CONFIG_NAME
from grader.errors import ConfigError

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


def penalty_of(config: CourseConfig, student_id: str, score: float, late_s: float) -> float | None:
    """Return the points that being late costs in this course; None if it costs nothing.

    nbgrader's ``AssignLatePenalties`` asks a late-submission plugin and keeps its answer between 0 and the score; so
    does this, for a course that has a plugin of its own.

    Raises:
        ConfigError: the plugin cannot be loaded, or it failed.
    """
    name = config.late_policy.plugin
    if not name:
        return late_penalty(config.late_policy, score, late_s)
    if late_s <= 0:
        return None
    try:
        answer = _plugin(config.layout.config_file, name).late_submission_penalty(student_id, score, late_s)
        penalty = None if answer is None else float(answer)
        if penalty is not None and not math.isfinite(penalty):
            raise ValueError(f"{penalty} is no number of points")
    except Exception as problem:
        raise ConfigError(
            f"the late-submission plugin {name} stopped with {type(problem).__name__}: {problem}.",
            place=CONFIG_NAME,
            hint="Mend it, or use c.Course.late_policy instead of c.AssignLatePenalties.plugin_class.",
        ) from problem
    return None if penalty is None else max(0.0, min(penalty, float(score)))


@functools.cache
def _plugin(config_file: Path, name: str) -> Any:
    from traitlets.config.loader import PyFileConfigLoader
    from traitlets.utils.importstring import import_item

    settings = PyFileConfigLoader(config_file.name, path=str(config_file.parent)).load_config()
    return import_item(name)(config=settings)
