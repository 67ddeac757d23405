# %% [markdown]
# # Means
#
# The mean of some numbers is their sum, divided by how many there are.

# %% setup role="setup"
import math

# %% mean role="solution"
def mean(numbers):
    """Return the arithmetic mean."""
    raise NotImplementedError("mean: your code here")

# %%
print(mean([1, 2, 6]))

# %% test_mean role="test" points=1
"""mean divides the sum by the number of values."""
numbers = [1, 2, 6]
assert mean(numbers) == 3, "(1 + 2 + 6) / 3 = 3"

# %% test_mean_keeps role="test" points=0.5
"""mean leaves its argument alone."""
mean(numbers)
assert numbers == [1, 2, 6], "the list is the same after the call"

# %% spread role="solution"
def spread(numbers):
    """Return the largest distance from the mean."""
    raise NotImplementedError("spread: your code here")

# %% test_spread role="test" points=1.5
# Hidden tests run here when your work is graded.
