"""Points in time as people and nbgrader write them, read as UTC.

>>> instant("2026-10-05 23:59 UTC").isoformat()
'2026-10-05T23:59:00+00:00'
>>> instant("2026-10-05T23:59:00+02:00").isoformat()
'2026-10-05T21:59:00+00:00'
>>> instant("2026-07-01 12:00:00.250000 Europe/Berlin").isoformat()
'2026-07-01T10:00:00.250000+00:00'
"""

from __future__ import annotations

import datetime
import re
import zoneinfo

# Abbreviations have no registry; these are the ones that e-mail headers have (RFC 5322), and "Z".
_ABBREVIATIONS = {
    "Z": 0,
    "UT": 0,
    "EDT": -4,
    "EST": -5,
    "CDT": -5,
    "CST": -6,
    "MDT": -6,
    "MST": -7,
    "PDT": -7,
    "PST": -8,
}
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")


def instant(text: str) -> datetime.datetime:
    """Return the point in time that ``text`` names, in UTC.

    A date and a time, with a zone behind it: an offset (``+0200``, ``+02:00``), a name (``Europe/Berlin``) or one of
    the usual abbreviations; without a zone it is UTC, as in nbgrader. ISO 8601 first, then whatever dateutil reads
    without filling in a part of the date by itself.

    Raises:
        ValueError: it does not name a point in time, or its zone is unknown.
    """
    text = text.strip()
    rest, zone = _split_zone(text)
    try:
        value = datetime.datetime.fromisoformat(rest)
    except ValueError:
        value = _written_out(rest, text)
    if value.tzinfo is None:
        value = value.replace(tzinfo=zone)
    return utc(value)


def deadline(text: str) -> datetime.datetime:
    """Return the point in time that ``text`` names, in UTC; "until the 5th" means until that day is over.

    Raises:
        ValueError: it does not name a point in time, or its zone is unknown.

    Example:
        >>> deadline("2026-10-05").isoformat()
        '2026-10-05T23:59:59+00:00'
    """
    day = re.fullmatch(r"\s*(\d{4}-\d{2}-\d{2})((?:\s+\S+)?)\s*", text)
    if day and ":" not in day[2]:
        text = f"{day[1]} 23:59:59{day[2]}"
    return instant(text)


def utc(value: datetime.datetime) -> datetime.datetime:
    """Return ``value`` in UTC; one without a zone is UTC already.

    Raises:
        ValueError: a point in time beyond the calendar.
    """
    if value.tzinfo is None:
        return value.replace(tzinfo=datetime.UTC)
    try:
        return value.astimezone(datetime.UTC)
    except OverflowError as problem:
        raise ValueError(f"{value} lies outside the calendar") from problem


def naive_utc(value: datetime.datetime | None) -> datetime.datetime | None:
    """Return ``value`` as nbgrader's database holds it: UTC without saying so."""
    return None if value is None else utc(value).replace(tzinfo=None)


def aware_utc(value: datetime.datetime | None) -> datetime.datetime | None:
    """Return what nbgrader's database holds as a point in time: the way back from ``naive_utc``."""
    return None if value is None else utc(value)


def _split_zone(text: str) -> tuple[str, datetime.tzinfo]:
    head, _, last = text.rpartition(" ")
    if not head:
        return text, datetime.UTC
    offset = _OFFSET.fullmatch(last)
    if offset:
        sign, hours, minutes = offset.groups()
        delta = datetime.timedelta(hours=int(hours), minutes=int(minutes))
        if delta >= datetime.timedelta(days=1):
            raise ValueError(f"{last!r} is no time zone")
        return head, datetime.timezone(-delta if sign == "-" else delta)
    if not last[:1].isalpha() or last.upper() in ("AM", "PM"):
        return text, datetime.UTC
    if last.upper() in _ABBREVIATIONS:
        return head, datetime.timezone(datetime.timedelta(hours=_ABBREVIATIONS[last.upper()]))
    try:
        return head, zoneinfo.ZoneInfo(last)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{last!r} is no time zone that this machine knows") from None


def _written_out(rest: str, text: str) -> datetime.datetime:
    """Read ``2 Feb 2026 15:58`` and the like; refuse what dateutil would complete from today's date."""
    from dateutil import parser  # type: ignore[import-untyped]  # comes with nbgrader; only unusual files need it

    defaults = (datetime.datetime(2000, 1, 1), datetime.datetime(2001, 2, 2))
    try:
        first, second = (parser.parse(rest, default=default) for default in defaults)
    except (ValueError, OverflowError, TypeError):
        raise ValueError(f"{text!r} is no point in time") from None
    if first != second:
        raise ValueError(f"{text!r} is no complete date")
    if not isinstance(first, datetime.datetime):
        raise ValueError(f"{text!r} is no point in time")
    return first
