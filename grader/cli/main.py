"""The command ``grader``: its subcommands by name, the options that they share, and errors as exit codes.

A subcommand's module is imported when it is used, so that ``grader --help`` answers at once.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import importlib
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

import grader
from grader.cli.names import complete_names
from grader.course.model import ISOLATIONS
from grader.errors import CourseErrors, GraderError, UsageProblem
from grader.reports.text import printable

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from grader.course.config import CourseConfig
    from grader.gradebook.store import Store

JSON_SCHEMA = 1
"""The version of every JSON document that a command prints."""

COMMANDS = {
    # name: (module, object in it, what the list of commands says)
    "generate": (
        "grader.cli.generate",
        "generate",
        "Make student versions, nbgrader's notebooks and gradebook entries.",
    ),
    "students": ("grader.cli.students", "students", "Import, list, add and remove the students of the course."),
    "release": ("grader.cli.release", "release", "Publish a chapter, or its solution once it is closed."),
    "collect": ("grader.cli.collect", "collect", "Take in what students handed in: exchange, LMS zips, folders."),
    "autograde": ("grader.cli.autograde", "autograde", "Grade what students handed in."),
    "report": ("grader.cli.report", "report", "Show scores, and what needs a person."),
    "status": ("grader.cli.status", "status", "Show how far everybody is: missing, late, graded, returned."),
    "formgrader": ("grader.cli.formgrader", "formgrader", "Open nbgrader's formgrader on this course."),
    "extend": ("grader.cli.extend", "extend", "Give one student or all more time; list it, take it back."),
    "regrade": ("grader.cli.regrade", "regrade", "Grade again after tests, points or limits changed; who moves?"),
    "history": ("grader.cli.history", "history", "Show how a student's scores came to be."),
    "feedback": ("grader.cli.feedback", "feedback", "Write what goes back to students, one page a submission."),
    "export": ("grader.cli.export", "export", "Write scores for a learning platform."),
    "gradescope": ("grader.cli.gradescope", "gradescope", "Make a chapter's autograder for Gradescope."),
    "doctor": ("grader.cli.doctor", "doctor", "Show what this machine offers to shut student code in, and try it."),
    "demo": ("grader.cli.demo", "demo", "Grade a class of sample students, from source/ to the report."),
    "completion": ("grader.cli.completion", "completion", "Print the script that lets a shell complete names by Tab."),
}

SECTIONS = {
    # the order of a term; a command that is in none comes last
    "The course": ("generate", "release"),
    "The class": ("students", "collect", "extend"),
    "Grading": ("autograde", "regrade", "status", "formgrader"),
    "Results": ("report", "feedback", "export", "history", "gradescope"),
    "This machine": ("doctor", "demo", "completion"),
}

_Command = TypeVar("_Command", bound=Callable[..., Any])


def sections() -> dict[str, list[str]]:
    """Return the commands that there are by section, in the order of a term."""
    placed = {name for names in SECTIONS.values() for name in names}
    found = {title: [name for name in names if name in COMMANDS] for title, names in SECTIONS.items()}
    found["More"] = [name for name in COMMANDS if name not in placed]
    return {title: names for title, names in found.items() if names}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used, and that suggests the one that was meant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of a term."""
        return [name for names in sections().values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        complete_names(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, by what they are for, without importing them."""
        width = max(map(len, COMMANDS))
        for title, names in sections().items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), COMMANDS[name][2]) for name in names])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a command's name, without importing any."""
        from click.shell_completion import CompletionItem

        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        commands = [CompletionItem(name, help=COMMANDS[name][2]) for name in names]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or say which one was meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"No such command {printable(args[0])!r}.{near_miss(args[0], COMMANDS, before=' ')}")
        return super().resolve_command(ctx, args)

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run, and turn our errors into one message and an exit code."""
        _speak_any_language()
        words = list(sys.argv[1:] if args is None else args)
        with _errors_told(as_json="--json" in words):
            return super().main(args, *rest, **extra)


def _speak_any_language() -> None:
    """Let a student's name never stop a report: what the terminal cannot show is shown as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def _errors_told(*, as_json: bool) -> Iterator[None]:
    try:
        yield
    except GraderError as error:
        tell_error(error)
        if as_json:
            click.echo(json.dumps({"schema": JSON_SCHEMA, "errors": errors_json(error)}, indent=1))
        sys.exit(error.exit_code)


def tell_error(error: GraderError) -> None:
    """Say an error on stderr, its place first."""
    say(str(error), lines=True)


def say(text: str, *, lines: bool = False) -> None:
    """Say something on stderr, beside the answer; ``lines`` keeps its line ends."""
    click.echo(printable(text, lines=lines), err=True)  # a progress bar on the terminal makes room for it


def errors_json(error: GraderError) -> list[dict[str, Any]]:
    """Return an error, or each of several, in the one shape that all JSON documents have."""
    errors: Sequence[GraderError] = error.errors if isinstance(error, CourseErrors) else [error]
    return [
        {"type": type(each).__name__, "place": each.place, "message": each.message, "hint": each.hint}
        for each in errors
    ]


def near_miss(name: str, known: Any, *, before: str = "") -> str:
    """Return ``Did you mean 'x'?`` if one of the known names is close, else an empty string.

    Close is what is written alike, what holds the name (``loss`` is in ``04_loss_function``), and what has the same
    number (``3`` is chapter ``03_forward_pass``).

    Example:
        >>> near_miss("3", ["03_forward_pass"])
        "Did you mean '03_forward_pass'?"
    """
    names = {str(each).casefold(): str(each) for each in known}
    wanted = name.casefold()
    close = difflib.get_close_matches(wanted, names, n=1, cutoff=0.6)
    if not close and wanted.isdecimal():
        close = [each for each in names if (head := each.partition("_")[0]).isdecimal() and int(head) == int(wanted)]
    if not close and len(wanted) >= 3:
        close = [each for each in names if wanted in each]
    return f"{before}Did you mean {printable(names[close[0]])!r}?" if close else ""


class _Main(LazyGroup):
    """The group, with Ctrl-C as one line."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stopped:
            click.echo("Stopped. What was finished is kept; run the same command again for the rest.", err=True)
            ctx.exit(getattr(stopped, "exit_code", 130))


@click.group(
    cls=_Main,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every command has its own help, with an example: grader autograde --help",
)
@click.option(
    "--course",
    "course_dir",
    type=click.Path(path_type=Path),
    help="The course folder. Without it: the nearest one, upwards, with a course_config.py.",
)
@click.version_option(grader.__version__, prog_name="grader")
@click.pass_context
def main(ctx: click.Context, course_dir: Path | None) -> None:
    """Make an nbgrader course from annotated Python files, and grade what students hand in.

    \b
    The shortest term:
      grader generate              source/*.py → release/, and the gradebook
      grader students import FILE  who is in the course
      grader release CHAPTER       release/ → nbgrader's exchange, or a zip for the LMS
      grader collect PATH          what students handed in → submitted/
      grader autograde             submitted/ → scores and graded notebooks
      grader report                who has what, and what needs a person
      grader feedback              pages for students: feedback/
    """
    ctx.obj = course_dir


# --- what commands share ---


def course_option(command: _Command) -> _Command:
    """Give a command ``--course`` too, so that it may stand before or after the command's name."""
    return click.option(
        "--course", "course_dir", type=click.Path(path_type=Path), help="The course folder.", expose_value=False,
        callback=_remember_course,
    )(command)  # fmt: skip


def _remember_course(ctx: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.find_root().obj = value


def shared_options(command: _Command) -> _Command:
    """Give a command the options that all have: ``--course``, ``--json``, ``--quiet``."""
    for decorate in (
        click.option("-q", "--quiet", is_flag=True, help="No progress, only the answer and what went wrong."),
        click.option("--json", "as_json", is_flag=True, help="The answer as one JSON document on stdout."),
        course_option,
    ):
        command = decorate(command)
    return command


def isolation_option(command: _Command) -> _Command:
    """Give a command ``--isolation``, in place of what the course's configuration says."""
    return click.option(
        "--isolation",
        type=click.Choice(ISOLATIONS),
        help="How student code is shut in: all that Linux has (auto), Landlock may be missing (namespaces), or without"
        " namespaces (process). See grader doctor.  [default: the course's, or auto]",
    )(command)


def open_course(ctx: click.Context, isolation: str | None = None) -> CourseConfig:
    """Return the configuration of the course that the command is to work in.

    Raises:
        UsageProblem: no course here.
        ConfigError: its configuration is wrong.
    """
    from grader.course.config import load_config
    from grader.course.layout import find_course

    given: Path | None = ctx.find_root().obj
    if given is not None and not given.is_dir():
        raise UsageProblem("there is no such folder.", place=str(given), hint="Name the course folder after --course.")
    config = load_config(find_course(given or Path.cwd()))
    return dataclasses.replace(config, isolation=isolation) if isolation else config


def chosen_chapters(config: CourseConfig, given: Sequence[str]) -> list[str]:
    """Return the chapters that the user named, or all, in the course's order.

    Raises:
        UsageProblem: there is no such chapter.
    """
    known = config.layout.assignment_ids()
    names = [name.rstrip("/").removesuffix(".py").rpartition("/")[2] for name in given]  # source/01_x.py by Tab
    names = [_by_number(name, known) for name in names]
    for name in names:
        if name not in known:
            raise UsageProblem(
                f"there is no chapter {name!r} in this course.",
                place=str(config.layout.source_root),
                hint=near_miss(name, known) or f"Its chapters are: {', '.join(known) or 'none yet'}.",
            )
    return [name for name in known if not names or name in names]


def _by_number(name: str, known: Sequence[str]) -> str:
    """Return the chapter that ``05`` stands for, if it is the only one that begins with it; else the name."""
    meant = [chapter for chapter in known if chapter.startswith((f"{name}_", f"{name}-"))]
    return meant[0] if name and name not in known and len(meant) == 1 else name


def unknown_student(name: str, known: Sequence[str], place: str) -> UsageProblem:
    """The error for a student whom the course does not know."""
    return UsageProblem(
        f"there is no student {name!r}.",
        place=place,
        hint=near_miss(name, known) or f"There are {len(known)} students; grader report lists them.",
    )


def known_students(config: CourseConfig, store: Store) -> list[str]:
    """Return the ids of all students whom the gradebook or ``submitted/`` knows."""
    return sorted({row.student_id for row in store.students()} | set(config.layout.students()))


def chosen_students(given: Sequence[str], known: Sequence[str], place: str) -> list[str]:
    """Return the students that the user named, each once.

    Raises:
        UsageProblem: there is no such student at this place.
    """
    for name in given:
        if name not in known:
            raise unknown_student(name, known, place)
    return list(dict.fromkeys(given))


def print_json(document: dict[str, Any]) -> None:
    """Print the one JSON document that a command answers with."""
    click.echo(json.dumps({"schema": JSON_SCHEMA, **document}, indent=1, ensure_ascii=True))


def print_json_list(key: str, items: Iterable[dict[str, Any]], rest: dict[str, Any]) -> None:
    """Print the one JSON document, item by item of a list that may be too long to be held at once.

    Args:
        key: of the list.
        items: it.
        rest: the document's other keys, at least one.
    """
    click.echo(f'{{\n "schema": {JSON_SCHEMA},\n "{key}": [', nl=False)
    for number, item in enumerate(items):
        click.echo(("," if number else "") + "\n" + json.dumps(item, indent=1, ensure_ascii=True), nl=False)
    click.echo("\n ],\n" + json.dumps(rest, indent=1, ensure_ascii=True)[2:])


def write_file(path: Path, content: bytes, *, folders: bool = False) -> None:
    """Write a file whole, or say why not; ``folders`` makes those around it.

    Raises:
        GraderError: it cannot be written.
    """
    from grader.gradebook.autograded import write_whole

    target = path.absolute()
    if not folders and not target.parent.is_dir():
        raise GraderError("its folder does not exist.", place=str(path), hint="Make the folder, or name another file.")
    try:
        write_whole(target, content)
    except OSError as problem:
        raise GraderError(
            f"cannot be written: {problem.strerror or problem}.", place=str(path), hint="Name another file."
        ) from problem
