"""``release/README.md`` and ``release/lesson.md``: the way in for students, and the whole course to read.

Both are made from the released chapters (the starter files), so that nothing can be in them that students do not
have anyway, and so that one chapter can be generated while another one is being written.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from grader.authoring.release import TEXT_STUB, exercises, points_text
from grader.course.config import CourseConfig
from grader.course.model import Assignment, CourseCell, Role
from grader.execution.submission import HIDDEN_NOTE


def readme_md(config: CourseConfig, chapters: Sequence[Assignment], *, has_chapters_module: bool) -> str:
    """Return the text that greets students.

    Args:
        config: the course.
        chapters: the released chapters, in order.
        has_chapters_module: later chapters use earlier ones.
    """
    first = chapters[0].assignment_id if chapters else "chapter"
    total = sum(chapter.max_score for chapter in chapters)
    rows = [["chapter", "about", "exercises", "points"], ["---"] * 4]
    for chapter in chapters:
        names = " ".join(f"`{name}`" for name in exercises(chapter))
        folder = f"[{chapter.assignment_id}]({chapter.assignment_id}/)"
        rows.append([folder, chapter.title, names, points_text(chapter.max_score)])
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    beside = (
        "\n- `chapters.py` gives a chapter what you wrote in earlier ones (`from chapters import …`). There is\n"
        "  nothing to do in it, but the folders must lie side by side, as they do here."
        if has_chapters_module
        else ""
    )
    return f"""\
# {config.title or "The course"}

{len(chapters)} {"chapter" if len(chapters) == 1 else "chapters"}, {points_text(total)} points.

{table}

## What is in a folder

- `{first}.ipynb` is the notebook: explanations, exercises, and tests that you can run.
- `{first}.py` is the same as a Python file, for those who like an editor better. Cells begin with
  `# %%`; VS Code, PyCharm and Spyder run them one by one.
- `test_{first}.py` runs all the visible tests at once: `pytest` in the folder.{beside}

[lesson.md](lesson.md) is the whole course to read, with all explanations and examples.

## Three ways through

1. **Read first.** Go through [lesson.md](lesson.md), then start with the exercises.
2. **Start with the exercises.** Open the notebook of the first chapter in JupyterLab (or its `.py` file in an editor).
   In each exercise replace the line `raise NotImplementedError("…: your code here")`, run the cell, look at what the
   next one shows, and run the tests below it.
3. **Read solutions.** When a chapter is closed its solution may be published. Then compare it with yours: there is more
   than one good way.

## Tests and points

- You can run what you see of a test cell as often as you like; when you hand in, more tests of the same behaviour run,
  with other numbers.
- Leave test cells and locked cells as they are: grading uses its own copies. You may add cells of your own.
- An error in one exercise costs only the points of the tests that need it. Hand in what you have.
- In grading, what earlier chapters define is taken from a correct solution: a mistake costs its points once.

## Handing in

Hand in the notebook (or the `.py` file) of the chapter, under the name that it has here.
"""


def lesson_md(config: CourseConfig, chapters: Sequence[Assignment]) -> str:
    """Return all chapters as one text to read: explanations, examples, and the code that students start from."""
    contents = "\n".join(
        f"{number}. [{chapter.title or chapter.assignment_id}](#{chapter.assignment_id})"
        for number, chapter in enumerate(chapters, start=1)
    )
    parts = [f"# {config.title or 'The course'}: the lesson\n\n{contents}"]
    for chapter in chapters:
        anchor = f'<a id="{chapter.assignment_id}"></a>'
        parts.append(f"---\n\n{anchor}\n\n*{chapter.assignment_id}, {points_text(chapter.max_score)} points*")
        parts += _chapter_parts(chapter)
    return "\n\n".join(part for part in parts if part) + "\n"


def _chapter_parts(chapter: Assignment) -> list[str]:
    parts: list[str] = []
    tests: list[str] = []
    for cell in chapter.cells:
        if tests and cell.role is not Role.TEST:
            parts.append("\n".join(tests))
            tests = []
        if cell.role is Role.TEST:
            tests.append(_test_line(cell))
        elif cell.role is Role.MANUAL:
            question = (
                cell.source.replace(TEXT_STUB, "").strip() if cell.cell_type == "markdown" else _fenced(cell.source)
            )
            parts.append(
                f"{question}\n\n*Answer in the notebook: {cell.name}, {points_text(cell.points)} points.*".strip()
            )
        elif cell.cell_type == "markdown":
            parts.append(cell.source.strip())
        elif cell.cell_type == "code" and cell.source.strip():
            parts.append(_fenced(cell.source.rstrip()))
    return [*parts, "\n".join(tests)]


def _test_line(cell: CourseCell) -> str:
    plural = "" if cell.points == 1 else "s"
    line = f"- *Test* `{cell.name}` ({points_text(cell.points)} point{plural})"
    about = _docstring(cell.source)
    return f"{line}: {about}" if about else line


def _docstring(source: str) -> str:
    """The first line of a test's docstring."""
    try:
        text = ast.get_docstring(ast.parse(source)) or ""
    except (SyntaxError, ValueError):
        return ""
    return text.strip().partition("\n")[0].replace(HIDDEN_NOTE, "").strip()


def _fenced(source: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}python\n{source}\n{fence}"
