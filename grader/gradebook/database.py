"""The database of a gradebook: connections, transactions, nbgrader's schema, and what can go wrong with them."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import exc

from grader.course.config import CourseConfig
from grader.errors import GradebookError
from grader.gradebook import tables

BUSY_S = 5.0
"""How long to wait for another program that is writing to the gradebook."""


class Database:
    """One open gradebook database; ``reading`` and ``writing`` are its transactions.

    SQLite is driven with explicit transactions (Python's driver would commit a half-made schema), and a writing one
    takes the write lock first, so that what it read is still true when it writes.
    """

    def __init__(self, config: CourseConfig, *, create: bool, busy_s: float = BUSY_S) -> None:
        self.place = _place(config)
        self._pinned: sa.Connection | None = None
        url = _url(config.db_url, self.place)
        self._sqlite = url.get_backend_name() == "sqlite"
        if self._sqlite:
            _check_sqlite_file(Path(url.database or ""), self.place, create=create)
        try:
            self._engine = sa.create_engine(url, connect_args={"timeout": busy_s} if self._sqlite else {})
        except ImportError as problem:
            raise GradebookError(
                f"the driver for {url.drivername} is not installed ({problem}).",
                place=self.place,
                hint="For PostgreSQL: pip install 'mlp-grader[postgres]'.",
            ) from problem
        if self._sqlite:
            sa.event.listen(self._engine, "connect", _manual_transactions)
            sa.event.listen(self._engine, "begin", _begin)
        try:
            with self.mapped():
                self._prepare(config, create=create)
        except BaseException:
            self._engine.dispose()
            raise

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the gradebook and changes nothing."""
        if self._pinned is not None:
            yield self._pinned
            return
        with self.mapped(), self._engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction whose changes are kept whole, or not at all; inside ``one_transaction``, a part of that."""
        if self._pinned is not None:
            yield self._pinned
            return
        writer = self._engine.execution_options(grader_write=True)
        with self.mapped(), writer.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def one_transaction(self, *, keep: bool = True) -> Iterator[None]:
        """Make everything inside one transaction; without ``keep`` it is taken back at the end, having been seen.

        Inside another one it is a part of that.
        """
        if self._pinned is not None:
            yield
            return
        writer = self._engine.execution_options(grader_write=True)
        with self.mapped(), writer.connect() as connection, connection.begin() as transaction:
            self._pinned = connection
            try:
                yield
            finally:
                self._pinned = None
            if not keep:
                transaction.rollback()

    @contextlib.contextmanager
    def mapped(self) -> Iterator[None]:
        """Turn the database's exceptions into ours."""
        try:
            yield
        except exc.DBAPIError as problem:
            raise _explained(problem, self.place) from problem
        except exc.SQLAlchemyError as problem:
            raise GradebookError(
                f"the gradebook cannot be used: {problem}.", place=self.place, hint=_CHECK_URL
            ) from problem

    # --- the schema ---

    def _prepare(self, config: CourseConfig, *, create: bool) -> None:
        with self.reading() as connection:
            names = set(sa.inspect(connection).get_table_names())
            ready = self._is_ready(connection, names)
            known = ready and config.course_id in connection.scalars(sa.select(tables.COURSE.c.id)).all()
        if ready and known:
            return
        if not names and not create:
            raise no_gradebook(self.place)
        make_nbgraders = None if names else _nbgraders_schema()  # imports for seconds: before the lock is taken
        with self.writing() as connection:
            # Another process may have been faster.
            names = set(sa.inspect(connection).get_table_names())
            if not self._is_ready(connection, names):
                if not names and make_nbgraders:
                    make_nbgraders(connection)
                _make_ours(connection)
            if config.course_id not in connection.scalars(sa.select(tables.COURSE.c.id)).all():
                connection.execute(sa.insert(tables.COURSE).values(id=config.course_id))

    def _is_ready(self, connection: sa.Connection, names: set[str]) -> bool:
        """Whether all tables are there. Raises GradebookError for tables of another time or of another program."""
        if not names:
            return False
        if not {table.name for table in (tables.GRADE, tables.STUDENT, tables.NOTEBOOK)} <= names:
            raise GradebookError(
                f"is a database, but no gradebook: it has the tables {', '.join(sorted(names)[:5])}.",
                place=self.place,
                hint="Check c.CourseDirectory.db_url in course_config.py.",
            )
        version = None
        if tables.ALEMBIC_VERSION.name in names:
            version = connection.scalar(sa.select(tables.ALEMBIC_VERSION.c.version_num))
        _check_version(version, self.place)
        if tables.META.name not in names:
            return False
        ours = connection.scalar(sa.select(tables.META.c.value).where(tables.META.c.key == "schema")) or ""
        if not ours.isdecimal() or not 1 <= int(ours) <= tables.OUR_SCHEMA:
            raise GradebookError(
                f"its grader tables have version {ours!r}, this tool knows version {tables.OUR_SCHEMA}.",
                place=self.place,
                hint="It was written by a newer version of this tool: install that one. Nothing was changed.",
            )
        return ours == str(tables.OUR_SCHEMA) and {table.name for table in tables.OURS.sorted_tables} <= names


def _make_ours(connection: sa.Connection) -> None:
    """Make our tables, and the columns that tables of an earlier version lack."""
    tables.OURS.create_all(connection)
    inspector = sa.inspect(connection)
    for table in tables.OURS.sorted_tables:
        there = {column["name"] for column in inspector.get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                kind = column.type.compile(connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}")
    connection.execute(sa.delete(tables.META).where(tables.META.c.key == "schema"))
    connection.execute(sa.insert(tables.META).values(key="schema", value=str(tables.OUR_SCHEMA)))


def no_gradebook(place: str) -> GradebookError:
    """The error of a command that only reads."""
    return GradebookError("there is no gradebook yet.", place=place, hint="Make it with: grader autograde")


def _place(config: CourseConfig) -> str:
    if config.db_url.startswith("sqlite"):
        return config.db_url.partition(":///")[2].partition("?")[0]
    return re.sub(r"://([^@/]*@)?", "://", config.db_url)  # no password


_CHECK_URL = "Check c.CourseDirectory.db_url in course_config.py."


def _url(text: str, place: str) -> sa.URL:
    try:
        url = sa.make_url(text)
    except exc.ArgumentError as problem:
        raise GradebookError("is no database URL.", place=place, hint=_CHECK_URL) from problem
    if url.drivername == "postgresql" and importlib.util.find_spec("psycopg2") is None:
        # nbgrader's users write it so; older SQLAlchemy takes it for psycopg2, which our extra does not install
        return url.set(drivername="postgresql+psycopg")
    return url


def _check_sqlite_file(path: Path, place: str, *, create: bool) -> None:
    # SQLite would make an empty file where one is missing, and say "unable to open" to everything else.
    if path.is_dir():
        raise GradebookError("is a folder, not a gradebook.", place=place, hint=_CHECK_URL)
    if not path.exists():
        if not path.parent.is_dir():
            raise GradebookError(
                f"the folder {path.parent} does not exist.",
                place=place,
                hint=f"Make it, or correct the place of the gradebook. {_CHECK_URL}",
            )
        if not create:
            raise no_gradebook(place)


def _manual_transactions(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # _begin says BEGIN; Python's driver must not


def _begin(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("grader_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _nbgraders_schema() -> Callable[[sa.Connection], None]:
    """Return what makes nbgrader's tables and stamps them with its schema version.

    ``nbgrader.api.Gradebook`` does the same, but asks a subprocess called ``alembic``, to be found by PATH, for the
    version: five seconds, and a crash where the environment is not activated.
    """
    from nbgrader.api import Base

    def make(connection: sa.Connection) -> None:
        Base.metadata.create_all(connection)
        tables.ALEMBIC_VERSION.create(connection)
        connection.execute(sa.insert(tables.ALEMBIC_VERSION).values(version_num=_schema_head()))

    return make


# --- nbgrader's schema versions ---


def _revisions() -> dict[str, str]:
    """Return nbgrader's schema revisions, each with the one before it, read from its migration scripts."""
    spec = importlib.util.find_spec("nbgrader")
    if spec is None or spec.origin is None:
        raise GradebookError("nbgrader is not installed.", hint="Install this tool again: make")
    revisions = {}
    for script in Path(spec.origin).parent.joinpath("alembic", "versions").glob("*.py"):
        text = script.read_text(encoding="utf-8")
        revision = re.search(r"^revision\s*=\s*['\"](\w+)['\"]", text, re.MULTILINE)
        before = re.search(r"^down_revision\s*=\s*['\"](\w+)['\"]", text, re.MULTILINE)
        if revision:
            revisions[revision[1]] = before[1] if before else ""
    return revisions


def _schema_head() -> str:
    revisions = _revisions()
    heads = sorted(set(revisions) - set(revisions.values()))
    if len(heads) != 1:
        raise GradebookError(
            f"the installed nbgrader has {len(heads)} newest schema versions, expected one.",
            hint="Install nbgrader again; this tool is tested with nbgrader 0.9.",
        )
    return heads[0]


def _check_version(version: str | None, place: str) -> None:
    head = _schema_head()
    if version == head:
        return
    if version is None or version in _revisions():
        raise GradebookError(
            f"the gradebook is older than the installed nbgrader (schema {version or 'unknown'}, not {head}).",
            place=place,
            hint="Make a copy of it, then run: nbgrader db upgrade",
        )
    raise GradebookError(
        f"the gradebook is newer than the installed nbgrader (schema {version}, known is {head}).",
        place=place,
        hint="Install the nbgrader that wrote it, or a later one. Nothing was changed.",
    )


# --- what can go wrong ---

_SQLITE_PROBLEMS: list[tuple[tuple[str, ...], str, str]] = [
    # start of SQLite's error name, what happened, what to do
    (
        ("SQLITE_BUSY", "SQLITE_LOCKED"),
        "another program has been writing to the gradebook for some seconds.",
        "Wait until it is done (nbgrader, formgrader, another grader), then run this again. Nothing was lost.",
    ),
    (
        ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH"),
        "the gradebook is read-only.",
        "Make the file and its folder writable for you, then run this again. Nothing was changed.",
    ),
    (("SQLITE_FULL",), "the disk is full.", "Make room, then run this again: what was stored before is whole."),
    (
        ("SQLITE_IOERR",),
        "the disk could not be read or written.",
        "Check the disk and the room on it, then run this again: what was stored before is whole.",
    ),
    (("SQLITE_NOTADB",), "the file is not a database.", _CHECK_URL),
    (
        ("SQLITE_CORRUPT",),
        "the gradebook is damaged.",
        "Restore a copy. What can be read of it, SQLite's own tool shows: sqlite3 gradebook.db .recover",
    ),
    (("SQLITE_CANTOPEN",), "the gradebook cannot be opened.", "Check that the file and its folder may be read."),
    (
        ("SQLITE_ERROR",),
        "the gradebook lacks something that nbgrader's has",
        "Make a copy of it, then run: nbgrader db upgrade",
    ),
]


def _explained(problem: exc.DBAPIError, place: str) -> GradebookError:
    original = problem.orig
    name = getattr(original, "sqlite_errorname", "")
    for starts, message, hint in _SQLITE_PROBLEMS:
        if name.startswith(starts):
            if not message.endswith("."):
                message = f"{message}: {original}."
            return GradebookError(message, place=place, hint=hint)
    first_line = str(original).strip().partition("\n")[0]
    if problem.statement is None:  # it never came to a statement
        return GradebookError(f"the database cannot be reached: {first_line}", place=place, hint=_CHECK_URL)
    return GradebookError(
        f"the database refused: {type(original).__name__}: {first_line}",
        place=place,
        hint="Nothing of this step was stored; what was stored before is whole.",
    )
