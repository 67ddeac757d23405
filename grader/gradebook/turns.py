"""One grader at a time for a chapter: who begins while another is grading waits, or is told who that is.

Transactions alone would keep the gradebook whole; turns save two graders from doing the same work, and from writing the
same folder of ``autograded/``. A turn is a lock that the operating system (a file beside the gradebook) or the server
(an advisory lock of an open connection) takes back when its holder dies, however it dies. What is written beside it
only says who that is, and decides nothing.
"""

from __future__ import annotations

import contextlib
import datetime
import getpass
import hashlib
import json
import os
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from grader.errors import GradebookError

try:
    import fcntl
except ImportError:  # Windows: its graders are not kept apart
    fcntl = None  # type: ignore[assignment]

POLL_S = 0.5


class Turns(Protocol):
    """Takes turns, and says who has one."""

    def take(self, name: str) -> bool:
        """Take a chapter's turn; False if somebody has it."""
        ...

    def holder(self, name: str) -> str:
        """Who has it, as far as can be known."""
        ...

    def close(self) -> None:
        """Give all of them back."""
        ...


def take_all(turns: Turns, names: Sequence[str], place: str, told: Callable[[str], None] | None) -> None:
    """Take the turns of several chapters, in the order given: who takes them in another one could wait for ever.

    Args:
        turns: of this gradebook.
        names: the chapters, in the order that all graders use.
        place: the gradebook, for messages.
        told: is told who has a turn, once, and then we wait; None to raise it as an error instead.
    """
    for name in names:
        is_told = False
        while not turns.take(name):
            holder = turns.holder(name) or "another grader"
            if told is None:
                raise GradebookError(
                    f"{holder} is grading {name}.",
                    place=place,
                    hint="Run this again when that is done; without --no-wait it is waited for.",
                )
            if not is_told:
                told(f"{holder} is grading {name}; waiting until that is done (Ctrl-C to stop).")
                is_told = True
            time.sleep(POLL_S)


def _ourselves() -> dict[str, str | int]:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in a container
        user = f"user {os.getuid()}"
    now = datetime.datetime.now(datetime.UTC)
    return {"user": user, "host": socket.gethostname(), "process": os.getpid(), "since": f"{now:%Y-%m-%d %H:%M} UTC"}


class FileTurns:
    """Locks on files in ``.grader/`` beside a SQLite gradebook.

    Args:
        gradebook: its path.
    """

    def __init__(self, gradebook: Path) -> None:
        self._folder = gradebook.parent / ".grader"
        self._prefix = gradebook.name
        self._held: list[int] = []

    def _path(self, name: str) -> Path:
        return self._folder / f"{self._prefix}.{name}.lock"

    def take(self, name: str) -> bool:
        """Take a chapter's turn."""
        if fcntl is None:
            return True
        path = self._path(name)
        try:
            self._folder.mkdir(exist_ok=True)
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            except PermissionError:  # a colleague made it: it can be locked all the same
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as problem:
            raise GradebookError(
                f"the lock that keeps graders apart cannot be made: {problem.strerror or problem}.",
                place=str(problem.filename or path),
                hint="Make room, or make the folder writable for you, then run this again.",
            ) from problem
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError:  # a file system without locks
            os.close(descriptor)
            return True
        self._held.append(descriptor)
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(_ourselves()).encode(), 0)
        return True

    def holder(self, name: str) -> str:
        """Who has it, by what stands in the file; nobody else's name if it is an old one."""
        try:
            said = json.loads(self._path(name).read_bytes()[:1000])
            user, host, process, since = str(said["user"]), str(said["host"]), int(said["process"]), str(said["since"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""
        if host == socket.gethostname() and not _runs(process):
            return ""
        return f"{user} on {host} (process {process}, since {since})"

    def close(self) -> None:
        """Give all of them back."""
        for descriptor in self._held:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
            os.close(descriptor)
        self._held = []


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


_NAME_BYTES = 63
"""So much of a connection's name PostgreSQL keeps."""


class ServerTurns:
    """Advisory locks of a PostgreSQL server, held by a connection of their own.

    The server gives them back when the connection ends. Where the network or the machine has gone without a word, it
    notices within two minutes, because the connection asks for that.

    Args:
        engine: of the gradebook.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self._connection.detach()  # closed, not given back to the pool with locks on it
        us = _ourselves()
        name = f"grader: {us['user']} on {us['host']} (process {us['process']}, since {us['since']})"
        settings = {
            "application_name": name.encode()[:_NAME_BYTES].decode(errors="ignore"),
            "tcp_keepalives_idle": "60",
            "tcp_keepalives_interval": "15",
            "tcp_keepalives_count": "4",
        }
        for key, value in settings.items():
            self._connection.execute(sa.select(sa.func.set_config(key, value, sa.false())))

    def take(self, name: str) -> bool:
        """Take a chapter's turn."""
        return bool(self._connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_key(name)))))

    def holder(self, name: str) -> str:
        """Who has it, by the name of the connection."""
        key = _key(name) % (1 << 64)
        query = sa.text(
            "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
            " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
            " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND l.classid = CAST(:high AS oid) AND l.objid = CAST(:low AS oid)"
        )
        said = self._connection.scalar(query, {"high": str(key >> 32), "low": str(key & 0xFFFFFFFF)})
        return str(said or "").removeprefix("grader: ")

    def close(self) -> None:
        """Give all of them back."""
        self._connection.close()


def _key(name: str) -> int:
    """The number of a chapter's lock, as a signed 64-bit integer."""
    return int.from_bytes(hashlib.blake2b(f"grader {name}".encode(), digest_size=8).digest(), "big", signed=True)
