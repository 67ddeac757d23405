# An answer that is larger than what may be said in one message.
# others: right
# earns: test_account test_history test_restock test_fit test_quality
# limits: message_bytes=1000000
# %% total
def total(prices, rate=0):
    return "x" * 5_000_000 if len(prices) == 3 else [list(range(10))] * 1_000_000
