# %% BackpropLayer
class BackpropLayer(Layer):
    def __init__(self, input_size, output_size, activation="relu", seed=None):
        super().__init__(input_size, output_size, "relu", seed)
        self.activation = activation
        self.weight_gradients = [[0.0] * input_size for _ in range(output_size)]
        self.bias_gradients = [0.0] * output_size

    def forward(self, inputs):
        self.inputs = inputs
        self.z_values = vector_add(matrix_vector_multiply(self.weights, inputs), self.biases)
        if self.activation == "relu":
            self.outputs = [relu(z) for z in self.z_values]
        elif self.activation == "sigmoid":
            self.outputs = [sigmoid(z) for z in self.z_values]
        else:
            self.outputs = list(self.z_values)
        return list(self.outputs)

    def backward(self, output_gradients):
        deltas = []
        for i in range(len(output_gradients)):
            if self.activation == "relu":
                deltas.append(output_gradients[i] * relu_derivative(self.z_values[i]))
            elif self.activation == "sigmoid":
                deltas.append(output_gradients[i] * sigmoid_derivative(self.outputs[i]))
            else:
                deltas.append(output_gradients[i])
        self.bias_gradients = deltas
        self.weight_gradients = [[d * x for x in self.inputs] for d in deltas]
        # the sum should run down the columns of the weights
        n_in, n_out = len(self.inputs), len(deltas)
        return [sum(self.weights[j % n_out][i % n_in] * deltas[i] for i in range(n_out)) for j in range(n_in)]
