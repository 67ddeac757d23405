"""Attempts to break out of the sandbox, made as a student's cell would make them, in a real student process.

Each says what must hold, tries to break it, and prints ``held`` or ``broken`` and what happened. ``grader doctor`` runs
them all; so do the tests, as root and as an ordinary user.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grader.course.model import Interpreter, Limits
from grader.execution.remote import JudgeAbort
from grader.execution.sandbox import StudentProcess, Template
from grader.execution.session import Session

LIMITS = Limits(cpu_s=5, submission_cpu_s=20, memory_bytes=256 << 20, grace_s=5)
"""Small, so that it does not take long to reach them."""
_MARK = "grader-probe"
"""The name of processes that a probe leaves behind; at most 15 characters."""
_SECRET = "assert answer == 42  # hidden"  # noqa: S105


@dataclasses.dataclass(frozen=True)
class Probe:
    """One property of the sandbox and an attempt to break it.

    Args:
        key: its short name.
        title: what must hold.
        code: a cell; it calls ``held(detail)`` or ``broken(detail)``.
    """

    key: str
    title: str
    code: str


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a probe found."""

    key: str
    title: str
    holds: bool
    detail: str


PRELUDE = '''
import contextlib, ctypes, errno, os, signal, socket, stat, sys, threading, time

libc = ctypes.CDLL(None, use_errno=True)

def held(detail=""):
    print("held", detail)

def broken(detail=""):
    print("broken", detail)

def refused(attempt, *args):
    """Broken if it works, held if the system refuses."""
    try:
        result = attempt(*args)
    except (OSError, MemoryError, ValueError) as problem:
        held(f"{type(problem).__name__}: {problem}")
    else:
        broken(f"it worked: {str(result)[:200]}")

def all_refused(attempt, things):
    """Broken if it works with one of them."""
    for thing in things:
        try:
            result = attempt(thing)
        except (OSError, MemoryError, ValueError) as problem:
            last = f"{type(problem).__name__}: {problem}"
        else:
            return broken(f"it worked with {thing!r}: {str(result)[:200]}")
    held(last)

def call(name, *args):
    """A system call by its number."""
    column = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
    number = CALLS[name][column]
    result = libc.syscall(*[ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in (number, *args)])
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), name)
    return result

CALLS = {
    "ptrace": (101, 117), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "unshare": (272, 97), "setns": (308, 268), "clone": (56, 220), "bpf": (321, 280), "keyctl": (250, 219),
    "add_key": (248, 217), "io_uring_setup": (425, 425), "userfaultfd": (323, 282), "perf_event_open": (298, 241),
    "kexec_load": (246, 104), "init_module": (175, 105), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "pidfd_getfd": (438, 438), "personality": (135, 92), "quotactl": (179, 60),
    "memfd_create": (319, 279), "execve": (59, 221), "execveat": (322, 281), "fsopen": (430, 430),
    "open_tree": (428, 428), "open_by_handle_at": (304, 265), "reboot": (169, 142), "swapon": (167, 224),
    "settimeofday": (170, 170), "syslog": (103, 116), "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190),
    "prlimit64": (302, 261), "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119),
    "setpriority": (141, 140), "acct": (163, 89), "seccomp": (317, 277),
}
'''

PROBES = [
    Probe(
        "files",
        "Files of this machine cannot be read",
        """
        all_refused(lambda path: open(path, "rb").read(10), [
            "/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/os-release", "/var/log/dpkg.log",
            os.path.join("/", "root", ".bashrc"),
            "/proc/1/environ", "/proc/self/maps", "/proc/cmdline", "/sys/kernel/notes", "/dev/kmsg", "/dev/mem",
        ])
        """,
    ),
    Probe(
        "folders",
        "Folders of this machine cannot be listed",
        """
        all_refused(os.listdir, ["/home", "/root", "/etc", "/var", "/srv", "/proc", "/sys", "/usr/bin", "/boot", "/"])
        """,
    ),
    Probe(
        "course",
        "Course folder, hidden tests, gradebook and other students' work cannot be read",
        """
        all_refused(lambda path: open(path).read(), [
            GIVEN["folder"] + path for path in ("/source/01.py", "/gradebook.db", "/submitted/ada/01/01.ipynb")
        ])
        """,
    ),
    Probe(
        "course_names",
        "Nor can it be seen whether they exist",
        """
        all_refused(os.stat, [GIVEN["folder"], GIVEN["folder"] + "/gradebook.db"])
        """,
    ),
    Probe(
        "tool",
        "The tool's own files cannot be read",
        """
        with contextlib.suppress(OSError):
            for folder in [*sys.path, GIVEN["tool"]]:
                for path in (f"{folder}/grader/execution/judge.py", f"{folder}/execution/judge.py"):
                    if os.path.exists(path):
                        open(path).read()
                        broken(path)
        held()
        """,
    ),
    Probe(
        "writing",
        "Nothing can be written outside the student's own folder",
        """
        all_refused(lambda path: open(path, "w"), [
            "/x", "/etc/x", "/usr/lib/x", "/var/tmp/x", "/dev/x", os.path.dirname(os.__file__) + "/x.py",
            os.__file__, sys.path[-1] + "/x.py", GIVEN["folder"] + "/x",
        ])
        """,
    ),
    Probe(
        "own_folder",
        "The student's own folder works, and takes the files that were handed in",
        """
        with open("notes.txt", "w") as file:
            file.write("mine")
        import tempfile
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"x")
        if open("notes.txt").read() == "mine" and open("data/given.txt").read() == "given":
            held(os.getcwd())
        else:
            broken(os.listdir("."))
        """,
    ),
    Probe(
        "programs",
        "No program can be started",
        """
        import subprocess
        def start(path):
            return subprocess.run([path], capture_output=True)
        all_refused(start, ["/bin/sh", "/usr/bin/env", GIVEN["python"], os.path.realpath(GIVEN["python"])])
        """,
    ),
    Probe(
        "own_programs",
        "Nor one that student code has written itself",
        """
        def start():
            with open("program", "w") as file:
                file.write("#!/bin/sh\\necho hello\\n")
            os.chmod("program", 0o755)
            os.execv("./program", ["program"])
        refused(start)
        """,
    ),
    Probe(
        "network",
        "The network cannot be reached",
        """
        def reach(address):
            with socket.create_connection(address, timeout=1) as connection:
                return connection
        all_refused(reach, [("127.0.0.1", GIVEN["port"]), ("1.1.1.1", 53), ("localhost", 80)])
        """,
    ),
    Probe(
        "sockets",
        "No socket can be made but the pair by which an event loop wakes itself",
        """
        kinds = [(socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET6, 1),
                 (socket.AF_UNIX, 1), (socket.AF_NETLINK, 3), (socket.AF_PACKET, 3), (40, 1), (38, 5)]
        socket.socketpair()
        all_refused(lambda kind: socket.socket(*kind), kinds)
        """,
    ),
    Probe(
        "processes",
        "Other processes cannot be seen",
        """
        seen = []
        for pid in [*range(2, 300), GIVEN["pid"], GIVEN["judge"]]:
            with contextlib.suppress(OSError):
                os.kill(pid, 0)
                if pid != os.getpid():
                    seen.append(pid)
        # The one that may be there is a waiting copy of this process.
        broken(seen) if len(seen) > 1 or GIVEN["pid"] in seen or GIVEN["judge"] in seen else held()
        """,
    ),
    Probe(
        "signals",
        "Other processes cannot be signalled",
        """
        all_refused(lambda pid: os.kill(pid, signal.SIGTERM), [GIVEN["pid"], GIVEN["judge"], 1, os.getppid(), -1, 0])
        """,
    ),
    Probe(
        "tracing",
        "No process can be traced, and no memory but its own read",
        """
        def look(pid):
            with contextlib.suppress(OSError):
                return call("ptrace", 16, pid, 0, 0)
            with contextlib.suppress(OSError):
                return open(f"/proc/{pid}/mem", "rb")
            buffer = ctypes.create_string_buffer(16)
            vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 16)
            return call("process_vm_readv", pid, ctypes.byref(vector), 1, ctypes.byref(vector), 1, 0)
        all_refused(look, [1, GIVEN["pid"], GIVEN["judge"], os.getppid()])
        """,
    ),
    Probe(
        "system_calls",
        "System calls that no Python program needs are refused",
        """
        worked = []
        for name in CALLS:
            if name == "clone":
                continue
            arguments = {
                "unshare": (0x10000000,), "personality": (0xFFFFFFFF,), "shmget": (0, 4096, 0o1600),
                "msgget": (0, 0o1600), "semget": (0, 1, 0o1600), "memfd_create": (b"x", 0),
                "prlimit64": (1, 7, 0, 0), "sched_setaffinity": (0, 8, ctypes.byref(ctypes.c_ulong(1))),
                "setpriority": (0, 0, 5),
            }.get(name, (0, 0, 0, 0, 0))
            try:
                call(name, *arguments)
                worked.append(name)
            except OSError as problem:
                if problem.errno not in (errno.EPERM, errno.ENOSYS, errno.EACCES):
                    worked.append(f"{name}: {problem}")
        broken(worked) if worked else held(f"{len(CALLS) - 1} tried")
        """,
    ),
    Probe(
        "namespaces",
        "No new namespaces can be made",
        """
        flags = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]
        def new(flag):
            with contextlib.suppress(OSError):
                call("unshare", flag)
                return "unshare"
            pid = call("clone", flag | signal.SIGCHLD, 0, 0, 0, 0)
            if pid == 0:
                os._exit(0)
            return "clone"
        all_refused(new, flags)
        """,
    ),
    Probe(
        "user",
        "It runs as an ordinary user without any capability, for good",
        """
        head, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
        libc.capget(ctypes.byref(head), ctypes.byref(data))
        become_root = libc.setuid(0) == 0 or libc.setresuid(0, 0, 0) == 0
        capabilities = [hex(word) for word in data if word]
        if 0 in (os.getuid(), os.geteuid()) or capabilities or become_root or os.getgroups():
            broken(f"{os.getresuid()}, capabilities {capabilities}, groups {os.getgroups()}")
        else:
            held(f"uid {os.getuid()}")
        """,
    ),
    Probe(
        "descriptors",
        "It has no file descriptors but its own pipes",
        """
        found = []
        for fd in range(1024):
            with contextlib.suppress(OSError):
                mode, device = os.fstat(fd).st_mode, os.fstat(fd).st_rdev
                if not stat.S_ISFIFO(mode) and not (stat.S_ISCHR(mode) and device == os.makedev(1, 3)):
                    found.append((fd, oct(mode)))
        broken(found) if found else held()
        """,
    ),
    Probe(
        "environment",
        "The environment is empty but for its own folders and one thread for linear algebra",
        """
        libc.getenv.restype = ctypes.c_char_p
        more = {name for name in os.environ if not name.endswith("_NUM_THREADS")} - {"HOME", "TMPDIR", "LANG"}
        broken(more) if more or libc.getenv(b"GRADER_PROBE_SECRET") else held()
        """,
    ),
    Probe(
        "host",
        "This machine's name cannot be learned",
        """
        broken(os.uname().nodename) if os.uname().nodename == GIVEN["host"] else held(os.uname().nodename)
        """,
    ),
    Probe(
        "priority",
        "Its priority cannot be raised",
        """
        tries = [lambda: os.nice(-1), lambda: os.setpriority(os.PRIO_PROCESS, 0, -5),
                 lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))]
        all_refused(lambda attempt: attempt(), tries)
        """,
    ),
    Probe(
        "limits",
        "Its limits cannot be raised",
        """
        import resource
        def raise_limit(name):
            soft, hard = resource.getrlimit(getattr(resource, name))
            resource.setrlimit(getattr(resource, name), (hard + 1, hard + 1))
            return hard
        all_refused(raise_limit, [f"RLIMIT_{name}" for name in ("AS", "CPU", "FSIZE", "NOFILE", "CORE")])
        """,
    ),
    Probe(
        "memory",
        "Memory is limited",
        """
        refused(lambda: len(bytearray(GIVEN["memory"] + (64 << 20))))
        """,
    ),
    Probe(
        "forks",
        "Processes and threads are limited",
        """
        children = []
        try:
            while len(children) < 100:
                pid = os.fork()
                if pid == 0:
                    time.sleep(30)
                    os._exit(0)
                children.append(pid)
            broken(f"{len(children)} processes")
        except OSError as problem:
            held(f"{len(children)} more: {problem}")
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        """,
    ),
    Probe(
        "disk",
        "Disk space is limited",
        """
        written = 0
        def fill():
            global written
            for number in range(1000):
                with open(f"fill-{number}", "wb") as file:
                    for _ in range(15):
                        written += file.write(bytes(1 << 20))
                if written > 1 << 30:
                    return f"{written >> 20} MB written"
        refused(fill)
        for name in os.listdir("."):
            if name.startswith("fill-"):
                os.remove(name)
        """,
    ),
    Probe(
        "file_size",
        "The size of a file is limited",
        """
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        def fill():
            with open("large", "wb") as file:
                for _ in range(100):
                    file.write(bytes(1 << 20))
        refused(fill)
        os.remove("large")
        """,
    ),
    Probe(
        "shared_memory",
        "Shared memory is its own",
        """
        from multiprocessing import shared_memory
        name = "grader-probe"
        try:
            shared_memory.SharedMemory(name)
            broken("left by another")
        except FileNotFoundError:
            held()
        """,
    ),
    Probe(
        "python",
        "What Python and IPython need works: threads, asyncio, locks, callbacks of C, standard library",
        """
        import asyncio, concurrent.futures, decimal, hashlib, json, math, multiprocessing, random, sqlite3, uuid
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            squares = list(pool.map(lambda x: x * x, range(5)))
        async def late():
            await asyncio.sleep(0.001)
            return 7
        loop = asyncio.new_event_loop()
        sevens = loop.run_until_complete(late())
        loop.close()
        back = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda x: x + 1)
        multiprocessing.Lock().acquire()
        sqlite3.connect(":memory:").execute("select 1")
        pid = os.fork()
        if pid == 0:
            os._exit(3)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        fine = squares == [0, 1, 4, 9, 16] and sevens == 7 and back(1) == 2 and status == 3
        held() if fine else broken((squares, sevens, back(1), status))
        """,
    ),
]
"""Each runs in a student process of its own."""


class _Outside:
    """What probes are told of the world outside, and try to reach: a course folder, a process, a port."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="grader-probe-")
        for name in ("source/01.py", "gradebook.db", "submitted/ada/01/01.ipynb"):
            path = Path(self.folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_SECRET)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])

    def given(self) -> dict[str, Any]:
        """As text for a cell."""
        return {
            "folder": self.folder,
            "port": self.server.getsockname()[1],
            "pid": self.process.pid,
            "judge": os.getpid(),
            "python": sys.executable,
            "host": os.uname().nodename,
            "memory": LIMITS.memory_bytes,
            "tool": str(Path(__file__).resolve().parent.parent),
        }

    def close(self) -> None:
        """Take it all away."""
        import shutil

        self.process.kill()
        self.process.wait()
        self.server.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def run_probes(isolation: str, interpreter: Interpreter | None = None) -> Iterator[Finding]:
    """Try to break each property from inside.

    Args:
        isolation: one of ``model.ISOLATIONS``.
        interpreter: of first passes, in place of ours.

    Raises:
        IsolationError: this machine does not offer the isolation.
    """
    os.environ["GRADER_PROBE_SECRET"] = _SECRET
    outside = _Outside()
    try:
        with Template([], isolation, interpreter=interpreter) as template:
            for probe in PROBES:
                yield _run(template, probe, outside)
            for check in (_seen_from_outside, _endless_loop, _memory_together, _left_behind, _judge_killed, _next_one):
                yield check(template)
    finally:
        outside.close()
        del os.environ["GRADER_PROBE_SECRET"]


def _spawn(template: Template) -> StudentProcess:
    return template.spawn(LIMITS, seed=0, allowed_modules=None, files={"data/given.txt": b"given"})


def _cell(session: Session, number: int, source: str, cpu_s: float = LIMITS.cpu_s, wall_s: float = 20) -> str:
    """Run a cell; what it printed, or how it ended."""
    session.begin_cell(cpu_s, wall_s)
    try:
        outputs = json.loads(session.run_cell(number, source, []) or "[]")
    except JudgeAbort as exc:
        return f"aborted {exc}"
    said = [
        output["text"] if output["output_type"] == "stream" else f"{output['ename']}: {output['evalue']}"
        for output in outputs
        if output["output_type"] in ("stream", "error")
    ]
    return "".join(said).strip()


def _run(template: Template, probe: Probe, outside: _Outside) -> Finding:
    source = f"{PRELUDE}\nGIVEN = {outside.given()!r}\n"
    with contextlib.closing(Session(_spawn(template))) as session:
        said = _cell(session, 0, source) or _cell(session, 1, textwrap.dedent(probe.code))
    holds = said.startswith("held") and "broken" not in said
    if outside.process.poll() is not None:
        return Finding(probe.key, probe.title, False, "a process of ours was killed")
    return Finding(probe.key, probe.title, holds, said.removeprefix("held").removeprefix("broken").strip())


def _seen_from_outside(template: Template) -> Finding:
    """What the kernel says of the student process."""
    title = "The kernel confirms it: another user, no capabilities, no new privileges, a filter"
    with contextlib.closing(Session(_spawn(template))) as session:
        _cell(session, 0, "1")
        facts: dict[str, str] = {}
        try:
            children = Path(
                f"/proc/{session.process.keeper_pid}/task/{session.process.keeper_pid}/children"
            ).read_text()
            for line in Path(f"/proc/{children.split()[0]}/status").read_text().splitlines():
                key, _, value = line.partition(":")
                facts[key] = value.strip()
        except (OSError, IndexError) as exc:
            return Finding("kernel", title, False, str(exc))
    uid = facts["Uid"].split()[0]
    good = (
        facts["CapEff"] == facts["CapPrm"] == facts["CapBnd"] == "0" * 16
        and facts["NoNewPrivs"] == "1"
        and facts["Seccomp"] == "2"
        and (os.geteuid() != 0 or uid != "0")
    )
    shown = {key: facts.get(key) for key in ("Uid", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp", "NSpid")}
    return Finding(
        "kernel", title, good, ", ".join(f"{key} {' '.join((value or '').split())}" for key, value in shown.items())
    )


_STUBBORN = """
import os, signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""


def _endless_loop(template: Template) -> Finding:
    started = time.monotonic()
    with contextlib.closing(Session(_spawn(template))) as session:
        said = _cell(session, 0, _STUBBORN, cpu_s=0.5)
        after = _cell(session, 1, "print('still here')") if not session.is_dead else ""
    seconds = time.monotonic() - started
    holds = said.startswith("aborted") and not after and seconds < 15
    return Finding("loop", "A loop that ignores every signal is ended", holds, f"{said} ({seconds:.1f} s)")


_HUNGRY = """
import os, signal, time
for _ in range(8):
    if os.fork() == 0:
        hoard = bytearray(200 << 20)
        time.sleep(60)
        os._exit(0)
time.sleep(60)
"""


def _memory_together(template: Template) -> Finding:
    title = "Memory of all its processes together is limited"
    started = time.monotonic()
    with contextlib.closing(Session(_spawn(template))) as session:
        said = _cell(session, 0, _HUNGRY)
    holds = said.startswith("aborted its processes together")
    return Finding("hunger", title, holds, f"{said} ({time.monotonic() - started:.1f} s)")


_DAEMONS = f"""
import ctypes, os, signal, threading, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(15, b"{_MARK}", 0, 0, 0)
            for number in range(1, 65):
                try:
                    signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
            while True:
                time.sleep(0.01)
        os._exit(0)
threading.Thread(target=time.sleep, args=(1000,), daemon=False).start()
time.sleep(0.2)
print("started")
"""


def _marked() -> list[int]:
    """Processes of this machine that a probe left behind."""
    found = []
    for entry in os.listdir("/proc") if os.path.isdir("/proc") else []:
        with contextlib.suppress(OSError):
            if entry.isdigit() and Path(f"/proc/{entry}/comm").read_text().strip() == _MARK:
                found.append(int(entry))
    return found


def _all_gone(timeout_s: float = 5) -> list[int]:
    deadline = time.monotonic() + timeout_s
    while (left := _marked()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _left_behind(template: Template) -> Finding:
    title = "Processes that it leaves behind end with it"
    with contextlib.closing(Session(_spawn(template))) as session:
        said = _cell(session, 0, _DAEMONS)
        there = len(_marked())
    left = _all_gone()
    return Finding(
        "daemons", title, said == "started" and there == 3 and not left, f"{there} started, {len(left)} left"
    )


def _judge_killed(template: Template) -> Finding:
    """A judge that is killed takes its student process along."""
    title = "When its judge is killed, it ends with all its processes"
    read_fd, write_fd = os.pipe()
    judge = os.fork()
    if judge == 0:
        try:
            session = Session(_spawn(template))
            os.write(write_fd, _cell(session, 0, _DAEMONS).encode())
            time.sleep(60)
        finally:
            os._exit(0)
    os.close(write_fd)
    with open(read_fd, "rb", buffering=0) as file:
        said = file.read(100).decode()
    there = len(_marked())
    os.kill(judge, signal.SIGKILL)
    os.waitpid(judge, 0)
    left = _all_gone()
    return Finding("judge", title, said == "started" and there == 3 and not left, f"{there} started, {len(left)} left")


def _next_one(template: Template) -> Finding:
    title = "The next student process finds nothing of the last one"
    write = """
import os, tempfile
for folder in (".", tempfile.gettempdir(), "/tmp", "/dev/shm", os.path.expanduser("~")):
    try:
        open(f"{folder}/left-by-the-last", "w").write("x")
    except OSError:
        pass
open("data/given.txt", "w").write("changed")
"""
    read = """
import os, tempfile
found = [folder for folder in (".", tempfile.gettempdir(), "/tmp", "/dev/shm", os.path.expanduser("~"))
         if os.path.exists(f"{folder}/left-by-the-last")]
print("held" if not found and open("data/given.txt").read() == "given" else f"broken {found}")
"""
    with contextlib.closing(Session(_spawn(template))) as session:
        first = _cell(session, 0, write)
    with contextlib.closing(Session(_spawn(template))) as session:
        said = _cell(session, 0, read)
    return Finding("next", title, said == "held" and not first, said.removeprefix("held") or first)
