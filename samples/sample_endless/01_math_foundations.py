# %% matrix_multiply
def matrix_multiply(a, b):
    product = []
    i = 0
    while i < len(a):
        row = [dot_product(a[i], column) for column in transpose(b)]
        if len(row) == len(b[0]):
            continue
        product.append(row)
        i += 1
    return product
