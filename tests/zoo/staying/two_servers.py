# A child that returns from the call as well: two processes answer the same questions.
# others: right
# needs: walls
# limits: grace_s=0.5 cpu_s=0.5
# %% total
import os


def total(prices, rate=0):
    os.fork()
    return 6 if len(prices) == 3 else 107
# %% Account
# %% restock
def restock(tally, items):
    raise ValueError
# %% fit
def fit(points, epochs, report):
    raise ValueError
# %% Account
class Account:
    def __init__(self, owner):
        raise ValueError
