# %% Trainer
class Trainer:
    def __init__(self, network, learning_rate=0.01, loss_history=[]):
        self.network = network
        self.learning_rate = learning_rate
        self.loss_history = loss_history

    def train_step(self, inputs, target):
        loss = cross_entropy_loss(softmax(self.network.forward(inputs)), target)
        self.network.backward(target)
        for layer in self.network.layers:
            for i in range(len(layer.weights)):
                for j in range(len(layer.weights[i])):
                    layer.weights[i][j] -= self.learning_rate * layer.weight_gradients[i][j]
                layer.biases[i] -= self.learning_rate * layer.bias_gradients[i]
        self.loss_history.append(loss)
        return loss

    def train_epoch(self, dataset):
        total = 0
        for inputs, target in dataset:
            total += self.train_step(inputs, target)
        return total / len(dataset)

    def train(self, dataset, epochs, verbose=True):
        losses = []
        for epoch in range(epochs):
            losses.append(self.train_epoch(dataset))
            if verbose:
                print(epoch + 1, losses[-1])
        return losses
