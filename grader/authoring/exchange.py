"""nbgrader's exchange, by nbgrader's own code and configuration."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from grader.authoring.publish import uninterrupted
from grader.course.config import CourseConfig
from grader.errors import GraderError

_HINT = "Name a folder that students can reach in course_config.py: c.Exchange.root = …"


def _nbgraders_config(config: CourseConfig) -> Any:
    """What nbgrader would read in this course: Jupyter's folders first, then the course's own file."""
    from jupyter_core.paths import jupyter_config_path
    from traitlets.config.loader import Config, ConfigFileNotFound, PyFileConfigLoader

    merged = Config()
    places = [*reversed(jupyter_config_path()), str(config.root)]
    for place in places:
        with contextlib.suppress(ConfigFileNotFound):
            merged.merge(PyFileConfigLoader("nbgrader_config.py", path=place).load_config())
    with contextlib.suppress(ConfigFileNotFound):
        merged.merge(PyFileConfigLoader(config.layout.config_file.name, path=str(config.root)).load_config())
    merged.CourseDirectory.root = str(config.root)
    merged.CourseDirectory.course_id = config.course_id
    return merged


def exchange_root(config: CourseConfig) -> Path:
    """Return the folder of nbgrader's exchange."""
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.exchange.default import Exchange

    with _explained(config):
        settings = _nbgraders_config(config)
        return Path(Exchange(config=settings, coursedir=CourseDirectory(config=settings)).root)


def release_to_exchange(config: CourseConfig, assignment_id: str, *, force: bool) -> tuple[Path, bool]:
    """Publish ``release/<id>/`` as ``nbgrader release_assignment`` does.

    Returns:
        The folder in the exchange, and whether anything had to be written.

    Raises:
        GraderError: there is no exchange, or another version is there and ``force`` is not given.
    """
    from nbgrader.auth import Authenticator
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.exchange import ExchangeFactory
    from nbgrader.utils import capture_log

    root = exchange_root(config)
    target = root / config.course_id / "outbound" / assignment_id
    source = config.layout.release_dir(assignment_id)
    if not root.is_dir():
        raise GraderError("there is no nbgrader exchange.", place=str(root), hint=f"Make the folder. {_HINT}")
    if not os.access(root, os.W_OK | os.X_OK):
        raise GraderError("you may not write to nbgrader's exchange.", place=str(root), hint=_HINT)
    if target.is_dir():
        if _same(source, target):
            return target, False
        if not force:
            raise GraderError(
                "another version of this chapter is in the exchange; students may have fetched it.",
                place=str(target),
                hint="To replace it: grader release --exchange --force. Who has fetched it keeps the old one.",
            )
    with _explained(config):
        settings = _nbgraders_config(config)
        course = CourseDirectory(config=settings, assignment_id=assignment_id)
        app = ExchangeFactory(config=settings).ReleaseAssignment(
            coursedir=course, authenticator=Authenticator(config=settings), config=settings
        )
        app.force = force
        with uninterrupted():
            outcome = capture_log(app)
    if not outcome["success"]:
        lines = [line for line in str(outcome.get("log", "")).splitlines() if line.startswith("[ERROR]")]
        told = (
            lines[-1].removeprefix("[ERROR] ") if lines else str(outcome.get("error", "")).strip().rpartition("\n")[2]
        )
        raise GraderError(f"nbgrader could not release it: {told}", place=str(target), hint=_HINT)
    return target, True


@contextlib.contextmanager
def _explained(config: CourseConfig) -> Any:
    try:
        yield
    except (OSError, ImportError, ValueError) as problem:
        raise GraderError(
            f"nbgrader's exchange cannot be used: {problem}.", place=config.layout.config_file.name, hint=_HINT
        ) from problem


def _same(source: Path, target: Path) -> bool:
    return _files(source) == _files(target)


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {".ipynb_checkpoints", "__pycache__"} & set(path.parts) and path.suffix != ".pyc"
    }
