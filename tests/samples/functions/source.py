# %% [markdown]
# # Means
#
# The mean of some numbers is their sum, divided by how many there are.

# %% setup role="setup"
import math

# %% mean role="solution"
def mean(numbers):
    """Return the arithmetic mean."""
    ### BEGIN SOLUTION
    return math.fsum(numbers) / len(numbers)
    ### END SOLUTION


# %%
print(mean([1, 2, 6]))

# %% test_mean role="test" points=1
"""mean divides the sum by the number of values."""
numbers = [1, 2, 6]
assert mean(numbers) == 3, "(1 + 2 + 6) / 3 = 3"
### BEGIN HIDDEN TESTS
assert mean([7.25]) == 7.25, "a single number"
### END HIDDEN TESTS

# %% test_mean_keeps role="test" points=0.5
"""mean leaves its argument alone."""
mean(numbers)
assert numbers == [1, 2, 6], "the list is the same after the call"

# %% spread role="solution"
def spread(numbers):
    """Return the largest distance from the mean."""
    ### BEGIN SOLUTION
    middle = mean(numbers)
    return max(abs(number - middle) for number in numbers)
    ### END SOLUTION


# %% test_spread role="test" points=1.5
### BEGIN HIDDEN TESTS
assert spread([2, 4, 12]) == 6, "the farthest number counts"
### END HIDDEN TESTS
