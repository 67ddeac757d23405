# Symbolic and hard links to what lies outside, and names that climb out of the folder.
# shows: looked
# never: found
# %%
import os

for number, target in enumerate(("/", "/etc/passwd", "/root", "/proc/1/root", "../../../gradebook.db", "/home")):
    try:
        os.symlink(target, f"link{number}")
        found = os.listdir(f"link{number}") if os.path.isdir(f"link{number}") else open(f"link{number}").read(100)
        if "root:x" in str(found) or "gradebook" in str(found) or "SQLite" in str(found) or "boot" in found:
            print("found", target, found)
    except (OSError, UnicodeDecodeError):
        pass
    try:
        os.link(target, f"hard{number}")
        print("found", target)
    except OSError:
        pass
print("looked")
