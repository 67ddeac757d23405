# The sigmoid by way of tanh, relu by way of abs, the neuron as a dataclass.

# %% sigmoid
sigmoid = lambda z: 0.5 + 0.5 * math.tanh(z / 2)  # the same curve, and it cannot overflow

# %% sigmoid_derivative
def sigmoid_derivative(a):
    return a - a**2

# %% relu
def relu(z):
    return (z + abs(z)) / 2

# %% relu_derivative
def relu_derivative(z):
    return z > 0  # True and False are 1 and 0

# %% Neuron
import dataclasses
from typing import ClassVar


@dataclasses.dataclass
class Neuron:
    BENDS: ClassVar[dict] = {"relu": relu, "sigmoid": sigmoid}

    weights: list
    bias: float
    activation: str = "relu"
    inputs: list = dataclasses.field(default_factory=list, init=False)
    z: float = dataclasses.field(default=0.0, init=False)

    @property
    def a(self):
        return self.BENDS[self.activation](self.z)

    def forward(self, inputs):
        self.inputs = inputs[:]
        self.z = math.fsum([self.bias, *(w * x for w, x in zip(self.weights, inputs))])
        return self.a
