import json
import subprocess
import sys
import time

import click
import pytest
from click.testing import CliRunner
from small_course import hand_in, make_course

from grader.cli import main as cli
from grader.errors import AnnotationError, CourseErrors, GraderError
from grader.gradebook.store import open_gradebook


def run(*args, **more):
    """Run ``grader``."""
    return CliRunner().invoke(cli.main, [str(arg) for arg in args], **more)


@pytest.fixture
def command(monkeypatch):
    """Register a command of the test's own."""

    def register(function, name="probe"):
        module = type(sys)("probe_module")
        setattr(module, name, click.command()(function))
        monkeypatch.setitem(sys.modules, "probe_module", module)
        monkeypatch.setitem(cli.COMMANDS, name, ("probe_module", name, "A probe."))
        return name

    return register


def test_help_lists_every_command():
    """With what it does, without importing it."""
    result = run("--help")
    assert result.exit_code == 0
    for name, (_, _, text) in cli.COMMANDS.items():
        assert f"  {name}" in result.stdout
        assert text.split()[0] in result.stdout


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_can_be_imported_and_has_help_with_an_example(name):
    """The list of commands names real ones."""
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"grader {name}" in result.stdout
    assert "Example" in result.stdout


def test_help_is_quick():
    """Goal: under 0.2 s on a quiet machine; here the best of three, with room for a busy one."""
    best = min(_seconds([sys.executable, "-m", "grader", "--help"]) for _ in range(3))
    assert best < 0.5


def _seconds(words):
    started = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True)
    return time.perf_counter() - started


def test_the_version_is_printed():
    """On stdout."""
    assert run("--version").stdout.startswith("grader, version ")


def test_a_misspelt_command_is_wrong_usage_with_a_near_miss():
    """Exit code 2."""
    result = run("autograd")
    assert result.exit_code == 2
    assert "No such command 'autograd'. Did you mean 'autograde'?" in result.stderr


def test_a_misspelt_option_is_wrong_usage_with_a_near_miss():
    """Click's own."""
    result = run("report", "--studnet", "ada")
    assert result.exit_code == 2
    assert "--student" in result.stderr


def test_no_course_here_is_said(tmp_path, monkeypatch):
    """What, where, what to do; exit code 2; nothing on stdout."""
    monkeypatch.chdir(tmp_path)
    result = run("report")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"{tmp_path}: no course here: neither this folder nor one above it has a course_config.py.\n"
        "Change into the course folder, or name it: grader --course DIR …\n"
    )


def test_a_folder_that_is_not_there_is_said(tmp_path):
    """Not taken for a course below the nearest one."""
    result = run("--course", tmp_path / "nowhere", "report")
    assert result.exit_code == 2
    assert "there is no such folder" in result.stderr


@pytest.mark.parametrize("before", [True, False])
def test_the_course_may_be_named_before_or_after_the_command(tmp_path, before):
    """Both are what people type."""
    make_course(tmp_path)
    option = ["--course", tmp_path]
    result = run(*option, "report") if before else run("report", *option)
    assert "there is no gradebook yet" in result.stderr


def test_a_broken_configuration_is_one_message(tmp_path):
    """With its line, exit code 1, no traceback."""
    (tmp_path / "course_config.py").write_text("c = get_config()\nc.Course.title = titel\n")
    result = run("--course", tmp_path, "report")
    assert result.exit_code == 1
    assert result.stderr.startswith("course_config.py:2: stopped with NameError")
    assert "Traceback" not in result.output


def test_an_unknown_chapter_is_wrong_usage(tmp_path):
    """With a near miss; a path by Tab is understood."""
    make_course(tmp_path)
    result = run("--course", tmp_path, "report", "01_ad")
    assert result.exit_code == 2
    assert "there is no chapter '01_ad' in this course.\nDid you mean '01_add'?" in result.stderr
    assert "there is no gradebook" in run("--course", tmp_path, "report", "source/01_add.py").stderr


def test_errors_have_one_shape_in_json(command):
    """Also several at once; the exit code is the error's."""

    def probe():
        raise CourseErrors([AnnotationError("one", place="a.py:1", hint="mend it"), AnnotationError("two")])

    name = command(probe)
    result = run(name)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "a.py:1: one\nmend it\ntwo\n"

    @click.option("--json", "as_json", is_flag=True)
    def with_json(as_json):
        probe()

    result = run(command(with_json, "jprobe"), "--json")
    assert json.loads(result.stdout) == {
        "schema": 1,
        "errors": [
            {"type": "AnnotationError", "place": "a.py:1", "message": "one", "hint": "mend it"},
            {"type": "AnnotationError", "place": "", "message": "two", "hint": ""},
        ],
    }
    assert result.exit_code == 1


def test_ctrl_c_is_one_line(command):
    """Exit code 130, no traceback."""

    def probe():
        raise KeyboardInterrupt

    result = run(command(probe))
    assert result.exit_code == 130
    assert result.stderr.startswith("Stopped. What was finished is kept")


def test_a_terminal_never_obeys_a_students_text(command):
    """Escape sequences in a message are shown, not sent."""

    def probe():
        raise GraderError("bad \x1b]0;owned\x07 \u202egnp", place="submitted/\x1b[2J")

    result = run(command(probe))
    assert "\x1b" not in result.stderr
    assert result.stderr == "submitted/\\x1b[2J: bad \\x1b]0;owned\\x07 \\u202egnp\n"


def test_a_terminal_that_cannot_show_a_name_gets_an_escape(tmp_path):
    """A report never stops on an encoding."""
    config = make_course(tmp_path)
    hand_in(config, "Zoë")
    with open_gradebook(config):
        pass
    done = subprocess.run(
        [sys.executable, "-m", "grader", "--course", str(tmp_path), "report"],
        capture_output=True,
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Zo\\xeb" in done.stdout


def test_help_groups_commands_by_the_order_of_a_term(monkeypatch):
    """Sections without a command are left out; a command that no section knows comes last, and none is lost."""
    known = {name: ("nowhere", name, f"Does {name}.") for name in ("surprise", "report", "status", "generate")}
    monkeypatch.setattr(cli, "COMMANDS", known)
    text = run("--help").stdout
    places = [text.index(word) for word in ("The course:", "  generate", "Grading:", "  status", "Results:", "More:")]
    assert places == sorted(places)
    assert "The class:" not in text
    assert text.index("More:") < text.index("  surprise")
    assert sorted(name for names in cli.sections().values() for name in names) == sorted(known)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("03_foward_pass", "03_forward_pass"),
        ("forward", "03_forward_pass"),
        ("FORWARD_PASS", "03_forward_pass"),
        ("loss", "04_loss_function"),
        ("3", "03_forward_pass"),
        ("4", "04_loss_function"),
    ],
)
def test_the_near_miss_is_what_was_meant(wrong, meant):
    """Written alike, a part of the name, or its number."""
    assert cli.near_miss(wrong, ["03_forward_pass", "04_loss_function"]) == f"Did you mean {meant!r}?"


@pytest.mark.parametrize("wrong", ["x", "ss", "9", "ablation", ""])
def test_no_near_miss_where_nothing_is_near(wrong):
    """A guess would mislead."""
    assert cli.near_miss(wrong, ["03_forward_pass", "04_loss_function"]) == ""
