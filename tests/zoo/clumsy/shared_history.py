# The history is an attribute of the class: all accounts share it.
# others: right
# earns: test_total test_batch test_menu test_history test_restock test_fit test_quality
# %% Account
class Account:
    history = []

    def __init__(self, owner):
        self.owner = owner

    def pay(self, amount):
        if amount < 0:
            raise ValueError("a negative amount")
        self.history.append(amount)

    def balance(self):
        return sum(self.history)
