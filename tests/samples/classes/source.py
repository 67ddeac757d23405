# %% Counter role="solution"
class Counter:
    """Counts."""

    def __init__(self, start=0):
        ### BEGIN SOLUTION
        self.count = start
        ### END SOLUTION

    def step(self, by=1):
        """Count on, and return where we are."""
        if by < 0:
            ### BEGIN SOLUTION
            raise ValueError("only forwards")
            ### END SOLUTION

        def move():
            ### BEGIN SOLUTION
            self.count += by
            ### END SOLUTION

        move()
        return self.count

# %% constants role="solution"
# Define LETTERS, the lower-case alphabet.
### BEGIN SOLUTION
LETTERS = "".join(chr(97 + i) for i in range(26))


def letter(i):
    return LETTERS[i]
### END SOLUTION

# %% whole role="solution"
def whole():
    return "a cell without markers is a solution as a whole"

# %% test_Counter role="test" points=2
counter = Counter(3)
assert counter.step() == 4, "3 + 1 = 4"
### BEGIN HIDDEN TESTS
assert counter.step(10) == 14, "another stride"
### END HIDDEN TESTS
assert counter.count >= 4, "the count is kept"

# %% check-whole role="test" points=1
assert whole() and LETTERS[0] == letter(0) == "a"
