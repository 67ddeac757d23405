# Softmax by log-sum-exp, sums by fsum, the cross-entropy by comparing logarithms.

# %% softmax
def log_sum_exp(logits):
    top = max(logits)
    return top + math.log(math.fsum(math.exp(z - top) for z in logits))


def softmax(logits: list[float]) -> list[float]:
    total = log_sum_exp(logits)
    return [math.exp(z - total) for z in logits]

# %% cross_entropy_loss
def cross_entropy_loss(predicted, target):
    surprise = [math.log(1 / p) if p > 1e-15 else 15 * math.log(10) for p in predicted]
    return math.fsum(t * s for t, s in zip(target, surprise))

# %% mse_loss
def mse_loss(predicted, target):
    import statistics

    return statistics.fmean(pow(abs(p - t), 2) for p, t in zip(predicted, target))
