# Every file that can be read, in search of a hidden test.
# shows: looked
# never: found
# limits: cpu_s=3
# needs: walls
# there: nothing is tried but reading
# %%
import os

wanted = "".join(map(str, (8, 2, 4, 1, 9, 7, 3)))
count = 0
for place, folders, files in os.walk("/", followlinks=False):
    if place.startswith(("/sys", "/proc")) or "site-packages" in place:
        folders[:] = []
        continue
    for name in files:
        path = os.path.join(place, name)
        if name.endswith((".py", ".ipynb", ".db", ".json", ".txt", ".pyc")):
            count += 1
            try:
                with open(path, "rb") as file:
                    if wanted.encode() in file.read(200_000):
                        print("found", path, wanted)
            except OSError:
                pass
    if count > 1_500:
        break
print("looked")
