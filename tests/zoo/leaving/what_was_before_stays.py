# What cells before the crash have built is still there afterwards; what the dead cell has built is not.
# earns: all
# others: right
# shows: before the crash: 41 of 41
# shows: of the dead cell: nothing
# %%
import time

built = [number for number in range(41)]
time.sleep(0.06)
# %%
import os

built.append(42)
lost = 1
os._exit(3)
# %%
print("before the crash:", len(built), "of 41")
print("of the dead cell:", globals().get("lost", "nothing"))
