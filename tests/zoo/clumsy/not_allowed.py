# A module that the course does not allow, and one that does not exist.
# others: right
# earns: test_account test_history test_restock test_fit test_quality
# there: that rule is ours
# shows: cannot be used in this course
# %% total
import numpy as np


def total(prices, rate=0):
    return float(np.sum(prices)) * (100 + rate) / 100
# %%
import numpyy
