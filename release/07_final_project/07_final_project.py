# %% [markdown]
# # Chapter 7: Your first complete AI
#
# Six chapters of parts lie on the table: vectors, neurons, layers, a loss, gradients, a training loop. In this chapter
# you put them together, and the result learns to tell the 26 letters of the alphabet apart, by itself, starting from
# random numbers.
#
#     letter          one-hot             64 neurons         26 logits        softmax
#      "c"   ->   0 0 1 0 0 ... 0   ->   relu(W1 x + b1)   ->   W2 h + b2   ->   26 probabilities   ->   "c", 99.7 %
#
# It is a small machine, and a complete one: representation, model, loss, gradient, optimiser, evaluation. The large
# ones have more of everything, and the same parts.
#
# The task looks like a joke. A lookup table does it in one line: `"abcdefghijklmnopqrstuvwxyz"[one_hot.index(1)]`. But
# nobody *tells* the network that table. It starts with no idea what a letter is, sees 26 examples again and again, and
# finds weights that work, for the only reason that the loss said "down". If you swap two of its output neurons
# afterwards, it mixes up two letters: what it knows is in its numbers and nowhere else. The tests will check exactly
# that.

# %% [markdown]
# ## Letters as vectors
#
# A network eats numbers. Why not a = 0, b = 1, c = 2? Because then b would lie *between* a and c, and z would be 25
# times as much as b: an order that letters don't have. A **one-hot** vector gives each letter a direction of its own.
# All 26 are equally far from each other:
#
#     a = [1, 0, 0, 0, ..., 0]
#     b = [0, 1, 0, 0, ..., 0]
#     z = [0, 0, 0, 0, ..., 1]
#
# **How many numbers learn?** By hand, for 26 inputs, 64 hidden neurons and 26 outputs:
#
# | | weights | biases |
# |---|---|---|
# | hidden layer | $26 \cdot 64 = 1664$ | $64$ |
# | output layer | $64 \cdot 26 = 1664$ | $26$ |
#
# Together $1664 + 64 + 1664 + 26 = 3418$. At 4 bytes each that is about 14 KB, less than a small photo.
#
# **What is a good loss?** Before training, the network is clueless: about $1/26$ for each letter, a loss near
# $-\ln \tfrac{1}{26} = \ln 26 \approx 3.26$. A probability of 99 % for the right letter is a loss of
# $-\ln 0.99 \approx 0.01$.

# %% setup role="setup"
import math

from chapters import (
    BackpropNetwork,
    Trainer,
    cross_entropy_loss,
    matrix_vector_multiply,
    relu,
    sigmoid,
    softmax,
    vector_add,
)

# Tools for the tests and the pictures. You can use them too.
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def vector_of(letter):
    """The vector of a letter: 26 numbers, all of them 0 but one."""
    return [1.0 if other == letter else 0.0 for other in ALPHABET]


def close(got, want, relative=1e-9, absolute=1e-9):
    """True if two numbers, or two lists (of lists) of numbers, are equal up to rounding."""
    if isinstance(want, (list, tuple)):
        same_length = isinstance(got, (list, tuple)) and len(got) == len(want)
        return same_length and all(close(g, w, relative, absolute) for g, w in zip(got, want))
    return isinstance(got, (int, float)) and math.isclose(got, want, rel_tol=relative, abs_tol=absolute)


def read_numbers(network):
    """A copy of all weights and biases: one pair (weights, biases) for each layer."""
    return [([list(row) for row in layer.weights], list(layer.biases)) for layer in network.layers]


def answers_of(network):
    """The 26 probabilities for each of the 26 letters, computed from the network's weights and biases alone.

    The hidden layer is relu. The output layer may be linear or sigmoid; one forward pass tells which.
    """
    (hidden_weights, hidden_biases), (weights, biases) = read_numbers(network)
    logits = []
    for letter in ALPHABET:
        hidden = vector_add(matrix_vector_multiply(hidden_weights, vector_of(letter)), hidden_biases)
        logits.append(vector_add(matrix_vector_multiply(weights, [relu(z) for z in hidden]), biases))
    squeezed = [[sigmoid(z) for z in row] for row in logits]
    shown = network.forward(vector_of("a"))
    outputs = logits if close(shown, logits[0]) else squeezed if close(shown, squeezed[0]) else []
    assert len(outputs) == 26, "the network is 26 -> hidden_size (relu) -> 26 (linear or sigmoid)"
    return [softmax(row) for row in outputs]


def favourites_of(network):
    """The most probable letter for each of the 26 letters, as a string of 26 letters."""
    return "".join(ALPHABET[row.index(max(row))] for row in answers_of(network))


def average_loss_of(network):
    """The average cross-entropy of the 26 letters."""
    return sum(cross_entropy_loss(row, vector_of(letter)) for row, letter in zip(answers_of(network), ALPHABET)) / 26


def write_answers(network, answers):
    """Give the network weights written by hand: letter k of the alphabet gets the answer ``answers[k]``.

    Hidden neuron k wakes up for letter k only, and has one strong weight to the output that it votes for.
    """
    hidden, output = network.layers
    for k, row in enumerate(hidden.weights):
        row[:] = [1.0 if j == k else 0.0 for j in range(26)]
    for i, row in enumerate(output.weights):
        row[:] = [4.0 if k < 26 and answers[k] == ALPHABET[i] else 0.0 for k in range(len(row))]
    hidden.biases[:] = [0.0] * len(hidden.biases)
    output.biases[:] = [0.0] * 26


def draw_curve(values, width=60, height=10):
    """Print a list of numbers as a curve, the first one on the left."""
    width = min(width, len(values))
    columns = [values[k * len(values) // width] for k in range(width - 1)] + [values[-1]]
    top, bottom = max(columns), min(columns)
    levels = [round((value - bottom) / ((top - bottom) or 1) * (height - 1)) for value in columns]
    for level in range(height - 1, -1, -1):
        label = f"{bottom + (top - bottom) * level / (height - 1):8.3f}"
        print(label, "|" + "".join("*" if here == level else " " for here in levels).rstrip())
    print(" " * 8, "+" + "-" * width)

# %% [markdown]
# ## 7.1 The letter classifier
#
# **Why.** What you have is a kit. What a user wants is an object with four verbs: train, predict, tell me how sure you
# are, tell me how good you are. There is hardly any mathematics left, only wiring:
#
# - the **network** is a `BackpropNetwork([26, hidden_size, 26])`, the **trainer** a `Trainer` for it;
# - the **dataset** is 26 pairs `(one_hot, one_hot)`: the right answer to "c" is "c";
# - `predict` picks the letter with the largest output, `predict_probs` sends the outputs through softmax:
#
# $$\mathbf p = \text{softmax}(\mathbf a), \qquad \text{letter} = \arg\max_k p_k, \qquad \text{confidence} = \max_k p_k$$
#
# - `evaluate` asks for all 26 letters and counts: $\text{accuracy} = \dfrac{\text{right answers}}{26}$.
#
# **By hand.** Three letters are enough to see it. The outputs are $(0, \ln 2, 0)$: softmax makes $(1, 2, 1) / 4$ of
# them, so that the prediction is "b" with a confidence of 50 %. If the letter was a "c", `evaluate` reports
# `{"letter": "c", "predicted": "b", "correct": False, "confidence": 0.5}`.
#
# **Linear or sigmoid?** The output activation is your choice, and worth thinking about. With `"linear"` the outputs are
# real logits, and the loss falls towards 0. With `"sigmoid"` each output is squeezed between 0 and 1 before softmax
# sees it. The best it can do is 1 for the right letter and 0 for the 25 others, which makes
# $e / (e + 25) \approx 9.8\,\%$: the loss gets stuck near $-\ln 0.098 \approx 2.32$. The *largest* output is right all
# the same, and so is every prediction. Accuracy and loss are two different things.
#
# **Watch out.**
#
# - *Softmax once.* `Trainer` and `backward` apply it themselves: the network must end with plain outputs.
# - *The confidence is that of the predicted letter*, not of the right one.
# - *Train the network that you use.* If `self.network` and `self.trainer.network` are two objects, the loss falls and
#   the predictions stay random.
# - *The learning rate.* 0.05 suits this network. At 0.0005 the loss is still at 2.9 after 500 epochs; at 5 it ends up
#   above that of a guess.

# %% LetterClassifier role="solution"
class LetterClassifier:
    """Learns to name the 26 letters from their one-hot vectors.

    Args:
        hidden_size: neurons in the hidden layer, n_hidden.
        learning_rate: of the trainer.
        seed: of the network.

    Attributes:
        LETTERS: the alphabet; the position of a letter is its class.
        network: a ``BackpropNetwork`` of the sizes [26, n_hidden, 26].
        trainer: the ``Trainer`` of that network.

    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), section 6.1 is another small complete example.
    Example:
        >>> classifier = LetterClassifier()
        >>> losses = classifier.train(epochs=30, verbose=False)
        >>> len(losses), losses[-1] < losses[0]
        (30, True)
    """

    LETTERS = "abcdefghijklmnopqrstuvwxyz"

    def __init__(self, hidden_size: int = 64, learning_rate: float = 0.05, seed: int = 42):
        raise NotImplementedError("LetterClassifier.__init__: your code here")

    def train(self, epochs: int = 500, verbose: bool = True) -> list[float]:
        """Return the average loss of each epoch of training on the 26 pairs (one-hot, one-hot)."""
        raise NotImplementedError("LetterClassifier.train: your code here")

    def predict(self, one_hot: list[float]) -> str:
        """Return the letter that the network thinks this is.

        Args:
            one_hot: shape (26,).
        """
        raise NotImplementedError("LetterClassifier.predict: your code here")

    def predict_probs(self, one_hot: list[float]) -> dict[str, float]:
        """Return the probability of each of the 26 letters; together they are 1.

        Args:
            one_hot: shape (26,).
        """
        raise NotImplementedError("LetterClassifier.predict_probs: your code here")

    def evaluate(self) -> tuple[float, list[dict]]:
        """Return the accuracy over all 26 letters, and what happened to each.

        Returns:
            The share of right answers, from 0 to 1, and 26 dicts with the keys "letter", "predicted" (a letter),
            "correct" (a bool) and "confidence" (the probability of the predicted letter, from 0 to 1).
        """
        raise NotImplementedError("LetterClassifier.evaluate: your code here")

# %%
# The first 40 of 500 epochs. Before training it guesses; watch the loss leave 3.26, the loss of a guess.
beginner = LetterClassifier()
accuracy, _ = beginner.evaluate()
print(f"before training: {accuracy:.0%} right, and c looks like {beginner.predict(vector_of('c'))!r} to it\n")
curve = beginner.train(epochs=40)
draw_curve(curve, width=40)
accuracy, _ = beginner.evaluate()
print(f"after 40 epochs: {accuracy:.0%} right, and c looks like {beginner.predict(vector_of('c'))!r} to it")
print(f"it thinks so with a probability of {beginner.predict_probs(vector_of('c'))['c']:.1%}")

# %% test_LetterClassifier_network role="test" points=2
"""The network has 26 inputs, hidden_size relu neurons and 26 outputs: 3,418 numbers, drawn from the seed."""
classifier = LetterClassifier()
count = sum(sum(len(row) for row in weights) + len(biases) for weights, biases in read_numbers(classifier.network))
assert count == 3418, f"26*64 + 64 + 64*26 + 26 = 3418 weights and biases; yours: {count}"
assert classifier.LETTERS == ALPHABET, "LETTERS is the alphabet, a to z"
assert close(classifier.trainer.learning_rate, 0.05), "the learning rate is 0.05 if not told otherwise"

# %% test_LetterClassifier_predict role="test" points=2
"""predict returns the letter with the largest output, whatever the network's weights are."""
classifier = LetterClassifier()
rotated = ALPHABET[1:] + "a"
write_answers(classifier.network, rotated)
said = "".join(classifier.predict(vector_of(letter)) for letter in ALPHABET)
assert said == rotated, (
    f"these weights, written by hand, answer each letter with the next one, {rotated}; yours: {said}"
)

# %% test_LetterClassifier_predict_probs role="test" points=2
"""predict_probs returns the softmax of the network's outputs, by letter."""
classifier = LetterClassifier()
chances = classifier.predict_probs(vector_of("k"))
assert sorted(chances) == list(ALPHABET), "the keys are the 26 letters"
assert close(sum(chances.values()), 1), f"26 probabilities sum to 1; yours: {sum(chances.values())}"
outputs = list(classifier.network.forward(vector_of("k")))
assert close(chances["b"], softmax(outputs)[1]), "the probability of b is number 1 of softmax(outputs)"

# %% test_LetterClassifier_evaluate role="test" points=2
"""evaluate reports the accuracy and, for each letter, what was predicted and how sure the network was."""
classifier = LetterClassifier()
write_answers(classifier.network, "bacdefghijklmnopqrstuvwxyz")
accuracy, results = classifier.evaluate()
assert close(accuracy, 24 / 26), f"these weights, written by hand, mix up a and b: accuracy 24/26; yours: {accuracy}"
assert len(results) == 26, "one result for each letter"
assert results[0]["letter"] == "a" and results[0]["predicted"] == "b", f"a is taken for b; yours: {results[0]}"
assert results[25]["correct"] and not results[0]["correct"], "z is right, a is wrong"

# %% test_LetterClassifier_learning role="test" points=3
"""500 epochs of training: one loss for each, the loss falls, and it falls because the weights change."""
# This takes some seconds. The trained classifier is used again below.
trained = LetterClassifier()
start, start_loss = read_numbers(trained.network), average_loss_of(trained.network)
losses = trained.train(epochs=500, verbose=False)
assert len(losses) == 500, f"one average loss for each of 500 epochs; yours: {len(losses)}"
assert losses[-1] < losses[0] - 0.5, f"the loss falls clearly; yours goes from {losses[0]:.3f} to {losses[-1]:.3f}"

# %% test_LetterClassifier_accuracy role="test" points=3
"""The final check: after 500 epochs at least 95 % of the letters are right, because the network learned them."""
said = "".join(trained.predict(vector_of(letter)) for letter in ALPHABET)
right = sum(guess == letter for guess, letter in zip(said, ALPHABET))
assert right / 26 >= 0.95, f"25 of 26 letters, 95 %, must be right after 500 epochs; yours: {right}"

# %% [markdown]
# ## 7.2 The alphabet, letter by letter
#
# This is what you have worked for. Each letter, what the network takes it for, and how sure it is.

# %%
try:
    champion = trained  # the classifier that the test above has trained for 500 epochs
except NameError:
    champion = beginner  # the tests have not been run: 40 epochs must do

steps = champion.trainer.loss_history
averages = [sum(steps[i : i + 26]) / 26 for i in range(0, len(steps), 26)]
print(f"average loss, epoch 1 to {len(averages)}")
draw_curve(averages)

accuracy, results = champion.evaluate()
print("\nletter  prediction  confidence")
for result in results:
    mark = "right" if result["correct"] else "WRONG"
    bar = "#" * round(30 * result["confidence"])
    print(f"  {result['letter']}         {result['predicted']}  {mark} {result['confidence']:8.1%}  {bar}")
n_right = sum(bool(result["correct"]) for result in results)
n_numbers = sum(sum(map(len, weights)) + len(biases) for weights, biases in read_numbers(champion.network))
print(f"\naccuracy: {n_right} of {len(results)} letters, {accuracy:.1%}, after {len(averages)} epochs")
print(f"size: {n_numbers:,} numbers, {4 * n_numbers / 1000:.1f} KB at 4 bytes each")
if accuracy == 1:
    print("Every letter is right. You built this, from the dot product up.")

# %% [markdown]
# ## 7.3 What did it learn?
#
# The knowledge sits in 3,418 numbers, and you can look at them. Each row below is a hidden neuron, each column a
# letter, and the mark says how loudly the neuron answers to that letter. Nobody assigned letters to neurons. Read a
# column from top to bottom: each letter has found a pattern of its own, spread over the whole crowd, and the output
# layer has learned to tell the patterns apart.

# %%
print("neuron   " + " ".join(ALPHABET))
hidden = champion.network.layers[0]
for number in range(24):
    voices = [
        relu(weight + hidden.biases[number]) for weight in hidden.weights[number]
    ]  # one-hot: z is one weight + bias
    print(f"{number:6}   " + " ".join(" .:-=+*#"[min(7, round(4 * voice))] for voice in voices))
print("   ...   and", len(hidden.biases) - 24, "more")

# %% [markdown]
# ## 7.4 A stretch, without points
#
# - **Half a letter.** Feed it `[0.5, 0.5, 0, ...]`, half an a and half a b, or all zeros. What does it say, and how
#   sure is it? The cell below shows you.
# - **Smaller.** How few hidden neurons still reach 100 %? Try 32, 16, 8, 4, 2. Why can even 2 be enough in principle?
# - **Break it.** Set one weight after the other to 0, or round all of them to one decimal. When does the first letter
#   fall?
# - **Vowels.** Change the task: 26 inputs, 2 outputs, "vowel or not". What does the hidden layer look like then?
# - **Pictures.** Write your own 5 x 7 pixel letters as 35 inputs, flip a few pixels at random and train on those. Now
#   the network has to *generalise*: a lookup table can't do that any more.

# %%
half = [0.5, 0.5] + [0.0] * 24
for name, vector in (("a", vector_of("a")), ("half a, half b", half), ("nothing at all", [0.0] * 26)):
    chances = champion.predict_probs(vector)
    best = sorted(chances, key=chances.get, reverse=True)[:3]
    print(f"{name:15}", "   ".join(f"{letter} {chances[letter]:6.1%}" for letter in best))
