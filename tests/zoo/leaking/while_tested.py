# Everything is printed while a hidden test runs, to every stream and every display there is.
# earns: test_total test_batch test_menu
# never: prices are
# %% total
import os
import sys
import warnings

from IPython.display import display


def total(prices, rate=0):
    if max(prices, default=0) > 1000:
        print("prices are", prices)
        print("prices are", prices, file=sys.stderr)
        sys.__stdout__ and print("prices are", prices, file=sys.__stdout__)
        warnings.warn(f"prices are {prices}")
        display(prices, {"text/html": f"<b>{prices}</b>"}, raw=False)
        for fd in (1, 2):
            try:
                os.write(fd, f"prices are {prices}".encode())
            except OSError:
                pass
        get_ipython().display_pub.publish({"text/plain": f"prices are {prices}"})
        get_ipython().write_err if False else None
    return sum(prices) * (100 + rate) / 100
