"""The Makefile finds a Python by trying, and says in one line what to install if there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAKE = shutil.which("make")

pytestmark = pytest.mark.skipif(MAKE is None, reason="make is not installed")


def make_python(path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Ask the Makefile for the Python that it would take, with nothing on PATH but ``path``."""
    assert MAKE is not None
    return subprocess.run(
        [MAKE, "-s", "python"],
        cwd=ROOT,
        env={"PATH": str(path), "SHELL": "/bin/sh", **env},
        capture_output=True,
        text=True,
        check=False,
    )


def program(path: Path, text: str) -> Path:
    """Write an executable."""
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def test_a_python_that_fails_is_passed_over(tmp_path: Path) -> None:
    """Shims of pyenv are there and fail; an older Python, and one without ensurepip, fail the same way."""
    program(tmp_path / "python3", "#!/bin/sh\necho 'pyenv: python3: command not found' >&2\nexit 127\n")
    good = program(tmp_path / "python3.12", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    done = make_python(tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{good}\n")


def test_no_python_is_one_line(tmp_path: Path) -> None:
    """What to install, for the systems that people have."""
    program(tmp_path / "python3", "#!/bin/sh\nexit 1\n")
    done = make_python(tmp_path)
    assert done.returncode == 2
    first, *rest = done.stderr.splitlines()
    assert first.startswith("Python 3.11 or newer with its venv module is needed: apt install python3 python3-venv")
    assert all(line.startswith("make") for line in rest)


def test_the_user_may_choose(tmp_path: Path) -> None:
    """PYTHON=… is taken as it is, also with a space in its path; a wrong one is the same one line."""
    folder = tmp_path / "my pythons"
    folder.mkdir()
    good = program(folder / "snake", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    assert make_python(tmp_path, PYTHON=str(good)).stdout == f"{good}\n"
    assert make_python(tmp_path, PYTHON=os.devnull).returncode == 2
