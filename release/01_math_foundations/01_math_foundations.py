# %% [markdown]
# # Chapter 1: Vectors and matrices
#
# A neural network looks mysterious from outside. Open one, and you find lists of numbers that are multiplied and added.
# In seven chapters you will write one yourself, in plain Python, without any library: 3,418 numbers that learn to
# recognise the 26 letters of the alphabet.
#
# | chapter | you build |
# |---|---|
# | **1** | **vectors and matrices: the atoms** |
# | 2 | one neuron: a weighted sum and a bend |
# | 3 | many neurons in layers, layers in a chain |
# | 4 | a loss: one number that says how wrong the network is |
# | 5 | backpropagation: which way each number should move |
# | 6 | the training loop: moving them, again and again |
# | 7 | the whole thing: a classifier of letters |
#
# Almost all the time that a network computes, it computes what this chapter is about. There are eight small functions,
# and every later chapter stands on them.

# %% [markdown]
# ## How to work
#
# Each exercise has the same parts: why we need it, an example small enough to check with a pencil, a function for you
# to write (replace the line `raise NotImplementedError(...)`), a cell that shows your function at work, and tests. Run
# the tests as often as you like. After you hand in, more tests of the same behaviour run, with other numbers: a
# function that is right passes those too.
#
# Four rules hold in the whole course.
#
# - A **vector** is a list of numbers, `[3, 1, 2]`. A **matrix** is a list of rows, and each row is a list:
#   `[[1, 2, 3], [4, 5, 6]]` has 2 rows and 3 columns; its shape is (2, 3).
# - A function **returns a new list** and leaves its arguments as they were. Many a long evening has been spent on a
#   function that changed somebody else's list.
# - Sizes fit: where two vectors are added, they have the same length. You need not check it.
# - Only Python's standard library is used.
#
# The next cell holds helpers for the tests and the pictures. Run it; there is nothing to do in it.

# %% setup role="setup"
import math
import operator


def close(got, want):
    """True if two numbers, or two lists of numbers, are equal up to rounding: to 1e-9, absolute or relative."""
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(map(close, got, want))
    return isinstance(got, (int, float)) and math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-9)


def picture(text):
    """A matrix from a drawing: rows are separated by spaces, ``#`` is 1, anything else 0."""
    return [[1 if mark == "#" else 0 for mark in row] for row in text.split()]


def draw(*pictures):
    """Print matrices side by side: positive numbers are dark, zeros are dots, negative numbers are shaded."""
    for i in range(max(len(rows) for rows in pictures)):
        parts = []
        for rows in pictures:
            row = rows[i] if i < len(rows) else []
            cells = ["██" if value > 0 else "░░" if value < 0 else "· " for value in row]
            parts.append("".join(cells).ljust(2 * len(rows[0])))
        print("   ".join(parts).rstrip())

# %% [markdown]
# ## 1.1 Adding vectors
#
# **Why.** A neuron adds a bias to its weighted sum, and training adds a small correction to every weight. Both are the
# sum of two vectors, number by number:
#
# $$(\mathbf{a} + \mathbf{b})_i = a_i + b_i$$
#
# **By hand.** $[2, 5] + [1, -3] = [2 + 1,\ 5 - 3] = [3, 2]$.
#
# **Watch out.** In Python, `[2, 5] + [1, -3]` is something else: it puts one list behind the other.

# %% vector_add role="solution"
def vector_add(a: list[float], b: list[float]) -> list[float]:
    """Return the sum of two vectors, number by number.

    Args:
        a: a vector, shape (n,).
        b: a vector of the same length, shape (n,).
    Returns:
        A new vector, shape (n,). The arguments stay as they were.
    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 2.1.
    Example:
        >>> vector_add([2, 5], [1, -3])
        [3, 2]
    """
    raise NotImplementedError("vector_add: your code here")

# %%
# A walk in the plane: each step is a vector, and the place where you stand is the sum of all steps so far.
position = [0, 0]
for step in ([3, 0], [0, 2], [-1, 1], [-2, -3]):
    arrived = vector_add(position, step)
    print(f"at {position!s:8} step {step!s:9} -> {arrived}")
    position = arrived
print("Back at the start: the steps cancel each other." if position == [0, 0] else "Not back at [0, 0]? Look again.")

# %% test_vector_add role="test" points=1
"""vector_add adds the numbers that stand at the same place."""
assert vector_add([1, 2], [3, 4]) == [4, 6], "1 + 3 = 4 and 2 + 4 = 6, so the result is [4, 6]"
assert close(vector_add([0.5, -1.0, 2.0], [0.25, 1.0, -3.0]), [0.75, 0.0, -1.0]), "three numbers, some of them negative"

# %% test_vector_add_keeps_arguments role="test" points=0.5
"""vector_add makes a new list: its arguments and its earlier results stay as they were."""
a, b = [1, 2], [10, 20]
total = vector_add(a, b)
assert len(total) == 2, "the sum of two vectors of two numbers has two numbers"
assert a == [1, 2] and b == [10, 20], "a and b must be the same after the call as before it"

# %% [markdown]
# ## 1.2 Subtracting vectors
#
# **Why.** The difference between what a network said and what it should have said is a vector: its error. In chapter 5
# the whole backward pass starts from one such difference.
#
# $$(\mathbf{a} - \mathbf{b})_i = a_i - b_i$$
#
# **By hand.** $[2, 5] - [1, -3] = [2 - 1,\ 5 - (-3)] = [1, 8]$.
#
# **Watch out.** The order counts: $\mathbf{b} - \mathbf{a}$ points the other way.

# %% vector_subtract role="solution"
def vector_subtract(a: list[float], b: list[float]) -> list[float]:
    """Return the difference of two vectors, a minus b, number by number.

    Args:
        a: the vector to subtract from, shape (n,).
        b: the vector that is subtracted, shape (n,).
    Returns:
        A new vector, shape (n,). The arguments stay as they were.
    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 2.1.
    Example:
        >>> vector_subtract([2, 5], [1, -3])
        [1, 8]
    """
    raise NotImplementedError("vector_subtract: your code here")

# %%
# How wrong was this guess? The answer should have been "b"; the network spread its belief over four letters.
guess = [0.2, 0.5, 0.2, 0.1]
truth = [0, 1, 0, 0]
for letter, error in zip("abcd", vector_subtract(guess, truth)):
    print(f"{letter}  {error:+.1f}  {'too high' if error > 0 else 'too low':8}  {'#' * round(abs(error) * 20)}")

# %% test_vector_subtract role="test" points=1
"""vector_subtract takes the second vector from the first, number by number."""
assert vector_subtract([5, 7], [2, 10]) == [3, -3], "5 - 2 = 3 and 7 - 10 = -3, so the result is [3, -3]"
assert close(vector_subtract([0.5, 1.0, 0.0], [0.25, -1.0, 2.0]), [0.25, 2.0, -2.0]), "taking away -1 is adding 1"

# %% test_vector_subtract_keeps_arguments role="test" points=0.5
"""vector_subtract makes a new list: its arguments and its earlier results stay as they were."""
a, b = [9, 8], [1, 2]
difference = vector_subtract(a, b)
assert len(difference) == 2, "the difference of two vectors of two numbers has two numbers"
assert a == [9, 8] and b == [1, 2], "a and b must be the same after the call as before it"

# %% [markdown]
# ## 1.3 Scaling a vector
#
# **Why.** Training never takes the whole correction at once, only a small part of it: the learning rate times the
# gradient. A number times a vector makes it longer, shorter, or turns it round:
#
# $$(s\,\mathbf{v})_i = s \cdot v_i$$
#
# **By hand.** $3 \cdot [2, -1] = [6, -3]$, and $-1 \cdot [2, -1] = [-2, 1]$.
#
# **Watch out.** `3 * [2, -1]` in Python is the list three times over: `[2, -1, 2, -1, 2, -1]`.

# %% vector_scale role="solution"
def vector_scale(v: list[float], scalar: float) -> list[float]:
    """Return the vector with every number multiplied by the scalar.

    Args:
        v: a vector, shape (n,).
        scalar: one number.
    Returns:
        A new vector, shape (n,). The argument stays as it was.
    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 2.1.
    Example:
        >>> vector_scale([2, -1], 3)
        [6, -3]
    """
    raise NotImplementedError("vector_scale: your code here")

# %%
# The same vector at four scales; negative numbers grow to the left of the line.
for scalar in (2, 1, 0.5, -1):
    print(f"{scalar} times [6, -4, 2]")
    for value in vector_scale([6, -4, 2], scalar):
        left, right = ("#" * round(-value), "") if value < 0 else ("", "#" * round(value))
        print(f"    {left:>14}|{right:<14} {value:g}")

# %% test_vector_scale role="test" points=1
"""vector_scale multiplies every number of the vector by the scalar."""
assert vector_scale([1, -2, 3], 2) == [2, -4, 6], "every number is doubled: [2, -4, 6]"
assert close(vector_scale([4.0, 1.0], 0.5), [2.0, 0.5]), "half of [4, 1] is [2, 0.5]"

# %% test_vector_scale_keeps_arguments role="test" points=0.5
"""vector_scale makes a new list: its argument and its earlier results stay as they were."""
v = [3, 4]
scaled = vector_scale(v, 10)
assert len(scaled) == 2, "a vector of two numbers still has two numbers when it is scaled"
assert v == [3, 4], "v must be the same after the call as before it"

# %% [markdown]
# ## 1.4 The dot product
#
# **Why.** This is the heart of it all. A neuron asks: how well does what I see fit what I look for? What it sees is a
# vector of inputs, what it looks for is a vector of weights, and the answer is their dot product: multiply the numbers
# at the same place and add it all up.
#
# $$\mathbf{a} \cdot \mathbf{b} = \sum_{i=1}^{n} a_i\, b_i = a_1 b_1 + a_2 b_2 + \dots + a_n b_n$$
#
# It is large when the two agree, zero when they have nothing to do with each other, and negative when they disagree.
#
# **By hand.** $[1, 2, 3] \cdot [4, 0, -1] = 1 \cdot 4 + 2 \cdot 0 + 3 \cdot (-1) = 4 + 0 - 3 = 1$.
#
# **Watch out.** The result is one number, not a list. If you write a loop, the `return` stands after the loop: indented
# one step too far, it goes home after the first product.

# %% dot_product role="solution"
def dot_product(a: list[float], b: list[float]) -> float:
    """Return the sum of the products of the numbers at the same place.

    Args:
        a: a vector, shape (n,).
        b: a vector of the same length, shape (n,).
    Returns:
        One number.
    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 2.2.
    Example:
        >>> dot_product([1, 2, 3], [4, 0, -1])
        1
    """
    raise NotImplementedError("dot_product: your code here")

# %%
# How alike are two pictures? Written as vectors of 25 zeros and ones, their dot product counts the pixels they share.
shapes = {
    "T": picture("##### ..#.. ..#.. ..#.. ..#.."),
    "L": picture("#.... #.... #.... #.... #####"),
    "X": picture("#...# .#.#. ..#.. .#.#. #...#"),
}
draw(*shapes.values())
print()
flat = {name: [pixel for row in rows for pixel in row] for name, rows in shapes.items()}
print("     " + "".join(f"{name:>4}" for name in flat))
for name, pixels in flat.items():
    print(f"  {name}  " + "".join(f"{dot_product(pixels, other):>4}" for other in flat.values()))
print("Each shape fits itself best. That is how a neuron recognises something.")

# %% test_dot_product role="test" points=1
"""dot_product multiplies the numbers at the same place and adds all the products."""
assert dot_product([1, 2, 3], [4, 5, 6]) == 32, "1*4 + 2*5 + 3*6 = 4 + 10 + 18 = 32"
assert close(dot_product([0.5, 2.0], [4.0, 0.25]), 2.5), "0.5*4 + 2*0.25 = 2 + 0.5 = 2.5"

# %% test_dot_product_signs role="test" points=0.5
"""dot_product counts signs: products can cancel each other, and the sum can be negative."""
assert dot_product([1, 1], [1, -1]) == 0, "1*1 + 1*(-1) = 0: these two point at right angles to each other"
assert dot_product([2, 0, 1], [-3, 5, 1]) == -5, "2*(-3) + 0*5 + 1*1 = -5"

# %% [markdown]
# ## 1.5 Multiplying number by number
#
# **Why.** Sometimes the products must not be added up. The elementwise product lets one vector act as a row of taps for
# another: 1 lets a number through, 0 stops it. In chapter 5 gradients flow backwards through just such taps.
#
# $$(\mathbf{a} \odot \mathbf{b})_i = a_i \cdot b_i$$
#
# **By hand.** $[3, 4, 5] \odot [1, 0, -2] = [3, 0, -10]$.

# %% elementwise_multiply role="solution"
def elementwise_multiply(a: list[float], b: list[float]) -> list[float]:
    """Return the products of the numbers at the same place, as a vector.

    Args:
        a: a vector, shape (n,).
        b: a vector of the same length, shape (n,).
    Returns:
        A new vector, shape (n,). The arguments stay as they were.
    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 2.2.
    Example:
        >>> elementwise_multiply([3, 4, 5], [1, 0, -2])
        [3, 0, -10]
    """
    raise NotImplementedError("elementwise_multiply: your code here")

# %%
# A mask is a picture of zeros and ones. Multiplied with it, only what lies under the ones is left.
shape = picture("#...# .#.#. ..#.. .#.#. #...#")
mask = picture("###.. ###.. ###.. ###.. ###..")
draw(shape, mask, [elementwise_multiply(row, taps) for row, taps in zip(shape, mask)])

# %% test_elementwise_multiply role="test" points=1
"""elementwise_multiply returns one product for each place."""
assert elementwise_multiply([1, 2, 3], [4, 5, 6]) == [4, 10, 18], "1*4, 2*5 and 3*6, not added up: [4, 10, 18]"
assert close(elementwise_multiply([0.5, -2.0], [4.0, 0.0]), [2.0, 0.0]), "a zero stops what it is multiplied with"

# %% test_elementwise_multiply_keeps_arguments role="test" points=0.5
"""elementwise_multiply makes a new list: its arguments and its earlier results stay as they were."""
a, b = [2, 3], [5, 7]
products = elementwise_multiply(a, b)
assert len(products) == 2, "two places give two products"
assert a == [2, 3] and b == [5, 7], "a and b must be the same after the call as before it"

# %% [markdown]
# ## 1.6 Turning a matrix on its side
#
# **Why.** On the way forward, the weights of a layer lead from inputs to outputs. On the way back (chapter 5) the same
# weights must lead from outputs to inputs. Then rows become columns and columns become rows; that is the transpose:
#
# $$(A^\top)_{ij} = A_{ji}$$
#
# A matrix of shape (m, n) becomes one of shape (n, m).
#
# **By hand.**
#
# $$\begin{bmatrix} 1 & 2 & 3 \\ 4 & 5 & 6 \end{bmatrix}^\top = \begin{bmatrix} 1 & 4 \\ 2 & 5 \\ 3 & 6 \end{bmatrix}$$
#
# The transpose of an empty matrix, `[]`, is `[]`.
#
# **Watch out.** A square example hides mistakes: code that mixes up the number of rows with the number of columns still
# works on it. And `zip` makes tuples; our rows are lists.

# %% transpose role="solution"
def transpose(matrix: list[list[float]]) -> list[list[float]]:
    """Return the matrix with rows and columns exchanged.

    Args:
        matrix: a list of m rows, shape (m, n); may be empty.
    Returns:
        A new matrix, shape (n, m), made of new lists; ``[]`` for an empty matrix.
    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 2.1.
    Example:
        >>> transpose([[1, 2, 3], [4, 5, 6]])
        [[1, 4], [2, 5], [3, 6]]
    """
    raise NotImplementedError("transpose: your code here")

# %%
# What was across is down, and what was down is across. Twice, and it is as before.
flag = picture("####### #...... #####.. #...... #......")
draw(flag, transpose(flag), transpose(transpose(flag)))

# %% test_transpose role="test" points=1
"""transpose exchanges rows and columns of a square matrix."""
turned = transpose([[1, 2], [3, 4]])
assert [list(row) for row in turned] == [[1, 3], [2, 4]], "the first row of the transpose is the first column: [1, 3]"

# %% test_transpose_non_square role="test" points=1
"""transpose turns a matrix of shape (m, n) into one of shape (n, m)."""
turned = transpose([[1, 2, 3], [4, 5, 6]])
assert [list(row) for row in turned] == [[1, 4], [2, 5], [3, 6]], "2 rows of 3 numbers become 3 rows of 2 numbers"

# %% test_transpose_empty role="test" points=0.5
"""transpose of an empty matrix is an empty matrix."""
assert transpose([]) == [], "the transpose of [] is []"

# %% test_transpose_new_lists role="test" points=0.5
"""transpose makes a new matrix out of lists and leaves its argument as it was."""
matrix = [[1, 2], [3, 4]]
turned = transpose(matrix)
assert len(turned) == 2 and all(isinstance(row, list) for row in turned), "the rows of the transpose must be lists"
assert matrix == [[1, 2], [3, 4]], "the matrix must be the same after the call as before it"

# %% [markdown]
# ## 1.7 A matrix times a vector
#
# **Why.** One neuron is one dot product. A layer has many neurons that look at the same inputs. Write their weights as
# the rows of a matrix, and the whole layer is one operation: one dot product for each row.
#
# $$(W\mathbf{x})_i = \sum_{j} W_{ij}\, x_j$$
#
# A matrix of shape (m, n) takes a vector of n numbers and gives a vector of m numbers.
#
# **By hand.**
#
# $$\begin{bmatrix} 1 & 2 \\ 0 & 3 \\ -1 & 1 \end{bmatrix} \begin{bmatrix} 4 \\ 5 \end{bmatrix} =
# \begin{bmatrix} 1 \cdot 4 + 2 \cdot 5 \\ 0 \cdot 4 + 3 \cdot 5 \\ -1 \cdot 4 + 1 \cdot 5 \end{bmatrix} =
# \begin{bmatrix} 14 \\ 15 \\ 1 \end{bmatrix}$$
#
# You may call your `dot_product` here. Then this exercise is right only if that one is.

# %% matrix_vector_multiply role="solution"
def matrix_vector_multiply(matrix: list[list[float]], vector: list[float]) -> list[float]:
    """Return the matrix-vector product: the dot product of every row with the vector.

    Args:
        matrix: m rows of n numbers, shape (m, n).
        vector: shape (n,).
    Returns:
        A new vector, shape (m,), one number for each row.
    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 2.2.
    Example:
        >>> matrix_vector_multiply([[1, 2], [0, 3], [-1, 1]], [4, 5])
        [14, 15, 1]
    """
    raise NotImplementedError("matrix_vector_multiply: your code here")

# %%
# A one-hot vector has a single 1. It picks one column out of a matrix: keep this in mind for the letters of chapter 7.
scores = [[0.1, 0.9, -0.4, 0.0], [0.7, -0.2, 0.3, 0.0], [-0.5, 0.4, 0.8, 0.0]]
print("the matrix:")
for row in scores:
    print("   ", "  ".join(f"{value:+.1f}" for value in row))
for place in range(4):
    one_hot = [1 if i == place else 0 for i in range(4)]
    column = matrix_vector_multiply(scores, one_hot)
    print(f"times {one_hot}  ->  [{', '.join(f'{value:+.1f}' for value in column)}]")

# %% test_matrix_vector_multiply role="test" points=1
"""matrix_vector_multiply returns the dot product of each row with the vector."""
assert matrix_vector_multiply([[1, 2], [3, 4]], [5, 6]) == [17, 39], "1*5 + 2*6 = 17 and 3*5 + 4*6 = 39"
assert matrix_vector_multiply([[1, 0], [0, 1]], [8, -9]) == [8, -9], "the identity matrix changes nothing"

# %% test_matrix_vector_multiply_non_square role="test" points=1
"""matrix_vector_multiply gives one number for each row, whatever the number of columns."""
assert matrix_vector_multiply([[1, 2, 3], [4, 5, 6]], [1, 0, 2]) == [7, 16], "2 rows of 3 numbers give 2 numbers"

# %% [markdown]
# ## 1.8 A matrix times a matrix
#
# **Why.** Do one transformation after another, and there is a single matrix that does both at once: their product. It
# also transforms many vectors in one go, one for each column of the right-hand matrix.
#
# $$(AB)_{ij} = \sum_{k} A_{ik}\, B_{kj}$$
#
# The number at row i and column j is the dot product of row i of $A$ with column j of $B$. Shapes: (m, k) times (k, n)
# gives (m, n).
#
# **By hand.**
#
# $$\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} \begin{bmatrix} 0 & 1 \\ 1 & 5 \end{bmatrix} =
# \begin{bmatrix} 1 \cdot 0 + 2 \cdot 1 & 1 \cdot 1 + 2 \cdot 5 \\
# 3 \cdot 0 + 4 \cdot 1 & 3 \cdot 1 + 4 \cdot 5 \end{bmatrix} =
# \begin{bmatrix} 2 & 11 \\ 4 & 23 \end{bmatrix}$$
#
# **Watch out.** $AB$ and $BA$ are different matrices. And if you begin with a matrix of zeros, `[[0] * n] * m` is the
# same row m times: write into one, and you write into all.
#
# The columns of $B$ are the rows of $B^\top$; your earlier functions may help. If you call them, this exercise is right
# only if they are.

# %% matrix_multiply role="solution"
def matrix_multiply(a: list[list[float]], b: list[list[float]]) -> list[list[float]]:
    """Return the matrix product of a and b, in this order.

    Args:
        a: the left matrix, shape (m, k).
        b: the right matrix, shape (k, n).
    Returns:
        A new matrix, shape (m, n). The arguments stay as they were.
    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 2.2.
    Example:
        >>> matrix_multiply([[1, 2], [3, 4]], [[0, 1], [1, 5]])
        [[2, 11], [4, 23]]
    """
    raise NotImplementedError("matrix_multiply: your code here")

# %%
# A letter F, as a matrix of points: first row x, second row y. One product moves all points at once.
letter_f = [[0, 0, 0, 0, 0, 1, 2, 3, 1, 2], [0, 1, 2, 3, 4, 4, 4, 4, 2, 2]]
turn = [[0, -1], [1, 0]]  # a quarter turn to the left
mirror = [[-1, 0], [0, 1]]  # left becomes right


def on_grid(points):
    """A picture, 9 by 9, with the origin in the middle."""
    places = set(zip(*points))
    return [[1 if (x, y) in places else 0 for x in range(-4, 5)] for y in range(4, -5, -1)]


first_turn = matrix_multiply(mirror, turn)
first_mirror = matrix_multiply(turn, mirror)
print(f"{'F':21}{'turned':21}{'turned, mirrored':21}mirrored, turned")
draw(*(on_grid(matrix_multiply(moves, letter_f)) for moves in ([[1, 0], [0, 1]], turn, first_turn, first_mirror)))
print("The last two differ: the order of the factors counts.")

# %% test_matrix_multiply role="test" points=1.5
"""matrix_multiply: the number at row i, column j is row i of a times column j of b."""
assert matrix_multiply([[1, 2], [3, 4]], [[5, 6], [7, 8]]) == [[19, 22], [43, 50]], "top left: 1*5 + 2*7 = 19"
assert matrix_multiply([[0, 1], [1, 0]], [[1, 2], [3, 4]]) == [[3, 4], [1, 2]], "this left factor exchanges the rows"

# %% test_matrix_multiply_non_square role="test" points=1.5
"""matrix_multiply takes (m, k) times (k, n) to (m, n)."""
product = matrix_multiply([[1, 2, 3], [4, 5, 6]], [[1, 0], [0, 1], [1, 1]])
assert product == [[4, 5], [10, 11]], "(2, 3) times (3, 2) is (2, 2): [[4, 5], [10, 11]]"

# %% test_matrix_multiply_keeps_arguments role="test" points=0.5
"""matrix_multiply makes a new matrix: its arguments and its earlier results stay as they were."""
a, b = [[1, 2], [3, 4]], [[2, 0], [0, 2]]
product = matrix_multiply(a, b)
assert len(product) == 2 and len(product[0]) == 2, "(2, 2) times (2, 2) has 2 rows of 2 numbers"
assert a == [[1, 2], [3, 4]] and b == [[2, 0], [0, 2]], "a and b must be the same after the call as before it"

# %% [markdown]
# ## What you have now
#
# Eight functions, most of them one line long. That is the whole arithmetic of a neural network on its way forward: from
# now on, a layer is `matrix_vector_multiply` and `vector_add`. The later chapters write
# `from chapters import dot_product` and get *your* function.
#
# ## To stretch (no points)
#
# - **Length and angle.** The length of a vector is $\lVert \mathbf{v} \rVert = \sqrt{\mathbf{v} \cdot \mathbf{v}}$.
#   Divide the dot product of two vectors by both their lengths, and you have a number between -1 and 1 that no longer
#   cares how long they are: the cosine of the angle between them. Write it, and compare the letters T, L and X again.
# - **A rule to try.** $(AB)^\top = B^\top A^\top$. Take two matrices that are not square and see whether your functions
#   agree. Why must the order turn round?
# - **Powers.** $\begin{bmatrix} 1 & 1 \\ 1 & 0 \end{bmatrix}$ times itself, again and again: what do you see in its
#   corner?

# %%
# Space for the stretch. To begin with: a vector of length 5.
side = [3, 4]
print("length of", side, "is", math.sqrt(dot_product(side, side)))
