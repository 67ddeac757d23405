# A dict and a set whose keys all have the same hash.
# others: right
# earns: test_total test_batch test_menu test_account test_history test_fit test_quality
# limits: cpu_s=2
# %% restock
def restock(tally, items):
    keys = [number * (2**61 - 1) for number in range(1, 9_000 if len(items) > 2 else 30_000)]
    tally.counts = {}
    tally.add = keys
    return {key: 1 for key in keys[:2]} if len(items) > 2 else frozenset(keys[:3])
