"""What the body of a function does with its parameters, and with what it reads from them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from functools import reduce
from operator import or_

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import DefinitionNode, Scope, evaluated, parameters_of
from adjoint2rrule.convert.units import Symbol
from adjoint2rrule.proof.inputs.facts import NOTHING_KNOWN, Facts, How, Use
from adjoint2rrule.proof.inputs.kinds import Trait
from adjoint2rrule.proof.inputs.knowledge import (
    ARRAY_ATTRIBUTES,
    ARRAY_METHODS,
    COMPLEX_ATTRIBUTES,
    MAPPING_METHODS,
    MATRIX_ATTRIBUTES,
    SPARSE_ATTRIBUTES,
    uses_of_argument,
    uses_of_keyword,
    uses_of_method_argument,
)
from adjoint2rrule.proof.inputs.paths import Paths
from adjoint2rrule.proof.inputs.reductions import is_one_number, is_reduction
from adjoint2rrule.proof.inputs.single_uses import (
    called,
    of_axis,
    of_comparison,
    of_mapping,
    of_parts,
    of_subscript,
    spread,
)
from adjoint2rrule.proof.model import Subject, Take
from adjoint2rrule.proof.signatures import function_behind
from adjoint2rrule.proof.signatures import parameters_of as signature_of

_MAX_DEPTH = 4
_DIFFERENTIATES = frozenset({"rrule_via_ad", "frule_via_ad", "pullback", "_pullback", "gradient"})


class Uses:
    """Reads the functions of a project, each of them once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._known: dict[tuple[DefinitionNode, frozenset[str]], dict[str, Facts]] = {}

    def of_subject(self, subject: Subject) -> dict[str, Facts]:
        """Return what a rule, and the function that it is for, do with the parameters of a call."""
        found = {p.name: NOTHING_KNOWN for p in subject.parameters}
        for body in subject.bodies:
            facts = self.of(body.node, body.place, own=frozenset(body.names.values()))
            for name, mine in body.names.items():
                found[name] |= facts.get(mine, NOTHING_KNOWN)
        name = ".".join(s.dotted for s in [subject.callee.symbol] if s is not None and s.unit is None)
        for index, parameter in enumerate(subject.parameters):
            if parameter.take is Take.ONE:
                if any(is_one_number(body.node, index + 1) for body in subject.bodies[:1]):
                    found[parameter.name] |= Facts.at((), [Use(How.TRAIT, Trait.SCALAR)])
                known = uses_of_argument(name, index)
                if known:
                    found[parameter.name] |= Facts.at((), [*known, Use(How.KNOWN)])
        return found

    def of(
        self, node: DefinitionNode, place: Place, depth: int = 0, own: frozenset[str] | None = None
    ) -> dict[str, Facts]:
        """Return what a function does with each of its parameters.

        `own` are those that a call gives values for; the others, such as the function that a rule is
        for, are nobody's concern.
        """
        names = frozenset(p.arg for p in parameters_of(node)) if own is None else own
        key = (node, names)
        if key not in self._known and depth <= _MAX_DEPTH:
            self._known[key] = {}  # for functions that call themselves
            self._known[key] = _Reading(self, node, place, depth, names).facts()
        return self._known.get(key, {})

    def of_function(self, symbol: Symbol, depth: int = 0) -> dict[str, Facts]:
        """Return what a function of the project does with its parameters."""
        node = function_behind(symbol)
        if node is None or symbol.scope is None or symbol.unit is None:
            return {}
        return self.of(node, Place(symbol.scope.inner(node), symbol.unit), depth)


class _Reading:
    """One function, as it is read."""

    def __init__(self, uses: Uses, node: DefinitionNode, place: Place, depth: int, own: Set[str]) -> None:
        self.uses = uses
        self.project = uses.project
        self.unit = place.unit
        self.scope = place.scope
        self.depth = depth
        self.own = own
        self.paths = Paths(place, uses.project)
        self.parents = {child: parent for parent in ast.walk(node) for child in ast.iter_child_nodes(parent)}

    def facts(self) -> dict[str, Facts]:
        found = dict.fromkeys(self.own, NOTHING_KNOWN)
        for node, scope, _ in evaluated(self.scope):
            if isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
                path = self.paths.of(node, scope)
                if path is not None and path[0] in self.own and node in self.parents:
                    whole = reduce(or_, self._of(node, scope), NOTHING_KNOWN).under(path)
                    found[path[0]] |= whole.part(path[0])
        return found

    def _of(self, node: ast.expr, scope: Scope) -> Iterator[Facts]:
        """Yield what is done with the value of one expression."""
        parent = self.parents[node]
        match parent:
            case ast.Attribute(attr=name):
                yield Facts.at((), self._of_attribute(parent, name))
            case ast.Call(func=function) if function is node:
                yield Facts.at((), [called(parent.args)])
            case ast.Call():
                yield self._of_argument(parent, node, scope)
            case ast.keyword(arg=str() as name):
                yield self._of_keyword(parent, name, scope)
            case ast.Starred():
                yield Facts.at((), [Use(How.ITERATED)]) | Facts.at(("[]",), [Use(How.HANDED)])
            case ast.Subscript(value=value, slice=index):
                taken = of_subscript(index) if value is node else self._of_index(parent, scope)
                yield Facts.at((), taken)
            case ast.Tuple() if isinstance(self.parents.get(parent), ast.Subscript):
                yield Facts.at((), [Use(How.TRAIT, Trait.INDEX)])
            case ast.BinOp():
                yield Facts.at((), self._of_operand(parent, node))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                yield Facts.at((), [Use(How.NUMERIC)])
            case ast.UnaryOp() | ast.BoolOp() | ast.If() | ast.While():
                yield Facts.at((), [Use(How.SWITCH)])
            case ast.IfExp(test=test) if test is node:
                yield Facts.at((), [Use(How.SWITCH)])
            case ast.Compare():
                found = list(of_comparison(parent, node))
                # Only single numbers are compared so; with arrays there would be `np.all` around it.
                decides = isinstance(self.parents.get(parent), ast.If | ast.IfExp | ast.While)
                is_number = decides and any(use.how is How.BOUND for use in found)
                yield Facts.at((), [*found, *([Use(How.TRAIT, Trait.SCALAR)] if is_number else [])])
            case ast.Match(cases=cases):
                values = [c.pattern.value for c in cases if isinstance(c.pattern, ast.MatchValue)]
                yield Facts.at((), [Use(How.COMPARED, ast.unparse(value)) for value in values])
            case ast.Assign(targets=[ast.Tuple(elts=targets)]):
                yield Facts.at((), of_parts(targets))
            case ast.For(iter=iterated) | ast.comprehension(iter=iterated) if iterated is node:
                yield Facts.at((), [Use(How.ITERATED)])
        yield Facts.at((), self._beyond(node, scope))

    # -- attributes and subscripts --------------------------------------------------------------

    def _of_attribute(self, node: ast.Attribute, name: str) -> list[Use]:
        around = self.parents.get(node)
        is_called = isinstance(around, ast.Call) and around.func is node
        if name == "shape" and isinstance(around, ast.Assign):
            match around.targets:
                case [ast.Tuple(elts=[_, _])]:
                    return [Use(How.TRAIT, Trait.MATRIX)]
        if name in MATRIX_ATTRIBUTES:
            return [Use(How.TRAIT, Trait.MATRIX)]
        if name in COMPLEX_ATTRIBUTES:
            return [Use(How.NUMERIC), Use(How.TRAIT, Trait.COMPLEX)]
        if name in SPARSE_ATTRIBUTES:
            return [Use(How.SPARSE)]
        if name in MAPPING_METHODS and is_called:
            return of_mapping(around, name)
        if name in ARRAY_ATTRIBUTES or (name in ARRAY_METHODS and is_called):
            return [Use(How.ARRAY)]
        return [Use(How.OBJECT, name)]

    def _of_index(self, node: ast.Subscript, scope: Scope) -> list[Use]:
        """Return what is said of an index: one of a dict that stands in the module is one of its keys."""
        for symbol in self.project.resolve(node.value, scope, self.unit):
            for binding in symbol.bindings:
                if isinstance(binding.value, ast.Dict):
                    keys = [k for k in binding.value.keys if isinstance(k, ast.Constant)]
                    return [Use(How.COMPARED, ast.unparse(key)) for key in keys]
        return [Use(How.TRAIT, Trait.INDEX)]

    # -- calls ---------------------------------------------------------------------------------

    def _of_argument(self, call: ast.Call, node: ast.expr, scope: Scope) -> Facts:
        if self.paths.is_same_again(call, scope):
            return NOTHING_KNOWN
        before = call.args[: call.args.index(node)]
        if any(isinstance(e, ast.Starred) for e in before):
            return Facts.at((), [Use(How.HANDED)])
        position = len(before)
        if self._is_ignored(call.func, scope):
            return NOTHING_KNOWN
        symbols = self.project.resolve(call.func, scope, self.unit)
        for symbol in symbols[:1]:
            if symbol.dotted.rpartition(".")[2] in _DIFFERENTIATES:
                return Facts.at((), [self._differentiated(call, node, scope)])
            found = self._by_callee(symbol, position, None)
            if found is not None:
                return found
            uses = uses_of_argument(symbol.dotted, position)
            return spread(uses) if uses is not None else Facts.at((), [Use(How.HANDED)])
        if isinstance(call.func, ast.Attribute):
            uses = uses_of_method_argument(call.func.attr, position)
            if uses is not None:
                return spread(uses)
        return Facts.at((), [Use(How.HANDED)])

    def _of_keyword(self, node: ast.keyword, name: str, scope: Scope) -> Facts:
        call = self.parents[node]
        if not isinstance(call, ast.Call) or self._is_ignored(call.func, scope):
            return NOTHING_KNOWN
        for symbol in self.project.resolve(call.func, scope, self.unit)[:1]:
            return self._by_callee(symbol, None, name) or Facts.at(
                (), uses_of_keyword(name) or [Use(How.HANDED)]
            )
        return Facts.at((), uses_of_keyword(name) or [Use(How.HANDED)])

    def _is_ignored(self, function: ast.expr, scope: Scope) -> bool:
        """Whether a call calls the function that the rule is for, whose own body says the same."""
        path = self.paths.of(function, scope)
        return path is not None and path[0] not in self.own

    def _by_callee(self, symbol: Symbol, position: int | None, keyword: str | None) -> Facts | None:
        """Return what a function of the project does with the argument."""
        node = function_behind(symbol)
        if node is None or symbol.scope is None or symbol.unit is None:
            return None
        parameters = signature_of(node, Place(symbol.scope, symbol.unit))
        facts = self.uses.of_function(symbol, self.depth + 1)
        for index, parameter in enumerate(parameters):
            mine = facts.get(parameter.name, NOTHING_KNOWN)
            if parameter.take is Take.REST and position is not None and position >= index:
                return mine.part("[]")
            if parameter.name == keyword or (index == position and parameter.take is Take.ONE):
                return mine
        return NOTHING_KNOWN

    def _differentiated(self, call: ast.Call, node: ast.expr, scope: Scope) -> Use:
        """Return what a call of the AD does: it calls the first of its arguments that is not the config."""
        first = self.paths.of(call.args[0], scope)
        start = 1 if first is not None and first[0] not in self.own else 0
        given = call.args[start:]
        return called(given[1:]) if given and given[0] is node else Use(How.HANDED)

    # -- arithmetic ----------------------------------------------------------------------------

    def _of_operand(self, node: ast.BinOp, operand: ast.expr) -> list[Use]:
        other = node.right if node.left is operand else node.left
        if isinstance(node.op, ast.MatMult):
            return [Use(How.TRAIT, Trait.MATRIX)] if node.left is operand else [Use(How.ARRAY)]
        uses = [Use(How.NUMERIC)]
        if isinstance(node.op, ast.Div) and node.right is operand and is_reduction(node.left):
            uses.append(Use(How.TRAIT, Trait.SCALAR))
        if isinstance(node.op, ast.Add | ast.Sub):
            if isinstance(other, ast.BinOp) and isinstance(other.op, ast.MatMult):
                uses.append(Use(How.TRAIT, Trait.ROWS))
            if ast.unparse(other) == f"{ast.unparse(operand)}.T":
                uses.append(Use(How.TRAIT, Trait.SQUARE))
        return uses

    def _beyond(self, node: ast.expr, scope: Scope) -> list[Use]:
        """Return what is said of a value by what becomes of a product with it, or of another form of it."""
        parent = self.parents.get(node)
        if self._is_entry(node):
            return [Use(How.TRAIT, Trait.SCALAR)]
        while isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult | ast.Div | ast.Pow):
            node, parent = parent, self.parents.get(parent)
            match parent:
                case ast.Call(args=[first, *_]) if first is node:
                    return [u for u in self._said_by(parent, scope) if u.detail is Trait.POSITIVE]
                case ast.BinOp(left=left, op=ast.MatMult()) if left is node:
                    return [Use(How.TRAIT, Trait.MATRIX)]
                case ast.Attribute(attr=name) if name in ARRAY_METHODS:
                    return of_axis(self.parents.get(parent))
        if isinstance(parent, ast.Attribute) and parent.attr in ARRAY_METHODS:
            return of_axis(self.parents.get(parent))
        if isinstance(parent, ast.Call) and parent.args == [node]:
            around = self.parents.get(parent)
            if isinstance(around, ast.Call) and around.args[:1] == [parent]:
                symbols = self.project.resolve(parent.func, scope, self.unit)
                if any(function_behind(symbol) is not None for symbol in symbols):
                    return [u for u in self._said_by(around, scope) if u.how is How.TRAIT]
        return []

    def _is_entry(self, node: ast.AST) -> bool:
        """Whether arithmetic with a value is an entry of an array that is written out."""
        while isinstance(self.parents.get(node), ast.BinOp | ast.UnaryOp):
            node = self.parents[node]
        display, is_nested = self.parents.get(node), False
        while isinstance(display, ast.List):
            display, is_nested = self.parents.get(display), True
        return is_nested and isinstance(display, ast.Call) and ast.unparse(display.func).endswith("array")

    def _said_by(self, call: ast.Call, scope: Scope) -> list[Use]:
        symbols = self.project.resolve(call.func, scope, self.unit)
        return (uses_of_argument(symbols[0].dotted, 0) or []) if len(symbols) == 1 else []
