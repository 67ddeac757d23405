# Helpers in a cell of their own, recursion, match, fsum, a cell magic, and prints in the middle of the work.

# %% my_helpers before="vector_add"
from functools import reduce
from itertools import starmap, zip_longest


def zip_with(function, *vectors):
    """Apply a function to the numbers at the same place."""
    return list(starmap(function, zip(*vectors)))

# %% vector_add
from operator import add

vector_add = lambda a, b: zip_with(add, a, b)  # noqa: E731

# %% vector_subtract
def vector_subtract(a, b):
    print("subtracting", b, "from", a)
    return vector_add(a, [-x for x in b])

# %% vector_scale
def vector_scale(v: list[float], scalar: float) -> list[float]:
    match v:
        case []:
            return []
        case [first, *rest]:
            return [first * scalar] + vector_scale(rest, scalar)

# %% dot_product
def dot_product(a, b, so_far=0):
    if not a:
        return so_far
    return dot_product(a[1:], b[1:], so_far + a[0] * b[0])

# %% elementwise_multiply
%%time
def elementwise_multiply(a, b):
    products = []
    for i in range(len(a)):
        products += [a[i] * b[i]]
    return products

# %% transpose
def transpose(matrix):
    if not matrix:
        return []
    turned = {}
    for row in matrix:
        for j, value in enumerate(row):
            turned.setdefault(j, []).append(value)
    return [turned[j] for j in sorted(turned)]

# %% matrix_vector_multiply
def matrix_vector_multiply(matrix, vector):
    columns = transpose(matrix)
    scaled = [vector_scale(column, x) for column, x in zip(columns, vector)]
    return reduce(vector_add, scaled)

# %% matrix_multiply
def matrix_multiply(a, b):
    c = [[0.0 for _ in b[0]] for _ in a]
    for i in range(len(a)):
        for k in range(len(b)):
            for j in range(len(b[0])):
                c[i][j] += a[i][k] * b[k][j]
    return c

# %% my_check after="matrix_multiply"
print(matrix_multiply([[1, 2]], [[3], [4]]), "should be [[11]]")
