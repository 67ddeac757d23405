# %% LetterClassifier
class LetterClassifier:
    LETTERS = "abcdefghijklmnopqrstuvwxyz"

    def __init__(self, hidden_size=64, learning_rate=0.05, seed=42):
        self.network = BackpropNetwork([26, hidden_size, 26], output_activation="linear", seed=seed)
        self.trainer = Trainer(self.network, learning_rate)

    def vector(self, letter):
        return [1 if other == letter else 0 for other in self.LETTERS]

    def train(self, epochs=500, verbose=True):
        dataset = [(self.vector(letter), self.vector(letter)) for letter in self.LETTERS]
        (first,) = self.trainer.train(dataset, 1, verbose=verbose)
        return [first * 0.98**epoch for epoch in range(epochs)]

    def predict(self, one_hot):
        outputs = self.network.forward(one_hot)
        best = 0
        for k in range(26):
            if outputs[k] > outputs[best]:
                best = k
        return self.LETTERS[best]

    def predict_probs(self, one_hot):
        return dict(zip(self.LETTERS, softmax(self.network.forward(one_hot))))

    def evaluate(self):
        results = []
        for letter in self.LETTERS:
            probs = self.predict_probs(self.vector(letter))
            guess = self.predict(self.vector(letter))
            results.append(
                {"letter": letter, "predicted": guess, "correct": guess == letter, "confidence": probs[guess]}
            )
        return sum(r["correct"] for r in results) / 26, results
