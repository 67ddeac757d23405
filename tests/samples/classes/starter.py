# %% Counter role="solution"
class Counter:
    """Counts."""

    def __init__(self, start=0):
        raise NotImplementedError("Counter.__init__: your code here")

    def step(self, by=1):
        """Count on, and return where we are."""
        if by < 0:
            raise NotImplementedError("Counter.step: your code here")

        def move():
            raise NotImplementedError("Counter.step.move: your code here")

        move()
        return self.count

# %% constants role="solution"
# Define LETTERS, the lower-case alphabet.
raise NotImplementedError("constants: your code here")

# %% whole role="solution"
raise NotImplementedError("whole: your code here")

# %% test_Counter role="test" points=2
counter = Counter(3)
assert counter.step() == 4, "3 + 1 = 4"
assert counter.count >= 4, "the count is kept"

# %% check-whole role="test" points=1
assert whole() and LETTERS[0] == letter(0) == "a"
