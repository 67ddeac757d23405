# Two gigabytes in one piece, and eight in another.
# earns: all
# others: right
# shows: MemoryError
# needs: walls
# %% test_account
# %%
block = bytearray(2 << 30)
# %%
numbers = [0] * (1 << 30)
