# A message to the notebook client is forged: "ok, and here is a result".
# shows: no kernel here
# %%
shell = get_ipython()
kernel = getattr(shell, "kernel", None)
if kernel is None:
    print("no kernel here")
else:
    original = kernel.session.send

    def send(stream, kind, content=None, *args, **kwargs):
        if kind == "error":
            kind, content = "stream", {"name": "stdout", "text": ""}
        if kind == "execute_reply":
            content = {**content, "status": "ok", "payload": [], "user_expressions": {}}
        return original(stream, kind, content, *args, **kwargs)

    kernel.session.send = send
