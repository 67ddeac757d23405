"""What this machine offers to a sandbox, found out by trying."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Sequence

from grader.execution import isolation, kernel, landlock, seccomp


@dataclasses.dataclass(frozen=True)
class Facility:
    """One thing that the sandbox is made of.

    Args:
        key: its short name.
        title: what it is.
        present: whether this machine offers it to this user.
        detail: its version, or why it is not there.
        cost: what student code could do without it.
    """

    key: str
    title: str
    present: bool
    detail: str
    cost: str


FACILITIES = {
    # key: (title, what is lost without it)
    "user": ("user namespaces", "student code would run as you, and none of the other namespaces could be made"),
    "mount": (
        "mount namespaces with a tmpfs",
        "student code could read the course folder, hidden tests and other work",
    ),
    "root": ("a root directory with nothing but Python", "student code could read every file that you can read"),
    "pid": ("PID namespaces", "student code could see and signal other processes, and leave some behind"),
    "proc": ("a /proc of its own", "processes that student code leaves behind could not be found"),
    "net": ("network namespaces", "student code could use the network"),
    "ipc": ("IPC namespaces", "student code could share memory with other processes"),
    "uts": ("UTS namespaces", "student code could learn this machine's name"),
    "seccomp": ("seccomp filters", "student code could start programs and use every system call of the kernel"),
    "landlock": ("Landlock", "the second wall around files, TCP and signals would be missing"),
}


@dataclasses.dataclass(frozen=True)
class Offer:
    """What this machine offers to a sandbox of the user who asks."""

    facilities: tuple[Facility, ...]

    @property
    def missing(self) -> list[Facility]:
        """What is not there."""
        return [facility for facility in self.facilities if not facility.present]


def needed(isolation: str) -> tuple[str, ...]:
    """The facilities that a kind of isolation does not do without: all, all but the second wall, none."""
    every = tuple(FACILITIES)
    return {"auto": every, "namespaces": every[:-1], "process": ()}[isolation]


def survey(python_path: Sequence[str]) -> Offer:
    """Try each facility in a child process, and say what there is."""
    reasons = dict.fromkeys(FACILITIES, "") | _in_child(lambda: _try_namespaces(python_path))
    version = landlock.version()
    reasons["landlock"] = "" if version else _no_landlock()
    reasons |= _in_child(_try_seccomp)
    details = {"landlock": f"version {version}", "seccomp": f"for {kernel.machine()}"}
    return Offer(
        tuple(
            Facility(key, title, not reasons[key], reasons[key] or details.get(key, ""), cost)
            for key, (title, cost) in FACILITIES.items()
        )
    )


def _in_child(attempt: Callable[[], dict[str, str]]) -> dict[str, str]:
    """What ``attempt`` found out, in a fork that ends afterwards."""
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read_fd)
            os.write(write_fd, json.dumps(attempt()).encode())
        finally:
            os._exit(0)
    os.close(write_fd)
    with open(read_fd, "rb") as file:
        answer = file.read()
    os.waitpid(pid, 0)
    found: dict[str, str] = json.loads(answer) if answer else {"user": "the trial ended by itself"}
    return found


def _try_namespaces(python_path: Sequence[str]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    try:
        kernel.unshare(0)
    except (OSError, AttributeError) as exc:
        return dict.fromkeys(FACILITIES, f"this is not Linux, or ctypes does not work: {exc}")
    for key, flag in isolation.NAMESPACES.items():
        reasons |= _in_child(lambda key=key, flag=flag: _try_one(key, kernel.NEW_USER | flag))  # type: ignore[misc]
    reasons |= _in_child(lambda: _try_one("user", kernel.NEW_USER))
    if not any(reasons.values()):
        read_fd, write_fd = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                isolation.enter(isolation.plan_root(python_path))
                os.write(write_fd, b"\0")
            except isolation.Missing as exc:
                os.write(write_fd, json.dumps({exc.facility: exc.reason}).encode())
            finally:
                os._exit(0)
        os.close(write_fd)
        with open(read_fd, "rb") as file:
            answer = file.read()
        os.waitpid(pid, 0)
        reasons |= json.loads(answer.rstrip(b"\0") or b"{}")
    elif reasons["user"]:
        for key in ("root", "proc"):
            reasons[key] = "needs a user namespace"
    return reasons


def _try_one(key: str, flags: int) -> dict[str, str]:
    try:
        kernel.unshare(flags)
    except OSError as exc:
        return {key: isolation.explain(key, exc)}
    return {key: ""}


def _try_seccomp() -> dict[str, str]:
    if not kernel.machine():
        return {"seccomp": f"the filter is written for x86_64 and aarch64 with 64 bits, this is {os.uname().machine}"}
    try:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        seccomp.install(seccomp.program(kernel.machine()))
    except OSError as exc:
        return {"seccomp": isolation.explain("seccomp", exc)}
    return {"seccomp": ""}


def _no_landlock() -> str:
    return "the kernel has no Landlock (Linux 5.13), or it is not switched on (boot option lsm=…,landlock)"
