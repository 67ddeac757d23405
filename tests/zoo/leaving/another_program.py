# The process becomes another program.
# earns: all
# others: right
# needs: walls
# shows: no other program
# %%
import os
import sys

for program in ("/bin/true", "/bin/sh", sys.executable, "/proc/self/exe"):
    try:
        os.execv(program, [program, "-c", "pass"])
    except OSError:
        pass
print("no other program")
