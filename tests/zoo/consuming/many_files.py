# Empty files, a hundred thousand of them, in folders in folders.
# others: right
# earns: all
# needs: walls
# there: it fills the disk
# shows: no more files
# %% test_account
# %%
import os

try:
    for number in range(100_000):
        os.mkdir(f"folder{number}")
except OSError:
    print("no more files")
