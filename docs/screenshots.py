"""The pictures of the documentation, from ``grader demo``: ``python docs/screenshots.py`` writes ``docs/pictures/``.

    grader demo
    pip install playwright                          # and a Chromium of the system: apt install chromium
    python docs/screenshots.py

The class page, a feedback page, formgrader (started here, on this machine's loopback only) and a terminal. Look at them
before you commit them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
STUDENT, CHAPTER = "sample_classic", "04_loss_function"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=Path, default=ROOT / "demo", help="the course that grader demo has made")
    parser.add_argument("--browser", default=shutil.which("chromium") or shutil.which("google-chrome"))
    parser.add_argument("--only", choices=("report", "feedback", "formgrader", "terminal"))
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        # a copy: neither formgrader nor feedback changes what the demo has made
        course = Path(shutil.copytree(given.demo, Path(folder) / "course"))
        if given.only in (None, "terminal"):
            terminal(course)
        browser = playwright.chromium.launch(executable_path=given.browser, args=["--no-sandbox"])
        for name, take in {"report": report, "feedback": feedback, "formgrader": formgrader}.items():
            if given.only in (None, name):
                take(browser, course)
        browser.close()


def report(browser: Any, course: Path) -> None:
    page_file = course / "class.html"
    grader(course, "report", "--html", str(page_file))
    page = browser.new_page(viewport={"width": 1100, "height": 930})
    page.goto(page_file.as_uri())
    save(page, "report")


def feedback(browser: Any, course: Path) -> None:
    grader(course, "feedback", CHAPTER, "--student", STUDENT)
    page = browser.new_page(viewport={"width": 900, "height": 1000})
    page.goto((course / "feedback" / STUDENT / CHAPTER / f"{CHAPTER}.html").as_uri())
    save(page, "feedback")


def formgrader(browser: Any, course: Path) -> None:
    for name in ("Classic", "Perfect", "Unusual"):
        grader(course, "students", "add", f"sample_{name.lower()}", "--first-name", "Sample", "--last-name", name)
    with jupyter(course) as (url, token):
        signed_in = {"Authorization": f"token {token}"}
        page = browser.new_page(viewport={"width": 1000, "height": 520}, extra_http_headers=signed_in)
        page.goto(f"{url}formgrader/manage_submissions/{CHAPTER}")
        page.wait_for_selector(f"td:has-text('{STUDENT}')")
        save(page, "formgrader")


def terminal(course: Path) -> None:
    """Ask grader what a terminal of colours would show, and draw that as SVG."""
    from rich.ansi import AnsiDecoder
    from rich.console import Console, Group
    from rich.text import Text

    width = 80
    parts: list[Text] = []
    for words in (("report", "01", "02", "03"), ("report", "04", "--student", STUDENT)):
        shown = grader(course, *words, FORCE_COLOR="1", TERM="xterm-256color", COLUMNS=str(width))
        parts += [Text(f"$ grader {' '.join(words)}", style="bold"), *AnsiDecoder().decode(shown), Text()]
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=width, file=nowhere, force_terminal=True)
        console.print(Group(*parts[:-1]))
        svg = console.export_svg(title="grader", font_aspect_ratio=0.6)
    # its fonts are on another machine; whoever reads this has one of these
    head, _, rest = svg.partition("@font-face")
    if rest:
        svg = head + rest[rest.rindex("@font-face") :].partition("}")[2].lstrip()
    (PICTURES / "terminal.svg").write_text(svg.replace("Fira Code", "ui-monospace"), encoding="utf-8")
    told("terminal.svg")


def grader(course: Path, *words: str, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "grader", *words],
        cwd=course, env={**os.environ, **env}, check=True, stdout=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    return done.stdout


@contextmanager
def jupyter(course: Path) -> Iterator[tuple[str, str]]:
    """A Jupyter server with formgrader, for as long as the picture takes; its token is made for this run."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = os.urandom(16).hex()
    home = course.parent
    env = {
        **os.environ,
        "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"), "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"), "JUPYTER_TOKEN": token,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    command = [sys.executable, "-m", "jupyter", "server", "--no-browser", f"--port={port}", "--ip=127.0.0.1"]
    command += [
        "--allow-root",
        f"--ServerApp.root_dir={course}",
        "--ServerApp.jpserver_extensions=nbgrader.server_extensions.formgrader=True",
    ]
    with open(home / "jupyter.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(command, cwd=course, env=env, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}/"
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{url}api?token={token}", timeout=1).close()
                break
            except OSError:
                time.sleep(0.5)
        urllib.request.urlopen(f"{url}api?token={token}", timeout=5).close()
        yield url, token
    finally:
        server.terminate()
        server.wait(20)


def save(page: Any, name: str) -> None:
    page.screenshot(path=str(PICTURES / f"{name}.png"))
    shrink(PICTURES / f"{name}.png")
    told(f"{name}.png")


def shrink(path: Path) -> None:
    """A palette is enough for pages of text: a third of the size."""
    from PIL import Image

    Image.open(path).convert("RGB").quantize(colors=128, dither=Image.Dither.NONE).save(path, optimize=True)


def told(name: str) -> None:
    print(f"docs/pictures/{name}: {(PICTURES / name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
