# Cells with await at the top level, async for, async with; the answers are right.
# others: right
# earns: all
# shows: awaited 3
# %%
import asyncio


async def slowly():
    await asyncio.sleep(0.01)
    return 3


print("awaited", await slowly())
