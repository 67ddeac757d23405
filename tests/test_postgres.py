"""What only PostgreSQL can do, and what can go wrong with it. All else is tested with both kinds of gradebook."""

import dataclasses
import datetime
import os
import sys
import threading
from pathlib import Path

import gradebooks
import pytest
import sqlalchemy as sa
from gradebooks import sql
from small_course import graded

from grader.authoring.release import grading_spec
from grader.errors import GradebookError
from grader.gradebook import database, tables
from grader.gradebook.store import ScoredSubmission, open_gradebook

pytestmark = pytest.mark.filterwarnings("ignore:Object of type <:sqlalchemy.exc.SAWarning")

NOON = datetime.datetime(2026, 10, 5, 12, 0, tzinfo=datetime.UTC)


@pytest.fixture
def config(postgres_course, tmp_path):
    """The small course with its gradebook in PostgreSQL."""
    return postgres_course(tmp_path)


@pytest.fixture
def store(config):
    """Its open gradebook, which knows chapter 1."""
    with open_gradebook(config) as opened:
        opened.sync_assignment("01_add", grading_spec(config, "01_add").cells, due=config.chapter("01_add").due)
        yield opened


def scored(*students):
    """Results on their way into the gradebook."""
    return [ScoredSubmission(student, graded(), NOON, "h1") for student in students]


def at(config, **changes):
    """The course with another place in its database's URL."""
    url = sa.make_url(config.db_url).set(**changes)
    return dataclasses.replace(config, db_url=url.render_as_string(hide_password=False))


def refused(config):
    """What is said when the gradebook is opened."""
    with pytest.raises(GradebookError) as caught, open_gradebook(config):
        pass
    return str(caught.value)


# --- where it is, and whose ---


def test_the_tests_server_is_out_of_reach(postgres):
    """It listens on a unix socket and nowhere else, and does not run as root."""
    assert gradebooks.run(postgres, "SHOW listen_addresses") == [("",)]
    folder = Path(sa.make_url(postgres).query["host"])
    assert folder.stat().st_mode & 0o077 == 0
    assert folder.stat().st_uid != 0


def test_a_missing_database_is_said(config):
    """With how it is made."""
    said = refused(at(config, database="nowhere"))
    assert said.startswith("postgresql+psycopg://")
    assert '"nowhere" does not exist\nMake it on the server (createdb' in said


def test_a_server_that_is_not_there_is_said_and_no_password_repeated(config):
    """Nothing listens there."""
    said = refused(dataclasses.replace(config, db_url="postgresql://me:secret@127.0.0.1:1/course"))
    assert "the database cannot be reached" in said
    assert "secret" not in said
    assert "c.CourseDirectory.db_url" in said


def test_another_programs_database_is_not_touched(config):
    """A wrong name in the URL must not put our tables among somebody's recipes."""
    sql(config, "CREATE TABLE recipes (name text)")
    assert "is a database, but no gradebook: it has the tables recipes." in refused(config)
    assert sql(config, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(1,)]


def test_a_user_without_the_right_to_make_tables_is_told(config, postgres):
    """As PostgreSQL 15 has it for everyone but the owner; nothing is half made."""
    gradebooks.run(postgres, "DROP ROLE IF EXISTS guest")
    gradebooks.run(postgres, "CREATE ROLE guest LOGIN")
    sql(config, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    said = refused(at(config, username="guest"))
    assert "its user may not do this in the database: permission denied for schema public" in said
    assert "GRANT ALL ON SCHEMA public" in said
    assert sql(config, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_a_read_only_server_is_said(store, config):
    """A standby, or one whose disk its administrator protects."""
    store.write_batch(scored("ada"))
    sql(config, f"ALTER DATABASE {sa.make_url(config.db_url).database} SET default_transaction_read_only = on")
    with open_gradebook(config) as again:
        assert again.scores()[0].score == 3.0
        with pytest.raises(GradebookError, match="the database is read-only"):
            again.write_batch(scored("bob"))


def test_a_reader_cannot_write(store):
    """The transaction of a report is read-only for the server too."""
    with pytest.raises(GradebookError, match="read-only"), store._database.reading() as connection:
        connection.execute(sa.insert(tables.STUDENT).values(id="eve"))


# --- several at once ---


def test_two_graders_that_know_the_same_new_students_do_not_collide(config, store):
    """Both insert the students they find missing; the second finds them there."""
    store.sync_assignment("02_mean", grading_spec(config, "02_mean").cells)
    students = [f"s{number}" for number in range(40)]
    mean = dataclasses.replace(graded(), assignment_id="02_mean", verdicts=())
    barrier = threading.Barrier(2)
    problems = []

    def write(batch):
        with open_gradebook(config) as mine:
            for start in range(0, len(batch), 10):
                barrier.wait()
                try:
                    mine.write_batch(batch[start : start + 10])
                except GradebookError as problem:
                    problems.append(problem)

    others = [ScoredSubmission(student, mean, NOON, "h2") for student in students]
    threads = [threading.Thread(target=write, args=(batch,)) for batch in (scored(*students), others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(store.scores()) == 80


def test_a_row_that_nbgrader_makes_in_this_moment_is_no_error(store, config):
    """It does not know our lock: the batch runs again and finds the row."""
    made = []

    def sneak(connection, _cursor, statement, *_rest):
        if statement.startswith("INSERT INTO student") and not made:
            made.append(1)
            sql(config, "INSERT INTO student (id) VALUES ('ada')")

    sa.event.listen(store._database._engine, "before_cursor_execute", sneak)
    store.write_batch(scored("ada", "bob"))
    assert made == [1]
    assert [row.student_id for row in store.scores()] == ["ada", "bob"]
    assert sql(config, "SELECT count(*) FROM grader_history") == [(2,)]


@pytest.mark.parametrize(
    "held", ["LOCK TABLE student", f"SELECT pg_advisory_xact_lock({database._WRITERS_LOCK})"], ids=["theirs", "ours"]
)
def test_a_writer_that_does_not_end_is_said(config, held):
    """Formgrader's lock of a table, or the one that all of our writing transactions take: said, and nothing lost."""
    with open_gradebook(config, busy_s=0.1) as store, pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "RECONNECT_S", 0.5)
        store.sync_assignment("01_add", grading_spec(config, "01_add").cells)
        engine = sa.create_engine(config.db_url)
        with engine.begin() as other:
            other.exec_driver_sql(held)
            with pytest.raises(GradebookError, match=r"another program has been writing .*\nWait until"):
                store.write_batch(scored("ada"))
        engine.dispose()
        assert store.scores() == []
        store.write_batch(scored("ada"))
        assert store.scores()[0].score == 3.0


# --- the connection is lost ---


def end_others(config):
    """End all connections to the gradebook, as a server does that is started anew."""
    sql(
        config,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


@pytest.mark.parametrize("moment", ["INSERT INTO student", "INSERT INTO grader_verdict", "COMMIT"])
def test_a_connection_that_is_lost_in_a_batch_loses_and_doubles_nothing(store, config, moment):
    """The batch runs again in a new one."""
    lost = []

    def cut(*_anything):
        if not lost:
            lost.append(1)
            end_others(config)

    if moment == "COMMIT":
        sa.event.listen(store._database._engine, "commit", cut)
    else:
        sa.event.listen(
            store._database._engine,
            "before_cursor_execute",
            lambda _connection, _cursor, statement, *_: statement.startswith(moment) and cut(),
        )
    store.write_batch(scored("ada", "bob"))
    assert lost == [1]
    assert {(row.student_id, row.score, row.n_grades) for row in store.scores()} == {("ada", 3.0, 3), ("bob", 3.0, 3)}
    assert sql(config, "SELECT count(*) FROM grader_history") == [(2,)]


def test_a_commit_that_we_did_not_hear_of_is_not_done_twice(store, config):
    """The server has it, the connection ended before it could say so: the same batch again is no news."""
    lost = []

    def cut(connection):
        if not lost:
            lost.append(1)
            connection.connection.dbapi_connection.commit()
            end_others(config)

    sa.event.listen(store._database._engine, "commit", cut)
    store.write_batch(scored("ada"))
    assert lost == [1]
    assert sql(config, "SELECT count(*) FROM grader_history") == [(1,)]
    assert sql(config, "SELECT count(*) FROM grade") == [(3,)]


def test_a_connection_that_was_lost_between_batches_is_made_again(store, config):
    """A server that is started anew in the hours between."""
    store.write_batch(scored("ada"))
    end_others(config)
    assert store.scores()[0].score == 3.0
    end_others(config)
    store.write_batch(scored("bob"))
    assert len(store.scores()) == 2


# --- stays nbgrader's ---


def test_times_are_utc_whatever_the_servers_time_zone(store, config):
    """The tests' server lives on the other side of the date line."""
    assert sql(config, "SHOW timezone") == [("Pacific/Kiritimati",)]
    store.write_batch(scored("ada"))
    assert store.scores()[0].timestamp == NOON
    assert sql(config, "SELECT to_char(timestamp, 'YYYY-MM-DD HH24:MI') FROM submitted_assignment") == [
        ("2026-10-05 12:00",)
    ]


def test_it_survives_nbgraders_upgrade(store, config, monkeypatch):
    """``nbgrader db upgrade`` finds its own version there, and leaves our tables alone."""
    from nbgrader import dbutil

    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    store.write_batch(scored("ada"))
    dbutil.upgrade(config.db_url)
    with open_gradebook(config) as again:
        assert again.scores()[0].score == 3.0
        assert again.recorded("01_add")["ada"].content_hash == "h1"


def test_what_nbgrader_made_in_postgresql_is_a_gradebook(config, monkeypatch):
    """The instructor had the course there before our tool."""
    from nbgrader.api import Gradebook

    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    with Gradebook(config.db_url, config.course_id) as theirs:
        theirs.add_student("ada", first_name="Ada")
    with open_gradebook(config) as store:
        assert [(row.student_id, row.first_name) for row in store.students()] == [("ada", "Ada")]
        store.sync_assignment("01_add", grading_spec(config, "01_add").cells)
        store.write_batch(scored("ada"))
        assert store.scores()[0].score == 3.0
