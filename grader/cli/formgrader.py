"""``grader formgrader``: nbgrader's formgrader on this course."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import warnings
from typing import TYPE_CHECKING, Any

import click

from grader.cli.main import open_course, print_json, shared_options
from grader.errors import GraderError, UsageProblem

if TYPE_CHECKING:
    from grader.course.config import CourseConfig

ADDRESS = "127.0.0.1"
_EXTENSION = "grader.nbgrader_server"


@click.command(short_help="Open nbgrader's formgrader on this course, to grade by hand.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="The port to listen on.  [default: 8888, or a free one]",
)
@click.option("--browser/--no-browser", default=True, help="Open it in a browser.  [default: browser]")
@shared_options
@click.pass_context
def formgrader(ctx: click.Context, port: int | None, browser: bool, as_json: bool, quiet: bool) -> None:
    """Open nbgrader's formgrader on this course: scores, extra credit, comments.

    A Jupyter server listens on this machine only, and asks for the token in its address. It stops with Ctrl-C. What
    people enter there is kept by every later autograde and regrade. On another machine: start it there with
    --no-browser, and ssh -L 8888:127.0.0.1:8888 THERE.

    \b
    Examples:
      grader formgrader
      grader formgrader --no-browser --port 9000
    """
    from grader.gradebook.store import open_gradebook

    config = open_course(ctx)
    with open_gradebook(config, create=False):
        pass  # what is wrong with it is said here, and not by pages in a browser
    if port is not None:
        _require_free(port)
    os.chdir(config.root)  # nbgrader's configuration is read from where its server runs
    token = secrets.token_hex(24)
    server = _server(config, port, token, browser=browser)
    # It begins to listen in a callback of its own; the address is not said before somebody answers there.
    server.io_loop.add_callback(_announce, config, server, token, as_json, quiet)
    # Jupyter's own handler asks before it stops, and where nobody can be asked leaves its files behind.
    signal.signal(signal.SIGINT, lambda *_: server.stop(from_signal=True))
    server.start()


def _announce(config: CourseConfig, server: Any, token: str, as_json: bool, quiet: bool) -> None:
    formgrader_url, lab_url = (f"{_base(server)}{page}?token={token}" for page in ("formgrader", "lab"))
    if as_json:
        print_json({"url": formgrader_url, "lab_url": lab_url, "port": server.port, "token": token, "errors": []})
    elif quiet:
        click.echo(formgrader_url)
    else:
        click.echo(f"Formgrader of {config.title or config.course_id}:\n  {formgrader_url}")
        click.echo(f"JupyterLab in the same folder:\n  {lab_url}")
        click.echo("Stop it with Ctrl-C.", err=True)


def _require_free(port: int) -> None:
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a server that has just ended does not count
        try:
            probe.bind((ADDRESS, port))
        except OSError as exc:
            raise UsageProblem(
                f"cannot listen there: {(exc.strerror or str(exc)).lower()}.",
                place=f"port {port}",
                hint="Take another --port, or leave it out: then a free one is found.",
            ) from exc


def _server(config: CourseConfig, port: int | None, token: str, *, browser: bool) -> Any:
    """Return a Jupyter server that is ready to start.

    Raises:
        GraderError: JupyterLab is not installed, or it cannot be started as it has to be.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own parts, to their developers
        try:
            import nbgrader.server_extensions.formgrader  # noqa: F401 (is it there?)
            from jupyterlab.labapp import LabApp
            from traitlets.config import Config
        except ImportError as exc:
            raise GraderError(
                f"formgrader needs JupyterLab and nbgrader, which are not whole here: {exc}.",
                hint="Run: pip install --upgrade jupyterlab nbgrader",
            ) from exc
        settings = Config()
        # Given like this they count more than what the user's own files say of other servers.
        settings.ServerApp = Config(
            ip=ADDRESS,
            sock="",
            port=port or 8888,
            port_retries=0 if port else 50,
            root_dir=str(config.root),
            allow_root=True,
            allow_remote_access=False,
            answer_yes=True,
            open_browser=browser,
            default_url="/formgrader",
            log_level="ERROR",
            # Another one could let everybody in.
            identity_provider_class="jupyter_server.auth.identity.PasswordIdentityProvider",
            jpserver_extensions={
                "jupyterlab": True,
                _EXTENSION: True,
                "nbgrader.server_extensions.validate_assignment": True,
                "nbgrader.server_extensions.formgrader": False,
            },
        )
        settings.IdentityProvider.token = token
        settings.LabApp = Config(open_browser=browser, default_url="/formgrader", log_level="ERROR")
        server = LabApp.make_serverapp(config=settings)
        try:
            server.initialize(argv=[], starter_extension=LabApp.name, find_extensions=True)
        except SystemExit as exc:  # how it says that it cannot
            raise GraderError(
                "the Jupyter server did not start; its own message stands above.",
                place=f"port {server.port}",
                hint="`jupyter lab` in the course's folder shows whether Jupyter works at all.",
            ) from exc
    identity = server.identity_provider
    if server.ip != ADDRESS or identity.token != token or not identity.auth_enabled:
        raise GraderError(
            "Jupyter's configuration would let others in, so the server was not started.",
            place="jupyter_server_config",
            hint="`jupyter --paths` lists its folders; take out what changes ip, token or identity provider.",
        )
    loaded = server.extension_manager.extension_apps | dict(server.extension_manager.extensions)
    if _EXTENSION not in loaded:
        raise GraderError("formgrader could not be loaded into the Jupyter server.", hint="Install nbgrader again.")
    return server


def _base(server: Any) -> str:
    """The server's address, with a slash at its end."""
    return f"http{'s' if server.certfile else ''}://{ADDRESS}:{server.port}{server.base_url.rstrip('/')}/"
