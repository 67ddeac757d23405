# Exceptions whose class claims to be every class: a metaclass with __instancecheck__ and __subclasscheck__.
# %% Account
class Every(type):
    def __instancecheck__(cls, instance):
        return True

    def __subclasscheck__(cls, kind):
        return True


class AnyError(Exception, metaclass=Every):
    @property
    def __class__(self):
        return ValueError


class Account:
    def __init__(self, owner):
        self.history = [10, 5]

    def pay(self, amount):
        raise AnyError

    def balance(self):
        raise AnyError
