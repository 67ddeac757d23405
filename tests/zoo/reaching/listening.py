# A server on this machine, for the next student to ask.
# shows: looked
# never: listening
# needs: walls
# there: two hand-ins would be needed
# %%
import os
import socket

for family, address in ((socket.AF_INET, ("127.0.0.1", 45678)), (socket.AF_UNIX, "\0zoo"), (socket.AF_UNIX, "/tmp/zoo.sock")):
    try:
        server = socket.socket(family, socket.SOCK_STREAM)
        server.bind(address)
        server.listen()
        print("listening")
    except OSError:
        pass
os.makedirs("/tmp/zoo", exist_ok=True)
open("/tmp/zoo/for_the_next", "w").write("hello")
print("looked")
