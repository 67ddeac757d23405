"""Both kinds of database behind one gradebook: a course on either, and SQL as another program would run it."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from small_course import CONFIG, make_course

from grader.course.config import CourseConfig

REQUIRED = "GRADER_TEST_POSTGRES"
"""Set to ``required`` in the environment, a missing server is a failure and nothing is skipped."""

_numbers = itertools.count(1)


def missing() -> str:
    """Why there can be no PostgreSQL here, or an empty string."""
    from postgres_server import INSTALL, programs

    if importlib.util.find_spec("psycopg") is None:
        return "psycopg is not installed: pip install -e '.[test]'"
    return "" if programs() else f"no PostgreSQL server is installed. {INSTALL}"


class Databases:
    """Databases of a server, made on demand, one for each course folder.

    Args:
        server: the URL of the server's own database; None for SQLite files in the course folders.
    """

    def __init__(self, server: str | None) -> None:
        self.server = server
        self._made: dict[Path, str] = {}

    def course(self, root: Path, config: str = CONFIG) -> CourseConfig:
        """Write the small course with a gradebook of this kind; the same folder has the same gradebook."""
        if self.server is None:
            return make_course(root, config=config)
        if root not in self._made:
            name = f"course_{next(_numbers)}"
            run(self.server, f"CREATE DATABASE {name}")
            url = sa.make_url(self.server).set(database=name).render_as_string(hide_password=False)
            self._made[root] = url.replace("%2F", "/")  # nbgrader puts it in a file where % means something else
        return make_course(root, config=f"{config}c.CourseDirectory.db_url = {self._made[root]!r}\n")

    def drop(self) -> None:
        """Remove them, whoever is still connected."""
        for url in self._made.values():
            run(self.server, f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")


def run(url: str, statement: str) -> list[Any]:
    """Run one statement in a connection of its own."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        done = connection.execution_options(no_parameters=True).exec_driver_sql(statement)
        return [tuple(row) for row in done.all()] if done.returns_rows else []


def sql(config: CourseConfig, statement: str) -> list[Any]:
    """Run a statement in the course's gradebook as another program would."""
    return run(config.db_url, statement)


NewCourse = Callable[..., CourseConfig]
