"""Zips and exchanges as Canvas, Moodle, Gradescope and nbgrader make them, for tests.

Names are those of Canvas' lib/content_zipper.rb, Moodle's mod/assign/classes/downloader.php, Gradescope's export and
nbgrader's exchange/default/submit.py.
"""

from __future__ import annotations

import struct
import zipfile
from datetime import datetime
from pathlib import Path

ROSTER = """id,first_name,last_name,email,lms_user_id
ada,Ada,Lovelace,ada@example.org,4711
kurt,Kurt,Gödel,kurt@example.org,4712
bob,Bob,O'Brien-Smith,bob@example.org,4713
"""


def make_zip(path: Path, files: dict[str, bytes | str], when: str = "2026-10-05 12:00:00") -> Path:
    """Write a zip; ``when`` is the local time of all its files, which is all that a plain zip tells."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, datetime.fromisoformat(when).timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def with_exact_time(name: str, when: datetime) -> zipfile.ZipInfo:
    """A zip entry as Rubyzip and Info-ZIP write it: local time of nowhere, and the exact one in an extra field."""
    info = zipfile.ZipInfo(name, (2001, 1, 1, 0, 0, 0))
    info.extra = struct.pack("<HHBi", 0x5455, 5, 1, int(when.timestamp()))
    return info


def exchange_handin(root: Path, course: str, name: str, notebook: bytes, chapter: str = "01_add") -> Path:
    """What ``nbgrader submit`` leaves, with a time of the student's own in it."""
    folder = root / course / "inbound" / name
    folder.mkdir(parents=True)
    (folder / f"{chapter}.ipynb").write_bytes(notebook)
    (folder / "timestamp.txt").write_text("2001-01-01 00:00:00.000000 UTC")
    (folder / "submission_secret.txt").write_text("secret")
    return folder


METADATA = """---
submission_42:
  :submitters:
  - :name: Ada Lovelace
    :sid: '4711'
    :email: ada@example.org
  - :name: Kurt Gödel
    :sid: '4712'
    :email: kurt@example.org
  :created_at: 2026-10-06 12:00:00.123456000 +02:00
  :score: 0.0
  :status: processed
  :history:
  - :id: 41
    :created_at: 2026-10-05 10:00:00.000000000 Z
"""
