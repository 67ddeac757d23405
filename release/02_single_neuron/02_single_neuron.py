# %% [markdown]
# # Chapter 2: A single neuron
#
# A neuron looks at some numbers and answers with one number. It does so in two steps.
#
# 1. It weighs what it sees. Each input $x_i$ has a weight $w_i$: large if the input speaks for the neuron's cause,
#    negative if it speaks against it, zero if it does not matter. The weighted sum, plus a **bias** $b$ that says how
#    easily the neuron is convinced, is the **pre-activation** $z$:
#
#    $$z = \mathbf{w} \cdot \mathbf{x} + b$$
#
# 2. It bends the result. An **activation function** $f$ turns $z$ into the **activation** $a$, the neuron's answer:
#
#    $$a = f(z)$$
#
# Why the bend? Weighted sums of weighted sums are weighted sums again. Without a bend in between, a network of a
# hundred layers could do no more than a network of one. The bend is what makes depth worth anything.
#
# This chapter builds two bends, the sigmoid and the rectified linear unit (ReLU), and the slope of each: in chapter 5
# the network learns by asking each neuron how much its answer would move if $z$ moved a little. Then it puts a neuron
# together.

# %% setup role="setup"
import math

from chapters import dot_product


def close(got, want):
    """True if two numbers, or two lists of numbers, are equal up to rounding: to 1e-9, absolute or relative."""
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(map(close, got, want))
    return isinstance(got, (int, float)) and math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-9)


def plot(function, left, right, bottom, top, width=48, height=10):
    """Print the graph of a function of one number, with its axes where they are in view."""
    step, rise = (right - left) / width, (top - bottom) / height
    curve = [round((function(left + i * step) - bottom) / rise) for i in range(width + 1)]
    zero_column, zero_row = round(-left / step), round(-bottom / rise)
    for j in range(height, -1, -1):
        marks = ["-" if j == zero_row else " "] * (width + 1)
        if 0 <= zero_column <= width:
            marks[zero_column] = "|"
        line = "".join("●" if curve[i] == j else marks[i] for i in range(width + 1))
        label = f"{bottom + j * rise:6.2f}" if j in (0, height // 2, height) else " " * 6
        print(f"{label} {line}".rstrip())
    print(f"{'':6} {left:<{width // 2}g}{(left + right) / 2:<{width // 2}g}{right:g}")

# %% [markdown]
# ## 2.1 The sigmoid
#
# **Why.** Sometimes the answer should be a degree of belief between 0 (no) and 1 (yes). The sigmoid squeezes any number
# into that range:
#
# $$\sigma(z) = \frac{1}{1 + e^{-z}}$$
#
# **By hand.** $\sigma(0) = \frac{1}{1 + 1} = 0.5$: no opinion. At $z = \ln 3$ we have $e^{-z} = \frac{1}{3}$, so
# $\sigma(\ln 3) = \frac{1}{4/3} = 0.75$; and $\sigma(-\ln 3) = \frac{1}{1 + 3} = 0.25$, just as far below one half as
# the other is above.
#
# **Watch out.** $e^{1000}$ is larger than any float: `math.exp(1000)` raises `OverflowError`. But `math.exp(-1000)` is
# simply 0. The formula above needs $e^{1000}$ when $z = -1000$. Multiply numerator and denominator by $e^{z}$, and you
# have a second formula for the same number that is safe there:
#
# $$\sigma(z) = \frac{e^{z}}{1 + e^{z}}$$

# %% sigmoid role="solution"
def sigmoid(z: float) -> float:
    """Return the sigmoid of z: a number between 0 and 1.

    It never overflows, however large z is in either direction.

    Args:
        z: any number.
    Returns:
        A number in [0, 1]; exactly 0.5 for ``z = 0``.
    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 3.10.
    Example:
        >>> sigmoid(0)
        0.5
    """
    raise NotImplementedError("sigmoid: your code here")

# %%
# From a firm no on the left to a firm yes on the right; what lies between is quick.
plot(sigmoid, -8, 8, 0, 1)

# %% test_sigmoid role="test" points=1
"""sigmoid squeezes numbers into the range from 0 to 1, and is one half at zero."""
assert sigmoid(0) == 0.5, "at z = 0 the sigmoid is exactly 0.5"
assert close(sigmoid(math.log(3)), 0.75), "sigmoid(ln 3) = 1 / (1 + 1/3) = 0.75"
assert close(sigmoid(-math.log(3)), 0.25), "sigmoid(-ln 3) = 1 / (1 + 3) = 0.25"

# %% test_sigmoid_extremes role="test" points=1.5
"""sigmoid does not overflow, and it goes all the way to 0 and to 1."""
assert close(sigmoid(1000), 1.0), "far to the right the sigmoid is 1"
assert close(sigmoid(-1000), 0.0), "far to the left the sigmoid is 0, and math.exp must not overflow"

# %% [markdown]
# ## 2.2 The slope of the sigmoid
#
# **Why.** How much does the answer move when $z$ moves? The derivative of the sigmoid has a remarkable form: it can be
# had from the sigmoid's own output $a = \sigma(z)$, without $z$ and without another exponential:
#
# $$\sigma'(z) = \sigma(z)\,(1 - \sigma(z)) = a\,(1 - a)$$
#
# That is why the forward pass keeps its outputs: the backward pass has its slopes almost for nothing.
#
# **By hand.** In the middle, $a = 0.5$ and the slope is $0.5 \cdot 0.5 = 0.25$, the steepest it ever gets. For
# $a = 0.9$ it is $0.9 \cdot 0.1 = 0.09$.
#
# **Watch out.** The function below takes $a$, not $z$. If it called `sigmoid` again, it would apply it twice.

# %% sigmoid_derivative role="solution"
def sigmoid_derivative(a: float) -> float:
    """Return the slope of the sigmoid where its output is a.

    Args:
        a: an OUTPUT of the sigmoid, in [0, 1]; not the pre-activation z.
    Returns:
        The slope, between 0 and 0.25.
    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 3.10.
    Example:
        >>> sigmoid_derivative(0.5)
        0.25
    """
    raise NotImplementedError("sigmoid_derivative: your code here")

# %%
# Is the formula true? Measure the slope: move z a little to both sides and see how far the sigmoid moves.
# (Chapter 5 lives by this.)
eps = 1e-5
print("   z        a    a (1 - a)  measured")
for z in (-4, -2, -1, 0, 1, 2, 4):
    a = sigmoid(z)
    measured = (sigmoid(z + eps) - sigmoid(z - eps)) / (2 * eps)
    print(f"{z:4}   {a:.4f}     {sigmoid_derivative(a):.4f}    {measured:.4f}  {'#' * round(80 * measured)}")

# %% test_sigmoid_derivative role="test" points=1.5
"""sigmoid_derivative takes the sigmoid's output a and returns a * (1 - a)."""
assert close(sigmoid_derivative(0.5), 0.25), "in the middle the slope is 0.5 * 0.5 = 0.25"
assert close(sigmoid_derivative(0.9), 0.09), "0.9 * 0.1 = 0.09; the argument is the output a, not z"

# %% [markdown]
# ## 2.3 The rectified linear unit
#
# **Why.** Far from zero the sigmoid is flat, and where it is flat, nothing is learned. The rectified linear unit has
# the simplest bend there is: it lets positive numbers through and stops negative ones.
#
# $$\mathrm{relu}(z) = \max(0, z)$$
#
# **By hand.** $\mathrm{relu}(3) = 3$, $\mathrm{relu}(-2) = 0$, $\mathrm{relu}(0) = 0$.

# %% relu role="solution"
def relu(z: float) -> float:
    """Return z if it is positive, else 0.

    Args:
        z: any number.
    Returns:
        A number that is never negative.
    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 6.3.1.
    Example:
        >>> relu(3.5), relu(-2)
        (3.5, 0.0)
    """
    raise NotImplementedError("relu: your code here")

# %%
# Two straight lines and a corner: that is all a network needs to draw any shape, if it has enough of them.
plot(relu, -4, 4, 0, 4)

# %% test_relu role="test" points=1.5
"""relu lets positive numbers through and turns all others into zero."""
assert relu(3) == 3, "positive numbers stay as they are"
assert relu(-2) == 0, "negative numbers become 0"
assert relu(0) == 0, "zero stays zero"

# %% [markdown]
# ## 2.4 The slope of the rectified linear unit
#
# **Why.** Its slope is as simple: 1 where it lets numbers through, 0 where it stops them. In the backward pass it is a
# switch.
#
# $$\mathrm{relu}'(z) = \begin{cases} 1 & \text{if } z > 0 \\ 0 & \text{otherwise} \end{cases}$$
#
# **By hand.** $\mathrm{relu}'(5) = 1$ and $\mathrm{relu}'(-5) = 0$. In the corner, at $z = 0$, there is no slope; one
# has to choose a number, and like nearly everybody we choose 0.
#
# **Watch out.** The function takes the pre-activation $z$. (`sigmoid_derivative` takes the output. It is a trap, and it
# is how everybody writes it.)

# %% relu_derivative role="solution"
def relu_derivative(z: float) -> float:
    """Return the slope of relu at z: 1 if z is positive, else 0.

    Args:
        z: the pre-activation, any number.
    Returns:
        1 or 0; 0 for ``z = 0``.
    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 6.3.1.
    Example:
        >>> relu_derivative(5), relu_derivative(-5)
        (1.0, 0.0)
    """
    raise NotImplementedError("relu_derivative: your code here")

# %%
# The same measurement as above. In the corner the two sides disagree, and their average is neither's slope.
print("   z   relu(z)  relu_derivative(z)  measured")
for z in (-2, -0.5, 0, 0.5, 2):
    measured = (relu(z + eps) - relu(z - eps)) / (2 * eps)
    note = "   <- the corner" if z == 0 else ""
    print(f"{z:5}   {relu(z):5.2f}   {relu_derivative(z):10.2f}        {measured:10.2f}{note}")

# %% test_relu_derivative role="test" points=1
"""relu_derivative is 1 for positive numbers and 0 for negative ones."""
assert relu_derivative(5) == 1, "where relu lets numbers through, its slope is 1"
assert relu_derivative(-5) == 0, "where relu stops numbers, its slope is 0"

# %% test_relu_derivative_at_zero role="test" points=0.5
"""relu_derivative is 0 in the corner, and 1 just to the right of it."""
assert relu_derivative(0) == 0, "at z = 0 we choose the slope 0"
assert relu_derivative(1e-6) == 1, "any positive number, however small, has slope 1"

# %% [markdown]
# ## 2.5 The neuron
#
# **Why.** Now the parts come together. A `Neuron` is made once, with its weights, its bias and its kind of bend; then
# it is asked many times. Each time it *remembers* what it saw (`inputs`), what it computed (`z`) and what it answered
# (`a`). That looks like a detail. It is the secret of backpropagation: whoever wants to know who is to blame for a
# wrong answer must know what everybody saw and said.
#
# $$z = \sum_i w_i x_i + b, \qquad a = f(z)$$
#
# **By hand.** Weights $[1, 2]$, bias $-1$, inputs $[3, 0.5]$: $z = 1 \cdot 3 + 2 \cdot 0.5 - 1 = 3$, and with relu
# $a = 3$. Inputs $[-4, 1]$: $z = -4 + 2 - 1 = -3$, so $a = 0$.
#
# **Watch out.** What a neuron remembers belongs to that neuron: set it on `self`, in the methods. A variable in the
# class body, outside of them, is shared by all neurons. And each call of `forward` starts afresh; only the last one is
# remembered.

# %% Neuron role="solution"
class Neuron:
    """One neuron: a weighted sum of its inputs plus a bias, then an activation function.

    Args:
        weights: one weight for each input, shape (n_inputs,).
        bias: one number.
        activation: ``"relu"`` or ``"sigmoid"``.

    After ``forward`` the attributes ``inputs``, ``z`` and ``a`` hold what the last call saw and computed.

    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 6.3.
    Example:
        >>> neuron = Neuron([1, 2], -1)
        >>> neuron.forward([3, 0.5])
        3.0
        >>> neuron.inputs, neuron.z, neuron.a
        ([3, 0.5], 3.0, 3.0)
    """

    def __init__(self, weights: list[float], bias: float, activation: str = "relu") -> None:
        raise NotImplementedError("Neuron.__init__: your code here")

    def forward(self, inputs: list[float]) -> float:
        """Return the activation a for these inputs, shape (n_inputs,); remember inputs, z and a."""
        raise NotImplementedError("Neuron.forward: your code here")

# %%
# Neurons that think: with the right weights, one neuron is a logical AND, another a logical OR. Each sees two switches.
both = Neuron([10, 10], -15, "sigmoid")
either = Neuron([10, 10], -5, "sigmoid")
print("inputs   AND    OR")
for switches in ([0, 0], [0, 1], [1, 0], [1, 1]):
    print(switches, f" {both.forward(switches):.2f}   {either.forward(switches):.2f}")

# And this is what a neuron sees of the plane: on one side of a straight line it says yes, on the other side no.
border = Neuron([2, 1], -1, "sigmoid")
print("\nA map of the plane, darker where the neuron says yes, which is where 2x + y - 1 is positive:")
for i in range(5, -6, -1):
    print("   ", "".join(" ·-+#"[min(4, int(5 * border.forward([j / 4, i / 2])))] for j in range(-12, 13)))

# %% test_Neuron_weighted_sum role="test" points=1.5
"""Neuron.forward returns the weighted sum of the inputs plus the bias (while it is positive, relu changes nothing)."""
assert close(Neuron([1, 2], -1).forward([3, 0.5]), 3), "1*3 + 2*0.5 - 1 = 3, and relu(3) = 3"
assert close(Neuron([0.5, -1.0, 2.0], 0.25).forward([2.0, 1.0, 3.0]), 6.25), "0.5*2 - 1*1 + 2*3 + 0.25 = 6.25"

# %% test_Neuron_activation role="test" points=1
"""Neuron applies the activation that it was made with: relu unless told otherwise."""
assert Neuron([1], 0).forward([-3]) == 0, "z = -3, and relu(-3) = 0: relu is the activation if none is named"
assert Neuron([2], 0, "sigmoid").forward([0]) == 0.5, "z = 0, and sigmoid(0) = 0.5"
assert close(Neuron([2], 0, activation="relu").forward([2]), 4), "z = 4, and relu(4) = 4"

# %% test_Neuron_memory role="test" points=1
"""Neuron.forward stores what it saw and computed in inputs, z and a."""
neuron = Neuron([2, -1], 0)
answer = neuron.forward([1, 4])
assert neuron.inputs == [1, 4], "neuron.inputs holds the inputs of the last call"
assert close(neuron.z, -2), "neuron.z holds the weighted sum before the activation: 2*1 - 1*4 = -2"
assert close(neuron.a, answer), "neuron.a holds the answer that forward returned"

# %% test_Neuron_second_pass role="test" points=1
"""Neuron.forward starts afresh in every call and remembers the last one."""
neuron = Neuron([1, 1], 0)
first = neuron.forward([1, 2])
second = neuron.forward([10, 20])
assert close(first, 3) and close(second, 30), "1 + 2 = 3, then 10 + 20 = 30: nothing is left over from the first call"
assert neuron.inputs == [10, 20], "the second call replaces what the first one stored"

# %% test_Neuron_separate role="test" points=0.5
"""Neurons share nothing: what one remembers does not change when another is asked."""
one, other = Neuron([1], 0), Neuron([5], 0)
one.forward([2])
other.forward([3])
assert one.inputs == [2] and close(one.z, 2), "asking the second neuron must not change what the first one remembers"

# %% [markdown]
# ## What you have now
#
# A neuron draws one straight line through what it sees, and says on which side of it you are. Its weights say where the
# line runs; learning will be nothing but moving such lines. In chapter 3 many neurons look at the same inputs, and
# others look at them.
#
# ## To stretch (no points)
#
# - **NAND.** Choose weights and a bias for a neuron that says no only when both switches are on.
# - **XOR.** Now try "one or the other, but not both". Search with the loop below, over as many weights as you like.
#   Nothing will do: no straight line has $[0, 1]$ and $[1, 0]$ on one side and $[0, 0]$ and $[1, 1]$ on the other. This
#   little table held up the whole field for years. Chapter 3 solves it with three neurons.
# - **Another bend.** $\tanh z$ runs from -1 to 1. Show that $\tanh z = 2\,\sigma(2z) - 1$, and plot it with your
#   sigmoid.

# %%
# The search: which of 9 x 9 x 9 neurons gets the most rows of a truth table right?
steps = [i / 2 for i in range(-4, 5)]
for name, table in {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}.items():
    best = 0
    for w1 in steps:
        for w2 in steps:
            for bias in steps:
                candidate = Neuron([w1, w2], bias, "sigmoid")
                said_yes = [candidate.forward([x, y]) > 0.5 for x in (0, 1) for y in (0, 1)]
                best = max(best, sum(yes == bool(wanted) for yes, wanted in zip(said_yes, table)))
    print(f"{name:4} best neuron: {best} of 4 rows right")
