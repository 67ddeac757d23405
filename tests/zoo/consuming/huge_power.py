# A number with a billion digits.
# earns: all
# others: right
# limits: cpu_s=0.5
# %% test_account
# %%
number = 7 ** (10**9)
print(number)
