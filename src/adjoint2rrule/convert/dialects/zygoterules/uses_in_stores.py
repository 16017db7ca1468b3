"""Where tangents are stored and changed in place, and where what they raise is caught."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from adjoint2rrule.convert.dialects.zygoterules.fresh import makes_array
from adjoint2rrule.convert.dialects.zygoterules.reading import Reading
from adjoint2rrule.convert.dialects.zygoterules.use_problems import UseProblem, inspected, mutated

# What `None` and missing keys raise, where a tangent goes on.
_TELLING = frozenset(
    {
        *("AttributeError", "BaseException", "Exception", "IndexError", "KeyError", "LookupError"),
        *("StopIteration", "TypeError", "ValueError"),
    }
)


class Stores:
    """The assignments of one function."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def stored(self, parent: ast.stmt | ast.expr, targets: list[ast.expr]) -> Iterator[UseProblem]:
        """Yield a problem for each of `targets` that something bearing tangents is stored in out of sight."""
        for target in (t for whole in targets for t in _flat(whole)):
            kept = isinstance(target, ast.Name) and target.id not in self.reading.borrowed
            if not kept and not self._is_own_entry(target):
                yield inspected(parent, "is stored where it cannot be followed")

    def _is_own_entry(self, target: ast.expr) -> bool:
        """Whether `target` is an entry of a list or dict made here, or of an array, which holds numbers."""
        if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
            return False
        scope = self.reading.holding.scopes[target]
        found = scope.find(target.value.id)
        values = [b.value for b in found[1]] if found is not None else []
        arrays = bool(values) and all(v is not None and makes_array(v, self.reading.holding) for v in values)
        return (
            arrays
            or self.reading.holding.is_own_container(target.value, scope)
            or self.reading.is_fresh(target.value)
        )

    def updated(self, node: ast.AugAssign, target: ast.expr) -> Iterator[UseProblem]:
        """Yield a problem where ``+=`` and its like may change a tangent in place."""
        whole = target.value if isinstance(target, ast.Subscript) else target
        if isinstance(target, ast.Name):
            held = self.reading.holding.of(target)
        elif isinstance(target, ast.Subscript):
            held = self.reading.holding.of(target.value).elements()
        else:
            return
        if (held.is_tangent or held.array) and not (
            isinstance(whole, ast.Name) and self.reading.is_fresh(whole)
        ):
            yield mutated(node)

    def written(self, node: ast.expr, where: ast.expr | ast.stmt) -> Iterator[UseProblem]:
        if not self.reading.is_fresh(node):
            yield mutated(node)

    def caught(self, node: ast.Try | ast.TryStar | ast.With) -> Iterator[UseProblem]:
        """Yield a problem where what only a legacy seed raises is caught: missing parts and keys."""
        if isinstance(node, ast.Try | ast.TryStar):
            caught = {name for handler in node.handlers for name in _exceptions(handler.type)}
        else:
            calls = [i.context_expr for i in node.items if isinstance(i.context_expr, ast.Call)]
            suppressing = [c for c in calls if ast.unparse(c.func).rpartition(".")[2] == "suppress"]
            caught = {name for call in suppressing for a in call.args for name in _exceptions(a)}
        if not caught & _TELLING:
            return
        names = (n for statement in node.body for n in ast.walk(statement) if isinstance(n, ast.Name))
        if any(self.reading.holding.of(name).bears for name in names if name in self.reading.holding.scopes):
            yield inspected(node, f"is used where `{min(caught & _TELLING)}` is caught")


def _flat(target: ast.expr) -> Iterator[ast.expr]:
    """Yield the parts of an assignment's target."""
    if isinstance(target, ast.Tuple | ast.List):
        for inner in target.elts:
            yield from _flat(inner)
    elif isinstance(target, ast.Starred):
        yield from _flat(target.value)
    else:
        yield target


def _exceptions(node: ast.expr | None) -> Iterator[str]:
    """Yield the last names of the exceptions that an ``except`` of `node` catches."""
    if node is None:
        yield "BaseException"
        return
    caught = node.elts if isinstance(node, ast.Tuple) else [node]
    yield from (ast.unparse(exception).rpartition(".")[2] for exception in caught)
