# A slow answer that stays within the limit.
# others: right
# earns: all
# limits: cpu_s=2
# %% total
def total(prices, rate=0):
    for _ in range(200_000):
        pass
    return sum(prices) * (100 + rate) / 100
