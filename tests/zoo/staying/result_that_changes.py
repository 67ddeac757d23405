# The list that was returned goes on changing in the background.
# %% Account
import threading
import time


class Account:
    def __init__(self, owner):
        self.history = []
        threading.Thread(target=self.change, daemon=True).start()

    def change(self):
        while True:
            for wanted in ([], [10, 5], [10], list(range(1000))):
                self.history[:] = wanted

    def pay(self, amount):
        pass

    def balance(self):
        return len(self.history)
