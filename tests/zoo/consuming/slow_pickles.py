# Objects that make the interpreter itself slow: a million references, cycles, weak references, descriptors.
# others: right
# earns: all
# limits: cpu_s=3
# there: nothing is tried on a grader here
# %% test_account
# %%
class Node:
    def __init__(self):
        self.me = self
        self.others = []


nodes = [Node() for _ in range(30_000)]
for node in nodes:
    node.others = nodes
