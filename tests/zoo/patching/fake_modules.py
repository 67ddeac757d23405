# sys.modules holds other modules under the names of math, json, random, operator and chapters.
# shows: there are fakes
# %% total
import sys
import types


class Fake(types.ModuleType):
    def __getattr__(self, name):
        return lambda *args, **kwargs: True


for name in ("math", "json", "random", "operator", "chapters", "traceback", "linecache", "base64", "struct"):
    sys.modules[name] = Fake(name)


def total(prices, rate=0):
    import math

    return math.fsum(prices)


print("there are fakes")
