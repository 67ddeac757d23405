# __repr__ and _repr_html_ that fail, never end, or return what is no text.
# others: right
# earns: test_account test_history test_restock test_fit test_quality
# limits: cpu_s=0.5
# %% total
class Shown:
    def __repr__(self):
        return 5

    def _repr_html_(self):
        raise SystemExit

    def __str__(self):
        return self


class Large:
    def __repr__(self):
        return "z" * 50_000_000


def total(prices, rate=0):
    return Shown() if rate else [Large()] * 3
# %%
Shown()
# %%
Large()
