"""A PostgreSQL server for tests: ``python tests/postgres_server.py`` starts one, says its URL and stops with its stdin.

It listens on a unix socket in its own temporary folder and nowhere else, runs as an unprivileged user, and takes the
folder with it when it stops. It stops when whoever started it closes its stdin or dies, however that happens.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

INSTALL = "Install PostgreSQL's server (Debian, Ubuntu: apt install postgresql), as .ci/run does."
_USERS = ("postgres", "nobody")  # who runs it when root starts it: PostgreSQL refuses root
# In another time zone than anybody is: what is stored must not depend on it.
_SETTINGS = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=40",
    "timezone=Pacific/Kiritimati",
)


def programs() -> Path | None:
    """The folder of the newest installed server, or None: Debian keeps servers out of PATH."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]), reverse=True
    )
    found = debian[0] if debian else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Start a server in a process of its own; gives the URL of its database ``postgres``, and stops it at the end."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).resolve())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the tests; they close its stdin
    )
    try:
        url = process.stdout.readline().strip()
        if not url:
            raise RuntimeError(f"no PostgreSQL server: {process.stderr.read().strip()}")
        yield url
    finally:
        process.communicate(timeout=60)


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to become; None to stay who we are."""
    if os.geteuid() != 0:
        return None
    for name in _USERS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise SystemExit(f"root may not run a PostgreSQL server, and there is no user {' or '.join(_USERS)}")


def main() -> None:
    """Be the server's keeper until stdin is closed."""
    binaries = programs()
    if binaries is None:
        raise SystemExit(f"there is no initdb. {INSTALL}")
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path may have 107 bytes, no more
    identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    data = folder / "data"
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(1))
    process = None
    try:
        with (folder / "log").open("wb") as log:
            options = ["--auth=trust", "--username=grader", "--encoding=UTF8", "--locale=C", "--no-sync"]
            done = subprocess.run(
                [binaries / "initdb", "-D", data, *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=folder,
                **identity,
            )
            if done.returncode:
                raise SystemExit((folder / "log").read_text(errors="replace")[-2000:])
            settings = [word for setting in _SETTINGS for word in ("-c", setting)]
            process = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-k", folder, *settings],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=folder,
                **identity,
            )
            ready = [binaries / "pg_isready", "-q", "-h", folder, "-d", "postgres", "-t", "1"]
            while subprocess.run(ready).returncode:
                if process.poll() is not None:
                    raise SystemExit((folder / "log").read_text(errors="replace")[-2000:])
        print(f"postgresql+psycopg://grader@/postgres?host={urllib.parse.quote(str(folder), safe='/')}", flush=True)
        sys.stdin.read()
    finally:
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)  # "fast": it does not wait for its clients
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
