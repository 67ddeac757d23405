"""Random small programs about lists and dicts that a test and student code share, for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

STUDENT = """
class Box:
    def __init__(self):
        self.rows = [[1, 2], [3]]
        self.table = {"a": [1], "b": 2}
        self.last = None
        self.buffer = [0, 0]

    def put(self, x):
        self.last = x
        return x

    def grow(self, x):
        x.append(len(x))
        return x

    def shared(self):
        self.buffer[0] += 1
        return self.buffer

    def fresh(self):
        return [list(row) for row in self.rows if type(row) is list]

    def apply(self, function, x):
        return function(x)

    def change(self, x, y):
        if isinstance(x, list):
            x[:] = [y, *x[1:]]
        else:
            x["y"] = y

    def pair(self, x, y):
        return [x, [y], {"x": x}]
"""

# {v} and {w} are variables, {i} and {j} small ints. Identity is asked of lists and dicts only: tuples cross by value.
_EXPRESSIONS = """
box.rows | box.rows[{i}] | box.fresh() | box.shared() | box.put({v}) | box.grow({v}) | box.last | box.table
box.table["a"] | box.apply(lambda q: q, {v}) | box.apply(lambda q: q.append({i}), {v}) | box.apply(box.grow, {v})
box.pair({v}, {w}) | box.pair({v}, {w})[2] | same(box.put({v}), {w}) | dict(box.table) | [{i}, {j}] | ({i}, {j})
{{{i}, {j}}} | [{v}, {w}] | {{"k": {v}, {i}: {w}}} | {{**{v}}} | [*{v}, *{w}] | [{v}] * 2 | {v}[:] | {v}[{i}:{j}]
{v}[::-1] | {v}[{i}] | {v} + {w} | {v} * 2 | list({v}) | dict({v}) | {v}.copy() | copy.copy({v}) | copy.deepcopy({v})
sorted({v}, key=repr) | [x for x in {v}] | [list(r) for r in {v}] | list(map(list, zip({v}, {w})))
dict(enumerate({v})) | list(map(list, dict({v}).items())) | list({v}.values()) | {v}.get("a") | {v}.pop()
{v}.setdefault("q", [{i}]) | sum({v}, [])
"""
_UNION = "{v} | {w}"
_STATEMENTS = """
{v}.append({w}) | {v}.append({i}) | {v}[{i}] = {w} | {v}[{i}] = {j} | del {v}[{i}] | {v} += {w} | {v}.extend({w})
{v}.insert({i}, {j}) | {v}.sort(key=repr) | {v}.sort() | {v}.reverse() | {v} *= 2 | {v}[{i}:{j}] = {w} | {v}.clear()
{v}.update({w}) | {v}["k"] = {w} | {v}.remove({i}) | {v}[{i}].append({j}) | {v}[0][0] = {i} | box.rows = {v}
box.rows[{i}] = {v} | box.rows[{i}][{j}] += 1 | box.table["z"] = {v} | box.rows.append({v}) | box.change({v}, {w})
box.change({v}, {i}) | box.last = {v} | del box.table["b"]
for x in {v}: box.put(x) | for x in {v}: box.shared() | for x, y in zip({v}, {w}): box.put([x, y])
x, *y = {v}; print(x, y) | print({v} == {w}, {v} != {w}) | print(same({v}, {w})) | print({i} in {v})
print({v} in {w}) | print(len({v}), bool({v})) | print({v} < {w}) | print(f"{{{v}}} %s" % ({v},))
print(json.dumps({v})) | print(sum({v}), max({v})) | print({v}.index({i}), {v}.count({j}))
print(type({v}).__name__, isinstance({v}, list)) | print(list(reversed({v}))) | print([same(r, {v}) for r in box.rows])
print([x for r in {v} for x in r]) | print({v} == copy.deepcopy({v})) | print(sorted(map(str, {v})))
print({v}.keys(), {v}.items()) | print(all({v}), any({v})) | box.shared(); print({v})
"""
_START = """
import copy, json
def same(p, q): return isinstance(p, (list, dict)) and p is q
box = Box()
a = [1, 2]
b = box.rows
c = box.table
d = [a, [3]]
"""
_END = """
everything = (a, b, c, d, box.rows, box.table, box.last, box.buffer)
print(*everything, sep="\\n")
print([[same(p, q) for p in everything] for q in everything])
"""


def _parts(text: str) -> list[str]:
    return [part for line in text.strip().split("\n") for part in line.split(" | ")]


@st.composite
def programs(draw: Any) -> str:
    """A grade cell that uses ``STUDENT`` in some dozen steps and prints what it finds."""
    lines = [_START]
    expressions = [*_parts(_EXPRESSIONS), _UNION]
    kinds = st.sampled_from([*expressions, *_parts(_STATEMENTS)])
    names, ints = st.sampled_from("abcd"), st.integers(-1, 2)
    for _ in range(draw(st.integers(1, 14))):
        kind = draw(kinds)
        step = kind.format(v=draw(names), w=draw(names), i=draw(ints), j=draw(ints))
        if kind in expressions:
            step = f"{draw(names)} = {step}"
        lines += ["try:", f"    {step}", "except Exception as error:", "    print(type(error).__name__)"]
    return "\n".join([*lines, _END])
