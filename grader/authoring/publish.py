"""What ``grader generate`` makes, compares and writes.

A ``Publication`` is worked out in memory; nothing is touched before its gates have passed. Files that change are
written to a staging folder first and then put in place by renaming, with the old ones kept until all are there: a full
disk or Ctrl-C leaves the old release whole.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import functools
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from grader.authoring.check import remarks
from grader.authoring.gates import Grade, leak_errors, proof_key, real_grade, run_gates
from grader.authoring.lesson import lesson_md, readme_md
from grader.authoring.names import chapter_imports
from grader.authoring.parse import LineError, read_solution_file
from grader.authoring.percent import disagreement
from grader.authoring.release import (
    grading_spec,
    read_and_check,
    release_notebook,
    shown_path,
    solution_text,
    source_notebook,
    starter_py,
)
from grader.authoring.visible import visible_tests_py
from grader.course.config import CourseConfig
from grader.course.layout import CHAPTERS_MODULE
from grader.course.model import Assignment, GradingSpec
from grader.errors import AnnotationError, CourseError, CourseErrors, GraderError, LeakError, UsageProblem

PROOF_NAME = ".proof.json"
"""In ``release/``: which gates have passed for which content, and which files were generated."""


@dataclasses.dataclass
class Publication:
    """Everything that follows from the solution files of some chapters.

    Args:
        config: the course.
        assignments: the chapters, in order.
        specs: what their submissions are graded with.
        files: path seen from the course folder → content, for ``release/`` and ``source/<id>/``.
        gone: files in ``release/`` that were generated once and are no longer made.
        unproven: chapters whose solution and stub gates have to be run.
        remarks: what an author should look at.
    """

    config: CourseConfig
    assignments: dict[str, Assignment]
    specs: dict[str, GradingSpec]
    files: dict[str, bytes]
    gone: list[str]
    unproven: list[str]
    remarks: list[AnnotationError]

    @property
    def max_score(self) -> float:
        """The points of the chapters."""
        return sum(assignment.max_score for assignment in self.assignments.values())

    def changed(self, *, released_only: bool = False) -> list[str]:
        """Return the files that are not as they should be, sorted; ``gone`` ones are among them.

        Args:
            released_only: leave out ``source/<id>/``, which a fresh clone does not have.
        """
        release = f"{self.config.layout.release}/"
        wanted = [path for path in self.files if not released_only or path.startswith(release)]
        stale = [path for path in wanted if _content(self.config.root / path) != self.files[path]]
        return sorted([*stale, *self.gone])


def generate_command(publication: Publication) -> str:
    """Return what brings the publication's files up to date."""
    all_of_them = len(publication.assignments) == len(publication.config.layout.assignment_ids())
    return "grader generate" if all_of_them else f"grader generate {' '.join(publication.assignments)}"


def plan(config: CourseConfig, assignment_ids: Sequence[str]) -> Publication:
    """Work out what the given chapters' solution files make.

    Raises:
        UsageProblem: there is no chapter.
        CourseErrors: all mistakes of all these chapters, leaks included.
    """
    if not assignment_ids:
        hint = f"Write the first solution file, {config.layout.source}/01_something.py"
        raise UsageProblem("this course has no chapters yet.", place=str(config.layout.source_root), hint=hint)
    errors: list[CourseError] = list(_misplaced(config))
    assignments: dict[str, Assignment] = {}
    noted: list[AnnotationError] = []
    for assignment_id in assignment_ids:
        assignment, mistakes = read_and_check(config, assignment_id)
        errors += mistakes or _disagreement(config, assignment_id)
        if assignment is not None:
            assignments[assignment_id] = assignment
            noted += remarks(assignment, shown_path(config, assignment_id))
    chapters_module = _chapters_module(config, assignments, errors)
    if errors:
        raise CourseErrors(errors)
    specs = {assignment_id: grading_spec(config, assignment_id) for assignment_id in assignment_ids}
    files: dict[str, bytes] = {}
    for assignment in assignments.values():
        files |= _chapter_files(config, assignment, chapters_module)
    old = _read_proof(config)
    gone = _gone(config, old, files, assignment_ids)
    release = config.layout.release
    released = _released_chapters(config, assignments)
    files[f"{release}/README.md"] = readme_md(
        config, released, has_chapters_module=chapters_module is not None
    ).encode()
    files[f"{release}/lesson.md"] = lesson_md(config, released).encode()
    keys = {
        assignment_id: proof_key(assignments[assignment_id], specs[assignment_id]) for assignment_id in assignment_ids
    }
    unproven = [assignment_id for assignment_id, key in keys.items() if old["gates"].get(assignment_id) != key]
    files[f"{release}/{PROOF_NAME}"] = _proof_text(config, old, keys, files, gone).encode()
    publication = Publication(config, assignments, specs, files, gone, unproven, noted)
    others, unreadable = _other_release_files(publication)
    everything = [*sorted((path, data) for path, data in files.items() if path.startswith(f"{release}/")), *others]
    leaks = leak_errors(everything, _secret_keepers(config, assignments), _paths(config))
    if leaks or unreadable:
        raise CourseErrors([*leaks, *unreadable])
    return publication


# -- what can be wrong around the chapters ---


def _misplaced(config: CourseConfig) -> Iterator[CourseError]:
    """Python files in ``source/`` that are no chapters because of their name or kind."""
    known = set(config.layout.assignment_ids())
    for path in sorted(config.layout.source_root.glob("*.py")):
        stem = path.stem
        if stem in known or stem == CHAPTERS_MODULE or stem.startswith(("_", "test_")):
            continue
        place = path.relative_to(config.root).as_posix()
        if path.is_dir():
            yield LineError("is a folder, not a file.", place=place, hint="Rename or remove the folder.")
        elif path.is_file():
            hint = "Name it with letters, digits, _ and - only; a file that is no chapter begins with _."
            yield LineError("is not generated: this name cannot be a chapter's id.", place=place, hint=hint)
        else:
            yield LineError("is not a file that can be read.", place=place, hint="Mend the link, or remove it.")


def _disagreement(config: CourseConfig, assignment_id: str) -> list[CourseError]:
    found = disagreement(solution_text(config, assignment_id))
    if found is None:
        return []
    place = f"{shown_path(config, assignment_id)}:{found.line}"
    return [LineError(f"{found.message}.", place=place, hint="Write it so that both read it alike.", line=found.line)]


def _chapters_module(
    config: CourseConfig, assignments: dict[str, Assignment], errors: list[CourseError]
) -> bytes | None:
    """The content of ``source/chapters.py``; a chapter that imports it cannot do without."""
    path = config.layout.chapters_module
    try:
        return path.read_bytes()
    except FileNotFoundError:
        for assignment_id, assignment in assignments.items():
            if any(chapter_imports(cell.source) for cell in assignment.cells if cell.cell_type == "code"):
                name = path.relative_to(config.root).as_posix()
                message = f"imports from chapters, but there is no {name} for students to import."
                errors.append(LineError(message, place=shown_path(config, assignment_id), hint=f"Add {name}."))
        return None
    except OSError as problem:
        name = path.relative_to(config.root).as_posix()
        errors.append(LineError(f"cannot be read: {problem.strerror}.", place=name))
        return None


# -- the files ---


def _chapter_files(config: CourseConfig, assignment: Assignment, chapters_module: bytes | None) -> dict[str, bytes]:
    from grader.notebooks.notebook import notebook_text

    name = assignment.assignment_id
    beside = {f"{name}.py": starter_py(assignment).encode(), f"test_{name}.py": visible_tests_py(assignment).encode()}
    if chapters_module is not None:
        beside[f"{CHAPTERS_MODULE}.py"] = chapters_module
    files = {}
    for folder, notebook in (
        (f"{config.layout.release}/{name}", release_notebook(assignment)),
        (f"{config.layout.source}/{name}", source_notebook(assignment)),
    ):
        files[f"{folder}/{name}.ipynb"] = notebook_text(notebook).encode()
        files |= {f"{folder}/{file}": content for file, content in beside.items()}
    return files


def _released_chapters(config: CourseConfig, assignments: dict[str, Assignment]) -> list[Assignment]:
    """All released chapters, as students have them: new ones, and the starter files of the others."""
    released = []
    for assignment_id in config.layout.assignment_ids():
        if assignment_id in assignments:
            text: str | None = starter_py(assignments[assignment_id])
        else:
            data = _content(config.layout.release_dir(assignment_id) / f"{assignment_id}.py")
            text = None if data is None else data.decode("utf-8", "replace")
        if text is not None:
            assignment, _ = read_solution_file(text, f"{assignment_id}.py")
            title = config.chapter(assignment_id).title or assignment.title
            released.append(dataclasses.replace(assignment, title=title))
    return released


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _secret_keepers(config: CourseConfig, assignments: dict[str, Assignment]) -> list[Assignment]:
    """All chapters whose solutions can be read, the ones that are not generated now too."""
    keepers = dict(assignments)
    for assignment_id in config.layout.assignment_ids():
        if assignment_id not in keepers:
            with contextlib.suppress(CourseError):
                text = solution_text(config, assignment_id)
                assignment, errors = read_solution_file(text, shown_path(config, assignment_id))
                if not errors:  # with a marker missing, nobody knows what is secret in it
                    keepers[assignment_id] = assignment
    return list(keepers.values())


def _paths(config: CourseConfig) -> dict[str, str]:
    return {assignment_id: shown_path(config, assignment_id) for assignment_id in config.layout.assignment_ids()}


def _other_release_files(publication: Publication) -> tuple[list[tuple[str, bytes]], list[CourseError]]:
    """What lies in ``release/`` beside the files that are made now, and errors for what cannot be read."""
    config = publication.config
    found, errors = [], []
    for path in sorted(config.layout.release_root.rglob("*")):
        name = path.relative_to(config.root).as_posix()
        if name in publication.files or name in publication.gone or not path.is_file():
            continue
        data = _content(path)
        if data is None:
            hint = "Make it readable, or take it out of the folder."
            errors.append(LeakError("cannot be read, so nobody knows what it tells.", place=name, hint=hint))
        else:
            found.append((name, data))
    return found, list(errors)


# -- proofs ---


def _read_proof(config: CourseConfig) -> dict[str, Any]:
    empty: dict[str, Any] = {"gates": {}, "files": []}
    data = _content(config.layout.release_root / PROOF_NAME)
    try:
        proof = json.loads(data or b"")
    except ValueError:
        return empty
    if (
        not isinstance(proof, dict)
        or not isinstance(proof.get("gates"), dict)
        or not isinstance(proof.get("files"), list)
    ):
        return empty
    return proof


def _proof_text(
    config: CourseConfig, old: dict[str, Any], keys: dict[str, str], files: dict[str, bytes], gone: list[str]
) -> str:
    release = f"{config.layout.release}/"
    known = set(config.layout.assignment_ids())
    gates = {name: key for name, key in (old["gates"] | keys).items() if name in known}
    made = {path for path in files if path.startswith(release)}
    kept = {f"{release}{name}" for name in old["files"]} - set(gone)
    document = {
        "about": "Written by grader generate: which content has passed the gates, and which files here are generated.",
        "files": sorted(path.removeprefix(release) for path in made | kept),
        "gates": dict(sorted(gates.items())),
        "schema": 1,
    }
    return json.dumps(document, indent=1) + "\n"


def _gone(
    config: CourseConfig, old: dict[str, Any], files: dict[str, bytes], assignment_ids: Sequence[str]
) -> list[str]:
    """Files that were generated for these chapters, or for chapters that are no more, and are not made now."""
    known = set(config.layout.assignment_ids())
    gone = []
    for name in old["files"]:
        parts = PurePosixPath(str(name)).parts
        if len(parts) != 2 or ".." in parts or (parts[0] in known and parts[0] not in assignment_ids):
            continue
        path = f"{config.layout.release}/{name}"
        if path not in files and (config.root / path).is_file():
            gone.append(path)
    return gone


def prove(
    publication: Publication,
    grade: Grade | None = None,
    said: Callable[[str], None] = lambda text: None,
    started: Callable[[str], None] = lambda assignment_id: None,
) -> None:
    """Run the gates that have no proof yet.

    Args:
        publication: what is to be published.
        grade: the grading function, if not the real one.
        said: told what an author should look at.
        started: told the chapter whose gates begin.

    Raises:
        CourseErrors: what the gates found, in all chapters.
    """
    errors: list[CourseError] = []
    for assignment_id in publication.unproven:
        started(assignment_id)
        path = shown_path(publication.config, assignment_id)
        assignment, spec = publication.assignments[assignment_id], publication.specs[assignment_id]
        errors += run_gates(assignment, spec, path, grade or _real_grade(publication.config), said)
    if errors:
        raise CourseErrors(errors)


def _real_grade(config: CourseConfig) -> Grade:
    if config.isolation == "auto":
        return real_grade
    return functools.partial(real_grade, isolation=config.isolation)


# -- writing ---


def write(publication: Publication) -> list[str]:
    """Put every changed file in place, all of them or none; return their names.

    Raises:
        GraderError: a file cannot be written; everything is as it was.
    """
    config = publication.config
    changed = publication.changed()
    if not changed:
        return []
    config.layout.state_dir.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="generate-", dir=config.layout.state_dir) as staging:
            staged = {}
            for number, path in enumerate(changed):
                if path in publication.files:
                    staged[path] = Path(staging, f"new-{number}")
                    write_through(staged[path], publication.files[path])
            _swap(config.root, changed, staged, Path(staging))
    except OSError as problem:
        place = str(problem.filename2 or problem.filename or config.layout.release_root)
        hint = "Nothing was changed. Make room or set the permissions right, then run the same command again."
        raise GraderError(f"cannot be written: {problem.strerror}.", place=place, hint=hint) from problem
    return changed


def write_through(path: Path, data: bytes) -> None:
    """Write a file to the disk itself."""
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _swap(root: Path, changed: list[str], staged: dict[str, Path], staging: Path) -> None:
    """Rename new files into place; if one cannot be, put the old ones back."""
    undo: list[Callable[[], None]] = []
    with uninterrupted():
        try:
            for number, path in enumerate(changed):
                target = root / path
                _make_folder(target.parent, undo)
                backup = staging / f"old-{number}"
                if os.path.lexists(target):
                    _move(target, backup)
                    undo.append(_mover(backup, target))
                if path in staged:
                    _move(staged[path], target)
                    undo.append(_remover(target))
        except BaseException:
            for step in reversed(undo):
                with contextlib.suppress(OSError):
                    step()
            raise
        for path in changed:
            if path not in staged:
                with contextlib.suppress(OSError):  # others' files are still in it
                    (root / path).parent.rmdir()


def _make_folder(folder: Path, undo: list[Callable[[], None]]) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent, undo)
        folder.mkdir()
        undo.append(folder.rmdir)


def _mover(source: Path, target: Path) -> Callable[[], None]:
    return lambda: _move(source, target)


def _remover(path: Path) -> Callable[[], None]:
    return path.unlink


def _move(source: Path, target: Path) -> None:
    try:
        os.replace(source, target)
    except OSError as problem:
        if problem.errno != errno.EXDEV:  # release/ may be on another disk
            raise
        beside = target.with_name(f".{target.name}.new")
        shutil.copy2(source, beside)
        os.replace(beside, target)
        source.unlink()


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C and a polite kill wait for the few milliseconds that renaming takes."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
