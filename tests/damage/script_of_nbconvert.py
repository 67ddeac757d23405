"""The notebook, saved as a Python script by Jupyter: no ids, no markdown."""

PASSES = "test_add test_twice"
REPAIRS = [
    'it is a Python file, not a notebook; its cells were read by their "# In[ ]:" lines.',
    'locked cell "imports", grade cells "test_add" and "test_twice" and manual cell "explain" had lost their ids; they were recognised by their text.',
    'solution cells "add" and "twice" had lost their ids; they were recognised by the names they define.',
]
EVERYWHERE = True


def damage(notebook):
    parts = ["#!/usr/bin/env python\n# coding: utf-8"]
    for cell in notebook["cells"]:
        source = cell["source"]
        parts.append(f"# In[ ]:\n\n\n{source}" if cell["cell_type"] == "code" else "# " + source.replace("\n", "\n# "))
    return "\n\n\n".join(parts).encode()
