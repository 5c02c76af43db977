"""One changed operator or number in the brain, and the brain's own tests run against it.

All in memory: the package is loaded anew with one module's syntax tree changed, the tests' modules
are loaded on top of it, and their functions are called.
"""

from __future__ import annotations

import ast
import copy
import importlib
import importlib.util
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, ModuleType

PACKAGE: Final = "resilience.failover"
HERE: Final = Path(__file__).parent
TESTS: Final = (
    "test_failover",
    "test_failover_words",
    "test_failover_edges",
    "test_epoch",
    "test_failover_holes",
    "test_failover_world",
)
HELPERS: Final = ("failover_world", "brain_world")
MODULES: Final = (
    "signals",
    "table",
    "decision",
    "epoch",
    "brain",
)

FLIPS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}


@dataclass(frozen=True)
class Mutant:
    """One change: where (function, and the expression as it was) and what it became."""

    module: str
    function: str
    was: str
    became: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return f"{self.module}.{self.function}: {self.was} -> {self.became}"


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """Give every way in which one node is changed."""
    if isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            for flip in FLIPS.get(type(op), ()):
                changed = copy.deepcopy(node)
                changed.ops[at] = flip()
                yield changed
    elif isinstance(node, ast.BoolOp):
        changed = copy.deepcopy(node)
        changed.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield changed
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield copy.deepcopy(node.operand)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield ast.Constant(node.value + 1)
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield ast.Constant(not node.value)


def _sites(tree: ast.Module) -> Iterator[tuple[str, ast.AST, str, Any]]:
    """Give every node with where it hangs: function, parent, field, and place in a list."""

    def walk(parent: ast.AST, function: str) -> Iterator[tuple[str, ast.AST, str, Any]]:
        for field, value in ast.iter_fields(parent):
            if field in {"decorator_list", "annotation", "returns"}:
                continue
            for at, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if not isinstance(child, ast.AST):
                    continue
                inside = (
                    child.name if isinstance(child, (ast.FunctionDef, ast.ClassDef)) else function
                )
                yield function, parent, field, at
                yield from walk(child, inside)

    return walk(tree, "module")


def mutants(module: str) -> Iterator[Mutant]:
    """Give every single change of one module of the package."""
    spec = importlib.util.find_spec(f"{PACKAGE}.{module}")
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    for function, parent, field, at in _sites(tree):
        held = getattr(parent, field)
        node = held if at is None else held[at]
        for changed in _changes(node):
            _put(parent, field, at, changed)
            whole = copy.deepcopy(tree)
            _put(parent, field, at, node)
            shown = parent if isinstance(node, ast.Constant) else node
            was = ast.unparse(shown)
            _put(parent, field, at, changed)
            became = ast.unparse(shown if shown is parent else changed)
            _put(parent, field, at, node)
            yield Mutant(module, function, was, became, ast.fix_missing_locations(whole))


def _put(parent: ast.AST, field: str, at: int | None, node: ast.AST) -> None:
    if at is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[at] = node


@contextmanager
def loaded(changed: dict[str, CodeType]) -> Iterator[Callable[[str], ModuleType]]:
    """Load the package and the tests' modules anew, some with other code; put all back after."""
    ours = {*TESTS, *HELPERS}
    kept = {
        name: module
        for name, module in sys.modules.items()
        if name == PACKAGE or name.startswith(f"{PACKAGE}.") or name in ours
    }
    for name in kept:
        del sys.modules[name]
    path = list(sys.path)
    sys.path.insert(0, str(HERE))
    finder = _Finder(changed)
    sys.meta_path.insert(0, finder)
    parent = sys.modules["resilience"]
    failover = parent.failover
    try:
        yield importlib.import_module
    finally:
        sys.meta_path.remove(finder)
        sys.path[:] = path
        for name in [each for each in sys.modules if each.startswith(PACKAGE) or each in ours]:
            del sys.modules[name]
        sys.modules.update(kept)
        parent.failover = failover


class _Finder:
    """Finds the changed modules, and nothing else."""

    def __init__(self, changed: dict[str, CodeType]) -> None:
        self._changed = changed

    def find_spec(self, name: str, *_: object) -> Any:
        return importlib.util.spec_from_loader(name, self) if name in self._changed else None

    def create_module(self, spec: object) -> None:
        """Leave it to the import system."""

    def exec_module(self, module: ModuleType) -> None:
        exec(self._changed[module.__name__], module.__dict__)  # noqa: S102 - our own source


def calls(test: Callable[..., None]) -> Iterator[dict[str, object]]:
    """Give the arguments of every call that pytest would make of one test."""
    sets: list[list[dict[str, object]]] = []
    for mark in getattr(test, "pytestmark", []):
        if mark.name == "long":
            return
        if mark.name == "parametrize":
            names = mark.args[0]
            split = [each.strip() for each in names.split(",")] if isinstance(names, str) else names
            rows = [row if len(split) > 1 else (row,) for row in mark.args[1]]
            sets.append([dict(zip(split, row, strict=True)) for row in rows])
    wanted = set(test.__code__.co_varnames[: test.__code__.co_argcount])
    for chosen in product(*sets):
        given = {name: value for row in chosen for name, value in row.items()}
        if wanted <= set(given):  # a test that wants a fixture is pytest's own
            yield given


def killer(mutant: Mutant | None) -> str | None:
    """Name the first test that fails with this change; None if all pass."""
    changed: dict[str, CodeType] = {}
    if mutant is not None:
        name = f"{PACKAGE}.{mutant.module}"
        changed[name] = compile(mutant.tree, f"<{mutant.name}>", "exec")
    with loaded(changed) as load:
        for module in TESTS:
            try:
                found = vars(load(module))
            except Exception as error:  # noqa: BLE001 - it does not even load
                return f"{module}: {error!r}"
            for name, test in list(found.items()):
                if not name.startswith("test_") or hasattr(test, "hypothesis"):
                    continue
                for given in calls(test):
                    try:
                        test(**given)
                    except Exception:  # noqa: BLE001 - however it fails, it sees the change
                        return f"{module}.{name}"
    return None
