# Runaway recursion, as beginners write it.
# others: right
# earns: test_account test_history test_restock test_fit test_quality
# shows: RecursionError
# %% total
def total(prices, rate=0):
    return prices[0] + total(prices)
