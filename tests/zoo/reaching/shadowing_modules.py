# Files beside the notebook, named like modules that Python and the tests use.
# shows: 2.0
# never: shadow
# there: nbgrader copies only what the chapter knows
# earns: all
# others: right
# %%
import math, random, json

print(math.sqrt(4))
# %% file math.py
raise SystemExit("shadow")
# %% file random.py
print("shadow")
# %% file json.py
print("shadow")
# %% file chapters.py
print("shadow")
Tally = scale = None
# %% file sitecustomize.py
print("shadow")
# %% file conftest.py
print("shadow")
# %% file .ipython/profile_default/startup/00.py
print("shadow")
# %% file IPython/__init__.py
print("shadow")
