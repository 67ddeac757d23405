# A cell reads address 0.
# earns: all
# others: right
# shows: this cell ended its process
# %% test_batch
# %%
import ctypes

ctypes.string_at(0)
