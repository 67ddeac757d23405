# A cell ends its process with status 0.
# earns: all
# others: right
# shows: this cell ended its process
# %% test_account
# %%
import os

kept = 1
os._exit(0)
