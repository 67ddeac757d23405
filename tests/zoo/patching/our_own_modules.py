# What runs in the student process is looked for and replaced: the encoder, the operations, the answers.
# needs: walls
# shows: replaced
# %% total
import gc
import sys

for name, module in list(sys.modules.items()):
    if name.endswith("student_side"):
        for key in module.OPERATIONS:
            module.OPERATIONS[key] = lambda *args, **kwargs: True
    if name.endswith("wire"):
        module.encode_scalar = lambda value: True
for thing in gc.get_objects():
    if type(thing).__name__ == "Server":
        thing.lookup = lambda space, name: (lambda *args: True)


def total(prices, rate=0):
    return 6


print("replaced")
