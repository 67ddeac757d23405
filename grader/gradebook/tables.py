"""The tables of a gradebook: nbgrader's, as far as we read and write them, and ours beside them.

nbgrader's are described here again, because importing ``nbgrader.api`` takes one to three seconds and most commands
only read a score; ``tests/test_store.py`` compares them, column by column, with nbgrader's own. A new gradebook is
always created from nbgrader's own description.

Ours are called ``grader_*``. They hold nbgrader's *names* of students, assignments and cells and no foreign keys, so
that whatever nbgrader does to its tables (``nbgrader db student remove``) is never refused because of us.
"""

from __future__ import annotations

import sqlalchemy as sa

NBGRADER = sa.MetaData()

_ID = sa.String(32)
_NAME = sa.String(128)


def _cell_type(name: str) -> sa.Enum:
    return sa.Enum("code", "markdown", name=name, validate_strings=True)


COURSE = sa.Table("course", NBGRADER, sa.Column("id", _NAME, primary_key=True))

ASSIGNMENT = sa.Table(
    "assignment",
    NBGRADER,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("duedate", sa.DateTime()),
    sa.Column("course_id", _NAME, nullable=False),
)

NOTEBOOK = sa.Table(
    "notebook",
    NBGRADER,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("assignment_id", _ID),
    sa.Column("kernelspec", sa.String(1024)),
)

BASE_CELL = sa.Table(
    "base_cell",
    NBGRADER,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("notebook_id", _ID, nullable=False),
    sa.Column("type", sa.String(50)),
)

GRADE_CELLS = sa.Table(
    "grade_cells",
    NBGRADER,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("max_score", sa.Float(), nullable=False),
    sa.Column("cell_type", _cell_type("grade_cell_type"), nullable=False),
)

TASK_CELLS = sa.Table(
    "task_cells",
    NBGRADER,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("max_score", sa.Float(), nullable=False),
    sa.Column("cell_type", _cell_type("grade_cell_type"), nullable=False),
)

SOLUTION_CELLS = sa.Table("solution_cells", NBGRADER, sa.Column("id", _ID, primary_key=True))

SOURCE_CELL = sa.Table(
    "source_cell",
    NBGRADER,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("cell_type", _cell_type("source_cell_type"), nullable=False),
    sa.Column("locked", sa.Boolean(), nullable=False),
    sa.Column("source", sa.Text()),
    sa.Column("checksum", _NAME),
    sa.Column("notebook_id", _ID),
)

STUDENT = sa.Table(
    "student",
    NBGRADER,
    sa.Column("id", _NAME, primary_key=True),
    sa.Column("first_name", _NAME),
    sa.Column("last_name", _NAME),
    sa.Column("email", _NAME),
    sa.Column("lms_user_id", _NAME),
)

SUBMITTED_ASSIGNMENT = sa.Table(
    "submitted_assignment",
    NBGRADER,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("assignment_id", _ID),
    sa.Column("student_id", _NAME),
    sa.Column("timestamp", sa.DateTime()),
    sa.Column("extension", sa.Interval()),
)

SUBMITTED_NOTEBOOK = sa.Table(
    "submitted_notebook",
    NBGRADER,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("assignment_id", _ID),
    sa.Column("notebook_id", _ID),
    sa.Column("flagged", sa.Boolean()),
    sa.Column("late_submission_penalty", sa.Float()),
)

GRADE = sa.Table(
    "grade",
    NBGRADER,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("notebook_id", _ID),
    sa.Column("cell_id", _ID),
    sa.Column("auto_score", sa.Float()),
    sa.Column("manual_score", sa.Float()),
    sa.Column("extra_credit", sa.Float()),
    sa.Column("needs_manual_grade", sa.Boolean(), nullable=False),
)

COMMENT = sa.Table(
    "comment",
    NBGRADER,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("notebook_id", _ID),
    sa.Column("cell_id", _ID),
    sa.Column("auto_comment", sa.Text()),
    sa.Column("manual_comment", sa.Text()),
)

ALEMBIC_VERSION = sa.Table("alembic_version", NBGRADER, sa.Column("version_num", sa.String(32), nullable=False))


def stored_text(value: str) -> str:
    """Return ``value`` as every database can hold it: lone surrogates and NUL replaced."""
    return value.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\N{REPLACEMENT CHARACTER}")


# --- ours ---

OURS = sa.MetaData()

OUR_SCHEMA = 2
"""The version of the tables below, kept in ``grader_meta``.

A gradebook of an earlier version gets what it lacks when it is opened: new tables, and new columns, which are nullable
for that reason. A later one is refused.
"""

META = sa.Table(
    "grader_meta",
    OURS,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text(), nullable=False),
)

SUBMISSION = sa.Table(
    "grader_submission",
    OURS,
    sa.Column("student_id", _NAME, primary_key=True),
    sa.Column("assignment_id", _NAME, primary_key=True),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("tool_version", sa.String(64), nullable=False),
    sa.Column("graded_at", sa.DateTime(), nullable=False),
    sa.Column("timestamp", sa.DateTime()),
    sa.Column("cpu_s", sa.Float(), nullable=False),
    sa.Column("wall_s", sa.Float(), nullable=False),
    sa.Column("repairs", sa.Text(), nullable=False),  # a JSON list of sentences
    sa.Column("not_graded", sa.Text(), nullable=False),  # why, or empty
    sa.Column("handin_hash", sa.String(64)),  # of what was handed in alone; since version 2
    sa.Column("tests_version", sa.String(64)),  # grader_tests.digest
    sa.Column("tools", sa.String(64)),  # a digest of the versions of all that graded it
)

VERDICT = sa.Table(
    "grader_verdict",
    OURS,
    sa.Column("student_id", _NAME, primary_key=True),
    sa.Column("assignment_id", _NAME, primary_key=True),
    sa.Column("grade_id", _NAME, primary_key=True),
    sa.Column("position", sa.Integer(), nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("score", sa.Float(), nullable=False),
    sa.Column("max_score", sa.Float(), nullable=False),
    sa.Column("message", sa.Text(), nullable=False),  # a student may read this
    sa.Column("detail", sa.Text(), nullable=False),  # only graders may read this
    sa.Column("seconds", sa.Float(), nullable=False),
)

HISTORY = sa.Table(
    "grader_history",
    OURS,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
    sa.Column("student_id", _NAME, nullable=False),
    sa.Column("assignment_id", _NAME, nullable=False),
    sa.Column("happened_at", sa.DateTime(), nullable=False),
    sa.Column("event", sa.String(32), nullable=False),  # grader.gradebook.history.Event
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("score", sa.Float()),
    sa.Column("max_score", sa.Float()),
    sa.Column("scores", sa.Text(), nullable=False),  # JSON: grade_id → automatic score, or what a removed cell had
    # since version 2
    sa.Column("by_hand", sa.Text()),  # JSON: grade_id → [manual score, extra credit], of the cells that have one
    sa.Column("penalty", sa.Float()),
    sa.Column("counted", sa.Float()),  # what counted: a person's scores and extra credit in, the penalty off
    sa.Column("tests_version", sa.String(64)),  # grader_tests.digest
    sa.Column("why", sa.Text()),
    sa.Column("by_whom", _NAME),
    sa.Index("grader_history_of", "student_id", "assignment_id"),
)

TESTS = sa.Table(
    "grader_tests",
    OURS,
    sa.Column("assignment_id", _NAME, primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer(), nullable=False),  # 1, 2, 3 … in the order in which a chapter's came
    sa.Column("since", sa.DateTime(), nullable=False),
    sa.Column("facts", sa.Text(), nullable=False),  # JSON: grader.gradebook.versions.GradingVersion
)

EXTENSION = sa.Table(
    "grader_extension",
    OURS,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
    sa.Column("student_id", _NAME, nullable=False),  # empty: for all
    sa.Column("assignment_id", _NAME, nullable=False),
    sa.Column("seconds", sa.Float()),  # from the due date, or …
    sa.Column("until", sa.DateTime()),  # … to a point in time
    sa.Column("given_at", sa.DateTime(), nullable=False),
    sa.Column("given_by", _NAME, nullable=False),
    sa.Column("why", sa.Text(), nullable=False),
    sa.Column("ended_at", sa.DateTime()),  # revoked, or replaced by another one
    sa.Column("ended_by", _NAME),
    sa.Column("end_why", sa.Text()),
    sa.Index("grader_extension_of", "assignment_id", "student_id"),
)
