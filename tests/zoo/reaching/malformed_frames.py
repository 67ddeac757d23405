# Frames that lie about their length, are no JSON, or nest a million levels.
# needs: walls
# there: there is no such pipe
# limits: grace_s=0.5 cpu_s=0.3
# %% total
import gc
import os
import struct

server = next(thing for thing in gc.get_objects() if type(thing).__name__ == "Server")
texts = iter(
    [
        struct.pack(">I", 1 << 31) + b"x",
        struct.pack(">I", 3) + b"\xff\xfe\xfd",
        struct.pack(">I", 200_000) + b"[" * 100_000 + b"]" * 100_000,
        struct.pack(">I", 9) + b'{"ok": 1}',
        struct.pack(">I", 100_002) + b"1" * 100_002,
        struct.pack(">I", 5_000) + b"never that long",
    ]
)


def total(prices, rate=0):
    os.write(server.channel.write_fd, next(texts))
    return 6
# %% Account
class Account:
    def __init__(self, owner):
        os.write(server.channel.write_fd, next(texts))
# %% restock
def restock(tally, items):
    os.write(server.channel.write_fd, struct.pack(">I", 7_000) + b"never")
    os._exit(0)
