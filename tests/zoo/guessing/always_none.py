# Functions and classes that are there, and return None.
# %% total
def total(*args):
    pass
# %% Account
class Account:
    history = None

    def __init__(self, *args):
        pass

    def pay(self, *args):
        pass

    def balance(self, *args):
        pass
# %% restock
def restock(*args):
    pass
# %% fit
def fit(*args):
    pass
