"""``course_config.py``, read and checked once.

It is an nbgrader configuration file (``c = get_config()``), so that nbgrader's own commands can read it too. Ours are
the options under ``c.Course``::

    c.Course.title = "A multilayer perceptron from scratch"
    c.Course.chapters = {
        "01_math_foundations": {"title": "Math foundations", "points": 16, "due": "2026-10-05 23:59 UTC"},
        "07_final_project": {"points": 14, "time_limit_s": 120},
    }
    c.Course.allowed_modules = ["stdlib", "chapters", "IPython.display"]
    c.Course.time_limit_s = 10
    c.Course.late_policy = "per-day"
    c.Course.late_fraction_per_day = 0.1
    c.Course.late_grace_s = 3600
    c.Course.late_max_fraction = 0.5
    c.Course.isolation = "auto"
    c.Course.first_pass = "pypy3"

Of nbgrader's, ``c.CourseDirectory`` (course id, database, folder names), ``c.LateSubmissionPlugin.penalty_method`` and
a late-submission plugin of the course's own (``c.AssignLatePenalties.plugin_class``) are respected. A course that
configures nothing at all works: its chapters are the solution files in ``source/``.
"""

from __future__ import annotations

import dataclasses
import datetime
import difflib
import enum
import math
import re
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from grader.course.dates import deadline, utc
from grader.course.layout import CONFIG_NAME, Layout
from grader.course.model import ISOLATIONS, Limits
from grader.errors import ConfigError


class LateRule(enum.StrEnum):
    """What being late costs (``c.Course.late_policy``)."""

    NONE = "none"
    ZERO = "zero"
    PER_DAY = "per-day"
    PER_HOUR = "per-hour"


@dataclasses.dataclass(frozen=True, slots=True)
class LatePolicy:
    """What being late costs.

    Args:
        rule: nothing, everything, or a part of the score for each day or hour begun.
        fraction_per_day: for ``per-day``, the part of the score that a day costs, in [0, 1].
        grace_s: seconds after the due date that cost nothing; days and hours count from their end.
        fraction_per_hour: for ``per-hour``, the part of the score that an hour costs, in [0, 1].
        max_fraction: for ``per-day`` and ``per-hour``, the largest part of the score that being late can cost.
        plugin: the class of a late-submission plugin of the course's own, which then decides alone.
    """

    rule: LateRule = LateRule.NONE
    fraction_per_day: float = 0.1
    grace_s: float = 0.0
    fraction_per_hour: float = 0.01
    max_fraction: float = 1.0
    plugin: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class ChapterConfig:
    """What the configuration says of one chapter.

    ``points`` is what the author expects the chapter to be worth (``None``: not checked); ``due`` is in UTC.
    ``first_pass`` is whether it takes part in first passes (``None``: if its time limit is above the course's).
    """

    title: str = ""
    points: float | None = None
    due: datetime.datetime | None = None
    limits: Limits = dataclasses.field(default_factory=Limits)
    first_pass: bool | None = None


@dataclasses.dataclass(frozen=True)
class CourseConfig:
    """The course: where it is, its chapters, its database and its rules."""

    root: Path
    layout: Layout
    course_id: str
    db_url: str
    title: str = ""
    chapters: Mapping[str, ChapterConfig] = dataclasses.field(default_factory=dict)
    allowed_modules: tuple[str, ...] | None = None
    default_limits: Limits = dataclasses.field(default_factory=Limits)
    late_policy: LatePolicy = dataclasses.field(default_factory=LatePolicy)
    isolation: str = "auto"
    first_pass: str = ""
    """Another interpreter, whose full marks are taken without asking CPython; empty for none."""

    def takes_first_pass(self, assignment_id: str) -> bool:
        """Whether first passes are for this chapter: as it says, else if it may take longer than others."""
        chapter = self.chapter(assignment_id)
        if chapter.first_pass is not None:
            return chapter.first_pass
        return chapter.limits.cpu_s > self.default_limits.cpu_s

    def chapter(self, assignment_id: str) -> ChapterConfig:
        """Return what is configured for a chapter: the course's defaults for one that the file does not mention."""
        return self.chapters.get(assignment_id) or ChapterConfig(limits=self.default_limits)


def load_config(root: Path) -> CourseConfig:
    """Read ``course_config.py`` of the course in ``root``.

    Raises:
        ConfigError: the file cannot be run, or it says something that cannot be.
    """
    layout = Layout(root)
    path = layout.config_file
    raw = _run(path)
    place = CONFIG_NAME
    _check_sections(raw, place)
    layout = _layout(root, raw.get("CourseDirectory", {}), place)
    course = _Section(raw.get("Course", {}), "c.Course", place)
    defaults = _limits(course, Limits())
    config = CourseConfig(
        root=root,
        layout=layout,
        course_id=_course_id(raw.get("CourseDirectory", {}), place),
        db_url=_db_url(root, layout, raw.get("CourseDirectory", {}), place),
        title=course.text("title", ""),
        chapters=_chapters(course, layout, defaults),
        allowed_modules=_allowed_modules(course),
        default_limits=defaults,
        late_policy=_late_policy(
            course, raw.get("LateSubmissionPlugin", {}), _late_plugin(raw.get("AssignLatePenalties", {}))
        ),
        isolation=_isolation(course),
        first_pass=course.text("first_pass", ""),
    )
    course.finish()
    return config


# -- running the file ---


def _run(path: Path) -> dict[str, Any]:
    """Run the file as traitlets does and return its sections as plain dicts."""
    from traitlets.config.loader import ConfigFileNotFound, PyFileConfigLoader

    try:
        raw = PyFileConfigLoader(path.name, path=str(path.parent)).load_config()
    except ConfigFileNotFound as problem:
        raise ConfigError("is missing.", place=str(path), hint="A course folder has one; it may be empty.") from problem
    except SyntaxError as problem:
        where = f"{CONFIG_NAME}:{problem.lineno}" if problem.filename == str(path) else CONFIG_NAME
        raise ConfigError(f"is not valid Python: {problem.msg}.", place=where, hint="Mend that line.") from problem
    except (Exception, SystemExit) as problem:
        raise ConfigError(
            f"stopped with {type(problem).__name__}: {problem}",
            place=_place_of(problem, path),
            hint="Mend that line. The file is run as Python, with get_config() and load_subconfig() given.",
        ) from problem
    return {name: _plain(value) for name, value in raw.items()}


def _place_of(problem: BaseException, path: Path) -> str:
    for frame in reversed(traceback.extract_tb(problem.__traceback__)):
        if Path(frame.filename).name == path.name:
            return f"{CONFIG_NAME}:{frame.lineno}"
    return CONFIG_NAME


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return value


# -- checking it ---


def _near_miss(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.7)
    return f"Did you mean {close[0]!r}?" if close else ""


class _Section:
    """One dict of options: takes them out by name and type, then complains of what is left."""

    def __init__(self, values: Any, name: str, place: str) -> None:
        if not isinstance(values, dict):
            raise ConfigError(f"{name} is {values!r}, not a dict of options.", place=place)
        self._values = dict(values)
        self._known: set[str] = set()
        self.name = name
        self.place = place

    def error(self, key: str, expected: str, value: Any, hint: str = "") -> ConfigError:
        return ConfigError(f"{self._label(key)} is {_shown(value)}; {expected}", place=self.place, hint=hint)

    def _label(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name.startswith("c.") and "[" not in self.name else f"{self.name}[{key!r}]"

    def take(self, key: str) -> Any:
        self._known.add(key)
        return self._values.pop(key, None)

    def text(self, key: str, default: str) -> str:
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self.error(key, "it must be text.", value)
        return value

    def flag(self, key: str) -> bool | None:
        value = self.take(key)
        if value is not None and not isinstance(value, bool):
            raise self.error(key, "it must be True or False.", value)
        return value

    def number(self, key: str, *, minimum: float, whole: bool = False, above: bool = False) -> float | None:
        """A finite number of at least (or, with ``above``, more than) ``minimum``."""
        value = self.take(key)
        if value is None:
            return None
        expected = (
            f"it must be a {'whole ' if whole else ''}number, {'more than' if above else 'at least'} {minimum:g}."
        )
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            raise self.error(key, expected, value)
        if not math.isfinite(value) or value < minimum or (above and value == minimum):
            raise self.error(key, expected, value)
        return value

    def finish(self) -> None:
        for key in self._values:
            raise ConfigError(
                f"{self._label(str(key))}: there is no such option.",
                place=self.place,
                hint=_near_miss(str(key), self._known) or f"Known are: {', '.join(sorted(self._known))}.",
            )


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}…"


# A name in a configuration that is nearly ours would be ignored without a word.
def _check_sections(raw: Mapping[str, Any], place: str) -> None:
    for name in raw:
        if name != "Course" and difflib.get_close_matches(name.lower(), ["course"], n=1, cutoff=0.8):
            raise ConfigError(f"c.{name}: there is no such section.", place=place, hint="Did you mean c.Course?")


_LIMITS = {
    # option: (field of Limits, whole number?)
    "time_limit_s": ("cpu_s", False),
    "submission_time_limit_s": ("submission_cpu_s", False),
    "grace_s": ("grace_s", False),
    "memory_limit_bytes": ("memory_bytes", True),
    "process_limit": ("processes", True),
    "open_file_limit": ("open_files", True),
    "file_limit_bytes": ("file_bytes", True),
    "output_limit_bytes": ("output_bytes", True),
    "message_limit_bytes": ("message_bytes", True),
}


def _limits(section: _Section, defaults: Limits) -> Limits:
    changes: dict[str, Any] = {}
    for option, (field, whole) in _LIMITS.items():
        value = section.number(option, minimum=0, whole=whole, above=True)
        if value is not None:
            changes[field] = value if whole else float(value)
    limits = dataclasses.replace(defaults, **changes)
    if "cpu_s" in changes and "submission_cpu_s" not in changes:
        # A cell's limit above the whole notebook's would never be reached.
        limits = dataclasses.replace(limits, submission_cpu_s=max(limits.submission_cpu_s, 2 * limits.cpu_s))
    return limits


def _chapters(course: _Section, layout: Layout, defaults: Limits) -> Mapping[str, ChapterConfig]:
    given = course.take("chapters")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise course.error("chapters", "it must be a dict: chapter id → its options.", given)
    existing = layout.assignment_ids()
    chapters = {}
    for assignment_id, options in given.items():
        if not isinstance(assignment_id, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", assignment_id):
            raise course.error("chapters", "a chapter id is made of letters, digits, _ and -.", assignment_id)
        if assignment_id not in existing:
            near = _near_miss(assignment_id, [other for other in existing if other not in given])
            if near:  # a chapter that is still to be written may be configured, a misspelt one not
                raise ConfigError(
                    f"c.Course.chapters[{assignment_id!r}]: there is no source/{assignment_id}.py.",
                    place=course.place,
                    hint=near,
                )
        chapters[assignment_id] = _chapter(
            _Section(options, f"c.Course.chapters[{assignment_id!r}]", course.place), defaults
        )
    return chapters


def _chapter(section: _Section, defaults: Limits) -> ChapterConfig:
    chapter = ChapterConfig(
        title=section.text("title", ""),
        points=_points(section),
        due=_due(section),
        limits=_limits(section, defaults),
        first_pass=section.flag("first_pass"),
    )
    section.finish()
    return chapter


def _points(section: _Section) -> float | None:
    points = section.number("points", minimum=0)
    return None if points is None else float(points)


def _due(section: _Section) -> datetime.datetime | None:
    value = section.take("due")
    if value is None:
        return None
    try:
        if isinstance(value, datetime.datetime):
            return utc(value)
        if isinstance(value, datetime.date):
            return datetime.datetime.combine(value, datetime.time(23, 59, 59), datetime.UTC)
        if isinstance(value, str):
            return deadline(value)
    except ValueError as problem:
        raise section.error("due", f"{problem}.", value, _DUE_HINT) from problem
    raise section.error("due", "it must be a date and time.", value, _DUE_HINT)


_DUE_HINT = 'Write it like "2026-10-05 23:59 UTC" or "2026-10-05 23:59 Europe/Berlin".'


def _allowed_modules(course: _Section) -> tuple[str, ...] | None:
    value = course.take("allowed_modules")
    if value is None:
        return None
    if isinstance(value, (list, tuple, set, frozenset)):
        names = tuple(sorted(value)) if isinstance(value, (set, frozenset)) else tuple(value)
        if all(isinstance(name, str) and re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", name) for name in names):
            return names
    raise course.error("allowed_modules", 'it must be a list of module names, like ["stdlib", "chapters"].', value)


def _isolation(course: _Section) -> str:
    value = course.text("isolation", "auto")
    if value not in ISOLATIONS:
        known = ", ".join(map(repr, ISOLATIONS))
        raise course.error("isolation", f"it must be one of {known}.", value, _near_miss(value, ISOLATIONS))
    return value


_KNOWN_PLUGINS = (
    "nbgrader.plugins.LateSubmissionPlugin",
    "nbgrader.plugins.latesubmission.LateSubmissionPlugin",
    "grader.nbgrader_plugin.CourseLatePolicy",
)


def _late_plugin(section: Any) -> str:
    """Return the course's own late-submission plugin; empty if it uses nbgrader's or ours."""
    named = section.get("plugin_class", "") if isinstance(section, dict) else ""
    name = f"{named.__module__}.{named.__qualname__}" if isinstance(named, type) else str(named)
    return "" if name in _KNOWN_PLUGINS else name


def _late_policy(course: _Section, plugin: Any, own_plugin: str = "") -> LatePolicy:
    rule = course.take("late_policy")
    if own_plugin and rule is not None:
        raise course.error(
            "late_policy",
            f"but c.AssignLatePenalties.plugin_class is {own_plugin!r}.",
            rule,
            "One of them decides: leave the other out.",
        )
    if rule is None and isinstance(plugin, dict):
        # A course that comes from nbgrader keeps what it said there.
        rule = plugin.get("penalty_method")
    defaults = LatePolicy()
    rule = "none" if rule is None else rule
    rules = [str(known) for known in LateRule]
    if not isinstance(rule, str) or rule.replace("_", "-") not in rules:
        near = _near_miss(rule, rules) if isinstance(rule, str) else ""
        raise course.error("late_policy", f"it must be one of {', '.join(map(repr, rules))}.", rule, near)
    chosen = LateRule(rule.replace("_", "-"))
    grace_s = course.number("late_grace_s", minimum=0)
    max_fraction = _fraction(course, "late_max_fraction", "0.5 is half of the score.")
    if chosen is LateRule.ZERO and max_fraction not in (None, 1.0):
        raise course.error(
            "late_max_fraction",
            'with late_policy "zero" a late hand-in loses everything.',
            max_fraction,
            'Leave it out, or choose "per-day" or "per-hour".',
        )
    per_day = _fraction(course, "late_fraction_per_day", "0.1 is a tenth a day.")
    per_hour = _fraction(course, "late_fraction_per_hour", "0.01 is a hundredth an hour.")
    return LatePolicy(
        rule=chosen,
        fraction_per_day=defaults.fraction_per_day if per_day is None else per_day,
        grace_s=defaults.grace_s if grace_s is None else float(grace_s),
        fraction_per_hour=defaults.fraction_per_hour if per_hour is None else per_hour,
        max_fraction=defaults.max_fraction if max_fraction is None else max_fraction,
        plugin=own_plugin,
    )


def _fraction(course: _Section, key: str, hint: str) -> float | None:
    value = course.number(key, minimum=0)
    if value is not None and value > 1:
        raise course.error(key, "it must be between 0 and 1.", value, hint)
    return None if value is None else float(value)


# -- nbgrader's own options ---

_FOLDERS = ("source", "release", "submitted", "autograded", "feedback")


def _layout(root: Path, directory: Any, place: str) -> Layout:
    section = _Section(directory, "c.CourseDirectory", place)
    structure = section.take("directory_structure")
    if structure is not None and str(structure) != "{nbgrader_step}/{student_id}/{assignment_id}":
        raise section.error("directory_structure", "only nbgrader's default is supported.", structure, "Leave it out.")
    named = section.take("root")
    if named is not None and Path(str(named)).resolve() != root.resolve():
        raise section.error("root", "the course is the folder of this file.", named, "Leave it out.")
    folders = {}
    for step in _FOLDERS:
        name = section.text(f"{step}_directory", step)
        if name in ("", ".", "..") or "/" in name or "\\" in name:
            raise section.error(f"{step}_directory", "it must be the name of a folder in the course.", name)
        folders[step] = name
    return Layout(root, **folders)


def _course_id(directory: Any, place: str) -> str:
    # nbgrader strips it too; its gradebook calls a course without an id "default_course"
    return _Section(directory, "c.CourseDirectory", place).text("course_id", "").strip() or "default_course"


def _db_url(root: Path, layout: Layout, directory: Any, place: str) -> str:
    section = _Section(directory, "c.CourseDirectory", place)
    url = section.text("db_url", "") or f"sqlite:///{layout.gradebook_path}"
    match = re.fullmatch(r"(sqlite(?:\+\w+)?)://(.*)", url)
    if match:
        driver, file = match[1], match[2].removeprefix("/").partition("?")[0]
        if file in ("", ":memory:"):
            raise section.error("db_url", "a gradebook in memory would be lost.", url, "Name a file, or leave it out.")
        # nbgrader changes into the course folder before it opens a relative one
        return f"{driver}:///{root / file}" if not match[2].startswith("//") else url
    if "://" not in url:
        raise ConfigError(
            "c.CourseDirectory.db_url is no database URL.",  # it may hold a password: not repeated
            place=place,
            hint='Like "sqlite:////srv/course/gradebook.db" or "postgresql://grader@localhost/course".',
        )
    return url
