"""What runs inside the student process: the student's cells, and answers to the judge's questions.

This module knows no expected value, no test and no path of the course; it imports nothing of ours but ``wire``.
Everything here is at the mercy of student code, and nothing here is trusted: the judge takes from it plain data only.
"""

from __future__ import annotations

import ast
import base64
import builtins
import importlib
import io
import json
import operator
import os
import signal
import sys
import traceback
import types
import warnings
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets.config import Config

from grader.execution import wire

MAX_TEXT = 4000
"""Characters of an exception's message or a name that are worth sending."""
MAX_FRAMES = 30
_BUILTIN_NAMES = {kind: name for name, kind in wire.BUILTIN_CLASSES.items()}
_fork = os.fork


class Recorder:
    """The outputs of the running cell, in the order they came, in notebook form."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.outputs: list[dict[str, Any]] = []
        self.used = 0
        self.clear_first = False

    def start(self) -> None:
        """Forget what was recorded."""
        self.outputs = []
        self.used = 0
        self.clear_first = False

    def add(self, output: dict[str, Any], size: int) -> None:
        """Record one output unless the cell has said enough."""
        if self.clear_first:
            self.start()
        if self.used > self.max_bytes:
            return
        self.used += size
        if self.used > self.max_bytes:
            self.outputs.append({"output_type": "stream", "name": "stderr", "text": "\n[output cut here: too long]\n"})
            return
        last = self.outputs[-1] if self.outputs else None
        if output["output_type"] == "stream" and last and last.get("name") == output["name"]:
            last["parts"].append(output["parts"][0])
        else:
            self.outputs.append(output)

    def stream(self, name: str, text: str) -> None:
        """Record text on ``stdout`` or ``stderr``."""
        room = max(0, self.max_bytes - self.used + 1)
        self.add({"output_type": "stream", "name": name, "parts": [text[:room]]}, len(text))

    def clear(self, wait: bool) -> None:
        """IPython's ``clear_output``."""
        if wait:
            self.clear_first = True
        else:
            self.start()

    def take(self) -> str:
        """What was recorded as JSON text, and start anew."""
        for output in self.outputs:
            if "parts" in output:
                output["text"] = "".join(output.pop("parts"))
        text = json.dumps(self.outputs) if self.outputs else ""
        self.start()
        return text


class OutStream(io.TextIOBase):
    """A text stream that records."""

    encoding = "UTF-8"
    errors = "replace"

    def __init__(self, recorder: Recorder, name: str) -> None:
        self._recorder = recorder
        self.name = name

    def write(self, text: str) -> int:
        """Record ``text``; like any text stream, refuse everything else."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self._recorder.stream(self.name, str(text))
        return len(text)

    def writable(self) -> bool:
        """True, as for every output stream."""
        return True

    def isatty(self) -> bool:
        """False: nobody watches."""
        return False


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
                "ename": _short(getattr(etype, "__name__", "Exception")),
                "evalue": _short(_text_of(evalue)),
                "traceback": text,
            },
            sum(map(len, text)),
        )

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
    _plain_streams(recorder)
    for warm_up in ("1 + 1", "def f(x):\n    return 1 / x\nf(0)", "class C:\n    x = [1]\nC().y", "%pwd"):
        shell.run_cell(warm_up, store_history=False)
    shell.reset(new_session=True)
    shell.compile.cells.clear()
    shell.execution_count = 1
    recorder.start()
    return shell


def _plain_streams(recorder: Recorder) -> None:
    sys.stdout = OutStream(recorder, "stdout")
    sys.stderr = OutStream(recorder, "stderr")


def _short(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + " …"


def _text_of(exc: BaseException) -> str:
    try:
        return str(exc)
    except BaseException:  # noqa: BLE001 (a student's __str__ may do anything)
        return "(its message cannot be shown)"


def let_go_of_frames(exc: BaseException) -> None:
    """Forget what the frames of an exception that is kept still hold: what they had used up would stay used up."""
    seen: set[int] = set()
    chain: BaseException | None = exc
    while chain is not None and id(chain) not in seen and len(seen) < 100:
        seen.add(id(chain))
        traceback.clear_frames(chain.__traceback__)
        chain = chain.__cause__ or chain.__context__


class Values:
    """Objects of this process by id, and their form on the wire."""

    def __init__(self) -> None:
        self.objects: dict[int, Any] = {}
        self.tags: dict[int, tuple[str, int]] = {}
        self.linked: dict[int, tuple[str, Any, list[Any]]] = {}
        self.next_id = 1
        self.callback: Callable[..., Any] | None = None

    # -- towards the judge ------------------------------------------------------------------------------------------

    def encode(
        self,
        value: Any,
        contents: list[Any],
        budget: int = wire.INLINE_ITEMS,
        *,
        about: Any = None,
        looks: list[str] | None = None,
    ) -> Any:
        """The wire form of ``value``; contents of what it holds are added to ``contents``, up to ``budget`` items.

        So are attributes of objects in it, and of ``about``: those that the judge probably ``looks`` at next, or all,
        and the names of their methods.
        """
        queue: deque[Any] = deque()
        form = self._encode(value, queue, 0)
        objects: deque[Any] = deque()
        seen: set[int] = set()
        while queue:
            container = queue.popleft()
            if type(container) is tuple:
                objects.append(container)
                continue
            if id(container) in seen:
                continue
            seen.add(id(container))
            budget -= len(container)
            if budget < 0:
                break
            contents.append(self._contents(container, queue))
        if about is not None:
            self._encode(about, objects, 0)
        if objects:
            self._add_attributes(objects, contents, seen, looks)
        return form

    def _add_attributes(
        self, objects: deque[Any], contents: list[Any], seen: set[int], looks: list[str] | None
    ) -> None:
        room = wire.INLINE_ATTRIBUTES
        while objects:
            value, (attributes, methods) = objects.popleft()
            if id(value) in seen:
                continue
            seen.add(id(value))
            if looks is not None:
                attributes = {name: attributes[name] for name in looks if name in attributes}
            room -= 1 + len(attributes)
            if room < 0:
                return
            pairs = []
            for name, item in attributes.items():
                queue: deque[Any] = deque()
                pairs.append([name, self._encode(item, queue, 0)])
                room -= self._add_whole(queue, contents, objects, seen, room)
            contents.append(["a", self.tags[id(value)][1], _name_of(type(value)), pairs, methods])

    def _add_whole(self, queue: deque[Any], contents: list[Any], objects: deque[Any], seen: set[int], room: int) -> int:
        """Add an attribute's contents with all that is nested in it, or nothing: rows fetched one by one cost more.

        Returns:
            How many items were added.
        """
        entries: list[Any] = []
        found: list[Any] = []
        inner: set[int] = set()
        used = 0
        while queue:
            container = queue.popleft()
            if type(container) is tuple:
                found.append(container)
            elif id(container) not in seen and id(container) not in inner:
                inner.add(id(container))
                used += len(container)
                if used > room:
                    return 0
                entries.append(self._contents(container, queue))
        contents += entries
        objects += found
        seen |= inner
        return used

    def _contents(self, container: Any, queue: deque[Any] | None) -> list[Any]:
        tag, number = self.tags[id(container)]
        if type(container) is dict:
            if len(container) > wire.MAX_KEYS:
                raise wire.WireError(f"a dict of {len(container)} keys; at most {wire.MAX_KEYS} may cross")
            pairs = [[self._encode(k, queue, 0), self._encode(v, queue, 0)] for k, v in list(container.items())]
            return [tag, number, pairs]
        items = list(container)
        if not _PASS_AS_THEY_ARE.issuperset(map(type, items)):
            items = [self._encode(item, queue, 0) for item in items]
        return [tag, number, items]

    def _encode(self, value: Any, queue: deque[Any] | None, depth: int) -> Any:
        form = wire.encode_scalar(value)
        if form is not NotImplemented:
            return form
        known = self.tags.get(id(value))
        kind = type(value)
        if kind is list or kind is dict or (known and known[0] == "m"):
            if known is None:
                known = self._keep(value, "l" if kind is list else "d")
            if queue is not None and known[1] > 0:
                queue.append(value)
            return list(known)
        if known and known[0] in "cpe":
            return [*known, ""]
        if kind is type and value in _BUILTIN_NAMES:
            return ["n", "builtins", _BUILTIN_NAMES[value]]
        if kind is tuple or kind is set or kind is frozenset:
            if depth >= wire.MAX_DEPTH:
                raise wire.WireError("tuples nested too deeply")
            if kind is not tuple and len(value) > wire.MAX_KEYS:
                raise wire.WireError(f"a set of {len(value)} items; at most {wire.MAX_KEYS} may cross")
            tag = "t" if kind is tuple else "s" if kind is set else "f"
            return [tag, [self._encode(item, queue, depth + 1) for item in value]]
        if known is None:
            known = self._keep(value, "o")
        kind_and_name = _kind_and_name(value)
        if queue is not None and kind_and_name[0] == "object":
            parts = plain_parts(value)
            if parts is not None:
                queue.append((value, parts))
        return ["o", known[1], *kind_and_name]

    def _keep(self, value: Any, tag: str) -> tuple[str, int]:
        number = self.next_id
        self.next_id += 1
        self.objects[number] = value
        self.tags[id(value)] = (tag, number)
        return tag, number

    def release(self, numbers: Iterable[int]) -> None:
        """The judge has forgotten these."""
        for number in numbers:
            value = self.objects.pop(number, self)
            if value is not self:
                self.tags.pop(id(value), None)
            link = self.linked.pop(number, None)
            if link is not None:
                self.tags.pop(id(link[1]), None)

    # -- from the judge ---------------------------------------------------------------------------------------------

    def decode(self, form: Any) -> Any:
        """The value of a wire form; ids must be known."""
        value = wire.decode_scalar(form)
        if value is not NotImplemented:
            return value
        tag = form[0]
        if tag == "t":
            return tuple([self.decode(item) for item in form[1]])
        if tag == "f":
            return frozenset([self.decode(item) for item in form[1]])
        if tag == "n":
            target: Any = importlib.import_module(form[1])
            for part in form[2].split("."):
                target = getattr(target, part)
            return target
        number = form[1]
        if tag in "cp" and number not in self.objects:
            proxy = _callback(self, number, form[2]) if tag == "c" else JudgeObject(self, number, form[2])
            self.objects[number] = proxy
            self.tags[id(proxy)] = (tag, number)
        if number in self.linked:
            return self.linked[number][1]
        if number not in self.objects:
            raise ReferenceError("this object is gone: the process it lived in was restarted")
        return self.objects[number]

    def apply(self, sync: list[Any]) -> None:
        """Take over the judge's lists, dicts and sets as they stand there."""
        for tag, number, _items in sync:
            if number > 0 or number in self.linked:
                continue
            container: Any = [] if tag == "l" else {} if tag == "d" else set()
            self.linked[number] = (tag, container, [])
            self.tags[id(container)] = (tag, number)
        for tag, number, items in sync:
            container = self.linked[number][1] if number in self.linked else self.objects[number]
            if tag == "d":
                pairs = [(self.decode(key), self.decode(value)) for key, value in items]
                container.clear()
                container.update(pairs)
            elif tag == "l":
                container[:] = [self.decode(item) for item in items]
            else:
                container.clear()
                container.update([self.decode(item) for item in items])
            if number in self.linked:
                self.linked[number] = (tag, container, _snapshot(container))

    def changed(self, contents: list[Any]) -> list[Any]:
        """What student code has done to lists, dicts and sets that the judge passed, since the last look."""
        back: list[Any] = []
        for number, (tag, container, old) in list(self.linked.items()):
            now = container if tag == "l" else _snapshot(container)
            if len(now) == len(old) and all(map(operator.is_, now, old)):
                continue
            self.linked[number] = (tag, container, _snapshot(container))
            queue: deque[Any] = deque()
            back.append(self._contents(container, queue))
            for item in queue:
                self.encode(item[0] if type(item) is tuple else item, contents)
        return back


_PASS_AS_THEY_ARE = frozenset((float, str, bool, type(None)))
MAX_CLASS_ITEMS = 64
_SHORT = 200
_OWN_LOOKUP: Any = vars(object).get("__getattribute__")


def plain_parts(value: Any) -> tuple[dict[str, Any], list[str]] | None:
    """Attributes and methods of an object that can be looked up without running any code of its class.

    Returns:
        The attributes in its ``__dict__`` that no property stands before (long texts and tuples left out), and the
        names of its class's functions; None for an object that has its own way with attributes.
    """
    kind = type(value)
    if type(kind) is not type or kind.__getattribute__ is not _OWN_LOOKUP:
        return None
    bases = kind.__mro__[:-1]
    if kind.__module__ == "builtins" or sum([len(vars(base)) for base in bases]) > MAX_CLASS_ITEMS:
        return None
    try:
        own: Any = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None
    if type(own) is not dict or len(own) > MAX_CLASS_ITEMS:
        return None
    methods: dict[str, bool] = {}
    for base in bases:
        for name, item in vars(base).items():
            if name not in methods:
                methods[name] = type(item) is types.FunctionType
                if hasattr(type(item), "__set__") and name in own:
                    own = {key: item for key, item in own.items() if key != name}
    shown = {
        name: item
        for name, item in own.items()
        if type(name) is str
        and name[:2] != "__"
        and type(item) not in (tuple, set, frozenset)
        and not (type(item) in (str, bytes) and len(item) > _SHORT)
    }
    return shown, [name for name, is_method in methods.items() if is_method and name not in own and name[:2] != "__"]


def _snapshot(container: Any) -> list[Any]:
    if type(container) is dict:
        return [part for pair in container.items() for part in pair]
    return list(container)


def _kind_and_name(value: Any) -> tuple[str, str]:
    if isinstance(value, type):
        return ("exception" if issubclass(value, BaseException) else "class"), _name_of(value)
    if callable(value) and hasattr(value, "__name__"):
        return "callable", _name_of(value)
    return "object", _name_of(type(value))


def _name_of(value: Any) -> str:
    name = getattr(value, "__name__", "?")
    return name[:80] if type(name) is str else "?"


def _callback(values: Values, number: int, name: str) -> Callable[..., Any]:
    def judge_function(*args: Any, **kwargs: Any) -> Any:
        assert values.callback is not None
        return values.callback(number, "call", args, kwargs)

    judge_function.__name__ = judge_function.__qualname__ = name
    return judge_function


class JudgeObject:
    """An object of the judge's, as student code sees it: attributes, methods, iteration; no operators."""

    def __init__(self, values: Values, number: int, name: str) -> None:
        object.__setattr__(self, "_link", (values, number, name))

    def _ask(self, question: str, *args: Any) -> Any:
        values, number, _ = object.__getattribute__(self, "_link")
        return values.callback(number, question, args, {})

    def __getattr__(self, name: str) -> Any:
        return self._ask("getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask("setattr", name, value)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:  # noqa: D102
        return self.__getattr__("__call__")(*args, **kwargs)

    def __bool__(self) -> bool:
        return self._ask("bool") is True

    def __len__(self) -> int:
        length: int = self._ask("method", "__len__")
        return length

    def __getitem__(self, key: Any) -> Any:
        return self._ask("method", "__getitem__", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._ask("method", "__setitem__", key, value)

    def __contains__(self, item: Any) -> bool:
        return self._ask("contains", item) is True

    def __iter__(self) -> Any:
        iterator = self._ask("iter")
        return iterator if isinstance(iterator, JudgeObject) else iter(iterator)

    def __next__(self) -> Any:
        return self._ask("next")

    def __copy__(self) -> Any:
        return self._ask("copy")

    def __deepcopy__(self, memo: Any) -> Any:
        return self._ask("deepcopy")

    def __repr__(self) -> str:
        return f"<{object.__getattribute__(self, '_link')[2]} of the test>"


def _power(base: Any, exponent: Any) -> Any:
    return base**exponent


OPERATIONS: dict[str, Callable[..., Any]] = {
    "call": lambda target, /, *args, **kwargs: target(*args, **kwargs),
    "getattr": getattr,
    "callmethod": lambda target, name, /, *args, **kwargs: getattr(target, name)(*args, **kwargs),
    "setattr": setattr,
    "delattr": delattr,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "append": list.append,
    "len": len,
    "iter": iter,
    "next": next,
    "str": str,
    "float": float,
    "int": int,
    "index": operator.index,
    "abs": abs,
    "round": round,
    "neg": operator.neg,
    "pos": operator.pos,
    "invert": operator.invert,
    "isinstance": isinstance,
    "issubclass": issubclass,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": operator.truediv,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "pow": _power,
    "matmul": operator.matmul,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "lshift": operator.lshift,
    "rshift": operator.rshift,
    "iadd": operator.iadd,
    "isub": operator.isub,
    "imul": operator.imul,
    "itruediv": operator.itruediv,
    "enter": lambda target: type(target).__enter__(target),
    "exit": lambda target: type(target).__exit__(target, None, None, None),
}


class Server:
    """Answers one judge, one request at a time."""

    def __init__(self, shell: StudentShell, channels: list[wire.Channel], pristine: dict[str, Any]) -> None:
        self.shell = shell
        self.channel, *self.spare_channels = channels
        self.snapshot = 0
        self.values = Values()
        self.values.callback = self.call_back
        self.setup_names: dict[str, Any] = {}
        self.pristine = pristine

    def serve(self) -> None:
        """Answer until the judge hangs up."""
        while True:
            try:
                request = wire.loads(self.channel.receive())
            except wire.PeerGone:
                return
            except KeyboardInterrupt:  # an interrupt that came after its cell had ended
                continue
            self.answer(request)

    def answer(self, request: list[Any]) -> None:
        """Do what one request asks and send exactly one reply for it."""
        kind, seq = request[0], request[1]
        self.values.next_id = (seq << 32) + 1
        try:
            if kind == "run":
                reply = self.run(*request[1:])
            elif kind == "snap":
                pid = self.fork_snapshot()
                if pid == 0:
                    return  # the snapshot: it says nothing until somebody speaks to it
                reply = ["snapped", seq, pid]
            else:
                reply = self.operate(*request[1:])
        except KeyboardInterrupt as exc:
            reply = self.failure(seq, exc)
        self.send(seq, reply)

    def fork_snapshot(self) -> int:
        """Leave a copy of this process waiting on the next pair of pipes, in place of the last one.

        This process goes on, and so do its threads, timers and children; the copy has none of them.

        Returns:
            The copy's process id; 0 in the copy itself; -1 if there is no room for one more, and the last one stays.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a student's threads do not come along, and shall not
            try:
                pid = _fork()
            except OSError:
                return -1
        if pid == 0:
            self.channel.close()
            self.channel, *self.spare_channels = self.spare_channels
            self.snapshot = 0
            return 0
        if self.snapshot:
            try:
                os.kill(self.snapshot, signal.SIGKILL)
                os.waitpid(self.snapshot, 0)
            except OSError:
                pass
        self.snapshot = pid
        return pid

    def send(self, seq: int, reply: list[Any]) -> None:
        """Send a reply, or say that it cannot be sent."""
        while True:
            try:
                self.channel.send(wire.dumps(reply))
                return
            except wire.WireError as exc:
                reply = self.failure(seq, exc)
            except KeyboardInterrupt:
                continue
            except (RecursionError, ValueError, TypeError) as exc:
                reply = self.failure(seq, wire.WireError(f"the value cannot be sent: {type(exc).__name__}"))

    def run(self, seq: int, index: int, source: str, names: list[str]) -> list[Any]:
        """Run one cell as IPython does; ``names`` are bindings of a setup cell to keep for the judge."""
        self.shell.compile.cell_index = index
        _plain_streams(self.shell.recorder)
        self.shell.run_cell(source, store_history=True)
        for name in names:
            if name in self.shell.user_ns:
                self.setup_names[name] = self.shell.user_ns[name]
        contents: list[Any] = []
        back = self.values.changed(contents)
        return ["ran", seq, back, contents, self.shell.recorder.take()]

    def operate(
        self,
        seq: int,
        name: str,
        args: list[Any],
        kwargs: list[Any],
        sync: list[Any],
        gone: list[int],
        looks: list[str] | None = None,
    ) -> list[Any]:
        """Do one operation of the judge's on an object of the student's; ``looks`` as in ``Values.encode``."""
        values = self.values
        _plain_streams(self.shell.recorder)
        contents: list[Any] = []
        about: Any = None
        done = "ok"
        try:
            values.release(gone)
            values.apply(sync)
            if name == "fetch":
                result = values.decode(args[0])
                form = values.encode(result, contents, budget=1 << 30)
                return ["ok", seq, form, [], contents, ""]
            if name == "assign":
                return ["ok", seq, None, [], contents, ""]
            if name == "lookup":
                result = self.lookup(*args)
            else:
                decoded = [values.decode(arg) for arg in args]
                named = {key: values.decode(value) for key, value in kwargs}
                if name == "getattr":
                    parts = plain_parts(decoded[0])
                    done = "same" if parts and (decoded[1] in parts[0] or decoded[1] in parts[1]) else "ok"
                result = OPERATIONS[name](*decoded, **named)
                if name in ("getattr", "callmethod"):
                    about = decoded[0]
                elif name == "call" and type(decoded[0]) is types.MethodType:
                    about = decoded[0].__self__
            form = values.encode(result, contents, about=about, looks=looks)
            back = values.changed(contents)
        except BaseException as exc:  # noqa: BLE001 (whatever student code raises is an answer)
            return self.failure(seq, exc)
        return [done, seq, form, back, contents, self.shell.recorder.take()]

    def lookup(self, space: str, name: str) -> Any:
        """What a name means now in the notebook, or meant in a setup cell, or means in ``chapters``."""
        table = {"user": self.shell.user_ns, "setup": self.setup_names, "chapters": self.pristine}[space]
        if name not in table:
            raise NameError(f"name {name!r} is not defined")
        return table[name]

    def failure(self, seq: int, exc: BaseException) -> list[Any]:
        """The reply for an exception: its class, its message, and where in the student's cells it came from."""
        contents: list[Any] = []
        try:
            back = self.values.changed(contents)
        except BaseException:  # noqa: BLE001 (a list that cannot be described is left as it was)
            back, contents = [], []
        kinds = [[0 if k.__module__ == "builtins" else self.class_id(k), _name_of(k)] for k in type(exc).__mro__[:20]]
        cell, line, lines = self.place(exc)
        let_go_of_frames(exc)
        known = self.values.tags.get(id(exc))  # by what name the judge knows it, if it does: its own, or seen before
        number = (known or self.values._keep(exc, "o"))[1]
        detail = [number, kinds, _short(_text_of(exc)), self.arguments(exc, contents), cell, line, lines]
        return ["err", seq, detail, back, contents, self.shell.recorder.take()]

    def arguments(self, exc: BaseException, contents: list[Any]) -> Any:
        """The form of an exception's ``args``; None if they cannot be sent, or are too much for an exception."""
        try:
            form = self.values.encode(tuple(exc.args), contents)
            return form if len(json.dumps(form)) <= MAX_TEXT else None
        except BaseException:  # noqa: BLE001 (the message says the rest)
            return None

    def class_id(self, kind: type) -> int:
        """The id by which the judge knows a class of the student's."""
        known = self.values.tags.get(id(kind))
        return (known or self.values._keep(kind, "o"))[1]

    def place(self, exc: BaseException) -> tuple[int, int, list[str]]:
        """Cell index and line of the deepest frame in the student's cells (-1, 0 if none), and a short traceback."""
        cell, line = -1, 0
        lines: list[str] = []
        cells = self.shell.compile.cells
        try:
            for frame in traceback.extract_tb(exc.__traceback__, limit=500):
                index = cells.get(frame.filename)
                if index is None:
                    continue
                cell, line = index, frame.lineno or 0
                lines.append(f"cell {index + 1}, line {frame.lineno}, in {frame.name[:80]}: {_short(frame.line or '')}")
        except Exception:  # noqa: BLE001 (a traceback is a courtesy)
            return -1, 0, []
        if len(lines) > MAX_FRAMES:
            lines = [*lines[: MAX_FRAMES // 2], "…", *lines[-MAX_FRAMES // 2 :]]
        return cell, line, lines

    def call_back(self, number: int, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Ask the judge to call one of its functions, and wait for what it returns."""
        values = self.values
        contents: list[Any] = []
        forms = [values.encode(arg, contents) for arg in args]
        named = [[str(key), values.encode(value, contents)] for key, value in kwargs.items()]
        back = values.changed(contents)
        self.channel.send(wire.dumps(["call", number, name, forms, named, back, contents]))
        while True:
            reply = wire.loads(self.channel.receive())
            if reply[0] == "ret":
                values.apply(reply[2])
                return values.decode(reply[1])
            if reply[0] == "raise":
                values.apply(reply[2])
                raise self.thrown(*reply[1:2], *reply[3:])
            base = values.next_id  # the judge's function uses the student's objects in turn
            self.answer(reply)
            values.next_id = base

    def thrown(self, name: str, args: list[Any], own: int, theirs: int) -> BaseException:
        """The exception that a function of the judge's has raised: a student's own again, or one like the judge's."""
        if theirs:
            known = self.values.objects.get(theirs)
            if isinstance(known, BaseException):
                return known
        kind = getattr(builtins, name, Exception)
        try:
            made = kind(*map(self.values.decode, args))
        except Exception:  # noqa: BLE001 (some insist on other arguments)
            made = Exception(f"{name} in a function of the test")
        self.values.objects[own] = made
        self.values.tags[id(made)] = ("e", own)
        return made


def limit_imports(shell: StudentShell, allowed: list[str]) -> None:
    """Let code of a cell import only what the course allows (a rule of teaching, with a message; not the sandbox)."""
    real_import = builtins.__import__
    names = set(allowed)
    if "stdlib" in names:
        names |= sys.stdlib_module_names
    if "chapters" in names:  # pickle imports the module of a class
        names |= {name for name in sys.modules if name.startswith("chapters_")}
    shown = ", ".join("the standard library" if name == "stdlib" else name for name in allowed)

    def course_import(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        if globals is shell.user_ns and level == 0:
            parts = str(name).split(".")
            prefixes = {".".join(parts[: n + 1]) for n in range(len(parts))}
            imported = {f"{name}.{item}" for item in fromlist or ()}
            if not (prefixes & names) and not (imported and imported <= names):
                raise ImportError(f"{name} cannot be used in this course. What may be imported: {shown}.", name=name)
        return real_import(name, globals, locals, fromlist, level)

    builtins.__import__ = course_import


def main(shell: StudentShell, channels: list[wire.Channel], options: dict[str, Any], pristine: dict[str, Any]) -> None:
    """The life of a student process, from the fork to the judge's hanging up."""
    import random

    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    random.seed(options["seed"])
    shell.recorder.max_bytes = options["output_bytes"]
    if options["allowed_modules"] is not None:
        limit_imports(shell, options["allowed_modules"])
    Server(shell, channels, pristine).serve()
