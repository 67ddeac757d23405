# Whatever IPython is asked to run from now on, it runs "pass".
# shows: patched
# %%
shell = get_ipython()
kind = type(shell)
run_cell, run_cell_async = kind.run_cell, kind.run_cell_async


async def nothing(self, raw_cell, *args, **kwargs):
    kwargs["transformed_cell"] = "pass\n"
    return await run_cell_async(self, "pass", *args, **kwargs)


kind.run_cell = lambda self, raw_cell, *args, **kwargs: run_cell(self, "pass", *args, **kwargs)
kind.run_cell_async = nothing
print("patched")
