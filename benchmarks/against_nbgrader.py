"""Throughput of ``grader autograde`` beside stock ``nbgrader autograde``: the same submissions, alternately.

    .venv/bin/python benchmarks/against_nbgrader.py --students 8 --rounds 3

Builds a class from the honest sample students (mixed quality), grades chapters 1–5 with both tools in turn, and prints
seconds per submission and their ratio with its spread over the rounds. Both start cold each time: interpreter, imports
and gradebook included, and an empty gradebook for ours. Each is told to grade every hand-in for itself (``--force``),
though several are the same file. Look at the ratios; seconds are this machine's.

Hand-ins have no outputs, as if nobody had run a notebook before handing it in; with ``--executed`` they show what their
cells show, as most do. With ``--copies`` hand-ins that are the same file are graded once, as the command does by itself;
of the honest sample students' notebooks there are two or three different ones a chapter.
"""

import argparse
import dataclasses
import json
import shutil
import statistics
import tempfile
from pathlib import Path

from sample_course import ROOT, copy_course, timed

from grader.sample_class import hand_in, read_class

CHAPTERS = ["01_math_foundations", "02_single_neuron", "03_forward_pass", "04_loss_function", "05_backpropagation"]


def build_course(ours, n_students, chapters, only=None):
    """A copy of the course with hand-ins of honest sample students, of mixed quality (or all of one); how many."""
    config = copy_course(ours)
    timed(ours, "grader", "generate")
    honest = [s for s in read_class(ROOT / "samples") if s.same_in_nbgrader and only in (None, s.student_id)]
    count = 0
    for chapter in chapters:
        able = [s for s in honest if any(c.assignment_id == chapter for c in s.chapters)]
        for number in range(n_students):
            student = dataclasses.replace(able[number % len(able)], student_id=f"sample_{number:04d}")
            count += len(hand_in(student, config.layout, config, [chapter]))
    return count


def run_by_their_students(course):
    """Give every hand-in the outputs of its cells, which grading it once has found; tests show nothing."""
    timed(course, "grader", "autograde", "--quiet")
    for path in (course / "submitted").glob("*/*/*.ipynb"):
        graded = json.loads(
            (course / "autograded" / path.relative_to(course / "submitted")).read_text(encoding="utf-8")
        )
        shown = {
            "".join(cell["source"]): cell
            for cell in graded["cells"]
            if cell["cell_type"] == "code" and not cell["metadata"].get("nbgrader", {}).get("grade")
        }
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            run = shown.get("".join(cell["source"]))
            if run is not None and cell["cell_type"] == "code":
                cell.update(outputs=run["outputs"], execution_count=run["execution_count"])
        path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    shutil.rmtree(course / "autograded")
    (course / "gradebook.db").unlink()


def build_both(place, n_students, chapters, *, executed=False):
    """Two copies of the course with the same submissions: ours, and one for stock nbgrader without our lines."""
    ours, stock = place / "ours", place / "stock"
    count = build_course(ours, n_students, chapters)
    if executed:
        run_by_their_students(ours)
    stock.mkdir()
    shutil.copytree(ours / "source", stock / "source")
    text = (ours / "course_config.py").read_text(encoding="utf-8")
    text = text[: text.index("c.Autograde.autograde_preprocessors")] + "c.Execute.timeout = 300\n"
    (stock / "nbgrader_config.py").write_text(text, encoding="utf-8")
    (stock / "course_config.py").write_text(text, encoding="utf-8")
    shutil.copytree(ours / "submitted", stock / "submitted")
    for chapter in chapters:
        timed(stock, "nbgrader", "generate_assignment", chapter)
    return ours, stock, count


def main():
    """Parse options, build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=8, help="hand-ins for each chapter (default 8)")
    parser.add_argument("--rounds", type=int, default=3, help="how often both are run (default 3)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--chapters", nargs="*", default=CHAPTERS)
    parser.add_argument("--executed", action="store_true", help="hand-ins with their outputs")
    parser.add_argument("--copies", action="store_true", help="grade hand-ins that are the same file once")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ours, stock, count = build_both(Path(folder), options.students, options.chapters, executed=options.executed)
        print(f"{count} submissions, chapters {options.chapters[0]} … {options.chapters[-1]}, --jobs {options.jobs}")
        ratios = []
        for number in range(options.rounds):
            (ours / "gradebook.db").unlink(missing_ok=True)
            shutil.rmtree(ours / "autograded", ignore_errors=True)
            own = [*options.chapters, "--jobs", str(options.jobs), *([] if options.copies else ["--force"])]
            mine = timed(ours, "grader", "autograde", *own)
            theirs = sum(timed(stock, "nbgrader", "autograde", chapter, "--force") for chapter in options.chapters)
            ratios.append(theirs / mine)
            print(
                f"round {number + 1}: grader {mine:.2f} s ({1000 * mine / count:.0f} ms each), "
                f"nbgrader {theirs:.2f} s ({1000 * theirs / count:.0f} ms each), ratio {ratios[-1]:.1f}"
            )
        print(f"ratio: median {statistics.median(ratios):.1f}, from {min(ratios):.1f} to {max(ratios):.1f}")


if __name__ == "__main__":
    main()
