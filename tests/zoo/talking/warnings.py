# Warnings, logging and stderr in abundance; the answers are right.
# others: right
# earns: all
# %% total
import logging
import sys
import warnings


def total(prices, rate=0):
    warnings.warn("deprecated since 1970")
    logging.getLogger("shop").error("prices %s", len(prices))
    print("to stderr", file=sys.stderr)
    return sum(prices) * (100 + rate) / 100
