# breakpoint() and the debugger were forgotten in the function.
# others: right
# earns: test_account test_history test_restock test_fit test_quality
# limits: cpu_s=2 grace_s=1
# there: it waits for an answer
# %% total
def total(prices, rate=0):
    breakpoint()
    return sum(prices) * (100 + rate) / 100
# %% test_menu
# %%
%debug
# %%
import pdb; pdb.set_trace()
