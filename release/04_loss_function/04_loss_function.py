# %% [markdown]
# # Chapter 4: How wrong is it?
#
# An untrained network answers with nonsense. To make it better, we must first say how bad it is, in one number: the
# **loss**. Zero is perfect, large is bad. Training is then a plain task: make this number small.
#
# The number has to be chosen with care. Counting wrong answers will not do: move one weight a little, and the count
# mostly stays the same, so nothing tells you whether the move was good. A loss must notice every small step in the
# right direction.
#
# This chapter builds what a classifier needs: **softmax**, which turns any 26 numbers into probabilities, and the
# **cross-entropy**, which says how surprised those probabilities are by the truth. The **mean squared error**, which is
# used when the answer is a quantity rather than a letter, stands beside them for comparison.

# %% setup role="setup"
import math


def close(got, want):
    """True if two numbers, or two lists of numbers, are equal up to rounding: to 1e-9, absolute or relative."""
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(map(close, got, want))
    return isinstance(got, (int, float)) and math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-9)


def bar(value, scale=40):
    """A bar of blocks as long as the value; ``scale`` blocks are 1."""
    return "█" * round(scale * value)

# %% [markdown]
# ## 4.1 Softmax
#
# **Why.** The last layer gives one number for each class, its **logits**: the larger, the more the network believes in
# that class. They may be negative and add up to anything. We want probabilities: none negative, all together 1. The
# exponential makes every number positive and keeps their order; dividing by the sum makes them add up to 1.
#
# $$p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$$
#
# **By hand.** For logits $[0, \ln 3]$: $e^0 = 1$ and $e^{\ln 3} = 3$, together 4, so the probabilities are
# $[\tfrac14, \tfrac34]$. Equal logits give equal probabilities, whatever they are.
#
# **Watch out.** $e^{1000}$ overflows. But look: add the same number $c$ to every logit, and the factor $e^c$ appears
# above and below and cancels. So subtract the largest logit from all of them first. Then the largest exponent is
# $e^0 = 1$, the others are smaller, and nothing can overflow. The sum is at least 1, so nothing is divided by zero
# either.
#
# $$p_i = \frac{e^{z_i - m}}{\sum_j e^{z_j - m}}, \qquad m = \max_j z_j$$
#
# Mind whose list it is in which you subtract.

# %% softmax role="solution"
def softmax(logits: list[float]) -> list[float]:
    """Return the probabilities that belong to these logits.

    The result does not change when the same number is added to all logits, and it is right for logits of any size.

    Args:
        logits: one score for each class, shape (n_classes,).
    Returns:
        A new vector of probabilities, shape (n_classes,): each in [0, 1], together 1, in the order of the logits.
    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), sections 4.1 and 6.2.2.3.
    Example:
        >>> softmax([1.0, 1.0])
        [0.5, 0.5]
    """
    raise NotImplementedError("softmax: your code here")

# %%
# The same five logits at three temperatures: divided by a small number they become decided, by a large one undecided.
logits = [2.0, 1.0, 0.0, -1.0, 3.0]
for temperature in (0.5, 1, 4):
    print(f"logits divided by {temperature}")
    for z, p in zip(logits, softmax([z / temperature for z in logits])):
        print(f"    {z:+.1f}   {p:.3f}  {bar(p)}")

# %% test_softmax role="test" points=2
"""softmax divides the exponential of each logit by the sum of all exponentials."""
assert close(softmax([0, math.log(3)]), [0.25, 0.75]), "exponentials 1 and 3, together 4: [1/4, 3/4]"
assert close(softmax([1.0, 1.0, 1.0, 1.0]), [0.25, 0.25, 0.25, 0.25]), "equal logits give equal probabilities"
assert close(sum(softmax([0.3, -1.2, 2.0])), 1), "probabilities add up to 1"

# %% test_softmax_stable role="test" points=2
"""softmax is right for very large and very negative logits: only the differences count."""
assert close(softmax([1000.0, 1000.0]), [0.5, 0.5]), "math.exp(1000) overflows: subtract the largest logit first"
assert close(softmax([-1000.0, -1000.0]), [0.5, 0.5]), "math.exp(-1000) is 0, and 0 / 0 is no probability"

# %% test_softmax_keeps_arguments role="test" points=1
"""softmax makes a new list: the logits and its earlier results stay as they were."""
logits = [1.0, 3.0]
probabilities = softmax(logits)
assert len(probabilities) == 2, "two logits give two probabilities"
assert logits == [1.0, 3.0], "the logits must be the same after the call as before it"

# %% [markdown]
# ## 4.2 Cross-entropy
#
# **Why.** Now compare the probabilities with the truth. The truth is a vector too: for a letter it is **one-hot**, 1 at
# the right class and 0 everywhere else. The cross-entropy asks: what probability did you give to what really happened?
# Its negative logarithm is the surprise. Certain and right: no surprise, loss 0. Certain and wrong: a very large one.
#
# $$L = -\sum_i t_i \log p_i$$
#
# For a one-hot target only one term is left, $-\log p_{\text{right}}$. But write the whole sum: targets may also be
# spread over several classes.
#
# **By hand.** Predicted $[0.25, 0.75]$, target $[0, 1]$: $L = -\log 0.75 \approx 0.288$. Had the target been $[1, 0]$:
# $L = -\log 0.25 \approx 1.386$.
#
# **Watch out.** $\log 0$ does not exist, and a probability can become exactly 0 by rounding. So predictions are
# **clamped**: a smaller one counts as $10^{-15}$. Then the largest surprise is $-\log 10^{-15} \approx 34.5$: bad, but
# not the end of training. `log` is the natural logarithm, `math.log`.

# %% cross_entropy_loss role="solution"
def cross_entropy_loss(predicted: list[float], target: list[float]) -> float:
    """Return the cross-entropy of predicted probabilities against the target.

    Args:
        predicted: probabilities, shape (n_classes,); those under 1e-15 count as 1e-15.
        target: the truth, shape (n_classes,); one-hot, or probabilities.
    Returns:
        The loss, one number; 0 for a perfect prediction of a one-hot target.
    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), sections 3.13 and 5.5.
    Example:
        >>> cross_entropy_loss([0.0, 1.0], [0, 1])
        0.0
    """
    raise NotImplementedError("cross_entropy_loss: your code here")

# %%
# What it costs to give the truth the probability p. Half as sure always costs the same amount more: log 2.
for p in (1, 0.9, 0.75, 0.5, 0.25, 0.125, 0.0625, 0.03125):
    loss = cross_entropy_loss([p, 1 - p], [1, 0])
    print(f"p = {p:7.5f}   loss {loss:.3f}  {bar(loss, 12)}")
print(f"One letter out of 26, without a clue: {cross_entropy_loss([1 / 26] * 26, [1] + [0] * 25):.3f}")

# %% test_cross_entropy_loss role="test" points=1.5
"""cross_entropy_loss is the negative logarithm of the probability that was given to the truth."""
assert close(cross_entropy_loss([0.25, 0.75], [0, 1]), -math.log(0.75)), "-log 0.75: the target picks the second one"
assert close(cross_entropy_loss([0.25, 0.75], [1, 0]), math.log(4)), "-log 0.25 = log 4: a loss is never negative"

# %% test_cross_entropy_loss_soft_target role="test" points=1
"""cross_entropy_loss weighs every class by its target, also when the target is spread over several."""
assert close(cross_entropy_loss([0.5, 0.5], [0.5, 0.5]), math.log(2)), "0.5 * log 2 + 0.5 * log 2 = log 2"
assert close(cross_entropy_loss([0.25, 0.5, 0.25], [0.5, 0.25, 0.25]), 1.75 * math.log(2)), "(1 + 0.25 + 0.5) * log 2"

# %% test_cross_entropy_loss_clamped role="test" points=1.5
"""cross_entropy_loss takes predictions under 1e-15 for 1e-15."""
assert close(cross_entropy_loss([0.0, 1.0], [1, 0]), -math.log(1e-15)), "certain and wrong: -log(1e-15), about 34.5"
assert close(cross_entropy_loss([0.0, 1.0], [0, 1]), 0), "log 0 must not be computed, even where the target is 0"

# %% [markdown]
# ## 4.3 Mean squared error
#
# **Why.** When the answer is a quantity (a temperature, a price), one measures how far off it is. Squares make every
# deviation positive and punish large ones more than many small ones; the mean makes long and short vectors comparable.
#
# $$L = \frac{1}{n} \sum_{i=1}^{n} (y_i - t_i)^2$$
#
# **By hand.** Predicted $[3, -1]$, target $[1, 0]$: differences 2 and −1, squares 4 and 1, mean $2.5$.
#
# **Watch out.** It is a mean: divide by the number of entries. Not by 2, as many books do to make the derivative look
# nicer.

# %% mse_loss role="solution"
def mse_loss(predicted: list[float], target: list[float]) -> float:
    """Return the mean of the squared differences.

    Args:
        predicted: shape (n,).
        target: shape (n,).
    Returns:
        The loss, one number, never negative.
    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 5.1.4.
    Example:
        >>> mse_loss([3, -1], [1, 0])
        2.5
    """
    raise NotImplementedError("mse_loss: your code here")

# %%
# Why not use it for letters too? The truth is class 1; the network grows more and more certain of class 2.
print("  probabilities      squared error      cross-entropy")
for p in (0.9, 0.5, 0.1, 0.01, 0.001, 0.0001):
    squared, surprise = mse_loss([p, 1 - p], [1, 0]), cross_entropy_loss([p, 1 - p], [1, 0])
    print(f"[{p:.4f}, {1 - p:.4f}]   {squared:.2f} {bar(squared, 10):11}   {surprise:5.2f} {bar(surprise, 3)}")
print("From certain to very certain of the wrong answer, the squared error hardly notices. The cross-entropy does.")

# %% test_mse_loss role="test" points=1.5
"""mse_loss squares the difference between prediction and target."""
assert close(mse_loss([3], [1]), 4), "3 - 1 = 2, and 2 squared is 4"
assert close(mse_loss([1], [3]), 4), "1 - 3 = -2, and -2 squared is 4 as well"

# %% test_mse_loss_mean role="test" points=1.5
"""mse_loss is the mean over all entries."""
assert close(mse_loss([1, 0, 2, 5], [0, 0, 1, 5]), 0.5), "squares 1, 0, 1, 0: together 2, divided by 4 entries"
assert close(mse_loss([1, 1], [0, 0]), 1), "squares 1 and 1: together 2, divided by 2 entries"

# %% [markdown]
# ## What you have now
#
# The whole question of learning in one line: `cross_entropy_loss(softmax(network.forward(x)), target)`. It depends on
# 3,418 numbers, and we want to know for each of them: if it grew a little, would the loss grow or shrink? That is the
# gradient, and chapter 5 computes all of it in one sweep.
#
# The next cell asks the untrained network of chapter 3 for all 26 letters. (It takes `Network` from your chapter 3.) It
# has not a clue, and the loss says just that: close to $\log 26 \approx 3.258$.

# %%
from chapters import Network

letters = "abcdefghijklmnopqrstuvwxyz"
network = Network([26, 64, 26])
losses = []
for place in range(26):
    one_hot = [1 if i == place else 0 for i in range(26)]
    losses.append(cross_entropy_loss(softmax(network.forward(one_hot)), one_hot))
print("average loss, untrained:", round(sum(losses) / 26, 3), "  and log 26 is", round(math.log(26), 3))
print("luckiest letter: ", letters[losses.index(min(losses))], round(min(losses), 3))
print("unluckiest letter:", letters[losses.index(max(losses))], round(max(losses), 3))

# %% [markdown]
# ## To stretch (no points)
#
# - **The loss from the logits.** $-\log p_i = \log \sum_j e^{z_j} - z_i$. Write this without ever computing a
#   probability, safely for large logits. Where does it differ from `cross_entropy_loss(softmax(...), ...)`, and which
#   of them is right there?
# - **Effective number of guesses.** $e^L$ is called perplexity. What is it for a network without a clue? For one that
#   hesitates between two letters?
# - **A glimpse of chapter 5.** Below, every logit is moved a little, and the change of the loss is measured. Compare
#   the result with predicted minus target. Is that a coincidence?

# %%
logits, target, eps = [2.0, -1.0, 0.5], [0, 1, 0], 1e-5
probabilities = softmax(logits)
print("logit   probability   target   measured slope of the loss")
for i, z in enumerate(logits):
    up = cross_entropy_loss(softmax(logits[:i] + [z + eps] + logits[i + 1 :]), target)
    down = cross_entropy_loss(softmax(logits[:i] + [z - eps] + logits[i + 1 :]), target)
    print(f"{z:+5.1f}   {probabilities[i]:11.4f}   {target[i]:6}   {(up - down) / (2 * eps):+.4f}")
