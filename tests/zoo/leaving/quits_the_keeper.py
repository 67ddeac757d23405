# The parent is told to end, in every way that a child has.
# earns: all
# others: right
# needs: walls
# shows: tried
# %%
import ctypes
import os
import signal

libc = ctypes.CDLL(None)
for number in range(1, 65):
    for pid in (1, os.getppid()):
        try:
            os.kill(pid, number)
        except (OSError, ValueError):
            pass
        libc.syscall(234, pid, pid, number)  # tgkill
        libc.syscall(297, pid, pid, number, None)  # rt_tgsigqueueinfo
print("tried")
