# kill(0), kill(-1) and the process group: whoever can be reached, is.
# earns: all
# others: right
# needs: walls
# shows: still here
# %%
import os
import signal

for target in (0, -1, -os.getpgrp(), 1, os.getppid()):
    try:
        os.kill(target, signal.SIGKILL)
    except OSError:
        pass
try:
    os.killpg(os.getpgrp(), signal.SIGKILL)
except OSError:
    pass
print("still here")
