"""The zoo of ``tests/zoo`` through stock ``nbgrader autograde`` and through ``grader autograde``: who gets the points.

    .venv/bin/python benchmarks/zoo_beside_nbgrader.py > table.md

The same hand-ins, the same small course (``tests/zoo_course.py``). nbgrader gets a copy without our configuration lines,
and each hand-in a copy of its own, so that one that spoils the gradebook spoils its own only.
Prints a Markdown table.

The zoo attacks whoever grades it, and stock nbgrader runs it as you. It is held as well as a script can: folders that
are thrown away, limits on memory, CPU time and file size, a wall-clock limit, and with root a PID namespace in which it
may kill what it likes. What would take the machine all the same is left out there, and the table says why. Don't run
this on a machine that holds anything of value.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import nbformat  # noqa: E402
from nbgrader.api import Gradebook  # noqa: E402
from zoo_course import (  # noqa: E402
    CHAPTER,
    CONFIG,
    SECRETS,
    SHOP,
    handed_in,
    leaks,
    make_zoo_course,
    read_zoo,
    released_shop,
    strings,
)

LIMITS = "ulimit -v 4000000; ulimit -t 60; ulimit -f 400000; ulimit -n 1024; ulimit -c 0; "
NAMESPACES = ["unshare", "--pid", "--fork", "--mount", "--ipc", "--mount-proc", "--kill-child"]
TIMEOUT_S = 75
LEFT_BY_CASES = ("zoo_was_here", "zoo_log.txt", "late.txt")
PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/var/lock", "/")


def environment(home):
    """What the tools get to see: their programs, a home to be thrown away, and a secret that nobody should tell."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    names = {"PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(home), "LANG": "C.UTF-8"}
    return names | {"IPYTHONDIR": str(home), "ZOO_SECRET_TOKEN": str(SECRETS[0]), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def run(root, *command):
    """Run a tool in a course folder; its standard error."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=root, env=environment(root), capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def can_contain():
    """Tell whether a PID namespace can be had."""
    try:
        return subprocess.run([*NAMESPACES, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def write(case, folder, released):
    """Put a hand-in where nbgrader's collect would put it."""
    folder = folder / "submitted" / student(case) / CHAPTER
    folder.mkdir(parents=True)
    (folder / f"{CHAPTER}.ipynb").write_bytes(handed_in(case, released))
    (folder / "timestamp.txt").write_text("2026-10-05 12:00:00.000000 UTC")
    for name, text in case.files.items():
        path = Path(os.path.normpath(folder / name))
        if path.is_relative_to(folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def student(case):
    """The name of a case as a student's id."""
    return f"{case.group}-{case.name}"


def scores(root, case):
    """Points by grade cell in a gradebook (with extra credit), None for a cell that has none; {} without a row."""
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", course_id="zoo") as gradebook:
        try:
            notebook = gradebook.find_submission_notebook(CHAPTER, CHAPTER, student(case))
        except Exception:
            return {}
        found = {}
        for grade in notebook.grades:
            own = grade.manual_score if grade.manual_score is not None else grade.auto_score
            found[grade.name] = None if own is None else own + (grade.extra_credit or 0)
        return found


def told(root, case):
    """Whether the outputs of the graded notebook, which feedback shows, hold a number of a hidden test."""
    path = root / "autograded" / student(case) / CHAPTER / f"{CHAPTER}.ipynb"
    if not path.is_file():
        return False
    notebook = nbformat.read(path, as_version=4)
    return bool(leaks(strings([cell.get("outputs", []) for cell in notebook.cells])))


def there(case, stock, place, released, is_contained):
    """Points that stock nbgrader gives, whether a hidden number is told, and what went wrong in a word."""
    root = place / student(case)
    shutil.copytree(stock, root)
    write(case, root, released)
    command = f"{LIMITS} exec '{sys.executable}' -m nbgrader autograde {CHAPTER}"
    process = subprocess.Popen(
        [*(NAMESPACES if is_contained else []), "sh", "-c", command],
        cwd=root,
        env=environment(root) | {"TMPDIR": str(root)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    words = ""
    try:
        process.wait(TIMEOUT_S)
    except subprocess.TimeoutExpired:
        words = "had to be killed"
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    try:
        found = scores(root, case)
        spoken = told(root, case)
    except Exception as exc:
        found, spoken, words = {}, False, f"gradebook unreadable ({type(exc).__name__})"
    if not words and (not found or all(points is None for points in found.values())):
        words = "not graded"
    shutil.rmtree(root, ignore_errors=True)
    return found, spoken, words


def build(place):
    """Our course with all hand-ins, and the one that stock nbgrader gets for each."""
    ours, stock = place / "ours", place / "stock"
    plugin = 'c.Autograde.autograde_preprocessors = ["grader.nbgrader_plugin.Judge"]\n'
    config = make_zoo_course(ours, config=CONFIG.replace('"time_limit_s": 1', '"time_limit_s": 3') + plugin)
    shutil.copy(ROOT / "source" / "chapters.py", ours / "source")
    code, said = run(ours, "grader", "generate")
    assert code == 0, said
    released = released_shop(config)
    stock.mkdir()
    shutil.copytree(ours / "source", stock / "source")
    text = (ours / "course_config.py").read_text().replace(plugin, "") + "c.Execute.timeout = 10\n"
    for name in ("course_config.py", "nbgrader_config.py"):
        (stock / name).write_text(text)
    for chapter in ("01_basics", CHAPTER):
        code, said = run(stock, "nbgrader", "generate_assignment", chapter)
        assert code == 0, said
    return ours, stock, released


def shown(found):
    """A sum of points for the table."""
    return f"{sum(value or 0 for value in found.values()):g}" if found else "–"


def unearned(case, found, expected):
    """Points above what was earned, cell by cell; where chance decides whether a right answer counts, none."""
    sure = {name: points for name, points in expected.items() if name not in case.maybe.split()}
    return sum(max(0, (found.get(name) or 0) - points) for name, points in sure.items())


def lost(found, expected):
    """Points below what was earned."""
    return sum(max(0, points - (found.get(name) or 0)) for name, points in expected.items())


def main():
    """Grade twice, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", help="cases whose name holds this word")
    options = parser.parse_args()
    cases = [case for case in read_zoo() if not options.only or options.only in str(case)]
    is_contained = can_contain()
    before = {(place, name) for place in PLACES for name in LEFT_BY_CASES if os.path.exists(f"{place}/{name}")}
    with tempfile.TemporaryDirectory(prefix="zoo-") as folder:
        place = Path(folder)
        ours, stock, released = build(place)
        reasons = {}
        for case in cases:
            write(case, ours, released)
            if case.there:
                reasons[case] = f"left out: {case.there}"
            elif not is_contained and any("kill" in text or "fork" in text for _, text in case.cells):
                reasons[case] = "left out: without root, nothing holds it"
        started = time.perf_counter()
        run(ours, "grader", "autograde", CHAPTER, "--jobs", str(options.jobs), "--quiet")
        ours_s = time.perf_counter() - started
        here = {case: (scores(ours, case), told(ours, case)) for case in cases}
        tried = [case for case in cases if case not in reasons]
        started = time.perf_counter()
        with ThreadPoolExecutor(options.jobs) as threads:
            found = dict(
                zip(tried, threads.map(lambda c: there(c, stock, place, released, is_contained), tried), strict=True)
            )
        theirs_s = time.perf_counter() - started
    for where in PLACES:
        for name in LEFT_BY_CASES:
            if (where, name) not in before:
                with contextlib.suppress(OSError):
                    os.remove(f"{where}/{name}")
    print(f"nbgrader took {theirs_s:.0f} s, grader {ours_s:.0f} s", file=sys.stderr)
    report(cases, here, found, reasons)


def report(cases, here, found, reasons):
    """Print the summary and the table."""
    max_scores = {}
    for line in SHOP.splitlines():
        if "points=" in line:
            name, points = line.split()[2], line.partition("points=")[2].split()[0]
            max_scores[name] = float(points)
    total = sum(max_scores.values())
    expected = {case: case.points(max_scores) for case in cases}
    tried = list(found)
    sums = {
        "points that were not earned": (
            sum(unearned(c, found[c][0], expected[c]) for c in tried),
            sum(unearned(c, here[c][0], expected[c]) for c in cases),
        ),
        "hand-ins that got such points": (
            sum(unearned(c, found[c][0], expected[c]) > 0 for c in tried),
            sum(unearned(c, here[c][0], expected[c]) > 0 for c in cases),
        ),
        "hand-ins that lost points they had earned": (
            sum(lost(found[c][0], expected[c]) > 0.01 for c in tried if not c.maybe),
            sum(lost(here[c][0], expected[c]) > 0.01 for c in cases if not c.maybe),
        ),
        "hand-ins that were not graded": (
            sum(bool(found[c][2]) for c in tried),
            sum(not here[c][0] for c in cases),
        ),
        "notebooks that show a number of a hidden test": (
            sum(found[c][1] for c in tried),
            sum(here[c][1] for c in cases),
        ),
    }
    print(f"| {total:g} points to earn | nbgrader | grader |\n|---|---|---|")
    print(f"| hand-ins | {len(tried)} | {len(cases)} |")
    for words, (theirs, ours) in sums.items():
        print(f"| {words} | {theirs:g} | {ours:g} |")
    print("\n| case | what it tries | earned | nbgrader | grader |\n|---|---|---|---|---|")
    for case in cases:
        earned = f"{sum(expected[case].values()):g}" + (" or more" if case.maybe else "")
        if case in reasons:
            theirs = reasons[case]
        else:
            points, _, words = found[case]
            theirs = words or shown(points)
            if unearned(case, points, expected[case]) > 0:
                theirs = f"**{shown(points)}**"
        mine = shown(here[case][0])
        if unearned(case, here[case][0], expected[case]) > 0:
            mine = f"**{mine}**"
        tries = case.tries.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
        print(f"| {str(case).replace('_', ' ')} | {tries} | {earned} | {theirs} | {mine} |")


if __name__ == "__main__":
    main()
