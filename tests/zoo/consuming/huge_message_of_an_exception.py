# An exception with a message of ten megabytes, and one that has itself as an argument.
# others: right
# earns: test_account test_history test_restock test_fit test_quality
# %% total
def total(prices, rate=0):
    if len(prices) == 2:
        error = ValueError()
        error.args = (error, [error])
        raise error
    raise ValueError("x" * 10_000_000)
