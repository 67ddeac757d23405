"""A table of times: when each student handed in, where an LMS tells it outside of its zip."""

from __future__ import annotations

from grader.course.roster import Named, Roster, read_table
from grader.errors import RosterError

_TIME_COLUMNS = (
    "lastmodifiedsubmission",
    "submittedat",
    "submissiontime",
    "receivedat",
    "received",
    "timestamp",
    "time",
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_times(data: bytes, place: str, roster: Roster) -> dict[str, tuple[str, int]]:
    """Return the time's text and its line, by student; lines without a time are of students who did not hand in.

    Raises:
        RosterError: there is no column of times, or a line is of nobody who is known.
    """
    header, lines = read_table(data, place)
    column = next((name for name in _TIME_COLUMNS if name in header), None)
    if column is None:
        raise RosterError(
            "has no column of times.", place=f"{place}:1", hint='Call it "time", and the one of students "student_id".'
        )
    found = {}
    for number, values in lines:
        text = values.get(column, "")
        if not text or text == "-":
            continue
        named = Named(
            values.get("studentid") or values.get("id") or values.get("username") or values.get("idnumber") or "",
            values.get("emailaddress") or values.get("email") or "",
            name=values.get("fullname") or values.get("name") or values.get("student") or "",
        )
        students = roster.find(named)
        if len(students) != 1:
            raise RosterError(
                f"{named.shown} is {'not in the roster' if not students else 'the name of several students'}.",
                place=f"{place}:{number}",
                hint="Add a column student_id, or mend the roster.",
            )
        head, comma, rest = text.partition(",")
        found[students[0]] = (rest.strip() if comma and head.strip().lower() in _WEEKDAYS else text, number)
    return found
