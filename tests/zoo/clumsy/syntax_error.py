# One cell does not parse: a bracket is missing, the indentation is wrong, a tab is mixed in.
# others: right
# earns: test_account test_history test_restock test_fit test_quality
# shows: SyntaxError
# %% total
def total(prices, rate=0):
    return sum(prices * (100 + rate) / 100
# %%
  if True:
print(1)
