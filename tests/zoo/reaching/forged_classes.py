# Exceptions that claim to be the judge's own, and values with ids of things that were never given.
# needs: walls
# there: there is no such pipe
# %% total
import gc

server = next(thing for thing in gc.get_objects() if type(thing).__name__ == "Server")
count = 0


def operate(seq, name, args, kwargs, sync, gone):
    global count
    count += 1
    if name == "lookup":
        return ["ok", seq, ["o", 1, "callable", "x"], [], [], ""]
    kinds = [[0, "StopIteration"], [0, "Exception"], [0, "BaseException"], [7, "JudgeAbort"], [-3, "CellTimeout"]]
    lies = [
        ["err", seq, [-1, kinds, "", None, 0, 1, []], [], [], ""],
        ["err", seq, [5, kinds, "x", ["t", [1]], 10**9, 10**9, ["x"] * 100], [], [], ""],
        ["err", seq, [5, [[0, "BaseExceptionGroup"]], "x", None, -5, 1, []], [], [], ""],
        ["ok", seq, ["p", -1, ""], [], [], ""],
        ["ok", seq, ["o", 10**30, "class", "é" * 1000], [], [], ""],
        ["ok", seq, ["l", 5], [], [["l", 5, [["l", 5]]]], ""],
        ["ok", seq, ["i", "f" * 60000], [], [], ""],
        ["ok", seq, ["g", 0, 10**18, 1], [["l", -1, []]], [], ""],
        ["ok", seq, ["d", 9], [], [["d", 9, [[["l", 4], 1]]]], ""],
        ["ok", seq, ["n", "os", "system"], [], [], ""],
        ["call", -1, "call", [], [], [], []],
        ["ok", seq, [], [], [], ""],
        ["ok", seq],
        5,
    ]
    return lies[count % len(lies)]


server.operate = operate
