"""Is anything lost when something is killed? A class is graded while processes of the grader are killed at random.

    .venv/bin/python benchmarks/kill_at_random.py --kills 100 --seed 1

A class of sample students is graded once without disturbance. Then copies of it are graded while this script sends
SIGKILL, at random moments, to the parent, a pool worker, a judge, a template, a keeper or a student process; every run
that was ended is started again until the class is done (every other time with ``--force`` on top of a class that is
done). Then all is compared with the undisturbed run: scores, verdicts with their messages, every row that nbgrader
reads, every file of ``autograded/``. The gradebook must pass ``PRAGMA integrity_check``; no process, temporary file or
lock may be left. Exit code 0 if all of this holds. The moments are the machine's: a seed repeats the choices, not them.

The sample student whose code never ends is left out for the sake of time, others can be with --without.
"""

import argparse
import collections
import contextlib
import ctypes
import difflib
import fcntl
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sample_course import ENVIRONMENT, chapter_ids, copy_course, grader, hand_in_samples

KINDS = ("parent", "worker", "judge", "template", "keeper", "student")
MAX_RUNS = 60
GONE_S = 20.0
"""So long may the processes of a killed run take to end."""
PR_SET_CHILD_SUBREAPER = 36


def children(pid):
    """The living children of a process."""
    found = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    return found


def is_alive(pid):
    """Whether a process runs; one that nobody has asked about yet does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def by_kind(parent):
    """The processes of a run, by what they are: told from their depth under their worker."""
    found = collections.defaultdict(list)
    found["parent"] = [parent]
    found["worker"] = children(parent)
    for worker in found["worker"]:
        for below in children(worker):
            with contextlib.suppress(OSError):
                command = Path(f"/proc/{below}/cmdline").read_bytes()
                is_template = b"\0-S\0" in command
                found["template" if is_template else "judge"].append(below)
                for depth, pid in descendants(below) if is_template else ():
                    # the process that set up the namespaces > the base > a chapter's template > keeper > the student's
                    found["template" if depth < 3 else "keeper" if depth == 3 else "student"].append(pid)
    return found


def descendants(pid, depth=1):
    """All processes below one, with their depth."""
    for child in children(pid):
        yield depth, child
        yield from descendants(child, depth + 1)


def kill_one(parent, kind, rng, deadline):
    """Kill a process of a kind as soon as there is one; False if there was none until the deadline."""
    while time.monotonic() < deadline and is_alive(parent):
        there = by_kind(parent)[kind]
        if there:
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(there), signal.SIGKILL)
                return True
        time.sleep(0.001)
    return False


def run_once(config, jobs, extra, rng, kinds, left, told):
    """One run of ``grader autograde``, perhaps with kills in it; its exit code and what it said."""
    log = tempfile.TemporaryFile()  # noqa: SIM115 (it ends with the function)
    command = grader("--course", config.root, "autograde", "--jobs", jobs, "--quiet", *extra)
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=log)
    while left and is_alive(process.pid):
        time.sleep(rng.expovariate(1 / 0.7))
        kind = rng.choice(kinds)
        if kill_one(process.pid, kind, rng, time.monotonic() + 3):
            told[kind] += 1
            left -= 1
    code = process.wait()
    log.seek(0)
    return code, log.read().decode(errors="replace"), left


def left_behind():
    """Processes that should have ended: all that have lost their parent become ours."""
    deadline = time.monotonic() + GONE_S
    while True:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        there = [pid for pid in children(os.getpid()) if is_alive(pid)]
        if not there or time.monotonic() > deadline:
            return there
        time.sleep(0.05)


ROWS = {
    "scores": """SELECT sa.student_id, a.name, b.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade
        FROM grade g JOIN submitted_notebook n ON n.id = g.notebook_id JOIN submitted_assignment sa
        ON sa.id = n.assignment_id JOIN assignment a ON a.id = sa.assignment_id JOIN base_cell b ON b.id = g.cell_id""",
    "comments": """SELECT sa.student_id, a.name, s.name, c.auto_comment, c.manual_comment
        FROM comment c JOIN submitted_notebook n ON n.id = c.notebook_id JOIN submitted_assignment sa
        ON sa.id = n.assignment_id JOIN assignment a ON a.id = sa.assignment_id JOIN source_cell s ON s.id = c.cell_id""",
    "submissions": """SELECT sa.student_id, a.name, sa.timestamp, n.late_submission_penalty FROM submitted_assignment sa
        JOIN assignment a ON a.id = sa.assignment_id LEFT JOIN submitted_notebook n ON n.assignment_id = sa.id""",
    "students": "SELECT id FROM student",
    "ours": "SELECT student_id, assignment_id, content_hash, timestamp, repairs, not_graded FROM grader_submission",
    "verdicts": "SELECT student_id, assignment_id, grade_id, position, outcome, score, max_score, message FROM grader_verdict",
}


def everything(config):
    """All that a run leaves: rows without ids and times, and the files of ``autograded/``."""
    with contextlib.closing(sqlite3.connect(config.layout.gradebook_path)) as connection:
        (said,) = connection.execute("PRAGMA integrity_check").fetchone()
        rows = {name: sorted(connection.execute(query).fetchall(), key=repr) for name, query in ROWS.items()}
    rows["integrity"] = [said]
    root = config.layout.autograded_root
    rows["files"] = sorted((str(p.relative_to(root)), p.read_bytes()) for p in root.rglob("*") if p.is_file())
    return rows


def differences(expected, found):
    """What is not as it should be, one line each."""
    said = []
    for name, rows in expected.items():
        lost = collections.Counter(rows) - collections.Counter(found[name])
        more = collections.Counter(found[name]) - collections.Counter(rows)
        if name == "files":
            for path in sorted({path for path, _ in [*lost, *more]}):
                texts = [dict(rows).get(path, b"").decode().splitlines() for rows in (lost, more)]
                said += [f"{path}: {line}" for line in list(difflib.unified_diff(*texts, lineterm="", n=1))[2:12]]
            continue
        said += [f"{name}: lost: {str(row)[:300]}" for row in lost] + [f"{name}: new: {str(row)[:300]}" for row in more]
    return said


def leftovers(config, scratch):
    """Processes, temporary files and locks that a run has left."""
    said = [f"process left: {pid} {Path(f'/proc/{pid}/cmdline').read_bytes()[:200]!r}" for pid in left_behind()]
    said += [f"temporary file left: {path}" for path in [*scratch.iterdir(), *config.root.rglob(".grader-*")]]
    said += [f"temporary file left: {path}" for path in config.root.glob("*-journal")]
    for path in config.layout.state_dir.glob("*.lock"):
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                said.append(f"lock still held: {path}")
    return said


def run_until_done(config, jobs, rng, kinds, left, told, *, force):
    """Grade with kills, again and again, until all is graded; how many kills are left, and how many runs it took."""
    for number in range(1, MAX_RUNS + 1):
        extra = ["--force"] if force and number == 1 else []
        code, said, left = run_once(config, jobs, extra, rng, kinds, left, told)
        if code == 0:
            return left, number
        if stray := left_behind():
            raise SystemExit(f"processes left by a run that ended with {code}: {stray}")
        if code not in (1, -signal.SIGKILL):
            raise SystemExit(f"a run ended with {code}:\n{said}")
        if code == 1 and "failed" not in said:
            raise SystemExit(f"a run ended with 1, and not because something had failed:\n{said}")
    raise SystemExit(f"not done after {MAX_RUNS} runs; the last said:\n{said}")


def main():
    """Parse options, build, kill, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--chapters", default="1-5", help="their numbers, as 1-5 or 1,3 (default 1-5)")
    parser.add_argument("--per-round", type=int, default=12, help="kills before a class is compared (default 12)")
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=KINDS)
    parser.add_argument("--without", nargs="*", default=["sample_endless"], help="sample students to leave out")
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    rng = random.Random(options.seed)
    told = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        place, scratch = Path(folder), Path(folder, "tmp")
        scratch.mkdir()
        ENVIRONMENT["TMPDIR"] = str(scratch)
        config = copy_course(place / "undisturbed")
        count = hand_in_samples(config, chapter_ids(options.chapters), without=options.without)
        started = time.monotonic()
        run_until_done(config, options.jobs, rng, (), 0, told, force=False)
        expected = everything(config)
        print(
            f"{count} submissions, undisturbed: {time.monotonic() - started:.1f} s, --jobs {options.jobs}", flush=True
        )
        left, rounds, wrong = options.kills, 0, []
        while left > 0:
            rounds += 1
            disturbed = copy_course(place / "disturbed")
            shutil.copytree(config.layout.submitted_root, disturbed.layout.submitted_root)
            force = rounds % 2 == 0
            if force:
                shutil.copy(config.layout.gradebook_path, disturbed.layout.gradebook_path)
                shutil.copytree(config.layout.autograded_root, disturbed.layout.autograded_root)
            now = min(left, options.per_round)
            rest, runs = run_until_done(disturbed, options.jobs, rng, options.kinds, now, told, force=force)
            left -= now - rest
            said = differences(expected, everything(disturbed)) + leftovers(disturbed, scratch)
            print(
                f"round {rounds}: {now - rest} kills, {runs} runs{' --force' if force else ''}: {'equal' if not said else ''}",
                flush=True,
            )
            print(*said, sep="\n", end="\n" if said else "", flush=True)
            wrong += said
            shutil.rmtree(disturbed.root)
    kills = ", ".join(f"{told[kind]} {kind}" for kind in KINDS if told[kind])
    print(f"{sum(told.values())} kills ({kills}) in {rounds} rounds, seed {options.seed}: ", end="")
    print(f"{len(wrong)} differences" if wrong else "nothing lost, doubled, different or left behind")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
