# %% matrix_multiply
def matrix_multiply(a, b):
    columns = transpose(b)
    product = []
    i = 0
    while i < len(a):
        row = [dot_product(a[i], column) for column in columns]
        if len(a[i]) == len(a):
            product.append(row)
            i += 1
    return product
