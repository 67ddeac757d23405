import contextlib
import dataclasses
import datetime
import multiprocessing
import os
import signal
import sqlite3
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from gradebooks import sql
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_course import CONFIG, graded, make_course, verdict

from grader.authoring.release import grading_spec
from grader.course.model import CourseCell, GradedSubmission, Outcome, Role
from grader.errors import GradebookError
from grader.gradebook import database, tables
from grader.gradebook.cells import gradebook_cells
from grader.gradebook.store import ScoredSubmission, open_gradebook

# nbgrader's own use of SQLAlchemy
pytestmark = pytest.mark.filterwarnings("ignore:Object of type <:sqlalchemy.exc.SAWarning")

UTC = datetime.UTC
IN_TIME = datetime.datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
LATE = datetime.datetime(2026, 10, 7, 12, 0, tzinfo=UTC)


@pytest.fixture
def config(new_course, tmp_path):
    """The small course, with a gradebook of each kind."""
    return new_course(tmp_path)


@pytest.fixture
def sqlite_config(tmp_path):
    """The small course with its gradebook in a file, for what only a file can do."""
    return make_course(tmp_path)


@pytest.fixture
def sqlite_store(sqlite_config):
    """Its open gradebook, which knows chapter 1."""
    with opened(sqlite_config) as store:
        yield store


@pytest.fixture
def store(config):
    """Its open gradebook, which knows chapter 1."""
    with opened(config) as store:
        yield store


@contextlib.contextmanager
def opened(config):
    """An open gradebook, which knows chapter 1."""
    with open_gradebook(config) as store:
        store.sync_assignment("01_add", grading_spec(config, "01_add").cells, due=config.chapter("01_add").due)
        yield store


def scored(student, result=None, timestamp=IN_TIME, content_hash="h1"):
    """A result on its way into the gradebook."""
    return ScoredSubmission(student, result or graded(), timestamp, content_hash)


def path_of(config):
    """The gradebook's file."""
    return config.layout.gradebook_path


def nbgraders(config):
    """The same gradebook, opened by nbgrader."""
    from nbgrader.api import Gradebook

    return Gradebook(config.db_url, config.course_id)


# --- nbgrader's schema ---


def test_our_description_of_nbgraders_tables_is_nbgraders():
    """Every column that nbgrader has, with its type and whether it may be empty."""
    from nbgrader.api import Base

    for table in tables.NBGRADER.sorted_tables:
        if table.name == "alembic_version":
            continue
        theirs = Base.metadata.tables[table.name]
        described = {c.name: (str(c.type), c.nullable, c.primary_key) for c in table.columns}
        assert described == {c.name: (str(c.type), c.nullable, c.primary_key) for c in theirs.columns}, table.name
    assert set(Base.metadata.tables) <= {table.name for table in tables.NBGRADER.sorted_tables}


def test_a_new_gradebook_is_what_nbgrader_makes(sqlite_config, tmp_path, monkeypatch):
    """The same tables and indexes, the same schema version; ours come on top."""
    from nbgrader.api import Gradebook

    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    config = sqlite_config
    theirs = tmp_path / "theirs.db"
    Gradebook(f"sqlite:///{theirs}", config.course_id).close()
    with open_gradebook(config):
        pass
    query = "SELECT name, sql FROM sqlite_master WHERE tbl_name NOT LIKE 'grader_%' AND name <> 'alembic_version'"
    with contextlib.closing(sqlite3.connect(theirs)) as connection:
        expected = set(connection.execute(query))
        version = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        courses = connection.execute("SELECT id FROM course").fetchall()
    assert set(sql(config, query)) == expected
    assert sql(config, "SELECT version_num FROM alembic_version") == version
    assert sql(config, "SELECT id FROM course") == courses


def test_a_gradebook_is_made_without_any_program_on_the_path(config, monkeypatch):
    """Where nbgrader asks a program called alembic: an environment that is not activated has none."""
    monkeypatch.setenv("PATH", "")
    with open_gradebook(config) as store:
        assert store.assignments() == []


def everything_in(config):
    """All tables of a gradebook by name, with all that is in them."""
    engine = sa.create_engine(config.db_url, poolclass=sa.NullPool)
    metadata = sa.MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        return {name: sorted(map(repr, connection.execute(sa.select(t)))) for name, t in metadata.tables.items()}


def test_opening_twice_changes_nothing(config, store):
    """An open gradebook is opened again, as by a second command."""
    before = everything_in(config)
    with open_gradebook(config):
        pass
    assert everything_in(config) == before


def test_our_tables_come_to_a_gradebook_that_nbgrader_made(config):
    """An instructor may have had the course before our tool."""
    with open_gradebook(config):
        pass
    for table in tables.OURS.sorted_tables:
        sql(config, f"DROP TABLE {table.name}")
    with open_gradebook(config) as store:
        assert store.scores() == []
    assert {table.name for table in tables.OURS.sorted_tables} <= set(everything_in(config))


# --- the same rows as nbgrader ---


def all_rows(config):
    """All rows of nbgrader's tables as sets, ids replaced by the names of what they stand for."""
    db = {
        table.name: [
            dict(zip([c.name for c in table.columns], row, strict=True))
            for row in sql(config, f"SELECT {', '.join(c.name for c in table.columns)} FROM {table.name}")
        ]
        for table in tables.NBGRADER.sorted_tables
    }
    name_of = {}
    for row in db["assignment"]:
        name_of[row["id"]] = row["name"]
    for row in db["notebook"]:
        name_of[row["id"]] = f"nb:{row['name']}"
    for row in db["base_cell"]:
        name_of[row["id"]] = f"{row['type']}:{row['name']}"
    for row in db["submitted_assignment"]:
        name_of[row["id"]] = f"{row['student_id']}/{name_of[row['assignment_id']]}"
    for row in db["submitted_notebook"]:
        name_of[row["id"]] = f"{name_of[row['assignment_id']]}/nb"
    for row in db["grade"]:
        name_of[row["id"]] = f"grade:{name_of[row['notebook_id']]}:{name_of[row['cell_id']]}"
    for row in db["comment"]:
        name_of[row["id"]] = f"comment:{name_of[row['notebook_id']]}:{name_of[row['cell_id']]}"
    for row in db["source_cell"]:
        name_of[row["id"]] = f"source:{row['name']}"
    assert all(len(key) == 32 for key in name_of)
    return {
        name: sorted((tuple((key, name_of.get(value, value)) for key, value in row.items()) for row in rows), key=repr)
        for name, rows in db.items()
    }


def nbgrader_generates(config):
    """What nbgrader's generate_assignment writes for chapter 1, call by call."""
    import json

    from grader.notebooks.cells import KERNELSPEC

    with nbgraders(config) as gb:
        gb.update_or_create_assignment("01_add", duedate=config.chapter("01_add").due)
        gb.add_notebook("01_add", "01_add", kernelspec=json.dumps(KERNELSPEC))
        for cell in gradebook_cells(grading_spec(config, "01_add").cells):
            if cell.grade:
                gb.update_or_create_grade_cell(
                    cell.name, "01_add", "01_add", max_score=cell.points, cell_type=cell.cell_type
                )
            if cell.solution:
                gb.update_or_create_solution_cell(cell.name, "01_add", "01_add")
            gb.update_or_create_source_cell(
                cell.name,
                "01_add",
                "01_add",
                cell_type=cell.cell_type,
                locked=cell.locked,
                source=cell.source,
                checksum=cell.checksum,
            )


def nbgrader_grades(config, results):
    """What nbgrader's autograde writes for these outcomes, call by call."""
    solutions = [cell.name for cell in gradebook_cells(grading_spec(config, "01_add").cells) if cell.solution]
    with nbgraders(config) as gb:
        for student, result, timestamp in results:
            gb.update_or_create_student(student)
            gb.update_or_create_submission("01_add", student, timestamp=timestamp.replace(tzinfo=None))
            for each in result.verdicts:
                grade = gb.find_grade(each.grade_id, "01_add", "01_add", student)
                is_manual = each.outcome is Outcome.MANUAL
                grade.auto_score = (0.0 if each.grade_id in result.unchanged else None) if is_manual else each.score
                grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
            for name in solutions:
                comment = gb.find_comment(name, "01_add", "01_add", student)
                comment.auto_comment = "No response." if name in result.unchanged else None
        gb.db.commit()


RESULTS = [
    ("ada", graded(), IN_TIME),
    ("bob", graded(Outcome.FAILED, Outcome.TIMEOUT, unchanged=["add", "explain"]), LATE),
    ("eve", graded(Outcome.PASSED, Outcome.NOT_RUN, unchanged=["twice"]), IN_TIME),
]


def test_all_rows_are_those_that_nbgraders_own_calls_make(new_course, tmp_path):
    """Assignment, cells, students, submissions, grades, comments: everything in every table, ids aside."""
    theirs = new_course(tmp_path / "theirs")
    ours = new_course(tmp_path / "ours")
    with open_gradebook(theirs):
        pass  # nbgrader would need its program "alembic"; the schema is the same (tested above)
    nbgrader_generates(theirs)
    nbgrader_grades(theirs, RESULTS)
    with open_gradebook(ours) as store:
        store.sync_assignment("01_add", grading_spec(ours, "01_add").cells, due=ours.chapter("01_add").due)
        store.write_batch([scored(student, result, at) for student, result, at in RESULTS])
    assert all_rows(ours) == all_rows(theirs)


def test_grading_again_makes_the_rows_that_nbgrader_makes(new_course, tmp_path):
    """Also the second time, with other outcomes and after a person has been there."""
    theirs = new_course(tmp_path / "theirs")
    ours = new_course(tmp_path / "ours")
    second = [("ada", graded(Outcome.FAILED), LATE), ("bob", graded(), LATE)]
    with open_gradebook(theirs), open_gradebook(ours) as store:
        store.sync_assignment("01_add", grading_spec(ours, "01_add").cells, due=ours.chapter("01_add").due)
        nbgrader_generates(theirs)
        nbgrader_grades(theirs, RESULTS)
        store.write_batch([scored(student, result, at) for student, result, at in RESULTS])
        for config in (theirs, ours):
            with nbgraders(config) as gb:
                by_hand = gb.find_grade("test_add", "01_add", "01_add", "bob")
                by_hand.manual_score, by_hand.extra_credit, by_hand.needs_manual_grade = 1.5, 0.5, False
                gb.find_comment("add", "01_add", "01_add", "bob").manual_comment = "nearly"
                gb.db.commit()
        nbgrader_grades(theirs, second)
        store.write_batch([scored(student, result, at, "h2") for student, result, at in second])
    assert all_rows(ours) == all_rows(theirs)


def test_nbgraders_own_scores_are_our_scores(store, config):
    """What nbgrader computes from the rows is what our report says, manual scores and extra credit included."""
    store.write_batch([scored(student, result, at) for student, result, at in RESULTS])
    with nbgraders(config) as gb:
        grade = gb.find_grade("explain", "01_add", "01_add", "ada")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 1.5, 1.0, False
        gb.db.commit()
        expected = {s.student.id: (s.score, s.needs_manual_grade) for s in gb.assignment_submissions("01_add")}
        assert gb.find_assignment("01_add").max_score == 5.0
    assert {row.student_id: (row.score, row.n_manual > 0) for row in store.scores()} == expected
    assert expected["ada"] == (5.5, False)


# --- what a person gave ---


def test_a_score_that_a_person_gave_is_kept(store, config):
    """Grading again changes the automatic score beside it and asks the person to look again, as nbgrader does."""
    store.write_batch([scored("ada", graded(Outcome.FAILED))])
    with nbgraders(config) as gb:
        grade = gb.find_grade("test_add", "01_add", "01_add", "ada")
        grade.manual_score, grade.needs_manual_grade = 1.25, False
        gb.find_comment("add", "01_add", "01_add", "ada").manual_comment = "good idea"
        gb.db.commit()
    store.write_batch([scored("ada", graded(Outcome.PASSED), content_hash="h2")])
    first = next(row for row in store.verdicts("ada") if row.grade_id == "test_add")
    assert (first.auto_score, first.manual_score, first.score) == (2.0, 1.25, 1.25)
    assert first.needs_manual_grade
    with nbgraders(config) as gb:
        assert gb.find_comment("add", "01_add", "01_add", "ada").comment == "good idea"


def test_an_extension_is_kept_and_counts(new_course, tmp_path):
    """A late penalty looks at the student's own due date."""
    config = new_course(tmp_path, config=CONFIG + "c.Course.late_policy = 'zero'\n")
    with open_gradebook(config) as store:
        store.sync_assignment("01_add", grading_spec(config, "01_add").cells, due=config.chapter("01_add").due)
        store.write_batch([scored("ada", timestamp=LATE)])
        assert store.scores()[0].penalty == 3.0
        with nbgraders(config) as gb:
            gb.grant_extension("01_add", "ada", days=7)
        store.write_batch([scored("ada", timestamp=LATE)])
        row = store.scores()[0]
    assert (row.penalty, row.seconds_late, row.final_score) == (0.0, 0.0, 3.0)


# --- late penalties ---


def test_a_late_penalty_counts_what_a_person_gave(new_course, tmp_path):
    """It is a part of the score that counts, not of the automatic one."""
    config = new_course(tmp_path, config=CONFIG + "c.Course.late_policy = 'per-day'\n")
    with open_gradebook(config) as store:
        store.sync_assignment("01_add", grading_spec(config, "01_add").cells, due=config.chapter("01_add").due)
        store.write_batch([scored("ada", timestamp=LATE)])
        assert store.scores()[0].penalty == pytest.approx(0.6)  # two days begun, 3 points
        sql(config, "UPDATE grade SET manual_score = 2 WHERE auto_score IS NULL")
        assert store.refresh_penalties("01_add") == 1
        assert store.scores()[0].penalty == pytest.approx(1.0)  # 5 points
        assert store.refresh_penalties("01_add") == 0


def test_penalties_follow_a_changed_due_date(new_course, tmp_path):
    """The due date is moved after grading: nobody is late any more."""
    config = new_course(tmp_path, config=CONFIG + "c.Course.late_policy = 'zero'\n")
    with open_gradebook(config) as store:
        cells = grading_spec(config, "01_add").cells
        store.sync_assignment("01_add", cells, due=config.chapter("01_add").due)
        store.write_batch([scored("ada", timestamp=LATE)])
        store.sync_assignment("01_add", cells, due=datetime.datetime(2026, 11, 1, tzinfo=UTC))
        store.refresh_penalties("01_add")
        row = store.scores()[0]
    assert (row.penalty, row.seconds_late) == (0.0, 0.0)


def test_a_hand_in_without_a_timestamp_leaves_the_known_one(store):
    """As in nbgrader."""
    store.write_batch([scored("ada", timestamp=LATE)])
    store.write_batch([scored("ada", timestamp=None)])
    assert store.scores()[0].timestamp == LATE


# --- what nbgrader has no room for ---


def test_verdicts_are_stored_and_returned(store):
    """What the gradebook stores it returns: outcome, message for the student, detail for graders, time."""
    result = graded(Outcome.FAILED, repairs=["a cell was put back"])
    store.write_batch([scored("ada", result)])
    rows = store.verdicts("ada")
    assert [row.grade_id for row in rows] == ["test_add", "test_twice", "explain"]
    assert (rows[0].outcome, rows[0].score, rows[0].max_score) == ("failed", 0.0, 2.0)
    assert (rows[0].message, rows[0].detail) == ("1 + 2 = 3", "got 4")
    assert (rows[2].outcome, rows[2].auto_score, rows[2].needs_manual_grade) == ("manual", None, True)
    line = store.scores()[0]
    assert (line.repairs, line.cpu_s, line.wall_s, line.n_manual) == (("a cell was put back",), 0.25, 0.5, 1)
    assert store.recorded("01_add")["ada"].content_hash == "h1"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    messages=st.lists(st.tuples(st.text(), st.text()), min_size=2, max_size=2),
    scores=st.tuples(st.floats(0, 2), st.floats(0, 1)),
    student=st.text(min_size=1, max_size=60).filter(lambda text: text.encode("utf-8", "ignore").decode() == text),
)
def test_whatever_is_stored_comes_back(new_course, tmp_path, messages, scores, student):
    """Any text of a student's, any score; only what no database can hold is replaced."""
    if "\0" in student:
        return
    config = new_course(tmp_path)  # the same for all examples
    result = dataclasses.replace(
        graded(),
        verdicts=(
            verdict("test_add", Outcome.PARTIAL, 2.0, scores[0], message=messages[0][0], detail=messages[0][1]),
            verdict("test_twice", Outcome.PARTIAL, 1.0, scores[1], message=messages[1][0], detail=messages[1][1]),
            verdict("explain", Outcome.MANUAL, 2.0),
        ),
    )
    with open_gradebook(config) as store:
        store.sync_assignment("01_add", grading_spec(config, "01_add").cells)
        store.write_batch([scored(student, result)])
        rows = store.verdicts(student)
    assert [row.score for row in rows[:2]] == list(scores)
    for row, (message, detail) in zip(rows, messages, strict=False):
        assert row.message == message.replace("\0", "\ufffd")
        assert row.detail == detail.replace("\0", "\ufffd")


def test_lone_surrogates_are_stored_replaced(store):
    """Student code can print half a character; that must not cost the batch."""
    store.write_batch([scored("ada", dataclasses.replace(graded(), repairs=("bad \udcff",)))])
    assert store.scores()[0].repairs == ("bad ?",)


def test_history_has_a_line_for_each_change(store, config):
    """Grading again with the same outcome is no news."""
    store.write_batch([scored("ada", graded(Outcome.FAILED))])
    store.write_batch([scored("ada", graded(Outcome.FAILED))])
    store.write_batch([scored("ada", graded(Outcome.PASSED), content_hash="h2")])
    rows = sql(config, "SELECT event, score, content_hash FROM grader_history ORDER BY id")
    assert rows == [("graded", 1.0, "h1"), ("graded", 3.0, "h2")]


def test_what_cannot_be_graded_is_there_and_not_zero(store, config):
    """A submission row, no automatic score, a person is asked, and the reason."""
    nothing = GradedSubmission("01_add", {}, (), not_graded="it is not JSON.")
    store.write_batch([scored("ada", nothing)])
    row = store.scores()[0]
    assert (row.not_graded, row.n_manual, row.n_grades, row.score) == ("it is not JSON.", 3, 3, 0.0)
    assert sql(config, "SELECT DISTINCT auto_score, needs_manual_grade FROM grade") == [(None, 1)]
    store.write_batch([scored("ada", graded(), content_hash="h2")])
    assert (store.scores()[0].not_graded, store.scores()[0].n_manual) == ("", 1)
    store.write_batch([scored("ada", nothing, content_hash="h3")])
    assert sql(config, "SELECT DISTINCT auto_score FROM grade") == [(None,)]
    assert [outcome.outcome for outcome in store.verdicts("ada")] == ["", "", ""]


def test_rows_that_another_program_took_away_are_noticed(store, config):
    """What is recorded as graded is graded again when its rows are gone (nbgrader db student remove)."""
    store.write_batch([scored("ada"), scored("bob")])
    assert set(store.recorded("01_add")) == {"ada", "bob"}
    with nbgraders(config) as gb:
        gb.remove_submission("01_add", "ada")
    assert set(store.recorded("01_add")) == {"bob"}
    store.write_batch([scored("ada")])
    assert store.recorded("01_add")["ada"].content_hash == "h1"


def test_the_last_of_two_results_for_one_submission_counts(store):
    """A batch may hold a submission twice (graded again, alone)."""
    store.write_batch([scored("ada", graded(Outcome.TIMEOUT)), scored("ada", graded())])
    assert store.scores()[0].score == 3.0


def test_no_submissions_is_no_transaction(store):
    """An empty batch is fine."""
    store.write_batch([])
    assert store.scores() == []


# --- the course changes ---


def cells_of(*names):
    """Cells of a chapter, by name."""
    cells = []
    for name in names:
        role = Role.TEST if name.startswith("test") else Role.SOLUTION
        cells.append(CourseCell(name, role, f"# {name}", points=1.0 if role is Role.TEST else 0.0))
    return cells


def results_for(*names):
    """A submission that passed these tests."""
    verdicts = tuple(verdict(name, Outcome.PASSED, 1.0) for name in names)
    return GradedSubmission("c", {}, verdicts)


def test_a_chapter_that_did_not_change_is_left_alone(config):
    """The second time there is nothing to do."""
    with open_gradebook(config) as store:
        assert store.sync_assignment("c", cells_of("a", "test_a"))
        assert not store.sync_assignment("c", cells_of("a", "test_a"))
        assert store.sync_assignment("c", cells_of("a", "test_a"), due=IN_TIME)
        assert not store.sync_assignment("c", cells_of("a", "test_a"))
        assert store.assignments()[0].due == IN_TIME


def test_changed_points_and_sources_are_taken_over(config):
    """Also after submissions, as nbgrader allows."""
    with open_gradebook(config) as store:
        store.sync_assignment("c", cells_of("a", "test_a"))
        store.write_batch([ScoredSubmission("ada", results_for("test_a"))])
        changed = [cells_of("a")[0], CourseCell("test_a", Role.TEST, "assert a", points=3.0)]
        assert store.sync_assignment("c", changed)
        assert store.assignments()[0].max_score == 3.0
        assert store.scores()[0].score == 1.0
    assert sql(config, "SELECT source FROM source_cell WHERE name = 'test_a'") == [("assert a",)]


def test_an_added_cell_waits_and_the_others_keep_their_scores(config):
    """Also after submissions, where nbgrader refuses it."""
    with open_gradebook(config) as store:
        store.sync_assignment("c", cells_of("a", "test_a"))
        store.write_batch([ScoredSubmission("ada", results_for("test_a"))])
        sql(config, "UPDATE grade SET manual_score = 0.5")
        store.sync_assignment("c", cells_of("a", "test_a", "b", "test_b"))
        rows = {row.grade_id: (row.score, row.needs_manual_grade) for row in store.verdicts("ada")}
        assert rows == {"test_a": (0.5, False), "test_b": (0.0, True)}
        assert store.recorded("c") == {}  # it has to be graded again
        store.write_batch([ScoredSubmission("ada", results_for("test_a", "test_b"))])
        assert [row.score for row in store.verdicts("ada")] == [0.5, 1.0]
    with nbgraders(config) as gb:
        assert {c.name for c in gb.find_submission_notebook("c", "c", "ada").comments} == {"a", "b"}


def test_a_removed_cells_scores_go_to_the_history(config):
    """The others' stay; what a person gave for the removed one is not lost."""
    with open_gradebook(config) as store:
        store.sync_assignment("c", cells_of("a", "test_a", "test_b"))
        store.write_batch([ScoredSubmission("ada", results_for("test_a", "test_b"))])
        sql(config, "UPDATE grade SET manual_score = 0.5")
        store.sync_assignment("c", cells_of("a", "test_a"))
        assert [(row.grade_id, row.score) for row in store.verdicts("ada")] == [("test_a", 0.5)]
        assert store.assignments()[0].max_score == 1.0
    kept = sql(config, "SELECT student_id, scores FROM grader_history WHERE event = 'cell removed'")
    assert kept == [("ada", '{"test_b": {"auto_score": 1.0, "manual_score": 0.5}}')]
    for table in ("base_cell", "grade_cells", "source_cell"):
        assert sql(config, f"SELECT count(*) FROM {table}")[0][0] == (3 if table != "grade_cells" else 1) - (
            table == "source_cell" or table == "base_cell"
        )


def test_a_chapter_that_the_gradebook_does_not_know_is_an_error(store):
    """Not a row without a parent."""
    other = dataclasses.replace(graded(), assignment_id="09_new")
    with pytest.raises(GradebookError, match=r"09_new is not in the gradebook\.\nMake it known with: grader generate"):
        store.write_batch([scored("ada", other)])


def test_a_grade_cell_that_the_gradebook_does_not_know_stops_the_batch(store):
    """All of a batch is stored, or nothing."""
    strange = dataclasses.replace(graded(), verdicts=(verdict("test_new", Outcome.PASSED, 1.0),))
    with pytest.raises(GradebookError, match="does not know the grade cell test_new"):
        store.write_batch([scored("ada"), scored("bob", strange)])
    assert store.scores() == []


# --- what can go wrong ---


def test_another_writer_is_waited_for(sqlite_store, sqlite_config):
    """A lock of a moment is no error."""
    other = sqlite3.connect(path_of(sqlite_config), check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.3, other.rollback)
    timer.start()
    sqlite_store.write_batch([scored("ada")])
    timer.join()
    other.close()
    assert sqlite_store.scores()[0].score == 3.0


def test_a_locked_gradebook_is_said_and_nothing_is_lost(sqlite_config):
    """What, where, what to do; and the rows are as before."""
    with open_gradebook(sqlite_config, busy_s=0.1) as store:
        store.sync_assignment("01_add", grading_spec(sqlite_config, "01_add").cells)
        with contextlib.closing(sqlite3.connect(path_of(sqlite_config))) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(GradebookError) as caught:
                store.write_batch([scored("ada")])
            other.rollback()
        message = str(caught.value)
        assert message.startswith(f"{path_of(sqlite_config)}: another program has been writing")
        assert "run this again" in message
        assert store.scores() == []
        store.write_batch([scored("ada")])
        assert store.scores()[0].score == 3.0


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("'167914646830'", "older than the installed nbgrader"),
        ("'ffffffffffff'", "newer than the installed nbgrader"),
        (None, "older than the installed nbgrader"),
    ],
)
def test_a_gradebook_of_another_time_is_refused(config, version, said):
    """With what to do, and without touching it."""
    with open_gradebook(config):
        pass
    sql(
        config,
        "DELETE FROM alembic_version" if version is None else f"UPDATE alembic_version SET version_num={version}",
    )
    before = everything_in(config)
    with pytest.raises(GradebookError, match=said), open_gradebook(config):
        pass
    assert everything_in(config) == before


def test_tables_of_a_newer_version_of_ours_are_refused(config):
    """An older tool must not write what a newer one has to read."""
    with open_gradebook(config):
        pass
    sql(config, "UPDATE grader_meta SET value = '99'")
    with pytest.raises(GradebookError, match="newer version of this tool"), open_gradebook(config):
        pass


def test_nbgraders_schema_version_is_read_from_its_migrations():
    """The same that alembic finds, without starting alembic."""
    from alembic.script import ScriptDirectory
    from nbgrader import dbutil

    assert database._schema_head() == ScriptDirectory(dbutil.ALEMBIC_DIR).get_current_head()


def make_text(path):
    """A text file."""
    path.write_text("these are no scores\n" * 100)


def make_other_database(path):
    """Somebody's recipes."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (make_text, "the file is not a database"),
        (make_other_database, "no gradebook: it has the tables recipes"),
        (Path.mkdir, "is a folder, not a gradebook"),
    ],
)
def test_what_is_no_gradebook_is_not_touched(sqlite_config, make, said):
    """A wrong path in the configuration must not change somebody's file."""
    make(path_of(sqlite_config))
    before = None if path_of(sqlite_config).is_dir() else path_of(sqlite_config).read_bytes()
    with pytest.raises(GradebookError, match=said), open_gradebook(sqlite_config):
        pass
    assert before is None or path_of(sqlite_config).read_bytes() == before


def test_an_empty_file_becomes_a_gradebook(sqlite_config):
    """As for nbgrader; a command that was killed at its start leaves one."""
    path_of(sqlite_config).touch()
    with open_gradebook(sqlite_config) as store:
        assert store.students() == []


def test_a_missing_folder_is_said(sqlite_config):
    """The place of the gradebook must exist; it is not made behind the instructor's back."""
    elsewhere = dataclasses.replace(sqlite_config, db_url=f"sqlite:///{sqlite_config.root}/nowhere/gradebook.db")
    with pytest.raises(GradebookError, match="nowhere does not exist"), open_gradebook(elsewhere):
        pass


def test_a_command_that_only_reads_makes_no_gradebook(config):
    """It says how one comes to be."""
    with pytest.raises(GradebookError, match="Make it with: grader autograde"), open_gradebook(config, create=False):
        pass
    with pytest.raises(GradebookError, match="Make it with: grader autograde"), open_gradebook(config, create=False):
        pass  # still


def failing(statement, uri, setup=""):
    """The error that SQLite itself gives."""
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.executescript(setup)
            connection.execute(statement)
            connection.commit()
    except sqlite3.Error as problem:
        return sa.exc.OperationalError(statement, {}, problem)
    raise AssertionError("it did not fail")


def test_a_read_only_gradebook_and_a_full_disk_are_said(sqlite_config):
    """Real errors of SQLite, in our words: what happened and what to do."""
    with open_gradebook(sqlite_config):
        pass
    path = path_of(sqlite_config)
    read_only = failing("CREATE TABLE x (a)", f"file:{path}?mode=ro")
    assert "read-only.\nMake the file and its folder writable" in str(database._explained(read_only, "here"))
    full = failing("INSERT INTO student (id) SELECT randomblob(9999)", f"file:{path}", "PRAGMA max_page_count = 1;")
    assert "disk is full.\nMake room" in str(database._explained(full, "here"))
    missing = failing("SELECT shoe_size FROM student", f"file:{path}")
    assert "lacks something that nbgrader's has: no such column" in str(database._explained(missing, "here"))


def test_a_full_disk_loses_nothing_that_was_stored(sqlite_store, sqlite_config):
    """The batch that did not fit is not there, the ones before are, and the next fits again."""
    sqlite_store.write_batch([scored("ada")])
    pages = sql(sqlite_config, "PRAGMA page_count")[0][0]

    def limit(connection, _record, _proxy, *, to=pages):
        connection.execute(f"PRAGMA max_page_count = {to}")

    sa.event.listen(sqlite_store._database._engine, "checkout", limit)
    huge = dataclasses.replace(graded(), repairs=("x" * 1_000_000,))
    with pytest.raises(GradebookError, match="the disk is full"):
        sqlite_store.write_batch([scored("bob", huge)])
    assert [row.student_id for row in sqlite_store.scores()] == ["ada"]
    sa.event.remove(sqlite_store._database._engine, "checkout", limit)
    sa.event.listen(
        sqlite_store._database._engine, "checkout", lambda c, *_: c.execute("PRAGMA max_page_count = 1000000")
    )
    sqlite_store.write_batch([scored("bob", huge)])
    assert [row.student_id for row in sqlite_store.scores()] == ["ada", "bob"]


def _write_until_killed(config, started):
    with open_gradebook(config) as store:
        store.sync_assignment("01_add", grading_spec(config, "01_add").cells)
        number = 0
        while True:
            store.write_batch([scored(f"s{number + i}") for i in range(20)])
            number += 20
            started.set()


def test_killed_at_any_moment_a_batch_is_whole_or_not_there(config):
    """After SIGKILL the gradebook opens, and every submission in it has all of its rows."""
    context = multiprocessing.get_context("spawn")
    for delay_s in (0.003, 0.021):
        started = context.Event()
        process = context.Process(target=_write_until_killed, args=(config, started))
        process.start()
        assert started.wait(60)
        time.sleep(delay_s)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        with open_gradebook(config) as store:
            rows = store.scores()
            recorded = store.recorded("01_add")
        assert len(rows) % 20 == 0
        assert rows
        assert {row.student_id for row in rows} == set(recorded)
        assert {(row.score, row.n_grades) for row in rows} == {(3.0, 3)}


def _make(config, barrier, problems):
    barrier.wait()
    try:
        with open_gradebook(config) as store:
            store.sync_assignment("01_add", grading_spec(config, "01_add").cells)
    except GradebookError as problem:
        problems.append(problem)


def test_two_commands_may_make_the_gradebook_at_once(config):
    """One makes it, the other finds it made."""
    problems = []
    barrier = threading.Barrier(2)
    threads = [threading.Thread(target=_make, args=(config, barrier, problems)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sql(config, "SELECT count(*) FROM alembic_version") == [(1,)]
    assert sql(config, "SELECT count(*) FROM assignment") == [(1,)]


def test_a_missing_postgres_driver_is_said(sqlite_config, monkeypatch):
    """PostgreSQL is an extra; a password is never repeated."""
    for driver in ("psycopg", "psycopg2"):
        monkeypatch.setitem(sys.modules, driver, None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    elsewhere = dataclasses.replace(sqlite_config, db_url="postgresql://me:secret@localhost/course")
    with (
        pytest.raises(GradebookError, match=r"pip install 'mlp-grader\[postgres\]'") as caught,
        open_gradebook(elsewhere),
    ):
        pass
    assert "secret" not in str(caught.value)


def test_another_kind_of_database_is_refused(sqlite_config):
    """Before its driver is looked for."""
    elsewhere = dataclasses.replace(sqlite_config, db_url="mysql://me:secret@localhost/course")
    with (
        pytest.raises(GradebookError, match="mysql is no database for a gradebook") as caught,
        open_gradebook(elsewhere),
    ):
        pass
    assert "secret" not in str(caught.value)


def test_a_batch_is_fast(store):
    """A guard against a query a row: 50 submissions in far less than nbgrader's 6 seconds (goal: 1 ms each)."""
    items = [scored(f"s{i}") for i in range(50)]
    store.write_batch(items)
    started = time.perf_counter()
    store.write_batch(items)
    assert time.perf_counter() - started < 1.0
