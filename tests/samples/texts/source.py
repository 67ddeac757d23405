# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
# ---

# %% [markdown]
"""
# A text in quotes

It has no comment signs.
"""

# %% A worked example
# %timeit sum(range(10))
# !echo a command
listing = """
# %% this is no cell
# %magic inside a string
"""
print(listing)

# %%
# %%bash
# echo another language

# %% [raw]
# raw text, for nbconvert

# %% kept
# a titled cell without a role keeps its title as its id
value = 1
