"""The small course of the zoo, and its cases: what hostile, unlucky and clumsy students hand in for it.

A case is a file ``zoo/<class>/<name>.py``: a heading of comments, then the student's cells in the percent format. The
first paragraph of the heading says what is tried; after it stand, one a line, what differs from the default:

    earns: test_total test_quality=2.5   the grade cells that earn points, with fewer than all of them; or "all", or
                                         "nothing" (the default): what is not named here must earn none
    maybe: test_fit                      grade cells with right answers that chance decides about: the case spoils them
    others: right                        the exercises that have no cell here are solved (default: untouched stubs)
    stopped: test_total=timeout          the outcome of a grade cell
    shows: some words                    these must be in what the student may read
    never: some words                    these must not be there
    limits: cpu_s=0.5 processes=8        what differs from the zoo's limits
    needs: walls                         makes no sense where there is no sandbox
    there: some words                    why stock nbgrader is not asked about this case

Cells: ``# %% total`` is what the student wrote in that cell; without text under it, the cell is as it was released. A
cell without a name is one that the student added, behind the one before it in the file. ``# %% file notes.txt`` is a
file that lies beside the notebook. In every case nothing of a hidden test may be in anything that a student may read.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from pathlib import Path

from grader.authoring.release import grading_spec, load_assignment, release_notebook
from grader.course.config import load_config

CASES = Path(__file__).resolve().parent / "zoo"
CHAPTER = "02_shop"
OTHER = {
    8241973: 6415082,
    3058816: 2930741,
    11300789: 9345823,
    7304518: 1827365,
    16483946: 12830164,
    5170263: 3749158,
    13412236: 10164240,
    9630417: 7052891,
}
"""Numbers of hidden tests, in no other text of the course; and others that would do as well."""
SECRETS = tuple(OTHER)

CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "zoo"
c.Course.title = "The zoo"
c.Course.chapters = {
    "01_basics": {"title": "Basics", "points": 2},
    "02_shop": {"title": "The shop", "points": 16, "time_limit_s": 1},
}
c.Course.allowed_modules = ["stdlib", "chapters", "IPython.display"]
"""

BASICS = '''# %% scale role="solution"
def scale(numbers, factor):
    """Return the numbers, each times ``factor``."""
    ### BEGIN SOLUTION
    return [factor * number for number in numbers]
    ### END SOLUTION
# %% test_scale role="test" points=1
assert scale([1, 2], 3) == [3, 6], "1 * 3 and 2 * 3"
# %% Tally role="solution"
class Tally:
    """Counts how often it has seen each item."""
    def __init__(self):
        ### BEGIN SOLUTION
        self.counts = {}
        ### END SOLUTION
    def add(self, item):
        """See an item once more."""
        ### BEGIN SOLUTION
        self.counts[item] = self.counts.get(item, 0) + 1
        ### END SOLUTION
# %% test_Tally role="test" points=1
tally = Tally()
tally.add("tea")
assert tally.counts == {"tea": 1}, "tea was seen once"
'''

SHOP = '''# %% [markdown]
# # A shop
# %% setup role="setup"
import math
import random

from chapters import Tally, scale

MENU = {"tea": 3, "rice": 2, "salt": 1}
# %% total role="solution"
def total(prices, rate=0):
    """Return the sum of the prices, and ``rate`` percent of tax on it."""
    ### BEGIN SOLUTION
    return sum(prices) * (100 + rate) / 100
    ### END SOLUTION
# %% test_total role="test" points=2
assert total([1, 2, 3]) == 6, "1 + 2 + 3 = 6"
assert total([100], 7) == 107, "100 and 7 percent of it"
### BEGIN HIDDEN TESTS
assert total([8241973, 3058816]) == 11300789, "large prices"
assert abs(total([0.5, 7304518.25]) - 7304518.75) < 1e-6, "fractions of a coin"
assert total(scale([8241973], 2)) == 16483946, "prices from an earlier chapter"
prices = [5170263, 2]
total(prices)
assert prices == [5170263, 2], "the list that is passed stays as it is"
### END HIDDEN TESTS
assert total([2]) == 2, "a single price"
# %% test_batch role="test" points=1
### BEGIN HIDDEN TESTS
def is_right(prices):
    expected = math.fsum(prices)
    return math.isclose(total(prices), expected)
assert all(map(is_right, [[8241973, 0.25], [5170263, 1, 7304518]])), "several lists"
### END HIDDEN TESTS
# %% test_menu role="test" points=1
for meal, price in MENU.items():
    assert total([price, price]) == 2 * price, f"{meal} for two"
# %% Account role="solution"
class Account:
    """Money that was paid in, and by whom."""
    def __init__(self, owner):
        ### BEGIN SOLUTION
        self.owner = owner
        self.history = []
        ### END SOLUTION
    def pay(self, amount):
        """Pay in; a negative amount is a ValueError."""
        ### BEGIN SOLUTION
        if amount < 0:
            raise ValueError("a negative amount")
        self.history.append(amount)
        ### END SOLUTION
    def balance(self):
        """Return all that was paid."""
        ### BEGIN SOLUTION
        return sum(self.history)
        ### END SOLUTION
# %% test_account role="test" points=2
account = Account("ada")
account.pay(10)
account.pay(5)
assert account.balance() == 15, "10 + 5 = 15"
assert account.history == [10, 5], "what was paid, in order"
### BEGIN HIDDEN TESTS
other = Account("grace")
other.pay(8241973)
other.pay(5170263)
assert other.balance() == 13412236, "a large balance"
assert account.balance() == 15, "each account has a history of its own"
try:
    other.pay(-1)
except ValueError:
    pass
else:
    raise AssertionError("a negative amount must be refused")
### END HIDDEN TESTS
# %% test_history role="test" points=1
### BEGIN HIDDEN TESTS
payer = Account("emmy")
payer.pay(9630417)
payer.pay(5170263)
assert 9630417 in payer.history, "what was paid is in the history"
### END HIDDEN TESTS
# %% restock role="solution"
def restock(tally, items):
    """Add the items to a tally, and return how many there are in it now."""
    ### BEGIN SOLUTION
    for item in items:
        tally.add(item)
    return sum(tally.counts.values())
    ### END SOLUTION
# %% test_restock role="test" points=2
stock = Tally()
assert restock(stock, ["tea", "rice", "tea"]) == 3, "three things"
assert stock.counts == {"tea": 2, "rice": 1}, "twice tea, once rice"
### BEGIN HIDDEN TESTS
stock = Tally()
stock.add(8241973)
assert restock(stock, [8241973, 3058816]) == 3, "large numbers"
assert stock.counts == {8241973: 2, 3058816: 1}, "what was in the stock before"
### END HIDDEN TESTS
# %% fit role="solution"
def fit(points, epochs, report):
    """Find the line through the points by gradient descent; returns its weight and its bias.

    ``report(epoch, loss)`` is called once for each epoch.
    """
    ### BEGIN SOLUTION
    weight = bias = 0.0
    for epoch in range(epochs):
        errors = [weight * x + bias - y for x, y in points]
        weight -= 0.3 * sum(error * x for error, (x, _) in zip(errors, points)) / len(points)
        bias -= 0.3 * sum(errors) / len(points)
        report(epoch, sum(error * error for error in errors) / len(points))
    return weight, bias
    ### END SOLUTION
# %% test_fit role="test" points=3
losses = []
weight, bias = fit([(0, 1), (1, 3), (2, 5)], 150, lambda epoch, loss: losses.append(loss))
assert abs(weight - 2) < 0.01 and abs(bias - 1) < 0.01, "the line is 2 * x + 1"
assert losses[-1] < losses[0], "the loss goes down"
### BEGIN HIDDEN TESTS
class Watch:
    def __init__(self, target):
        self._target = target
        self.losses = []
    def __call__(self, epoch, loss):
        self.losses.append(loss)
watch = Watch(7304518)
weight, bias = fit([(0, 0.5), (1, 4.25), (2, 8.0)], 150, watch)
assert abs(weight - 3.75) < 0.01 and abs(bias - 0.5) < 0.01, "another line"
assert len(watch.losses) == 150, "one report for each epoch"
### END HIDDEN TESTS
# %% test_quality role="test" points=4 partial
### BEGIN HIDDEN TESTS
weight, bias = fit([(0, -40), (1, -37.5), (2, -35)], 150, lambda epoch, loss: None)
error = abs(weight - 2.5) + abs(bias + 40)
round(4 - min(error, 4), 2)
### END HIDDEN TESTS
'''

SOLVED = {
    "total": "def total(prices, rate=0):\n    return sum(prices) * (100 + rate) / 100",
    "Account": """class Account:
    def __init__(self, owner):
        self.owner = owner
        self.history = []

    def pay(self, amount):
        if amount < 0:
            raise ValueError("a negative amount")
        self.history.append(amount)

    def balance(self):
        return sum(self.history)""",
    "restock": """def restock(tally, items):
    for item in items:
        tally.add(item)
    return sum(tally.counts.values())""",
    "fit": """def fit(points, epochs, report):
    weight = bias = 0.0
    for epoch in range(epochs):
        errors = [weight * x + bias - y for x, y in points]
        weight -= 0.3 * sum(error * x for error, (x, _) in zip(errors, points)) / len(points)
        bias -= 0.3 * sum(errors) / len(points)
        report(epoch, sum(error * error for error in errors) / len(points))
    return weight, bias""",
}


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """One hand-in and what must come out; see the head of this file for the fields."""

    group: str
    name: str
    tries: str
    cells: tuple[tuple[str, str], ...]
    files: dict[str, str]
    earns: str = "nothing"
    maybe: str = ""
    others: str = "untouched"
    stopped: str = ""
    shows: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    limits: str = ""
    needs: str = ""
    there: str = ""

    def __str__(self):
        return f"{self.group}/{self.name}"

    @property
    def changed_limits(self):
        """``limits`` as keyword arguments."""
        pairs = [word.split("=") for word in self.limits.split()]
        return {key: float(value) if key.endswith("_s") else int(value) for key, value in pairs}

    def points(self, max_scores):
        """What each grade cell must earn, given the most that it could."""
        if self.earns == "all":
            return dict(max_scores)
        earned = dict.fromkeys(max_scores, 0.0)
        for word in () if self.earns == "nothing" else self.earns.split():
            name, _, points = word.partition("=")
            assert name in earned, f"{self}: there is no grade cell {name}"
            earned[name] = float(points) if points else max_scores[name]
        return earned


_FIELDS = {field.name: field for field in dataclasses.fields(Case)}


def read_case(path):
    """The case in a file."""
    head, *rest = re.split(r"^# %%(.*)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    tries, fields = [], {"shows": [], "never": []}
    for line in head.splitlines():
        assert line.startswith("#"), f"{path}: only comments above the first cell"
        key, colon, value = line[1:].strip().partition(": ")
        if colon and key in _FIELDS:
            if key in ("shows", "never"):
                fields[key].append(value)
            else:
                assert key not in fields, f"{path}: {key} stands there twice"
                fields[key] = value
        elif line[1:].strip():
            is_start = len(fields) == 2 and not any(fields.values())
            assert is_start, f"{path}: what is {key!r}?"
            tries.append(line[1:].strip())
    cells, files = [], {}
    for title, text in zip(rest[::2], rest[1::2], strict=True):
        word, _, name = title.strip().partition(" ")
        if word == "file":
            files[name] = text
        else:
            assert not name, f"{path}: {title}"
            cells.append((word, text.strip("\n")))
    fields["shows"], fields["never"] = tuple(fields["shows"]), tuple(fields["never"])
    return Case(path.parent.name, path.stem, " ".join(tries), tuple(cells), files, **fields)


def read_zoo():
    """All cases."""
    return [read_case(path) for path in sorted(CASES.glob("*/*.py"))]


def make_zoo_course(root, *, config=CONFIG):
    """Write the course's files and read its configuration."""
    (root / "source").mkdir(parents=True)
    (root / "course_config.py").write_text(config)
    (root / "nbgrader_config.py").write_text('load_subconfig("course_config.py")\n')
    (root / "source" / "01_basics.py").write_text(BASICS)
    (root / "source" / f"{CHAPTER}.py").write_text(SHOP)
    return load_config(root)


def zoo_spec(config):
    """What the chapter is graded by."""
    return grading_spec(config, CHAPTER)


def handed_in(case, released):
    """The notebook of a case, made from the released one."""
    notebook = json.loads(json.dumps(released))
    names = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in notebook["cells"]]
    place = -1
    added = []
    named = dict(SOLVED) if case.others == "right" else {}
    for number, (name, text) in enumerate(case.cells):
        if name:
            assert name in names, f"{case}: there is no cell {name}"
            place = names.index(name)
            if text:
                named[name] = text
        else:
            added.append((place, number, text))
    for name, text in named.items():
        notebook["cells"][names.index(name)]["source"] = text
    for place, number, text in sorted(added, reverse=True):
        cell = {"cell_type": "code", "id": f"own-{number}", "metadata": {}, "source": text, "outputs": []}
        notebook["cells"].insert(place + 1, cell | {"execution_count": None})
    return json.dumps(notebook).encode()


def with_other_secrets(spec):
    """The same with other numbers in the hidden tests: what a student reads must not depend on them."""
    change = re.compile("|".join(map(str, OTHER)))
    cells = [
        dataclasses.replace(cell, source=change.sub(lambda found: str(OTHER[int(found[0])]), cell.source))
        for cell in spec.cells
    ]
    return dataclasses.replace(spec, cells=tuple(cells))


def released_shop(config):
    """The notebook that students get."""
    return release_notebook(load_assignment(config, CHAPTER))


# -- what a student may read --------------------------------------------------------------------------------------


def readable(graded):
    """All texts of a graded submission that a student may read, the sources of cells aside."""
    texts = [graded.not_graded, *graded.repairs]
    texts += [text for verdict in graded.verdicts for text in (verdict.message, verdict.outcome)]
    texts += strings([cell.get("outputs", []) for cell in graded.notebook.get("cells", [])])
    return texts


def face(graded):
    """All that a student gets to see of a graded submission."""
    cells = [(cell.get("execution_count"), cell.get("outputs")) for cell in graded.notebook["cells"]]
    return cells, [(v.grade_id, v.outcome, v.score, v.message) for v in graded.verdicts], graded.repairs


def strings(value):
    """All strings in a JSON value."""
    if isinstance(value, dict):
        return [text for pair in value.items() for text in strings(list(pair))]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


def leaks(texts, source=SHOP):
    """What of the hidden tests can be found in some texts: secret numbers in several guises, and whole lines."""
    found = []
    everything = "\n".join(texts)
    digits = "\n".join(re.sub(r"\D", "", text) for text in texts)
    for number in SECRETS:
        plain = str(number)
        guises = (
            plain,
            plain[::-1],
            f"{number:x}",
            f"{number:b}",
            f"{number:,}",
            base64.b64encode(plain.encode()).decode(),
        )
        found += [guise for guise in guises if guise in everything]
        if plain in digits:
            found.append(f"the digits of {plain}")
    hidden = re.findall(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", source, re.DOTALL)
    public = {
        line.strip()
        for line in re.sub(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", "", source, flags=re.DOTALL).splitlines()
    }
    for line in "".join(hidden).splitlines():
        if len(line.split()) > 3 and line.strip() not in public and line.strip() in everything:
            found.append(line.strip())
    return found
