# A list in a list in a list, a million times; tuples likewise.
# others: right
# earns: test_total test_batch test_menu test_restock test_fit test_quality
# limits: cpu_s=2
# %% Account
class Account:
    def __init__(self, owner):
        self.history = []

    def pay(self, amount):
        for _ in range(300_000 if amount > 5 else 0):
            self.history = [self.history]
        self.tuples = ()
        for _ in range(100_000):
            self.tuples = (self.tuples,)

    def balance(self):
        return 15 if len(self.history) == 0 else self.tuples
