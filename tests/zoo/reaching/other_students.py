# The folders of other students, and this student's other chapters.
# shows: looked
# never: found
# %%
import os

for folder in ("..", "../..", "../../..", "../../../submitted", "/home", "/root", os.path.expanduser("~/..")):
    try:
        for name in os.listdir(folder):
            if "student" in name and name != "student":
                print("found", folder, name)
                open(os.path.join(folder, name, "was_here"), "w").close()
    except OSError:
        pass
print("looked")
