"""The documentation holds: its examples run, its pages of commands are what the help says, its site builds.

A block marked ``console`` is run: each line that begins with ``$`` in order, in one course for all pages of
``EXAMPLES``; what the page shows below it must come, with ``…`` for anything. A block with ``title="name"`` is a file
that the reader saves. Blocks marked otherwise are not run.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli.main import COMMANDS, main
from grader.course.config import load_config
from grader.sample_class import hand_in, read_class

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
EXAMPLES = ("first-hour.md", "term.md", "grading.md", "existing-course.md", "json.md")
PLAYERS = ("sample_crash", "sample_half_done", "sample_late")
BLOCK = re.compile(r"^```(?P<kind>[a-z]+)(?: title=\"(?P<name>[^\"]+)\")?\n(?P<text>.*?)^```$", re.M | re.S)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone of the course as ``make demo`` leaves it, with what the demo's three students handed in for chapter 1."""
    root = tmp_path_factory.mktemp("docs") / "clone"
    root.mkdir()
    for name in ("course_config.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root)
    for name in ("source", "release"):
        # Proofs are kept in release/.proof.json: a chapter that has not changed is generated without running it.
        shutil.copytree(ROOT / name, root / name, ignore=lambda folder, names: _made(Path(folder), names))
    demo = root / "demo"
    shutil.copytree(root, demo)
    config = load_config(demo)
    for student in read_class(ROOT / "samples"):
        if student.student_id in PLAYERS:
            hand_in(student, config.layout, config, only=["01_math_foundations"])
    return root


def _made(folder, names):
    """What is made at run time, and does not belong to a clone."""
    return [name for name in names if name == "__pycache__" or (folder.name == "source" and (folder / name).is_dir())]


def blocks(page):
    """The blocks of a page, outermost only, as (line, kind, file name, text)."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match["kind"], match["name"], match["text"]


def commands(text):
    """Split a console block into commands, each with what is shown below it."""
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def run(command, where):
    """Run a command as a reader would; our own without another interpreter, where no shell is needed."""
    env = {"COLUMNS": "80", "NO_COLOR": "1"}
    if command.startswith("grader ") and not re.search(r"[;|><$&*]", command):
        result = CliRunner(env=env).invoke(main, shlex.split(command)[1:], prog_name="grader")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=where, env={**os.environ, **env, "PATH": path}, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
    )  # fmt: skip
    return done.returncode, done.stdout


def shows(expected, output):
    """Whether the output is what the page shows; ``…`` is anything, how much space there is does not matter."""
    words = [re.escape(" ".join(part.split())) for part in expected.split("…")]
    pattern = r"\s*.*?\s*".join(word.replace(r"\ ", r"\s+") for word in words)
    return re.fullmatch(rf"\s*{pattern}\s*", " ".join(output.split()), flags=re.S) is not None


def test_shows_takes_dots_for_anything_and_nothing_else():
    """The comparison can fail: a number that differs is seen, and so is a line that is left out."""
    assert shows("a … b\n", "a  1 2\n3 b\n")
    assert shows("3 pages; … s", "3 pages; 1.5 s\n")
    assert not shows("a … b\n", "a 1 c\n")
    assert not shows("3 pages", "3 pages\n1 problem")


@pytest.fixture(scope="module")
def walked(clone):
    """The clone after all that the pages tell a reader to type, and what was not as they say."""
    before = Path.cwd()
    os.chdir(clone)
    wrong, ran = [], 0
    try:
        for page in EXAMPLES:
            for line, kind, name, text in blocks(page):
                if name:
                    (clone / name).write_text(text, encoding="utf-8")
                for command, expected in commands(text) if kind == "console" else ():
                    code, output = run(command, clone)
                    ran += 1
                    if code or not shows(expected, output):
                        wrong.append(f"docs/{page}:{line}: $ {command}\n{output}(exit code {code}) is not\n{expected}")
    finally:
        os.chdir(before)
    return clone, ran, wrong


def test_examples_run(walked):
    """What a reader types works, in this order, and shows what the page says."""
    _, ran, wrong = walked
    assert not wrong, "\n\n".join(wrong)
    assert ran >= 30


JSON = (
    "generate 01 --check", "students list", "students add sample_late", "release 01 --dry-run",
    "collect inbox --chapter 01 --dry-run", "collect --receipts", "autograde 01 --force", "report", "report --student sample_crash",
    "status", "extend --list", "extend sample_late 01 --days 1 --dry-run", "regrade 01 --dry-run",
    "history sample_crash", "feedback 01", "export 01 --by question", "gradescope 01",
)  # fmt: skip


def keys(value, path=""):
    """The keys of a JSON document, but for those that are ids: those are keys of objects under a name in the plural."""
    if isinstance(value, list):
        for each in value:
            yield from keys(each, path)
    elif isinstance(value, dict):
        for key, each in value.items():
            if re.fullmatch(r"[a-z_ ]+", key) and not key.startswith(("test_", "sample_")):
                yield key
            yield from keys(each, key)


def test_the_json_interface_is_described(walked, monkeypatch):
    """Every key of every command's document stands in docs/json.md."""
    clone, _, _ = walked
    monkeypatch.chdir(clone)
    text = (DOCS / "json.md").read_text(encoding="utf-8")
    code = " ".join(re.findall(r"`([^`\n]+)`", text))
    named = set(re.findall(r"\w+", code))
    missing = {}
    for command in JSON:
        result = CliRunner().invoke(main, [*command.split(), "--json"])
        document = json.loads(result.stdout)
        assert document["errors"] == [], command
        unnamed = {key for key in keys(document) if key not in named and not (" " in key and key in code)}
        if unnamed:
            missing[command] = sorted(unnamed)
    assert missing == {}


def make_commands():
    """The script that makes the pages of commands."""
    spec = importlib.util.spec_from_file_location("make_commands", DOCS / "make_commands.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_command_has_a_page_made_from_its_help():
    """The pages in docs/commands are what the help says today."""
    script = make_commands()
    assert script.stale() == [], "run python docs/make_commands.py"
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"commands/{name}.md" in nav, "add the page to nav in mkdocs.yml"
        assert "--help" in (DOCS / "commands" / f"{name}.md").read_text(encoding="utf-8")


def test_commands_in_the_documentation_exist():
    """No page tells of a command or an option that there is not."""
    import click

    context = click.Context(main, info_name="grader")
    wrong = []
    for page in [*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"]:
        for written in re.findall(r"(?:^|[`$ ])grader ((?:[a-z]+ )?[^`\n]*)", page.read_text(encoding="utf-8"), re.M):
            words = written.split()
            if not words or not re.fullmatch(r"[a-z]+", words[0]):
                continue
            command = main.get_command(context, words[0])
            if command is None:
                wrong += [f"{page.name}: grader {written}"] if _is_code(page, written) else []
                continue
            known = set(_options(command))
            wrong += [
                f"{page.name}: grader {words[0]} {option}"
                for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", written.split("   ")[0])
                if option not in known
            ]
    assert wrong == []


def _is_code(page, written):
    return f"`grader {written}" in page.read_text(encoding="utf-8")


def _options(command):
    import click

    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)
    yield from ("--help", "--course")
    if isinstance(command, click.Group):
        for each in command.commands.values():
            yield from _options(each)


def test_the_site_builds_and_needs_no_network(tmp_path):
    """``make docs`` builds without a warning; no page fetches anything from elsewhere, and search works offline."""
    pytest.importorskip("mkdocs")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > len(COMMANDS)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        fetched = re.findall(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?([^\"\s>]+)", text)
        for tag in re.findall(r"<link\b[^>]*>", text):
            if re.search(r"rel=\"?(?:stylesheet|preload|preconnect|icon)", tag):
                fetched += re.findall(r"href=\"?([^\"\s>]+)", tag)
        assert not [url for url in fetched if re.match(r"(?:https?:)?//", url)], page
    assert (tmp_path / "site" / "search" / "search_index.js").is_file()
