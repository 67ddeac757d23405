# Namespaces, mounts, traces, modules, new roots: system calls that make more of a process.
# shows: tried
# never: worked
# needs: walls
# there: it could work as root
# %%
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
calls = {
    "ptrace": (101, 16, 1, 0, 0),
    "mount": (165, b"none", b"/tmp", b"tmpfs", 0, None),
    "umount": (166, b"/usr", 2),
    "unshare": (272, 0x10000000),
    "setns": (308, 3, 0),
    "pivot_root": (155, b".", b"."),
    "chroot": (161, b"."),
    "bpf": (321, 0, None, 0),
    "keyctl": (250, 0, -3, 1),
    "io_uring_setup": (425, 8, None),
    "userfaultfd": (323, 0),
    "perf_event_open": (298, None, 0, -1, -1, 0),
    "process_vm_readv": (310, 1, None, 0, None, 0, 0),
    "kexec": (246, 0, 0, None, 0),
    "reboot": (169, 0xFEE1DEAD, 672274793, 0, None),
    "setuid": (105, 0),
    "open_by_handle_at": (304, 3, None, 0),
    "mknod": (133, b"device", 0o60666, 0x801),
    "memfd_create": (319, b"x", 0),
    "pidfd_open": (434, 1, 0),
    "execveat": (322, -100, b"/bin/sh", None, None, 0),
    "personality": (135, 0x0040000),
    "swapon": (167, b"/dev/zero", 0),
    "sethostname": (170, b"mine", 4),
    "settimeofday": (164, None, None),
    "shmget": (29, 0, 4096, 0o1600),
}
for name, arguments in calls.items():
    if libc.syscall(*arguments) >= 0:
        print("worked:", name)
try:
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (10**6, 10**6))
    print("worked: setrlimit")
except (OSError, ValueError):
    pass
print("tried")
