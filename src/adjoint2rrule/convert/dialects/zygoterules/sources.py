"""Where the pullbacks of a rule come from: its own functions, a helper's, a partial, or the AD itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from adjoint2rrule.convert.dialects.zygoterules.calls import from_elsewhere
from adjoint2rrule.convert.dialects.zygoterules.cotangents import GIVEN, Back, Given, is_sequence
from adjoint2rrule.convert.dialects.zygoterules.functions import Called
from adjoint2rrule.convert.dialects.zygoterules.helpers import Helpers
from adjoint2rrule.convert.dialects.zygoterules.holders import changed_lists
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.pullbacks import (
    Handed,
    Pullback,
    PullbackNode,
    PullbackReader,
    Value,
    opaque,
    short,
)
from adjoint2rrule.convert.dialects.zygoterules.reader import Reader
from adjoint2rrule.convert.flow import falls_through
from adjoint2rrule.convert.scopes import Binding, By, FunctionNode, Scope, parameters_of, walk_scope

_MAX_DEPTH = 8


@dataclass
class Sources:
    """Collects the pullbacks of one rule, or of one function that makes pullbacks for others.

    Attributes
    ----------
    reader
        Reads the function that they stand in.
    helpers
        Tells which functions may be rewritten.
    problems
        Where to note what stands in the way.
    scope
        The scope of the function.
    names
        What the function calls the arguments of the rule; `None` in the rule itself.
    maker
        The function, where it is not the rule itself.
    value
        What is known of the value of the rule.
    around
        The functions that led to this one.
    """

    reader: Reader
    helpers: Helpers
    problems: list[Problem]
    scope: Scope
    names: Mapping[str, str] | None = None
    maker: ast.FunctionDef | None = None
    value: Value = field(default_factory=Value)
    around: frozenset[Scope] = frozenset()
    pullbacks: dict[PullbackNode, Pullback] = field(default_factory=dict)
    handed: list[Handed] = field(default_factory=list)
    returned: set[ast.Name] = field(default_factory=set)  # names of pullbacks, where a pair holds them
    followed: set[ast.Name] = field(default_factory=set)
    changeable: set[str] = field(default_factory=set)  # names of lists that are parts of results
    statement: ast.Return | None = None

    def problem(self, slug: str, node: ast.expr | ast.stmt, message: str, hint: str) -> None:
        self.problems.append(Problem(slug, node, message, hint))

    # -- the pair ------------------------------------------------------------------------------

    def of_return(self, statement: ast.Return) -> None:
        """Note the pullbacks in the pair that a ``return`` gives."""
        self.statement = statement
        if statement.value is None:
            self.problem("no-pair", statement, "the rule returns something else than a pair", _PAIR)
            return
        pairs = list(self._pairs(statement.value))
        for pair in pairs:
            self._pair(pair, self.scope)
        if len(pairs) > 1 and any(h.statement is statement and h.node is None for h in self.handed):
            # What goes around a pair from elsewhere would go around the others too.
            self._opaque_pair(statement.value)

    def _pairs(self, value: ast.expr) -> Iterator[ast.expr]:
        """Yield each pair that `value` can be, as it is written."""
        match value:
            case ast.IfExp(body=body, orelse=orelse):
                yield from self._pairs(body)
                yield from self._pairs(orelse)
            case ast.Name(id=name) if values := self._values(name):
                for bound in values:
                    yield from self._pairs(bound)
            case _:
                yield value

    def _pair(self, pair: ast.expr, scope: Scope) -> None:
        match pair:
            case ast.Tuple(elts=[_, pullback]) if not any(isinstance(e, ast.Starred) for e in pair.elts):
                self._pullback(pullback, scope)
            case ast.Call():
                self._pair_of_call(pair, scope)
            case ast.BinOp(left=ast.Tuple()) | ast.BinOp(right=ast.Tuple()):
                self._opaque_pair(pair)
            case ast.Name() | ast.Attribute() | ast.Subscript() | ast.Await() | ast.NamedExpr():
                self._opaque_pair(pair)
            case ast.Tuple() if any(isinstance(e, ast.Starred) for e in pair.elts):
                self._opaque_pair(pair)
            case _:
                assert self.statement is not None
                self.problem("no-pair", self.statement, "the rule returns something else than a pair", _PAIR)

    def _values(self, name: str) -> list[ast.expr] | None:
        """Return what a name that holds a pair is bound to, where it serves for nothing else."""
        bindings = self.scope.bindings.get(name, [])
        uses = [n for n in ast.walk(self.scope.node) if isinstance(n, ast.Name) and n.id == name]
        loads = [n for n in uses if isinstance(n.ctx, ast.Load)]
        if not all(isinstance(n, ast.Return) for n in self._around(loads)):
            return None
        values = [b.value for b in bindings if b.by is By.VALUE and b.value is not None]
        return values if bindings and len(values) == len(bindings) else None

    def _around(self, names: list[ast.Name]) -> Iterator[ast.AST]:
        for node in ast.walk(self.scope.node):
            if any(child in names for child in ast.iter_child_nodes(node)):
                yield node

    def _opaque_pair(self, pair: ast.expr, why: str = "which cannot be read") -> None:
        self.problem(
            "opaque-pair",
            pair,
            f"the pair comes from `{short(pair)}`, {why}",
            "Write the pair in the `return`, with a pullback that is defined in the rule.",
        )

    def _pair_of_call(self, call: ast.Call, scope: Scope) -> None:
        callback = self.reader.callbacks.get(call.func)
        if callback is not None:
            self._pair_of_callback(call, scope)
            return
        called = self.reader.functions.called(call, scope)
        made = self._makers(call, called, scope)
        if made is None and called.function is not None:
            self._opaque_pair(call, _STAYS)
        elif made is None:
            self._opaque_pair(call)
        elif isinstance(made, Sources):
            self._take(made)
        else:
            self._hand(call, None, None, made.seed, made.results)

    # -- the pullback --------------------------------------------------------------------------

    def _pullback(self, node: ast.expr, scope: Scope) -> None:
        match node:
            case ast.Lambda():
                self._own(node, scope)
            case ast.IfExp(body=body, orelse=orelse):
                self._pullback(body, scope)
                self._pullback(orelse, scope)
            case ast.Name():
                self._named(node, scope)
            case ast.Call():
                self._made(node, node, scope)
            case ast.Subscript() if isinstance(back := self.reader.look(node, scope), Back):
                self._hand_back(node, node, None, back)
            case _:
                self._opaque(node)

    def _named(self, node: ast.Name, scope: Scope) -> None:
        """Note the pullbacks that a name can stand for; all of them can be rewritten, or none is."""
        found = scope.find(node.id)
        if found is None or found[0] is not self.scope:
            self._opaque(node)
            return
        self.returned.add(node)
        defined = [b for b in found[1] if self._definition(b) is not None]
        for binding in defined if len(defined) == len(found[1]) else ():
            definition = self._definition(binding)
            assert definition is not None
            self._own(definition, scope)
        if len(defined) == len(found[1]):
            return
        if defined or len(found[1]) > 1:
            self._opaque(node)
        else:
            self._held(node, found[1][0], scope)

    @staticmethod
    def _definition(binding: Binding) -> PullbackNode | None:
        if binding.by is By.FUNCTION and isinstance(binding.node, ast.FunctionDef):
            return binding.node
        if binding.by is By.VALUE and isinstance(binding.value, ast.Lambda):
            return binding.value
        return None

    def _held(self, node: ast.Name, binding: Binding, scope: Scope) -> None:
        """Note the pullback that the one binding of a name gives it."""
        match binding:
            case Binding(by=By.VALUE, value=ast.Call() as call):
                self._made(call, node, scope)
            case Binding(by=By.VALUE, value=ast.IfExp() as value):
                self._pullback(value, scope)
            case Binding(by=By.PART, value=ast.Call() as call, path=(1,)):
                if isinstance(back := self.reader.look(node, scope), Back):
                    self._hand_back(node, node, f"{node.id}({{}})", back)
                    return
                made = self._makers(call, self.reader.functions.called(call, scope), scope)
                if isinstance(made, Sources):
                    self._take(made)
                elif made is not None:
                    self._hand(node, node, f"{node.id}({{}})", made.seed, made.results)
                else:
                    self._opaque(node)
            case _:
                self._opaque(node)

    def _opaque(self, node: ast.expr) -> None:
        self.problems.append(opaque(node))

    # -- pullbacks that calls make -------------------------------------------------------------

    def _made(self, call: ast.Call, node: ast.expr, scope: Scope) -> None:
        """Note the pullback that `call` makes, which the rule returns as `node`."""
        called = self.reader.functions.called(call, scope)
        if called.name == "functools.partial" and call.args:
            self._partial(call, node, scope)
            return
        made = self._makers(call, called, scope)
        if made is None:
            self._opaque(node)
        elif isinstance(made, Sources):
            self._take(made)
        else:
            text = f"{node.id}({{}})" if isinstance(node, ast.Name) else None
            self._hand(node, node, text, made.seed, made.results)

    def _partial(self, call: ast.Call, node: ast.expr, scope: Scope) -> None:
        """Note the pullback ``partial(function, ...)``, whose seed is the first parameter that is left."""
        function, *bound = call.args
        if any(isinstance(a, ast.Starred) for a in bound) or any(k.arg is None for k in call.keywords):
            self._opaque(node)
            return
        if isinstance(function, ast.Lambda):
            self._own(function, scope, call)
            return
        seed = ast.Name("?", ast.Load())
        called = self.reader.functions.called(ast.Call(function, [*bound, seed], call.keywords), scope)
        inner, definition = called.scope, called.function
        if inner is None or not isinstance(definition, ast.FunctionDef):
            self._opaque(node)
        elif self.reader.is_local(inner):
            if isinstance(function, ast.Name):
                self.returned.add(function)
            self._own(definition, inner.parent or scope, call)
        else:
            made = self._of_partial(call, called, definition, inner, scope)
            if made is None:
                self._opaque(node)
            else:
                self._hand(node, node, _written(call, node, self.scope), made.seed, made.results)

    def _of_partial(
        self, call: ast.Call, called: Called, definition: ast.FunctionDef, inner: Scope, scope: Scope
    ) -> _Made | None:
        """Return what a function outside of the rule gives for a seed, once arguments are bound to it."""
        if definition.decorator_list:
            return None
        elsewhere = Sources(self.reader.elsewhere(inner), self.helpers, [], inner)
        elsewhere._own(definition, inner.parent or scope, call, outside=(self.reader, scope))
        return elsewhere._results()

    def _makers(self, call: ast.Call, called: Called, scope: Scope) -> _Made | Sources | None:
        """Return what a function makes that makes pullbacks or pairs: some to be rewritten, or results."""
        function, inner = called.function, called.scope
        if not isinstance(function, ast.FunctionDef) or inner is None or function.decorator_list:
            return None
        arguments = called.arguments(call)
        if arguments is None or self.reader.depth >= _MAX_DEPTH or falls_through(function.body):
            return None
        if inner in self.around or inner is self.scope:
            return None  # it makes what it makes by calling itself
        local = self.reader.is_local(inner)
        reader = self.reader if local else self.reader.elsewhere(inner)
        reader.parameters |= {(inner, n): self.reader.look(a, scope) for n, a in arguments.items()}
        self.reader.functions.passing(inner, arguments, scope)
        names = self._renamed(arguments, inner if local else None)
        around = self.around | {self.scope}
        sources = Sources(reader, self.helpers, [], inner, names, function, around=around)
        for statement in walk_scope(function.body):
            if isinstance(statement, ast.Return):
                sources._of_maker(statement)
        followed, lists = reader.followed | sources.followed, reader.changeable | sources.changeable
        if not local and any(True for _ in changed_lists(function, lists, followed)):
            return None
        if local or self.helpers.is_own(called):
            return sources if not sources.problems and not sources.handed else None
        return sources._results()

    def _of_maker(self, statement: ast.Return) -> None:
        """Note what a function that makes pullbacks returns: a pullback, or a pair."""
        self.statement = statement
        if isinstance(statement.value, ast.Lambda | ast.Name) or _is_partial(statement.value):
            assert statement.value is not None
            self._pullback(statement.value, self.scope)
        else:
            self.of_return(statement)

    def _renamed(self, arguments: Mapping[str, ast.expr], local: Scope | None) -> dict[str, str]:
        """Return what a function calls the rule's arguments; a `local` one sees them."""
        mine = {a.id: name for name, a in arguments.items() if isinstance(a, ast.Name)}
        known = self._own_names()
        seen = {n: n for n in known.values() if local is not None and n not in local.bindings}
        mine = seen | mine
        return {theirs: mine[ours] for theirs, ours in known.items() if ours in mine}

    def _own_names(self) -> Mapping[str, str]:
        if self.names is not None:
            return self.names
        return {p.arg: p.arg for p in parameters_of(_function(self.scope))}

    def _take(self, other: Sources) -> None:
        """Take over the pullbacks of a function that makes them for the rule alone."""
        self.pullbacks |= other.pullbacks
        self.problems += other.problems
        self.followed |= other.followed | other.reader.followed

    def _results(self) -> _Made | None:
        """Return what the pullbacks found give, where that can stay as it is."""
        found = list(self.pullbacks.values())
        if self.problems or self.handed or not found:
            return None
        results = []
        for pullback in found:
            if pullback.can_end or pullback.uses.problems or pullback.uses.changes:
                return None
            for value in pullback.results:
                given = from_elsewhere(value, None) if is_sequence(value) else None
                if given is None:
                    return None
                results.append(given)
        return _Made(found[0].seed, tuple(results))

    # -- pullbacks of the AD -------------------------------------------------------------------

    def _pair_of_callback(self, call: ast.Call, scope: Scope) -> None:
        match self.reader.look(call, scope):
            case Given(values=(_, Back() as back)):
                self._hand_back(call, None, None, back)
            case _:
                message = f"the rule returns the cotangents of `{short(call)}`, and no pullback"
                self.problem("no-pair", call, message, _PAIR)

    def _hand_back(self, pair: ast.expr, node: ast.expr | None, call: str | None, back: Back) -> None:
        """Note a pullback of the AD; of `pullback`, the rule's own AD gives an entry more."""
        entries = None if back.count is None else (GIVEN,) * back.count
        taken = "" if back.own else "[1:]"
        self._hand(pair, node, call, "dy", (Given(None, entries, GIVEN),), taken)

    def _hand(
        self,
        pair: ast.expr,
        node: ast.expr | None,
        call: str | None,
        seed: str,
        results: tuple[Given, ...],
        taken: str = "",
    ) -> None:
        assert self.statement is not None
        self.handed.append(Handed(self.statement, node, call, seed, results, taken))
        if len(self.handed) > 1 and self.handed[-2].statement is self.statement:
            # One statement would need two of the rule's own pullbacks.
            self._opaque(pair)

    # -- a pullback of the rule ----------------------------------------------------------------

    def _own(
        self,
        node: PullbackNode,
        scope: Scope,
        partial: ast.Call | None = None,
        outside: tuple[Reader, Scope] | None = None,
    ) -> None:
        """Note a pullback that can be rewritten; `partial` binds some of its parameters first."""
        if node in self.pullbacks:
            return
        reader = PullbackReader(self.reader, self.problems, self.value)
        pullback = reader.read(node, scope, self._own_names(), self.maker, partial, outside)
        self.followed |= reader.followed
        self.changeable |= reader.changeable
        if pullback is not None:
            self.pullbacks[node] = pullback

    def check_uses(self, rule: ast.FunctionDef) -> None:
        """Note a pullback that the rule uses in other ways than to return it."""
        rewritten = {p.node for p in self.pullbacks.values()}
        names = {n.id for n in self.returned if self._is_rewritten(n.id, rewritten)}
        for node in ast.walk(rule):
            if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
                continue
            if node.id in names and node not in self.returned:
                self.problem(
                    "used-pullback",
                    node,
                    f"the pullback `{node.id}` is used by the rule itself, which expects its old result",
                    "Move what both need into a function of its own.",
                )

    def _is_rewritten(self, name: str, rewritten: set[PullbackNode]) -> bool:
        definitions = map(self._definition, self.scope.bindings.get(name, []))
        return any(definition in rewritten for definition in definitions if definition is not None)


@dataclass(frozen=True)
class _Made:
    """What a pullback from elsewhere gives, and what it calls its seed."""

    seed: str
    results: tuple[Given, ...]


def _is_partial(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "partial"


def _function(scope: Scope) -> FunctionNode:
    assert isinstance(scope.node, FunctionNode)
    return scope.node


def _written(call: ast.Call, node: ast.expr, scope: Scope) -> str | None:
    """Return how to call a partial function with a seed, where its arguments are sure to be the same then."""
    if isinstance(node, ast.Name):
        return f"{node.id}({{}})"
    values = [*call.args, *(k.value for k in call.keywords)]
    if not all(isinstance(v, ast.Name) and len(scope.bindings.get(v.id, [])) <= 1 for v in values):
        return None
    arguments = [*map(ast.unparse, call.args[1:]), "{}", *map(ast.unparse, call.keywords)]
    return f"{ast.unparse(call.args[0])}({', '.join(arguments)})"


_PAIR = "A rule returns `(y, pullback)` on every path; the legacy runtime fails on anything else."
_STAYS = "which cannot be rewritten for this rule alone, nor its results be told from its source"
