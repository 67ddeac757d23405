"""A warm template: an interpreter with IPython and the earlier chapters loaded; student processes are forked from it.

Started with exec (``python -s -P -S -c BOOT FD``; this text arrives over the socket), never forked from a process that
has read the course, with an empty environment; then it shuts itself in (see ``isolation``), and only then imports what
is not Python's own. For each submission it forks a *keeper*: the trusted parent of one student process. The keeper runs
no student code, starts the student process, ends it on the judge's word or when the judge is gone, and reports its
death. Neither ever sees a test.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import importlib
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

LOOK_S = 0.25
"""How often a keeper looks at the memory of its processes."""
TREE_MEMORY = 3
"""A student process and its waiting copy may hold the same memory, which is then counted twice."""


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


class Sandbox:
    """How this template's keepers and student processes are shut in.

    Args:
        order: what the owner asked for: ``isolation``, ``path`` (``sys.path``), ``hide`` (folders), ``home`` (a folder
            for "process"). Taken out of the order: a student process is a copy of this one.

    Raises:
        isolation.Missing: this machine does not offer what was asked for.
    """

    def __init__(self, order: dict[str, Any]) -> None:
        from grader.execution import isolation, kernel, landlock, seccomp

        kind, hide = order.pop("isolation"), order.pop("hide")
        self.home = order.pop("home")
        self.path = order.pop("path")
        self.root = isolation.plan_root(self.path, hide) if sys.platform == "linux" else None
        self.is_closed = kind != "process"
        self._counted_by_user = sys.platform == "linux" and not isolation.counts_processes_by_namespace()
        self._is_root = os.geteuid() == 0
        self.filter = seccomp.program(kernel.machine()) if sys.platform == "linux" and kernel.machine() else b""
        self._ids = None
        if not self.is_closed:
            if self.root is not None:
                self._ids = isolation.ids_that_can_read(self.path)
            return
        if self.root is None:
            raise isolation.Missing("user", f"this is {sys.platform}, not Linux")
        if not self.filter:
            raise isolation.Missing("seccomp", f"system calls of {os.uname().machine} are not known")
        if kind == "auto" and not landlock.version():
            raise isolation.Missing("landlock", "the kernel has none, or it is not switched on (boot option lsm)")
        self._try_filter()
        self._own_pids = isolation.enter(self.root)
        self.root.forget_outside()
        self.home = self.root.work
        self.path = self.root.python_path
        # What Python remembers of the machine outside.
        sys.prefix = sys.exec_prefix = sys.base_prefix
        sys.executable = os.path.join(sys.base_prefix, "bin", "python3")
        sys.orig_argv = [sys.executable]

    def _try_filter(self) -> None:
        """See once that the kernel takes the filter."""
        from grader.execution import isolation, kernel, seccomp

        read_fd, write_fd = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
                seccomp.install(self.filter)
            except OSError as exc:
                os.write(write_fd, isolation.explain("seccomp", exc).encode())
            finally:
                os._exit(0)
        os.close(write_fd)
        with open(read_fd, "rb") as file:
            refusal = file.read().decode()
        os.waitpid(pid, 0)
        if refusal:
            raise isolation.Missing("seccomp", refusal)

    def fork_keeper(self) -> int:
        """Like ``os.fork``; in a closed sandbox the child is process 1 of its namespace."""
        from grader.execution import isolation

        return isolation.fork_keeper(self._own_pids) if self.is_closed else os.fork()

    def shut_keeper(self, request: dict[str, Any], files_fd: int | None) -> None:
        """The keeper's own walls, and the student's folder with the files that came with the submission."""
        from grader.execution import isolation, kernel

        if self.root is not None and self.is_closed:
            files = {}
            if files_fd is not None:
                with open(files_fd, "rb") as file:
                    files = {name: base64.b64decode(data) for name, data in json.load(file).items()}
            isolation.shut_keeper(self.root, request["disk_bytes"], files)
        elif sys.platform == "linux":
            kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
            if self._ids:
                isolation.give_folder(request["cwd"], self._ids)

    def hide_keeper(self) -> None:
        """Nobody of the same user may look into this process from now on."""
        from grader.execution import kernel

        if sys.platform == "linux":
            kernel.prctl(kernel.PR_SET_DUMPABLE, 0)

    def shut_student(self, request: dict[str, Any]) -> tuple[str, str]:
        """The last walls, as far as there are any; gives the working folder, and the one for temporary files."""
        from grader.execution import isolation

        if self.root is None:
            isolation.set_limits(request["limits"], 0)
        elif self.is_closed:
            limits = request["limits"]
            if self._counted_by_user and not self._is_root:
                del limits["processes"]  # it would count everything that this user runs
            elif self._counted_by_user:
                limits["processes"] += 3  # template and keepers are of the same user
            isolation.shut_student(self.root, limits, self.filter)
            return self.root.work, self.root.tmp
        else:
            isolation.restrain_student(self.root, request["limits"], self.filter, request["cwd"], self._ids)
        return request["cwd"], request["cwd"]


def main(control: socket.socket, order: dict[str, Any]) -> None:
    """Load, say so, and fork a keeper for each request until the owner hangs up."""
    texts = order.pop("modules")
    order["path"] = order["path"] or [entry for entry in sys.path if os.path.isdir(entry)]
    _load_own_modules({name: texts.pop(name) for name in order["walls"]})
    from grader.execution import isolation

    try:
        sandbox = Sandbox(order)
    except isolation.Missing as exc:
        send_json(control, {"missing": [exc.facility, exc.reason]})
        return
    sys.path[:] = sandbox.path
    import site

    site.setquit()
    site.sethelper()
    site.setcopyright()
    os.environ["HOME"] = os.environ["IPYTHONDIR"] = sandbox.home
    _load_own_modules(texts)
    from grader.execution import recorder

    shell = importlib.import_module(f"grader.execution.{order.pop('shell')}").make_shell(recorder.Recorder(1 << 20))
    _serve(control, sandbox, shell, order.pop("reference"))


def _serve(control: socket.socket, sandbox: Sandbox, shell: Any, texts: list[list[str]]) -> None:
    """Load the reference of a chapter's predecessors, and fork what the owner asks for until it hangs up."""
    from grader.execution import reference

    try:
        # The text must not stay in a process that will run student code.
        chapters = reference.build_chapters(texts)
    except Exception as exc:  # noqa: BLE001 (the course's own text; its author is told)
        send_json(control, {"error": f"{type(exc).__name__}: {exc}"})
        return
    texts.clear()
    sys.modules["chapters"] = chapters
    pristine = {key: value for key, value in vars(chapters).items() if not key.startswith("_")}
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers need no reaping
    gc.collect()
    if hasattr(gc, "freeze"):  # PyPy has none
        gc.freeze()  # a collection in a student process shall not touch, and so copy, what it has from here
    send_json(control, {"ready": True})
    while True:
        try:
            word, fds, _, _ = socket.recv_fds(control, 1, 64)
        except OSError:
            return
        request = receive_json(control) if fds else None
        if request is None:
            return
        if word == b"T":
            _fork_template(control, sandbox, shell, request["reference"], fds[0])
        else:
            _start_keeper(control, sandbox, shell, request, fds, pristine)


def _fork_template(control: socket.socket, sandbox: Sandbox, shell: Any, texts: list[list[str]], fd: int) -> None:
    """Another template for another chapter: a copy of this one, which has seen nothing of the course's."""
    if os.fork() == 0:
        try:
            control.close()
            _serve(socket.socket(fileno=fd), sandbox, shell, texts)
        finally:
            os._exit(0)
    os.close(fd)


def _start_keeper(
    control: socket.socket,
    sandbox: Sandbox,
    shell: Any,
    request: dict[str, Any],
    fds: list[int],
    pristine: dict[str, Any],
) -> None:
    """Fork a keeper, which answers the owner itself: the process id that it sees is not the one seen from outside."""
    said_read, said_write = os.pipe()
    try:
        pid = sandbox.fork_keeper()
    except Exception as exc:  # noqa: BLE001 (told to the owner)
        pid = -1
        send_json(control, {"error": f"{type(exc).__name__}: {exc}"})
        os.write(said_write, b"!")
    if pid == 0:
        status = 1
        try:
            os.close(said_read)
            try:
                keeper = _shut_in(sandbox, shell, request, fds, pristine)
                answer: dict[str, Any] = {"keeper": os.getpid()}
            except Exception as exc:  # noqa: BLE001 (told to the owner)
                keeper = None
                answer = {"error": f"{type(exc).__name__}: {exc}"}
            send_json(control, answer)
            os.write(said_write, b"!")
            os.close(said_write)
            control.close()
            if keeper is not None:
                keeper.run()
            status = 0
        finally:
            os._exit(status)
    for fd in (*fds, said_write):
        os.close(fd)
    if not os.read(said_read, 1):
        send_json(control, {"error": "the keeper ended before it had begun"})
    os.close(said_read)


def _shut_in(sandbox: Sandbox, shell: Any, request: dict[str, Any], fds: list[int], pristine: dict[str, Any]) -> Keeper:
    """Make this process a keeper and fork its student process, which has its walls up when this returns."""
    files_fd = fds.pop() if request["has_files"] else None
    order_fd, report_fd, *lines = fds
    sandbox.shut_keeper(request, files_fd)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.setsid()
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    word_read, word_write = os.pipe()
    student = os.fork()
    if student == 0:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _live(sandbox, shell, request, lines, word_write, pristine)
            status = 0
        finally:
            os._exit(status)
    for fd in (*lines, word_write):
        os.close(fd)
    with open(word_read, "rb") as file:
        word = file.read()
    if word != b"shut in":
        raise RuntimeError(word.decode(errors="replace") or "the student process ended before it was shut in")
    sandbox.hide_keeper()
    return Keeper(student, order_fd, report_fd, wake_read, request["limits"]["memory_bytes"])


class Keeper:
    """The trusted parent of one student process and of all that it leaves behind.

    Orders are lines: ``I`` interrupts the student process; ``R<pid>`` ends everything but the waiting snapshot
    ``<pid>``, which is the student process from then on; ``K``, or the end of the pipe, ends everything. Reports are
    lines: ``D<status>`` when the student process has died, ``M`` before that if all together held too much memory,
    ``R1`` or ``R0`` for a resume that worked or did not.

    Args:
        student: the student process.
        order_fd: for orders; ``report_fd``: for reports; ``wake_fd``: readable when a child has ended.
        memory_bytes: what one process may use beyond what it is born with; the kernel sees to that. Here it is seen to
            that all together do not use more than ``TREE_MEMORY`` times as much.
    """

    def __init__(self, student: int, order_fd: int, report_fd: int, wake_fd: int, memory_bytes: int) -> None:
        self.student = student
        self.order_fd = order_fd
        self.report_fd = report_fd
        self.wake_fd = wake_fd
        self.dead: set[int] = set()
        self.memory_bytes = memory_bytes
        self.born_with = _resident(os.getpid())
        self.was_over = False
        self.next_look = time.monotonic() + LOOK_S

    def run(self) -> None:
        """Serve until told to end."""
        poller = select.poll()
        poller.register(self.order_fd, select.POLLIN)
        poller.register(self.wake_fd, select.POLLIN)
        orders = b""
        while True:
            events = poller.poll(LOOK_S * 1000 if self.born_with else None)
            if self.born_with and time.monotonic() >= self.next_look:
                self.next_look = time.monotonic() + LOOK_S
                self.watch_memory()
            for fd, _ in events:
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

    def watch_memory(self) -> None:
        """End the student process when all of its processes together have held too much, twice in a row."""
        used = sum(max(0, _resident(pid) - self.born_with) for pid in _tree(os.getpid())[1:])
        is_over = used > TREE_MEMORY * self.memory_bytes
        if is_over and self.was_over and self.student not in self.dead:
            if os.getpid() == 1:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(-1, signal.SIGSTOP)  # children take no more until the judge has decided
            self.report(b"M")
            self.send(self.student, signal.SIGKILL)
        self.was_over = is_over

    def resume(self, pid: int) -> bool:
        """End everything but ``pid``, which must be one of our own by then."""
        self.end_all(keep=pid)
        self.reap()
        self.student = pid
        return pid not in self.dead and pid in (_children(os.getpid()) or [pid])

    def end_all(self, keep: int) -> None:
        """Kill every descendant but ``keep``; orphans come to us, because a keeper is a subreaper."""
        if os.getpid() == 1:
            if not keep:
                return  # when process 1 ends, the kernel kills all the others
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGSTOP)  # stopped, nobody can fork away from what follows
        for attempt in range(5000):
            others = [pid for pid in _tree(os.getpid())[1:] if pid != keep]
            if self.student != keep and self.student not in self.dead and self.student not in others:
                others.append(self.student)  # where there is no /proc
            if not others:
                break
            for pid in others:
                self.send(pid, signal.SIGKILL)
            self.reap()
            if attempt:
                time.sleep(0.001)
        if keep:
            self.send(keep, signal.SIGCONT)


def _resident(pid: int) -> int:
    """Bytes of memory that a process holds and that no file backs, shared with its parent or not; 0 if not known."""
    try:
        with open(f"/proc/{pid}/status") as file:
            kilobytes = [int(line.split()[1]) for line in file if line.startswith(("RssAnon:", "RssShmem:"))]
    except OSError:
        return 0
    return sum(kilobytes) << 10


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


_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""On a machine of many cores numpy would start more threads than a student process may have."""


def _live(
    sandbox: Sandbox, shell: Any, request: dict[str, Any], lines: list[int], word_fd: int, pristine: dict[str, Any]
) -> None:
    """The student process: descriptors away, walls up, then the student's cells.

    ``lines`` are pairs of pipe ends, to read from and to write to: the first for now, the others for snapshots. To
    ``word_fd`` goes whether the walls are up: without them nothing of the student's runs, and no verdict is drawn.
    """
    from grader.execution import student_side, wire

    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    low = 3
    for fd in [*sorted([*lines, word_fd]), 4096]:
        os.closerange(low, fd)
        low = fd + 1
    try:
        work, tmp = sandbox.shut_student(request)
        os.chdir(work)
    except Exception as exc:  # noqa: BLE001 (told to the owner)
        os.write(word_fd, f"{type(exc).__name__}: {exc}".encode())
        return
    os.write(word_fd, b"shut in")
    os.close(word_fd)
    os.environ.clear()
    os.environ.update(HOME=work, TMPDIR=tmp, LANG="C.UTF-8", **_ONE_THREAD)
    channels = [
        wire.Channel(read_fd, write_fd, max_bytes=request["message_bytes"], blocking=True)
        for read_fd, write_fd in zip(lines[::2], lines[1::2])  # noqa: B905 (Python 3.9)
    ]
    student_side.main(shell, channels, request, pristine)
