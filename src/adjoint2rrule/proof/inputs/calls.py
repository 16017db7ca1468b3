"""The calls in a project's tests, doctests and examples whose arguments can stand in a test as they are."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import By, Scope
from adjoint2rrule.convert.units import Symbol
from adjoint2rrule.proof.inputs.literals import Literal, Literals
from adjoint2rrule.proof.inputs.sources import Source, Sources
from adjoint2rrule.proof.model import Callee, Reach


@dataclass(frozen=True)
class LiteralCall:
    """A call that a source writes out.

    Attributes
    ----------
    function
        What is called, where it is an object that the source makes first.
    args, keywords
        What it is called with.
    origin
        Where it stands, in words.
    """

    function: Literal | None
    args: tuple[Literal, ...]
    keywords: tuple[tuple[str, Literal], ...]
    origin: str


@dataclass(frozen=True)
class _Call:
    """A call as a source has it, with the object that it is a method of, or that is called."""

    node: ast.Call
    place: Place
    owner: ast.expr | None
    origin: str


class CallIndex:
    """The calls of a project's functions in its own tests, doctests and examples, by what they call.

    Parameters
    ----------
    project
        The project; its files are read when they are first asked for.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.literals = Literals(project)
        self.sources = Sources(project)
        self._by_source: dict[Source, dict[str, list[_Call]]] = {}

    def of(self, callee: Callee, symbol: Symbol | None) -> list[LiteralCall]:
        """Return the calls of `symbol`, or of objects of a class, as far as all arguments are literals."""
        if symbol is None:
            return []
        word = symbol.dotted.rpartition(".")[2]
        calls = (
            call for source in self.sources.mentioning(word) for call in self._calls(source, symbol, callee)
        )
        read = (self._read(call, callee) for call in calls)
        return [call for call in read if call is not None]

    def _calls(self, source: Source, symbol: Symbol, callee: Callee) -> Iterable[_Call]:
        if source not in self._by_source:
            found: dict[str, list[_Call]] = {}
            for dotted, call in self._in(source):
                found.setdefault(dotted, []).append(call)
            self._by_source[source] = found
        key = f"{symbol.dotted}.__call__" if callee.reach is not Reach.NAMED else symbol.dotted
        return self._by_source[source].get(key, ())

    def _in(self, source: Source) -> Iterator[tuple[str, _Call]]:
        """Yield the calls of a source, each with the full name of what it calls."""
        place = source.place
        for node, scope in source.calls():
            origin = f"a call in {source.name}, line {source.line(node)}"
            for dotted, owner in self._called(node.func, scope, place):
                yield dotted, _Call(node, Place(scope, place.unit), owner, origin)

    def _called(
        self, function: ast.expr, scope: Scope, place: Place
    ) -> Iterator[tuple[str, ast.expr | None]]:
        """Yield what a call may call, and the object that this is a method of."""
        maker = self._maker(function, scope, place)
        if maker is not None:
            yield f"{maker.dotted}.__call__", function
            return
        if isinstance(function, ast.Attribute):
            maker = self._maker(function.value, scope, place)
            if maker is not None:
                yield f"{maker.dotted}.{function.attr}", function.value
                return
        for symbol in self.project.resolve(function, scope, place.unit):
            yield symbol.dotted, None

    def _maker(self, node: ast.expr, scope: Scope, place: Place, depth: int = 0) -> Symbol | None:
        """Return the class, or the function of the project, that makes the object `node`."""
        match node:
            case ast.Call(func=function):
                found = self.project.resolve(function, scope, place.unit)
                return found[0] if len(found) == 1 and found[0].unit is not None else None
            case ast.Name() if depth < 3:
                for symbol in self.project.resolve(node, scope, place.unit):
                    match symbol.bindings:
                        case [binding] if (
                            binding.by is By.VALUE and binding.value is not None and symbol.scope
                        ):
                            return self._maker(binding.value, symbol.scope, place, depth + 1)
        return None

    # -- arguments -----------------------------------------------------------------------------

    def _read(self, call: _Call, callee: Callee) -> LiteralCall | None:
        args = [self.literals.read(arg, call.place) for arg in call.node.args]
        keywords = [(k.arg, self.literals.read(k.value, call.place)) for k in call.node.keywords]
        owner = self.literals.read(call.owner, call.place) if call.owner is not None else None
        known_args = tuple(arg for arg in args if arg is not None)
        known_keywords = tuple((name, value) for name, value in keywords if name and value is not None)
        complete = len(known_args) == len(args) and len(known_keywords) == len(keywords)
        if not complete or (call.owner is not None and owner is None):
            return None
        if callee.reach is Reach.NAMED and owner is not None:
            known_args, owner = (owner, *known_args), None
        return LiteralCall(owner, known_args, known_keywords, call.origin)
