# A dataclass; train_step is a generator underneath; the history is filled by train_step only.

# %% Trainer
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class Trainer:
    network: object
    learning_rate: float = 0.01
    loss_history: list = field(default_factory=list)

    def numbers(self):
        for layer in self.network.layers:
            yield layer.biases, layer.bias_gradients
            yield from zip(layer.weights, layer.weight_gradients)

    def train_step(self, inputs, target):
        said = softmax(self.network.forward(inputs))
        self.network.backward(target)
        for values, slopes in self.numbers():
            values[:] = [value - self.learning_rate * slope for value, slope in zip(values, slopes)]
        self.loss_history.append(cross_entropy_loss(said, target))
        return self.loss_history[-1]

    def train_epoch(self, dataset):
        for example in dataset:
            self.train_step(*example)
        return math.fsum(self.loss_history[-len(dataset):]) / len(dataset)

    def train(self, dataset, epochs, verbose=True):
        losses = []
        while len(losses) < epochs:
            losses.append(self.train_epoch(dataset))
            if verbose and not len(losses) % 50:
                print(f"epoch {len(losses)}: {losses[-1]:.6f}")
        return losses
