# The sigmoid as output, a property for the network, vectors of whole numbers; evaluate() by way of helpers.

# %% LetterClassifier
import string


class LetterClassifier:
    LETTERS = string.ascii_lowercase
    VECTORS = tuple([0] * k + [1] + [0] * (25 - k) for k in range(26))

    def __init__(self, hidden_size: int = 64, learning_rate: float = 0.05, seed: int = 42) -> None:
        self.__network = BackpropNetwork([26, hidden_size, 26], output_activation="sigmoid", seed=seed)
        self.trainer = Trainer(self.network, learning_rate=learning_rate)

    @property
    def network(self):
        return self.__network

    def train(self, epochs=500, verbose=True):
        losses = []
        for _ in range(epochs):
            losses += self.trainer.train(list(zip(self.VECTORS, self.VECTORS)), 1, verbose=False)
            if verbose and len(losses) % 100 == 0:
                print(len(losses), "epochs,", round(losses[-1], 4))
        return losses

    def predict_probs(self, one_hot):
        return {letter: p for letter, p in zip(self.LETTERS, softmax(self.network.forward(one_hot)))}

    def predict(self, one_hot):
        ranked = sorted(self.predict_probs(one_hot).items(), key=lambda pair: -pair[1])
        return ranked[0][0]

    def evaluate(self):
        rows = [self._row(*pair) for pair in zip(self.LETTERS, self.VECTORS)]
        return [row["correct"] for row in rows].count(True) / 26, rows

    def _row(self, letter, vector):
        probs = self.predict_probs(vector)
        guess = self.predict(vector)
        return {"letter": letter, "predicted": guess, "correct": guess == letter, "confidence": probs[guess]}
