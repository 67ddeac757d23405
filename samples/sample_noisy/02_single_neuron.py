# %% imports before="sigmoid"
import logging
import sys
import warnings

log = logging.getLogger("neuron")

# %% sigmoid
def sigmoid(z):
    warnings.warn(f"sigmoid of {z}: is that right?")
    print("z =", z, file=sys.stderr)
    return 1 / (1 + math.exp(-z)) if z > -700 else 0.0

# %% sigmoid_derivative
def sigmoid_derivative(a):
    log.warning("sigmoid_derivative(%s)", a)
    return a * (1 - a)

# %% relu
def relu(z):
    warnings.warn("relu is not differentiable at 0", RuntimeWarning)
    return max(0.0, z)

# %% relu_derivative
def relu_derivative(z):
    print("z is", z)
    return 1 if z > 0 else 0

# %% Neuron
class Neuron:
    def __init__(self, weights, bias, activation="relu"):
        self.weights = weights
        self.bias = bias
        self.activation = activation
        print("a neuron is born", file=sys.stderr)

    def forward(self, inputs):
        self.inputs = list(inputs)
        self.z = dot_product(self.weights, inputs) + self.bias
        self.a = relu(self.z) if self.activation == "relu" else sigmoid(self.z)
        return self.a
