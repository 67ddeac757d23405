# The kernel's own do_execute is replaced: it answers "ok" without running anything.
# shows: no kernel here
# %%
kernel = getattr(get_ipython(), "kernel", None)
if kernel is None:
    print("no kernel here")
else:

    async def do_execute(self, code, silent, *args, **kwargs):
        return {"status": "ok", "execution_count": 7, "payload": [], "user_expressions": {}}

    type(kernel).do_execute = do_execute
