"""What can stand for a function: functions and callable objects with rules of their own, and lambdas."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.convert.scopes import DefinitionNode, evaluated
from adjoint2rrule.convert.units import Symbol, Unit
from adjoint2rrule.proof.inputs.facts import NOTHING_KNOWN
from adjoint2rrule.proof.inputs.kinds import Choice, Either, Function, Kind, Made, Many, Row
from adjoint2rrule.proof.inputs.kinds_of import Kinds
from adjoint2rrule.proof.inputs.writing import NUMPY
from adjoint2rrule.proof.model import Expression, Parameter, Take
from adjoint2rrule.proof.signatures import function_behind, parameters_of


class Callables:
    """Knows the functions and callable classes of a module that have rules."""

    def __init__(self, unit: Unit, kinds: Kinds) -> None:
        self.unit = unit
        self.kinds = kinds
        self.targets = list(self._targets())

    def __call__(self, wanted: Function, depth: int) -> Sequence[Kind]:
        """Return what can be called as `wanted` says, in the order in which to try it.

        Objects that hold functions themselves hold plain ones, or there would be no end to them.
        """
        own = [kind for symbol in self.targets for kind in self._of(symbol, wanted)]
        # Objects have parts, whose cotangents tell more.
        own.sort(key=lambda kind: (_holds_functions(kind), isinstance(kind, Choice)))
        if depth:
            own = [kind for kind in own if not _holds_functions(kind)]
        lambdas = [Choice((Expression(text),)) for text in _lambdas(wanted)]
        return [*own[:1], *lambdas[:1], *own[1:], *lambdas[1:], *_of_numpy(wanted)]

    def _targets(self) -> Iterator[Symbol]:
        """Yield what the rules of the module are registered for, where it is of the module itself."""
        seen = set()
        for node, scope, _ in evaluated(self.unit.scope):
            for decorator in getattr(node, "decorator_list", ()):
                match decorator:
                    case ast.Call(func=ast.Attribute(attr="register"), args=[ast.Name() as target, *_]):
                        found = self.kinds.project.resolve(target, scope, self.unit)
                        if len(found) == 1 and found[0].unit is self.unit and found[0].dotted not in seen:
                            seen.add(found[0].dotted)
                            yield found[0]

    def _of(self, symbol: Symbol, wanted: Function) -> Iterator[Kind]:
        expression = self.kinds.makers.expression(symbol)
        if expression is None:
            return
        if symbol.class_node is None:
            node = function_behind(symbol)
            if node is not None and self._fits(node, symbol, wanted, skip=0):
                yield Choice((expression,))
        else:
            method = self.kinds.makers.method(symbol, "__call__")
            node = function_behind(method)
            if node is not None and method is not None and self._fits(node, method, wanted, skip=1):
                yield self.kinds.objects.of(symbol, NOTHING_KNOWN, depth=1).kind

    def _fits(self, node: DefinitionNode, symbol: Symbol, wanted: Function, skip: int) -> bool:
        assert symbol.unit is not None
        assert symbol.scope is not None
        place = Place(symbol.scope, symbol.unit)
        parameters = parameters_of(node, place)[skip:]
        if any(self._takes_function(node, symbol, p) for p in parameters):
            return False
        least = sum(p.take is Take.ONE and p.default is None for p in parameters)
        most = sum(p.take is Take.ONE for p in parameters)
        open_ended = any(p.take is Take.REST for p in parameters)
        if any(p.take is Take.KEYWORD and p.default is None for p in parameters):
            return False
        if wanted.arity is None:
            return True
        if wanted.open:
            return open_ended or most >= wanted.arity
        return least <= wanted.arity and (open_ended or wanted.arity <= most)

    def _takes_function(self, node: DefinitionNode, symbol: Symbol, parameter: Parameter) -> bool:
        facts = self.kinds.uses.of_function(symbol).get(parameter.name, NOTHING_KNOWN)
        return isinstance(self.kinds.of(parameter, facts).kind, Function)


def _holds_functions(kind: Kind) -> bool:
    match kind:
        case Function():
            return True
        case Many(each=each):
            return _holds_functions(each)
        case Made(fields=fields):
            return any(_holds_functions(f.kind) for f in fields)
        case Either(kinds=kinds) | Row(entries=kinds):
            return any(map(_holds_functions, kinds))
    return False


def _lambdas(wanted: Function) -> list[str]:
    """Return contractions, which change their sign between -1.5 and 2.5: all of it plain arithmetic."""
    arity = wanted.arity or 0
    if wanted.open or wanted.arity is None:
        return ["lambda x, *rest: 0.4 * x - 0.1 * x**2 + 0.1 * sum(rest)"]
    if arity == 0:
        return ["lambda: 2.3"]
    if arity == 1:
        return ["lambda x: 0.4 * x - 0.1 * x**2 + 0.2", "lambda x: 0.3 * x + 0.7"]
    names = ["x", *"abcdefgh"[: arity - 1]]
    terms = "".join(f" + {0.2 / (k + 1):.2g} * {name}" for k, name in enumerate(names[1:]))
    return [f"lambda {', '.join(names)}: 0.4 * x - 0.1 * x**2{terms}"]


def _of_numpy(wanted: Function) -> list[Kind]:
    """Return functions of numpy; the AD may have no rule for them."""
    names = {1: "np.sin", 2: "np.hypot"}
    name = names.get(wanted.arity or 1)
    return [Choice((Expression(name, frozenset({NUMPY})),))] if name else []
