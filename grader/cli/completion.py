"""``grader completion``: the script that lets a shell complete commands, options, chapters and students."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")


@click.command(short_help="Print the script that lets a shell complete names by Tab.")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that lets bash, zsh or fish complete commands, options, chapters and students by Tab.

    Put it where your shell looks for such scripts, and start a new one. ``grader`` has to be on the PATH.

    \b
    Examples:
      grader completion bash > ~/.local/share/bash-completion/completions/grader
      grader completion zsh > ~/.zfunc/_grader       (with ~/.zfunc in fpath)
      grader completion fish > ~/.config/fish/completions/grader.fish
      eval "$(grader completion bash)"               (this shell only)
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    root = ctx.find_root().command
    complete = kind(root, {}, "grader", "_GRADER_COMPLETE")
    # click's own source() starts bash to ask for its version, which is another machine's bash as often as not
    click.echo(complete.source_template % complete.source_vars())
