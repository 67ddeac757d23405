# Files are opened and never closed.
# others: right
# earns: all
# shows: too many
# %% test_account
# %%
kept = []
try:
    while True:
        kept.append(open("/dev/null"))
except OSError:
    print("too many")
kept.clear()
