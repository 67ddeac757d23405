# A cell never ends; it can be interrupted, and what it has defined before is kept.
# earns: all
# others: right
# limits: cpu_s=0.5
# shows: this cell was stopped after 0.5 s of CPU
# %% total
def total(prices, rate=0):
    return sum(prices) * (100 + rate) / 100


while True:
    pass
