# The layer doesn't inherit from chapter 3's; gradients are built by loops; the backward pass is recursive.

# %% BackpropLayer
class BackpropLayer:
    def __init__(self, input_size, output_size, activation="relu", seed=None):
        edge = math.sqrt(6 / (input_size + output_size))
        rng = random.Random(seed)
        self.weights = [[edge * (1 - 2 * rng.random()) for _ in range(input_size)] for _ in range(output_size)]
        self.biases = [0] * output_size
        self.activation = activation
        self.weight_gradients = None
        self.bias_gradients = None

    def forward(self, inputs):
        self.inputs = list(inputs)
        self.z_values = []
        self.outputs = []
        for row, bias in zip(self.weights, self.biases):
            z = bias
            for w, x in zip(row, self.inputs):
                if x:
                    z += w * x
            self.z_values.append(z)
            match self.activation:
                case "relu":
                    self.outputs.append(relu(z))
                case "sigmoid":
                    self.outputs.append(sigmoid(z))
                case "linear":
                    self.outputs.append(z)
        return self.outputs[:]

    def backward(self, output_gradients):
        slope = {"relu": lambda z, a: 1 if z > 0 else 0, "sigmoid": lambda z, a: a - a * a, "linear": lambda z, a: 1}
        report = [0.0] * len(self.inputs)
        self.bias_gradients, self.weight_gradients = [], []
        for row, g, z, a in zip(self.weights, output_gradients, self.z_values, self.outputs):
            delta = g * slope[self.activation](z, a)
            self.bias_gradients.append(delta)
            self.weight_gradients.append([delta * x if x else 0.0 for x in self.inputs])
            if delta:
                for j, w in enumerate(row):
                    report[j] += delta * w
        return report

# %% BackpropNetwork
class BackpropNetwork:
    def __init__(self, layer_sizes, hidden_activation="relu", output_activation="sigmoid", seed=42):
        self.layers = []
        while len(layer_sizes) > 1:
            bend = hidden_activation if len(layer_sizes) > 2 else output_activation
            self.layers.append(BackpropLayer(layer_sizes[0], layer_sizes[1], bend, seed + len(self.layers)))
            layer_sizes = layer_sizes[1:]

    def forward(self, inputs):
        for layer in self.layers:
            inputs = layer.forward(inputs)
        return inputs

    def backward(self, target):
        def walk(layers, report):
            if layers:
                walk(layers[:-1], layers[-1].backward(report))

        walk(self.layers, [p - t for p, t in zip(softmax(self.layers[-1].outputs), target)])
