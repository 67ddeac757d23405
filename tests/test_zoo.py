"""The zoo: each file in ``zoo/`` is a hand-in, hostile, unlucky or clumsy, with what must come out at its top.

All of them are graded in one batch, by the real thing. ``zoo_course`` says how a case is written; a new one is a new
file. What no case needs to say: no point is earned that is not named there, nothing of a hidden test is in anything
that a student may read, every hand-in gets its verdicts, and nothing is left behind.
"""

import collections
import dataclasses
import datetime
import html
import os
import re
import sys
import tempfile
import threading
import time
from pathlib import Path

import html5lib
import nbformat
import pytest
import zoo_course
from zoo_course import CHAPTER, SECRETS, face, handed_in, leaks, read_case, read_zoo, readable, with_other_secrets

from grader.authoring.release import load_assignment
from grader.course.config import load_config
from grader.course.model import Outcome
from grader.execution import facilities, sandbox
from grader.execution.pool import Pool, Task
from grader.gradebook.store import SubmissionRow, VerdictRow
from grader.reports import feedback
from grader.reports.pages import feedback_text
from grader.reports.public import HiddenTests

CASES = {str(case): case for case in read_zoo()}
CURIOUS = ("leaking", "looking")
"""Classes of cases that try to find out what hidden tests ask and expect, and to tell."""
PLACES = [tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm", "/var/lock", str(Path.home()), os.getcwd(), "/"]


class Watcher:
    """Remembers every process that this one starts while it is open, and their descendants.

    What earlier tests have started (the resource tracker of multiprocessing, say) is not the zoo's.
    """

    def __init__(self):
        self.seen = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._before = processes()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _watch(self):
        while not self._stop.wait(0.05):
            table = processes()
            family = {os.getpid()}
            for pid in sorted(table):  # a child's number may be smaller than its parent's; the next look finds it
                if self._before.get(pid, (0, ""))[1] == table[pid][1]:
                    continue
                if table[pid][0] in family or pid in self.seen:
                    family.add(pid)
                    self.seen[pid] = table[pid][1]

    def alive(self):
        """Those that are still there (the same ones, not others that were given their numbers)."""
        table = processes()
        return [pid for pid, started in self.seen.items() if pid in table and table[pid][1] == started]


def processes():
    """Parent and starting time of every process, by its number."""
    table = {}
    for entry in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            table[int(entry)] = (int(fields[1]), fields[19])
    return table


def is_a_database_servers(line):
    """True for a segment of shared memory of the PostgreSQL server of other tests; the fifth column says who made it."""
    try:
        return Path(f"/proc/{line.split()[4]}/comm").read_text().strip() == "postgres"
    except (OSError, IndexError):
        return False


def traces():
    """What a hand-in could leave on this machine: files in the usual places, mounts, sockets, shared memory."""
    found = {}
    for place in dict.fromkeys(PLACES):
        for name in os.listdir(place) if os.path.isdir(place) else ():
            if name.startswith("grader-probe-"):  # of `grader doctor`, which other tests may be trying meanwhile
                continue
            if any(word in name for word in ("zoo_", "climbed", "late.txt", "grader-", "was_here")):
                found[place, name] = True
    for table in ("/proc/self/mountinfo", "/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg"):
        lines = Path(table).read_text().splitlines() if os.path.isfile(table) else []
        found[table] = [line for line in lines if not ("shm" in table and is_a_database_servers(line))]
    found["descriptors"] = sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else []
    if os.path.isfile("/proc/net/unix"):
        found["sockets"] = [line for line in Path("/proc/net/unix").read_text().splitlines() if "zoo" in line]
    return found


@dataclasses.dataclass
class Batch:
    """What came out of the zoo."""

    results: dict
    others: dict
    max_scores: dict
    has_walls: bool
    root: Path
    before: dict
    after: dict
    left: list


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    """All cases, graded in one batch."""
    root = tmp_path_factory.mktemp("zoo") / "course"
    config = zoo_course.make_zoo_course(root)
    spec, released = zoo_course.zoo_spec(config), zoo_course.released_shop(config)
    has_walls = sys.platform == "linux" and not facilities.survey(sandbox.interpreter_path()).missing
    specs = {}
    for case in CASES.values():
        limits = dataclasses.replace(spec.limits, **case.changed_limits)
        specs.setdefault(case.limits, dataclasses.replace(spec, limits=limits))
    in_order = sorted(CASES.items(), key=lambda item: (item[1].limits, item[0]), reverse=True)
    cases = [(name, case) for name, case in in_order if has_walls or case.needs != "walls"]

    def tasks():
        for name, case in cases:
            files = {file: text.encode() for file, text in case.files.items()}
            yield Task((name, CHAPTER), handed_in(case, released), specs[case.limits], files)
        changed = {limits: with_other_secrets(one) for limits, one in specs.items()}
        for name, case in cases:
            if case.group in CURIOUS:
                yield Task((name, "with other secrets"), handed_in(case, released), changed[case.limits])

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_SECRET_TOKEN", str(SECRETS[0]))
        before = traces()
        with Watcher() as watcher, Pool(2, isolation="auto" if has_walls else "process") as pool:
            results = collections.defaultdict(list)
            others = {}
            for result in pool.map(tasks()):
                if result.key[1] == CHAPTER:
                    results[result.key[0]].append(result)
                else:
                    others[result.key[0]] = result
    deadline = time.monotonic() + 5
    while watcher.alive() and time.monotonic() < deadline:
        time.sleep(0.05)
    max_scores = {cell.name: cell.points for cell in spec.cells if cell.is_grade}
    return Batch(dict(results), others, max_scores, has_walls, root, before, traces(), watcher.alive())


@pytest.fixture
def graded(zoo, case):
    """What became of one case."""
    if case.needs == "walls" and not zoo.has_walls:
        pytest.skip("there is no sandbox here")
    (result,) = zoo.results[str(case)]
    assert result.graded is not None, result.error
    return result.graded


each_case = pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])


@each_case
def test_points(zoo, case, graded):
    """Exactly the points that the case names are earned, and every grade cell has its verdict."""
    assert graded.not_graded == ""
    expected = case.points(zoo.max_scores)
    scores = {verdict.grade_id: verdict.score for verdict in graded.verdicts}
    assert set(scores) == set(expected)
    assert {name: score for name, score in scores.items() if name not in case.maybe.split()} == {
        name: score for name, score in expected.items() if name not in case.maybe.split()
    }
    outcomes = {verdict.grade_id: verdict.outcome for verdict in graded.verdicts}
    for word in case.stopped.split():
        name, _, outcome = word.partition("=")
        assert outcomes[name] is Outcome(outcome)


@each_case
def test_what_a_student_may_read(zoo, case, graded):
    """Nothing of a hidden test, nothing of this machine; what the case asks for; and a notebook that can be opened."""
    texts = readable(graded)
    assert leaks(texts) == []
    everything = "\n".join(texts)
    for words in case.shows:
        assert words in everything
    for words in (*case.never, str(zoo.root), str(Path(zoo_course.__file__).parent.parent), "ZOO_SECRET_TOKEN"):
        assert words not in everything
    assert len(everything) < 40_000_000
    nbformat.validate(nbformat.from_dict(graded.notebook))
    "\n".join(texts).encode()


@pytest.fixture(scope="module")
def shop(zoo):
    """The chapter as feedback sees it."""
    assignment = load_assignment(load_config(zoo.root), CHAPTER)
    sources = {cell.name: cell.source for cell in assignment.cells if cell.is_grade}
    return feedback.Chapter(CHAPTER, "The shop", "Zoo", HiddenTests.of(assignment), sources, {})


@each_case
def test_the_page_that_a_student_gets(case, graded, shop):
    """Nothing of a hidden test in its HTML or its text, nothing that runs, valid, and not too large."""
    at = datetime.datetime(2026, 10, 5, tzinfo=datetime.UTC)
    row = SubmissionRow("ada", CHAPTER, graded.score, 0, None, 0, 0, 9, repairs=graded.repairs, graded_at=at)
    verdicts = [
        VerdictRow("ada", CHAPTER, v.grade_id, v.outcome, v.score, None, None, v.max_score, False, v.message, v.detail)
        for v in graded.verdicts
    ]
    page = feedback_text(feedback.feedback_of(shop, row, verdicts, [], graded.notebook))
    text = html.unescape(re.sub(r"<[^>]*>", "", page))
    cells = [cell for cell in graded.notebook["cells"] if not cell["metadata"].get("nbgrader", {}).get("grade")]
    own = {line.strip() for cell in cells for line in cell["source"].split("\n")}
    for line in sorted(own, key=len, reverse=True):  # a case that knows what it looks for has told us itself
        text = text.replace(line, "")
    assert leaks(text.splitlines()) == []
    assert len(page) < 2_000_000
    for element in html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page).iter():
        assert element.tag not in ("script", "iframe", "object", "embed", "form", "base", "link")
        assert not [name for name in element.attrib if name.startswith("on") or name == "style"]
        assert not element.get("href", "#").startswith(("javascript", "data", "file"))


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items() if case.group in CURIOUS])
def test_what_is_read_does_not_depend_on_secrets(zoo, case, graded):
    """With other numbers in the hidden tests, a student would read the same: no text, no count, no silence tells."""
    other = zoo.others[str(case)].graded
    assert other is not None
    assert face(other) == face(graded)


def test_nothing_is_left_behind(zoo):
    """No process, no file, no mount, no socket, no descriptor, when the pool has closed."""
    assert zoo.left == []
    assert zoo.after == zoo.before


def test_the_batch_is_finished(zoo):
    """One result for each hand-in, whatever its neighbours did."""
    expected = {name for name, case in CASES.items() if zoo.has_walls or case.needs != "walls"}
    assert set(zoo.results) == expected
    assert {name for name, results in zoo.results.items() if len(results) != 1} == set()


# --- the zoo itself ---


def test_the_zoo_is_large_enough():
    """A cheat that nobody has thought of is stopped by what stops many, not a few."""
    assert len(CASES) >= 180
    assert len({case.group for case in CASES.values()}) >= 10


@pytest.mark.parametrize(
    "text",
    [
        f"got {SECRETS[0]}",
        f"got {SECRETS[1]:,}",
        str(SECRETS[2])[::-1],
        hex(SECRETS[3]),
        "\n".join(str(SECRETS[0])),
        "ODI0MTk3Mw==",
        'assert all(map(is_right, [[8241973, 0.25], [5170263, 1, 7304518]])), "several lists"',
    ],
)
def test_a_leak_would_be_noticed(text):
    """The alarm rings for a secret in each of its guises."""
    assert leaks(["harmless", text])


def test_public_text_is_no_leak():
    """What the course itself publishes may be shown."""
    assert leaks([zoo_course.BASICS, "assert total([1, 2, 3]) == 6", *zoo_course.SOLVED.values()]) == []


def test_a_case_with_a_misspelt_field_is_refused(tmp_path):
    """A field that nobody reads would be an expectation that nobody checks."""
    path = tmp_path / "case.py"
    path.write_text("# Something.\n# earns: all\n# show: this\n# %%\npass\n")
    with pytest.raises(AssertionError, match="show"):
        read_case(path)
