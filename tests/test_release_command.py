"""``grader release``: zips for an LMS, nbgrader's exchange, solutions of closed chapters."""

import json
import os
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_course import HIDDEN

from grader.cli.main import main
from grader.course.config import load_config
from grader.gradebook.due import last_due_date
from grader.gradebook.store import open_gradebook


def run(config, *words, code=0):
    """Run ``grader`` in the course."""
    result = CliRunner().invoke(main, ["--course", str(config.root), *map(str, words)])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def due(config, when):
    """Give chapter 1 another due date."""
    text = config.layout.config_file.read_text().replace("2026-10-05 23:59 UTC", when)
    config.layout.config_file.write_text(text)
    return load_config(config.root)


def texts(path):
    """A zip's files."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_the_zip_of_a_chapter_is_its_release_and_the_same_every_time(generated):
    """Below a folder of its name, so that unpacked chapters lie side by side."""
    result = json.loads(run(generated, "release", "01_add", "--json").stdout)["released"][0]
    first = Path(result["zip"]).read_bytes()
    files = texts(result["zip"])
    assert set(files) == {f"01_add/{name}" for name in ("01_add.ipynb", "01_add.py", "chapters.py", "test_01_add.py")}
    for path in generated.layout.release_dir("01_add").iterdir():
        assert files[f"01_add/{path.name}"] == path.read_text()
    os.unlink(result["zip"])
    run(generated, "release", "01_add")
    assert Path(result["zip"]).read_bytes() == first
    assert "unchanged" in run(generated, "release", "01_add").stdout


def test_a_stale_release_is_refused_and_nothing_is_written(generated):
    """As generate --check says it."""
    path = generated.layout.release_dir("01_add") / "01_add.py"
    path.write_text(path.read_text() + "\n# changed by hand\n")
    result = run(generated, "release", "01_add", code=1)
    assert "release/01_add/01_add.py" in result.stderr
    assert "grader generate 01_add" in result.stderr
    assert not generated.layout.handouts_root.exists()


def test_a_solution_that_never_passed_its_gates_is_refused(generated):
    """The source changed, so release/ is not what it makes."""
    path = generated.layout.solution_file("01_add")
    path.write_text(path.read_text().replace("return a + b", "return a - b"))
    run(generated, "release", "01_add", code=1)
    assert not generated.layout.handouts_root.exists()


def test_the_exchange_gets_what_nbgrader_would_release(generated, tmp_path):
    """Another version is refused without --force; the same is no work."""
    root = tmp_path / "exchange"
    config = generated.layout.config_file
    config.write_text(config.read_text() + f"\nc.Exchange.root = {str(root)!r}\n")
    assert "no nbgrader exchange" in run(generated, "release", "01_add", "--exchange", "--no-zip", code=1).stderr
    root.mkdir()
    run(generated, "release", "01_add", "--exchange", "--no-zip")
    outbound = root / "small" / "outbound" / "01_add"
    assert (outbound / "01_add.ipynb").read_bytes() == (
        generated.layout.release_dir("01_add") / "01_add.ipynb"
    ).read_bytes()
    assert "unchanged" in run(generated, "release", "01_add", "--exchange", "--no-zip").stdout
    (outbound / "01_add.py").chmod(0o644)
    (outbound / "01_add.py").write_text("another version")
    assert "students may have fetched it" in run(generated, "release", "01_add", "--exchange", code=1).stderr
    run(generated, "release", "01_add", "--exchange", "--force")
    assert (outbound / "01_add.py").read_bytes() == (generated.layout.release_dir("01_add") / "01_add.py").read_bytes()


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # nbgrader's own
def test_a_solution_is_published_when_the_last_student_has_handed_in(generated):
    """Not a moment before, an extension included; --force all the same."""
    now = datetime.now(UTC)
    config = due(generated, (now + timedelta(days=1)).isoformat())
    assert "may hand in until" in run(config, "release", "01_add", "--solutions", code=1).stderr
    assert "without a due date" in run(config, "release", "02_mean", "--solutions", code=1).stderr
    run(config, "release", "01_add", "--solutions", "--force")
    config = due(config, (now + timedelta(days=1)).isoformat())
    text = config.layout.config_file.read_text().replace(
        (now + timedelta(days=1)).isoformat(), (now - timedelta(days=2)).isoformat()
    )
    config.layout.config_file.write_text(text)
    config = load_config(config.root)
    run(config, "release", "01_add", "--solutions")
    _extend(config, "ada", timedelta(days=5))
    assert "may hand in until" in run(config, "release", "01_add", "--solutions", code=1).stderr
    with open_gradebook(config) as store:
        assert last_due_date(store, config, "01_add") == now - timedelta(days=2) + timedelta(days=5)


def _extend(config, student, extension):
    """An extension as nbgrader keeps it."""
    from nbgrader.api import Gradebook

    with Gradebook(config.db_url, config.course_id) as gradebook:
        gradebook.add_student(student)
        gradebook.add_submission("01_add", student)
        gradebook.grant_extension("01_add", student, days=extension.days)


def test_a_published_solution_has_the_answers_and_no_hidden_test(generated):
    """As notebook and as .py; students of the next term may know those of this one."""
    run(generated, "release", "01_add", "--solutions", "--force")
    files = texts(generated.layout.handouts_root / "01_add_solution.zip")
    for name in ("01_add_solution/01_add_solution.ipynb", "01_add_solution/01_add_solution.py"):
        assert "return a + b" in files[name]
        assert "BEGIN SOLUTION" not in files[name]
        assert "assert add(1, 2) == 3" in files[name].replace("\\", "")
        assert not any(hidden in files[name] for hidden in HIDDEN)


@pytest.mark.parametrize(
    ("words", "code"),
    [(["01_ad"], 2), ([], 2), (["01_add", "--solutions", "--exchange"], 2), (["01_add", "--no-zip"], 2)],
)
def test_wrong_usage_says_what_is_wrong(generated, words, code):
    """A near miss, nothing, and what contradicts itself."""
    run(generated, "release", *words, code=code)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_line(generated, tmp_path):
    """And what was there stays."""
    tmp_path.joinpath("locked").mkdir(mode=0o500)
    assert "cannot be written" in run(generated, "release", "01_add", "--to", tmp_path / "locked", code=1).stderr


def test_a_full_disk_is_one_line_and_leaves_the_old_zip(generated, monkeypatch):
    """Written beside, renamed when whole."""
    import grader.authoring.handout as handout

    run(generated, "release", "01_add")
    path = generated.layout.handouts_root / "01_add.zip"
    path.write_bytes(b"the old one")

    def full(target, data):
        target.write_bytes(data[:10])
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(handout, "write_through", full)
    assert "No space left" in run(generated, "release", "01_add", code=1).stderr
    assert path.read_bytes() == b"the old one"
    assert [each.name for each in generated.layout.handouts_root.iterdir()] == ["01_add.zip"]
