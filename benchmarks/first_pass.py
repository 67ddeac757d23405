"""What a first pass by another interpreter gains and whether it changes a score: the sample class with and without.

    .venv/bin/python benchmarks/first_pass.py --rounds 3
    .venv/bin/python benchmarks/first_pass.py --interpreter /opt/pypy3.10/bin/pypy3 --chapters 07_final_project

Each submission is graded by CPython alone and with the first pass, alternately, one at a time; every verdict is compared.
Look at the ratios; seconds are this machine's. "Accepted" had full marks in the first pass; of the others the reason
why CPython was asked is counted. The exit code is 1 if a verdict differs.
"""

import argparse
import collections
import dataclasses
import json
import statistics
import time
from pathlib import Path

from grader.authoring.release import grading_spec, load_assignment, release_notebook
from grader.course.config import load_config
from grader.course.model import ACCEPTED
from grader.execution.first_pass import find_interpreter
from grader.execution.grade import Grader
from grader.sample_class import built_notebook, read_class, solutions

ROOT = Path(__file__).resolve().parent.parent


def cells_of(graded):
    """What must be equal: outcome and score of each grade cell, and whether it was graded at all."""
    return graded.not_graded, [(verdict.grade_id, verdict.outcome, verdict.score) for verdict in graded.verdicts]


def submissions(config, chapter, wanted):
    """Names and notebooks of the sample students who handed the chapter in."""
    released, solved = release_notebook(load_assignment(config, chapter)), solutions(config.layout, chapter)
    for student in read_class(ROOT / "samples"):
        for story in student.chapters:
            if story.assignment_id == chapter and (not wanted or student.student_id in wanted):
                yield student.student_id, json.dumps(built_notebook(story, released, solved)).encode()


def timed(grader, notebook, spec):
    """A graded submission, and the wall time that it took."""
    started = time.perf_counter()
    graded = grader.grade(notebook, spec)
    return graded, time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interpreter", default="pypy3")
    parser.add_argument("--chapters", nargs="*", default=["06_training_loop", "07_final_project"])
    parser.add_argument("--students", nargs="*", default=[], help="of samples/; all by default")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    config = load_config(ROOT)
    interpreter = find_interpreter(options.interpreter, "--interpreter")
    print(f"CPython alone, and with a first pass by {interpreter.version}; {options.rounds} rounds")
    differences = 0
    for chapter in options.chapters:
        alone = grading_spec(config, chapter)
        with_pass = dataclasses.replace(alone, first_pass=interpreter)
        ratios, reasons, totals = [], collections.Counter(), [0.0, 0.0]
        print(f"\n{chapter}\n  {'student':24} {'CPython':>9} {'first pass':>11} {'ratio':>6}")
        with Grader() as grader:
            named = list(submissions(config, chapter, options.students))
            if named:  # both templates are warm
                timed(grader, named[0][1], alone)
                timed(grader, named[0][1], with_pass)
            for name, notebook in named:
                seconds = [[], []]
                for _ in range(options.rounds):
                    for kind, spec in enumerate((alone, with_pass)):
                        graded, took = timed(grader, notebook, spec)
                        seconds[kind].append(took)
                        if kind == 0:
                            expected = cells_of(graded)
                        elif cells_of(graded) != expected:
                            differences += 1
                            print(f"  {name}: DIFFERENT: {expected} and {cells_of(graded)}")
                medians = [statistics.median(each) for each in seconds]
                totals = [total + median for total, median in zip(totals, medians, strict=True)]
                said = "" if graded.first_pass == ACCEPTED else graded.first_pass
                reasons[graded.first_pass] += 1
                ratio = medians[0] / medians[1]
                if not said:
                    ratios.append(ratio)
                print(f"  {name:24} {medians[0]:7.2f} s {medians[1]:9.2f} s {ratio:6.2f}  {said[:60]}", flush=True)
        if ratios:
            spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
            print(f"  accepted {len(ratios)} of {len(named)}: ratio {statistics.median(ratios):.2f} ({spread})")
        print(f"  all: {totals[0]:.1f} s and {totals[1]:.1f} s, ratio {totals[0] / max(totals[1], 1e-9):.2f}")
    print(f"\nverdicts that differ: {differences}")
    raise SystemExit(bool(differences))


if __name__ == "__main__":
    main()
