# The server is replaced: it says "ok" to everything, with whatever value a test might like.
# needs: walls
# there: there is no such pipe
# %% total
import gc

server = next(thing for thing in gc.get_objects() if type(thing).__name__ == "Server")
replies = iter([6, 107] * 1000)


def operate(seq, name, args, kwargs, sync, gone):
    if name == "lookup":
        return ["ok", seq, ["o", 1, "callable", "total"], [], [], ""]
    forms = [6, 107, True, ["t", [0.0, 0.0]], ["n", "builtins", "object"], ["c", -1, ""], ["l", -1], ["e", -1]]
    return ["ok", seq, forms[seq % len(forms)], [], [], ""]


server.operate = operate
