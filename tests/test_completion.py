"""``grader completion``, and what Tab then offers."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_course import hand_in, make_course

from grader.authoring.release import grading_spec
from grader.cli import main as cli
from grader.cli.completion import SHELLS
from grader.gradebook.store import ScoredSubmission, open_gradebook


@pytest.fixture
def config(tmp_path):
    """Two chapters; ada has handed in, bob is in the gradebook only, and one folder has a name for an attack."""
    from small_course import graded

    config = make_course(tmp_path / "course")
    hand_in(config, "ada")
    (config.layout.submitted_root / "$(touch owned)").mkdir()
    (config.layout.submitted_root / "two words").mkdir()
    with open_gradebook(config) as store:
        store.sync_assignment("01_add", grading_spec(config, "01_add").cells)
        store.write_batch([ScoredSubmission("bob", graded())])
    return config


def offered(config, *words, shell="bash"):
    """What the shell is offered for the last word."""
    env = {
        "_GRADER_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": " ".join(["grader", *words]),
        "COMP_CWORD": str(len(words)),
    }
    result = CliRunner().invoke(cli.main, [], env=env, prog_name="grader")
    assert result.stderr == ""
    return [line.partition(",")[2] for line in result.stdout.splitlines() if line]


@pytest.fixture(autouse=True)
def _in_the_course(config, monkeypatch):
    monkeypatch.chdir(config.root)


def test_commands_complete_without_being_imported(config):
    """In the order of a term."""
    assert offered(config, "re") == [name for name in cli.LazyGroup().list_commands(None) if name.startswith("re")]
    assert "report" in offered(config, "re")


@pytest.mark.parametrize("command", ["autograde", "report", "generate"])
def test_chapters_complete(config, command):
    """Those that were not named yet."""
    assert offered(config, command, "0") == ["01_add", "02_mean"]
    assert offered(config, command, "01_add", "0") == ["02_mean"]


def test_students_complete_but_never_what_a_shell_would_run(config):
    """Of submitted/ and of the gradebook; a name that needs quotes is not offered."""
    assert offered(config, "report", "--student", "") == ["ada", "bob"]
    assert offered(config, "autograde", "-s", "a") == ["ada"]


def test_options_and_their_choices_complete(config):
    """As click completes them."""
    assert "--html" in offered(config, "report", "--h")
    assert offered(config, "completion", "") == list(SHELLS)


def test_the_course_may_be_named(config, tmp_path, monkeypatch):
    """Before the command."""
    monkeypatch.chdir(tmp_path)
    assert offered(config, "report", "0") == []
    assert offered(config, "--course", str(config.root), "report", "0") == ["01_add", "02_mean"]


def test_tab_says_nothing_of_a_broken_course(config):
    """No traceback in the middle of a line."""
    (config.root / "course_config.py").write_text("1 / 0\n")
    assert offered(config, "report", "0") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_for_that_shell(shell):
    """It calls grader, and the shell itself can read it, where there is one."""
    result = CliRunner().invoke(cli.main, ["completion", shell])
    assert result.exit_code == 0
    assert f"_GRADER_COMPLETE={shell}_complete" in result.stdout
    program = shutil.which(shell)
    if program:
        done = subprocess.run([program, "-n"], input=result.stdout, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_a_student(config):
    """From the script to what stands in the line, in a real bash."""
    script = CliRunner().invoke(cli.main, ["completion", "bash"]).stdout
    call = f"""{script}
COMP_WORDS=(grader report --student b); COMP_CWORD=3
_grader_completion grader b --student
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash"],
        input=call,
        capture_output=True,
        text=True,
        check=True,
        cwd=config.root,
        env={**os.environ, "PATH": path},
    )
    assert done.stdout.split() == ["bob"]
