# Where a value is asked for there comes a generator, a coroutine, a promise.
# %% total
async def total(prices, rate=0):
    return sum(prices) * (100 + rate) / 100
# %% Account
class Account:
    def __init__(self, owner):
        self.history = (payment for payment in [10, 5])

    def pay(self, amount):
        yield amount

    def balance(self):
        yield 15
