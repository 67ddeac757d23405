"""Stopped, killed, locked out, without room: nothing is lost, and the same command ends as if nothing had happened."""

import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from judging import SHORT, grade_cell, notebook, spec_for
from small_course import SOLVED, answered, graded, hand_in, make_course

from grader.cli.main import main
from grader.course.model import GradedSubmission, Outcome
from grader.errors import GraderError, SandboxError
from grader.execution import grade as grade_module
from grader.execution.grade import Grader
from grader.gradebook import autograded
from grader.gradebook.store import open_gradebook

ROOT = Path(__file__).parent.parent
STUDENTS = [f"s{number}" for number in range(6)]


@pytest.fixture
def config(tmp_path):
    """The small course, with six hand-ins."""
    made = make_course(tmp_path / "course")
    for name in STUDENTS:
        hand_in(made, name)
    return made


def run(config, *args):
    """Run ``grader autograde``."""
    return CliRunner().invoke(main, ["--course", str(config.root), "autograde", *args])


def stored(config):
    """Students with a score in the gradebook, which is sound."""
    with sqlite3.connect(config.layout.gradebook_path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with open_gradebook(config, create=False) as store:
        return [row.student_id for row in store.scores() if not row.not_graded]


def temporary(config):
    """Files that somebody began to write."""
    return list(config.layout.autograded_root.rglob(".grader-*"))


def is_completed_by_a_rerun(config):
    """The same command, once more: everything is graded, and nothing half-written is there."""
    result = run(config)
    assert result.exit_code == 0, result.output
    assert stored(config) == STUDENTS
    assert not temporary(config)
    for name in STUDENTS:
        json.loads(config.layout.autograded_notebook(name, "01_add").read_text())


# --- killed ---


def test_nothing_is_lost_when_processes_are_killed():
    """The short form of the benchmark: real processes, real signals, compared with an undisturbed run."""
    script = ROOT / "benchmarks" / "kill_at_random.py"
    command = [sys.executable, str(script), "--kills", "6", "--seed", "2", "--chapters", "1", "--per-round", "6"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing lost, doubled, different or left behind" in done.stdout


SLOW = "import time\ntime.sleep(0.4)\ndef f(x): return x + 1"
TESTS = [grade_cell("assert f(1) == 2", "first", points=1), grade_cell("assert f(2) == 3", "second", points=1)]
SPEC = spec_for([SLOW], TESTS, SHORT)
NOTEBOOK = notebook((SLOW, "part0"), ("", "first"), ("", "second"))


def grandchildren(pid):
    """All descendants with their depth."""
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            yield 1, child
            yield from ((depth + 1, below) for depth, below in grandchildren(child))


def template_side(pid):
    """The processes below the one that sets up a template, with their depth."""
    for depth, child in grandchildren(pid):
        if depth == 1 and b"\0-S\0" in Path(f"/proc/{child}/cmdline").read_bytes():
            return list(grandchildren(child))
    return []


def judges(pid):
    """Forks of this process."""
    mine = Path(f"/proc/{pid}/cmdline").read_bytes()
    return [c for d, c in grandchildren(pid) if d == 1 and Path(f"/proc/{c}/cmdline").read_bytes() == mine]


VICTIMS = {
    "judge": lambda: judges(os.getpid()),
    "template": lambda: [pid for depth, pid in template_side(os.getpid()) if depth == 2],
    "base": lambda: [pid for depth, pid in template_side(os.getpid()) if depth == 1],
    "keeper": lambda: [pid for depth, pid in template_side(os.getpid()) if depth == 3],
    "student": lambda: [pid for depth, pid in template_side(os.getpid()) if depth == 4],
}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
@pytest.mark.parametrize("victim", VICTIMS)
def test_no_verdict_is_drawn_from_what_was_killed_from_outside(victim):
    """While a cell sleeps, one process is killed: the submission has full marks all the same, and so has the next."""
    killed = []

    def kill():
        deadline = time.monotonic() + 20
        while not killed and time.monotonic() < deadline:
            time.sleep(0.005)
            if VICTIMS["student"]():  # it runs: all the others are there as well
                time.sleep(0.1)
                for pid in VICTIMS[victim]()[:1]:
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)

    with Grader() as grader:
        thread = threading.Thread(target=kill)
        thread.start()
        first = grader.grade(NOTEBOOK, SPEC)
        thread.join()
        assert killed
        assert first.score == 2, first.verdicts
        assert "ended its process" not in json.dumps(first.notebook)
        assert grader.grade(NOTEBOOK, SPEC).verdicts[0].outcome is Outcome.PASSED


def test_a_cell_that_kills_its_own_process_is_a_crash():
    """It does so a second time: then it is believed."""
    suicide = "import os, signal\ndef f(x):\n    os.kill(os.getpid(), signal.SIGKILL)"
    with Grader() as grader:
        made = grader.grade(notebook((suicide, "part0"), ("", "first"), ("", "second")), SPEC)
    assert {verdict.outcome for verdict in made.verdicts} == {Outcome.CRASHED}


def test_a_process_that_is_killed_somewhere_else_each_time_has_no_verdict(monkeypatch):
    """That is nobody's answer; it is given up after a few tries, and no score is drawn from it."""
    tried = []

    def killed(_grader, *_args):
        tried.append(f"cell {len(tried)}")
        return GradedSubmission("chapter", {}, ()), {tried[-1]}

    monkeypatch.setattr(Grader, "_grade_once", killed)
    with Grader() as grader, pytest.raises(SandboxError, match="each time in another cell"):
        grader.grade(NOTEBOOK, SPEC)
    assert len(tried) == grade_module.MAX_KILLS


def test_what_fails_again_and_again_is_named(monkeypatch):
    """And tried no more than a few times."""
    tried = []

    def fail(*_args):
        tried.append(1)
        raise SandboxError("the keeper was lost")

    monkeypatch.setattr(Grader, "_grade", fail)
    with Grader() as grader, pytest.raises(SandboxError, match="the keeper was lost"):
        grader.grade(NOTEBOOK, SPEC)
    assert len(tried) == grade_module.MAX_FAILURES


# --- stopped ---


def interrupting(*signals, at="s2"):
    """An answer that sends signals to us while a submission is graded."""

    def answer(task):
        if task.key[0] == at:
            for number in signals:
                os.kill(os.getpid(), number)
                time.sleep(0.01)
        return graded()

    return answer


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_finishes_what_is_in_hand(config, pool, number, code):
    """It is written, the rest is not begun, and it is said how to go on."""
    pool.answer = interrupting(number)
    result = run(config)
    assert result.exit_code == code
    assert stored(config) == STUDENTS[:3]
    assert "3 of 6 submissions are done and stored, 3 are left" in result.stderr
    assert "Run the same command again for the rest." in result.stderr
    pool.answer, pool.asked = lambda task: graded(), []
    is_completed_by_a_rerun(config)
    assert [student for student, _ in pool.asked] == STUDENTS[3:]


def test_a_second_signal_stops_at_once(config, pool):
    """What was finished before is kept; what was in hand is not there by half."""
    pool.answer = interrupting(signal.SIGINT, signal.SIGINT)
    result = run(config)
    assert result.exit_code == 130
    assert "run the same command again" in result.stderr
    assert stored(config) == STUDENTS[:2]
    pool.answer = lambda task: graded()
    is_completed_by_a_rerun(config)


def test_a_signal_at_the_very_end_changes_nothing(config, pool):
    """There is no rest: the run is whole."""
    pool.answer = interrupting(signal.SIGINT, at="s5")
    assert run(config).exit_code == 0
    assert stored(config) == STUDENTS


def test_a_stopped_run_answers_in_json_too(config, pool):
    """One document: what is done, and that it was stopped."""
    pool.answer = interrupting(signal.SIGINT)
    result = run(config, "--json", "--quiet")
    document = json.loads(result.stdout)
    assert [each["student_id"] for each in document["results"]] == STUDENTS[:3]
    assert "3 are left" in document["errors"][0]["message"]
    assert result.exit_code == 130


def test_ctrl_c_for_real(config):
    """Processes, and the signal from outside: exit code 130, then the rest."""
    for name in STUDENTS:
        slow = {**SOLVED, "add": "import time\ntime.sleep(0.3)\n" + SOLVED["add"]}
        hand_in(config, name, notebook=answered(config, slow, by=name))
    command = [sys.executable, "-m", "grader", "--course", str(config.root), "autograde", "--jobs", "1"]
    command += ["--progress", "json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
    with open_gradebook(config), process:  # (it is made by now, or made here: both may)
        assert json.loads(process.stderr.readline())["event"] == "start"
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130, said
    assert '"event": "stopping"' in said
    assert 0 < len(stored(config)) < 6
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert stored(config) == STUDENTS


# --- no room, no permission ---

PLACES = ("mkdir", "write", "replace", "unlink")


@pytest.mark.parametrize("place", PLACES)
def test_a_full_disk_is_one_message(config, pool, monkeypatch, place):
    """Whatever call is refused: the run ends there, what was stored is whole, and a rerun completes it."""
    calls = {
        "mkdir": (Path, "mkdir"),
        "write": (Path, "write_bytes"),
        "replace": (autograded.os, "replace"),
        "unlink": (Path, "unlink"),
    }
    owner, name = calls[place]
    real = getattr(owner, name)
    if place == "unlink":
        assert run(config).exit_code == 0
        for student in STUDENTS:
            (config.layout.autograded_dir(student, "01_add") / "old.txt").write_text("from an earlier hand-in")
            hand_in(config, student, notebook=answered(config, {"add": SOLVED["add"]}, by=student))

    def refuse(first, *args, **kwargs):
        path = args[0] if place == "replace" else first
        if "autograded" in Path(path).parts and set(STUDENTS[2:]) & set(Path(path).parts):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return real(first, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, refuse)
        result = run(config)
    assert result.exit_code == 1
    assert result.stderr.count("No space left on device") == 1
    assert "Make room" in result.stderr
    assert "Traceback" not in result.output
    assert {"s0", "s1"} <= set(stored(config))
    is_completed_by_a_rerun(config)


def test_the_gradebooks_disk_is_full(config, pool):
    """The kernel refuses a larger file: SQLite gives up the batch, what was there stays whole, a rerun completes."""
    assert run(config, "--student", "s0").exit_code == 0
    size = config.layout.gradebook_path.stat().st_size
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}));"
        "sys.path.insert(0, sys.argv.pop(1)); from small_course import FakePool; import grader.cli.autograde as a;"
        "a.grading_pool = FakePool().stand_in; from grader.cli.main import main; main()"
    )
    for number in range(40):  # more rows than fit
        hand_in(config, f"t{number:02}")
    command = [sys.executable, "-c", script, str(ROOT / "tests"), "--course", str(config.root), "autograde"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 1, done.stderr
    assert "gradebook.db: the disk" in done.stderr
    assert done.stderr.count("run this again") == 1
    assert "Traceback" not in done.stderr
    assert stored(config) == ["s0"]
    assert run(config).exit_code == 0
    assert len(stored(config)) == 46


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_graded(config, pool, monkeypatch):
    """Of one file in its place, too."""
    config.layout.autograded_root.write_text("")
    result = run(config)
    assert result.exit_code == 1
    assert "autograded: graded notebooks cannot be written here: it is no folder" in result.stderr
    assert pool.asked == []
    config.layout.autograded_root.unlink()
    with monkeypatch.context() as patch:
        # root may write everywhere
        patch.setattr(autograded.os, "access", lambda path, mode: mode != os.W_OK | os.X_OK)
        result = run(config)
    assert result.exit_code == 1
    assert "it is read-only for you" in result.stderr
    assert "Nothing was graded" in result.stderr
    is_completed_by_a_rerun(config)


def test_one_students_folder_costs_only_that_student(config, pool, monkeypatch):
    """The others' can be written."""
    real = Path.write_bytes

    def refuse(path, content):
        if "s2" in path.parts:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", refuse)
        result = run(config)
    assert result.exit_code == 1
    assert "s2/01_add" in result.stderr
    assert stored(config) == [name for name in STUDENTS if name != "s2"]
    is_completed_by_a_rerun(config)


# --- two at once, and what a dead one has left ---


def test_what_a_killed_run_has_left_is_cleared(config, pool):
    """A temporary file beside a notebook that has not changed; only of the chapters of this run."""
    assert run(config).exit_code == 0
    mark = config.layout.state_dir / "01_add.grading"
    assert not mark.exists()
    left = config.layout.autograded_dir("s1", "01_add") / ".grader-0123456789abcdef"
    elsewhere = config.layout.autograded_dir("s1", "02_mean") / ".grader-0123456789abcdef"
    elsewhere.parent.mkdir(parents=True)
    for path in (left, elsewhere):
        path.write_text("half a note")
    mark.write_text("")
    assert run(config, "01_add").exit_code == 0
    assert not left.exists()
    assert elsewhere.exists()
    assert not mark.exists()


def test_ctrl_c_ends_the_wait_for_another_grader(config, pool):
    """There is nothing in hand that could be finished first."""
    with open_gradebook(config) as store, store.turn(["01_add"]):
        timer = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT))
        timer.start()
        result = run(config)
        timer.join()
    assert result.exit_code == 130
    assert "waiting until that is done" in result.stderr
    assert pool.asked == []
    is_completed_by_a_rerun(config)


def test_a_batch_that_met_a_lock_is_written_when_the_run_ends(config, pool, monkeypatch):
    """Another program was writing for a moment: what was graded is not thrown away."""
    from grader.gradebook.store import Store

    real = Store.write_batch
    met = []

    def busy_once(store, submissions):
        if submissions and not met:
            met.append(1)
            raise GraderError("another program has been writing to the gradebook for some seconds.")
        return real(store, submissions)

    monkeypatch.setattr(Store, "write_batch", busy_once)
    monkeypatch.setattr("grader.gradebook.grading.BATCH", 2)
    assert run(config).exit_code == 1
    assert stored(config) == STUDENTS[:2]


def test_results_are_not_kept(config, pool, monkeypatch):
    """What the command remembers of a submission is a line, not its verdicts."""
    kept = []
    monkeypatch.setattr("grader.cli.autograde._show", lambda c, s, results, *a, **k: kept.extend(results))
    assert run(config).exit_code == 0
    assert len(kept) == 6
    assert all(result.graded is None for result in kept)


# --- how far it is ---


def events(result):
    """The JSON lines on stderr."""
    return [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]


def test_progress_for_machines_is_a_line_a_submission(config, pool):
    """And one at the start and at the end, with what took longest."""
    pool.answer = lambda task: GradedSubmission("01_add", {}, (), not_graded="empty.") if "s4" in task.key else graded()
    result = run(config, "--progress", "json")
    start, *done, message, last, end = events(result)
    assert start == {"event": "start", "total": 6}
    assert [each["event"] for each in done] == ["done"] * 5
    assert {key: done[0][key] for key in ("student_id", "assignment_id", "status", "score", "done", "total")} == {
        "student_id": "s0",
        "assignment_id": "01_add",
        "status": "graded",
        "score": 3.0,
        "done": 1,
        "total": 6,
    }
    assert message["event"] == "message"
    assert "not graded: empty." in message["text"]
    assert last["done"] == 6
    assert end["counts"] == {"graded": 5, "unchanged": 0, "not graded": 1, "failed": 0}
    assert end["slowest_submissions"][0] == {"name": "s0/01_add", "seconds": 0.5}
    assert [line for line in result.stderr.splitlines() if not line.startswith("{")] == [
        line for line in result.stderr.splitlines() if line.startswith("6 submissions")
    ]


def test_the_slowest_are_named(config, pool):
    """Submissions and cells; not to one who asked for quiet."""
    said = run(config, "--force").stderr
    assert "slowest submissions:\n     0.50 s  s0/01_add\n" in said
    assert "slowest cells:\n" in said
    assert "slowest" not in run(config, "--force", "--quiet").stderr
    assert "slowest" not in run(config).stderr  # nothing was graded


def test_without_a_terminal_progress_is_quiet(config, pool):
    """Only the summary."""
    lines = run(config, "--student", "s0").stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("1 submission: 1 graded")


def test_a_terminal_shows_a_bar_with_what_is_being_graded(config, pool, tmp_path):
    """How many, how fast, how long still, and who, in 80 columns."""
    import pty

    import rich  # noqa: F401 (needed in the child as well)

    script = (
        "import sys, time; sys.path.insert(0, sys.argv.pop(1)); from small_course import FakePool, graded;"
        "import grader.cli.autograde as a; import grader.gradebook.grading as g;"
        "g.BATCH = 1;"  # each is stored, and told, by itself
        "a.grading_pool = FakePool(lambda task: time.sleep(0.6) or graded()).stand_in;"
        "from grader.cli.main import main; main()"
    )
    parent, child = pty.openpty()
    command = [sys.executable, "-c", script, str(ROOT / "tests"), "--course", str(config.root), "autograde"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=child, env=environment)
    os.close(child)
    said = b""
    while True:
        try:
            chunk = os.read(parent, 4096)
        except OSError:
            break
        if not chunk:
            break
        said += chunk
    os.close(parent)
    assert process.wait() == 0
    text = said.decode()
    assert "2/6" in text
    assert "/s" in text
    assert "s3/01_add" in text
