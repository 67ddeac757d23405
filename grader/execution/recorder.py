"""What a cell prints and shows, recorded in notebook form; the same in every shell."""

from __future__ import annotations

import io
import json
import sys
from typing import Any


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


def plain_streams(recorder: Recorder) -> None:
    """Let what is printed be recorded again, whatever a cell has put in its place."""
    sys.stdout = OutStream(recorder, "stdout")
    sys.stderr = OutStream(recorder, "stderr")
