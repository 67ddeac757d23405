# This student looks for what the one before has left.
# others: right
# earns: all
# shows: looked
# never: found
# there: two hand-ins would be needed
# %%
import os
import tempfile

for folder in ("/dev/shm", tempfile.gettempdir(), "/var/tmp", os.path.expanduser("~"), ".", "/var/lock", "/tmp/zoo"):
    try:
        for name in os.listdir(folder):
            if "zoo" in name or "next" in name:
                print("found", folder, name)
    except OSError:
        pass
print("looked")
