"""What kind of thing a target is: a class or not, and which class has a member.

The project's index knows what statements and imports say; here it is read off values as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import Binding, By
from adjoint2rrule.convert.units import Symbol

_MAX_HOPS = 20
# Classes whose instances are functions, or as good as; `type`, `Enum` and their like make classes.
_MAKERS = frozenset(
    {
        "functools.partial",
        "numpy.vectorize",
        "operator.attrgetter",
        "operator.itemgetter",
        "operator.methodcaller",
    }
)
_ORDINARY_BASES = frozenset(
    {"abc.ABC", "builtins.object", "typing.Generic", "typing.NamedTuple", "typing.Protocol"}
)
# Expressions whose values are never classes.
_NO_CLASSES = (
    ast.BinOp,
    ast.BoolOp,
    ast.Compare,
    ast.Constant,
    ast.Dict,
    ast.JoinedStr,
    ast.Lambda,
    ast.List,
    ast.ListComp,
    ast.Set,
    ast.Tuple,
)
_PROPERTIES = frozenset({"cached_property", "property"})


def is_class(symbol: Symbol, project: Project, hops: int = 0) -> bool | None:
    """Whether `symbol` is a class, `None` where that cannot be told."""
    answer = project.is_class(symbol)
    if answer is not None or symbol.unit is None or not symbol.makers or hops > _MAX_HOPS:
        return answer
    answers = {_binds_class(binding, symbol, project, hops) for binding in symbol.makers}
    return answers.pop() if len(answers) == 1 else None


def _binds_class(binding: Binding, symbol: Symbol, project: Project, hops: int) -> bool | None:
    if binding.by in {By.CLASS, By.FUNCTION}:
        return binding.by is By.CLASS
    answers = {_gives_class(value, symbol, project, hops + 1) for value in _values(binding, symbol, project)}
    return answers.pop() if len(answers) == 1 else None


def _values(binding: Binding, symbol: Symbol, project: Project) -> Iterator[ast.expr | None]:
    """Yield the expressions that `binding` gives its name in turn; `None` for one that is not written out."""
    match binding:
        case Binding(by=By.VALUE, value=value):
            yield value
        case Binding(by=By.ELEMENT, value=ast.expr() as iterable, path=path):
            display = _display(iterable, symbol, project)
            for element in display.elts if display is not None else [None]:
                yield _part(element, path)


def _display(iterable: ast.expr, symbol: Symbol, project: Project) -> ast.Tuple | ast.List | None:
    """Return the tuple or list that `iterable` is, or that it names."""
    if isinstance(iterable, ast.Name) and symbol.scope is not None:
        found = symbol.scope.find(iterable.id)
        bindings = found[1] if found is not None else []
        iterable = bindings[0].value or iterable if len(bindings) == 1 else iterable
    starred = isinstance(iterable, ast.Tuple | ast.List) and any(
        isinstance(element, ast.Starred) for element in iterable.elts
    )
    return iterable if isinstance(iterable, ast.Tuple | ast.List) and not starred else None


def _part(element: ast.expr | None, path: tuple[object, ...]) -> ast.expr | None:
    for step in path:
        if not isinstance(element, ast.Tuple | ast.List) or not isinstance(step, int):
            return None
        element = element.elts[step] if -len(element.elts) <= step < len(element.elts) else None
    return element


def _gives_class(value: ast.expr | None, symbol: Symbol, project: Project, hops: int) -> bool | None:
    """Whether the value of an expression is a class."""
    assert symbol.scope is not None
    assert symbol.unit is not None
    match value:
        case ast.Name() | ast.Attribute():
            found = project.resolve(value, symbol.scope, symbol.unit)
            answers = {is_class(s, project, hops) for s in found}
            return answers.pop() if len(answers) == 1 else None
        case ast.Call(func=function):
            makers = project.resolve(function, symbol.scope, symbol.unit)
            return False if makers and all(makes_objects(s, project) for s in makers) else None
    return False if isinstance(value, _NO_CLASSES) else None


def makes_objects(symbol: Symbol, project: Project, hops: int = 0) -> bool:
    """Whether `symbol` is a class whose instances are sure to be no classes themselves."""
    node = symbol.class_node
    if node is None or symbol.scope is None or symbol.unit is None or hops > _MAX_HOPS:
        return symbol.dotted in _MAKERS | _ORDINARY_BASES
    bases = [
        project.resolve(base, symbol.scope, symbol.unit) for base in map(_without_parameters, node.bases)
    ]
    return all(found and all(makes_objects(s, project, hops + 1) for s in found) for found in bases)


def _without_parameters(base: ast.expr) -> ast.expr:
    return base.value if isinstance(base, ast.Subscript) else base


def members(owner: Symbol, name: str, project: Project, hops: int = 0) -> list[Symbol | None]:
    """Return what a class can have under `name`, of its own or from its bases; `None` for what is unknown.

    Several answers come from several bases, among which the order is not looked at.
    """
    node = owner.class_node
    if node is None or owner.scope is None or owner.unit is None or hops > _MAX_HOPS:
        return [] if owner.dotted == "builtins.object" else [None]
    scope = owner.scope.inner(node)
    if name in scope.bindings:
        return [Symbol(f"{owner.dotted}.{name}", owner.unit, scope, tuple(scope.bindings[name]))]
    found: list[Symbol | None] = []
    for base in map(_without_parameters, node.bases):
        symbols = project.resolve(base, owner.scope, owner.unit)
        found += [m for s in symbols for m in members(s, name, project, hops + 1)] if symbols else [None]
    return found


def is_property(member: Symbol) -> bool:
    """Whether a member of a class is a property."""
    return any(_ends(decorator) in _PROPERTIES for b in member.bindings for decorator in _decorators(b))


def is_plain_method(member: Symbol | None) -> bool:
    """Whether a member of a class is a function, as it stands in a ``def`` without decorators."""
    bindings = member.bindings if member is not None else ()
    return len(bindings) == 1 and bindings[0].by is By.FUNCTION and not _decorators(bindings[0])


def _decorators(binding: Binding) -> list[ast.expr]:
    return getattr(binding.node, "decorator_list", [])


def _ends(decorator: ast.expr) -> str:
    return ast.unparse(decorator).rpartition(".")[2]
