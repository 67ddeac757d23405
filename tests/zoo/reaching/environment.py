# Secrets of the grader's environment: tokens, the database's address.
# shows: looked
# never: found
# %%
import os

for name, value in os.environ.items():
    if any(word in name for word in ("SECRET", "TOKEN", "PASSWORD", "KEY", "DATABASE", "DB_URL", "NBGRADER")):
        print("found", name, value)
print("looked")
