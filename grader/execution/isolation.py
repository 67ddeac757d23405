"""The sandbox of Linux: what a template, a keeper and a student process do to shut themselves in, and what that takes.

Layer upon layer, each enough against most of what student code could try:

* the **template** lives in a user namespace of its own, as an unprivileged user even when root started it, and sees a
  root directory in which there is nothing but the Python installation, read-only;
* each **keeper** is process 1 of a new PID namespace, with network, IPC and UTS namespaces of its own;
* each **student process** is in one more user namespace without any capability, sees no ``/proc``, may write to a small
  tmpfs only, and is under Landlock, a seccomp filter and resource limits.

When a keeper ends, the kernel kills all that is in its PID namespace; when the template ends, all keepers.

This text is also given to the template, which knows no path of ours, as are ``kernel``, ``landlock`` and ``seccomp``.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import errno
import os
import re
import resource
import signal
import struct
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from grader.execution import kernel, landlock, seccomp

STUDENT_ID = 1000
"""User and group id of all that runs in a sandbox, as seen from inside."""
_OUTSIDE_ID = 0x70000000
"""As root: this plus the template's process id is the user id outside; a range that systemd's table calls unused."""


class Missing(Exception):  # noqa: N818 (a fact about the machine)
    """This machine does not offer something that the sandbox needs.

    Args:
        facility: its key in ``facilities.FACILITIES``.
        reason: what the kernel said.
    """

    def __init__(self, facility: str, reason: str) -> None:
        super().__init__(facility, reason)
        self.facility = facility
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.facility}: {self.reason}"


@contextlib.contextmanager
def _needs(facility: str) -> Iterator[None]:
    """Turn the kernel's refusal into ``Missing``."""
    try:
        yield
    except OSError as exc:
        raise Missing(facility, explain(facility, exc)) from exc


# -- the new root ------------------------------------------------------------------------------------------------------

_DEVICES = ("null", "zero", "full", "random", "urandom")
_EXTRAS = ("/usr/share/zoneinfo", "/usr/lib/locale")
_STORES = ("/nix/store", "/gnu/store")
_MAX_LINKS = 40


@dataclasses.dataclass
class Root:
    """What a sandbox's root directory holds; all paths are as seen from inside.

    Args:
        binds: folders of this machine by the place where they appear, read-only.
        links: symbolic links and what they say.
        copies: small files and their contents.
        hidden: folders in ``binds`` that look empty.
        scratch: where the tmpfs goes that may be written to.
        python_path: ``sys.path`` in there.
    """

    binds: dict[str, str]
    links: dict[str, str]
    copies: dict[str, bytes]
    hidden: list[str]
    scratch: str
    python_path: list[str]

    def forget_outside(self) -> None:
        """Once it is built, where things are outside is nobody's business."""
        self.binds = dict.fromkeys(self.binds, "")
        self.copies = dict.fromkeys(self.copies, b"")

    @property
    def work(self) -> str:
        """The student's working folder and home."""
        return f"{self.scratch}/work"

    @property
    def tmp(self) -> str:
        """For temporary files."""
        return f"{self.scratch}/tmp"  # noqa: S108


def plan_root(python_path: Sequence[str], hide: Sequence[str] = ()) -> Root:
    """What an interpreter with this ``sys.path`` needs of the machine; to be asked before anything is unshared.

    The standard library keeps its place. Packages that are installed elsewhere (a virtual environment, which may lie in
    the course folder) are shown under a neutral name.

    Args:
        python_path: standard library and packages.
        hide: real paths of folders that shall not be seen even there.
    """
    links: dict[str, str] = {}
    places: dict[str, str] = {}
    inside: list[str] = []
    prefixes = {os.path.realpath(prefix) for prefix in (sys.base_prefix, sys.base_exec_prefix, "/usr")}
    for entry in python_path:
        real = os.path.realpath(entry)
        if any(_is_in(real, prefix) for prefix in prefixes):
            places[_resolve(entry, links)] = real
            inside.append(entry)
        else:
            number = sum(path.startswith("/site-packages") for path in places)
            name = f"/site-packages{'-' + str(number + 1) if number else ''}"
            places[name] = real
            inside.append(name)
    own = [] if sys.base_prefix in ("/usr", "/usr/local") else [os.path.join(sys.base_prefix, "lib")]
    for folder in [*own, *_library_folders(), *_EXTRAS]:
        if os.path.isdir(folder):
            real = _resolve(folder, links)
            places[real] = real
    for store in _STORES:  # there, everything is made of links into the store
        if any(_is_in(source, store) for source in places.values()):
            places[store] = store
    binds = {
        place: source
        for place, source in places.items()
        if place != "/" and not any(place != other and source == place and _is_in(place, other) for other in places)
    }
    links = {link: target for link, target in links.items() if not any(_is_in(link, place) for place in binds)}
    copies = {}
    with contextlib.suppress(OSError), open("/etc/ld.so.cache", "rb") as file:
        copies["/etc/ld.so.cache"] = file.read()
    taken = {path.split("/")[1] for path in (*binds, *links)}
    scratch = next(f"/{name}" for name in ("student", "scratch", "student-1", "student-2") if name not in taken)
    if "tmp" not in taken:
        links["/tmp"] = f"{scratch}/tmp"  # noqa: S108 (a link in the sandbox's own root)
    links["/dev/shm"] = f"{scratch}/shm"  # noqa: S108
    hidden = [
        place + path[len(source) :]
        for path in hide
        for place, source in binds.items()
        if _is_in(path, source) and path != source
    ]
    return Root(binds, links, copies, hidden, scratch, inside)


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _resolve(path: str, links: dict[str, str]) -> str:
    """The real path; every symbolic link on the way is noted in ``links``."""
    todo = collections.deque(path.split("/"))
    at = "/"
    for _ in range(1000):
        if not todo:
            break
        name = todo.popleft()
        if name in ("", "."):
            continue
        if name == "..":
            at = os.path.dirname(at)
            continue
        here = os.path.join(at, name)
        if os.path.islink(here) and len(links) < _MAX_LINKS:
            links[here] = target = os.readlink(here)
            todo.extendleft(reversed(target.split("/")))
            at = "/" if target.startswith("/") else at
        else:
            at = here
    return at


def _library_folders() -> list[str]:
    """Where the dynamic linker finds shared libraries: those of this process, and what the system is set up for."""
    found = ["/lib", "/lib64", "/usr/lib64"]
    with contextlib.suppress(OSError), open("/proc/self/maps") as file:
        found += [
            os.path.dirname(path) for path in re.findall(r"\s(/\S+\.so(?:\.[\d.]+)?)$", file.read(), re.MULTILINE)
        ]
    with contextlib.suppress(OSError), open("/etc/ld.so.cache", "rb") as file:
        found += [os.fsdecode(path) for path in re.findall(rb"(/[^\0]+)/[^/\0]+\0", file.read())]
    folders = list(dict.fromkeys(found))
    # Debian's /lib is all of /usr/lib; what the linker looks at is the folder of the architecture in it.
    several = [path for path in folders if path not in ("/lib", "/usr/lib")]
    own = any(os.path.realpath(path).startswith(os.path.realpath("/lib") + "/") for path in several)
    return several if own else folders


def _build(root: Root, old: str, new: str) -> None:
    """Make ``root`` in the empty folder ``new``; the machine's own root directory is at ``old``."""
    for place, source in sorted(root.binds.items()):
        os.makedirs(new + place, exist_ok=True)
        with _needs("root"):
            kernel.mount(old + source, new + place, None, kernel.MS_BIND | kernel.MS_REC)
            _restrict(new + place, kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV)
    flags = kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    for folder in root.hidden:
        with _needs("root"):
            kernel.mount("hidden", new + folder, "tmpfs", flags, "size=4k,mode=0555")
    for folder in ("/dev", "/etc", "/proc", root.scratch):
        os.makedirs(new + folder, exist_ok=True)
    for name in _DEVICES:
        target = f"{new}/dev/{name}"
        with open(target, "wb"):
            pass
        with _needs("root"):
            kernel.mount(f"{old}/dev/{name}", target, None, kernel.MS_BIND)
            _restrict(target, kernel.MS_NOSUID | kernel.MS_NOEXEC)
    for link, target in root.links.items():
        os.makedirs(new + os.path.dirname(link), exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.symlink(target, new + link)
    for name, content in root.copies.items():
        with open(new + name, "wb") as file:
            file.write(content)
    kernel.mount(None, new, None, kernel.MS_REMOUNT | kernel.MS_BIND | flags)


def _restrict(target: str, flags: int) -> None:
    """Take rights from a mount and all mounts below it."""
    try:
        kernel.restrict_mount(target, flags, recursive=True)
    except OSError as exc:
        if exc.errno != errno.ENOSYS:
            raise
        for path, has in _mounts_below(target):
            kernel.mount(None, path, None, kernel.MS_REMOUNT | kernel.MS_BIND | flags | has)


def _mounts_below(target: str) -> list[tuple[str, int]]:
    """The mounts at and below a path with the flags that they have and must keep (before Linux 5.12)."""
    names = {"ro": 1, "nosuid": 2, "nodev": 4, "noexec": 8, "noatime": 1024, "nodiratime": 2048, "relatime": 1 << 21}
    found = []
    with open("/old/proc/self/mountinfo") as file:
        for line in file:
            fields = line.split()
            path = re.sub(r"\\(\d{3})", lambda match: chr(int(match[1], 8)), fields[4])
            if _is_in(path, target):
                found.append((path, sum(names.get(option, 0) for option in fields[5].split(","))))
    return found


# -- the template ------------------------------------------------------------------------------------------------------

NAMESPACES = {
    "mount": kernel.NEW_NS,
    "pid": kernel.NEW_PID,
    "net": kernel.NEW_NET,
    "ipc": kernel.NEW_IPC,
    "uts": kernel.NEW_UTS,
}
_STAGES = ("/tmp", "/mnt", "/media", "/srv", "/opt", "/var", "/usr")  # noqa: S108 (only mounted over)


def enter(root: Root) -> int:
    """Put the calling process's child into a sandbox for templates; returns in that child only, as process 1 there.

    The caller stays behind, outside, as a plain parent: it waits for the child and exits as that does. It must be an
    interpreter that was started for this, with one thread.

    Returns:
        A descriptor of the PID namespace, for ``fork_keeper``.

    Raises:
        Missing: with the facility; the process is of no further use then.
    """
    outside = outside_ids() if os.geteuid() == 0 else None
    helper = _Mapper(*outside) if outside else None
    if helper is not None:
        try:
            # As root the mounts are made before the user namespace: a folder that only root may enter stays in reach.
            kernel.unshare(kernel.NEW_NS)
        except OSError:  # root of a container, in name only
            helper.dismiss()
            helper = None
            with contextlib.suppress(OSError):
                _become(*outside or (0, 0))
    if helper is None:
        ids = os.geteuid(), os.getegid()
        _unshare_all(lambda: _map_own(*ids))
    with _needs("mount"):
        kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
        stage = next(folder for folder in _STAGES if os.path.isdir(folder) and not os.path.islink(folder))
        kernel.mount("stage", stage, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=4m,mode=0755")
        os.mkdir(stage + "/old")
        kernel.syscall("pivot_root", stage, stage + "/old")
        os.chdir("/")
        os.mkdir("/new")
        kernel.mount("root", "/new", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=4m,mode=0755")
    _build(root, "/old", "/new")
    if helper is not None:
        _unshare_all(helper.map)
        helper.dismiss()
    child = os.fork()
    if child:
        _follow(child)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    with _needs("mount"):
        kernel.mount("/new", "/new", None, kernel.MS_BIND | kernel.MS_REC)  # its own mount: others are locked here
        os.chdir("/new")
        with _needs("proc"):
            kernel.mount("proc", "proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
        kernel.syscall("pivot_root", ".", ".")
        kernel.unmount(".")
        os.chdir("/")
    _mount_scratch(root, 16 << 20, {})
    return os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)


def _follow(child: int) -> None:
    """Wait for the template, and end as it does."""
    for fd in range(3, 256):
        with contextlib.suppress(OSError):
            os.close(fd)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        _, status = os.waitpid(child, 0)
        os._exit(0 if status == 0 else 1)


def _unshare_all(map_ids: Callable[[], None]) -> None:
    with _needs("user"):
        kernel.unshare(kernel.NEW_USER)
        map_ids()
    for name, flag in NAMESPACES.items():  # one by one, so that the refusal names what is missing
        with _needs(name):
            kernel.unshare(flag)


class _Mapper:
    """A helper process that stays outside, and maps ``STUDENT_ID`` to other ids than our own (root may)."""

    def __init__(self, uid: int, gid: int) -> None:
        go_read, self._go = os.pipe()
        self._done, done_write = os.pipe()
        target = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            status = 1
            try:
                os.close(self._go)
                if os.read(go_read, 1):
                    for kind, number in (("uid_map", uid), ("gid_map", gid)):
                        _write(f"/proc/{target}/{kind}", f"{STUDENT_ID} {number} 1\n")
                    status = 0
            except OSError as exc:
                os.write(done_write, struct.pack("i", exc.errno or 1))
            finally:
                os._exit(status)
        os.close(go_read)
        os.close(done_write)

    def map(self) -> None:
        """Map the ids of the user namespace that the caller has just made, and take them."""
        os.write(self._go, b"!")
        failed = os.read(self._done, 4)
        if failed:
            (number,) = struct.unpack("i", failed)
            raise OSError(number, os.strerror(number), "uid_map")
        _become(STUDENT_ID, STUDENT_ID)

    def dismiss(self) -> None:
        """End the helper."""
        os.close(self._go)
        os.close(self._done)
        os.waitpid(self._pid, 0)


def _map_own(uid: int, gid: int) -> None:
    """Map ``STUDENT_ID`` to what we are; all that an ordinary user may do."""
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{STUDENT_ID} {uid} 1\n")
    _write("/proc/self/gid_map", f"{STUDENT_ID} {gid} 1\n")


def _become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # or /proc/self would belong to somebody else now


def _write(path: str, text: str, folder: int | None = None) -> None:
    fd = os.open(path, os.O_WRONLY, dir_fd=folder)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def outside_ids() -> tuple[int, int] | None:
    """A user and a group id that belong to nobody, for this template alone; None where only one id exists."""
    ids = []
    for kind in ("uid_map", "gid_map"):
        with open(f"/proc/self/{kind}") as file:
            rows = [tuple(map(int, line.split())) for line in file]
        wanted = _OUTSIDE_ID + os.getpid()
        start, _, count = max(rows, key=lambda row: row[2])
        if not start <= wanted < start + count:
            if count < 1000:
                return None
            wanted = start + count - 3 - os.getpid() % min(1000, count // 2)
        ids.append(wanted)
    return ids[0], ids[1]


def _mount_scratch(root: Root, size: int, files: Mapping[str, bytes]) -> None:
    """A fresh tmpfs with the student's folders, and files in the working folder."""
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    with _needs("mount"):
        kernel.mount("student", root.scratch, "tmpfs", flags, f"size={size},nr_inodes={4096 + len(files)},mode=0755")
    for name in ("work", "tmp", "shm"):
        os.mkdir(f"{root.scratch}/{name}")
    for name, data in files.items():
        path = os.path.normpath(os.path.join(root.work, name))
        if _is_in(path, root.work) and path != root.work:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)


# -- the keeper --------------------------------------------------------------------------------------------------------


def fork_keeper(own_pids: int) -> int:
    """Like ``os.fork``, but the child is process 1 of a new PID namespace.

    Args:
        own_pids: the template's PID namespace, as ``enter`` gave it.
    """
    with _needs("pid"):
        kernel.unshare(kernel.NEW_PID)
        try:
            child = os.fork()
        except BaseException:
            kernel.setns(own_pids, kernel.NEW_PID)
            raise
        if child:
            kernel.setns(own_pids, kernel.NEW_PID)
        else:
            os.close(own_pids)
    return child


def shut_keeper(root: Root, size: int, files: Mapping[str, bytes]) -> None:
    """What a keeper does first: namespaces of its own, its processes in ``/proc``, the student's folder."""
    with _needs("mount"):
        kernel.unshare(kernel.NEW_NS | kernel.NEW_NET | kernel.NEW_IPC | kernel.NEW_UTS)
    kernel.call("sethostname", "student", 7)
    with _needs("proc"):
        kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    _mount_scratch(root, size, files)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def counts_processes_by_namespace() -> bool:
    """True if a limit of processes counts those of one user namespace only (from Linux 5.14 on)."""
    version = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return version is not None and (int(version[1]), int(version[2])) >= (5, 14)


# -- the student process -----------------------------------------------------------------------------------------------


def set_limits(values: Mapping[str, int], used_memory: int) -> None:
    """Resource limits, soft and hard.

    Args:
        values: ``cpu_s``, ``memory_bytes``, ``file_bytes``, ``open_files``, and ``processes`` where they are counted
            for this sandbox alone.
        used_memory: address space in use already; 0 if it is not known, and then not limited.
    """
    limits = {
        "CORE": 0,
        "MEMLOCK": 0,
        "MSGQUEUE": 0,
        "SIGPENDING": 512,
        "FSIZE": values["file_bytes"],
        "NOFILE": values["open_files"],
        "CPU": int(values["cpu_s"]) + 1,
    }
    if used_memory:
        limits["AS"] = used_memory + values["memory_bytes"]
    if "processes" in values:
        limits["NPROC"] = values["processes"]
    for name, value in limits.items():
        which = getattr(resource, f"RLIMIT_{name}", None)
        if which is None:
            continue
        _, hard = resource.getrlimit(which)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


def shut_student(root: Root, values: Mapping[str, int], filter_code: bytes) -> None:
    """The last step: from here on this process, and all that it forks, can do no more than student code may.

    Args:
        root: where it lives.
        values: for ``set_limits``.
        filter_code: what ``seccomp.program`` has made.

    Raises:
        Missing, OSError: it is not shut in, and must end.
    """
    kernel.unshare(kernel.NEW_NS)
    proc = os.open("/proc", kernel.O_PATH | os.O_DIRECTORY)
    with contextlib.suppress(OSError):
        while True:
            kernel.unmount("/proc")
    if os.listdir("/proc"):
        raise Missing("proc", "/proc cannot be taken away")
    with _needs("user"):
        kernel.unshare(kernel.NEW_USER)
        _write("self/setgroups", "deny", proc)
        _write("self/uid_map", f"{STUDENT_ID} {STUDENT_ID} 1\n", proc)
        _write("self/gid_map", f"{STUDENT_ID} {STUDENT_ID} 1\n", proc)
    _write("self/oom_score_adj", "1000", proc)  # when memory runs out, this goes first
    with open(os.open("self/statm", os.O_RDONLY, dir_fd=proc)) as file:
        used = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    os.close(proc)
    set_limits(values, used)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.drop_capabilities()
    landlock.restrict([*root.binds, *root.copies], [root.scratch], _devices())
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    with _needs("seccomp"):
        seccomp.install(filter_code)


def ids_that_can_read(folders: Sequence[str]) -> tuple[int, int] | None:
    """As root: ids that belong to nobody, if a process with them can read these folders and their files."""
    ids = outside_ids() if os.geteuid() == 0 else None
    if ids is None:
        return None
    pid = os.fork()
    if pid == 0:
        try:
            _become(*ids)
            for folder in folders:
                for name in os.listdir(folder)[:50]:
                    path = os.path.join(folder, name)
                    if not os.access(path, os.R_OK | os.X_OK if os.path.isdir(path) else os.R_OK):
                        os._exit(1)
            os._exit(0)
        finally:
            os._exit(1)
    return ids if os.waitpid(pid, 0)[1] == 0 else None


def give_folder(folder: str, ids: tuple[int, int]) -> None:
    """Make a folder of ours, and all in it, another user's; its parent may be passed through by all."""
    os.chmod(os.path.dirname(folder), 0o711)  # noqa: S103
    os.chown(folder, *ids)
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(os.path.join(place, name), *ids, follow_symlinks=False)


def restrain_student(
    root: Root, values: Mapping[str, int], filter_code: bytes, work: str, ids: tuple[int, int] | None
) -> None:
    """In place of ``shut_student`` where there are no namespaces: whatever of the other layers this kernel has.

    Args:
        root: what is needed of the machine.
        values: for ``set_limits``.
        filter_code: the seccomp filter, empty if there is none for this machine.
        work: the only folder that may be written to.
        ids: user and group to become, as root.
    """
    used = 0
    with contextlib.suppress(OSError), open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError):
        _write("/proc/self/oom_score_adj", "1000")
    # The kernel counts processes by user; as ourselves, it would count all of ours.
    set_limits(values if ids else {name: value for name, value in values.items() if name != "processes"}, used)
    if ids:
        kernel.drop_bounding_set()
        _become(*ids)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    with contextlib.suppress(OSError):
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.drop_capabilities()
        landlock.restrict([*root.binds.values(), *root.copies], [work], _devices())
    with contextlib.suppress(OSError):
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        if filter_code:
            seccomp.install(filter_code)


def _devices() -> list[str]:
    return [f"/dev/{name}" for name in _DEVICES]


_SWITCHES = {"kernel/unprivileged_userns_clone": "0", "kernel/apparmor_restrict_unprivileged_userns": "1"}
"""With these values, ordinary users get no user namespaces, or none of use."""


def explain(facility: str, exc: OSError) -> str:
    """The kernel's words, and the usual cause."""
    said = f"{exc.filename or facility}: {exc.strerror}"
    if exc.errno == errno.ENOSPC and facility != "root":
        return f"{said} (the limit of namespaces is used up, or 0: sysctl user.max_user_namespaces)"
    for name, value in (
        ("kernel/unprivileged_userns_clone", "0"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1"),
    ):
        with contextlib.suppress(OSError), open(f"/proc/sys/{name}") as file:
            if file.read().strip() == value and os.geteuid() != 0:
                return f"{said} (sysctl {name.replace('/', '.')} is {value})"
    if exc.errno in (errno.EPERM, errno.EACCES) and facility in (*NAMESPACES, "user", "proc"):
        return f"{said} (a container forbids it, as Docker does by default)"
    return said
