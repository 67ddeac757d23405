"""Linux system calls that the standard library of Python 3.11 does not offer, through ctypes.

Importing this does nothing; a call raises ``OSError`` with the kernel's reason.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import signal
import struct
import sys
from typing import Any

NEW_NS = 0x00020000
NEW_UTS = 0x04000000
NEW_IPC = 0x08000000
NEW_USER = 0x10000000
NEW_PID = 0x20000000
NEW_NET = 0x40000000
NEW_ANY = 0x7E020080
"""Every flag of ``clone`` that makes a namespace (cgroup and time too)."""

O_PATH: int = getattr(os, "O_PATH", 0o10000000)
"""PyPy's ``os`` does not name it."""

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

_NUMBERS = {
    # name: (x86_64, aarch64); the numbers from 424 on are the same everywhere
    "pivot_root": (155, 41),
    "capset": (126, 91),
    "seccomp": (317, 277),
    "mount_setattr": (442, 442),
    "landlock_create_ruleset": (444, 444),
    "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446),
}
_MACHINES = ("x86_64", "aarch64")
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000


@functools.cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _plain(value: Any) -> Any:
    if isinstance(value, int):
        return ctypes.c_long(value)
    if isinstance(value, str):
        return ctypes.c_char_p(os.fsencode(value))
    return ctypes.c_void_p(None) if value is None else value


def call(name: str, *args: Any) -> int:
    """Call a function of the C library; ints, strings, ctypes objects and None are passed as they should be.

    Raises:
        OSError: it returned a negative number.
    """
    result = int(getattr(_libc(), name)(*map(_plain, args)))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
    return result


def machine() -> str:
    """``x86_64``, ``aarch64``, or an empty string for a machine whose system calls are not known here."""
    name = os.uname().machine
    # A 32-bit interpreter on a 64-bit kernel speaks another dialect.
    return name if name in _MACHINES and struct.calcsize("P") == 8 else ""


def syscall(name: str, *args: Any) -> int:
    """Make a system call that the C library has no function for."""
    known = machine()
    if not known:
        raise OSError(errno.ENOSYS, f"system calls of {os.uname().machine} are not known", name)
    return call("syscall", _NUMBERS[name][_MACHINES.index(known)], *args)


def unshare(flags: int) -> None:
    """Leave the namespaces named by ``flags`` for new ones."""
    call("unshare", flags)


def setns(fd: int, kind: int) -> None:
    """Enter a namespace that a descriptor stands for."""
    call("setns", fd, kind)


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """Mount, bind or remount."""
    try:
        call("mount", source, target, kind, flags, data)
    except OSError as exc:
        raise OSError(exc.errno, exc.strerror, target) from None


def unmount(target: str) -> None:
    """Take a mount away, whoever uses it."""
    call("umount2", target, MNT_DETACH)


def restrict_mount(target: str, flags: int, *, recursive: bool) -> None:
    """Add ``MS_RDONLY``, ``MS_NOSUID``, ``MS_NODEV``, ``MS_NOEXEC`` to a mount, and to those below it.

    Raises:
        OSError: ENOSYS before Linux 5.12.
    """
    attributes = struct.pack("=QQQQ", flags, 0, 0, 0)  # the four flags have the same values there
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    scope = _AT_RECURSIVE if recursive else 0
    syscall("mount_setattr", _AT_FDCWD, target, scope, ctypes.byref(buffer), ctypes.c_size_t(len(attributes)))


def prctl(option: int, value: int = 0) -> int:
    """Change something about this process."""
    return call("prctl", option, value, 0, 0, 0)


def drop_bounding_set() -> None:
    """Never gain a capability again."""
    for number in range(64):
        try:
            prctl(PR_CAPBSET_DROP, number)
        except OSError:  # EINVAL: there are no more; EPERM: not ours to drop, and without it nothing to gain
            break


def drop_capabilities() -> None:
    """Give up every capability for good."""
    drop_bounding_set()
    header = struct.pack("=Ii", 0x20080522, 0)
    head = ctypes.create_string_buffer(header, len(header))
    none = ctypes.create_string_buffer(24)
    syscall("capset", ctypes.byref(head), ctypes.byref(none))


def end_with(parent: int) -> None:
    """Let this process not outlive ``parent``, whoever started it, where the system offers that."""
    if sys.platform.startswith("linux"):
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
