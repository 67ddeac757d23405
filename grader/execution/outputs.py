"""Notebook outputs, made here or reported by a student process: checked, bounded, and never a matter of score."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from grader.execution.submission import clean_text

MAX_EVALUE = 2_000
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


def add_stream(outputs: list[Output], text: str) -> None:
    """Append text on stdout, to the last output if that is a stream."""
    if outputs and outputs[-1]["output_type"] == "stream":
        outputs[-1]["text"] += text
    elif text:
        outputs.append({"output_type": "stream", "name": "stdout", "text": text})


def _few_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > 64:
        raise ValueError("too many keys")
    return dict(pairs)


def checked_outputs(text: str, max_bytes: int) -> list[Output]:
    """Outputs that a student process reports, as valid notebook outputs and nothing else.

    What is malformed is left out: outputs never count for a score.
    """
    if not text:
        return []
    try:
        reported = json.loads(text, object_pairs_hook=_few_keys)
    except (ValueError, RecursionError):
        return []
    room = 2 * max_bytes
    outputs: list[Output] = []
    for output in reported if isinstance(reported, list) else []:
        checked = _checked_output(output) if isinstance(output, dict) else None
        if checked is None:
            continue
        room -= len(json.dumps(checked))
        if room < 0 or len(outputs) >= 1000:
            break
        outputs.append(checked)
    return outputs


def _checked_output(output: Mapping[str, Any]) -> Output | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        text = output.get("text")
        return {"output_type": kind, "name": name, "text": clean_text(text)} if isinstance(text, str) else None
    if kind == "error":
        lines = output.get("traceback")
        return {
            "output_type": kind,
            "ename": clean_text(str(output.get("ename", "")))[:200],
            "evalue": clean_text(str(output.get("evalue", "")))[:MAX_EVALUE],
            "traceback": [clean_text(line) for line in lines if isinstance(line, str)][:200]
            if isinstance(lines, list)
            else [],
        }
    if kind in ("display_data", "execute_result"):
        data = output.get("data")
        bundle = {
            mime: clean_text(value)
            for mime, value in (data.items() if isinstance(data, dict) else ())
            if mime in MIME_TYPES and isinstance(value, str)
        }
        checked: Output = {"output_type": kind, "data": bundle, "metadata": {}}
        if kind == "execute_result":
            count = output.get("execution_count")
            checked["execution_count"] = count if type(count) is int and 0 <= count < 1 << 31 else None
        return checked
    return None
