"""Every feedback page of a course in a real browser: nothing runs, nothing is fetched, and it fits a phone.

    grader demo && grader --course demo feedback
    pip install playwright                          # and a Chromium of the system
    python benchmarks/pages_in_a_browser.py demo/feedback [--pictures DIR] [--page sample_classic/04_loss_function …]

Ends with 1 if a page asks for anything but itself, opens a dialog, changes its title, is wider than a phone, or makes
the browser complain. With ``--pictures``, the named pages are photographed: desktop and phone width, light and dark.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

SIZES = {"desktop": (1100, 900), "phone": (390, 844)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=Path, help="where to put pictures")
    parser.add_argument("--page", action="append", default=[], help="STUDENT/CHAPTER to photograph; may be repeated")
    parser.add_argument("--browser", default=shutil.which("chromium") or shutil.which("google-chrome"))
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    pages = sorted(given.folder.resolve().glob("*/*/*.html"))
    problems = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.browser, args=["--no-sandbox"])
        for path in pages:
            problems += [f"{path}: {problem}" for problem in look(browser, path)]
        for name in given.page if given.pictures else []:
            student, _, chapter = name.partition("/")
            photograph(browser, given.folder.resolve() / student / chapter / f"{chapter}.html", given.pictures)
        browser.close()
    print("\n".join(problems))
    print(f"{len(pages)} pages, {len(problems)} problems")
    return bool(problems) or not pages


def look(browser, path):
    """What a browser finds wrong with a page, opened wide and narrow, with everything unfolded and every link tried."""
    found = []
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.on("dialog", lambda dialog: (found.append(f"dialog {dialog.message!r}"), dialog.dismiss()))
    page.on("console", lambda message: found.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: found.append(f"error: {error}"))
    own = path.as_uri()
    page.on(
        "request",
        lambda request: (
            request.url in (own,) or request.url.startswith("data:image/") or found.append(f"asks for {request.url}")
        ),
    )
    page.goto(own)
    title = page.title()
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    for link in page.locator("a[href^='#']").all()[:20]:
        link.focus()
        link.press("Enter")
    if page.title() != title or page.evaluate("document.scripts.length"):
        found.append("a script ran, or is there")
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > 390:
        found.append(f"{width} pixels wide on a phone of 390")
    if page.url.partition("#")[0] != own:
        found.append(f"led to {page.url}")
    context.close()
    return found


def photograph(browser, path, folder):
    """Pictures of a page: desktop and phone, light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    for size, (width, height) in SIZES.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
            page = context.new_page()
            page.goto(path.as_uri())
            page.screenshot(path=folder / f"{path.parent.parent.name}-{path.stem}-{size}-{scheme}.png", full_page=True)
            context.close()


if __name__ == "__main__":
    sys.exit(main())
