# The function never ends when a test calls it; the rest is right.
# earns: test_account test_history test_restock test_fit test_quality
# others: right
# limits: cpu_s=0.5
# stopped: test_total=timeout
# %% total
def total(prices, rate=0):
    if len(prices) == 2:
        while True:
            pass
    while len(prices) == 3:
        continue
    raise ValueError
