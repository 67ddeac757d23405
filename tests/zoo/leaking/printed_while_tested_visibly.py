# What student code prints while a later visible test calls it, or that it prints nothing.
# earns: test_total test_batch test_menu
# %% total
seen = []


def total(prices, rate=0):
    seen.extend(int(price) for price in prices if price > 1000)
    if seen and len(prices) == 2 and prices[0] in (1, 2, 3) and seen[0] >> prices[0] & 1:
        print("yes", seen)
    return sum(prices) * (100 + rate) / 100
# %% Account
class Account:
    def __init__(self, owner):
        if seen and seen[0] & 4:
            print("yes", seen)
        self.history = [10, 5]

    def pay(self, amount):
        raise ValueError(*seen[: seen[0] % 3 if seen else 0])
