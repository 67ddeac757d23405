# Objects whose __del__ ends the process, or brings the object back.
# earns: all
# others: right
# %%
class Phoenix:
    kept = []

    def __del__(self):
        Phoenix.kept.append(self)
        raise RuntimeError("back again")


for _ in range(100):
    Phoenix()
Phoenix.kept.clear()
