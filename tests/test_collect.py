"""``grader collect``: whose, which chapter, when; every version kept, the latest counts, nothing lost."""

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from small_course import EXPLAINED, SOLVED, answered, hand_in
from uploads import METADATA, ROSTER, exchange_handin, make_zip, with_exact_time

from grader.cli.main import main
from grader.gradebook.store import open_gradebook


def run(config, *words, code=0):
    """Run ``grader`` in the course."""
    result = CliRunner().invoke(main, ["--course", str(config.root), *map(str, words)])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def collect(config, *words, code=0):
    """Run ``grader collect --json``; what it answers."""
    return json.loads(run(config, "collect", *words, "--json", code=code).stdout)


@pytest.fixture
def classroom(generated, tmp_path):
    """The small course with ada, kurt and bob in it."""
    (tmp_path / "roster.csv").write_text(ROSTER)
    run(generated, "students", "import", tmp_path / "roster.csv")
    return generated


def submitted(config, student, chapter="01_add"):
    """The notebook that counts."""
    return config.layout.submitted_notebook(student, chapter).read_bytes()


def stamp(config, student, chapter="01_add"):
    """What nbgrader reads as the time of the hand-in."""
    return (config.layout.submitted_dir(student, chapter) / "timestamp.txt").read_text().strip()


def reasons(answer):
    """Why things were set aside."""
    return [item["reason"] for item in answer["handins"] if item["status"] == "set aside"]


def everything(config):
    """All files of hand-ins, and all receipts."""
    roots = (config.layout.submitted_root, config.layout.collected_root)
    files = {path: path.read_bytes() for root in roots for path in root.rglob("*") if path.is_file()}
    with open_gradebook(config) as store:
        return files, store.receipts()


@pytest.fixture
def good(generated):
    """A notebook that is right."""
    return answered(generated, {**SOLVED, **EXPLAINED})


@pytest.fixture
def other(generated):
    """Another notebook of the same chapter."""
    return answered(generated, {"add": "def add(a, b):\n    return 0"})


# --- the sources ---


def test_canvas(classroom, tmp_path, good, other):
    """By user id; LATE tells that it was late, its absence that it was not: the zip has the time of the download."""
    path = tmp_path / "submissions.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {
            "lovelaceada_4711_99801_01_add.ipynb": good,
            "gdelkurt_LATE_4712_99802_01_add-2.ipynb": other,
            "obriensmithbob_4713_99803_01_add.ipynb": other,
            "obriensmithbob_4713_99805_01_add-1.ipynb": good,
        }.items():
            archive.writestr(with_exact_time(name, datetime(2026, 10, 7, 8, 0, tzinfo=UTC)), data)
    answer = collect(classroom, path)
    assert answer["counts"]["collected"] == 4
    assert (submitted(classroom, "ada"), submitted(classroom, "kurt"), submitted(classroom, "bob")) == (
        good,
        other,
        good,
    )
    assert stamp(classroom, "ada") == "2026-10-05 23:59:00.000000 UTC"  # not late, so not after it was due
    assert stamp(classroom, "kurt") == "2026-10-07 08:00:00.000000 UTC"
    receipts = [item["receipt"] for item in answer["handins"] if item["receipt"]["student_id"] == "bob"]
    assert [(receipt["version"], receipt["file_name"]) for receipt in receipts] == [
        (1, "01_add.ipynb"),
        (2, "01_add-1.ipynb"),
    ]
    assert receipts[1]["sha256"] == hashlib.sha256(good).hexdigest()


def test_canvas_without_numbers_in_the_roster(generated, tmp_path, good):
    """Then the name decides, accents and signs aside; of anonymous grading nobody knows."""
    run(generated, "students", "add", "kurt", "--first-name", "Kurt", "--last-name", "Gödel")
    path = make_zip(tmp_path / "s.zip", {"gödelkurt_4712_1_01_add.ipynb": good, "anon_x7_2_01_add.ipynb": good})
    answer = collect(generated, path, code=1)
    assert submitted(generated, "kurt") == good
    assert len(reasons(answer)) == 1


@pytest.mark.parametrize(
    "pattern",
    [
        "{}_31337_assignsubmission_file/01_add.ipynb",
        "{}_31337_assignsubmission_file_/01_add.ipynb",
        "{}_31337_assignsubmission_file_01_add.ipynb",
        "CS101-Homework-77/{}_31337_assignsubmission_file/work/01_add.ipynb",
    ],
)
def test_moodle(classroom, tmp_path, good, pattern):
    """With and without folders, older and newer versions; the number is nobody's LMS id."""
    files = {pattern.format(name): good for name in ("Ada Lovelace", "Kurt Gödel", "Bob O'Brien-Smith")}
    collect(classroom, make_zip(tmp_path / "m.zip", files, "2026-10-05 21:14:00"), "--timezone", "Europe/Berlin")
    for student in ("ada", "kurt", "bob"):
        assert submitted(classroom, student) == good
        assert stamp(classroom, student) == "2026-10-05 19:14:00.000000 UTC"


def test_moodle_names_that_no_flag_marks_as_utf8(classroom, tmp_path, good):
    """Many programs write them so."""
    path = make_zip(tmp_path / "n.zip", {"Kurt G??del_1_assignsubmission_file_01_add.ipynb": good})
    path.write_bytes(path.read_bytes().replace(b"G??del", "Gödel".encode()))
    collect(classroom, path)
    assert submitted(classroom, "kurt") == good


def test_moodles_grading_worksheet_says_when(classroom, tmp_path, good):
    """The zip's own time stamps may be those of the download."""
    table = (
        "Identifier,Full name,Email address,Last modified (submission)\n"
        'Participant 1,Ada Lovelace,ada@example.org,"Monday, 5 October 2026, 11:14 PM"\n'
        "Participant 2,Kurt Gödel,kurt@example.org,-\n"
    )
    (tmp_path / "w.csv").write_text(table)
    path = make_zip(
        tmp_path / "m.zip", {"Ada Lovelace_1_assignsubmission_file/01_add.ipynb": good}, "2026-11-01 00:00:00"
    )
    collect(classroom, path)
    assert stamp(classroom, "ada").startswith("2026-11-01")
    collect(classroom, path, "--times", tmp_path / "w.csv", "--timezone", "Europe/Berlin")
    assert stamp(classroom, "ada") == "2026-10-05 21:14:00.000000 UTC"
    assert collect(classroom, path)["counts"]["unchanged"] == 1
    assert stamp(classroom, "ada") == "2026-10-05 21:14:00.000000 UTC"


def test_gradescope(classroom, tmp_path, good):
    """Who, when and which attempt stand in its metadata; a group's work is each one's."""
    files = {
        "assignment_1_export/submission_metadata.yml": METADATA,
        "assignment_1_export/submission_42/01_add.ipynb": good,
        "assignment_1_export/submission_42/data/notes.txt": "mine",
        "assignment_1_export/submission_42/timestamp.txt": "2001-01-01 00:00:00 UTC",
        "assignment_1_export/submission_43/01_add.ipynb": good,
    }
    answer = collect(classroom, make_zip(tmp_path / "g.zip", files), code=1)
    for student in ("ada", "kurt"):
        assert stamp(classroom, student) == "2026-10-06 10:00:00.123456 UTC"
        assert (classroom.layout.submitted_dir(student, "01_add") / "data" / "notes.txt").read_text() == "mine"
    assert answer["handins"][-1]["receipt"]["attempt"] == "2"
    assert reasons(answer) == ["submission_metadata.yml does not say whose it is."]


def test_gradescope_metadata_that_cannot_be_read(classroom, tmp_path, good):
    """A bomb of aliases, a tag that would run code, no mapping."""
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"b{n}: &b{n} [*a,*a,*a,*a]\n" for n in range(9))
    for text, told in (
        (bomb, ""),
        ("!!python/object/apply:os.system ['true']", "cannot be read"),
        ("- 1", "does not say"),
    ):
        files = {"submission_metadata.yml": text, "submission_42/01_add.ipynb": good}
        assert told in run(classroom, "collect", make_zip(tmp_path / "g.zip", files), code=1).output


def test_the_exchange(classroom, tmp_path, good, other):
    """All versions, by the time in the folder's name; timestamp.txt inside is the student's own file."""
    root = tmp_path / "exchange"
    exchange_handin(root, "small", "ada+01_add+2026-10-05 12:00:00.000000 UTC", other)
    exchange_handin(root, "small", "ada+01_add+2026-10-06 12:00:00.250000 UTC+Yx3-_a=", good)
    exchange_handin(root, "small", "kurt+09_no+2026-10-05 12:00:00.000000 UTC", good)
    exchange_handin(root, "small", "eve+01_add+2026-10-05 12:00:00.000000 UTC", good)
    (root / "small" / "inbound" / "junk").mkdir()
    answer = collect(classroom, root, code=1)
    assert submitted(classroom, "ada") == good
    assert stamp(classroom, "ada") == "2026-10-06 12:00:00.250000 UTC"
    assert (
        classroom.layout.submitted_dir("ada", "01_add") / "submission_secret.txt"
    ).is_file()  # nbgrader's feedback needs it
    assert len(reasons(answer)) == 3
    assert not (classroom.layout.submitted_root / "eve").exists()
    config = classroom.layout.config_file
    config.write_text(config.read_text() + f"\nc.Exchange.root = {str(root)!r}\n")
    assert collect(classroom, "--exchange", code=1)["counts"]["unchanged"] == 2


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give files away")
def test_a_time_that_a_student_chose_does_not_count(classroom, tmp_path, good):
    """Students own what they hand in, and can rename it; the file system's last change they cannot set."""
    folder = exchange_handin(tmp_path / "x", "small", "ada+01_add+2020-01-01 12:00:00.000000 UTC", good)
    for path in (folder, *folder.iterdir()):
        os.chown(path, 12345, -1)
    answer = collect(classroom, tmp_path / "x")
    assert (
        abs(datetime.fromisoformat(answer["handins"][0]["receipt"]["received_at"]) - datetime.now(UTC)).total_seconds()
        < 600
    )
    assert "they count" in answer["handins"][0]["warnings"][0]


@pytest.mark.parametrize(
    "names",
    [
        "{}/01_add/01_add.ipynb",
        "01_add/{}/01_add.ipynb",
        "01_add/{}.ipynb",
        "{}/my work.ipynb",
        "{}_01_add.ipynb",
        "01_add-{}.ipynb",
        "{}.ipynb",
        "all of them/{}/01_add (1).ipynb",
    ],
)
@pytest.mark.parametrize("as_zip", [False, True])
def test_folders(classroom, tmp_path, good, names, as_zip):
    """By a student's folder or a file's name, in a folder or a zip of one; the contents tell the chapter if nothing does."""
    when = datetime(2026, 10, 4, 3, 2, 2, tzinfo=UTC)
    if as_zip:
        source = make_zip(
            tmp_path / "f.zip", {names.format(who): good for who in ("ada", "kurt")}, "2026-10-04 03:02:02"
        )
    else:
        source = tmp_path / "folder"
        for who in ("ada", "kurt"):
            path = source / names.format(who)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(good)
            os.utime(path, (when.timestamp(), when.timestamp()))
    collect(classroom, source)
    for who in ("ada", "kurt"):
        assert submitted(classroom, who) == good
        assert stamp(classroom, who) == "2026-10-04 03:02:02.000000 UTC"


def test_starter_files_are_merged_into_the_notebook(classroom, tmp_path):
    """Cell by cell, with the student's own cells at their place; the grade is the notebook's."""
    text = (classroom.layout.release_dir("01_add") / "01_add.py").read_text()
    text = text.replace('raise NotImplementedError("add: your code here")', "return a + b")
    text = text.replace("# %% test_add", "# %%\nhelper = add(1, 1)\n\n# %% test_add")
    text = text.replace("assert add(1, 2) == 3", "assert True")
    (tmp_path / "01_add.py").write_text(text)
    collect(classroom, tmp_path / "01_add.py", "--student", "ada", "--received", "2026-10-05 10:00 UTC")
    cells = json.loads(submitted(classroom, "ada"))["cells"]
    named = {
        cell["metadata"].get("nbgrader", {}).get("grade_id", cell["id"]): "".join(cell["source"]) for cell in cells
    }
    assert named["add"].endswith("return a + b")
    assert "NotImplementedError" in named["twice"]
    assert "assert add(1, 2) == 3" in named["test_add"]
    order = list(named)
    assert (
        order.index("add")
        < order.index(next(k for k in named if named[k] == "helper = add(1, 1)"))
        < order.index("test_add")
    )
    assert (classroom.layout.submitted_dir("ada", "01_add") / "01_add.py").read_text() == text
    run(classroom, "autograde", "--isolation", "process")
    with open_gradebook(classroom) as store:
        assert [row.score for row in store.scores()] == [2.0]


def test_a_zip_that_a_student_handed_in_is_looked_into(classroom, tmp_path, good):
    """One level deep: the chapter's folder, packed."""
    inner = make_zip(tmp_path / "i.zip", {"01_add/01_add.ipynb": good, "01_add/notes.txt": "mine"})
    collect(classroom, make_zip(tmp_path / "c.zip", {"lovelaceada_4711_9_01_add.zip": inner.read_bytes()}))
    assert submitted(classroom, "ada") == good


# --- versions ---


def test_the_latest_version_counts_whatever_the_order_of_collecting(classroom, tmp_path, good, other):
    """And all are kept, with their receipts."""
    old = make_zip(tmp_path / "a.zip", {"ada/01_add.ipynb": other}, "2026-10-01 10:00:00")
    new = make_zip(tmp_path / "b.zip", {"ada/01_add.ipynb": good}, "2026-10-02 10:00:00")
    collect(classroom, new)
    assert collect(classroom, old)["counts"]["kept"] == 1
    assert submitted(classroom, "ada") == good
    kept = {path.read_bytes() for path in classroom.layout.collected_dir("ada", "01_add").glob("*/files/01_add.ipynb")}
    assert kept == {good, other}
    receipts = json.loads(run(classroom, "collect", "--receipts", "--student", "ada", "--json").stdout)["receipts"]
    assert [(r["version"], r["is_current"], r["received_at"]) for r in receipts] == [
        (1, True, "2026-10-02T10:00:00+00:00"),
        (2, False, "2026-10-01T10:00:00+00:00"),
    ]


def test_the_same_work_again_keeps_its_earlier_time(classroom, tmp_path, good):
    """A student who hands in the same twice is not late by it; nor by a later download."""
    for when in ("2026-10-01 10:00:00", "2026-11-01 10:00:00"):
        collect(classroom, make_zip(tmp_path / "a.zip", {"ada/01_add.ipynb": good}, when))
    assert stamp(classroom, "ada").startswith("2026-10-01 10:00:00")


def test_going_back_to_an_earlier_version_is_a_new_one(classroom, tmp_path, good, other):
    """What was handed in last counts."""
    for day, work in enumerate((good, other, good), start=1):
        collect(classroom, make_zip(tmp_path / f"{day}.zip", {"ada/01_add.ipynb": work}, f"2026-10-0{day} 10:00:00"))
    assert submitted(classroom, "ada") == good
    assert stamp(classroom, "ada").startswith("2026-10-03")
    before = everything(classroom)
    collect(classroom, *(tmp_path / f"{day}.zip" for day in (1, 2, 3)))
    assert everything(classroom) == before


def test_what_was_in_submitted_before_is_kept(classroom, tmp_path, good, other):
    """Put there by nbgrader's collect, or changed by hand since."""
    hand_in(classroom, "ada", notebook=other, timestamp="2026-10-01 10:00:00 UTC")
    collect(classroom, make_zip(tmp_path / "a.zip", {"ada/01_add.ipynb": good}, "2026-10-02 10:00:00"))
    assert submitted(classroom, "ada") == good
    classroom.layout.submitted_notebook("ada", "01_add").write_bytes(good + b"\n\n")
    collect(classroom, make_zip(tmp_path / "b.zip", {"ada/01_add.ipynb": other + b" "}, "2026-10-03 10:00:00"))
    kept = {path.read_bytes() for path in classroom.layout.collected_dir("ada", "01_add").rglob("01_add.ipynb")}
    assert kept == {other, good, good + b"\n\n", other + b" "}


def test_grading_takes_the_time_from_the_receipt(classroom, tmp_path, good):
    """A timestamp.txt that came with the work, or was put there since to look earlier, counts for nothing."""
    files = {"ada/01_add.ipynb": good, "ada/timestamp.txt": "2001-01-01 00:00:00 UTC"}
    collect(classroom, make_zip(tmp_path / "a.zip", files, "2026-10-06 10:00:00"))
    for text in (None, "2001-01-01 00:00:00 UTC"):
        if text:
            (classroom.layout.submitted_dir("ada", "01_add") / "timestamp.txt").write_text(text)
        run(classroom, "autograde", "--isolation", "process", "--force")
        with open_gradebook(classroom) as store:
            assert [row.timestamp for row in store.scores()] == [datetime(2026, 10, 6, 10, 0, tzinfo=UTC)]
        assert (classroom.layout.autograded_dir("ada", "01_add") / "timestamp.txt").read_text().startswith("2026-10-06")


def test_regrading_takes_the_time_from_the_receipt(classroom, tmp_path, good):
    """As grading does: what stands in submitted/ since then makes nobody's work an earlier one."""
    collect(classroom, make_zip(tmp_path / "a.zip", {"ada/01_add.ipynb": good}, "2026-10-06 10:00:00"))
    run(classroom, "autograde", "--isolation", "process")
    (classroom.layout.submitted_dir("ada", "01_add") / "timestamp.txt").write_text("2001-01-01 00:00:00 UTC")
    run(classroom, "regrade", "01_add", "--isolation", "process", "--force", "--yes")
    with open_gradebook(classroom) as store:
        assert [row.timestamp for row in store.scores()] == [datetime(2026, 10, 6, 10, 0, tzinfo=UTC)]
    assert (classroom.layout.autograded_dir("ada", "01_add") / "timestamp.txt").read_text().startswith("2026-10-06")


# --- what cannot be collected ---


def test_hostile_entries_are_named_and_the_rest_is_collected(classroom, tmp_path, good):
    """Out of the zip, links, devices, a bomb, a name twice, a password, a damaged entry: each by name, none on disk."""
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada/01_add.ipynb", good)
        for name in ("../../../evil.ipynb", "/etc/evil.ipynb", "C:\\evil.ipynb", "kurt/..\\..\\evil.ipynb"):
            archive.writestr(name, good)
        for kind, name in ((stat.S_IFLNK, "kurt/01_add.ipynb"), (stat.S_IFIFO, "bob/01_add.ipynb")):
            info = zipfile.ZipInfo(name)
            info.external_attr = (kind | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
        archive.writestr("bob/01_add/01_add.ipynb", b"0" * (64 << 20))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("ada/01_add.ipynb", b"another")
    answer = collect(classroom, path, code=1)
    assert submitted(classroom, "ada") == good
    assert answer["counts"] == {"collected": 1, "kept": 0, "unchanged": 0, "set aside": 8}
    told = " ".join(reasons(answer))
    for word in ("leads out", "a link", "not a regular file", "zip bomb", "two files of this name"):
        assert word in told
    assert not list(tmp_path.rglob("*evil.ipynb"))
    assert classroom.layout.students() == ["ada"]


def test_one_students_file_names_decide_nothing_for_the_others(classroom, tmp_path, good, other):
    """Nor for whose it is: the LMS's own part of the name comes first."""
    moodle = {
        "Ada Lovelace_1_assignsubmission_file/Kurt Gödel_2_assignsubmission_file/01_add.ipynb": other,
        "Ada Lovelace_1_assignsubmission_file/submission_metadata.yml": METADATA,
        "Ada Lovelace_1_assignsubmission_file/submission_42/01_add.ipynb": other,
        "Kurt Gödel_2_assignsubmission_file/01_add.ipynb": good,
    }
    collect(classroom, make_zip(tmp_path / "m.zip", moodle))
    assert (submitted(classroom, "kurt"), submitted(classroom, "ada")) == (good, other)
    canvas = {
        "obriensmithbob_4713_5_gdelkurt_4712_9_01_add.ipynb": other,
        "gdelkurt_4712_4_01_add.ipynb": good,
    }
    collect(classroom, make_zip(tmp_path / "c.zip", canvas))
    assert (submitted(classroom, "kurt"), submitted(classroom, "bob")) == (good, other)
    folder = {
        "ada/kurt/01_add.ipynb": other + b" ",
        "ada/submission_metadata.yml": METADATA,
        "ada/submission_42/x": "x",
    }
    collect(classroom, make_zip(tmp_path / "f.zip", folder, "2026-12-01 00:00:00"))
    assert (submitted(classroom, "kurt"), submitted(classroom, "ada")) == (good, other + b" ")


def test_a_flood_of_notebooks_is_bounded(classroom, tmp_path, other):
    """One student's zip of thousands; the rest of the class is collected."""
    files = {f"ada/{n}.ipynb": b"{}" for n in range(2000)} | {"kurt/01_add.ipynb": other}
    collect(classroom, make_zip(tmp_path / "a.zip", files), code=1)
    assert submitted(classroom, "kurt") == other


def test_links_and_pipes_in_folders_are_not_followed(classroom, tmp_path, good):
    """A link would read a file of the grader's, a pipe would wait for ever."""
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(good)
    (tmp_path / "f" / "ada").mkdir(parents=True)
    (tmp_path / "f" / "ada" / "01_add.ipynb").symlink_to(secret)
    (tmp_path / "f" / "kurt").symlink_to(tmp_path)
    (tmp_path / "f" / "bob").mkdir()
    os.mkfifo(tmp_path / "f" / "bob" / "01_add.ipynb")
    answer = collect(classroom, tmp_path / "f", code=1)
    assert answer["counts"]["set aside"] == 3
    assert sorted(reason.partition(";")[0] for reason in reasons(answer)) == [
        "it is a link",
        "it is a link",
        "it is not a regular file.",
    ]
    assert classroom.layout.students() == []


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("ada/01_add.ipynb", b"I am an essay, not a notebook.", "not a notebook"),
        ("ada/01_add.ipynb", b"", "not a notebook"),
        ("ada/01_add.ipynb", b"PK\x03\x04 zipped", "not a notebook"),
        ("ada/report.pdf", b"%PDF-1.7", "not a notebook"),
        ("mallory/01_add.ipynb", None, "not in the roster"),
        ("ada/02_mean.ipynb", None, "its cells are those of 01_add"),
    ],
)
def test_what_is_set_aside_is_kept_and_overwrites_nothing(classroom, tmp_path, good, name, content, told):
    """What was collected before still counts."""
    collect(classroom, make_zip(tmp_path / "a.zip", {"ada/01_add.ipynb": good}, "2026-10-01 10:00:00"))
    content = good + b" " if content is None else content
    path = make_zip(tmp_path / "b.zip", {name: content}, "2026-10-02 10:00:00")
    answer = collect(classroom, path, code=1)
    assert told in reasons(answer)[0]
    assert answer["errors"][0]["place"].startswith("b.zip/")
    assert submitted(classroom, "ada") == good
    assert [p.read_bytes() for p in classroom.layout.aside_root.iterdir()] == [content]
    before = everything(classroom)
    collect(classroom, path, code=1)
    assert everything(classroom) == before


def test_a_damaged_notebook_is_a_hand_in_unless_a_better_one_is_there(classroom, tmp_path, good):
    """It has a student and a time, so it is shown as not graded, not as missing."""
    damaged = b'{"cells": 17, "nbformat": 4, '
    collect(
        classroom,
        make_zip(tmp_path / "a.zip", {"ada/01_add.ipynb": damaged, "kurt/01_add.ipynb": good}, "2026-10-01 10:00:00"),
    )
    assert submitted(classroom, "ada") == damaged
    later = make_zip(
        tmp_path / "b.zip", {"ada/01_add.ipynb": good, "kurt/01_add.ipynb": damaged}, "2026-10-02 10:00:00"
    )
    collect(classroom, later, code=1)
    assert (submitted(classroom, "ada"), submitted(classroom, "kurt")) == (good, good)


def test_a_student_who_becomes_known_is_collected_the_next_time(classroom, tmp_path, good):
    """By the same command; nothing set aside is left."""
    path = make_zip(tmp_path / "a.zip", {"hoppergrace_7_1_01_add.ipynb": good})
    assert "students add" in run(classroom, "collect", path, code=1).stderr
    run(classroom, "students", "add", "grace", "--first-name", "Grace", "--last-name", "Hopper")
    collect(classroom, path)
    assert submitted(classroom, "grace") == good
    with open_gradebook(classroom) as store:
        assert not [receipt for receipt in store.receipts() if receipt.problem]


def test_a_course_without_a_roster_takes_what_nbgrader_takes(generated, tmp_path, good):
    """Ids as the folders say them, if they can be ids."""
    collect(generated, make_zip(tmp_path / "a.zip", {"someone/01_add.ipynb": good}))
    assert submitted(generated, "someone") == good
    hidden = make_zip(tmp_path / "b.zip", {".someone/01_add.ipynb": good})
    assert reasons(collect(generated, hidden, code=1))


def test_two_students_of_one_name_are_not_guessed(classroom, tmp_path, good):
    """They are named both."""
    for student in ("li1", "li2"):
        run(classroom, "students", "add", student, "--first-name", "An", "--last-name", "Li")
    path = make_zip(tmp_path / "a.zip", {"An Li_5_assignsubmission_file/01_add.ipynb": good})
    assert "li1, li2" in reasons(collect(classroom, path, code=1))[0]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["nothing.zip"], 2, "no such file"),
        ([], 2, "name a zip"),
        (["roster.csv"], 2, "nothing that can be collected"),
        (["broken.zip"], 1, "no zip that can be read"),
        (["broken.zip", "--chapter", "01_ad"], 2, "Did you mean"),
        (["good.zip", "--student", "adda"], 2, "Did you mean 'ada'"),
        (["good.zip", "--received", "yesterday"], 2, "--received"),
        (["good.zip", "--timezone", "Mars/Olympus"], 2, "no time zone"),
        (["good.zip", "--times", "roster.csv"], 1, "no column of times"),
        (["good.zip", "--from", "exchange"], 2, "no nbgrader exchange"),
        (["--exchange"], 2, "inbound"),
    ],
)
def test_bad_input_is_one_line_and_changes_nothing(classroom, tmp_path, good, words, code, told):
    """What, where and what to do."""
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    make_zip(tmp_path / "good.zip", {"ada/01_add.ipynb": good})
    words = [tmp_path / word if word.endswith((".zip", ".csv")) else word for word in words]
    assert told in run(classroom, "collect", *words, code=code).stderr
    if code:
        assert not classroom.layout.submitted_root.exists()


def test_one_broken_source_does_not_stop_the_others(classroom, tmp_path, good):
    """It is named, and the exit code says that not all was done."""
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    make_zip(tmp_path / "good.zip", {"ada/01_add.ipynb": good})
    answer = collect(classroom, tmp_path / "broken.zip", tmp_path / "good.zip", code=1)
    assert submitted(classroom, "ada") == good
    assert answer["errors"][0]["place"] == "broken.zip"


def test_dry_run_writes_nothing(classroom, tmp_path, good):
    """And says what would come."""
    answer = collect(classroom, make_zip(tmp_path / "a.zip", {"ada/01_add.ipynb": good}), "--dry-run")
    assert answer["counts"]["collected"] == 1
    assert everything(classroom) == ({}, [])


# --- interruptions ---


def test_two_hundred_submissions_twice(generated, tmp_path, good):
    """The second time changes no file and no row."""
    roster = "id,first_name,last_name,lms_user_id\n" + "".join(
        f"s{n},First{n},Last{n},{7000 + n}\n" for n in range(200)
    )
    (tmp_path / "r.csv").write_text(roster)
    run(generated, "students", "import", tmp_path / "r.csv")
    files = {f"last{n}first{n}_{7000 + n}_{9000 + n}_01_add.ipynb": good + b" " * n for n in range(200)}
    path = make_zip(tmp_path / "submissions.zip", files)
    assert collect(generated, path)["counts"]["collected"] == 200
    before = everything(generated)
    assert collect(generated, path)["counts"] == {"collected": 0, "kept": 0, "unchanged": 200, "set aside": 0}
    assert everything(generated) == before
    assert submitted(generated, "s199") == good + b" " * 199


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_at_any_moment_and_run_again(classroom, tmp_path, good, other, how):
    """Every folder is whole or not there, what counted before still does, and a rerun ends as if nothing had been."""
    old = {f"{who}/01_add.ipynb": other for who in ("ada", "kurt", "bob")}
    collect(classroom, make_zip(tmp_path / "old.zip", old, "2026-10-01 10:00:00"))
    new = {f"{who}/01_add.ipynb": good for who in ("ada", "kurt", "bob")}
    path = make_zip(tmp_path / "new.zip", new, "2026-10-02 10:00:00")
    for point in ("write_folder", "replace_folder", "write_receipts"):
        for when in ("before", "after"):
            code = _DIE.format(point=point, when=when, signal=int(how), course=str(classroom.root), path=str(path))
            result = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
            )
            assert result.returncode != 0, result.stdout
            assert "Traceback" not in result.stderr
            for who in ("ada", "kurt", "bob"):
                assert submitted(classroom, who) in (other, good), (point, when)
    collect(classroom, path)
    files, receipts = everything(classroom)
    assert all(submitted(classroom, who) == good for who in ("ada", "kurt", "bob"))
    assert [(r.student_id, r.version, r.is_current) for r in receipts] == [
        (who, version, version == 2) for who in ("ada", "bob", "kurt") for version in (1, 2)
    ]
    assert not [file for file in files if ".grader-" in str(file)]


_DIE = """
import os, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs the tests may have started them without
from grader.cli.main import main
from grader.gradebook import collecting, store
home = store.Store if {point!r} == "write_receipts" else collecting
real = getattr(home, {point!r})
def dying(*args, **more):
    if {when!r} == "after":
        real(*args, **more)
    os.kill(os.getpid(), {signal})
    time.sleep(5)
setattr(home, {point!r}, dying)
main(["--course", {course!r}, "collect", {path!r}])
"""


def test_a_folder_that_was_moved_aside_is_put_back(classroom, tmp_path, other):
    """Killed between two renames, submitted/ lacks the folder until the next run, whatever that collects."""
    collect(classroom, make_zip(tmp_path / "a.zip", {"ada/01_add.ipynb": other}))
    folder = classroom.layout.submitted_dir("ada", "01_add")
    folder.rename(folder.parent / ".grader-old-01_add")
    (folder.parent / ".grader-new-0123").mkdir()
    collect(classroom, make_zip(tmp_path / "b.zip", {"kurt/01_add.ipynb": other}))
    assert submitted(classroom, "ada") == other
    assert [path.name for path in folder.parent.iterdir()] == ["01_add"]


def test_a_full_disk_loses_nothing(classroom, tmp_path, good, other, monkeypatch):
    """One line, and what counted still does."""
    from grader.gradebook import keeping

    collect(classroom, make_zip(tmp_path / "a.zip", {"ada/01_add.ipynb": other}, "2026-10-01 10:00:00"))
    before = everything(classroom)
    real = keeping._write_synced

    def full(path, content):
        if path.name == "01_add.ipynb" and "submitted" in path.parts:
            raise OSError(28, "No space left on device", str(path))
        real(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(keeping, "_write_synced", full)
        path = make_zip(tmp_path / "b.zip", {"ada/01_add.ipynb": good}, "2026-10-02 10:00:00")
        assert "No space left" in run(classroom, "collect", path, code=1).stderr
    assert submitted(classroom, "ada") == other
    assert everything(classroom)[1] == before[1]
    collect(classroom, path)
    assert submitted(classroom, "ada") == good


def test_a_locked_gradebook_is_one_line_and_a_rerun_ends_it(classroom, tmp_path, good, monkeypatch):
    """Another program writes to it."""
    import sqlite3

    path = make_zip(tmp_path / "a.zip", {"ada/01_add.ipynb": good})
    monkeypatch.setitem(open_gradebook.__wrapped__.__kwdefaults__, "busy_s", 0.1)
    with sqlite3.connect(classroom.layout.gradebook_path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "another program" in run(classroom, "collect", path, code=1).stderr
        other.execute("ROLLBACK")
    other.close()
    collect(classroom, path)
    assert submitted(classroom, "ada") == good


def test_two_collects_at_once_are_refused(classroom, tmp_path, good):
    """They would put each other's versions in place."""
    from grader.gradebook.keeping import collect_lock

    with collect_lock(classroom.layout):
        path = make_zip(tmp_path / "a.zip", {"ada/01_add.ipynb": good})
        assert "another grader collect" in run(classroom, "collect", path, code=1).stderr


def test_time_of_collecting_is_kept_too(classroom, tmp_path, good):
    """A receipt says when it was handed in and when it was collected."""
    before = time.time()
    receipt = collect(classroom, make_zip(tmp_path / "a.zip", {"ada/01_add.ipynb": good}))["handins"][0]["receipt"]
    with open_gradebook(classroom) as store:
        assert before - 1 <= store.receipts()[0].collected_at.timestamp() <= time.time() + 1
    kept = json.loads((classroom.root / receipt["folder"] / "receipt.json").read_text())
    assert kept["sha256"] == receipt["sha256"] == hashlib.sha256(good).hexdigest()
