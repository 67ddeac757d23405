"""What grading adds to a submission: ``grader autograde --jobs 1``, less its start, less the same code run plainly.

    .venv/bin/python benchmarks/overhead.py --students 12

For each of chapters 1–5 right solutions are graded, once one student and once many; the difference is what another
student costs, without the start. From that goes the CPU time of the same cells and whole tests in one plain process
(compile and exec; the best of five).
"""

import argparse
import contextlib
import io
import sys
import tempfile
import time
from pathlib import Path

from against_nbgrader import CHAPTERS, build_course
from sample_course import timed

from grader.authoring.release import load_assignment, solved_notebook
from grader.course.config import load_config
from grader.course.model import Role

PERFECT = "sample_perfect"


def plain_cpu(config, chapter):
    """CPU seconds of a chapter's solutions and tests in this process, without IPython; the best of five."""
    sys.path.insert(0, str(config.layout.source_root))
    assignment = load_assignment(config, chapter)
    tests = {cell.name: cell.source for cell in assignment.cells if cell.role is Role.TEST}
    sources = []
    for cell in solved_notebook(assignment)["cells"]:
        if cell["cell_type"] == "code":
            sources.append(tests.get(cell["metadata"].get("nbgrader", {}).get("grade_id"), cell["source"]))
    best = float("inf")
    for _ in range(5):
        namespace = {"__name__": "__main__"}
        started = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            for source in sources:
                exec(compile(source, chapter, "exec"), namespace)
        best = min(best, time.process_time() - started)
    return best


def run(course, chapter, *options):
    """Grade a chapter on one core; seconds of wall time."""
    return timed(course, "grader", "autograde", chapter, "--jobs", "1", "--force", "--quiet", *options)


def main():
    """Parse options, build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=12, help="hand-ins for each chapter (default 12)")
    parser.add_argument("--rounds", type=int, default=2, help="the best of so many (default 2)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder) / "course"
        build_course(course, options.students, CHAPTERS, only=PERFECT)
        config = load_config(course)
        print("chapter                  ms a submission   plain CPU   overhead")
        total = 0.0
        for chapter in CHAPTERS:
            one = min(run(course, chapter, "--student", "sample_0000") for _ in range(options.rounds))
            many = min(run(course, chapter) for _ in range(options.rounds))
            each = 1000 * (many - one) / (options.students - 1)
            plain = 1000 * plain_cpu(config, chapter)
            total += each - plain
            print(f"{chapter:24} {each:15.1f} {plain:11.1f} {each - plain:10.1f}")
        print(f"{'mean':24} {'':15} {'':11} {total / len(CHAPTERS):10.1f}")


if __name__ == "__main__":
    main()
