"""Text of other people, made fit to be shown: in a terminal, in a table of 80 columns, in a spreadsheet.

Names of folders and messages of tests come from students. A terminal obeys escape sequences, a spreadsheet runs what
looks like a formula; neither may happen to what a student wrote.
"""

from __future__ import annotations

import datetime
import re
import unicodedata

# Control characters, and the ones that turn the order of text around (a file name that reads as another one).
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str, *, lines: bool = False) -> str:
    r"""Return ``text`` with everything that a terminal would obey made visible, as Python would write it.

    Args:
        text: anything.
        lines: keep line ends and tabs.

    Example:
        >>> printable("ada\x1b[2J\x07")
        'ada\\x1b[2J\\x07'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character, lines) for character in text)


def _shown(character: str, lines: bool) -> str:
    if lines and character in "\n\t":
        return character
    if character in _BIDI or unicodedata.category(character) in _UNSAFE_CATEGORIES:
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character


def one_line(text: str) -> str:
    """Return ``text`` as one printable line."""
    return printable(" ".join(text.split()))


def id_and_name(student_id: str, name: str) -> str:
    """Return a student's id as a report for graders shows it, with the name where there is one.

    Example:
        >>> id_and_name("ada", "Ada Lovelace"), id_and_name("bob", "")
        ('ada (Ada Lovelace)', 'bob')
    """
    return f"{printable(student_id)} ({printable(name)})" if name else printable(student_id)


def first_line(text: str) -> str:
    """Return the first line of ``text``, printable; what follows it is usually advice."""
    return one_line(text.strip().partition("\n")[0])


def spreadsheet_cell(text: str) -> str:
    """Return ``text`` as a spreadsheet shows it and does not run it.

    Example:
        >>> spreadsheet_cell("=HYPERLINK(1)")
        "'=HYPERLINK(1)"
        >>> spreadsheet_cell("ada")
        'ada'
    """
    clean = printable(text)
    return f"'{clean}" if re.match(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20|%]", clean) else clean


def duration(seconds: float) -> str:
    """Return a span of time as people say it, in its two largest units.

    Example:
        >>> duration(93_784), duration(3_600), duration(0.2)
        ('1 d 2 h', '1 h', 'less than 1 s')
    """
    days, rest = divmod(int(seconds), 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join([f"{number} {unit}" for number, unit in parts if number][:2]) or "less than 1 s"


def moment(value: datetime.datetime | None) -> str:
    """Return a point in time as the tool writes it: UTC, to the minute, the seconds where there are some.

    Example:
        >>> moment(datetime.datetime(2026, 10, 5, 23, 59, tzinfo=datetime.UTC))
        '2026-10-05 23:59 UTC'
    """
    if value is None:
        return "never"
    return f"{value:%Y-%m-%d %H:%M}{f':{value:%S}' if value.second else ''} UTC"


def iso(value: datetime.datetime | None) -> str | None:
    """Return a point in time as JSON has it."""
    return None if value is None else value.isoformat()


def points(value: float) -> str:
    """Return a number of points as people write it: at most two decimals, none that say nothing.

    Example:
        >>> points(14.0), points(3.5), points(-0.0)
        ('14', '3.5', '0')
    """
    shown = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown
