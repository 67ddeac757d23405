# A list that grows until there is no memory left, and every exception is swallowed.
# earns: test_account test_history test_restock test_fit test_quality
# others: right
# needs: walls
# limits: memory_bytes=150000000
# %% total
def total(prices, rate=0):
    kept = []
    while True:
        try:
            kept.append(bytes(100_000))
            kept.append([None] * 10_000)
        except MemoryError:
            if len(kept) > 100:
                raise
