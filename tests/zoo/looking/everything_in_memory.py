# Every object that the collector knows, after the hidden tests have run: strings, code, numbers, closures.
# others: right
# earns: all
# shows: looked
# never: found
# limits: cpu_s=4
# %% test_quality
# %%
import gc
import types

secret = int("7304" + "518")
words = "".join(("### BEGIN HIDDEN", " TESTS\n"))
found = set()
for thing in gc.get_objects():
    if isinstance(thing, types.FunctionType):
        if secret in thing.__code__.co_consts and "secret" not in thing.__code__.co_names:
            found.add("a constant of " + thing.__name__)
    elif type(thing) in (list, tuple, dict):
        for item in list(thing.values()) if type(thing) is dict else list(thing):
            if type(item) is str and words in item and item is not words:
                found.add(item[:300])
found.discard("")
if found:
    print("found", found)
print("looked")
