"""The seam between the judge and the student process: who starts it, limits it, interrupts it and ends it.

``Template`` is a warm interpreter for one chapter; ``Template.spawn`` gives a ``StudentProcess`` that the judge talks
to through a ``wire.Channel``. This module alone knows how isolation is done.
"""

from __future__ import annotations

import base64
import copy
import dataclasses
import json
import os
import select
import shutil
import signal
import site
import socket
import struct
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader.course.model import Interpreter, Limits
from grader.errors import IsolationError, SandboxError
from grader.execution import facilities, wire
from grader.execution import template as template_module

_BOOT = """
import sys
sys.path[:] = filter(None, sys.path)  # before Python 3.11 there is no -P
import json, os, socket, struct, types
control = socket.socket(fileno=int(sys.argv.pop()))
(length,) = struct.unpack(">I", control.recv(4, socket.MSG_WAITALL))
order = json.loads(control.recv(length, socket.MSG_WAITALL))
module = types.ModuleType("grader.execution.template")
exec(compile(order.pop("template"), "<grader template>", "exec"), module.__dict__)
module.main(control, order)
os._exit(0)  # nothing is left to tidy up, and tidying takes as long as grading
"""
_WALLS = ("kernel", "landlock", "seccomp", "isolation")
"""What the template is given beside itself to shut itself in, in the order of their imports."""
_MODULES = ("wire", "reference", "student_values", "recorder", "student_shell", "student_side")
"""And what it imports when it has."""
_PLAIN_MODULES = ("wire", "reference", "student_values", "recorder", "plain_shell", "student_side")
"""The same for another interpreter, which has no IPython."""

START_TIMEOUT_S = 60.0
"""A template that has not answered by then will not (a cold disk needs some seconds)."""


def own_folder() -> str:
    """Where this tool's package is."""
    return str(Path(__file__).resolve().parent.parent)


def interpreter_path() -> list[str]:
    """``sys.path`` of a template: the standard library and site-packages, and nothing of the course's."""
    own = [sysconfig.get_path("stdlib")]
    own.append(sysconfig.get_path("platstdlib", vars={"platbase": sys.base_exec_prefix}))
    own.append(str(Path(sysconfig.get_path("stdlib")) / "lib-dynload"))
    dynload = [entry for entry in sys.path if entry.endswith("lib-dynload")]
    packages = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    packages += [
        entry for entry in [*site.getsitepackages(), *sys.path] if entry.endswith(("site-packages", "dist-packages"))
    ]
    return list(dict.fromkeys(entry for entry in [*own, *dynload, *packages] if os.path.isdir(entry)))


DISK_FILES = 4
"""The student's folder holds this many files of the largest size, and what was handed in."""
_SHOWS_SENDERS = hasattr(socket, "SO_PASSCRED") and hasattr(socket, "SCM_CREDENTIALS")
_SENDER = struct.Struct("3i")
FRESH_S = 0.04
"""A reading of CPU times holds this long: /proc is slow, cells are many, and limits are some hundred times as large."""
MAX_RESUMES = 8
"""How often a notebook may end its process and go on from a snapshot; each resume has pipes of its own."""


@dataclasses.dataclass
class StudentProcess:
    """One student process and its keeper, as the judge holds them.

    ``channels`` are the pipes to the process and to those that may follow it; ``channel`` is the one in use.
    """

    channels: list[wire.Channel]
    keeper_pid: int
    order_fd: int
    report_fd: int
    exit_status: int | None = None
    over_memory: bool = False
    killed: bool = False
    keeper_is_gone: bool = False
    """The keeper has ended without being told to: by no student code, so it is our machinery's failure."""
    snapshot_is_gone: bool = False
    """The snapshot to go on with was dead."""
    _cpu_s: float = 0.0
    _next_reading: float = 0.0
    _reports: bytes = b""

    @property
    def channel(self) -> wire.Channel:
        """The pipes to the living process."""
        return self.channels[0]

    def interrupt(self) -> None:
        """What the stop button does: SIGINT, which student code may ignore."""
        self._order(b"I\n")

    def kill(self) -> None:
        """End the student process and all its descendants; twice does no harm."""
        if not self.killed:
            self._next_reading = 0.0
            self._cpu_s = self.cpu_s()
            self.killed = True
            self._order(b"K\n")

    def resume(self, snapshot_pid: int) -> bool:
        """Go on with a waiting snapshot, after all else that the student process has left is dead.

        Returns:
            False when there is no such snapshot, or no pipes for it.
        """
        if len(self.channels) < 2 or self.killed or snapshot_pid <= 1:
            return False
        self._order(b"R%d\n" % snapshot_pid)
        deadline = now() + 10
        while b"R" not in self._reports:
            if not self._hear_keeper(deadline - now()):
                return False
        answer = self._reports[self._reports.index(b"R") :].split(b"\n")[0]
        self._reports = b""
        self.exit_status, self.over_memory = None, False
        self.channels.pop(0).close()
        self.channel.drain()  # a snapshot waits to be spoken to: others have written what is there
        self.snapshot_is_gone = answer == b"R0"
        return answer == b"R1"

    def _order(self, words: bytes) -> None:
        try:
            os.write(self.order_fd, words)
        except OSError:
            pass

    def _hear_keeper(self, timeout_s: float) -> bool:
        """Read what the keeper has reported; False when nothing came in time, or never will."""
        poller = select.poll()
        poller.register(self.report_fd, select.POLLIN)
        if timeout_s < 0 or not poller.poll(timeout_s * 1000):
            return False
        chunk = os.read(self.report_fd, 4096)
        self._reports += chunk
        self.keeper_is_gone |= not chunk and not self.killed
        for line in self._reports.split(b"\n")[:-1]:
            if line.startswith(b"D"):
                self.exit_status = int(line[1:])
            self.over_memory |= line == b"M"
        return bool(chunk)

    def cpu_s(self) -> float:
        """CPU seconds of the student process and everything it started, living or dead, ``FRESH_S`` ago at most."""
        # When it has been killed, the keeper is gone, and with it the account.
        if not self.killed and now() >= self._next_reading:
            self._cpu_s = max(self._cpu_s, tree_cpu_s(self.keeper_pid))
            self._next_reading = now() + FRESH_S
        return self._cpu_s

    def is_dead(self) -> bool:
        """True once the keeper has reported the death of the student process, or can report nothing any more."""
        while self._hear_keeper(0):
            pass
        return self.exit_status is not None or self.keeper_is_gone

    def death(self) -> str:
        """How the student process ended, in words."""
        deadline = now() + 1.0  # its pipe closes a moment before the keeper has reaped it
        while self.exit_status is None:
            if not self._hear_keeper(deadline - now()):
                return "its keeper has ended" if self.keeper_is_gone else "the process closed its pipe"
        if self.over_memory:
            return "its processes together held too much memory"
        if self.exit_status < 0:
            try:
                return f"the process was killed by {signal.Signals(-self.exit_status).name}"
            except ValueError:
                return f"the process was killed by signal {-self.exit_status}"
        return f"the process ended itself with status {self.exit_status}"

    def close(self) -> None:
        """Kill and let go."""
        self.kill()
        for channel in self.channels:
            channel.close()
        for name in ("order_fd", "report_fd"):
            fd = getattr(self, name)
            if fd >= 0:
                setattr(self, name, -1)
                os.close(fd)


class Template:
    """A warm interpreter holding IPython and the reference of one chapter's predecessors.

    Args:
        reference: ``(assignment_id, python source)`` pairs, oldest first.
        isolation: one of ``model.ISOLATIONS``.
        interpreter: another one than ours, with a plain shell in place of IPython's.

    Raises:
        IsolationError: this machine does not offer the isolation; nothing is graded without.
        SandboxError: it does not start.
    """

    def __init__(
        self,
        reference: Sequence[Sequence[str]],
        isolation: str = "auto",
        *,
        interpreter: Interpreter | None = None,
    ) -> None:
        self.isolation = isolation
        self._interpreter = interpreter
        self._executable = interpreter.path if interpreter else sys.executable
        self._is_copy = False
        # In a closed sandbox all files are in its own tmpfs, and nothing of it is on the disk.
        self.home = tempfile.mkdtemp(prefix="grader-") if isolation == "process" else ""
        self._control, theirs = _control_pair()
        folder = Path(__file__).resolve().parent
        flags = ["-s", "-S"] if interpreter else ["-s", "-P", "-S"]
        command = [self._executable, *flags, "-c", _BOOT, str(theirs.fileno())]
        modules = _PLAIN_MODULES if interpreter else _MODULES
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the template)
        try:
            self.process = subprocess.Popen(
                command,
                env={"PYTHONHASHSEED": "0"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._log,
                cwd="/",
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        except OSError as exc:
            raise SandboxError(f"the interpreter {self._executable} cannot be started: {exc}") from exc
        finally:
            theirs.close()
        order: dict[str, object] = {
            "isolation": isolation,
            "walls": _WALLS,
            "path": [] if interpreter else interpreter_path(),
            "shell": modules[-2],
            # Installed among the packages, this tool would lie before the students' eyes, its samples too.
            "hide": [own_folder()],
            "template": (folder / "template.py").read_text(encoding="utf-8"),
            "modules": {name: (folder / f"{name}.py").read_text(encoding="utf-8") for name in (*_WALLS, *modules)},
            "home": self.home,
            "reference": [list(part) for part in reference],
        }
        try:
            self._tell(order)
            self._wait_until_ready()
        except SandboxError:
            self.close()
            raise

    def for_chapter(self, reference: Sequence[Sequence[str]]) -> Template:
        """Another template with a chapter's reference, forked from this one, which must have none and live on.

        Raises:
            SandboxError: it does not start.
        """
        other = copy.copy(self)
        other._is_copy = True
        other._control, theirs = _control_pair()
        try:
            try:
                socket.send_fds(self._control, [b"T"], [theirs.fileno()])
            except OSError as exc:
                raise self._broken() from exc
            finally:
                theirs.close()
            self._tell({"reference": [list(part) for part in reference]})
            other._wait_until_ready()
        except SandboxError:
            other.close()
            raise
        return other

    def _wait_until_ready(self) -> None:
        answer, _ = self._hear()
        if "missing" in answer:
            raise _cannot_isolate(answer["missing"])
        if "error" in answer:
            raise SandboxError(
                f"the reference of the earlier chapters does not run: {answer['error']}",
                hint="Run the solution files of source/ one by one with python; the first that fails is the cause.",
            )

    def _tell(self, document: object) -> None:
        try:
            template_module.send_json(self._control, document)
        except OSError as exc:
            raise self._broken() from exc

    def _hear(self) -> tuple[dict[str, Any], int]:
        """What the template or a keeper says, and the process id of who says it (0 where that cannot be known)."""
        sender = 0
        try:
            if _SHOWS_SENDERS:
                # Its own process id is another one in there; the kernel translates.
                _, ancillary, _, _ = self._control.recvmsg(1, socket.CMSG_SPACE(_SENDER.size), socket.MSG_PEEK)
                for level, kind, data in ancillary:
                    if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                        sender = _SENDER.unpack(data)[0]
            answer = template_module.receive_json(self._control)
        except OSError as exc:
            raise self._broken() from exc
        if not isinstance(answer, dict):
            raise self._broken()
        return answer, sender

    def _broken(self) -> SandboxError:
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - 2000))
        last = self._log.read().decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        needs = "ctypes, resource" if self._interpreter else "IPython"
        return SandboxError(
            f"the template interpreter did not start or ended: {last[0]}",
            hint=f"Does `{self._executable} -c 'import {needs}'` work?",
        )

    def spawn(
        self,
        limits: Limits,
        *,
        seed: int,
        allowed_modules: Sequence[str] | None,
        files: Mapping[str, bytes] | None = None,
    ) -> StudentProcess:
        """A fresh student process, ready for its first cell.

        Args:
            limits: what it may use.
            seed: for ``random``.
            allowed_modules: what cells may import; None for everything.
            files: what lies in its working folder, by relative path.
        """
        order_read, order_write = os.pipe()
        report_read, report_write = os.pipe()
        ours, theirs = [order_write, report_read], [order_read, report_write]
        pairs = []
        for _ in range(1 + MAX_RESUMES):
            request_read, request_write = os.pipe()
            reply_read, reply_write = os.pipe()
            pairs.append((reply_read, request_write))
            theirs += [request_read, reply_write]
            ours += [reply_read, request_write]
        files = files or {}
        cwd = self._folder_for(files) if self.home else ""
        try:
            if files and not self.home:
                theirs.append(_as_file(files))
            socket.send_fds(self._control, [b"F"], theirs)
            self._tell(
                {
                    "seed": seed,
                    "allowed_modules": None if allowed_modules is None else list(allowed_modules),
                    "cwd": cwd,
                    "has_files": bool(files) and not self.home,
                    "disk_bytes": DISK_FILES * limits.file_bytes + sum(map(len, files.values())),
                    "limits": {
                        "cpu_s": limits.submission_cpu_s,
                        "memory_bytes": limits.memory_bytes,
                        "processes": limits.processes,
                        "open_files": limits.open_files,
                        "file_bytes": limits.file_bytes,
                    },
                    "output_bytes": limits.output_bytes,
                    "message_bytes": limits.message_bytes,
                }
            )
            answer, keeper_pid = self._hear()
        except (OSError, SandboxError) as exc:
            for fd in ours:
                os.close(fd)
            raise self._broken() from exc
        finally:
            for fd in theirs:
                os.close(fd)
        if "error" in answer:
            for fd in ours:
                os.close(fd)
            raise SandboxError(f"no student process can be started: {answer['error']}", hint=_DOCTOR)
        keeper_pid = keeper_pid or int(answer["keeper"])
        channels = [wire.Channel(*pair, max_bytes=limits.message_bytes) for pair in pairs]
        return StudentProcess(channels, keeper_pid, order_write, report_read)

    def _folder_for(self, files: Mapping[str, bytes]) -> str:
        """A fresh working folder with the files that were handed in beside the notebook."""
        work = os.path.join(self.home, "work")
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work, exist_ok=True)
        for name, data in files.items():
            path = Path(work, name)
            if path.resolve().is_relative_to(Path(work).resolve()):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        return work

    def close(self) -> None:
        """End the template; its student processes end with their judges."""
        self._control.close()
        if self._is_copy:
            return
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()
        if self.home:
            shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_DOCTOR = "`grader doctor` shows what this machine offers."


def _cannot_isolate(missing: Sequence[str]) -> IsolationError:
    """The refusal to grade without a wall that was asked for."""
    key, reason = missing
    title, cost = facilities.FACILITIES[key]
    way_out = "--isolation namespaces" if key == "landlock" else "--isolation process"
    return IsolationError(
        f"this machine does not offer {title}: {reason}. Without, {cost}.",
        hint=f"{_DOCTOR} To grade all the same (your own machine, students that you trust): {way_out}",
    )


def _control_pair() -> tuple[socket.socket, socket.socket]:
    """The owner's and the template's end of what they talk over."""
    ours, theirs = socket.socketpair()
    if _SHOWS_SENDERS:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    ours.settimeout(START_TIMEOUT_S)
    return ours, theirs


def _as_file(files: Mapping[str, bytes]) -> int:
    """A descriptor from which a keeper reads files."""
    fd = os.memfd_create("files")
    with open(fd, "wb", closefd=False) as file:
        file.write(json.dumps({name: base64.b64encode(data).decode() for name, data in files.items()}).encode())
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


_TICKS = os.sysconf("SC_CLK_TCK")


def tree_cpu_s(pid: int) -> float:
    """CPU seconds of a process and its descendants, also those that have ended (0 where there is no /proc)."""
    total = 0
    for member in template_module._tree(pid):
        try:
            with open(f"/proc/{member}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return total / _TICKS


def process_cpu_s(pid: int) -> float:
    """CPU seconds of one process so far (0 where there is no /proc)."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:13])) / _TICKS


def now() -> float:
    """The clock of all deadlines, in seconds."""
    return time.monotonic()
