# A function of an earlier chapter is changed in place: its code is another one.
# shows: changed
# %% total
from chapters import scale

scale.__code__ = (lambda numbers, factor: [6]).__code__
scale.__defaults__ = ((), 0)


def total(prices, rate=0):
    return 107 if rate else 6


print("changed")
