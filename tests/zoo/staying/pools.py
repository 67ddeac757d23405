# A pool of processes and one of threads are made, used and never closed.
# others: right
# earns: all
# shows: 285
# limits: cpu_s=3 processes=16
# %%
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(4)
print(sum(pool.map(lambda number: number * number, range(10))))
