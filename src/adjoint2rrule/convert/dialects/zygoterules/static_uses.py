"""Which uses of an argument show that it is no number: as an index, shape, axis or count, or by being called.

Only uses that a float could not stand in for count.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.rules import Rule
from adjoint2rrule.convert.scopes import Scope

_ALL = frozenset(range(10))


def _positions(*rows: str) -> dict[str, frozenset[int]]:
    """Return the positions of the arguments that are static, from rows like ``roll rot90: 1 2``."""
    table = {}
    for row in rows:
        names, _, positions = row.partition(":")
        found = _ALL if positions.strip() == "all" else frozenset(map(int, positions.split()))
        table.update(dict.fromkeys(names.split(), found))
    return table


# Facts about numpy's functions; scipy's transforms take the same arguments.
_NUMPY = _positions(
    "eye identity tri indices unravel_index tril_indices triu_indices diag_indices: all",
    "zeros ones empty: 0 1",
    "full einsum: 0",
    "sum mean prod amax amin max min any all argmax argmin std var ptp median average: 1",
    "cumsum cumprod nansum nanmean nanprod nanmax nanmin nanstd nanvar count_nonzero: 1",
    "sort argsort flip squeeze expand_dims concatenate stack reshape broadcast_to resize: 1",
    "transpose tile diag tril triu vander polyder polyint pad linalg.matrix_power round around: 1",
    "roll rollaxis moveaxis swapaxes repeat split array_split take take_along_axis delete rot90: 1 2",
    "diff partition argpartition fft.fft fft.ifft fft.rfft fft.irfft fft.fftn fft.ifftn: 1 2",
    "diagonal trace: 1 2 3",
    "linspace logspace geomspace quantile percentile linalg.norm tensordot bincount: 2",
    "insert: 1 3",
    "apply_along_axis: 0 1",
)
_OTHERS = _positions(
    "builtins.range math.factorial math.comb math.perm operator.index itertools.combinations: all",
    "builtins.round builtins.enumerate itertools.repeat: 1",
    "itertools.islice: 1 2 3",
)
_METHODS = _positions(
    "reshape transpose swapaxes squeeze: all",
    "sum mean prod max min std var cumsum cumprod argmax argmin argsort round astype: 0",
    "repeat argpartition: 0 1",
    "diagonal trace: 0 1 2",
)
_KEYWORDS = frozenset(
    """
    axes axis axis1 axis2 ddof decimals destination dtype indices indices_or_sections k keepdims
    minlength n newshape num offset order pad_width repeats reps shape shift size source
    """.split()  # noqa: SIM905 (names, not a sentence)
)
# What whole numbers alone can be made an index or a count by.
_WHOLE = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)


def is_static(name: str, rule: Rule, target: str, functions: Functions) -> bool:
    """Whether `rule` uses its argument `name` in such ways alone, and at least once.

    Handing it on to the function itself, which the rule calls `target`, does not count.
    """
    parents = {child: node for node in ast.walk(rule.node) for child in ast.iter_child_nodes(node)}
    return _Uses(rule, parents, target, functions).are_static(name) is True


@dataclass(frozen=True)
class _Uses:
    """Tells of the uses of a name in a rule whether they are static."""

    rule: Rule
    parents: dict[ast.AST, ast.AST]
    target: str
    functions: Functions

    @property
    def _scope(self) -> Scope:
        return self.rule.scope

    def are_static(self, name: str) -> bool | None:
        """Whether all uses of `name` are static; `None` where there are none that tell."""
        names = (n for n in ast.walk(self.rule.node) if isinstance(n, ast.Name) and n.id == name)
        reads = [n for n in names if isinstance(n.ctx, ast.Load)]
        answers = [answer for answer in map(self._is_static, reads) if answer is not None]
        return all(answers) if answers else None

    def _is_static(self, use: ast.expr) -> bool | None:
        """Whether a value is used so; `None` where that says nothing of it."""
        match parent := self.parents[use]:
            case ast.Subscript(slice=index):
                return index is use
            case ast.Slice():
                return True
            case ast.Tuple() | ast.Starred() | ast.UnaryOp(op=ast.USub()):
                return self._is_static(parent)
            case ast.BinOp(op=operator):
                return isinstance(operator, _WHOLE) and self._is_static(parent)
            case ast.Assign(targets=[ast.Name(id=name)]):
                bindings = self._scope.bindings.get(name, [])
                return len(bindings) == 1 and self.are_static(name)
            case ast.keyword():
                return self._is_static_keyword(parent)
            case ast.Call(func=function):
                return function is use or self._is_static_argument(parent, use)
        return False

    def _is_static_keyword(self, keyword: ast.keyword) -> bool | None:
        call = self.parents[keyword]
        assert isinstance(call, ast.Call | ast.ClassDef)
        if isinstance(call, ast.ClassDef):
            return False
        if ast.unparse(call.func) == self.target:
            return None
        called = self.functions.called(call, self._scope)
        return keyword.arg in _KEYWORDS and (called.is_numerical or called.is_array_method)

    def _is_static_argument(self, call: ast.Call, use: ast.expr) -> bool | None:
        if ast.unparse(call.func) == self.target:
            return None
        positions = self._positions(call)
        if isinstance(use, ast.Starred):
            return positions == _ALL
        before = call.args[: call.args.index(use)]
        return len(before) in positions and not any(isinstance(e, ast.Starred) for e in before)

    def _positions(self, call: ast.Call) -> frozenset[int]:
        """Return the positions of the arguments of `call` that are static."""
        called = self.functions.called(call, self._scope)
        if called.is_array_method and called.method is not None:
            return _METHODS.get(called.method, frozenset())
        if called.unit is not None or called.name is None:
            return frozenset()
        package, _, name = called.name.partition(".")
        if called.name == "numpy.arange" and len(call.args) == 1:
            return frozenset({0})  # with a step or a start it may well be a range of floats
        if package in {"numpy", "scipy"}:
            return _NUMPY.get(name, frozenset()) if package == "numpy" or "fft." in name else frozenset()
        return _OTHERS.get(called.name, frozenset())
