"""The benchmarks run, and say what they are for; their numbers are nobody's promise here."""

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def test_growing_prints_a_line_for_each_size():
    """Time, memory and the second run, of a class in which no two notebooks are the same."""
    command = [sys.executable, str(BENCHMARKS / "growing.py"), "--students", "1", "3", "--chapters", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    _, head, one, three = done.stdout.splitlines()
    assert head.split()[:2] == ["students", "submissions"]
    assert one.split()[:2] == ["1", "1"]
    assert three.split()[:2] == ["3", "3"]
    *_, peak, a_student, again = (float(word) for word in three.split())
    assert peak > 10
    assert a_student < 5000
    assert again < float(three.split()[2])
