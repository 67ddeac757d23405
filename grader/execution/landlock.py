"""Landlock: a second wall around files, TCP ports and signals, which a process builds around itself."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence

from grader.execution import kernel

_READ = 1 << 2 | 1 << 3
"""Read a file, list a folder."""
_WRITE = _READ | 1 << 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 13 | 1 << 14
"""And write, truncate, remove, rename, make folders, files, sockets, pipes and links; no devices, and never execute."""
_USE = 1 << 1 | 1 << 2 | 1 << 14
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""All rights that a version of Landlock knows."""
_TCP = 3
_SCOPES = 3
"""Abstract sockets of others, signals to others."""


def version() -> int:
    """The kernel's version of Landlock, from 1; 0 if there is none."""
    try:
        return kernel.syscall("landlock_create_ruleset", None, 0, 1)
    except OSError:
        return 0


def restrict(read: Sequence[str], write: Sequence[str], devices: Sequence[str]) -> int:
    """Landlock: no file but these, no TCP, no signal to a process outside; as far as the kernel's version knows it.

    Returns:
        That version; 0, and nothing is restricted, if there is none.
    """
    abi = version()
    if not abi:
        return 0
    known = max(rights for first, rights in _FILE_RIGHTS.items() if first <= abi)
    attributes = struct.pack("=QQQ", known, _TCP if abi >= 4 else 0, _SCOPES if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    ruleset = kernel.syscall("landlock_create_ruleset", ctypes.byref(buffer), ctypes.c_size_t(size), 0)
    try:
        for paths, rights in ((read, _READ), (write, _WRITE), (devices, _USE)):
            for path in paths:
                fd = os.open(path, kernel.O_PATH)
                is_folder = os.path.isdir(path)
                rule = struct.pack("=Qi", rights & known & (-1 if is_folder else _USE), fd)
                rule_buffer = ctypes.create_string_buffer(rule, len(rule))
                kernel.syscall("landlock_add_rule", ruleset, 1, ctypes.byref(rule_buffer), 0)
                os.close(fd)
        # From version 7 on the kernel would log every refusal; a student could fill the machine's log.
        kernel.syscall("landlock_restrict_self", ruleset, 1 if abi >= 7 else 0)
    finally:
        os.close(ruleset)
    return abi
