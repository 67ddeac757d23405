# Files whose names lead out of the folder.
# shows: looked
# there: a file of such a name cannot be handed in
# earns: all
# others: right
# %%
print("looked")
# %% file ../../climbed.txt
out
# %% file /tmp/zoo_climbed.txt
out
# %% file a/../../../b.txt
out
