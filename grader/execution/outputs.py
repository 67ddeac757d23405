"""Notebook outputs, made here or reported by a student process: checked, bounded, and never a matter of score."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from grader.execution.submission import clean_text

MAX_EVALUE = 2_000
MAX_OUTPUTS = 1000
MIME_TYPES = frozenset(
    ["text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg", "image/gif", "image/svg+xml"]
)

Output = dict[str, Any]


def error_output(name: str, message: str) -> Output:
    """A notebook's error output with nothing in it but what students may read."""
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": [f"{name}: {message}"]}


def result_output(score: float) -> Output:
    """The output from which nbgrader reads partial credit."""
    return {
        "output_type": "execute_result",
        "execution_count": None,
        "data": {"text/plain": repr(score)},
        "metadata": {},
    }


def stream_output(text: str) -> Output:
    """Text on stdout."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def add_stream(outputs: list[Output], text: str) -> None:
    """Append text on stdout, to the last output if that is a stream."""
    if outputs and outputs[-1]["output_type"] == "stream":
        outputs[-1]["text"] += text
    elif text:
        outputs.append(stream_output(text))


def _few_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > 64:
        raise ValueError("too many keys")
    return dict(pairs)


def checked_outputs(text: str, max_bytes: int, *, execution_count: int | None = None) -> list[Output]:
    """Outputs that a student process reports, as valid notebook outputs and nothing else.

    What is malformed is left out: outputs never count for a score.

    Args:
        text: a JSON list.
        max_bytes: half of what they may take together.
        execution_count: the cell's, for its result.
    """
    if not text:
        return []
    try:
        reported = json.loads(text, object_pairs_hook=_few_keys)
    except (ValueError, RecursionError, MemoryError):
        return []
    room = 2 * max_bytes
    outputs: list[Output] = []
    for output in reported if isinstance(reported, list) else []:
        checked = _checked_output(output, execution_count) if isinstance(output, dict) else None
        if checked is None:
            continue
        room -= len(json.dumps(checked))
        if room < 0 or len(outputs) >= MAX_OUTPUTS:
            add_stream(outputs, "\n[output cut here: too long]\n")
            break
        outputs.append(checked)
    return outputs


def _text(value: Any) -> str:
    return clean_text(value) if isinstance(value, str) else ""


def _checked_output(output: Mapping[str, Any], execution_count: int | None) -> Output | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        text = output.get("text")
        return {"output_type": kind, "name": name, "text": clean_text(text)} if isinstance(text, str) else None
    if kind == "error":
        lines = output.get("traceback")
        return {
            "output_type": kind,
            "ename": _text(output.get("ename"))[:200],
            "evalue": _text(output.get("evalue"))[:MAX_EVALUE],
            "traceback": [clean_text(line) for line in lines if isinstance(line, str)][:200]
            if isinstance(lines, list)
            else [],
        }
    if kind in ("display_data", "execute_result"):
        data = output.get("data")
        bundle = {
            mime: clean_text(value)
            for mime, value in (sorted(data.items()) if isinstance(data, dict) else ())
            if mime in MIME_TYPES and isinstance(value, str)
        }
        checked: Output = {"output_type": kind, "data": bundle, "metadata": {}}
        if kind == "execute_result":
            checked["execution_count"] = execution_count
        return checked
    return None
