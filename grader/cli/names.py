"""Names that a shell completes by Tab: chapters and students of the course that one is in.

Which parameter takes which name is known by the parameter's own name, so that every command completes alike and none
has to ask for it. Only names that a shell takes as they are are offered: a folder in ``submitted/`` may be called
``$(rm -rf ~)``, and nobody reads what Tab has written.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.errors import GraderError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from grader.course.config import CourseConfig


class _Name(click.types.StringParamType):
    """Text, of which the course knows the values that make sense; any other is for the command to judge."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the names that begin so; without a course, none."""
        from click.shell_completion import CompletionItem

        given = ctx.params.get(param.name or "") or ()
        taken = {given} if isinstance(given, str) else set(given)
        try:
            names = list(self.names(_course(ctx)))
        except Exception:  # noqa: BLE001 (whatever is wrong with the course: Tab is no place to say it)
            return []
        return [
            CompletionItem(name)
            for name in dict.fromkeys(names)
            if name.startswith(incomplete) and name not in taken and shlex.quote(name) == name
        ]

    def names(self, config: CourseConfig) -> Iterable[str]:
        """Return all names, in the order in which they are offered."""
        raise NotImplementedError


class _Chapter(_Name):
    def names(self, config: CourseConfig) -> Iterable[str]:
        return config.layout.assignment_ids()


class _Student(_Name):
    def names(self, config: CourseConfig) -> Iterable[str]:
        from grader.gradebook.store import open_gradebook

        known = set(config.layout.students())
        # a gradebook that is missing or locked leaves those who have handed in
        with contextlib.suppress(GraderError), open_gradebook(config, create=False, busy_s=0.1) as store:
            known.update(row.student_id for row in store.students())
        return sorted(known)


_TAKES = {
    "assignment": _Chapter,
    "assignment_id": _Chapter,
    "chapter": _Chapter,
    "chapters": _Chapter,
    "student": _Student,
    "student_id": _Student,
    "student_ids": _Student,
    "students": _Student,
}


def complete_names(command: click.Command) -> None:
    """Let a command's parameters that take chapters or students, and its subcommands', be completed by Tab."""
    for parameter in command.params:
        kind = _TAKES.get(parameter.name or "")
        if kind and type(parameter.type) is click.types.StringParamType:
            parameter.type = kind()
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            complete_names(inner)


def _course(ctx: click.Context) -> CourseConfig:
    from grader.course.config import load_config
    from grader.course.layout import find_course

    root = ctx.find_root()
    given: Path | None = root.obj or root.params.get("course_dir")
    return load_config(find_course(given or Path.cwd()))
