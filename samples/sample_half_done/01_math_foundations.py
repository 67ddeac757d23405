# %% vector_add
def vector_add(a, b):
    return [a[i] + b[i] for i in range(len(a))]

# %% vector_subtract
def vector_subtract(a, b):
    return [a[i] - b[i] for i in range(len(a))]

# %% vector_scale
def vector_scale(v, scalar):
    return [x * scalar for x in v]

# %% dot_product
def dot_product(a, b):
    total = 0
    for i in range(len(a)):
        total = total + a[i] * b[i]
    return total

# %% elementwise_multiply
def elementwise_multiply(a, b):
    return [a[i] * b[i] for i in range(len(a))]

# %% my_notes [markdown] after="elementwise_multiply"
# The rest on Sunday. (Transpose: `zip(*matrix)`? ask in the tutorial.)
