# sum = 0 at the top of the notebook, list = [1, 2], len = 5: the student's own functions suffer, nothing else.
# others: right
# earns: test_history test_restock
# %%
len = 5
list = [1, 2]
max = min = abs = print = None
# %% total
sum = 0


def total(prices, rate=0):
    return sum(prices) * (100 + rate) / 100
# %% restock
def restock(tally, items):
    for item in items:
        tally.add(item)
    return builtins_sum(tally.counts.values())


from builtins import sum as builtins_sum
