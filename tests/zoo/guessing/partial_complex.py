# Partial credit of complex numbers, of huge integers, of fractions.
# %% fit
def fit(points, epochs, report):
    return 10**300000 if points[0][1] == -40 else 2j, 1j
