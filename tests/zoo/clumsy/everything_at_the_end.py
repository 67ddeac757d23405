# The answers stand in one cell at the end, after all tests.
# earns: all
# %% test_quality
# %%
def total(prices, rate=0):
    return sum(prices) * (100 + rate) / 100


class Account:
    def __init__(self, owner):
        self.owner = owner
        self.history = []

    def pay(self, amount):
        if amount < 0:
            raise ValueError("a negative amount")
        self.history.append(amount)

    def balance(self):
        return sum(self.history)


def restock(tally, items):
    for item in items:
        tally.add(item)
    return sum(tally.counts.values())


def fit(points, epochs, report):
    weight = bias = 0.0
    for epoch in range(epochs):
        errors = [weight * x + bias - y for x, y in points]
        weight -= 0.3 * sum(error * x for error, (x, _) in zip(errors, points)) / len(points)
        bias -= 0.3 * sum(errors) / len(points)
        report(epoch, sum(error * error for error in errors) / len(points))
    return weight, bias
