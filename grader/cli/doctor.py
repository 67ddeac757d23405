"""``grader doctor``: what this machine offers to shut student code in, and whether it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from grader.cli.main import course_option, errors_json, isolation_option, print_json
from grader.errors import IsolationError

if TYPE_CHECKING:
    from grader.execution.facilities import Offer
    from grader.execution.probes import Finding


@click.command(short_help="Show what this machine offers to shut student code in, and try it.")
@isolation_option
@click.option("--json", "as_json", is_flag=True, help="The answer as one JSON document on stdout.")
@course_option
@click.pass_context
def doctor(ctx: click.Context, isolation: str | None, as_json: bool) -> None:
    """Show what this machine offers to a sandbox, then try to break out of one.

    Each property is tried from inside, by code that runs as a student's cell would. The exit code is 1 if one does not
    hold, or if something is missing that the isolation needs.

    \b
    Examples:
      grader doctor
      grader doctor --isolation process      what is left without namespaces
      grader doctor --json
    """
    from grader.execution import facilities, probes
    from grader.execution.sandbox import interpreter_path

    kind = isolation or "auto"
    offer = facilities.survey(interpreter_path())
    if not as_json:
        click.echo("This machine offers:")
        for facility in offer.facilities:
            click.echo(f"  {_mark(facility.present)} {facility.title}{_aside(facility.detail)}")
            if not facility.present:
                click.echo(f"      without it, {facility.cost}")
        click.echo(f"\nTried from inside a student process (--isolation {kind}):")
    findings: list[probes.Finding] = []
    refusal: IsolationError | None = None
    try:
        for finding in probes.run_probes(kind):
            findings.append(finding)
            if not as_json:
                detail = "" if finding.holds else f"\n      {finding.detail}"
                click.echo(f"  {_mark(finding.holds)} {finding.title}{detail}")
    except IsolationError as exc:
        refusal = exc
    broken = [finding for finding in findings if not finding.holds]
    if as_json:
        _print_json(kind, offer, findings, refusal)
    elif refusal is not None:
        click.echo(f"  nothing: {refusal}")
    else:
        click.echo(f"\n{len(findings) - len(broken)} of {len(findings)} properties hold.")
    if broken or refusal is not None:
        ctx.exit(1)


def _mark(good: bool) -> str:
    return "✓" if good else "✗"


def _aside(text: str) -> str:
    return f" ({text})" if text else ""


def _print_json(isolation: str, offer: Offer, findings: Sequence[Finding], refusal: IsolationError | None) -> None:
    from grader.execution.facilities import needed

    print_json(
        {
            "isolation": isolation,
            "facilities": [
                {
                    "key": facility.key,
                    "title": facility.title,
                    "present": facility.present,
                    "needed": facility.key in needed(isolation),
                    "detail": facility.detail,
                    "cost": facility.cost,
                }
                for facility in offer.facilities
            ],
            "properties": [
                {"key": finding.key, "title": finding.title, "holds": finding.holds, "detail": finding.detail}
                for finding in findings
            ],
            "errors": errors_json(refusal) if refusal else [],
        }
    )
