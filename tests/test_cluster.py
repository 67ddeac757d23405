"""Grading on a Dask cluster: a real scheduler and real workers, on loopback."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from judging import SHORT, grade_cell, notebook, spec_for
from small_course import SOLVED, answered, hand_in

from grader.cli.main import main
from grader.course.model import Limits
from grader.errors import ClusterError
from grader.execution import cluster as cluster_module
from grader.execution.cluster import ClusterPool
from grader.execution.pool import Pool, Task
from grader.gradebook.store import open_gradebook

ROOT = Path(__file__).parent.parent
STUDENT = "def f(x): return x + 1"
SPEC = spec_for([STUDENT], [grade_cell("assert f(1) == 2, 'one more'", points=2)], SHORT)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def task(name, student=STUDENT, spec=SPEC):
    """A submission to grade."""
    return Task((name, spec.assignment_id), notebook((student, "part0"), ("", "test")), spec)


class Cluster:
    """A scheduler and its workers as processes of their own, each started as its documentation says."""

    def __init__(self, folder):
        self.file = folder / "scheduler.json"
        self.folder = folder
        self._processes = []
        self._start("scheduler", "--port", "0", "--scheduler-file", str(self.file))
        wait_for(lambda: self.file.exists() and self.file.read_text().endswith("}"))
        self.address = json.loads(self.file.read_text())["address"]

    def _start(self, what, *words, path=ROOT):
        command = [sys.executable, "-m", "dask", what, "--host", "127.0.0.1", "--no-dashboard", *words]
        environment = {**os.environ, "PYTHONPATH": str(path), "PYTHONWARNINGS": "ignore"}
        environment["DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE"] = "False"
        log = (self.folder / f"{what}-{len(self._processes)}.log").open("wb")
        with log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=self.folder)
        self._processes.append(process)
        return process

    def worker(self, *, threads=1, path=ROOT):
        """Start a worker."""
        return self._start("worker", self.address, "--nthreads", str(threads), "--no-nanny", path=path)

    def close(self):
        """End everything at once."""
        for process in self._processes:
            process.kill()
            process.wait()


def wait_for(condition, seconds=60):
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A cluster of two workers that the tests share; it must be left as it was."""
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    made.worker()
    made.worker()
    yield made
    made.close()


@pytest.fixture
def own(tmp_path):
    """A scheduler without workers; whoever takes it starts them."""
    made = Cluster(tmp_path)
    yield made
    made.close()


@contextlib.contextmanager
def pool_of(made, workers, **more):
    """A pool, once so many workers are there; and what it has said."""
    said = []
    with ClusterPool(made.address, say=said.append, **more) as pool:
        wait_for(lambda: pool._look(now=True) or len(pool._threads) >= workers)
        yield pool, said


# --- the same scores ---


def everything(result):
    """All of a result that does not measure time."""
    plain = result.graded.to_plain()
    for verdict in plain["verdicts"]:
        del verdict["seconds"]
    return {key: value for key, value in plain.items() if key not in ("cpu_s", "wall_s")}


def test_scores_are_those_of_the_local_pool_cell_by_cell(shared):
    """Right, wrong, broken, leaving, endless, unreadable: verdicts, messages and notebooks."""
    tests = [grade_cell("assert f(1) == 2", "first", points=2), grade_cell("assert f(f(1)) == 3", "second")]
    spec = spec_for([STUDENT], tests, SHORT)
    students = {
        "right": STUDENT,
        "wrong": "def f(x): return x",
        "random": "import random\ndef f(x): return random.random()",
        "syntax": "def f(",
        "exit": "import os\ndef f(x): os._exit(0)",
        "endless": "def f(x):\n    while True: pass",
        "prints": "print('hello')\ndef f(x):\n    print(x)\n    return x + 1",
    }
    tasks = [
        Task((name, "chapter"), notebook((student, "part0"), ("", "first"), ("", "second")), spec, {"data.txt": b"\0"})
        for name, student in students.items()
    ]
    tasks.append(Task(("junk", "chapter"), b"not a notebook", spec))
    with Pool(2) as local:
        expected = {result.key: everything(result) for result in local.map(tasks)}
    with pool_of(shared, 2) as (pool, said):
        found = {result.key: everything(result) for result in pool.map(tasks)}
        assert {slot.address for slot in pool._workers} == set(pool._threads)
    assert found == expected
    assert said == []


def test_the_command_grades_on_the_cluster(shared, course):
    """``--scheduler``: the same gradebook as without; a second run has nothing to do."""
    for number in range(4):
        hand_in(course, f"s{number}", notebook=answered(course, SOLVED if number else {}))
    run = lambda *args: CliRunner().invoke(main, ["--course", str(course.root), "autograde", *args])  # noqa: E731

    def rows():
        with open_gradebook(course) as store:
            return [(row.student_id, row.grade_id, row.outcome, row.score, row.message) for row in store.verdicts()]

    result = run("--scheduler", shared.address)
    assert result.exit_code == 0, result.stderr
    on_cluster = rows()
    assert "4 unchanged" in run("--scheduler", str(shared.file)).stderr
    assert run("--force", "--scheduler", str(shared.file), "--jobs", "1").exit_code == 0
    assert rows() == on_cluster
    assert run("--force").exit_code == 0
    assert rows() == on_cluster
    assert [score for *_, score, _ in on_cluster[:3]] == [0.0, 0.0, 0.0]


def test_no_more_is_handed_out_than_workers_can_have(shared):
    """A class of any size needs no more memory than a few submissions."""
    drawn = []

    def lazily():
        for n in range(12):
            drawn.append(n)
            yield task(str(n))

    with pool_of(shared, 2) as (pool, _):
        results = pool.map(lazily())
        next(results)
        assert len(drawn) <= 5
        assert len(list(results)) == 11
    drawn.clear()
    with pool_of(shared, 2, jobs=1) as (pool, _):
        next(pool.map(lazily()))
        assert len(drawn) == 2  # the next one is handed out before the last one is told


def test_a_spec_is_sent_once_to_each_worker(shared, monkeypatch):
    """A chapter's text is larger than a submission."""
    sent = []
    submit = ClusterPool.submit

    def watched(self, payload, address):
        sent.append((address, "new_spec" in json.loads(payload)))
        return submit(self, payload, address)

    monkeypatch.setattr(ClusterPool, "submit", watched)
    with pool_of(shared, 2) as (pool, _):
        list(pool.map([task(str(n)) for n in range(12)]))
    # Those that set out before the first answer was back carry it too: as many as a worker has slots.
    assert sum(with_text for _, with_text in sent) <= 4
    assert len(sent) == 12


def test_a_submission_that_passed_only_its_wall_limit_is_graded_again_alone(shared):
    """As on one machine."""
    limits = Limits(cpu_s=0.1, grace_s=0.1)
    sleepy = spec_for([STUDENT], [grade_cell("f(1)")], limits)
    with pool_of(shared, 2) as (pool, _):
        results = list(pool.map([task("sleepy", "import time\ndef f(x): time.sleep(60)", sleepy), task("ada")]))
    assert [result.key[0] for result in results] == ["ada", "sleepy"]
    assert results[1].graded.wall_timeouts == ("test",)


# --- what is lost ---


def children(pid):
    """The children of a process."""
    return [int(w) for path in Path(f"/proc/{pid}/task").glob("*/children") for w in path.read_text().split()]


def test_a_killed_workers_submissions_are_graded_by_another(own):
    """SIGKILL in the middle: all are graded, and it is said."""
    first, _ = own.worker(), own.worker()
    slow = "import time\ntime.sleep(0.4)\n" + STUDENT
    with pool_of(own, 2) as (pool, said):
        results = {}
        for result in pool.map(task(f"s{n}", slow) for n in range(10)):
            results[result.key[0]] = result
            if len(results) == 2:
                os.kill(first.pid, signal.SIGKILL)
        assert len(pool._threads) == 1
    assert {name: result.graded.score for name, result in results.items()} == {f"s{n}": 2.0 for n in range(10)}
    assert any("this worker is lost" in text for text in said)


def test_a_submission_that_kills_workers_is_reported_and_not_tried_for_ever(own):
    """The one that is in hand when its worker dies, three times; those beside it are graded."""
    fatal = "import time\ntime.sleep(8)\n" + STUDENT
    limits = Limits(cpu_s=0.5, grace_s=20)
    spec = spec_for([STUDENT], [grade_cell("assert f(1) == 2", points=2)], limits)
    own.worker()
    killed = []
    with pool_of(own, 1) as (pool, _):

        def reaper():
            while len(killed) < 3:
                held = [slot for slot in pool._workers if slot.task and slot.task.key[0] == "fatal" and slot.future]
                alive = [process for process in own._processes[1:] if process.poll() is None]
                if held and alive and any(children(process.pid) for process in alive):
                    time.sleep(0.3)
                    killed.append(alive[0].pid)
                    own.worker()
                    alive[0].kill()
                    alive[0].wait()
                time.sleep(0.1)

        thread = threading.Thread(target=reaper, daemon=True)
        thread.start()
        results = {r.key[0]: r for r in pool.map([task("fatal", fatal, spec), task("a", spec=spec)])}
        thread.join(1)
    assert results["fatal"].error == "the grading process ended 3 times on this submission"
    assert results["a"].graded.score == 2.0


def test_a_process_that_dies_on_a_worker_costs_a_try_and_not_the_worker(own):
    """Each slot of a worker grades in a child of its own."""
    worker = own.worker()
    slow = "import time\ntime.sleep(1)\n" + STUDENT
    with pool_of(own, 1) as (pool, said):
        results = pool.map([task("first"), task("slow", slow), task("last")])
        collected = [next(results)]
        time.sleep(0.4)
        for child in children(worker.pid):
            if b"grader.execution.pool" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(child, signal.SIGKILL)
        collected += results
    assert {result.key[0]: result.graded.score for result in collected} == {"first": 2.0, "slow": 2.0, "last": 2.0}
    assert not any("lost" in text for text in said)
    assert worker.poll() is None


def test_when_all_workers_are_gone_that_is_said(own, monkeypatch):
    """After a while; nothing is taken for graded."""
    worker = own.worker()
    slow = "import time\ntime.sleep(1)\n" + STUDENT
    with pool_of(own, 1) as (pool, _):
        monkeypatch.setattr(cluster_module, "WORKERS_WAIT_S", 1.5)
        results = pool.map([task("a", slow), task("b", slow)])
        threading.Timer(0.7, worker.kill).start()
        with pytest.raises(ClusterError, match=r"no workers for 2 s\.\nStart some: dask worker tcp"):
            list(results)


def test_a_scheduler_that_ends_in_the_middle_is_said(own):
    """One error, with how to go on."""
    own.worker()
    slow = "import time\ntime.sleep(3)\n" + STUDENT
    with pool_of(own, 1) as (pool, _):
        results = pool.map([task("a", slow)])
        threading.Timer(1.0, own._processes[0].kill).start()
        started = time.monotonic()
        with pytest.raises(ClusterError, match="What was graded is kept") as caught:
            list(results)
        assert time.monotonic() - started < 60
        assert caught.value.place == own.address


# --- who may not join ---


def test_a_worker_with_another_version_is_not_used(own, tmp_path):
    """It is named, with what is different; alone, it is an error and nothing is graded."""
    other = tmp_path / "other"
    shutil.copytree(ROOT / "grader", other / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    (other / "grader" / "__init__.py").write_text('__version__ = "0.0.1"\n')
    own.worker(path=other)
    with pytest.raises(ClusterError, match=r"no worker can be used: tcp.* it has this tool 0\.0\.1, here it is"):
        ClusterPool(own.address, say=lambda text: None)
    own.worker()
    with pool_of_any(own) as (pool, said):
        results = list(pool.map([task("a"), task("b")]))
        assert len(pool._threads) == 1
    assert [result.graded.score for result in results] == [2.0, 2.0]
    assert any("this worker is not used: it has this tool 0.0.1" in text for text in said)


@contextlib.contextmanager
def pool_of_any(made):
    """A pool as soon as one worker can be used."""
    said = []
    deadline = time.monotonic() + 60
    while True:
        try:
            pool = ClusterPool(made.address, say=said.append)
            break
        except ClusterError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    with pool:
        yield pool, said


def test_a_worker_without_the_tool_is_not_used(own, tmp_path):
    """An environment of something else: said in one line."""
    (tmp_path / "empty" / "grader").mkdir(parents=True)
    (tmp_path / "empty" / "grader" / "__init__.py").write_text("")
    own.worker(path=tmp_path / "empty")
    with pytest.raises(ClusterError, match="it does not have this version of the tool") as caught:
        ClusterPool(own.address, say=lambda text: None)
    assert "Give the workers the same Python" in caught.value.hint


# --- what cannot even start ---


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "node1", "http://node1:80", "tcp://node1", ""])
def test_a_scheduler_that_is_not_there_is_said(course, monkeypatch, address):
    """Exit code 1, one error, also as JSON; nothing is graded."""
    monkeypatch.setattr(cluster_module, "CONNECT_S", 1.0)
    hand_in(course, "ada")
    command = ["--course", str(course.root), "autograde", "--json", "--scheduler", address]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1, result.output
    (error,) = json.loads(result.stdout)["errors"]
    assert error["type"] == "ClusterError"
    assert error["message"].startswith("the scheduler cannot be reached: ")
    assert "Traceback" not in result.stderr


def test_something_that_listens_and_never_answers_is_said(monkeypatch):
    """A wrong port: Dask's own client would wait for ever."""
    monkeypatch.setattr(cluster_module, "CONNECT_S", 1.0)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(ClusterError, match="the scheduler cannot be reached: no answer after 1 s"):
            ClusterPool(f"tcp://127.0.0.1:{silent.getsockname()[1]}")


def test_a_scheduler_without_workers_is_said(own, monkeypatch):
    """After the waiting time, with how one is started."""
    monkeypatch.setattr(cluster_module, "WORKERS_WAIT_S", 1.0)
    said = []
    with pytest.raises(ClusterError, match="no workers for 1 s"):
        ClusterPool(own.address, say=said.append)
    assert said == [f"{own.address}: there are no workers; waiting for some (Ctrl-C to stop)."]


def test_dask_is_an_extra(monkeypatch):
    """Without it, which one to install."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install 'mlp-grader\[dask\]'"):
        ClusterPool("tcp://127.0.0.1:1")


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b'{"graded": 3}', b'{"graded": {"verdicts": [1]}}', 5, None])
def test_an_answer_that_is_none_of_ours_is_no_score(answer):
    """It is parsed as data; what does not fit is this submission's error, never the batch's."""

    class Future:
        status = "finished"

        def result(self, timeout):
            return answer

    class Nobody:
        def digest(self, spec):
            return ""

        def has_forgotten(self, address):
            pass

    slot = cluster_module._Slot(Nobody(), "tcp://node1:1")
    slot.task, slot.future = task("ada"), Future()
    assert slot.take() == {"error": "tcp://node1:1: the worker's answer is none of ours."}
