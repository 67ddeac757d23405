# Timers of every kind, and an event loop that stays behind.
# others: right
# earns: all
# shows: ticking
# there: nothing is tried on a grader here
# %%
import asyncio
import threading

for seconds in (0.01, 0.1, 100, 1000):
    threading.Timer(seconds, lambda: None).start()


async def forever():
    while True:
        await asyncio.sleep(0.01)


task = asyncio.get_event_loop().create_task(forever())
print("ticking")
