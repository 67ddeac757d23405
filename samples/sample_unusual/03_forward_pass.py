# A layer with slots whose weights are drawn column by column; a network that is recursive.

# %% Layer
class Layer:
    __slots__ = ("activation", "biases", "inputs", "outputs", "weights", "z_values")

    def __init__(self, input_size, output_size, activation="relu", seed=None):
        draw = random.Random(f"layer {seed}" if seed is not None else None)
        edge = (6 / (input_size + output_size)) ** 0.5
        columns = [[edge * (2 * draw.random() - 1) for _ in range(output_size)] for _ in range(input_size)]
        self.weights = [list(row) for row in zip(*columns)]
        self.biases = [0 for _ in self.weights]
        self.activation = activation
        self.inputs = self.z_values = self.outputs = None

    def forward(self, inputs):
        self.inputs = [*inputs]
        self.z_values = [math.fsum(map(float.__mul__, map(float, row), map(float, inputs))) + b
                         for row, b in zip(self.weights, self.biases)]
        bend = sigmoid if self.activation == "sigmoid" else relu
        self.outputs = list(map(bend, self.z_values))
        return self.outputs.copy()

# %% Network
class Network:
    """The first layer, and behind it a smaller network."""

    def __init__(self, layer_sizes, hidden_activation="relu", output_activation="sigmoid", seed=42):
        first, second, *rest = layer_sizes
        self.first = Layer(first, second, hidden_activation if rest else output_activation, seed)
        self.rest = Network([second, *rest], hidden_activation, output_activation, seed + 1) if rest else None

    @property
    def layers(self):
        return [self.first] + (self.rest.layers if self.rest else [])

    def forward(self, inputs):
        outputs = self.first.forward(inputs)
        return self.rest.forward(outputs) if self.rest else outputs
