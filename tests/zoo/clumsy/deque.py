# A right answer that is no list: "in" works for it as for a list.
# others: right
# earns: test_total test_batch test_menu test_history test_restock test_fit test_quality
# %% Account
import collections


class Account:
    def __init__(self, owner):
        self.owner = owner
        self.history = collections.deque()

    def pay(self, amount):
        if amount < 0:
            raise ValueError("a negative amount")
        self.history.append(amount)

    def balance(self):
        return sum(self.history)
