# %% [markdown]
# # Chapter 6: The training loop
#
# Since chapter 5 you know, for every number in the network, which way the loss rises. Learning is now one line of
# arithmetic: **go the other way, a little**.
#
# $$w \leftarrow w - \eta\, \frac{\partial L}{\partial w} \qquad\qquad b \leftarrow b - \eta\, \frac{\partial L}{\partial b}$$
#
# The small number $\eta$ ("eta") is the *learning rate*: how far to go. A slope tells the truth only close to where you
# stand, so you take a small step, look again, take another. Picture a walk down a hill in fog: you can't see the
# valley, but you can feel with your feet which way is down.
#
# Doing this with one example at a time is called *stochastic gradient descent*, SGD. Every large model you have heard
# of is trained by some descendant of these few lines:
#
#     for each epoch:
#         for each example:
#             forward      what does the network say?
#             loss         how wrong is that?
#             backward     which way is up, for every number?
#             update       take one step down
#
# One round through all examples is an *epoch*. At the end of this chapter you watch a loss fall on code that is
# entirely yours.

# %% [markdown]
# ## One step by hand
#
# The smallest network that can be wrong: one input, two outputs, no hidden layer, `"linear"`. All its weights and
# biases are 0. The input is $x = 1$, the right answer is the first class, $\mathbf t = (1, 0)$, and $\eta = 0.1$.
#
# | step | what happens | numbers |
# |---|---|---|
# | forward | $\mathbf a = W x + \mathbf b$ | $(0, 0)$ |
# | loss | $\mathbf p = \text{softmax}(\mathbf a) = (0.5, 0.5)$, $L = -\ln 0.5$ | $0.6931$ |
# | backward | $\boldsymbol\delta = \mathbf p - \mathbf t$; and $x = 1$, so $\partial L/\partial W = \partial L/\partial \mathbf b = \boldsymbol\delta$ | $(-0.5,\; 0.5)$ |
# | update | $0 - 0.1 \cdot (-0.5)$ and $0 - 0.1 \cdot 0.5$, for weights and biases | $(0.05,\; -0.05)$ |
#
# Look again: now $\mathbf a = (0.1, -0.1)$, $\mathbf p \approx (0.55, 0.45)$ and $L \approx 0.598$. One step, and the
# network is less wrong.

# %% setup role="setup"
import math
import random

from chapters import (
    BackpropNetwork,
    cross_entropy_loss,
    matrix_vector_multiply,
    relu,
    sigmoid,
    softmax,
    vector_add,
)

# Tools for the tests and the pictures. You can use them too.


def close(got, want, relative=1e-9, absolute=1e-9):
    """True if two numbers, or two lists (of lists) of numbers, are equal up to rounding."""
    if isinstance(want, (list, tuple)):
        same_length = isinstance(got, (list, tuple)) and len(got) == len(want)
        return same_length and all(close(g, w, relative, absolute) for g, w in zip(got, want))
    return isinstance(got, (int, float)) and math.isclose(got, want, rel_tol=relative, abs_tol=absolute)


def set_numbers(layer, weights, biases):
    """Put these weights and biases into a layer."""
    for row, new_row in zip(layer.weights, weights):
        row[:] = new_row
    layer.biases[:] = biases


def shake(layers, seed):
    """Put random weights and biases between -1 and 1 into every layer."""
    dice = random.Random(seed)
    for layer in layers:
        for row in layer.weights:
            row[:] = [dice.uniform(-1, 1) for _ in range(len(row))]
        layer.biases[:] = [dice.uniform(-1, 1) for _ in range(len(layer.biases))]


def from_zero(network, biases):
    """The same network (without hidden layers) after all its weights were set to 0 and its biases to these."""
    layer = network.layers[0]
    set_numbers(layer, [[0.0] * len(row) for row in layer.weights], biases)
    return network


def read_numbers(layers):
    """A copy of all weights and biases: one pair (weights, biases) for each layer."""
    return [([list(row) for row in layer.weights], list(layer.biases)) for layer in layers]


def outputs_of(numbers, activations, inputs):
    """What a network with these weights and biases answers: a forward pass made of chapter 1 and 2 only."""
    bend = {"relu": relu, "sigmoid": sigmoid, "linear": lambda z: z}
    for (weights, biases), activation in zip(numbers, activations):
        inputs = [bend[activation](z) for z in vector_add(matrix_vector_multiply(weights, inputs), biases)]
    return inputs


def loss_of(numbers, activations, inputs, target):
    """The cross-entropy of softmax of that answer."""
    return cross_entropy_loss(softmax(outputs_of(numbers, activations, inputs)), target)


def central_differences(loss, values, eps=1e-5):
    """Measure the slope of ``loss()`` in each of ``values``: nudge one number up and down, and put it back."""
    slopes = []
    for i, value in enumerate(values):
        values[i] = value + eps
        above = loss()
        values[i] = value - eps
        below = loss()
        values[i] = value
        slopes.append((above - below) / (2 * eps))
    return slopes


def draw_curve(values, width=60, height=10):
    """Print a list of numbers as a curve, the first one on the left."""
    width = min(width, len(values))
    columns = [values[k * len(values) // width] for k in range(width - 1)] + [values[-1]]
    top, bottom = max(columns), min(columns)
    levels = [round((value - bottom) / ((top - bottom) or 1) * (height - 1)) for value in columns]
    for level in range(height - 1, -1, -1):
        label = f"{bottom + (top - bottom) * level / (height - 1):8.3f}"
        print(label, "|" + "".join("*" if here == level else " " for here in levels).rstrip())
    print(" " * 8, "+" + "-" * width)


# %% [markdown]
# ## 6.1 The trainer
#
# **Why.** The loop needs somebody who owns it: who holds the network and the learning rate, takes the steps, and keeps
# a diary of the loss. That diary is how you find out whether anything is learned at all. Three methods, each built on
# the one before:
#
# - `train_step(inputs, target)`: forward, loss, backward, update, for one example. It returns the loss *before* the
#   update: the forward pass has been made already, so this costs nothing.
# - `train_epoch(dataset)`: one step for each `(inputs, target)` pair, in order. It returns the average loss,
#   $\bar L = \frac1n \sum_{k=1}^{n} L_k$.
# - `train(dataset, epochs)`: so many epochs. It returns the list of their averages: the learning curve.
#
# **By hand.** A dataset of two examples with the losses 0.2 and 1.0: `train_epoch` returns $(0.2 + 1.0) / 2 = 0.6$, and
# `loss_history` has grown by two entries, 0.2 and 1.0. After `train(dataset, 3)` it has grown by six, and the list that
# `train` returned has three entries.
#
# **Watch out.**
#
# - *The step goes down.* With `+` instead of `-` the loss rises, and many an evening has gone into looking for the
#   mistake in `backward`.
# - *Biases learn too.* Forgetting them doesn't crash, and easy problems are learned all the same.
# - *One `forward` for each `backward`.* Don't call `forward` again in between: `backward` uses what the last forward
#   pass left behind.
# - *Mutable default arguments.* `def __init__(self, network, learning_rate=0.01, loss_history=[])` makes **one** list
#   when the class is defined, and all trainers write their diaries into it. Make the list inside `__init__`.
# - *The learning rate.* Too small, and the loss crawls; too large, and each step jumps across the valley and lands
#   higher up. You see both in a picture below.


# %% Trainer role="solution"
class Trainer:
    """Trains a network by stochastic gradient descent, one example at a time.

    Args:
        network: a ``BackpropNetwork``; the trainer changes its weights and biases.
        learning_rate: how far one step goes, in units of the slope.

    Attributes:
        network, learning_rate: as given.
        loss_history: the loss of every step so far, across epochs and calls.

    Source: Robbins, Monro, A stochastic approximation method, Annals of Mathematical Statistics 22 (1951);
        Goodfellow, Bengio, Courville, Deep Learning (2016), section 8.3.1.
    Example:
        >>> network = BackpropNetwork([1, 2], output_activation="linear")
        >>> network.layers[0].weights = [[0.0], [0.0]]
        >>> trainer = Trainer(network, learning_rate=0.1)
        >>> round(trainer.train_step([1], [1, 0]), 4)
        0.6931
        >>> network.layers[0].weights
        [[0.05], [-0.05]]
    """

    def __init__(self, network: BackpropNetwork, learning_rate: float = 0.01):
        ### BEGIN SOLUTION
        self.network = network
        self.learning_rate = learning_rate
        self.loss_history = []
        ### END SOLUTION

    def train_step(self, inputs: list[float], target: list[float]) -> float:
        """Return the loss of one example, then take one step down with all weights and biases.

        Args:
            inputs: shape (n_inputs,).
            target: the right answer, one-hot, shape (n_classes,).
        Returns:
            The cross-entropy loss before the update; it is also appended to ``loss_history``.
        """
        ### BEGIN SOLUTION
        probabilities = softmax(self.network.forward(inputs))
        loss = cross_entropy_loss(probabilities, target)
        self.network.backward(target)
        rate = self.learning_rate
        for layer in self.network.layers:
            for row, slopes in zip(layer.weights, layer.weight_gradients):
                for j, slope in enumerate(slopes):
                    if slope:  # a slope of 0 moves nothing, and a one-hot input makes most of them 0
                        row[j] -= rate * slope
            for i, slope in enumerate(layer.bias_gradients):
                layer.biases[i] -= rate * slope
        self.loss_history.append(loss)
        return loss
        ### END SOLUTION

    def train_epoch(self, dataset: list[tuple[list[float], list[float]]]) -> float:
        """Return the average loss of one step for each (inputs, target) pair of ``dataset``, taken in order."""
        ### BEGIN SOLUTION
        losses = [self.train_step(inputs, target) for inputs, target in dataset]
        return sum(losses) / len(losses)
        ### END SOLUTION

    def train(self, dataset: list[tuple[list[float], list[float]]], epochs: int, verbose: bool = True) -> list[float]:
        """Return the average loss of each of ``epochs`` epochs; with ``verbose``, print some of them on the way."""
        ### BEGIN SOLUTION
        every = max(1, epochs // 10)
        averages = []
        for epoch in range(1, epochs + 1):
            averages.append(self.train_epoch(dataset))
            if verbose and (epoch == 1 or epoch % every == 0 or epoch == epochs):
                print(f"epoch {epoch:4} of {epochs}   average loss {averages[-1]:.4f}")
        return averages
        ### END SOLUTION


# %%
# The example by hand, step after step. The first line should look familiar.
network = from_zero(BackpropNetwork([1, 2], output_activation="linear"), [0.0, 0.0])
trainer = Trainer(network, learning_rate=0.1)
print("step    loss    weights after the step   probability of the right class")
for step in range(1, 9):
    loss = trainer.train_step([1], [1, 0])
    upper, lower = (row[0] for row in network.layers[0].weights)
    chance = softmax(network.forward([1]))[0]
    print(f"{step:4}  {loss:.4f}       {upper:6.3f}  {lower:6.3f}          {chance:.3f} " + "#" * round(40 * chance))

# %% test_Trainer_loss role="test" points=2
"""train_step returns the loss of the example before the update."""
network = from_zero(BackpropNetwork([1, 2], output_activation="linear"), [0.0, 0.0])
loss = Trainer(network, learning_rate=0.1).train_step([1], [1, 0])
assert close(loss, math.log(2)), f"before the update p = (0.5, 0.5), so the loss is ln 2 = 0.6931; yours: {loss}"
### BEGIN HIDDEN TESTS
for sizes, hidden, last, case in (
    ([2, 3, 2], "relu", "linear", 1),
    ([3, 4, 4, 3], "sigmoid", "linear", 2),
    ([2, 3, 4], "relu", "sigmoid", 3),
):
    network = BackpropNetwork(sizes, hidden, last, case)
    shake(network.layers, case)
    kinds = [hidden] * (len(sizes) - 2) + [last]
    walker = Trainer(network, 0.5)
    dice = random.Random(case)
    for turn in range(4):
        vector, one_hot = (
            [dice.uniform(-2, 2) for _ in range(sizes[0])],
            [int(c == turn % sizes[-1]) for c in range(sizes[-1])],
        )
        standing = loss_of(read_numbers(network.layers), kinds, vector, one_hot)
        assert close(walker.train_step(vector, one_hot), standing), (
            "train_step must return the cross-entropy of softmax before the update"
        )
### END HIDDEN TESTS

# %% test_Trainer_weight_update role="test" points=2
"""One step moves every weight of every layer by -learning_rate * slope."""
network = from_zero(BackpropNetwork([1, 2], output_activation="linear"), [0.0, 0.0])
Trainer(network, learning_rate=0.1).train_step([1], [1, 0])
found = read_numbers(network.layers)[0][0]
assert close(found, [[0.05], [-0.05]]), f"0 - 0.1 * (-0.5) = 0.05 and 0 - 0.1 * 0.5 = -0.05; yours: {found}"
### BEGIN HIDDEN TESTS
for sizes, hidden, last, rate, case in (
    ([2, 3, 2], "relu", "linear", 0.5, 1),
    ([3, 4, 3, 2], "sigmoid", "linear", 2.0, 2),
    ([2, 4, 3], "relu", "sigmoid", 0.1, 3),
    ([3, 2], "relu", "linear", None, 4),
):
    network = BackpropNetwork(sizes, hidden, last, case)
    shake(network.layers, 40 + case)
    kinds = [hidden] * (len(sizes) - 2) + [last]
    walker = Trainer(network) if rate is None else Trainer(network, learning_rate=rate)
    for right in (0, 1):
        vector, one_hot = [1.5 - right, -0.5, 2.0][: sizes[0]], [int(c == right) for c in range(sizes[-1])]
        standing = read_numbers(network.layers)
        wanted = [
            [
                [
                    w - (rate or 0.01) * slope
                    for w, slope in zip(
                        row, central_differences(lambda: loss_of(standing, kinds, vector, one_hot), row)
                    )
                ]
                for row in table
            ]
            for table, _ in standing
        ]
        walker.train_step(vector, one_hot)
        now = [table for table, _ in read_numbers(network.layers)]
        assert close(now, wanted, 1e-8, 1e-8), (
            "each step must move the weights of all layers by -learning_rate times their slope"
        )
### END HIDDEN TESTS

# %% test_Trainer_bias_update role="test" points=1
"""One step moves every bias of every layer by -learning_rate * slope."""
network = from_zero(BackpropNetwork([1, 2], output_activation="linear"), [0.0, 0.0])
Trainer(network, learning_rate=0.1).train_step([1], [1, 0])
found = read_numbers(network.layers)[0][1]
assert close(found, [0.05, -0.05]), f"biases learn too: 0 - 0.1 * (-0.5) = 0.05 and -0.05; yours: {found}"
### BEGIN HIDDEN TESTS
for sizes, hidden, last, rate, case in (
    ([3, 4, 2], "sigmoid", "linear", 0.3, 5),
    ([2, 3, 3, 3], "relu", "linear", 1.0, 6),
    ([2, 3], "relu", "sigmoid", None, 7),
):
    network = BackpropNetwork(sizes, hidden, last, case)
    shake(network.layers, 60 + case)
    kinds = [hidden] * (len(sizes) - 2) + [last]
    walker = Trainer(network) if rate is None else Trainer(network, learning_rate=rate)
    for right in (1, 0):
        vector, one_hot = [0.5 + right, -1.5, 1.0][: sizes[0]], [int(c == right) for c in range(sizes[-1])]
        standing = read_numbers(network.layers)
        wanted = []
        for _, offsets in standing:
            slopes = central_differences(lambda: loss_of(standing, kinds, vector, one_hot), offsets)
            wanted.append([b - (rate or 0.01) * slope for b, slope in zip(offsets, slopes)])
        walker.train_step(vector, one_hot)
        now = [offsets for _, offsets in read_numbers(network.layers)]
        assert close(now, wanted, 1e-8, 1e-8), (
            "each step must move the biases of all layers by -learning_rate times their slope"
        )
### END HIDDEN TESTS

# %% test_Trainer_loss_history role="test" points=2
"""loss_history has one entry for each step, in the order of the examples; each trainer keeps its own."""
# With these biases p = (3/4, 1/4) for every input. A tiny learning rate: the network stays as it is while we count.
network = from_zero(BackpropNetwork([1, 2], output_activation="linear"), [math.log(3), 0.0])
trainer = Trainer(network, learning_rate=1e-13)
assert len(trainer.loss_history) == 0, "a new trainer has an empty loss_history"
trainer.train_epoch([([1], [1, 0]), ([1], [0, 1]), ([1], [1, 0])])
seen = list(trainer.loss_history)
assert close(seen, [math.log(4 / 3), math.log(4), math.log(4 / 3)]), (
    f"three examples, three entries, in their order; yours: {seen}"
)
### BEGIN HIDDEN TESTS
good, bad = math.log(4 / 3), math.log(4)
trainer.train_step([2], [0, 1])
trainer.train_epoch([([0], [0, 1]), ([5], [1, 0])])
assert close(list(trainer.loss_history)[3:], [bad, bad, good]), (
    "loss_history must go on across calls of train_step and train_epoch"
)
trainer.train([([1], [1, 0]), ([2], [0, 1])], 2, verbose=False)
assert close(list(trainer.loss_history)[6:], [good, bad, good, bad]), (
    "loss_history must go on through the epochs of train, one entry for each step"
)
assert close(list(trainer.loss_history)[:3], [good, bad, good]), "earlier entries of loss_history must stay"
other = Trainer(from_zero(BackpropNetwork([1, 2], "relu", "linear"), [0.0, 0.0]), 1e-13)
assert len(other.loss_history) == 0, "a new trainer must start with an empty loss_history of its own"
other.train_step([1], [1, 0])
assert close(list(other.loss_history), [math.log(2)]) and len(trainer.loss_history) == 10, (
    "two trainers must not share their loss_history"
)
### END HIDDEN TESTS

# %% test_Trainer_train_epoch role="test" points=2
"""train_epoch takes one step for each example and returns their average loss."""
network = from_zero(BackpropNetwork([1, 2], output_activation="linear"), [math.log(3), 0.0])
got = Trainer(network, learning_rate=1e-13).train_epoch([([1], [1, 0]), ([2], [0, 1])])
expected = (math.log(4 / 3) + math.log(4)) / 2
assert close(got, expected), f"losses 0.2877 and 1.3863, average {expected:.4f}; yours: {got}"
### BEGIN HIDDEN TESTS
for sizes, n_examples, case in (([2, 3, 2], 1, 1), ([3, 4, 3], 5, 2), ([4, 2], 7, 3)):
    network = BackpropNetwork(sizes, "relu", "linear", case)
    shake(network.layers, 80 + case)
    kinds = ["relu"] * (len(sizes) - 2) + ["linear"]
    dice = random.Random(case)
    pairs = [
        ([dice.uniform(-2, 2) for _ in range(sizes[0])], [int(c == k % sizes[-1]) for c in range(sizes[-1])])
        for k in range(n_examples)
    ]
    standing = read_numbers(network.layers)
    walker = Trainer(network, 1e-13)
    for some in (pairs, pairs[:1], pairs):
        each = [loss_of(standing, kinds, vector, one_hot) for vector, one_hot in some]
        assert close(walker.train_epoch(some), math.fsum(each) / len(each)), (
            "train_epoch must return the mean loss of this epoch's examples"
        )
network = from_zero(BackpropNetwork([1, 2], "relu", "linear"), [0.0, 0.0])
twice_the_same = [([1], [1, 0]), ([1], [1, 0])]
assert abs(Trainer(network, 0.5).train_epoch(twice_the_same) - math.log(2)) > 0.05, (
    "train_epoch must update the network after each example, not once at the end"
)
### END HIDDEN TESTS

# %% test_Trainer_train role="test" points=2
"""train runs the epochs and returns the average loss of each."""
network = from_zero(BackpropNetwork([1, 2], output_activation="linear"), [0.0, 0.0])
curve = Trainer(network, learning_rate=0.1).train([([1], [1, 0])], epochs=5, verbose=False)
assert len(curve) == 5, f"5 epochs, 5 numbers; yours: {curve}"
assert len(set(curve)) == 5, f"the network changes in every epoch, so no two losses are equal; yours: {curve}"
### BEGIN HIDDEN TESTS
network = from_zero(BackpropNetwork([1, 2], "relu", "linear"), [math.log(3), 0.0])
still = Trainer(network, 1e-13)
assert close(list(still.train([([3], [0, 1])], 4, verbose=False)), [math.log(4)] * 4), (
    "train must return the loss of each epoch"
)
again = list(still.train([([3], [1, 0])], 2, verbose=False))
assert close(again, [math.log(4 / 3)] * 2), "a second call of train must return the epochs of that call only"
mixed = list(still.train([([1], [1, 0]), ([1], [0, 1])], 3, verbose=False))
assert len(mixed) == 3, "train must return one number for each epoch, not one for each step"
assert all(abs(value - math.log(4)) > 0.1 for value in mixed), (
    "an epoch's number must not be the loss of its last example"
)
assert all(abs(value - math.log(4 / 3)) > 0.1 for value in mixed), (
    "an epoch's number must not be the loss of its first example"
)
assert len(still.train([([1], [0, 1])], 1)) == 1, "train must do the same when verbose is left at its default"
network = from_zero(BackpropNetwork([1, 2], "relu", "linear"), [0.0, 0.0])
Trainer(network, 0.5).train([([1], [0, 1])], 20, verbose=False)
left = loss_of(read_numbers(network.layers), ["linear"], [1], [0, 1])
assert abs(left - math.log(2)) > 0.6, "train must take one step for each example in every epoch"
### END HIDDEN TESTS

# %% test_Trainer_learns role="test" points=1
"""Training finds the right answers."""
network = BackpropNetwork([3, 8, 3], "relu", "linear", seed=2)
lessons = [([1, 0, 0], [0, 1, 0]), ([0, 1, 0], [0, 0, 1]), ([0, 0, 1], [1, 0, 0])]
Trainer(network, learning_rate=0.1).train(lessons, epochs=200, verbose=False)
for vector, wanted in lessons:
    left = loss_of(read_numbers(network.layers), ["relu", "linear"], vector, wanted)
    assert left < 0.1, f"after 200 epochs the loss for {vector} should be below 0.1; it is {left:.3f}"
### BEGIN HIDDEN TESTS
network = BackpropNetwork([5, 12, 5], "sigmoid", "linear", seed=3)
pairs = [([int(k == c) for c in range(5)], [int((3 * k + 1) % 5 == c) for c in range(5)]) for k in range(5)]
before = read_numbers(network.layers)
learner = Trainer(network, 0.3)
for _ in range(300):
    learner.train_epoch(pairs)
after = read_numbers(network.layers)
assert len(pairs) == 5, "training must leave the list of examples as long as it is"
for vector, one_hot in pairs:
    started, ended = (loss_of(numbers, ["sigmoid", "linear"], vector, one_hot) for numbers in (before, after))
    assert started > 0.5 and ended < 0.2, "after enough epochs the loss of every example must be small"
    answer = outputs_of(after, ["sigmoid", "linear"], vector)
    assert answer.index(max(answer)) == one_hot.index(1), "after enough epochs the largest output must be the right one"
### END HIDDEN TESTS

# %% [markdown]
# ## 6.2 Look at it learn
#
# The classic test for a hidden layer is XOR: "one or the other, but not both". No straight line separates the two
# classes, so that a single layer can't learn it. Eight relu neurons in between can. Each point of the picture below is
# a forward pass of the trained network; `#` is where it says "yes".

# %%
XOR = [([0, 0], [1, 0]), ([0, 1], [0, 1]), ([1, 0], [0, 1]), ([1, 1], [1, 0])]  # (no, yes)
network = BackpropNetwork([2, 8, 2], "relu", "linear", seed=1)
curve = Trainer(network, learning_rate=0.1).train(XOR, epochs=200)

print("\naverage loss, epoch 1 to 200")
draw_curve(curve)

print("\nthe plane: x from -0.4 to 1.4, y upwards; Y and N are the four examples")
examples = {(0, 0): "N", (0, 10): "Y", (20, 0): "Y", (20, 10): "N"}
shades = " .:-=+*#"
for y in range(14, -5, -2):
    line = ""
    for x in range(-8, 29):
        yes = softmax(network.forward([x / 20, y / 10]))[1]
        line += examples.get((x, y), shades[min(7, int(8 * yes))])
    print(f"{y / 10:5.1f} |{line}|")

# %%
# Learning rates: the same network, the same start, 40 epochs of XOR.
# Each mark is the average loss of one epoch, from . (below 0.1) to @ (above 2).
marks = ".:-=+*#@"
limits = [0.1, 0.3, 0.5, 0.69, 0.8, 1.2, 2.0]
for rate in (0.001, 0.01, 0.1, 0.5, 2.0, 20.0):
    network = BackpropNetwork([2, 8, 2], "relu", "linear", seed=1)
    curve = Trainer(network, learning_rate=rate).train(XOR, epochs=40, verbose=False)
    line = "".join(marks[sum(not loss <= limit for limit in limits)] for loss in curve)
    print(f"learning rate {rate:6}  {line}  {curve[-1]:7.3f}")
print("-ln 0.5 = 0.693 is the loss of somebody who always says fifty-fifty.")

# %% [markdown]
# ## 6.3 A stretch, without points
#
# - **Momentum.** A ball that rolls keeps some of its speed. Keep one velocity for each weight,
#   $v \leftarrow 0.9\, v + \partial L/\partial w$ and $w \leftarrow w - \eta v$. How many epochs does XOR need now?
#   Which learning rates diverge that did not before?
# - **Shuffle.** Present the examples in another order in each epoch (`random.Random(seed).shuffle` on a copy). Does it
#   matter for XOR? Why might it for a sorted dataset?
# - **Batches.** Add up the gradients of all four examples and take one step for all of them. You need fewer steps an
#   epoch, but each costs more: compare losses at the same number of *forward passes*.
# - **Find the edge.** Somewhere above 0.1 training falls apart. Find the learning rate to two digits. Does it depend on
#   the seed?
#
# The cell below is yours.

# %%
# Your experiments
