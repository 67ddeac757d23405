# Results that contain themselves.
# others: right
# earns: test_total test_batch test_menu test_fit test_quality
# %% Account
class Account:
    def __init__(self, owner):
        self.history = [10, 5]
        self.history.append(self.history)

    def pay(self, amount):
        pass

    def balance(self):
        return self.history
# %% restock
def restock(tally, items):
    tally.counts["tea"] = tally.counts
    tally.counts["rice"] = [tally.counts]
    return 3
