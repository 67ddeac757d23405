"""The module ``chapters`` of a grading: the reference of strictly earlier chapters, made from text.

Both the template (for student code) and the judge (for grade cells) build their own; nothing is shared but the text.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Sequence


def build_chapters(reference: Sequence[Sequence[str]]) -> types.ModuleType:
    """A module with the public names of all given chapters; a later chapter's definition wins.

    While a chapter's text runs, ``from chapters import name`` finds the chapters before it.

    Args:
        reference: ``(assignment_id, python source)`` pairs, oldest first.
    """
    module = types.ModuleType("chapters", "Names of earlier chapters.")
    module.__file__ = None
    before = sys.modules.get("chapters")
    sys.modules["chapters"] = module
    try:
        for assignment_id, source in reference:
            name = f"chapters_{assignment_id}"
            part = types.ModuleType(name)
            sys.modules[name] = part  # dataclasses and pickle look a class's module up
            exec(compile(source, f"<{assignment_id}>", "exec"), part.__dict__)
            for key, value in part.__dict__.items():
                if not key.startswith("_") and not isinstance(value, types.ModuleType):
                    setattr(module, key, value)
    finally:
        if before is not None:
            sys.modules["chapters"] = before
        else:
            del sys.modules["chapters"]
    return module
