# As many threads as there can be, all of them busy.
# others: right
# earns: test_total test_batch test_menu test_account test_history
# limits: cpu_s=0.5
# needs: walls
# %% restock
import threading


def busy():
    while True:
        pass


try:
    for _ in range(100_000):
        threading.Thread(target=busy, daemon=True).start()
except RuntimeError:
    pass
# %% fit
def fit(points, epochs, report):
    raise ValueError
