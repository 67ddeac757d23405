"""The zip that makes an autograder of a chapter on Gradescope: our package, the chapter's spec, two scripts.

Byte for byte the same for the same course and versions. It holds the hidden tests, as every autograder on Gradescope
does; in the container they are in a folder that only root can read, and student code runs as somebody else.
"""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import grader
from grader.course.model import GradingSpec
from grader.reports.gradescope import SPEC_NAME

SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the container.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
venv="${GRADER_VENV:-/opt/grader-venv}"
find_python() {
  for name in @PYTHON@ python3.13 python3.12 python3.11 python3; do
    if "$name" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return 0
    fi
  done
  return 1
}
if [ ! -x "$venv/bin/python" ]; then
  if ! find_python >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update
    for version in @PYTHON@ python3.12 python3.11; do
      if apt-get install -y "$version" "$version-venv"; then break; fi
    done
  fi
  python="$(find_python)" || { echo "Python 3.11 or newer is needed: choose a newer Ubuntu image." >&2; exit 1; }
  "$python" -m venv "$venv"
fi
"$venv/bin/python" -m pip install --disable-pip-version-check --no-cache-dir -r "$here/requirements.txt"
chmod -R a+rX "$venv"
# The hidden tests: for root, who runs the autograder, and nobody else.
chmod -R go-rwx "$here"
"""

RUN = """\
#!/usr/bin/env bash
# Gradescope runs this for every submission; what it prints is for instructors only.
set -euo pipefail
root="$(cd "$(dirname "$0")" && pwd)"
export PYTHONPATH="$root/source" PYTHONDONTWRITEBYTECODE=1
exec "${GRADER_VENV:-/opt/grader-venv}/bin/python" -P -m grader.reports.gradescope "$root"
"""

_NEVER = ("__pycache__", ".pyc")
_WHEN = (2020, 1, 1, 0, 0, 0)


def autograder_zip(spec: GradingSpec, isolation: str = "auto") -> bytes:
    """Return the zip for a chapter.

    Args:
        spec: the chapter's side, hidden tests included.
        isolation: how student code is shut in; "auto" takes the best that the container offers, and says which.
    """
    content = {
        "setup.sh": SETUP.replace("@PYTHON@", f"python{sys.version_info.major}.{sys.version_info.minor}"),
        "run_autograder": RUN,
        "requirements.txt": "".join(f"{line}\n" for line in requirements(spec)),
        SPEC_NAME: json.dumps(
            {"tool_version": grader.__version__, "isolation": isolation, "spec": spec.to_plain()}, indent=1
        ),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            _add(archive, name, text.encode(), 0o755 if name in ("setup.sh", "run_autograder") else 0o644)
        for name, data in _package():
            _add(archive, name, data, 0o644)
    return file.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes, mode: int) -> None:
    info = zipfile.ZipInfo(name, _WHEN)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3  # Unix: the mode counts
    info.external_attr = (0o100000 | mode) << 16
    archive.writestr(info, data)


def _package() -> Iterator[tuple[str, bytes]]:
    root = Path(grader.__file__).parent
    for path in sorted(root.rglob("*")):
        if path.is_file() and not any(part.endswith(_NEVER) for part in path.relative_to(root).parts):
            yield f"grader/{path.relative_to(root).as_posix()}", path.read_bytes()


def requirements(spec: GradingSpec) -> list[str]:
    """Return what has to be installed for grading, in the versions that are installed here.

    IPython, and the packages that the course allows its students.
    """
    wanted = {"ipython"}
    providers = metadata.packages_distributions()
    for module in spec.allowed_modules or ():
        wanted.update(providers.get(module.partition(".")[0], ()))
    wanted = {re.sub(r"[-_.]+", "-", name).lower() for name in wanted} - {"mlp-grader"}
    return [f"{name}=={metadata.version(name)}" for name in sorted(wanted)]
