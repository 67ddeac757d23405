"""Which names a piece of Python binds and which it needs from outside, without running it."""

from __future__ import annotations

import ast
import dataclasses
import symtable
from collections.abc import Iterator


@dataclasses.dataclass(frozen=True, slots=True)
class Bindings:
    """Names bound at module level: by ``def``, ``class`` or assignment, and by ``import``.

    ``star_imports`` are the modules of ``from module import *``.
    """

    defined: frozenset[str]
    imported: frozenset[str]
    star_imports: tuple[str, ...] = ()

    @property
    def all(self) -> frozenset[str]:
        """Every bound name."""
        return self.defined | self.imported


def bindings(source: str) -> Bindings:
    """Return the names that ``source`` binds at module level; nothing for what is not Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Bindings(frozenset(), frozenset())
    defined: set[str] = set()
    imported: set[str] = set()
    stars: list[str] = []
    for node in _module_level(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            defined.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            defined.add(node.id)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            defined.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            defined.add(node.rest)
        elif isinstance(node, ast.Import):
            imported.update(alias.asname or alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if any(alias.name == "*" for alias in node.names):
                stars.append("." * node.level + (node.module or ""))
            imported.update(alias.asname or alias.name for alias in node.names if alias.name != "*")
    defined |= _declared_global(tree)
    return Bindings(frozenset(defined), frozenset(imported), tuple(stars))


_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _module_level(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below ``node`` that belong to its scope; of an inner scope only its head."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Lambda):
            continue
        if isinstance(child, _COMPREHENSIONS):  # only := binds outside of it
            yield from (part.target for part in ast.walk(child) if isinstance(part, ast.NamedExpr))
            continue
        yield child
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        yield from _module_level(child)


def _declared_global(tree: ast.AST) -> set[str]:
    """Names that functions bind at module level by ``global``."""
    return {
        name
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
        if isinstance(node, ast.Global)
        for name in node.names
    }


def needed_names(source: str) -> dict[str, int]:
    """Return the names that ``source`` uses but does not bind itself, with the line where each is first used.

    Builtins are among them. Nothing for what is not Python.
    """
    try:
        table = symtable.symtable(source, "<cell>", "exec")
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    needed: set[str] = set()

    def visit(scope: symtable.SymbolTable) -> None:
        for symbol in scope.get_symbols():
            if scope.get_type() == "module":
                free = symbol.is_referenced() and not (symbol.is_assigned() or symbol.is_imported())
            else:
                free = symbol.is_referenced() and symbol.is_global()
            if free:
                needed.add(symbol.get_name())
        for child in scope.get_children():
            visit(child)

    visit(table)
    needed -= bindings(source).all
    lines: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in needed:
            lines[node.id] = min(lines.get(node.id, node.lineno), node.lineno)
    return {name: lines.get(name, 1) for name in sorted(needed, key=lambda name: (lines.get(name, 1), name))}


def chapter_imports(source: str) -> dict[str, int]:
    """Return the names that ``from chapters import …`` takes, with their lines."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {
        alias.name: node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "chapters" and not node.level
        for alias in node.names
        if alias.name != "*"
    }


def only_imports(source: str) -> str:
    """Return the ``import`` statements of a cell that stand at module level; nothing for what is not Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    return "\n".join(ast.unparse(node) for node in imports)
