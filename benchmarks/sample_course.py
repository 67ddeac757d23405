"""A copy of this course in another folder, with hand-ins of the sample students: what the other benchmarks grade."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from grader.course.config import load_config
from grader.sample_class import hand_in, read_class

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = dict(os.environ, PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
ENVIRONMENT["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))


def chapter_ids(numbers):
    """The chapters with these numbers, as ``1-6`` or ``1,3,5``."""
    known = load_config(ROOT).layout.assignment_ids()
    chosen = set()
    for part in numbers.split(","):
        first, _, last = part.partition("-")
        chosen.update(range(int(first), int(last or first) + 1))
    return [name for name in known if int(name.partition("_")[0]) in chosen]


def copy_course(folder):
    """The course as authors have it and as students got it, without any hand-in; its configuration."""
    folder.mkdir(parents=True)
    for name in ("course_config.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "source", folder / "source", ignore=lambda _, names: [n for n in names if "." not in n])
    shutil.copytree(ROOT / "release", folder / "release")
    return load_config(folder)


def hand_in_samples(config, chapters, *, without=()):
    """What the sample students of these chapters hand in; how many submissions."""
    students = [student for student in read_class(ROOT / "samples") if student.student_id not in without]
    return sum(len(hand_in(student, config.layout, config, chapters)) for student in students)


def grader(*arguments):
    """The command line of ``grader``."""
    return [sys.executable, "-m", "grader", *map(str, arguments)]


def run_grader(*arguments, check=True):
    """Run ``grader`` to its end; its output as text."""
    done = subprocess.run(grader(*arguments), check=False, env=ENVIRONMENT, capture_output=True, text=True)
    if check and done.returncode:
        raise SystemExit(f"grader {' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stderr}")
    return done


def timed(folder, *command, package=ROOT):
    """Run a tool (``python -m …``) in a course folder; seconds of wall time. ``package``: where ``grader`` is."""
    path = os.pathsep.join([str(package), ENVIRONMENT["PYTHONPATH"]])
    null = subprocess.DEVNULL
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=dict(ENVIRONMENT, PYTHONPATH=path),
        check=True,
        stdout=null,
        stderr=null,
    )
    return time.perf_counter() - started
