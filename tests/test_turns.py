"""Two graders on one course at once, with a gradebook of each kind."""

import contextlib
import getpass
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import types

import pytest
from click.testing import CliRunner
from small_course import graded, hand_in

from grader.cli.main import main
from grader.errors import GradebookError
from grader.gradebook.store import open_gradebook


@pytest.fixture
def config(new_course, tmp_path):
    """The small course, with a gradebook of each kind."""
    return new_course(tmp_path / "course")


def run(config, *args):
    """Run ``grader autograde``."""
    return CliRunner().invoke(main, ["--course", str(config.root), "autograde", *args])


def us():
    """How we are called."""
    return f"{getpass.getuser()} on {socket.gethostname()} (process {os.getpid()}"


def test_the_second_is_told_who_holds_the_chapter(config, pool):
    """With --no-wait: exit code 1, nothing graded, and who, where and since when."""
    hand_in(config, "ada")
    with open_gradebook(config) as first, first.turn(["01_add"]):
        result = run(config, "--no-wait")
        assert result.exit_code == 1
        assert f"{us()[:40]}" in result.stderr
        assert "is grading 01_add.\nRun this again when that is done" in result.stderr
        document = json.loads(run(config, "--no-wait", "--json").stdout)
        assert document["errors"][0]["type"] == "GradebookError"
    assert pool.asked == []
    assert run(config, "--no-wait").exit_code == 0


def test_the_second_waits_and_then_does_the_rest(config, pool, monkeypatch):
    """It says for whom, and grades nothing again that the first has graded."""
    hand_in(config, "ada")
    assert run(config).exit_code == 0
    with open_gradebook(config) as first, contextlib.ExitStack() as turn:
        turn.enter_context(first.turn(["01_add"]))
        # The first is done as soon as the second waits.
        monkeypatch.setattr("grader.gradebook.turns.time", types.SimpleNamespace(sleep=lambda _: turn.close()))
        result = run(config)
    assert result.exit_code == 0
    assert "is grading 01_add; waiting until that is done" in result.stderr
    assert "1 submission: 1 unchanged" in result.stderr
    assert len(pool.asked) == 1


def test_graders_of_other_chapters_do_not_wait(config, pool):
    """Two people can grade two chapters of one course at once."""
    hand_in(config, "ada", "01_add")
    hand_in(config, "ada", "02_mean")
    pool.answer = lambda task: graded()
    with open_gradebook(config) as first, first.turn(["02_mean"]):
        result = run(config, "01_add", "--no-wait")
    assert result.exit_code == 0, result.stderr


def test_a_turn_is_given_back_however_it_ends(config):
    """At the end of the ``with``, and when an exception ends it."""
    with open_gradebook(config) as store:
        with pytest.raises(ZeroDivisionError), store.turn(["a", "b"]):
            raise ZeroDivisionError
        with store.turn(["a", "b"]):
            pass


def test_nobody_waits_for_the_half_of_what_another_has(config):
    """Who cannot have all chapters at once holds none of them afterwards."""
    with open_gradebook(config) as first, open_gradebook(config) as second, first.turn(["b"]):
        with pytest.raises(GradebookError, match="is grading b"), second.turn(["a", "b"]):
            pass
        with first.turn(["a"]):
            pass


def _hold(config, ready):
    with open_gradebook(config) as store, store.turn(["01_add"]):
        ready.set()
        signal.pause()


def test_a_grader_that_was_killed_leaves_no_lock_behind(config, monkeypatch):
    """SIGKILL in the middle: the next one begins at once, and is not told of a dead man."""
    monkeypatch.setattr("grader.gradebook.turns.POLL_S", 0.05)
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    holder = context.Process(target=_hold, args=(config, ready))
    holder.start()
    assert ready.wait(60)
    with open_gradebook(config) as store:
        with pytest.raises(GradebookError, match=rf"\(process {holder.pid}"), store.turn(["01_add"]):
            pass
        os.kill(holder.pid, signal.SIGKILL)
        holder.join()
        said = []
        with store.turn(["01_add"], said.append):
            pass
    # A server may need a moment to see that the connection is gone; a file does not.
    assert said == [] or config.db_url.startswith("postgresql")


def test_two_commands_at_once_end_with_all_scores(config):
    """For real: both exit with 0, each submission was graded once."""
    for number in range(6):
        hand_in(config, f"s{number}")
    command = [sys.executable, "-m", "grader", "--course", str(config.root), "autograde", "--json", "--jobs", "1"]
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) for _ in "ab"]
    documents = []
    for process in both:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        documents.append(json.loads(out))
    assert sum(document["counts"]["graded"] for document in documents) == 6
    assert sum(document["counts"]["unchanged"] for document in documents) == 6
    for document in documents:
        assert [result["score"] for result in document["results"]] == [3.0] * 6
