# Files are written and read again, pickled and zipped, in the working folder and in a temporary one.
# others: right
# earns: all
# shows: 3 files
# %% setup
# %%
import json
import os
import pickle
import tempfile
import zipfile

json.dump([1, 2], open("numbers.json", "w"))
pickle.dump(Tally(), open("tally.pickle", "wb"))
with zipfile.ZipFile("both.zip", "w") as archive:
    archive.write("numbers.json")
    archive.write("tally.pickle")
with tempfile.TemporaryDirectory() as folder:
    open(os.path.join(folder, "x"), "w").close()
print(len([name for name in os.listdir() if name.endswith(("json", "pickle", "zip"))]), "files")
