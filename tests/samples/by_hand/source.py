# %% [markdown]
# Why does a constant make no difference to the slope?

# %% [markdown] why role="manual" points=2
# ### BEGIN SOLUTION
# Because it cancels in f(x + h) - f(x).
# ### END SOLUTION
# (Two sentences are enough.)

# %% experiment role="manual" points=1.5
### BEGIN SOLUTION
print((5 + 1) - (4 + 1))
### END SOLUTION

# %% [markdown] rules role="setup"
# These rules cannot be edited.

# %% slope role="solution"
def slope(f, x, h=1e-6):
    ### BEGIN SOLUTION
    return (f(x + h) - f(x - h)) / (2 * h)
    ### END SOLUTION

# %% test_slope role="test" points=3 partial
right = [
    abs(slope(lambda x: x * x, at) - 2 * at) < 1e-6
    for at in (0, 1, 2)
]
sum(
    right
)

# %% test_slope_types role="test" points=1
text = """
    four spaces, kept
"""
assert isinstance(slope(abs, 1.0), float)
assert len(text.splitlines()[1]) == 21 and slope(lambda x: 3 * x, 1) > 2.9
