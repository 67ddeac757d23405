# The function prints without end when a test calls it, and returns the right answer.
# others: right
# earns: all
# limits: output_bytes=100000
# %% total
import sys


def total(prices, rate=0):
    for _ in range(200):
        print("x" * 10_000)
        print("y" * 10_000, file=sys.stderr)
    return sum(prices) * (100 + rate) / 100
