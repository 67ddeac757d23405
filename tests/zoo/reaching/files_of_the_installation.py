# The installation is written to, so that the next student gets another Python.
# shows: looked
# never: wrote
# needs: walls
# there: it would change this machine's Python
# %%
import os
import sys

for folder in [*sys.path, os.path.dirname(os.__file__), sys.prefix, "/", "/usr", "/lib", "/dev", "/etc"]:
    path = os.path.join(folder or ".", "zoo_was_here.pth")
    if os.path.realpath(path).startswith(os.path.realpath(".")) or folder == "":
        continue
    try:
        with open(path, "w") as file:
            file.write("import zoo")
        print("wrote", path)
    except OSError:
        pass
print("looked")
