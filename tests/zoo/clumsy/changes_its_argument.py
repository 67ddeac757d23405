# The right sum, but the list that was passed is empty afterwards.
# others: right
# earns: test_batch test_menu test_account test_history test_restock test_fit test_quality
# %% total
def total(prices, rate=0):
    result = sum(prices) * (100 + rate) / 100
    prices.clear()
    return result
