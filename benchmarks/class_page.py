"""What the class page of a large class costs: its size, the time to make it, and the time a browser needs to open it.

    .venv/bin/python benchmarks/class_page.py [STUDENTS] [FOLDER]

Writes graded submissions of a class straight into the gradebook of a copy of the course, and runs ``grader report --html``. The
browser part runs where ``playwright`` is installed (``pip install playwright``) and a Chromium is on the PATH; with it,
screenshots at desktop and phone width, light and dark, are put beside the page.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from many_students import write_class  # noqa: E402 (it lies beside the tests)

from grader.course.config import load_config  # noqa: E402
from grader.gradebook.store import open_gradebook  # noqa: E402

SHOWN = "[...document.querySelectorAll('.names tbody tr')].filter(row => row.getClientRects().length).length"


def main():
    """Make the class, make its page, open it."""
    n_students = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp())
    course = folder / "course"
    shutil.copytree(ROOT / "source", course / "source", ignore=shutil.ignore_patterns("__pycache__", "*.ipynb"))
    shutil.copy(ROOT / "course_config.py", course)
    config = load_config(course)
    with open_gradebook(config) as store:
        write_class(store, config, n_students)
    page = folder / "class.html"
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "grader", "--course", course, "report", "--quiet", "--html", page], check=True
    )
    seconds = time.perf_counter() - started
    print(f"{n_students} students: {page.stat().st_size / 1e6:.2f} MB, made in {seconds:.1f} s: {page}")
    _open(page)


def _open(page):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        print("no browser: playwright or Chromium is missing")
        return
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, width in (("desktop", 1280), ("phone", 390)):
            for scheme in ("light", "dark"):
                tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                tab.goto(page.as_uri())
                loaded = tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
                tab.screenshot(path=page.with_name(f"{name}-{scheme}.png"), full_page=True)
                started = time.perf_counter()
                tab.locator("td a.n").first.click()
                shown = tab.evaluate(SHOWN)
                seconds = time.perf_counter() - started
                print(
                    f"{name}, {scheme}: open after {loaded / 1000:.2f} s; {shown} names {seconds:.2f} s after a click"
                )
                tab.close()


if __name__ == "__main__":
    main()
