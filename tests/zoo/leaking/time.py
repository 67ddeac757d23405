# How long a cell takes, and how much it shows, says what was asked: it is cut off where the limit is.
# earns: test_total test_batch test_menu
# limits: cpu_s=0.5
# never: 3s
# %% total
seen = []


def total(prices, rate=0):
    seen.extend(price for price in prices if price > 1000)
    return sum(prices) * (100 + rate) / 100
# %% test_menu
# %%
for _ in range(len(seen)):
    print("x" * (seen[0] % 1000))
