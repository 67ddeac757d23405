"""What the sandbox and the snapshots cost: ``grader autograde`` with both, and with neither, alternately.

    .venv/bin/python benchmarks/sandbox_cost.py --submissions 50 --rounds 5

"Neither" is a copy of the package in which a student process is a plain fork: no namespaces, no Landlock, no seccomp
filter, no limits, no snapshot. It exists for this comparison only; there is no such option. Look at the ratio; seconds
are this machine's.
"""

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from against_nbgrader import CHAPTERS, build_course
from sample_course import ROOT, timed

PATCHES = {
    "execution/isolation.py": [
        # What a student process does last in "process" mode: nothing at all.
        (
            '    used = 0\n    with contextlib.suppress(OSError), open("/proc/self/statm")',
            '    return\n    used = 0\n    with contextlib.suppress(OSError), open("/proc/self/statm")',
        ),
    ],
    "execution/session.py": [
        ("        if self._work_s >= CHECKPOINT_S:", "        if False:"),
    ],
}
"""By file: texts that occur once, and what replaces them."""


def without_walls(place):
    """A copy of the package that grades without sandbox and snapshots."""
    shutil.copytree(ROOT / "grader", place / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    for name, changes in PATCHES.items():
        path = place / "grader" / name
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            if text.count(old) != 1:
                raise SystemExit(f"{name} has changed: {old.strip()!r} is in it {text.count(old)} times")
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
    return place


def run(course, package, *options):
    """Grade everything; seconds of wall time."""
    return timed(course, "grader", "autograde", "--force", "--quiet", *options, package=package)


def main():
    """Parse options, build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=50, help="hand-ins in all (default 50)")
    parser.add_argument("--rounds", type=int, default=5, help="how often both are run (default 5)")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder) / "course"
        count = build_course(course, options.submissions // len(CHAPTERS), CHAPTERS)
        bare = without_walls(Path(folder) / "bare")
        jobs = ["--jobs", str(options.jobs)]
        print(f"{count} submissions, chapters {CHAPTERS[0]} … {CHAPTERS[-1]}, --jobs {options.jobs}")
        ratios = []
        for number in range(options.rounds):
            shut_in = run(course, ROOT, *jobs)
            plain = run(course, bare, *jobs, "--isolation", "process")
            ratios.append(shut_in / plain)
            print(f"round {number + 1}: with {shut_in:.2f} s, without {plain:.2f} s, ratio {ratios[-1]:.3f}")
        print(f"ratio: median {statistics.median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f}")


if __name__ == "__main__":
    main()
