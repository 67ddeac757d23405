"""The student's IPython shell, whose outputs are recorded in notebook form."""

from __future__ import annotations

import ast
import base64
import contextlib
import json
import sys
import types
from collections.abc import Iterator
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets.config import Config

from grader.execution.recorder import Recorder, plain_streams
from grader.execution.student_values import MAX_TEXT, short, text_of


def _mimebundle(data: dict[str, Any]) -> tuple[dict[str, Any], int]:
    bundle: dict[str, Any] = {}
    size = 0
    for mime, value in data.items():
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode()
        text = value if isinstance(value, str) else json.dumps(value, default=repr)
        bundle[str(mime)] = text
        size += len(text)
    return bundle, size


class RecordingDisplayHook(DisplayHook):
    """The value of a cell's last expression becomes an ``execute_result``."""

    def write_output_prompt(self) -> None:
        """Nothing: a notebook has its prompt in ``execution_count``."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        """Record the formatted value."""
        bundle, size = _mimebundle(format_dict)
        self.shell.recorder.add(
            {
                "output_type": "execute_result",
                "execution_count": self.prompt_count,
                "data": bundle,
                "metadata": {},
            },
            size,
        )

    def finish_displayhook(self) -> None:
        """Nothing to flush."""


class RecordingDisplayPublisher(DisplayPublisher):
    """``display(...)`` becomes ``display_data``."""

    def publish(self, data: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        """Record a display."""
        bundle, size = _mimebundle(data)
        self.shell.recorder.add({"output_type": "display_data", "data": bundle, "metadata": {}}, size)

    def clear_output(self, wait: bool = False) -> None:
        """Forget what the cell has shown so far."""
        self.shell.recorder.clear(wait)


class CellCompiler(CachingCompiler):
    """Remembers which cell a code object came from, for the line numbers in messages."""

    def __init__(self) -> None:
        super().__init__()
        self.cell_index = -1
        self.cells: dict[str, int] = {}
        self._parsed: tuple[str, int, ast.Module] | None = None

    def parses(self, source: str) -> bool:
        """True for plain Python; the tree is kept for ``ast_parse``, which will be asked for it next."""
        try:
            self._parsed = (source, self.flags, super().ast_parse(source, "<unknown>", "exec"))
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            self._parsed = None
        return self._parsed is not None

    def ast_parse(self, source: str, filename: str = "<unknown>", symbol: str = "exec") -> Any:
        """The tree of a cell, parsed once."""
        kept, self._parsed = self._parsed, None
        if kept is not None and symbol == "exec" and kept[:2] == (source, self.flags):
            return kept[2]
        return super().ast_parse(source, filename, symbol)

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        """A name of IPython's, noted with the running cell."""
        name: str = super().get_code_name(raw_code, transformed_code, number)
        name = f"{name[:-1]}-{self.cell_index}>" if name.endswith(">") else f"{name}-{self.cell_index}"
        self.cells[name] = self.cell_index
        return name


class StudentShell(InteractiveShell):
    """An IPython shell without a terminal: magics, rich output, ``_``, tracebacks, recorded."""

    recorder: Recorder

    def __init__(self, recorder: Recorder, **kwargs: Any) -> None:
        self.recorder = recorder
        super().__init__(**kwargs)
        self._usual = self._transformers()

    def _transformers(self) -> list[Any]:
        manager = self.input_transformer_manager
        own = (manager.cleanup_transforms, manager.line_transforms, manager.token_transformers)
        return [entry for part in (*own, self.input_transformers_post) for entry in part]

    def transform_cell(self, raw_cell: str) -> str:
        """IPython's input transformation, left out where it changes nothing: it takes longer than most cells.

        What parses as Python holds no ``%``, ``!`` or ``?`` of IPython's; a single line may still be a magic's name,
        and ``In [1]:`` a pasted prompt.
        """
        lines = raw_cell.splitlines(keepends=True)
        while len(lines) > 1 and not lines[0].strip():
            del lines[0]
        cell = "".join(lines)
        cell = cell if cell.endswith("\n") else cell + "\n"
        is_plain = len(lines) > 1 and "In [" not in cell and not cell[0].isspace() and "\f" not in cell
        if is_plain and self.compile.parses(cell) and self._transformers() == self._usual:
            return cell
        transformed: str = super().transform_cell(raw_cell)
        return transformed

    def should_run_async(self, raw_cell: str, **kwargs: Any) -> bool:
        """True for ``await`` outside of functions; IPython would compile every cell to find out."""
        text = kwargs.get("transformed_cell") or raw_cell
        return ("await" in text or "async" in text) and bool(super().should_run_async(raw_cell, **kwargs))

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        text = [line if len(line) <= MAX_TEXT else line[:MAX_TEXT] + " …" for line in stb]
        self.recorder.add(
            {
                "output_type": "error",
                "ename": short(getattr(etype, "__name__", "Exception")),
                "evalue": short(text_of(evalue)),
                "traceback": text,
            },
            sum(map(len, text)),
        )

    @contextlib.contextmanager
    def _tee(self, channel: str) -> Iterator[None]:
        """What is printed is not kept a second time, as IPython does for its history of outputs, which is off here."""
        yield

    def system(self, cmd: str) -> None:
        """What ``!command`` does; where no program can be started, as a notebook shows a command that failed."""
        try:
            super().system(cmd)
        except OSError as exc:
            print(f"{cmd[:80]}: programs cannot be started while a notebook is graded ({exc})", file=sys.stderr)
            self.user_ns["_exit_code"] = 127

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """What ``x = !command`` does."""
        try:
            return super().getoutput(cmd, split=split, depth=depth + 1)
        except OSError as exc:
            print(f"{cmd[:80]}: programs cannot be started while a notebook is graded ({exc})", file=sys.stderr)
            return SList() if split else ""

    def raw_input(self, prompt: str = "") -> str:
        """Nobody is there to answer."""
        raise EOFError("input() has no answer while a notebook is graded")


def make_shell(recorder: Recorder) -> StudentShell:
    """A fresh IPython shell, warmed up so that a fork of this process starts fast."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.ignore_cwd = True
    config.InteractiveShell.autocall = 0
    shell = StudentShell(
        recorder,
        config=config,
        displayhook_class=RecordingDisplayHook,
        display_pub_class=RecordingDisplayPublisher,
        compiler_class=CellCompiler,
        user_module=types.ModuleType("__main__"),
    )
    # get_ipython() and @magics look for the class's singleton.
    for cls in (InteractiveShell, StudentShell):
        cls._instance = shell
    plain_streams(recorder)
    for warm_up in ("1 + 1", "def f(x):\n    return 1 / x\nf(0)", "class C:\n    x = [1]\nC().y", "%pwd"):
        shell.run_cell(warm_up, store_history=False)
    shell.reset(new_session=True)
    shell.compile.cells.clear()
    shell.execution_count = 1
    recorder.start()
    return shell
