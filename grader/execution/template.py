"""A warm template: an interpreter with IPython and the earlier chapters loaded; student processes are forked from it.

Started with exec (``python -s -P -S -c BOOT FD``; this text arrives over the socket), never forked from a process that
has read the course, with an empty environment. For each submission it forks a *keeper*: the trusted parent of one
student process. The keeper runs no student code, starts the student process, ends it on the judge's word or when the
judge is gone, and reports its death. Neither ever sees a test.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import struct
import sys
import time
import types
from typing import Any

PR_SET_CHILD_SUBREAPER = 36
PR_SET_PDEATHSIG = 1


def _load_own_modules(texts: dict[str, str]) -> None:
    """Make ``grader.execution.wire`` and friends from their text: no path of ours is known in here."""
    for name in ("grader", "grader.execution"):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = []
    for name, text in texts.items():
        module = types.ModuleType(f"grader.execution.{name}")
        sys.modules[module.__name__] = module
        setattr(sys.modules["grader.execution"], name, module)
        exec(compile(text, f"<grader {name}>", "exec"), module.__dict__)


def receive_json(sock: socket.socket) -> Any:
    """One length-prefixed JSON document; None at the end of the stream."""
    head = sock.recv(4, socket.MSG_WAITALL)
    if len(head) < 4:
        return None
    (length,) = struct.unpack(">I", head)
    data = b""
    while len(data) < length:
        chunk = sock.recv(length - len(data))
        if not chunk:
            return None
        data += chunk
    return json.loads(data)


def send_json(sock: socket.socket, document: Any) -> None:
    """One length-prefixed JSON document."""
    data = json.dumps(document).encode()
    sock.sendall(struct.pack(">I", len(data)) + data)


def _prctl(option: int, value: int) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def main(control: socket.socket, order: dict[str, Any]) -> None:
    """Load, say so, and fork a keeper for each request until the owner hangs up."""
    sys.path[:] = order["path"]
    import site

    site.setquit()
    site.sethelper()
    site.setcopyright()
    os.environ["HOME"] = os.environ["IPYTHONDIR"] = order["home"]
    _load_own_modules(order.pop("modules"))
    from grader.execution import reference, student_side

    recorder = student_side.Recorder(1 << 20)
    shell = student_side.make_shell(recorder)
    try:
        # The text must not stay in a process that will run student code.
        chapters = reference.build_chapters(order.pop("reference"))
    except Exception as exc:  # noqa: BLE001 (the course's own text; its author is told)
        send_json(control, {"error": f"{type(exc).__name__}: {exc}"})
        return
    sys.modules["chapters"] = chapters
    pristine = {key: value for key, value in vars(chapters).items() if not key.startswith("_")}
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers need no reaping
    send_json(control, {"ready": os.getpid()})
    while True:
        try:
            _, fds, _, _ = socket.recv_fds(control, 1, 64)
        except OSError:
            return
        request = receive_json(control) if fds else None
        if request is None:
            return
        pid = os.fork()
        if pid == 0:
            control.close()
            status = 1
            try:
                _keep(shell, request, fds, pristine)
                status = 0
            finally:
                os._exit(status)
        for fd in fds:
            os.close(fd)
        send_json(control, {"keeper": pid})


def _keep(shell: Any, request: dict[str, Any], fds: list[int], pristine: dict[str, Any]) -> None:
    """The keeper's life: see ``Keeper``."""
    order_fd, report_fd, *lines = fds
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.setsid()
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    student = os.fork()
    if student == 0:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for fd in (order_fd, report_fd, wake_read, wake_write):
                os.close(fd)
            _live(shell, request, lines, pristine)
            status = 0
        finally:
            os._exit(status)
    for fd in lines:
        os.close(fd)
    Keeper(student, order_fd, report_fd, wake_read).run()


class Keeper:
    """The trusted parent of one student process and of all that it leaves behind.

    Orders are lines: ``I`` interrupts the student process; ``R<pid>`` ends everything but the waiting snapshot
    ``<pid>``, which is the student process from then on; ``K``, or the end of the pipe, ends everything. Reports are
    lines: ``D<status>`` when the student process has died, ``R1`` or ``R0`` for a resume that worked or did not.
    """

    def __init__(self, student: int, order_fd: int, report_fd: int, wake_fd: int) -> None:
        self.student = student
        self.order_fd = order_fd
        self.report_fd = report_fd
        self.wake_fd = wake_fd
        self.dead: set[int] = set()

    def run(self) -> None:
        """Serve until told to end."""
        poller = select.poll()
        poller.register(self.order_fd, select.POLLIN)
        poller.register(self.wake_fd, select.POLLIN)
        orders = b""
        while True:
            for fd, _ in poller.poll():
                if fd == self.wake_fd:
                    os.read(self.wake_fd, 4096)
                    self.reap()
                    continue
                chunk = os.read(self.order_fd, 4096)
                orders += chunk
                while b"\n" in orders:
                    order, _, orders = orders.partition(b"\n")
                    if order == b"I":
                        self.send(self.student, signal.SIGINT)
                    elif order.startswith(b"R"):
                        self.report(b"R1" if self.resume(int(order[1:])) else b"R0")
                    else:
                        chunk = b""
                if not chunk:
                    self.end_all(keep=0)
                    return

    @staticmethod
    def send(pid: int, number: int) -> None:
        """A signal, to a process that may be gone."""
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    def report(self, line: bytes) -> None:
        """Tell the judge, if it is still there."""
        try:
            os.write(self.report_fd, line + b"\n")
        except OSError:
            pass

    def reap(self) -> None:
        """Take note of every child that has ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.dead.add(pid)
            if pid == self.student:
                self.report(b"D%d" % os.waitstatus_to_exitcode(status))

    def resume(self, pid: int) -> bool:
        """End everything but ``pid``, which must be one of our own by then."""
        self.end_all(keep=pid)
        self.reap()
        self.student = pid
        return pid not in self.dead and pid in (_children(os.getpid()) or [pid])

    def end_all(self, keep: int) -> None:
        """Kill every descendant but ``keep``; orphans come to us, because a keeper is a subreaper."""
        for attempt in range(5000):
            others = [pid for pid in _tree(os.getpid())[1:] if pid != keep]
            if self.student != keep and self.student not in self.dead and self.student not in others:
                others.append(self.student)  # where there is no /proc
            if not others:
                return
            for pid in others:
                self.send(pid, signal.SIGKILL)
            self.reap()
            if attempt:
                time.sleep(0.001)


def _tree(pid: int) -> list[int]:
    found = [pid]
    for child in found:
        found.extend(_children(child))
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += map(int, file.read().split())
    except OSError:
        pass
    return found


def _live(shell: Any, request: dict[str, Any], lines: list[int], pristine: dict[str, Any]) -> None:
    """The student process: limits on, descriptors away, then the student's cells.

    ``lines`` are pairs of pipe ends, to read from and to write to: the first for now, the others for snapshots.
    """
    import resource

    from grader.execution import student_side, wire

    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    low = 3
    for fd in [*sorted(lines), 4096]:
        os.closerange(low, fd)
        low = fd + 1
    os.environ.clear()
    os.environ.update(HOME=request["cwd"], TMPDIR=request["cwd"], LANG="C.UTF-8")
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: request["file_bytes"],
        resource.RLIMIT_NOFILE: request["open_files"],
        resource.RLIMIT_CPU: int(request["cpu_s"]) + 1,
    }
    used = _address_space()
    if used:
        limits[resource.RLIMIT_AS] = used + request["memory_bytes"]
    for which, value in limits.items():
        resource.setrlimit(which, (value, value))
    channels = [
        wire.Channel(read_fd, write_fd, max_bytes=request["message_bytes"], blocking=True)
        for read_fd, write_fd in zip(lines[::2], lines[1::2], strict=True)
    ]
    student_side.main(shell, channels, request, pristine)


def _address_space() -> int:
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
