# Another notebook is run from this one; it was handed in beside it.
# others: right
# earns: all
# shows: from the other notebook
# there: nbgrader copies only what the chapter knows
# %%
%run other.py
# %% file other.py
print("from the other notebook")
