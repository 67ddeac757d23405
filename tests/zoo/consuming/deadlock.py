# Two locks, each waiting for the other.
# earns: all
# others: right
# limits: cpu_s=0.2 grace_s=0.5
# shows: stopped at the wall-clock limit
# %% test_account
# %%
import threading

lock = threading.Lock()
lock.acquire()
lock.acquire()
