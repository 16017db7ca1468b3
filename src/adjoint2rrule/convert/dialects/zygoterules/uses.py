"""Which uses of a tangent mean the same in its new form, which of them change, and which are a problem."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from adjoint2rrule.convert.dialects.zygoterules.changed_uses import Change
from adjoint2rrule.convert.dialects.zygoterules.held import Held
from adjoint2rrule.convert.dialects.zygoterules.reading import Reading
from adjoint2rrule.convert.dialects.zygoterules.use_problems import UseProblem, inspected, unfollowed
from adjoint2rrule.convert.dialects.zygoterules.uses_in_calls import Calls
from adjoint2rrule.convert.dialects.zygoterules.uses_in_stores import Stores
from adjoint2rrule.convert.dialects.zygoterules.uses_in_tests import Comparisons

# These look at every name around them.
_READING_NAMES = frozenset({"builtins.eval", "builtins.exec", "builtins.locals", "builtins.vars"})
# Around these, what is held goes on as what they themselves hold.
_TRANSPARENT = (
    *(ast.AugAssign, ast.Compare, ast.comprehension, ast.Delete, ast.Expr, ast.GeneratorExp, ast.IfExp),
    *(ast.BoolOp, ast.DictComp, ast.List, ast.ListComp, ast.Match, ast.Set, ast.SetComp, ast.Slice),
    *(ast.Starred, ast.Subscript, ast.Tuple, ast.UnaryOp),
)


def uses_in(reading: Reading) -> Iterator[UseProblem | Change]:
    """Yield each use in a function that changes or is a problem, in no particular order."""
    return _Uses(reading).found()


class _Uses:
    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.comparisons = Comparisons(reading)
        self.calls = Calls(reading, uses_in)
        self.stores = Stores(reading)

    def found(self) -> Iterator[UseProblem | Change]:
        """Yield each use that changes or is a problem, in no particular order."""
        for node in list(self.reading.holding.scopes):
            match node:
                case ast.Try() | ast.TryStar() | ast.With():
                    yield from self.stores.caught(node)
                case ast.AugAssign(target=target):
                    yield from self.stores.updated(node, target)
                case ast.Compare():
                    yield from self.comparisons.comparison(node)
                case ast.Match():
                    yield from self.comparisons.match(node)
                case ast.Call() if self.reading.called(node).name in _READING_NAMES:
                    name = ast.unparse(node.func)
                    yield inspected(node, f"may be looked at by `{name}`")
            if isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
                held = self.reading.holding.of(node)
                if held.bears or held.array:
                    yield from self._use(node, held)

    def _use(self, node: ast.expr, held: Held) -> Iterator[UseProblem | Change]:
        """Yield what is to be said of the way in which `node` is used by what is around it."""
        parent = self.reading.parents.get(node)
        match parent:
            case ast.Subscript(value=value, ctx=ctx) if value is node:
                if not isinstance(ctx, ast.Load) and (held.is_tangent or held.array):
                    yield from self.stores.written(node, parent)
            case ast.Attribute():
                yield from self.calls.attribute(parent, held)
            case ast.Call() | ast.keyword():
                yield from self.calls.argument(node, parent, held)
            case _ if held.bears:
                yield from self._held_by(node, parent, held)

    def _held_by(self, node: ast.expr, parent: ast.AST | None, held: Held) -> Iterator[UseProblem]:
        match parent:
            case ast.BinOp():
                yield from self._joined(node, parent, held)
            case ast.Assign(targets=targets):
                yield from self.stores.stored(parent, targets)
            case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
                yield from self.stores.stored(parent, [target])
            case ast.For(target=target, iter=iterated) if iterated is node:
                yield from self.stores.stored(parent, [target])
            case ast.Return():
                if not self.reading.is_own(parent):
                    yield unfollowed(node)
            case ast.Lambda(body=body) if body is node:
                if parent is not self.reading.function:
                    yield unfollowed(node)
            case ast.Dict(keys=keys, values=values):
                if node in keys or (held.is_tangent and keys[values.index(node)] is None):
                    yield unfollowed(node)
            case ast.DictComp(key=key) if key is node:
                yield unfollowed(node)
            case ast.BoolOp(values=values) if values[-1] is not node:
                yield from self._truth(node, held)
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if test is node:
                yield from self._truth(node, held)
            case ast.Assert() | ast.UnaryOp(op=ast.Not()):
                yield from self._truth(node, held)
            case ast.comprehension(ifs=ifs) if node in ifs:
                yield from self._truth(node, held)
            case _ if not isinstance(parent, _TRANSPARENT):
                yield unfollowed(node)

    def _truth(self, node: ast.expr, held: Held) -> Iterator[UseProblem]:
        if held.is_tangent:
            yield inspected(node, "is tested for truth")

    def _joined(self, node: ast.expr, parent: ast.BinOp, held: Held) -> Iterator[UseProblem]:
        """Yield a problem where an operator may join a bare sequence and a seed that is one no longer."""
        other = self.reading.holding.of(parent.right if node is parent.left else parent.left)
        shown = parent.right if node is parent.left else parent.left
        if isinstance(shown, ast.Constant) and isinstance(shown.value, str):
            yield unfollowed(node)  # the text of a seed is another
        elif held.is_tangent and not held.is_container:
            joins = isinstance(parent.op, ast.Add) and (
                other.is_container or isinstance(shown, ast.Tuple | ast.List)
            )
            if joins or held.structured:
                yield inspected(node, "may be joined to a tuple or list")
        elif not held.is_tangent and not isinstance(parent.op, ast.Add | ast.Mult):
            yield unfollowed(node)
