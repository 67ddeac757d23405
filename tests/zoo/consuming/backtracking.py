# A regular expression that goes through exponentially many ways.
# earns: all
# others: right
# limits: cpu_s=0.5
# shows: this cell was stopped
# %% test_account
# %%
import re

re.match(r"(a|aa)+(a|aa)+$", "a" * 60 + "b")
