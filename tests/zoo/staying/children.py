# Children with sessions of their own, twice forked, deaf to every polite signal.
# others: right
# earns: all
# needs: walls
# shows: they stay
# %%
import os
import signal
import time


def stay():
    for number in range(1, 32):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        time.sleep(0.01)


for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            stay()
        os._exit(0)
    os.wait()
print("they stay")
