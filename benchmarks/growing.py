"""How time and memory grow with the class: 10, 100, 1,000 students, each graded from nothing and then once more.

    .venv/bin/python benchmarks/growing.py --students 10 100 1000 --chapters 1-6

Each student hands in a copy of a sample student's notebooks with a line of their own in every code cell that is theirs, so that
nothing is shared by content. Printed for each size: seconds a submission, the peak memory of the parent (VmHWM) in all
and for each student beyond those of the smallest class, and the seconds of a second run in which nothing has changed.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sample_course import ENVIRONMENT, ROOT, chapter_ids, copy_course, grader

from grader.sample_class import built_notebook, read_class, solutions

SLOW = ("sample_endless", "sample_noisy", "sample_always_equal")
"""Sample students whose code is made to use up time limits or to flood: their number, not N, would be measured."""


def models(config, chapters):
    """For each chapter, the notebooks of the sample students who hand it in."""
    found = {}
    for chapter in chapters:
        released = json.loads((config.layout.release_dir(chapter) / f"{chapter}.ipynb").read_text(encoding="utf-8"))
        solved = solutions(config.layout, chapter)
        found[chapter] = [
            built_notebook(part, released, solved)
            for student in read_class(ROOT / "samples")
            if student.student_id not in SLOW
            for part in student.chapters
            if part.assignment_id == chapter
        ]
    return found


def make_class(config, notebooks, size):
    """Hand in every chapter for ``size`` students; how many submissions."""
    for number in range(size):
        student_id = f"student_{number:05d}"
        for chapter, of_chapter in notebooks.items():
            notebook = of_chapter[number % len(of_chapter)]
            cells = []
            for cell in notebook["cells"]:
                nbgrader = cell["metadata"].get("nbgrader", {})
                if cell["cell_type"] == "code" and nbgrader.get("solution"):
                    cell = {**cell, "source": [*cell["source"], f"\n# {student_id}\n"]}
                cells.append(cell)
            path = config.layout.submitted_notebook(student_id, chapter)
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps({**notebook, "cells": cells}, indent=1), encoding="utf-8")
    return size * len(notebooks)


def measured(config, jobs, *extra):
    """Seconds of wall time and peak memory of the parent in MiB, of one ``grader autograde``."""
    command = grader("--course", config.root, "autograde", "--jobs", jobs, "--quiet", *extra)
    started = time.perf_counter()
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # Of the parent alone: what wait4 gives is the largest of it and of the workers that it has waited for.
    peak = 0
    while process.poll() is None:
        try:
            text = Path(f"/proc/{process.pid}/status").read_text()
            peak = max(peak, *(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM")), 0)
        except (OSError, TypeError):
            pass
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {process.returncode}")
    return time.perf_counter() - started, peak / 1024


def main():
    """Parse options, grow, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, nargs="*", default=[10, 100, 1000])
    parser.add_argument("--chapters", default="1-6", help="their numbers, as 1-6 or 1,3 (default 1-6)")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    chapters = chapter_ids(options.chapters)
    print(f"chapters {', '.join(chapters)}; --jobs {options.jobs}; {os.cpu_count()} cores")
    print("students  submissions   seconds  ms each  CPU ms each  parent MiB  KiB a student  again s")
    first = None
    with tempfile.TemporaryDirectory() as folder:
        for size in options.students:
            config = copy_course(Path(folder, "course"))
            count = make_class(config, models(config, chapters), size)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds, memory = measured(config, options.jobs)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            again, memory_again = measured(config, options.jobs)
            first = first or (size, memory)
            more = f"{(memory - first[1]) * 1024 / (size - first[0]):13.1f}" if size > first[0] else " " * 13
            print(
                f"{size:8}  {count:11}  {seconds:8.1f}  {1000 * seconds / count:7.0f}  {1000 * cpu / count:11.0f}"
                f"  {max(memory, memory_again):10.1f}  {more}  {again:7.2f}",
                flush=True,
            )
            shutil.rmtree(config.root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
