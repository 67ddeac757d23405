# Whatever could outlive this process is left: files, shared memory, locks, names, a changed working folder.
# others: right
# earns: all
# shows: left
# %%
import mmap
import os
import tempfile

for folder in ("/dev/shm", tempfile.gettempdir(), "/var/tmp", os.path.expanduser("~"), ".", "/var/lock"):
    try:
        with open(os.path.join(folder, "zoo_was_here"), "w") as file:
            file.write("for the next student")
    except OSError:
        pass
try:
    os.chdir("/")
    os.umask(0o777)
    os.nice(19)
except OSError:
    pass
print("left")
