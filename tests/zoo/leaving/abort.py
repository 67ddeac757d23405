# os.abort(), in the middle of a cell that has defined something before.
# earns: test_account test_history test_restock test_fit test_quality
# others: right
# shows: this cell ended its process
# %% total
import os


def total(prices, rate=0):
    return sum(prices) * (100 + rate) / 100


os.abort()
