"""Run a command as a user who owns nothing here: ``python as_ordinary_user.py COMMAND …``; for root only.

A checkout or an interpreter in a folder that only root may enter is shown in a mount namespace of the command's own;
nothing on the disk changes, and no user is created.
"""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from pathlib import Path

NOBODY = 64321
NEW_NS, PRIVATE, BIND, MOVE = 0x20000, 0x44000, 4096, 8192

libc = ctypes.CDLL(None, use_errno=True)


def mount(source, target, kind, flags, data=None):
    """Call ``mount(2)``."""
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind, data)]
    if libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(target))


def closed_above(path):
    """The topmost folder on the way that others may not enter, or None."""
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & 0o001:
            return folder
    return None


def show(paths):
    """Let others reach these folders, in a mount namespace of our own."""
    if libc.unshare(NEW_NS):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "unshare")
    mount(None, "/", None, PRIVATE)
    hidden = {path: closed for path in paths if (closed := closed_above(path)) is not None}
    stashes = {}
    for path in hidden:
        stashes[path] = tempfile.mkdtemp(dir="/var/tmp")
        mount(path, stashes[path], None, BIND)
    for closed in dict.fromkeys(hidden.values()):
        mount("shown", closed, "tmpfs", 0, "mode=0755")
    for path, stash in stashes.items():
        path.mkdir(parents=True, exist_ok=True)
        mount(stash, path, None, MOVE)
        os.rmdir(stash)


if __name__ == "__main__":
    home = Path(__file__).resolve().parent.parent
    show(dict.fromkeys(Path(name).resolve() for name in (sys.base_prefix, sys.prefix, home)))
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(home), "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": "/tmp"}
    os.chdir("/")
    os.execve(sys.executable, [sys.executable, *sys.argv[1:]], environment)
