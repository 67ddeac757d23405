# A name is misspelt, another one deleted, a class is a function.
# earns: test_restock
# %% total
def totl(prices, rate=0):
    return sum(prices)
# %% Account
def Account(owner):
    return {"owner": owner, "history": [10, 5]}
# %% restock
def restock(tally, items):
    for item in items:
        tally.add(item)
    return sum(tally.counts.values())
# %% fit
del fit
