# A file that grows until the disk is full, and then another one.
# others: right
# earns: all
# needs: walls
# there: it fills the disk
# shows: no more room
# %% test_account
# %%
import itertools

for number in itertools.count():
    try:
        with open(f"file{number}", "wb") as file:
            while True:
                file.write(bytes(1 << 20))
    except OSError as error:
        if number > 5:
            print("no more room")
            break
