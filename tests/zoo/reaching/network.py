# Sockets of every family, to the machine itself and beyond it.
# shows: looked
# never: reached
# needs: walls
# there: it would talk to the network
# %%
import socket

targets = [
    (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 22)),
    (socket.AF_INET, socket.SOCK_STREAM, ("93.184.215.14", 80)),
    (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 53)),
    (socket.AF_INET6, socket.SOCK_STREAM, ("::1", 22)),
    (socket.AF_UNIX, socket.SOCK_STREAM, "/run/systemd/private"),
    (socket.AF_UNIX, socket.SOCK_STREAM, "/var/run/docker.sock"),
    (socket.AF_UNIX, socket.SOCK_STREAM, "\0/tmp/.X11-unix/X0"),
    (16, socket.SOCK_RAW, (0, 0)),
    (17, socket.SOCK_RAW, ("lo", 0)),
    (40, socket.SOCK_STREAM, (2, 22)),
]
for family, kind, address in targets:
    try:
        with socket.socket(family, kind) as made:
            made.settimeout(0.2)
            made.connect(address)
            print("reached", address)
    except (OSError, OverflowError, TypeError):
        pass
try:
    print("reached", socket.gethostbyname("localhost"))
except OSError:
    pass
print("looked")
