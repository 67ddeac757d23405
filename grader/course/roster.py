"""Who is in the course: reading a roster, and finding the student whom an upload names.

A roster is a CSV file with a line of column names. nbgrader's names are understood, and those of what Canvas
(gradebook export), Moodle (participants, grading worksheet) and Gradescope (roster) export.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from grader.errors import CourseError, CourseErrors, RosterError

MAX_ROSTER_BYTES = 16 << 20
MAX_STUDENT_ID = 128
"""As many characters as nbgrader's database keeps of a student's id."""
MAX_MISTAKES = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Student:
    """A student of the course, as nbgrader's gradebook keeps one.

    ``student_id`` names folders and rows; ``lms_user_id`` is the number that Canvas has in the names of its files.
    """

    student_id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


def student_id_problem(student_id: str) -> str:
    r"""Return why a text cannot be a student's id, or an empty string.

    Example:
        >>> student_id_problem("ada"), student_id_problem("../ada")
        ('', 'a student id cannot contain / or \\, because folders are named after it.')
    """
    if not student_id or student_id != student_id.strip():
        return "a student id cannot be empty, nor begin or end with a space."
    if len(student_id) > MAX_STUDENT_ID:
        return f"a student id has at most {MAX_STUDENT_ID} characters, as in nbgrader's gradebook."
    if "/" in student_id or "\\" in student_id:
        return "a student id cannot contain / or \\, because folders are named after it."
    if student_id.startswith("."):
        return "a student id cannot begin with a dot, because folders are named after it."
    if not student_id.isprintable() or len(student_id.encode("utf-8", "replace")) > 200:
        return "a student id is made of printable characters, and not of more than a folder's name can have."
    return ""


# --- reading a roster ---

_COLUMNS: Mapping[str, Sequence[str]] = {
    # field: names of columns without spaces and signs, the first that has something in it counts
    "student_id": (
        "studentid",
        "id",
        "username",
        "sisloginid",
        "loginid",
        "idnumber",
        "sisuserid",
        "sid",
        "orgdefinedid",
    ),
    "first_name": ("firstname", "givenname", "forename"),
    "last_name": ("lastname", "surname", "familyname"),
    "name": ("student", "fullname", "name", "studentname", "userfullname"),
    "email": ("email", "emailaddress", "mail"),
    "lms_user_id": ("lmsuserid", "lmsid", "canvasid", "canvasuserid", "identifier"),
    "role": ("role", "roles"),
}
_CANVAS_SIGNS = ("sisloginid", "sisuserid", "section")
_ROLES = ("student", "learner", "")


def read_roster(data: bytes, place: str, id_column: str = "") -> list[Student]:
    """Return the students of a roster, in its order.

    Args:
        data: the CSV file; comma, semicolon or tab; UTF-8 (with or without a mark), UTF-16 or Windows-1252.
        place: its name, for messages.
        id_column: the column that holds student ids, if it is none of those that are looked for.

    Raises:
        RosterError: it is no roster.
        CourseErrors: all mistakes in its lines; with one of them nobody is imported.
    """
    if len(data) > MAX_ROSTER_BYTES:
        raise RosterError(f"is no roster: it has {len(data):,} bytes.", place=place)
    rows = _rows(_text(data, place), place)
    header = [_bare(name) for name in rows[0][1]] if rows else []
    columns = _columns(header, rows[0][1] if rows else [], place, id_column)
    students: dict[str, tuple[int, Student]] = {}
    mistakes: list[CourseError] = []
    for line, row in rows[1:]:
        values = {field: _first(row, numbers) for field, numbers in columns.items()}
        if _is_nobody(values):
            continue
        student = _student(values)
        problem = student_id_problem(student.student_id)
        before = students.get(student.student_id)
        if not student.student_id:
            problem = "there is no student id in this line."
        elif before is not None and before[1] != student:
            problem = f"the student {student.student_id!r} is in line {before[0]} already, with other names."
        if problem:
            mistakes.append(RosterError(problem, place=f"{place}:{line}", hint=_ID_HINT))
        elif before is None:
            students[student.student_id] = (line, student)
    mistakes += _twice(list(students.values()), place)
    if mistakes:
        if len(mistakes) > MAX_MISTAKES:
            rest = len(mistakes) - MAX_MISTAKES
            mistakes[MAX_MISTAKES:] = [RosterError(f"{rest} more lines like these.", place=place)]
        raise CourseErrors(mistakes)
    return [student for _, student in students.values()]


_ID_HINT = "Nobody was imported. Mend the line, or name another column of ids with --id-column."


def read_table(data: bytes, place: str) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Return a CSV file's column names (small letters and digits only), and its lines by number and column.

    Raises:
        RosterError: it is no CSV.
    """
    if len(data) > MAX_ROSTER_BYTES:
        raise RosterError(f"is too large: {len(data):,} bytes.", place=place)
    rows = _rows(_text(data, place), place)
    header = [_bare(name) for name in rows[0][1]] if rows else []
    return header, [(number, dict(zip(header, row, strict=False))) for number, row in rows[1:]]


def _twice(students: Sequence[tuple[int, Student]], place: str) -> list[CourseError]:
    """One LMS id for two students would give one's hand-ins to the other; so would ids that differ in case only."""
    mistakes: list[CourseError] = []
    for what in ("LMS id", "id, but for upper and lower case,"):
        seen: dict[str, str] = {}
        for line, student in students:
            key = student.lms_user_id if what == "LMS id" else student.student_id.casefold()
            other = seen.setdefault(key, student.student_id) if key else student.student_id
            if other != student.student_id:
                message = f"{student.student_id!r} has the {what} of {other!r}."
                mistakes.append(RosterError(message, place=f"{place}:{line}", hint=_ID_HINT))
    return mistakes


def _text(data: bytes, place: str) -> str:
    is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))  # what Excel calls "Unicode text"
    for encoding in ("utf-16",) if is_utf16 else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise RosterError("is no text, so no roster.", place=place, hint="Export it as CSV.")


def _rows(text: str, place: str) -> list[tuple[int, list[str]]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = []
    try:
        for row in reader:
            if any(value.strip() for value in row):
                rows.append((reader.line_num, [value.strip() for value in row]))
    except csv.Error as problem:
        raise RosterError(
            f"is not CSV: {problem}.", place=f"{place}:{reader.line_num}", hint="Export it again as CSV."
        ) from problem
    return rows


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _columns(header: list[str], shown: list[str], place: str, id_column: str) -> dict[str, list[int]]:
    found = {field: [header.index(name) for name in names if name in header] for field, names in _COLUMNS.items()}
    if "student" in header and "id" in header and any(sign in header for sign in _CANVAS_SIGNS):
        # Canvas' gradebook: its "ID" is the number in the names of its files, and an id only where there is no other.
        canvas_id = header.index("id")
        found["student_id"] = [number for number in found["student_id"] if number != canvas_id] + [canvas_id]
        found["lms_user_id"] = [canvas_id]
        found["email"] = found["email"] or [header.index("sisloginid")] if "sisloginid" in header else found["email"]
    if id_column:
        if _bare(id_column) not in header:
            raise RosterError(
                f"has no column {id_column!r}.", place=place, hint=f"Its columns are: {', '.join(shown[:20])}."
            )
        found["student_id"] = [header.index(_bare(id_column))]
    elif not found["student_id"] and not found["email"]:
        raise RosterError(
            "has no column that could hold student ids.",
            place=f"{place}:1",
            hint=f"Name one with --id-column; its columns are: {', '.join(shown[:20]) or 'none'}.",
        )
    return found


def _first(row: list[str], numbers: Iterable[int]) -> str:
    return next((row[number] for number in numbers if number < len(row) and row[number]), "")


def _is_nobody(values: Mapping[str, str]) -> bool:
    """Lines that are about the course and not about a student, and people who are none."""
    name = values["name"].casefold()
    if name in ("points possible", "student, test", "test student") or name.startswith("manual posting"):
        return True
    if not values["student_id"] and not values["email"] and not values["name"]:
        return True
    roles = re.split(r"[,;/]", values["role"].casefold())
    return bool(values["role"]) and not any(role.strip() in _ROLES for role in roles)


def _student(values: Mapping[str, str]) -> Student:
    first, last = values["first_name"], values["last_name"]
    if not first and not last and values["name"]:
        head, comma, tail = values["name"].partition(",")
        first, last = (tail, head) if comma else (values["name"].rpartition(" ")[0], values["name"].rpartition(" ")[2])
    email = values["email"] if "@" in values["email"] else ""
    lms = values["lms_user_id"]
    number = re.fullmatch(r"\D*?(\d+)", lms)  # Moodle's worksheet says "Participant 123"
    return Student(
        values["student_id"] or email.partition("@")[0],
        first.strip(),
        last.strip(),
        email,
        number[1] if number and " " in lms else lms,
    )


# --- finding a student ---


@dataclasses.dataclass(frozen=True, slots=True)
class Named:
    """What an upload says of its student; any part may be empty.

    Args:
        student_id: an id, or what may be one.
        email: an address.
        lms_user_id: the LMS's number of the student.
        name: first and last name in either order, with or without what separates them.
        is_weak: ``lms_user_id`` is a number of this upload alone (Moodle's): it decides only between equal names.
    """

    student_id: str = ""
    email: str = ""
    lms_user_id: str = ""
    name: str = ""
    is_weak: bool = False

    @property
    def shown(self) -> str:
        """How to speak of the student."""
        parts = [self.student_id or self.name or self.email]
        if self.lms_user_id:
            parts.append(f"(LMS id {self.lms_user_id})")
        return " ".join(part for part in parts if part) or "somebody"


def name_key(name: str) -> str:
    """Return a name without case, accents and all that is no letter or digit.

    Canvas writes "Lovelace, Ada" as ``lovelaceada``, Moodle "Ada Lovelace"; both orders are looked for.

    Example:
        >>> name_key("Gödel, Kurt"), name_key("O'Brien-Smith")
        ('godelkurt', 'obriensmith')
    """
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(char for char in plain if char.isalnum())


class Roster:
    """The students of a course, to be found by what an upload tells of them."""

    def __init__(self, students: Iterable[Student]) -> None:
        self.students = {student.student_id: student for student in students}
        self._by_id: dict[str, list[str]] = {}
        self._by_email: dict[str, list[str]] = {}
        self._by_lms: dict[str, list[str]] = {}
        self._by_name: dict[str, list[str]] = {}
        for student_id, student in self.students.items():
            self._by_id.setdefault(student_id.casefold(), []).append(student_id)
            if student.email:
                self._by_email.setdefault(student.email.casefold(), []).append(student_id)
            if student.lms_user_id:
                self._by_lms.setdefault(student.lms_user_id, []).append(student_id)
            for key in {
                name_key(student.first_name + student.last_name),
                name_key(student.last_name + student.first_name),
            } - {""}:
                self._by_name.setdefault(key, []).append(student_id)

    def __len__(self) -> int:
        return len(self.students)

    def find(self, named: Named) -> list[str]:
        """Return the ids of the students who may be meant: one if it is clear, none if nobody is known so."""
        if named.student_id in self.students:
            return [named.student_id]
        if named.lms_user_id and not named.is_weak and named.lms_user_id in self._by_lms:
            return self._by_lms[named.lms_user_id]
        for text in (named.email, named.student_id):
            if text.casefold() in self._by_email:
                return self._by_email[text.casefold()]
        if named.student_id.casefold() in self._by_id:
            return self._by_id[named.student_id.casefold()]
        found = self._by_name.get(name_key(named.name), []) if named.name else []
        if named.lms_user_id:
            exact = [each for each in found if self.students[each].lms_user_id == named.lms_user_id]
            if exact:
                return exact
            if not named.is_weak:  # the number is another student's of the same name
                found = [each for each in found if not self.students[each].lms_user_id]
            elif not found:
                # Blind marking: "Participant 123". The number is in the roster if it came from the same worksheet.
                blind = not re.sub(r"\bparticipant\b|\d|\W", "", named.name.casefold())
                found = self._by_lms.get(named.lms_user_id, []) if blind else []
        if not found and named.name and not named.student_id:
            return self._by_id.get(named.name.casefold(), [])
        return found
