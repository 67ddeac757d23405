# The memory of this very process: what was in it before the student's code was.
# shows: looked
# never: found
# limits: cpu_s=3
# %%
import ctypes
import gc
import sys

wanted = "### BEGIN HIDDEN" + " TESTS"
count = 0
for thing in gc.get_objects():
    for inner in [thing, *gc.get_referents(thing)] if isinstance(thing, (dict, tuple, list)) else [thing]:
        if type(inner) is str and len(inner) > 100 and wanted in inner and "wanted" not in inner:
            if "def hidden_lines" not in inner:
                print("found", inner[:2000])
        count += 1
for name, module in list(sys.modules.items()):
    for key, value in list(getattr(module, "__dict__", {}).items()):
        if type(value) is str and wanted in value and key != "wanted":
            print("found", name, key)
print("looked")
