# %% [markdown]
# # Chapter 5: Backpropagation
#
# Your network answers, and chapter 4's loss says how wrong the answer is. Now comes the question that all of deep
# learning turns on: **which of the numbers inside is to blame, and by how much?**
#
# For one weight $w$ the answer is a slope, $\partial L / \partial w$: how fast the loss $L$ rises when $w$ rises. You
# could measure it. Nudge the weight up, nudge it down, and look at the loss both times:
#
# $$\frac{\partial L}{\partial w} \approx \frac{L(w + \varepsilon) - L(w - \varepsilon)}{2\,\varepsilon}$$
#
# This is a *central difference*. It is honest, simple and slow: two forward passes for each weight. The letter
# classifier of chapter 7 has 3,418 weights and biases, so that one step of learning would take 6,836 forward passes.
# Backpropagation finds the same 3,418 slopes with **one** forward and **one** backward pass, because neighbours share
# their work.
#
# There is no other magic in it. It is the chain rule of school calculus, used from the last layer to the first. What
# makes it hard is the bookkeeping: which list, which index, before or after the activation. A slip is invisible
# (nothing crashes) until the loss doesn't fall. So in this chapter the slow central difference is our judge: a gradient
# that agrees with it is right.

# %% [markdown]
# ## The chain rule on one neuron
#
# One neuron, one input, all numbers small:
#
# $$x = 3 \;\xrightarrow{\;w = 2,\; b = -5\;}\; z = 2 \cdot 3 - 5 = 1 \;\xrightarrow{\;\text{relu}\;}\; a = 1 \;\xrightarrow{\;\dots\;}\; L$$
#
# Suppose somebody behind us says: "if your output $a$ rises a little, the loss rises 4 times as much",
# $\partial L/\partial a = 4$. Then we walk back, one link of the chain at a time, and multiply:
#
# | question | slope of this link | product so far |
# |---|---|---|
# | how does $L$ follow $a$? | $\partial L/\partial a = 4$ (given) | 4 |
# | how does $a$ follow $z$? | $f'(z) = 1$, since $z > 0$ | $\delta = \partial L/\partial z = 4 \cdot 1 = 4$ |
# | how does $z$ follow $w$? | $x = 3$ | $\partial L/\partial w = 4 \cdot 3 = 12$ |
# | how does $z$ follow $b$? | $1$ | $\partial L/\partial b = 4 \cdot 1 = 4$ |
# | how does $z$ follow $x$? | $w = 2$ | $\partial L/\partial x = 4 \cdot 2 = 8$ |
#
# Look at the third line: the slope of a *weight* needs the *input* of the forward pass. And at the second: the slope of
# the activation needs $z$. That is why chapter 3 told you to keep `inputs`, `z_values` and `outputs`. The last line is
# what we hand to the layer in front of us: for it, our input is its output, and the game starts again.

# %% setup role="setup"
import math
import random
from operator import mul

from chapters import (
    Layer,
    cross_entropy_loss,
    matrix_vector_multiply,
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
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


# %% [markdown]
# ## 5.1 A layer that can go backwards
#
# **Why.** A layer is many neurons that share their inputs, so the table above is written once with indices. Let
# $g_i = \partial L/\partial a_i$ be what the layer behind us reports about output $i$. First take off the activation:
#
# $$\delta_i = g_i \cdot f'(z_i) \qquad f'(z) = \begin{cases} 1 \text{ if } z > 0 \text{, else } 0 & \text{relu} \\ a\,(1 - a) & \text{sigmoid, with its output } a \\ 1 & \text{linear} \end{cases}$$
#
# Then the three slopes:
#
# $$\frac{\partial L}{\partial W_{ij}} = \delta_i\, x_j \qquad\quad \frac{\partial L}{\partial b_i} = \delta_i \qquad\quad \frac{\partial L}{\partial x_j} = \sum_i W_{ij}\, \delta_i$$
#
# The last one is a sum because input $j$ feeds *every* neuron, and each of them reports back. It runs over the *first*
# index of $W$, down a column: as matrices, $\partial L/\partial \mathbf{x} = W^{\mathsf T} \boldsymbol\delta$, with the
# **transpose** of the weights.
#
# A third activation is new here. `"linear"` leaves $z$ as it is, $a = z$: the last layer of a classifier uses it, so
# that softmax gets real logits.
#
# **By hand.** Two inputs, two relu neurons:
#
# $$W = \begin{pmatrix} 1 & -1 \\ 2 & 3 \end{pmatrix} \quad \mathbf b = \begin{pmatrix} 0 \\ -1 \end{pmatrix} \quad \mathbf x = \begin{pmatrix} 1 \\ 2 \end{pmatrix} \quad\Rightarrow\quad \mathbf z = \begin{pmatrix} 1 - 2 + 0 \\ 2 + 6 - 1 \end{pmatrix} = \begin{pmatrix} -1 \\ 7 \end{pmatrix} \quad \mathbf a = \begin{pmatrix} 0 \\ 7 \end{pmatrix}$$
#
# The layer behind us reports $\mathbf g = (5, -1)$. The first neuron sleeps ($z \le 0$), so that nothing passes through
# it: $\boldsymbol\delta = (0, -1)$.
#
# - weights: row 1 is $0 \cdot (1, 2) = (0, 0)$, row 2 is $-1 \cdot (1, 2) = (-1, -2)$
# - biases: $(0, -1)$
# - inputs, down the columns of $W$: $(1 \cdot 0 + 2 \cdot (-1),\; -1 \cdot 0 + 3 \cdot (-1)) = (-2, -3)$
#
# **Watch out.**
#
# - *The forgotten transpose.* Along the rows you would get $(1, -3)$. With a square matrix nothing crashes, and a
#   network trains a little even so. It never trains well.
# - *The forgotten activation.* `backward` is told $\partial L/\partial a$, not $\partial L/\partial z$.
# - *sigmoid_derivative takes the output* $a$, `relu_derivative` takes $z$: so you defined them in chapter 2.
# - *Replace, don't add.* Each call of `backward` sets fresh gradients. With `+=` the second example is blamed for the
#   first one's mistakes.
# - *Chapter 3's `Layer` does not know `"linear"`.* Let it draw the weights (`super().__init__`), and write `forward`
#   anew.


# %% BackpropLayer role="solution"
class BackpropLayer(Layer):
    """A layer that answers (``forward``) and then finds the slope of the loss in each of its numbers (``backward``).

    Args:
        input_size: numbers that come in, n_inputs.
        output_size: neurons, n_outputs.
        activation: "relu", "sigmoid" or "linear" (a = z).
        seed: the same seed draws the same weights.

    Attributes:
        weights: shape (n_outputs, n_inputs); Xavier uniform, like ``Layer``.
        biases: shape (n_outputs,); zeros at first.
        inputs, z_values, outputs: of the last forward pass.
        weight_gradients: dL/dW of the last backward pass, shape (n_outputs, n_inputs).
        bias_gradients: dL/db of the last backward pass, shape (n_outputs,).

    Source: Nielsen, Neural Networks and Deep Learning (2015), chapter 2, equations BP1 to BP4.
    Example:
        >>> layer = BackpropLayer(2, 1, "linear", seed=0)
        >>> layer.weights = [[2, -1]]
        >>> layer.forward([3, 1])
        [5.0]
        >>> layer.backward([10])
        [20.0, -10.0]
        >>> layer.weight_gradients, layer.bias_gradients
        ([[30.0, 10.0]], [10.0])
    """

    def __init__(self, input_size: int, output_size: int, activation: str = "relu", seed: int | None = None):
        ### BEGIN SOLUTION
        super().__init__(input_size, output_size, seed=seed)
        self.activation = activation
        self.weight_gradients = [[0.0] * input_size for _ in range(output_size)]
        self.bias_gradients = [0.0] * output_size
        ### END SOLUTION

    def forward(self, inputs: list[float]) -> list[float]:
        """Return the outputs a = f(W x + b), and keep what ``backward`` will need.

        Args:
            inputs: x, shape (n_inputs,).
        Returns:
            a, shape (n_outputs,). Also stores ``inputs``, ``z_values`` (W x + b) and ``outputs``.
        """
        ### BEGIN SOLUTION
        self.inputs = list(inputs)
        # An input of 0 adds nothing to any sum. Of a one-hot letter's 26 inputs, 25 can be left out.
        active = [(j, x) for j, x in enumerate(self.inputs) if x != 0]
        self.z_values = [
            sum([row[j] * x for j, x in active], float(bias)) for row, bias in zip(self.weights, self.biases)
        ]
        if self.activation == "relu":
            self.outputs = [relu(z) for z in self.z_values]
        elif self.activation == "sigmoid":
            self.outputs = [sigmoid(z) for z in self.z_values]
        else:
            self.outputs = list(self.z_values)
        return self.outputs
        ### END SOLUTION

    def backward(self, output_gradients: list[float]) -> list[float]:
        """Return the input gradients, and set the gradients of weights and biases, for the last forward pass.

        Args:
            output_gradients: dL/da, one for each output, shape (n_outputs,).
        Returns:
            dL/dx, shape (n_inputs,). Also replaces ``weight_gradients`` and ``bias_gradients``; changes no weight.
        """
        ### BEGIN SOLUTION
        if self.activation == "relu":
            slopes = [relu_derivative(z) for z in self.z_values]
        elif self.activation == "sigmoid":
            slopes = [sigmoid_derivative(a) for a in self.outputs]
        else:
            slopes = [1.0] * len(self.z_values)
        deltas = [gradient * slope for gradient, slope in zip(output_gradients, slopes)]  # dL/dz
        self.bias_gradients = deltas
        # As a formula: [[delta * x for x in inputs] for delta in deltas]. But a sleeping neuron makes a row of zeros,
        # an input of 0 makes a column of them, and it is cheaper to fill in the rest.
        active = [(j, x) for j, x in enumerate(self.inputs) if x != 0]
        self.weight_gradients = [[0.0] * len(self.inputs) for _ in deltas]
        for row, delta in zip(self.weight_gradients, deltas):
            if delta != 0:
                for j, x in active:
                    row[j] = delta * x
        # zip(*weights) walks through the columns: that is the transpose, without building it.
        return [sum(map(mul, column, deltas)) for column in zip(*self.weights)]
        ### END SOLUTION


# %%
# The example above, as a table. Does it agree with your pencil?
layer = BackpropLayer(2, 2, "relu", seed=1)
set_numbers(layer, weights=[[1, -1], [2, 3]], biases=[0, -1])
layer.forward([1, 2])
reported = [5, -1]
blame = layer.backward(reported)

print("neuron |    z     a | dL/da |  dL/db  dL/dW")
for i, (z, a) in enumerate(zip(layer.z_values, layer.outputs)):
    state = "asleep: nothing passes" if z <= 0 else "awake"
    slopes = "  ".join(f"{slope:4.0f}" for slope in layer.weight_gradients[i])
    print(f"{i + 1:6} | {z:4.0f}  {a:4.0f} | {reported[i]:5} | {layer.bias_gradients[i]:6.0f} {slopes}   {state}")
print("passed on to the layer in front, dL/dx:", blame)

# %% test_BackpropLayer_weights role="test" points=1
"""A new layer has Xavier weights of the right shape, decided by the seed, and zero biases."""
layer = BackpropLayer(3, 2, "relu", seed=7)
assert [len(row) for row in layer.weights] == [3, 3], (
    "weights has one row for each output, one number in it for each input"
)
assert close(layer.biases, [0, 0]), "a new layer has one bias for each output, all of them 0"
bound = math.sqrt(6 / (3 + 2))
assert all(-bound <= w <= bound for row in layer.weights for w in row), (
    "Xavier: weights lie within ±sqrt(6 / (inputs + outputs))"
)
drawn = {str(read_numbers([BackpropLayer(3, 2, "relu", seed=7)])) for _ in range(3)}
assert len(drawn) == 1, "the same seed must always draw the same weights"
### BEGIN HIDDEN TESTS
assert len({str(read_numbers([BackpropLayer(3, 2, "relu", seed)])) for seed in (1, 2, 3)}) == 3, (
    "another seed must draw other weights"
)
for kind in ("relu", "sigmoid", "linear"):
    big = BackpropLayer(30, 20, kind, seed=5)
    flat = [w for row in big.weights for w in row]
    assert len(flat) == 600 and len(big.biases) == 20, "every activation has the same shapes of weights and biases"
    limit = math.sqrt(6 / 50)
    assert max(flat) <= limit and min(flat) >= -limit, "weights must stay within the Xavier bound for every activation"
    assert max(flat) > 0.8 * limit and min(flat) < -0.8 * limit, "weights must use the whole range of the Xavier bound"
    assert abs(sum(flat)) / 600 < 0.2 * limit, "positive and negative weights must be equally likely"
### END HIDDEN TESTS

# %% test_BackpropLayer_forward role="test" points=2
"""forward returns f(W x + b) for all three activations and stores inputs, z_values and outputs."""
for kind, answer in (("relu", [0, 7]), ("linear", [-1, 7]), ("sigmoid", [0.2689414213699951, 0.9990889488055994])):
    layer = BackpropLayer(2, 2, kind, seed=1)
    set_numbers(layer, weights=[[1, -1], [2, 3]], biases=[0, -1])
    result = layer.forward([1, 2])
    assert close(result, answer), f"{kind}: z is [-1, 7], so the outputs are {answer}; yours: {result}"
    assert close(layer.z_values, [-1, 7]), (
        f"{kind}: z_values holds W x + b before the activation; yours: {layer.z_values}"
    )
    assert close(layer.inputs, [1, 2]) and close(layer.outputs, answer), f"{kind}: forward stores inputs and outputs"
### BEGIN HIDDEN TESTS
bends = {"relu": lambda z: max(z, 0.0), "linear": lambda z: z, "sigmoid": lambda z: 1 / (1 + math.exp(-z))}
for kind in bends:
    wide = BackpropLayer(4, 3, kind, seed=2)
    shake([wide], 31)
    table, offsets = read_numbers([wide])[0]
    for vector in ([1, -2, 0, 0.5], [0, 0, 0, 0], [-0.3, 0.7, 2.5, -4]):
        sums = [b + math.fsum(w * x for w, x in zip(row, vector)) for row, b in zip(table, offsets)]
        got = wide.forward(vector)
        assert close(got, [bends[kind](z) for z in sums]), (
            "forward must use all weights, biases and the layer's activation"
        )
        assert close(wide.z_values, sums), "z_values must belong to the last forward pass"
        assert close(wide.outputs, [bends[kind](z) for z in sums]), "outputs must belong to the last forward pass"
        assert close(wide.inputs, vector), "inputs must belong to the last forward pass"
unnamed = BackpropLayer(1, 2)
set_numbers(unnamed, [[-3], [3]], [1, 1])
assert close(unnamed.forward([1]), [0, 4]), "without a name for it, the activation must be relu"
### END HIDDEN TESTS

# %% test_BackpropLayer_activation_derivative role="test" points=3
"""backward multiplies dL/da by the activation's derivative (one neuron, one input: the table at the top)."""
neuron = BackpropLayer(1, 1, "relu", seed=1)
set_numbers(neuron, weights=[[2]], biases=[-5])
neuron.forward([3])
passed_on = neuron.backward([4])
assert close(neuron.bias_gradients, [4]), f"awake (z = 1): dL/db = 4 * 1 = 4; yours: {neuron.bias_gradients}"
assert close(neuron.weight_gradients, [[12]]), (
    f"awake (z = 1): dL/dw = 4 * 1 * 3 = 12; yours: {neuron.weight_gradients}"
)
assert close(passed_on, [8]), f"awake (z = 1): dL/dx = 4 * 1 * 2 = 8; yours: {passed_on}"
neuron = BackpropLayer(1, 1, "sigmoid", seed=1)
set_numbers(neuron, weights=[[2]], biases=[0])
neuron.forward([0])
neuron.backward([4])
assert close(neuron.bias_gradients, [1]), (
    f"sigmoid at z = 0: a = 0.5, so dL/db = 4 * 0.5 * (1 - 0.5) = 1; yours: {neuron.bias_gradients}"
)
### BEGIN HIDDEN TESTS
for x, w, g in ((1.5, 2, -3), (2, -1.25, 7), (-3, -0.25, 0.3), (0, 3, 2)):
    for kind in ("relu", "sigmoid", "linear"):
        one = BackpropLayer(1, 1, kind, seed=4)
        set_numbers(one, [[w]], [0])
        one.forward([x])
        back = one.backward([g])
        z = w * x
        if kind == "relu":
            delta = g if z > 0 else 0
        elif kind == "sigmoid":
            delta = g * math.exp(-z) / (1 + math.exp(-z)) ** 2
        else:
            delta = g
        agreed = (
            close(one.bias_gradients, [delta])
            and close(one.weight_gradients, [[delta * x]])
            and close(back, [delta * w])
        )
        if kind == "relu":
            assert agreed, (
                "relu passes dL/da on where z > 0 and stops it where z is 0 or less: weights, bias and inputs"
            )
        elif kind == "sigmoid":
            assert agreed, "sigmoid multiplies dL/da by a * (1 - a): weights, bias and inputs"
        else:
            assert agreed, "linear passes dL/da on as it is: weights, bias and inputs"
### END HIDDEN TESTS

# %% test_BackpropLayer_weight_gradients role="test" points=2
"""The gradient of weight i, j is delta i times input j, in the shape of the weights."""
layer = BackpropLayer(3, 2, "linear", seed=1)
layer.forward([1, 2, -3])
layer.backward([10, -1])
expected = [[10, 20, -30], [-1, -2, 3]]
assert close(layer.weight_gradients, expected), (
    f"linear, so delta = [10, -1]: expected {expected}, yours: {layer.weight_gradients}"
)
### BEGIN HIDDEN TESTS
for n_inputs, n_outputs in ((1, 4), (5, 2), (3, 3), (4, 1)):
    some = BackpropLayer(n_inputs, n_outputs, "linear", seed=n_inputs)
    shake([some], 8)
    xs = [0.5 * (j - 1) * (-1) ** j for j in range(n_inputs)]
    gs = [1.5 - i for i in range(n_outputs)]
    some.forward(xs)
    some.backward(gs)
    products = [[g * x for x in xs] for g in gs]
    assert close(some.weight_gradients, products), (
        "weight gradients: one row for each output, one column for each input, also if not square"
    )
### END HIDDEN TESTS

# %% test_BackpropLayer_bias_gradients role="test" points=1
"""The gradient of bias i is delta i."""
layer = BackpropLayer(3, 2, "linear", seed=1)
layer.forward([1, 2, -3])
layer.backward([10, -1])
assert close(layer.bias_gradients, [10, -1]), (
    f"linear, so delta = [10, -1], and a bias has slope delta; yours: {layer.bias_gradients}"
)
### BEGIN HIDDEN TESTS
silent = BackpropLayer(2, 4, "linear", seed=3)
shake([silent], 12)
silent.forward([0, 0])
silent.backward([0.25, 0, -7, 1])
assert close(silent.bias_gradients, [0.25, 0, -7, 1]), "bias gradients must not depend on the inputs"
### END HIDDEN TESTS

# %% test_BackpropLayer_input_gradient role="test" points=2
"""backward returns dL/dx: the transposed weights times delta."""
layer = BackpropLayer(2, 2, "linear", seed=1)
set_numbers(layer, weights=[[1, -1], [2, 3]], biases=[0, -1])
layer.forward([1, 2])
result = layer.backward([0, -1])
assert close(result, [-2, -3]), f"delta = [0, -1], down the columns of the weights: [-2, -3]; yours: {result}"
### BEGIN HIDDEN TESTS
for n_inputs, n_outputs in ((2, 5), (4, 3), (3, 3), (1, 2), (6, 1)):
    some = BackpropLayer(n_inputs, n_outputs, "linear", seed=n_outputs)
    shake([some], 100 + n_inputs)
    table = read_numbers([some])[0][0]
    gs = [0.5 * i - 1 for i in range(n_outputs)]
    some.forward([1.0] * n_inputs)
    sums = [math.fsum(table[i][j] * gs[i] for i in range(n_outputs)) for j in range(n_inputs)]
    assert close(some.backward(gs), sums), (
        "the input gradient has one number for each input: every neuron reports back along its own weight"
    )
### END HIDDEN TESTS

# %% test_BackpropLayer_second_example role="test" points=1
"""Gradients belong to the last example alone; the weights and earlier results stay as they are."""
layer = BackpropLayer(2, 1, "linear", seed=1)
set_numbers(layer, weights=[[3, -2]], biases=[0])
layer.forward([1, 2])
layer.backward([10])
layer.forward([5, 0])
layer.backward([2])
assert close(layer.weight_gradients, [[10, 0]]), (
    f"gradients are replaced, not added up: 2 * [5, 0] = [10, 0]; yours: {layer.weight_gradients}"
)
### BEGIN HIDDEN TESTS
first, second = BackpropLayer(3, 1, "linear", seed=1), BackpropLayer(3, 1, "linear", seed=2)
for one in (first, second):
    set_numbers(one, [[2, 4, -6]], [0.5])
report = [3]
early = first.forward([1, 0, 2])
second.forward([7, 8, 9])
back = first.backward(report)
noted = [*early, *back]
assert close(first.weight_gradients, [[3, 0, 6]]), "two layers must not share what they remember"
first.backward(report)
assert close(first.weight_gradients, [[3, 0, 6]]) and close(first.bias_gradients, [3]), (
    "backward twice must not double the gradients"
)
second.backward([1])
assert close(second.weight_gradients, [[7, 8, 9]]), "backward of one layer must not disturb another layer"
assert close(first.weights, [[2, 4, -6]]) and close(first.biases, [0.5]), "backward must not change weights or biases"
first.forward([-1, 1, 1])
first.backward([100])
assert close(first.weight_gradients, [[-100, 100, 100]]), "backward must use the last forward pass"
assert [*early, *back] == noted and len(noted) > 1, "earlier results must not change in later calls"
assert report == [3], "backward must not change its argument"
### END HIDDEN TESTS

# %% [markdown]
# ## 5.2 A network that can go backwards
#
# **Why.** A network is a list of layers, and the backward pass is a walk through that list from its end. Each layer
# takes the report of the layer behind it, sets its own gradients, and reports to the layer in front. Somebody has to
# start the walk: the loss.
#
# For the loss of chapter 4, cross-entropy after softmax, the first report is surprisingly simple. Let $\mathbf a$ be
# the outputs of the last layer, $\mathbf p = \text{softmax}(\mathbf a)$ and $\mathbf t$ the one-hot target. Then all
# the exponentials and logarithms cancel:
#
# $$L = -\sum_k t_k \log p_k \qquad\Longrightarrow\qquad \frac{\partial L}{\partial a_i} = p_i - t_i$$
#
# In words: what you said minus what you should have said. (Where it comes from: $\log p_k = a_k - \log \sum_m e^{a_m}$,
# so that $\partial \log p_k / \partial a_i = [i = k] - p_i$. Multiply by $-t_k$ and add up over $k$; the $t_k$ sum to
# 1.)
#
# **By hand.** Three outputs, all of them 0, and the second class is right:
# $\mathbf p = (\tfrac13, \tfrac13, \tfrac13)$, $\mathbf t = (0, 1, 0)$, so the report is
# $(\tfrac13, -\tfrac23, \tfrac13)$. Push the second output up, the other two down. The three numbers sum to 0: softmax
# only cares about differences.
#
# **Watch out.**
#
# - *$p - t$ is dL/da, not dL/dz.* The last layer still takes off its own activation in its own `backward`. For
#   `"linear"` that changes nothing; for `"sigmoid"` it does.
# - *`forward` twice before `backward`.* Layers remember one forward pass. If you look at another example in between
#   ("just to print the accuracy"), `backward` blames the wrong one, silently.
# - *Every layer needs its own draw.* Give layer $i$ the seed `seed + i`. With one seed for all, two layers of one shape
#   begin as twins.


# %% BackpropNetwork role="solution"
class BackpropNetwork:
    """Layers in a chain, with the gradient of the cross-entropy loss in each of their numbers.

    Args:
        layer_sizes: the inputs, then the neurons of each layer: [26, 64, 26] has two layers.
        hidden_activation: of all layers but the last: "relu", "sigmoid" or "linear".
        output_activation: of the last layer.
        seed: layer i is drawn with ``seed + i``.

    Attributes:
        layers: list of ``BackpropLayer``, the first one takes the inputs.

    Source: Rumelhart, Hinton, Williams, Learning representations by back-propagating errors, Nature 323 (1986);
        softmax with cross-entropy: Goodfellow, Bengio, Courville, Deep Learning (2016), section 6.2.2.3.
    Example:
        >>> network = BackpropNetwork([2, 3], output_activation="linear")
        >>> network.layers[0].weights = [[0, 0], [0, 0], [0, 0]]
        >>> network.forward([1, 2])
        [0.0, 0.0, 0.0]
        >>> network.backward([0, 1, 0])
        >>> [round(gradient, 3) for gradient in network.layers[0].bias_gradients]
        [0.333, -0.667, 0.333]
    """

    def __init__(
        self,
        layer_sizes: list[int],
        hidden_activation: str = "relu",
        output_activation: str = "sigmoid",
        seed: int = 42,
    ):
        ### BEGIN SOLUTION
        last = len(layer_sizes) - 2
        self.layers = [
            BackpropLayer(n_in, n_out, output_activation if i == last else hidden_activation, seed + i)
            for i, (n_in, n_out) in enumerate(zip(layer_sizes, layer_sizes[1:]))
        ]
        ### END SOLUTION

    def forward(self, inputs: list[float]) -> list[float]:
        """Return the outputs of the last layer, shape (layer_sizes[-1],); softmax is not part of the network."""
        ### BEGIN SOLUTION
        for layer in self.layers:
            inputs = layer.forward(inputs)
        return inputs
        ### END SOLUTION

    def backward(self, target: list[float]) -> None:
        """Set every layer's gradients of L = cross_entropy_loss(softmax(outputs), target) for the last forward pass.

        Args:
            target: what the network should have said, one-hot, shape (layer_sizes[-1],).
        """
        ### BEGIN SOLUTION
        probabilities = softmax(self.layers[-1].outputs)
        gradients = [p - t for p, t in zip(probabilities, target)]
        for layer in reversed(self.layers):
            gradients = layer.backward(gradients)
        ### END SOLUTION


# %%
# The gradient check: what backpropagation says about a few weights, and what nudging each of them says.
network = BackpropNetwork([4, 6, 5, 3], "sigmoid", "linear", seed=8)
example, answer = [1.0, -0.5, 0.25, 2.0], [0, 1, 0]
network.forward(example)
network.backward(answer)

numbers = read_numbers(network.layers)
kinds = ["sigmoid", "sigmoid", "linear"]
worst = 0.0
print("layer  weight   backpropagation   nudged up and down")
for k, layer in enumerate(network.layers):
    for i, j in ((0, 0), (1, 3), (2, 1)):
        row = numbers[k][0][i]
        nudged = central_differences(lambda: loss_of(numbers, kinds, example, answer), row)[j]
        found = layer.weight_gradients[i][j]
        worst = max(worst, abs(found - nudged))
        print(f"{k + 1:5}  {i}, {j}   {found:15.10f}   {nudged:18.10f}")
print(f"largest difference: {worst:.1e}", "- they agree." if worst < 1e-7 else "- something is wrong in backward.")

# %%
# Where does the blame arrive? Eight hidden layers, and the average size of each layer's weight gradients.
# One # is a factor of 3: a sigmoid's slope is at most 1/4, and the first layers hardly hear that anything was wrong.
for kind in ("relu", "sigmoid"):
    deep = BackpropNetwork([6] + [12] * 8 + [4], kind, "linear", seed=5)
    deep.forward([1, 0, -1, 0.5, 2, -0.5])
    deep.backward([0, 0, 1, 0])
    print(f"{kind}:")
    for number, layer in enumerate(deep.layers, start=1):
        sizes = [abs(slope) for row in layer.weight_gradients for slope in row]
        size = sum(sizes) / len(sizes)
        bar = "#" * round(math.log(size / 1e-9, 3)) if size > 1e-9 else ""
        print(f"  layer {number}  {size:9.1e}  {bar}")

# %% test_BackpropNetwork_forward role="test" points=2
"""The network chains layers of the given sizes and activations, each with weights of its own."""
network = BackpropNetwork([4, 5, 3])
shapes = [(len(layer.weights), len(layer.weights[0])) for layer in network.layers]
assert shapes == [(5, 4), (3, 5)], f"[4, 5, 3] makes two layers, (5, 4) and (3, 5); yours: {shapes}"
result = network.forward([1, 0, -1, 2])
expected = outputs_of(read_numbers(network.layers), ["relu", "sigmoid"], [1, 0, -1, 2])
assert close(result, expected), (
    f"hidden layers are relu and the last is sigmoid if not told otherwise: expected {expected}, yours: {result}"
)
### BEGIN HIDDEN TESTS
for hidden, last in (("sigmoid", "linear"), ("relu", "linear"), ("sigmoid", "sigmoid"), ("linear", "relu")):
    chain = BackpropNetwork([3, 6, 4, 5, 2], hidden, last, 9)
    shake(chain.layers, 77)
    assert len(chain.layers) == 4, "there is one layer fewer than there are sizes"
    for vector in ([0.5, -1, 2], [0, 0, 0], [-3, 1, 0.1]):
        wanted = outputs_of(read_numbers(chain.layers), [hidden, hidden, hidden, last], vector)
        assert close(chain.forward(vector), wanted), (
            "all layers but the last have the hidden activation, the last one has the output activation"
        )
alone = BackpropNetwork([2, 3], "relu", "linear")
shake(alone.layers, 6)
assert close(alone.forward([1, -2]), outputs_of(read_numbers(alone.layers), ["linear"], [1, -2])), (
    "a single layer has the output activation"
)
same_shape = read_numbers(BackpropNetwork([4, 4, 4, 4], seed=3).layers)
assert len({str(pair) for pair in same_shape}) == 3, "layers of the same shape must start with different weights"
assert len({str(read_numbers(BackpropNetwork([2, 3, 2], seed=s).layers)) for s in (1, 1, 2)}) == 2, (
    "the seed must decide the weights"
)
### END HIDDEN TESTS

# %% test_BackpropNetwork_output_gradient role="test" points=2
"""The walk starts with softmax(outputs) - target."""
network = BackpropNetwork([2, 3], output_activation="linear")
set_numbers(network.layers[0], weights=[[0, 0], [0, 0], [0, 0]], biases=[0, 0, 0])
network.forward([1, 2])
network.backward([0, 1, 0])
report = network.layers[0].bias_gradients
assert close(report, [1 / 3, -2 / 3, 1 / 3]), (
    f"three equal outputs, the second is right: [1/3, -2/3, 1/3]; yours: {report}"
)
### BEGIN HIDDEN TESTS
for size in (2, 5):
    for right in range(size):
        flat = BackpropNetwork([3, size], "relu", "linear", seed=size)
        shake(flat.layers, size)
        flat.layers[0].biases[:] = [0.0] * size
        numbers = read_numbers(flat.layers)
        one_hot = [int(k == right) for k in range(size)]
        vector = [1.5, -0.5 * right, 2]
        flat.forward(vector)
        flat.backward(one_hot)
        powers = [math.exp(a) for a in outputs_of(numbers, ["linear"], vector)]
        gaps = [power / sum(powers) - t for power, t in zip(powers, one_hot)]
        assert close(flat.layers[0].bias_gradients, gaps), (
            "dL/da of cross-entropy after softmax, for every class that may be the right one"
        )
### END HIDDEN TESTS

# %% test_BackpropNetwork_gradients role="test" points=3
"""The gradients of all layers agree with central differences."""
network = BackpropNetwork([2, 3, 2], "relu", "linear", seed=1)
shake(network.layers, 4)
network.forward([1, -0.5])
network.backward([0, 1])
numbers = read_numbers(network.layers)
for k, layer in enumerate(network.layers):
    for i, row in enumerate(numbers[k][0]):
        slopes = central_differences(lambda: loss_of(numbers, ["relu", "linear"], [1, -0.5], [0, 1]), row)
        assert close(layer.weight_gradients[i], slopes, 1e-4, 1e-8), (
            f"layer {k + 1}, weights of neuron {i}: nudging gives {slopes}, yours: {layer.weight_gradients[i]}"
        )
### BEGIN HIDDEN TESTS
for sizes, hidden, last, case in (
    ([3, 5, 4, 3], "relu", "linear", 1),
    ([3, 5, 4, 3], "sigmoid", "linear", 2),
    ([2, 6, 3, 4], "relu", "sigmoid", 3),
    ([4, 3, 3, 2], "sigmoid", "sigmoid", 4),
    ([3, 4, 2, 5], "linear", "relu", 5),
    ([3, 2], "relu", "sigmoid", 6),
):
    kinds = [hidden] * (len(sizes) - 2) + [last]
    right = case % sizes[-1]
    checked = BackpropNetwork(sizes, hidden, last, seed=case)
    shake(checked.layers, 10 + case)
    values = read_numbers(checked.layers)
    dice = random.Random(case + 100 * right)
    vector, one_hot = [dice.uniform(-2, 2) for _ in range(sizes[0])], [int(c == right) for c in range(sizes[-1])]
    checked.forward(vector)
    checked.backward(one_hot)

    def loss_here():
        return loss_of(values, kinds, vector, one_hot)

    for part, (table, offsets) in zip(checked.layers, values):
        for found, row in zip(part.weight_gradients, table):
            assert close(found, central_differences(loss_here, row), 1e-4, 1e-8), (
                "weight gradients of every layer must agree with central differences"
            )
        assert close(part.bias_gradients, central_differences(loss_here, offsets), 1e-4, 1e-8), (
            "bias gradients of every layer must agree with central differences"
        )
### END HIDDEN TESTS

# %% test_BackpropNetwork_second_example role="test" points=1
"""backward belongs to the last forward pass of its own network, and replaces what was there."""
network = BackpropNetwork([2, 2], output_activation="linear")
set_numbers(network.layers[0], weights=[[0, 0], [0, 0]], biases=[0, 0])
network.forward([1, 2])
network.backward([1, 0])
network.forward([4, 0])
network.backward([0, 1])
got = network.layers[0].weight_gradients
assert close(got, [[2, 0], [-2, 0]]), (
    f"second example: 0.5 * [4, 0] and -0.5 * [4, 0], nothing of the first one; yours: {got}"
)
### BEGIN HIDDEN TESTS
left, right = BackpropNetwork([3, 2], "relu", "linear", seed=1), BackpropNetwork([3, 2], "relu", "linear", seed=2)
for one in (left, right):
    set_numbers(one.layers[0], [[0.5, 0, -1], [0.25, 1, 0]], [0, 0])
steady = read_numbers(left.layers)


def rows_for(vector, one_hot):
    powers = [math.exp(a) for a in outputs_of(steady, ["linear"], vector)]
    return [[(power / sum(powers) - t) * x for x in vector] for power, t in zip(powers, one_hot)]


for vector in ([1, 1, 1], [0, 3, -2], [2, 0, 0.5]):
    seen = left.forward(vector)
right.forward([9, -9, 4])
left.backward([1, 0])
assert close(left.layers[0].weight_gradients, rows_for([2, 0, 0.5], [1, 0])), (
    "after several forward passes, backward must use the last one"
)
left.backward([0, 1])
assert close(left.layers[0].weight_gradients, rows_for([2, 0, 0.5], [0, 1])), (
    "a second backward must replace the gradients of the first"
)
right.backward([1, 0])
assert close(right.layers[0].weight_gradients, rows_for([9, -9, 4], [1, 0])), (
    "two networks must not share what they remember"
)
assert close(seen, outputs_of(steady, ["linear"], [2, 0, 0.5])), "what forward returned must not change later"
assert close(read_numbers(left.layers), steady), "backward must not change weights or biases"
### END HIDDEN TESTS

# %% [markdown]
# ## 5.3 A stretch, without points
#
# **How small is a nudge?** Central differences have an error of their own. With a large $\varepsilon$ the curve is not
# a line; with a tiny one the two losses are so nearly equal that their difference drowns in rounding. The cell below
# prints the error for many $\varepsilon$. Where is the best one, and why there?
#
# More to try:
#
# - Use `(L(w + eps) - L(w)) / eps` instead. How much worse is it, and how does the best $\varepsilon$ move?
# - Put the relu kink under the nudge: choose a bias so that $z$ is 0 for some neuron. What does the central difference
#   say, what does yours, and who is right?
# - Write `"tanh"` as a fourth activation. Its derivative is $1 - a^2$. Let the gradient check tell you when it is
#   right.
# - Feed one-hot letters to a `[26, 64, 26]` network and count the multiplications of one backward pass. How many times
#   faster than nudging is it?

# %%
network = BackpropNetwork([3, 4, 2], "sigmoid", "linear", seed=11)
network.forward([1.0, -2.0, 0.5])
network.backward([1, 0])
exact = network.layers[0].weight_gradients[0][0]
numbers = read_numbers(network.layers)
for power in range(1, 13):
    eps = 10.0**-power
    slopes = central_differences(
        lambda: loss_of(numbers, ["sigmoid", "linear"], [1.0, -2.0, 0.5], [1, 0]), numbers[0][0][0], eps
    )
    error = abs(slopes[0] - exact)
    print(f"eps = 1e-{power:02}   error {error:7.1e}   " + "#" * max(0, round(2 * (12 + math.log10(error + 1e-12)))))

# %% [markdown]
# **What you have now.** One forward pass, one backward pass, and you know for every number in the network which way is
# up. Chapter 6 takes the step down.
