"""The database of a gradebook: connections, transactions, nbgrader's schema, and what can go wrong with them."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from grader.course.config import CourseConfig
from grader.errors import GradebookError
from grader.gradebook import tables, turns

BUSY_S = 5.0
"""How long to wait for another program that is writing to the gradebook."""

RECONNECT_S = 30.0
"""How long to try to reach a server again that was there before: long enough for it to be started anew."""

_WRITERS_LOCK = 0x6772616465720001
"""PostgreSQL's advisory lock that a writing transaction of ours holds."""

_Answer = TypeVar("_Answer")


class Database:
    """One open gradebook database; ``reading``, ``writing`` and ``write`` are its transactions.

    A reading transaction sees one state of the gradebook; a writing one takes a lock first, so that what it read is
    still true when it writes. In SQLite that is BEGIN IMMEDIATE (and all transactions are explicit: Python's driver
    would commit a half-made schema); in PostgreSQL an advisory lock that all of our graders know, so that two of them
    do not insert the same student. Formgrader does not know it, and changes other columns than we do.
    """

    def __init__(self, config: CourseConfig, *, create: bool, busy_s: float = BUSY_S) -> None:
        self.place = _place(config)
        self._pinned: sa.Connection | None = None
        url = _url(config.db_url, self.place)
        self._sqlite = url.get_backend_name() == "sqlite"
        self._busy_s = busy_s
        if self._sqlite:
            _check_sqlite_file(Path(url.database or ""), self.place, create=create)
        try:
            self._engine = sa.create_engine(url, **_engine_options(url, busy_s))
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
            if not self._sqlite:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction whose changes are kept whole, or not at all; inside ``one_transaction``, a part of that."""
        if self._pinned is not None:
            yield self._pinned
            return
        with self._locked() as (connection, _):
            yield connection

    @contextlib.contextmanager
    def _locked(self) -> Iterator[tuple[sa.Connection, sa.RootTransaction]]:
        writer = self._engine.execution_options(grader_write=True)
        with self.mapped(), writer.connect() as connection, connection.begin() as transaction:
            if not self._sqlite:
                timeout = sa.func.set_config("lock_timeout", f"{self._busy_s * 1000:.0f}", sa.true())
                connection.execute(sa.select(timeout))
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITERS_LOCK)))
            yield connection, transaction

    def write(self, change: Callable[[sa.Connection], _Answer]) -> _Answer:
        """Run ``change`` in a writing transaction, and again if the server was lost or another program came between.

        Args:
            change: goes by what it finds in the gradebook: it may run again after a commit that we did not hear of.
        """
        if self._pinned is not None:  # what was done before in that transaction would be lost
            return change(self._pinned)
        deadline = time.monotonic() + RECONNECT_S
        pause_s = 0.1
        while True:
            try:
                with self.writing() as connection:
                    return change(connection)
            except GradebookError as problem:
                passing = isinstance(problem.__cause__, exc.DBAPIError) and _will_pass(problem.__cause__)
                if not passing or time.monotonic() + pause_s > deadline:
                    raise
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, 2.0)

    @contextlib.contextmanager
    def turn(self, names: Sequence[str], told: Callable[[str], None] | None) -> Iterator[None]:
        """Be the only grader of these chapters; see ``turns``. Nothing is left of it when this process is killed.

        Args:
            names: the chapters.
            told: is told who has them, before we wait; None to raise that as a GradebookError instead.
        """
        with contextlib.ExitStack() as stack:
            if self._sqlite:
                held: turns.Turns = turns.FileTurns(Path(self._engine.url.database or ""))
            else:
                with self.mapped():
                    held = turns.ServerTurns(self._engine)
            stack.callback(held.close)
            with self.mapped():
                turns.take_all(held, sorted(names), self.place, told)
            yield

    @contextlib.contextmanager
    def one_transaction(self, *, keep: bool = True) -> Iterator[None]:
        """Make everything inside one transaction; without ``keep`` it is taken back at the end, having been seen.

        Inside another one it is a part of that.
        """
        if self._pinned is not None:
            yield
            return
        with self._locked() as (connection, transaction):
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
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise GradebookError(
            f"{url.get_backend_name()} is no database for a gradebook: SQLite and PostgreSQL are.",
            place=place,
            hint=_CHECK_URL,
        )
    if url.drivername == "postgresql" and importlib.util.find_spec("psycopg2") is None:
        # nbgrader's users write it so; older SQLAlchemy takes it for psycopg2, which our extra does not install
        return url.set(drivername="postgresql+psycopg")
    return url


def _engine_options(url: sa.URL, busy_s: float) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": busy_s}}
    # A grading may take hours: the server may have been started anew since the last batch.
    given = {"connect_timeout": "10", "application_name": "grader"}
    return {"pool_pre_ping": True, "connect_args": {k: v for k, v in given.items() if k not in url.query}}


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


_POSTGRES_PROBLEMS: list[tuple[tuple[str, ...], str, str]] = [
    # start of an SQLSTATE, what happened, what to do
    (
        ("55P03", "40P01", "40001"),
        "another program has been writing to the gradebook for some seconds.",
        "Wait until it is done (nbgrader, formgrader, another grader), then run this again. Nothing was lost.",
    ),
    (
        ("42501",),
        "its user may not do this in the database",
        "Let the user own the database, or: GRANT ALL ON SCHEMA public TO that user. Nothing was changed.",
    ),
    (
        ("25006",),
        "the database is read-only.",
        "Is it a standby server? Name the one that can be written in c.CourseDirectory.db_url.",
    ),
    (
        ("53100",),
        "the disk of the database server is full.",
        "Make room there, then run this again: what was stored before is whole.",
    ),
    (
        ("57P", "08"),
        "the database server was stopped, or cannot be reached any more.",
        "Start it, then run this again: what was stored before is whole.",
    ),
    (
        ("42P01", "42703"),
        "the gradebook lacks something that nbgrader's has",
        "Make a copy of it, then run: nbgrader db upgrade",
    ),
]

_UNREACHED: list[tuple[str, str]] = [
    # what a server, or the network, says when there is no connection yet, and what to do
    ("does not exist", "Make it on the server (createdb NAME; createuser NAME), or correct the URL."),
    ("password", "Put the password in ~/.pgpass or PGPASSWORD; in the URL, every reader of the course could see it."),
    ("too many", "The server has no connection left: close some, or raise its max_connections."),
    ("starting up", "Wait a moment, then run this again."),
]


def _explained(problem: exc.DBAPIError, place: str) -> GradebookError:
    original = problem.orig
    first_line = str(original).strip().partition("\n")[0]
    name = getattr(original, "sqlite_errorname", "")
    state = _sqlstate(problem)
    known, code = (_SQLITE_PROBLEMS, name) if name else (_POSTGRES_PROBLEMS, state)
    for starts, message, hint in known:
        if code.startswith(starts):
            if not message.endswith("."):
                message = f"{message}: {first_line}."
            return GradebookError(message, place=place, hint=hint)
    if problem.statement is None:  # it never came to a statement
        hint = next((todo for words, todo in _UNREACHED if words in first_line), _CHECK_URL)
        return GradebookError(f"the database cannot be reached: {first_line}", place=place, hint=hint)
    if problem.connection_invalidated:
        return GradebookError(
            f"the connection to the database was lost: {first_line}",
            place=place,
            hint="Run this again: what was stored before is whole.",
        )
    return GradebookError(
        f"the database refused: {type(original).__name__}: {first_line}",
        place=place,
        hint="Nothing of this step was stored; what was stored before is whole.",
    )


def _sqlstate(problem: exc.DBAPIError) -> str:
    """PostgreSQL's five characters, by either driver's name for them; empty if there are none."""
    original = problem.orig
    return getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or ""


def _will_pass(problem: exc.DBAPIError) -> bool:
    """True for what may be otherwise in a moment: a server that is started anew, a row that another has just made."""
    if getattr(problem.orig, "sqlite_errorname", "") or isinstance(problem.orig, sqlite3.Error):
        return False  # there, waiting is the driver's
    state = _sqlstate(problem)
    if state:
        return state.startswith(("57P0", "08", "40001", "40P01", "23505", "23503"))
    return problem.connection_invalidated or problem.statement is None
