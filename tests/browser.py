"""A formgrader server and a browser for tests: the system's Chromium, driven by Playwright, which downloads nothing."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REQUIRED = "GRADER_TEST_BROWSER"
"""Set to ``required`` in the environment, a missing browser is a failure and nothing is skipped."""

PATIENCE_MS = 20_000

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def missing() -> str:
    """Why there can be no browser here, or an empty string."""
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed: pip install -e '.[test]'"
    return "" if _chromium() else "no Chromium is installed (Debian: apt install chromium), as .ci/run does."


def _chromium() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """A headless browser, ended at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


def environment(home: Path) -> dict[str, str]:
    """The environment of a user with nothing configured but what is in ``home``."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("JUPYTER")}
    return {
        **kept,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "PYTHONPATH": ":".join(sys.path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


class Server:
    """A running ``grader formgrader``.

    Args:
        process: it.
        answer: what it printed as JSON.
    """

    def __init__(self, process: subprocess.Popen[str], answer: dict[str, Any]) -> None:
        self.process = process
        self.answer = answer

    def url(self, path: str) -> str:
        """The address of a page, token and all."""
        return f"http://127.0.0.1:{self.answer['port']}/{path}?token={self.answer['token']}"

    def stop(self) -> int:
        """Press Ctrl-C; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=30)
        return self.process.returncode


@contextlib.contextmanager
def formgrader_server(root: Path, home: Path, *options: str) -> Iterator[Server]:
    """Start it on a course, and end it with all that it has started."""
    home.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "--course", str(root), "formgrader", "--no-browser", "--json", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(home),
        start_new_session=True,
    )
    try:
        said = ""
        for line in process.stdout:
            said += line
            if line.rstrip() == "}":
                break
        else:
            raise RuntimeError(f"no server: {said} {process.stderr.read()}")
        server = Server(process, json.loads(said))
        yield server
        server.stop()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
