"""The system calls that student code may make: what CPython, IPython, threads and asyncio need, and no others.

A call that is not on the list fails with ``EPERM`` (``PermissionError`` in Python), one that is newer than our list
with ``ENOSYS``, so that libraries fall back to what they did before it existed. Nothing is killed for asking.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Iterable

from grader.execution import kernel

_ALLOWED = """
read:0:63 write:1:64 open:2:- close:3:57 stat:4:- fstat:5:80 lstat:6:- poll:7:- lseek:8:62 mmap:9:222
mprotect:10:226 munmap:11:215 brk:12:214 rt_sigaction:13:134 rt_sigprocmask:14:135 rt_sigreturn:15:139
rt_sigpending:127:136 rt_sigtimedwait:128:137 rt_sigsuspend:130:133 sigaltstack:131:132 pread64:17:67
pwrite64:18:68 readv:19:65 writev:20:66 preadv:295:69 pwritev:296:70 preadv2:327:286 pwritev2:328:287
access:21:- pipe:22:- pipe2:293:59 select:23:- pselect6:270:72 ppoll:271:73 sched_yield:24:124 mremap:25:216
msync:26:227 madvise:28:233 dup:32:23 dup2:33:- dup3:292:24 pause:34:- nanosleep:35:101 getitimer:36:102
setitimer:38:103 alarm:37:- getpid:39:172 getppid:110:173 gettid:186:178 sendfile:40:71 copy_file_range:326:285
sendto:44:206 recvfrom:45:207 sendmsg:46:211 recvmsg:47:212 shutdown:48:210 getsockname:51:204
getpeername:52:205 getsockopt:55:209 fork:57:- vfork:58:- exit:60:93 exit_group:231:94 wait4:61:260
waitid:247:95 uname:63:160 fcntl:72:25 flock:73:32 fsync:74:82 fdatasync:75:83 truncate:76:45 ftruncate:77:46
fallocate:285:47 getdents:78:- getdents64:217:61 getcwd:79:17 chdir:80:49 fchdir:81:50 rename:82:-
renameat:264:38 renameat2:316:276 mkdir:83:- mkdirat:258:34 rmdir:84:- creat:85:- link:86:- linkat:265:37
unlink:87:- unlinkat:263:35 symlink:88:- symlinkat:266:36 readlink:89:- readlinkat:267:78 chmod:90:-
fchmod:91:52 fchmodat:268:53 umask:95:166 gettimeofday:96:169 getrlimit:97:163 setrlimit:160:164
getrusage:98:165 sysinfo:99:179 times:100:153 getuid:102:174 getgid:104:176 geteuid:107:175 getegid:108:177
getresuid:118:148 getresgid:120:150 getgroups:115:158 getpgrp:111:- getpgid:121:155 setpgid:109:154
getsid:124:156 setsid:112:157 getpriority:140:141 capget:125:90 utime:132:- utimes:235:- utimensat:280:88
futimesat:261:- openat:257:56 newfstatat:262:79 faccessat:269:48 statx:332:291 statfs:137:43 fstatfs:138:44
fadvise64:221:223 readahead:187:213 time:201:- clock_gettime:228:113 clock_getres:229:114
clock_nanosleep:230:115 getcpu:309:168 getrandom:318:278 sched_getaffinity:204:123 sched_getparam:143:121
sched_getscheduler:145:120 sched_get_priority_max:146:125 sched_get_priority_min:147:126 futex:202:98
set_tid_address:218:96 set_robust_list:273:99 get_robust_list:274:100 rseq:334:293 membarrier:324:283
restart_syscall:219:128 epoll_create:213:- epoll_create1:291:20 epoll_ctl:233:21 epoll_wait:232:-
epoll_pwait:281:22 eventfd:284:- eventfd2:290:19 signalfd:282:- signalfd4:289:74 timerfd_create:283:85
timerfd_settime:286:86 timerfd_gettime:287:87 timer_create:222:107 timer_settime:223:110 timer_gettime:224:108
timer_getoverrun:225:109 timer_delete:226:111 getxattr:191:8 lgetxattr:192:9 fgetxattr:193:10 listxattr:194:11
llistxattr:195:12 flistxattr:196:13 close_range:436:436 faccessat2:439:439 epoll_pwait2:441:441
futex_waitv:449:449 fchmodat2:452:452 futex_wake:454:454 futex_wait:455:455 futex_requeue:456:456
"""
"""Calls that are harmless whatever their arguments: ``name:number on x86_64:number on aarch64``."""

_SOME = """
clone:56:220 clone3:435:435 kill:62:129 tgkill:234:131 ioctl:16:29 prctl:157:167 prlimit64:302:261 socketpair:53:199
"""
"""Calls whose arguments decide."""

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT = 0x40000000
_FIRST_NEW = 424
"""From here on system calls have one number on all machines, and C libraries do without those that are missing."""

_CLONE_REFUSED = kernel.NEW_ANY & ~0x80 | 0x2000 | 0x8000
"""New namespaces, CLONE_PTRACE, CLONE_PARENT. (0x80 is part of the signal number here.)"""
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""Is it a terminal, how wide, bytes to read, (not) blocking, (not) closed on exec."""
_PRCTLS = (1, 2, 3, 15, 16, 21, 29, 30, 39, 0x53564D41)
"""PDEATHSIG, is it dumpable, its name, seccomp mode, timer slack, no_new_privs, names of memory areas."""

_ALLOW = 0x7FFF0000
_LOAD, _JEQ, _JGT, _JGE, _JSET, _RET = 0x20, 0x15, 0x25, 0x35, 0x45, 0x06
_SET_MODE_FILTER = 1
_SPEC_ALLOW = 4

_Op = tuple[int, int, int, int]


def _error(number: int) -> int:
    return 0x00050000 | number


def _ret(value: int) -> _Op:
    return (_RET, 0, 0, value)


def _numbers(table: str, machine: str) -> dict[str, int]:
    column = 1 if machine == "x86_64" else 2
    rows = [entry.split(":") for entry in table.split()]
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


def _argument(index: int) -> _Op:
    return (_LOAD, 0, 0, 16 + 8 * index)  # the low half, which is all that these calls look at


def _one_of(index: int, values: Iterable[int], otherwise: int) -> list[_Op]:
    """Allow if the argument is one of ``values``."""
    ops = [_argument(index)]
    for value in values:
        ops += [(_JEQ, 0, 1, value), _ret(_ALLOW)]
    return [*ops, _ret(otherwise)]


def _blocks() -> dict[str, list[_Op]]:
    """For each call of ``_SOME``, what decides about it."""
    no = _error(errno.EPERM)
    return {
        "clone": [_argument(0), (_JSET, 0, 1, _CLONE_REFUSED), _ret(no), _ret(_ALLOW)],
        "clone3": [_ret(_error(errno.ENOSYS))],  # its flags are in memory; C libraries fall back to clone
        # One process by its number; not groups, not everybody (a snapshot waits among them), not the keeper.
        "kill": [
            _argument(0),
            (_JEQ, 2, 0, 0),
            (_JEQ, 1, 0, 1),
            (_JGE, 0, 1, 1 << 31),
            _ret(no),
            _ret(_ALLOW),
        ],
        "tgkill": [_argument(0), (_JEQ, 0, 1, 1), _ret(no), _ret(_ALLOW)],
        "ioctl": _one_of(1, _IOCTLS, _error(errno.ENOTTY)),
        "prctl": _one_of(0, _PRCTLS, no),
        "prlimit64": _one_of(0, [0], no),  # itself
        "socketpair": _one_of(0, [1], no),  # AF_UNIX: how an event loop wakes itself
    }


def _ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def program(machine: str) -> bytes:
    """The filter as BPF code.

    Args:
        machine: ``x86_64`` or ``aarch64``.
    """
    no = _ret(_error(errno.EPERM))
    ops: list[_Op] = [
        (_LOAD, 0, 0, 4),
        (_JEQ, 1, 0, _ARCHITECTURES[machine]),
        no,
        (_LOAD, 0, 0, 0),
    ]
    if machine == "x86_64":
        ops += [(_JGE, 0, 1, _X32_BIT), _ret(_error(errno.ENOSYS))]
    some = _numbers(_SOME, machine)
    for name, block in _blocks().items():
        ops += [(_JEQ, 0, len(block), some[name]), *block]
    for low, high in _ranges(_numbers(_ALLOWED, machine).values()):
        if low == high:
            ops += [(_JEQ, 0, 1, low), _ret(_ALLOW)]
        else:
            ops += [(_JGE, 0, 2, low), (_JGT, 1, 0, high), _ret(_ALLOW)]
    ops += [(_JGE, 0, 1, _FIRST_NEW), _ret(_error(errno.ENOSYS)), no]
    return b"".join(struct.pack("=HBBI", *op) for op in ops)


def install(code: bytes) -> None:
    """Put this process and all its descendants under a filter, for good; ``no_new_privs`` must be set.

    Raises:
        OSError: the kernel has no seccomp filters, or does not allow them.
    """
    buffer = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    pointer = ctypes.create_string_buffer(head, len(head))
    # Without SPEC_ALLOW older kernels slow the whole process down against an attack within one address space.
    kernel.syscall("seccomp", _SET_MODE_FILTER, _SPEC_ALLOW, ctypes.byref(pointer))
