# Children that take memory, each as much as one process may have.
# earns: all
# others: right
# needs: walls
# there: it takes the memory of the machine
# limits: memory_bytes=100000000
# %% test_account
# %%
import os
import time

children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        kept = bytearray(60 << 20)
        time.sleep(1000)
    children.append(child)
