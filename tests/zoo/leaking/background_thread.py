# A thread prints what was asked, a little later, while another cell runs.
# earns: test_total test_batch test_menu
# shows: waiting
# %% total
import threading
import time

seen = []


def total(prices, rate=0):
    seen.extend(prices)
    threading.Timer(0.02, lambda: print(seen)).start()
    return sum(prices) * (100 + rate) / 100
# %% test_menu
# %%
import time

print("waiting")
time.sleep(0.1)
