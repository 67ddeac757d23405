import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
import types
from pathlib import Path
from typing import ClassVar

import pytest
from judging import SHORT, grade_cell, notebook, spec_for

from grader.course.model import GradedSubmission, Outcome
from grader.execution import pool as pool_module
from grader.execution import wire
from grader.execution.grade import grade
from grader.execution.pool import Pool, Task
from grader.execution.sandbox import process_cpu_s

ROOT = Path(__file__).parent.parent
STUDENT = "def f(x): return x + 1"
SPEC = spec_for([STUDENT], [grade_cell("assert f(1) == 2, 'one more'", points=2)], SHORT)


def task(name, student=STUDENT, spec=SPEC):
    """A submission to grade."""
    return Task((name, spec.assignment_id), notebook((student, "part0"), ("", "test")), spec)


@pytest.fixture(scope="module")
def pool():
    """Two workers."""
    with Pool(2) as made:
        yield made


def graded(results):
    """Scores by student; none of them may be missing."""
    results = {result.key[0]: result for result in results}
    assert not any(result.error for result in results.values())
    return {name: result.graded.score for name, result in results.items()}


def test_every_task_has_one_result(pool):
    """Right, wrong, broken, not a notebook: each is answered under its own key."""
    tasks = [task(f"right{n}") for n in range(6)]
    tasks += [task("wrong", "def f(x): return x"), task("syntax", "def f("), task("exit", "import os\nos._exit(0)")]
    tasks += [Task(("junk", "chapter"), b"not a notebook", SPEC), Task(("empty", "chapter"), b"", SPEC)]
    results = {result.key[0]: result for result in pool.map(tasks)}
    assert len(results) == len(tasks)
    assert {name for name, r in results.items() if r.graded.score == 2} == {f"right{n}" for n in range(6)}
    assert {name for name, r in results.items() if r.graded.not_graded} == {"junk", "empty"}


def test_a_pool_grades_as_one_process_does(pool):
    """The same verdicts and the same notebook."""
    (result,) = pool.map([task("ada", "import random\ndef f(x): return random.random()")])
    alone = grade(task("ada", "import random\ndef f(x): return random.random()").notebook, SPEC)
    assert [(v.outcome, v.message) for v in result.graded.verdicts] == [(v.outcome, v.message) for v in alone.verdicts]
    assert result.graded.notebook == alone.notebook


def test_a_set_has_one_order_in_all_workers():
    """A test that goes through a set of strings shows, and passes to student code, the same everywhere."""
    words = "{'one', 'two', 'three', 'four', 'five', 'six'}"
    spec = spec_for([STUDENT], [grade_cell(f"print(*{words})\nassert f(1) == 2")], SHORT)
    shown = []
    for _ in range(2):
        with Pool(1) as made:
            (result,) = made.map([task("ada", spec=spec)])
            shown.append(result.graded.notebook)
    assert shown[0] == shown[1]


def test_tasks_are_drawn_when_a_worker_is_free(pool):
    """A class of any size needs no more memory than a few submissions."""
    drawn = []

    def lazily():
        for n in range(8):
            drawn.append(n)
            yield task(str(n))

    results = pool.map(lazily())
    next(results)
    assert len(drawn) <= 4
    assert len(list(results)) == 7


def test_each_task_is_graded_by_its_own_spec(pool):
    """Specs that live one after the other in the same place of memory are not taken for each other."""
    for n in range(1, 8):
        spec = spec_for([STUDENT], [grade_cell(f"assert f(1) == 2\nassert f({n}) != {n}", points=n)], SHORT)
        assert graded(pool.map([task("ada", spec=spec)])) == {"ada": n}
        del spec


def test_a_worker_that_dies_costs_a_second_try(pool):
    """Killed in the middle of a submission: it is graded again, and everything else as well."""
    slow = "import time\ntime.sleep(0.5)\n" + STUDENT

    def tasks():
        yield task("slow", slow)
        yield task("other")
        time.sleep(0.2)
        for worker in pool._workers:
            if worker.task is not None and worker.task.key[0] == "slow":
                os.kill(worker.process.pid, signal.SIGKILL)
        yield task("third")

    assert graded(pool.map(tasks())) == {"slow": 2, "other": 2, "third": 2}


class FakeWorker:
    """A worker that grades nothing: it answers with what a list has for it."""

    answers: ClassVar[list] = []
    history: ClassVar[list] = []

    def __init__(self, *_args):
        self.read_fd, write_fd = os.pipe()
        os.close(write_fd)  # always readable
        self.channel = types.SimpleNamespace(read_fd=self.read_fd, close=lambda: None)
        self.task = None

    def give(self, task):
        """Take note of who is being graded beside this one."""
        self.task = task
        FakeWorker.history.append(task.key[0])

    def take(self):
        """The next answer; None stands for death."""
        answer = FakeWorker.answers.pop(0)
        if answer is None:
            raise wire.PeerGone
        timeouts = (self.task.key[0],) if answer == "wall" else ()
        done = GradedSubmission("chapter", {}, (), wall_timeouts=timeouts, wall_s=len(FakeWorker.history))
        return {"graded": done.to_plain()}

    def close(self, *, kill=False):
        """Nothing but a descriptor."""
        os.close(self.read_fd)


@pytest.fixture
def fake_workers(monkeypatch):
    """A pool of such workers; a function that sets their answers and gives the results."""
    monkeypatch.setattr(pool_module, "LocalWorker", FakeWorker)

    def run(tasks, answers, jobs=2):
        FakeWorker.answers, FakeWorker.history = list(answers), []
        with Pool(jobs) as made:
            return list(made.map(tasks))

    return run


def test_a_wall_timeout_is_graded_again_alone_and_then_counts(fake_workers):
    """At the end, when nothing else runs; whatever comes of it the second time is the result."""
    results = fake_workers([task(n) for n in "abcd"], ["wall", "ok", "wall", "ok", "ok", "wall"])
    assert len(results) == 4
    again = FakeWorker.history[4:]
    assert len(again) == 2
    assert {r.key[0] for r in results[-2:]} == set(again)
    assert [bool(r.graded.wall_timeouts) for r in results[-2:]] == [False, True]


def test_a_wall_timeout_happens_twice_for_real():
    """A submission that sleeps is given its second chance, and then it is a timeout."""
    sleepy = "import time\ndef f(x): time.sleep(60)"
    limits = dataclasses.replace(SHORT, cpu_s=0.2, grace_s=0.2)
    with Pool(1) as made:
        started = time.monotonic()
        (result,) = made.map([task("sleepy", sleepy, dataclasses.replace(SPEC, limits=limits))])
        assert time.monotonic() - started > 2 * limits.wall_s
    assert result.graded.verdicts[0].outcome is Outcome.TIMEOUT
    assert result.graded.wall_timeouts == ("test",)


def test_a_submission_that_ends_every_worker_is_named(fake_workers):
    """After the second time it is reported, and the rest of the batch is graded."""
    results = fake_workers([task(n) for n in ("fatal", "a", "b")], [None, None, "ok", "ok"], jobs=1)
    assert [(r.key[0], r.error) for r in results] == [
        ("fatal", "the grading process ended 2 times on this submission"),
        ("a", ""),
        ("b", ""),
    ]
    assert FakeWorker.history == ["fatal", "fatal", "a", "b"]


def test_a_worker_that_dies_while_one_is_graded_alone_is_no_loss(fake_workers):
    """The second chance of a slow submission has a second try too."""
    results = fake_workers([task("a")], ["wall", None, "ok"], jobs=1)
    assert [(r.key[0], r.error) for r in results] == [("a", "")]
    assert FakeWorker.history == ["a", "a", "a"]


def test_a_cpu_timeout_is_not_graded_again(fake_workers):
    """The CPU limit does not depend on what else runs."""
    fake_workers([task(n) for n in "abc"], ["ok"] * 3)
    assert FakeWorker.history == ["a", "b", "c"]


def test_a_test_that_runs_away_on_a_students_number_is_stopped():
    """In the judge, not in the student process: that cell is a timeout, the others are graded."""
    tests = [grade_cell("for _ in range(f(0)): pass", "loop"), grade_cell("assert f(1) == 10**15", "after")]
    spec = spec_for([STUDENT], tests, SHORT)
    work = notebook(("def f(x): return 10**15", "part0"), ("", "loop"), ("", "after"))
    verdicts = grade(work, spec).verdicts
    assert [str(v.outcome) for v in verdicts] == ["timeout", "passed"]
    assert verdicts[0].message == "The test ran away on a value that your code gave it."


def test_a_test_that_eats_memory_on_a_students_number_is_an_error():
    """The judge is under limits too."""
    tests = [grade_cell("x = [0] * f(0)", "eat"), grade_cell("assert f(1) == 10**12", "after")]
    work = notebook(("def f(x): return 10**12", "part0"), ("", "eat"), ("", "after"))
    verdicts = grade(work, spec_for([STUDENT], tests, SHORT)).verdicts
    assert [str(v.outcome) for v in verdicts] == ["error", "passed"]


def alive(pids):
    """Those of some processes that still run."""
    return [
        pid
        for pid in pids
        if Path(f"/proc/{pid}/stat").exists() and b") Z" not in Path(f"/proc/{pid}/stat").read_bytes()
    ]


def children(pid):
    """All descendants of a process."""
    found = [pid]
    for one in found:
        for path in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(word) for word in path.read_text().split()]
    return found[1:]


def wait_for(condition):
    """Wait until something is so, at most half a minute."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_nothing_outlives_a_worker_that_was_killed(monkeypatch):
    """Judge, template, keeper and student process of a killed worker are gone within a moment."""
    monkeypatch.setattr(pool_module, "MAX_TRIES", 1)
    made = Pool(1)
    results = made.map([task("endless", spec=spec_for([STUDENT], [grade_cell("while True: pass")]))])
    thread = threading.Thread(target=lambda: list(results), daemon=True)
    thread.start()
    while not made._workers:
        time.sleep(0.05)
    worker = made._workers[0]
    wait_for(lambda: any(process_cpu_s(pid) > 1 for pid in children(worker.process.pid)))  # the judge, in its loop
    below = children(worker.process.pid)
    assert len(below) >= 4
    try:
        os.kill(worker.process.pid, signal.SIGKILL)
        thread.join(20)
        wait_for(lambda: not alive(below))
    finally:
        made.close()


def test_the_fuzzer_finds_nothing():
    """Some thousand random and mutated messages, both ways; ``python tests/fuzz_wire.py`` sends a million."""
    command = [sys.executable, str(ROOT / "tests" / "fuzz_wire.py"), "--messages", "5000", "--seed", "3"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "judge: {" in done.stdout
    assert "student: {" in done.stdout
