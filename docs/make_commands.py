"""Every command's page, made from its help: ``python docs/make_commands.py`` writes ``docs/commands/``.

``--check`` writes nothing and ends with 1 if a page is not what it would be; the tests do the same. What a command's
``--help`` says is the only source: change it there.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from grader.cli.main import COMMANDS, SECTIONS, main, sections

FOLDER = Path(__file__).resolve().parent / "commands"
SHARED = ("--course", "--json", "--quiet", "--help")
"""Options that nearly every command has; they come last, in this order."""

SHARED_RULES = """\
They may stand before the command or after it. A chapter may be shortened (`05` where one chapter begins with it). The
exit code is 0 when all that was asked was done, whatever the scores; 1 when something was not graded, not generated or
not collected, which stderr then names; 2 for wrong usage. The answer goes to stdout, everything else to stderr. The
documents of `--json` are described in [the JSON interface](../json.md)."""

NOTE = "<!-- Made from the command's help by docs/make_commands.py; change it there. -->"


def pages() -> dict[str, str]:
    """Return file name → text of every page."""
    context = click.Context(main, info_name="grader", help_option_names=["-h", "--help"])
    made = {"index.md": _index(context)}
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        lines = [*_command(command, click.Context(command, info_name=name, parent=context), 1), NOTE]
        made[f"{name}.md"] = "\n".join(lines).rstrip() + "\n"
    return made


def _index(context: click.Context) -> str:
    lines = ["# Commands", "", *_help(inspect.cleandoc(main.help or "")), ""]
    for title, names in sections().items():
        lines += [f"## {title}", "", "| command | |", "|---|---|"]
        lines += [f"| [grader {name}]({name}.md) | {_escaped(COMMANDS[name][2])} |" for name in names]
        lines.append("")
    lines += ["## Options", "", *_options(main, context), ""]
    lines += [SHARED_RULES, "", NOTE]
    return "\n".join(lines) + "\n"


def _command(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield from [f"{'#' * level} {context.command_path}", "", "```text", usage, "```", ""]
    yield from _help(inspect.cleandoc(command.help or ""))
    yield from ["", "**Options**", "", *_options(command, context), ""]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            each = command.get_command(context, name)
            assert each is not None
            yield from _command(each, click.Context(each, info_name=name, parent=context), level + 1)


def _help(text: str) -> Iterator[str]:
    """Turn click's help text into Markdown: blocks that it must not wrap become code."""
    for number, block in enumerate(re.split(r"\n\s*\n", text)):
        if number:
            yield ""
        if not block.startswith("\b"):
            yield from _escaped(block.replace("``", "`")).splitlines()
            continue
        lines = block.removeprefix("\b").strip("\n").splitlines()
        if lines and not lines[0].startswith(" "):
            yield from [f"**{lines[0].removesuffix(':')}**", ""]
            lines = lines[1:]
        yield from ["```text", *inspect.cleandoc("\n" + "\n".join(lines)).splitlines(), "```"]


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    rows = [record for each in command.get_params(context) if (record := each.get_help_record(context)) and record[1]]
    order = {name: number for number, name in enumerate(SHARED)}
    rows.sort(key=lambda row: max((order.get(word, -1) for word in re.findall(r"--[a-z]+", row[0])), default=-1))
    yield from ["| option | |", "|---|---|"]
    for names, text in rows:
        # in a table's cell, a "|" in backticks means something else to each reader of Markdown
        shown = f"<code>{names.replace('|', '&#124;')}</code>" if "|" in names else f"`{names}`"
        yield f"| {shown} | {_escaped(text)} |"


def _escaped(text: str) -> str:
    """Keep ``<student>`` from being an element, ``*`` from being emphasis, and ``|`` from ending a table's cell."""
    parts = re.split(r"(`[^`\n]+`)", text)
    return "".join(
        part
        if part.startswith("`")
        else re.sub(r"([<>*|])", r"\\\1", re.sub(r"(?<!\w)(--?[a-z]\w[\w-]*)", r"`\1`", part))
        for part in parts
    )


def stale() -> list[str]:
    """Return the pages that are not what they would be."""
    made = pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    return sorted(name for name in {*made, *there} if made.get(name) != there.get(name))


if __name__ == "__main__":
    assert set().union(*SECTIONS.values()) >= set(COMMANDS)
    names = stale()
    if "--check" not in sys.argv[1:]:
        FOLDER.mkdir(exist_ok=True)
        made = pages()
        for page in names:
            text = made.get(page)
            (FOLDER / page).write_text(text, encoding="utf-8") if text else (FOLDER / page).unlink()
    print("\n".join(f"docs/commands/{page}" for page in names) or "docs/commands/ is up to date")
    sys.exit(bool(names) if "--check" in sys.argv[1:] else 0)
