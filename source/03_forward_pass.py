# %% [markdown]
# # Chapter 3: The forward pass
#
# One neuron draws one straight line and says on which side of it you are. Many neurons that look at the same inputs
# draw many lines: that is a **layer**. And when the next layer looks at *their* answers instead of the original inputs,
# it can combine the lines into any shape: that is a **network**. Sending inputs in at one end and reading the answers
# at the other is the **forward pass**.
#
# There is surprisingly little to it. A layer is one formula in terms of chapter 1, and a network is a loop over layers.
# What takes care is the bookkeeping: which number belongs to which neuron, and what has to be remembered for the way
# back.

# %% setup role="setup"
import math
import random

from chapters import matrix_vector_multiply, relu, sigmoid, vector_add


def close(got, want):
    """True if two numbers, or two lists of numbers, are equal up to rounding: to 1e-9, absolute or relative."""
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(map(close, got, want))
    return isinstance(got, (int, float)) and math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-9)


def put(layer, weights, biases):
    """Replace the weights and biases of a layer: with numbers chosen by hand, its answers can be checked by hand."""
    layer.weights = weights
    layer.biases = biases


def bar(value, scale=40):
    """A bar of blocks as long as the value; ``scale`` blocks are 1."""
    return "█" * round(scale * value)


# %% [markdown]
# ## 3.1 A layer
#
# **Why.** Take `output_size` neurons that all see the same `input_size` inputs. Write the weights of each neuron as one
# row of a matrix $W$, and their biases as a vector $\mathbf{b}$. Then all their pre-activations come at once:
#
# $$\mathbf{z} = W\mathbf{x} + \mathbf{b}, \qquad \mathbf{a} = f(\mathbf{z})$$
#
# where $f$ bends each number on its own. $W$ has shape (output_size, input_size): row $i$ belongs to neuron $i$, column
# $j$ to input $j$.
#
# **By hand.** Three neurons, two inputs:
#
# $$W = \begin{bmatrix} 1 & -1 \\ 2 & 0 \\ 0.5 & 0.5 \end{bmatrix}, \quad
# \mathbf{b} = \begin{bmatrix} 0 \\ -1 \\ 1 \end{bmatrix}, \quad
# \mathbf{x} = \begin{bmatrix} 1 \\ 3 \end{bmatrix}: \qquad
# \mathbf{z} = \begin{bmatrix} 1 - 3 + 0 \\ 2 + 0 - 1 \\ 0.5 + 1.5 + 1 \end{bmatrix} =
# \begin{bmatrix} -2 \\ 1 \\ 3 \end{bmatrix}, \quad
# \mathrm{relu}(\mathbf{z}) = \begin{bmatrix} 0 \\ 1 \\ 3 \end{bmatrix}$$
#
# **Where do the weights come from?** Before training, from chance. If all weights were equal, all neurons of a layer
# would compute the same, receive the same corrections, and stay equal for ever. If they were too large or too small,
# the numbers would explode or fade on their way through the layers. Glorot and Bengio worked out how wide the range
# should be so that signals keep their size in both directions; the rule is known by the first author's given name,
# Xavier:
#
# $$W_{ij} \sim \text{uniform}\left(-\ell, \ell\right), \qquad
# \ell = \sqrt{\frac{6}{\text{input\_size} + \text{output\_size}}}$$
#
# Biases may all start at zero: the weights already make the neurons different. For 4 inputs and 2 outputs,
# $\ell = \sqrt{6/6} = 1$.
#
# **The same chance every time.** `random.Random(seed)` is a private source of random numbers. The same seed gives the
# same numbers, so a bug that you saw once you will see again.
#
# **What it remembers.** Like the neuron, the layer keeps what it saw and computed: `inputs`, `z_values` (before the
# bend) and `outputs` (after it). The backward pass reads all three, and it reads those of the last call: whoever runs
# `forward` twice before going back has lost the first one.
#
# **Watch out.**
#
# - The seed may be 0. `if seed:` takes that for no seed at all.
# - Make a new list of outputs in each call. Written into the same list again and again, the results of earlier calls
#   would change under their owner's eyes.
# - `[[...] * input_size] * output_size` is one row, many times over (chapter 1).

# %% Layer role="solution"
class Layer:
    """A layer of neurons that all see the same inputs.

    Args:
        input_size: how many inputs each neuron sees.
        output_size: how many neurons there are.
        activation: ``"relu"`` or ``"sigmoid"``, for all neurons of the layer.
        seed: the start of the random numbers; the same seed gives the same weights.

    Attributes: ``weights``, shape (output_size, input_size), Xavier uniform; ``biases``, shape (output_size,), zeros.
    After ``forward``, of the last call: ``inputs``, shape (input_size,); ``z_values`` and ``outputs``, both of shape
    (output_size,).

    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), chapter 6; for the weights: Glorot and Bengio,
        Understanding the difficulty of training deep feedforward neural networks (2010), equation 16.
    Example:
        >>> layer = Layer(2, 3)
        >>> layer.weights = [[1, -1], [2, 0], [0.5, 0.5]]
        >>> layer.biases = [0, -1, 1]
        >>> layer.forward([1, 3])
        [0.0, 1, 3.0]
        >>> layer.z_values
        [-2, 1, 3.0]
    """

    def __init__(self, input_size: int, output_size: int, activation: str = "relu", seed: int | None = None) -> None:
        ### BEGIN SOLUTION
        rng = random.Random(seed)
        limit = math.sqrt(6 / (input_size + output_size))
        self.weights = [[rng.uniform(-limit, limit) for _ in range(input_size)] for _ in range(output_size)]
        self.biases = [0.0] * output_size
        self.activation = activation
        self.inputs = []
        self.z_values = []
        self.outputs = []
        ### END SOLUTION

    def forward(self, inputs: list[float]) -> list[float]:
        """Return the outputs for these inputs, shape (input_size,) -> (output_size,); remember all three."""
        ### BEGIN SOLUTION
        bend = {"relu": relu, "sigmoid": sigmoid}[self.activation]
        self.inputs = list(inputs)
        self.z_values = vector_add(matrix_vector_multiply(self.weights, inputs), self.biases)
        self.outputs = [bend(z) for z in self.z_values]
        return list(self.outputs)  # a copy: whatever the caller does with it, our memory stays right
        ### END SOLUTION


# %%
# The weights of a fresh layer, sorted into eight drawers: they fill the range evenly, and nothing lies outside.
fresh = Layer(26, 64, seed=1)
limit = math.sqrt(6 / (26 + 64))
drawers = [0] * 8
for row in fresh.weights:
    for weight in row:
        drawers[min(7, int((weight + limit) / (2 * limit) * 8))] += 1
print(f"{26 * 64} weights between {-limit:.3f} and {limit:.3f}")
for i, count in enumerate(drawers):
    print(f"{-limit + i * limit / 4:+.3f} to {-limit + (i + 1) * limit / 4:+.3f}  {bar(count / 1664, 240)} {count}")

# And a pass through a small layer: inputs, what the neurons make of them, and what is let through.
small = Layer(2, 4, seed=1)
small.forward([1.0, 0.5])
print("\ninputs", small.inputs)
for i, (z, output) in enumerate(zip(small.z_values, small.outputs)):
    print(f"neuron {i}   z = {z:+.3f}   output = {output:.3f}  {bar(output, 20)}")

# %% test_Layer_shape role="test" points=1
"""Layer.weights has one row for each output and one column for each input."""
layer = Layer(3, 2, seed=1)
assert len(layer.weights) == 2, "2 outputs: the matrix of weights has 2 rows"
assert all(len(row) == 3 for row in layer.weights), "3 inputs: each row has 3 weights"
### BEGIN HIDDEN TESTS
layer = Layer(1, 5, activation="sigmoid", seed=8)
assert [len(row) for row in layer.weights] == [1, 1, 1, 1, 1], "Layer: more outputs than inputs"
assert [len(row) for row in Layer(7, 1).weights] == [7], "Layer: one output, and no seed"
assert [len(row) for row in Layer(4, 4, "relu", 2).weights] == [4, 4, 4, 4], "Layer: the arguments by position"
### END HIDDEN TESTS

# %% test_Layer_biases role="test" points=0.5
"""Layer.biases starts with a zero for each output."""
assert close(Layer(3, 2, seed=1).biases, [0, 0]), "2 outputs: 2 biases, both zero"
### BEGIN HIDDEN TESTS
assert close(Layer(2, 5, seed=4).biases, [0, 0, 0, 0, 0]), "Layer: one bias for each output, not for each input"
assert close(Layer(6, 1, "sigmoid").biases, [0]), "Layer: one bias of zero for a single output"
### END HIDDEN TESTS

# %% test_Layer_xavier role="test" points=1.5
"""Layer.weights are spread evenly between -limit and limit, with limit = sqrt(6 / (input_size + output_size))."""
flat = [weight for row in Layer(20, 30, seed=3).weights for weight in row]
limit = math.sqrt(6 / (20 + 30))
assert all(abs(weight) <= limit + 1e-9 for weight in flat), "no weight lies outside of -limit and limit"
assert max(flat) > 0.9 * limit and min(flat) < -0.9 * limit, "the weights fill the range, up to both ends"
### BEGIN HIDDEN TESTS
for n_in, n_out in ((40, 8), (8, 40)):
    flat = [weight for row in Layer(n_in, n_out, seed=11).weights for weight in row]
    edge = (6 / (n_in + n_out)) ** 0.5
    assert all(abs(weight) <= edge + 1e-9 for weight in flat), "Layer: the range depends on input_size + output_size"
    assert max(abs(weight) for weight in flat) > 0.9 * edge, "Layer: weights fill the whole range"
    assert abs(sum(flat) / len(flat)) < 0.3 * edge, "Layer: as many weights below zero as above"
    spread = sum(weight * weight for weight in flat) / len(flat)
    assert 0.22 * edge**2 < spread < 0.45 * edge**2, "Layer: weights are spread evenly, not heaped up"
    assert len(set(flat)) > 0.8 * len(flat), "Layer: every weight is drawn on its own"
### END HIDDEN TESTS

# %% test_Layer_seed role="test" points=1
"""Layer draws the same weights for the same seed, and other weights for another seed."""
expected = [list(row) for row in Layer(4, 3, seed=7).weights]
assert expected != [list(row) for row in Layer(4, 3, seed=8).weights], "another seed gives other weights"
assert close(Layer(4, 3, seed=7).weights, expected), "the same seed gives the same weights, also after other layers"
### BEGIN HIDDEN TESTS
zero = [list(row) for row in Layer(3, 5, seed=0).weights]
Layer(2, 2)
again = [list(row) for row in Layer(3, 5, "sigmoid", seed=0).weights]
assert len(set(map(tuple, zero))) == len(zero) > 1, "Layer: the neurons of one layer start different"
assert close(again, zero), "Layer: seed 0 is a seed like any other"
others = {tuple(Layer(3, 1, seed=seed).weights[0]) for seed in range(6)}
assert len(others) == 6, "Layer: each seed gives weights of its own"
### END HIDDEN TESTS

# %% test_Layer_forward role="test" points=1.5
"""Layer.forward returns W x + b (while all of it is positive, relu changes nothing)."""
layer = Layer(2, 3, seed=1)
put(layer, [[1, 2], [3, 4], [0.5, 0]], [0, 1, 2])
assert close(layer.forward([1, 1]), [3, 8, 2.5]), "1 + 2 + 0 = 3, then 3 + 4 + 1 = 8, then 0.5 + 0 + 2 = 2.5"
### BEGIN HIDDEN TESTS
layer = Layer(4, 2, seed=1)
put(layer, [[1, -1, 2, 0], [-0.5, 1, 0, 3]], [-1, 0.25])
assert close(layer.forward([3, 1, -0.25, 2]), [0.5, 5.75]), "Layer.forward: more inputs than outputs, with signs"
layer = Layer(3, 3, seed=9)
put(layer, [[0, 1, 0], [0, 0, 1], [1, 0, 0]], [10, 20, 30])
assert close(layer.forward([1, 2, 3]), [12, 23, 31]), "Layer.forward: row i of the weights belongs to output i"
layer.weights[0][2] = 5
layer.biases[1] = 0
assert close(layer.forward([1, 2, 3]), [27, 3, 31]), "Layer.forward: it uses the weights and biases of this moment"
### END HIDDEN TESTS

# %% test_Layer_activation role="test" points=1
"""Layer bends each output on its own: relu unless told otherwise, or the sigmoid."""
layer = Layer(3, 3, seed=1)
put(layer, [[2, 0, 0], [0, -2, 0], [0, 0, 0]], [0, 0, 0])
assert close(layer.forward([1.5, 1.5, 1.5]), [3, 0, 0]), "relu is the activation if none is named: sums 3, -3 and 0"
layer = Layer(3, 3, "sigmoid", seed=1)
put(layer, [[1, 0, 0], [0, -1, 0], [0, 0, 0]], [0, 0, 0])
ln3 = math.log(3)
assert close(layer.forward([ln3, ln3, ln3]), [0.75, 0.25, 0.5]), "sigmoid of ln 3, -ln 3 and 0"
### BEGIN HIDDEN TESTS
layer = Layer(2, 2, activation="sigmoid", seed=1)
put(layer, [[0, 1], [1, 800]], [0, 0])
assert close(layer.forward([-8, 0]), [0.5, 0.00033535013046647816]), "Layer with a sigmoid: zero and negative sums"
assert close(layer.forward([0, -1]), [0.2689414213699951, 0]), "Layer with a sigmoid: a very negative sum"
layer = Layer(2, 2, activation="relu", seed=1)
put(layer, [[1, 1], [1, -1]], [0, 0])
assert close(layer.forward([-3, 1]), [0, 0]), "Layer with a relu: nothing is let through"
assert close(layer.forward([0.25, 0.25]), [0.5, 0]), "Layer with a relu: a sum that is exactly zero"
### END HIDDEN TESTS

# %% test_Layer_memory role="test" points=1
"""Layer.forward stores what it saw and computed in inputs, z_values and outputs."""
layer = Layer(2, 2, seed=1)
put(layer, [[1, -1], [-1, 2]], [0, 0])
answer = layer.forward([1, 3])
assert layer.inputs == [1, 3], "layer.inputs holds the inputs"
assert close(layer.z_values, [-2, 5]), "layer.z_values holds the sums before the activation: 1 - 3 and -1 + 6"
assert close(layer.outputs, list(answer)), "layer.outputs holds what forward returned"
### BEGIN HIDDEN TESTS
layer = Layer(3, 3, activation="sigmoid", seed=9)
put(layer, [[0, 1, 0], [1, 0, -2], [0, -2, 4]], [0, 0, 0])
answer = list(layer.forward([0.5, 7.0, 0.75]))
assert close(layer.inputs, [0.5, 7.0, 0.75]), "Layer must remember the inputs as they came"
assert close(layer.z_values, [7, -1, -11]), "Layer must remember the sums from before the activation"
assert close(layer.outputs, answer), "Layer must remember its outputs"
answer = list(layer.forward([4.0, 1.0, 1.0]))
assert close(layer.inputs, [4, 1, 1]) and close(layer.z_values, [1, 2, 2]), "Layer must remember the last call"
assert close(layer.outputs, answer), "Layer must remember the outputs of the last call only"
### END HIDDEN TESTS

# %% test_Layer_keeps_inputs role="test" points=0.5
"""Layer.forward leaves its argument as it was."""
layer = Layer(2, 2, seed=1)
seen = [4, -1]
assert len(layer.forward(seen)) == 2, "two neurons give two outputs"
assert seen == [4, -1], "the inputs must be the same after the call as before it"
### BEGIN HIDDEN TESTS
layer = Layer(3, 3, activation="sigmoid", seed=9)
seen = [0.5, 0.25, -1]
assert len(layer.forward(seen)) == 3 and len(layer.forward(seen)) == 3, "Layer must take the same inputs twice"
assert seen == [0.5, 0.25, -1], "Layer.forward must not change the list of inputs"
### END HIDDEN TESTS

# %% test_Layer_passes role="test" points=1
"""Several passes, several layers: an earlier result stays as it was, and layers share nothing."""
layer = Layer(2, 2, seed=1)
put(layer, [[1, 0], [0, 2]], [0, 0])
first = layer.forward([1, 1])
second = layer.forward([10, 10])
assert close(second, [10, 20]), "the second pass starts afresh"
assert close(first, [1, 2]), "the result of the first pass must not change when forward runs again"
### BEGIN HIDDEN TESTS
other = Layer(2, 2, seed=2)
put(other, [[3, 0], [0, 4]], [0, 0])
kept = other.forward([4, 5])
assert close(layer.forward([5, 0]), [5, 0]) and close(kept, [12, 20]), "each layer must have weights of its own"
assert close(other.z_values, [12, 20]), "a layer's memory must not change when another runs"
one, two = Layer(2, 2, "sigmoid", seed=1), Layer(2, 2, "sigmoid", seed=2)
before = list(two.forward([1, 1]))
one.weights[0][0] += 100
one.biases[1] += 100
assert len(before) == 2 and close(two.forward([1, 1]), before), "writing into one layer must not change another"
### END HIDDEN TESTS

# %% [markdown]
# ## 3.2 A network
#
# **Why.** A network is a chain: the outputs of each layer are the inputs of the next.
#
# $$\mathbf{a}^{(0)} = \mathbf{x}, \qquad
# \mathbf{a}^{(k)} = f_k\left(W^{(k)} \mathbf{a}^{(k-1)} + \mathbf{b}^{(k)}\right)$$
#
# It is described by the sizes along the chain. `[26, 64, 26]` means 26 inputs, 64 hidden neurons and 26 outputs: three
# sizes, so *two* layers, one for each gap between neighbours. All layers but the last are called hidden and have the
# hidden activation; the last one has the output activation.
#
# **By hand.** Sizes `[2, 1, 1]`, hidden activation relu, output activation relu. First layer: $W = [1, -1]$, $b = 1$;
# second layer: $W = [3]$, $b = -2$. For $\mathbf{x} = [2, 1]$ the first layer answers $2 - 1 + 1 = 2$, the second
# $3 \cdot 2 - 2 = 4$. For $\mathbf{x} = [0, 5]$ the first says relu(−4) = 0, the second relu(−2) = 0.
#
# **Different chances.** If every layer used the same seed, two layers of the same shape would start as twins. So layer
# $i$ gets `seed + i`, counted from 0.
#
# **Watch out.** Off by one is the classic here: n sizes, n − 1 layers, and the last of them has the output activation.
# `Network([3, 2])` has a single layer, which is the last one.

# %% Network role="solution"
class Network:
    """A chain of layers: the outputs of each are the inputs of the next.

    Args:
        layer_sizes: sizes along the chain, inputs first, shape (n_layers + 1,).
        hidden_activation: activation of all layers but the last.
        output_activation: activation of the last layer.
        seed: layer i starts from ``seed + i``; the same seed gives the same network.

    The attribute ``layers`` is the list of ``Layer`` objects, in order.

    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), sections 6.1 and 6.4.
    Example:
        >>> network = Network([2, 1, 1], output_activation="relu")
        >>> network.layers[0].weights, network.layers[0].biases = [[1, -1]], [1]
        >>> network.layers[1].weights, network.layers[1].biases = [[3]], [-2]
        >>> network.forward([2, 1])
        [4]
    """

    def __init__(
        self,
        layer_sizes: list[int],
        hidden_activation: str = "relu",
        output_activation: str = "sigmoid",
        seed: int = 42,
    ) -> None:
        ### BEGIN SOLUTION
        last = len(layer_sizes) - 2
        self.layers = []
        for i, (input_size, output_size) in enumerate(zip(layer_sizes, layer_sizes[1:])):
            activation = output_activation if i == last else hidden_activation
            self.layers.append(Layer(input_size, output_size, activation, seed + i))
        ### END SOLUTION

    def forward(self, inputs: list[float]) -> list[float]:
        """Return the outputs of the last layer for these inputs; every layer remembers its part."""
        ### BEGIN SOLUTION
        for layer in self.layers:
            inputs = layer.forward(inputs)
        return inputs
        ### END SOLUTION


# %%
# Chapter 2 searched in vain for a neuron that computes XOR. Three neurons do it, with weights chosen by hand: the first
# counts the switches that are on, the second notices when both are, and the output takes two of those away.
xor = Network([2, 2, 1], output_activation="relu")
put(xor.layers[0], [[1, 1], [1, 1]], [0, -1])
put(xor.layers[1], [[1, -2]], [0])
print("inputs   hidden layer   output")
for switches in ([0, 0], [0, 1], [1, 0], [1, 1]):
    output = xor.forward(switches)
    print(f"{switches!s:8} {xor.layers[0].outputs!s:14} {output[0]:g}")

# The same network seen from above: two straight lines, and the yes is what lies between them.
print()
for i in range(12, -5, -2):
    print("   ", "".join(" ·-+#"[min(4, int(5 * xor.forward([j / 16, i / 8])[0]))] for j in range(-8, 25)))

# %%
# The network of chapter 7, before it has learned anything. All its knowledge will be in these numbers.
letters = "abcdefghijklmnopqrstuvwxyz"
network = Network([26, 64, 26])
total = 0
print("layer   weights    biases   numbers")
for i, layer in enumerate(network.layers):
    n_out, n_in = len(layer.weights), len(layer.weights[0])
    total += n_out * n_in + n_out
    print(f"{i:5}   {n_out} x {n_in}    {n_out:6}   {n_out * n_in + n_out:7}")
print(f"{'together':25}{total:8}")

# Show it an "a". Its answer to all 26 questions is about the same: not a clue.
outputs = network.forward([1 if letter == "a" else 0 for letter in letters])
print("\nis it an a?")
for letter, output in list(zip(letters, outputs))[:10]:
    print(f"  {letter}  {output:.2f}  {bar(output)}")
print("  ... and so on")

# %% test_Network_structure role="test" points=1
"""Network makes one layer for each pair of neighbouring sizes, in order."""
network = Network([3, 4, 2])
assert len(network.layers) == 2, "three sizes make two layers"
shapes = [(len(layer.weights), len(layer.weights[0])) for layer in network.layers]
assert shapes == [(4, 3), (2, 4)], "the first layer leads from 3 inputs to 4, the second from 4 to 2"
### BEGIN HIDDEN TESTS
network = Network([5, 1, 6, 3, 2], seed=3)
rows_and_columns = [(len(layer.weights), len(layer.weights[-1])) for layer in network.layers]
assert rows_and_columns == [(1, 5), (6, 1), (3, 6), (2, 3)], "Network: as many layers as there are gaps between the sizes"
assert len(Network([3, 2]).layers) == 1, "Network: two sizes make a single layer"
### END HIDDEN TESTS

# %% test_Network_forward role="test" points=1.5
"""Network.forward hands the outputs of each layer to the next and returns those of the last."""
network = Network([2, 2, 1], "relu", "relu", seed=1)
put(network.layers[0], [[1, 2], [3, 1]], [0, 0])
put(network.layers[1], [[2, -1]], [0.5])
assert close(network.forward([1, 2]), [5.5]), "hidden: 1 + 4 = 5 and 3 + 2 = 5; output: 2*5 - 5 + 0.5 = 5.5"
### BEGIN HIDDEN TESTS
network = Network([1, 2, 3, 2], "relu", "relu", seed=1)
put(network.layers[0], [[1], [2]], [0, 0])
put(network.layers[1], [[1, 1], [1, 0], [0, 1]], [0, 1, 2])
put(network.layers[2], [[1, 2, 3], [1, 0, 0]], [0, -1])
first = network.forward([2])
assert close(first, [30, 5]), "Network.forward: through three layers"
assert close(network.forward([1]), [19, 2]) and close(network.forward([2]), [30, 5]), "Network.forward: several passes"
assert close(network.layers[1].z_values, [6, 3, 6]), "Network.forward: each layer remembers its part of the last pass"
### END HIDDEN TESTS

# %% test_Network_activations role="test" points=1
"""Network gives the last layer the output activation and all others the hidden activation."""
network = Network([1, 1, 1], seed=1)
put(network.layers[0], [[1]], [0])
put(network.layers[1], [[-1]], [0])
assert close(network.forward([math.log(9)]), [0.1]), "hidden: relu(ln 9) = ln 9; output: sigmoid(-ln 9) = 0.1"
assert close(network.forward([-5]), [0.5]), "hidden: relu(-5) = 0; output: sigmoid(0) = 0.5"
### BEGIN HIDDEN TESTS
network = Network([1, 1, 1, 1], hidden_activation="sigmoid", output_activation="relu", seed=1)
put(network.layers[0], [[3]], [0])
put(network.layers[1], [[0]], [0])
put(network.layers[2], [[6]], [0])
assert close(network.forward([-7]), [3]), "Network: the hidden activation belongs to all layers but the last"
network.layers[2].weights[0][0] = -6
assert close(network.forward([-7]), [0]), "Network: the output activation belongs to the last layer"
single = Network([1, 1], hidden_activation="relu", seed=1)
put(single.layers[0], [[1]], [0])
assert close(single.forward([-math.log(3)]), [0.25]), "Network: a single layer is the last layer"
### END HIDDEN TESTS

# %% test_Network_seed role="test" points=1
"""Network is the same for the same seed, and two of its layers with one shape start different."""
network = Network([3, 3, 3], seed=5)
start = [[list(row) for row in layer.weights] for layer in network.layers]
assert start[0] != start[1], "two layers of one shape must not start with the same weights"
again = [[list(row) for row in layer.weights] for layer in Network([3, 3, 3], seed=5).layers]
assert close(again, start), "the same seed must give the same network"
### BEGIN HIDDEN TESTS
start = [[list(row) for row in layer.weights] for layer in Network([4, 4, 4, 4]).layers]
assert start[0] != start[1] and start[1] != start[2] and start[0] != start[2], "Network: every layer starts different"
again = [[list(row) for row in layer.weights] for layer in Network([4, 4, 4, 4], seed=42).layers]
assert close(again, start), "Network: the seed is 42 if none is given"
other = [[list(row) for row in layer.weights] for layer in Network([4, 4, 4, 4], seed=1000).layers]
assert other[0] != start[0] and other[2] != start[2], "Network: another seed gives other weights in every layer"
### END HIDDEN TESTS

# %% test_Network_separate role="test" points=0.5
"""Networks share nothing with each other and leave the list of sizes alone."""
sizes = [2, 3, 1]
one, other = Network(sizes, seed=1), Network(sizes, seed=1)
assert len(one.layers) == 2 and len(other.layers) == 2, "each network has its own two layers"
assert sizes == [2, 3, 1], "the list of sizes must be the same after the call as before it"
### BEGIN HIDDEN TESTS
before = list(other.forward([1, 2]))
assert len(before) == 1 and len(list(one.forward([1, 2]))) == 1, "each network must be able to run"
for layer in one.layers:
    layer.biases[0] += 50
    layer.weights[0][0] += 50
assert close(other.forward([1, 2]), before), "changing one network must not change another"
assert len(Network([4, 1], seed=1).layers) == 1 and len(one.layers) == 2, "making a network must not change another"
### END HIDDEN TESTS

# %% [markdown]
# ## What you have now
#
# A network that computes something for any input; so far, nonsense. What it computes is in its 3,418 numbers, and those
# came from chance. Chapter 4 measures *how wrong* that nonsense is. Then chapters 5 and 6 make it less wrong, step by
# step.
#
# ## To stretch (no points)
#
# - **Count.** How many numbers has `Network([784, 128, 64, 10])`, which could read handwritten digits? Write a function
#   of `layer_sizes`; check it on `[26, 64, 26]`: 3,418.
# - **Twins.** Give all weights of a layer the same value. What do its neurons answer, for any input? Why would training
#   never part them?
# - **Depth and size.** Send a vector of random numbers through ten layers of 50 neurons with the sigmoid, then with
#   relu, and print the average size of the outputs of each layer. Then multiply all weights by 3, or by 0.3. What did
#   Glorot and Bengio save us from?

# %%
# Space for the stretch. To begin with: how the signal fares in ten layers.
deep = Network([50] * 11, output_activation="relu")
rng = random.Random(0)
deep.forward([rng.uniform(-1, 1) for _ in range(50)])
for i, layer in enumerate(deep.layers):
    size = sum(map(abs, layer.outputs)) / 50
    print(f"layer {i:2}  average output {size:.4f}  {bar(size, 200)}")
