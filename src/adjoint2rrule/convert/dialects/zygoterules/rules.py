"""Reads one legacy rule into a plain description: its parameters, its pullbacks, and what these return.

Nothing is decided here about what becomes of it; what cannot be read is part of the description.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from adjoint2rrule.convert.dialects.zygoterules.changed_uses import Change
from adjoint2rrule.convert.dialects.zygoterules.cotangents import (
    SEED,
    Cotangent,
    Either,
    Fields,
    Items,
    Missing,
    Part,
    Ready,
    Seed,
    Unclear,
    parts,
)
from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.holders import holders
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.reader import Reader
from adjoint2rrule.convert.dialects.zygoterules.seeds import read_uses
from adjoint2rrule.convert.flow import falls_through
from adjoint2rrule.convert.scopes import By, FunctionNode, Scope, walk_scope


@dataclass(frozen=True)
class Parameter:
    """A positional parameter of a rule, or its ``*args``.

    Attributes
    ----------
    node
        The parameter as it is written.
    default
        The expression it defaults to.
    is_variadic
        Whether it collects the rest of the arguments.
    """

    node: ast.arg
    default: ast.expr | None = None
    is_variadic: bool = False

    @property
    def name(self) -> str:
        """The parameter's name."""
        return self.node.arg


@dataclass(frozen=True)
class Pullback:
    """A pullback of a rule.

    Attributes
    ----------
    node
        Its definition or lambda.
    results
        What it can return: a tuple of cotangents (`Items`), or `Missing` for a single ``None``.
    changes
        The uses of its seed that change with the form of that.
    """

    node: ast.FunctionDef | ast.Lambda
    results: tuple[Items | Missing, ...]
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A legacy rule.

    Attributes
    ----------
    node, scope
        Its definition, and the scope of its body.
    parameters
        The ones that have cotangents, in order.
    pullbacks
        Every pullback that it can return.
    problems
        What stands in the way of a conversion, in the order in which it was found.
    """

    node: ast.FunctionDef
    scope: Scope
    parameters: tuple[Parameter, ...]
    pullbacks: tuple[Pullback, ...]
    problems: tuple[Problem, ...]


def read_rule(node: ast.FunctionDef, scope: Scope, functions: Functions) -> Rule:
    """Return the description of the rule that `node`, in `scope`, defines."""
    reader = _RuleReader(node, scope.inner(node), functions)
    pullbacks = tuple(reader.pullbacks())
    reader.check_names()
    return Rule(node, scope.inner(node), tuple(_parameters(node)), pullbacks, tuple(reader.problems))


def _parameters(node: ast.FunctionDef) -> Iterator[Parameter]:
    positional = [*node.args.posonlyargs, *node.args.args]
    defaults = [None] * (len(positional) - len(node.args.defaults)) + node.args.defaults
    for parameter, default in zip(positional, defaults, strict=True):
        yield Parameter(parameter, default)
    if node.args.vararg:
        yield Parameter(node.args.vararg, is_variadic=True)


class _RuleReader:
    def __init__(self, node: ast.FunctionDef, scope: Scope, functions: Functions) -> None:
        self.node = node
        self.scope = scope
        self.functions = functions
        self.problems: list[Problem] = []
        self.reader = Reader(functions, scope)
        self.results: list[Cotangent] = []
        self.returned: set[ast.Name] = set()  # names of pullbacks, where a pair holds them

    def problem(self, slug: str, node: ast.expr | ast.stmt, message: str, hint: str) -> None:
        self.problems.append(Problem(slug, node, message, hint))

    # -- the pair ------------------------------------------------------------------------------

    def pullbacks(self) -> Iterator[Pullback]:
        """Yield each pullback that the rule can return, once."""
        own = list(walk_scope(self.node.body))
        if any(isinstance(n, ast.Yield | ast.YieldFrom) for n in own):
            self.problem("no-pair", self.node, "the rule is a generator", _PAIR)
        if falls_through(self.node.body):
            self.problem("no-pair", self.node, "the rule can end without returning a pair", _PAIR)
        found: dict[ast.FunctionDef | ast.Lambda, None] = {}
        for statement in own:
            if isinstance(statement, ast.Return):
                found |= dict.fromkeys(self._of_pair(statement))
        for node in found:
            pullback = self._pullback(node)
            if pullback is not None:
                yield pullback
        self._check_uses(found)

    def _of_pair(self, statement: ast.Return) -> Iterator[ast.FunctionDef | ast.Lambda]:
        match statement.value:
            case ast.Tuple(elts=[_, pullback]) if not any(
                isinstance(e, ast.Starred) for e in statement.value.elts
            ):
                yield from self._definitions(pullback)
            case ast.Call() | ast.Name() | ast.IfExp() as pair:
                self.problem(
                    "opaque-pair",
                    pair,
                    f"the pair comes from `{_short(pair)}`, not from a `return y, pullback` of its own",
                    "Write the pair in the `return`, with a pullback that is defined in the rule.",
                )
            case _:
                self.problem("no-pair", statement, "the rule returns something else than a pair", _PAIR)

    def _definitions(self, node: ast.expr) -> Iterator[ast.FunctionDef | ast.Lambda]:
        match node:
            case ast.Lambda():
                yield node
            case ast.IfExp(body=body, orelse=orelse):
                yield from self._definitions(body)
                yield from self._definitions(orelse)
            case ast.Name(id=name) if name in self.scope.bindings:
                self.returned.add(node)
                for binding in self.scope.bindings[name]:
                    match binding.by, binding.node, binding.value:
                        case By.FUNCTION, ast.FunctionDef() as function, _:
                            yield function
                        case By.VALUE, _, ast.Lambda() as function:
                            yield function
                        case _:
                            self._opaque(node)
            case _:
                self._opaque(node)

    def _opaque(self, node: ast.expr) -> None:
        self.problem(
            "opaque-pullback",
            node,
            f"the pullback is `{_short(node)}`, whose results cannot be read here",
            "Define the pullback in the rule, as a nested `def` or a `lambda` that returns the cotangents.",
        )

    def _check_uses(self, pullbacks: dict[ast.FunctionDef | ast.Lambda, None]) -> None:
        """Note a pullback that the rule uses in other ways than to return it."""
        names = {n.id for n in self.returned}
        for node in ast.walk(self.node):
            if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
                continue
            if node.id in names and node not in self.returned:
                self.problem(
                    "used-pullback",
                    node,
                    f"the pullback `{node.id}` is used by the rule itself, which expects its old result",
                    "Move what both need into a function of its own.",
                )

    # -- a pullback ----------------------------------------------------------------------------

    def _pullback(self, node: ast.FunctionDef | ast.Lambda) -> Pullback | None:
        seed = self._seed(node)
        if seed is None:
            return None
        scope = self._scope_of(node)
        uses = read_uses(node, {seed}, set(), scope, self.functions).settled()
        for use in uses.problems:
            self.problem(use.slug, use.node, f"the seed `{seed}` {use.what}", _SEED_HINTS[use.slug])
        self.reader.parameters[scope, seed] = SEED
        values = list(self._returned(node, scope))
        self.results += values
        results = [r for value in values for r in self._results(value, node)]
        return Pullback(node, tuple(dict.fromkeys(results)), uses.changes)

    def _seed(self, node: ast.FunctionDef | ast.Lambda) -> str | None:
        a = node.args
        positional = [*a.posonlyargs, *a.args]
        required = len(positional) - len(a.defaults)
        if required > 1 or not positional or a.vararg or a.kwarg or any(d is None for d in a.kw_defaults):
            self.problem(
                "pullback-parameters", node, "the pullback takes something else than one seed", _PULLBACK
            )
            return None
        if isinstance(node, ast.FunctionDef):
            if node.decorator_list:
                message = "the pullback is decorated, which may change its result"
                self.problem("decorated-pullback", node, message, _PULLBACK)
                return None
            if any(isinstance(n, ast.Yield | ast.YieldFrom) for n in walk_scope(node.body)):
                self.problem("not-a-tuple", node, "the pullback is a generator", _TUPLE)
                return None
            if falls_through(node.body):
                self.problem(
                    "implicit-none",
                    node,
                    "the pullback can end without a `return`, and so give a single `None`",
                    "Write `return None` where no argument gets a gradient.",
                )
        return positional[0].arg

    def _scope_of(self, node: FunctionNode) -> Scope:
        return self.scope.inner(node)

    def _returned(self, node: ast.FunctionDef | ast.Lambda, scope: Scope) -> Iterator[Cotangent]:
        if isinstance(node, ast.Lambda):
            yield self.reader.read(node.body, scope)
            return
        for statement in walk_scope(node.body):
            if isinstance(statement, ast.Return):
                yield self.reader.read(statement.value, scope) if statement.value else Missing(statement)

    def _results(self, value: Cotangent, node: ast.FunctionDef | ast.Lambda) -> Iterator[Items | Missing]:
        match value:
            case Either(choices=choices):
                for choice in choices:
                    yield from self._results(choice, node)
            case Missing():
                yield value
            case Items(node=ast.Tuple(), values=values):
                for part in (p for v in values for p in parts(v)):
                    if isinstance(part, Unclear):
                        self._unclear(part)
                yield value
            case Unclear():
                self._unclear(value)
            case Ready() | Seed() | Part() | Fields() | Items():
                self.problem(
                    "not-a-tuple", node, "the pullback returns something else than a tuple or `None`", _TUPLE
                )

    def _unclear(self, value: Unclear) -> None:
        assert isinstance(value.node, ast.expr)
        self.problem(
            "opaque-cotangent",
            value.node,
            f"the cotangent `{_short(value.node)}` cannot be told from the source: {value.reason}",
            "Return the cotangents as a literal tuple of values, `None`s, dicts and tuples.",
        )

    # -- names ---------------------------------------------------------------------------------

    def check_names(self) -> None:
        """Note a name that holds what would be rewritten, and is used for something else as well."""
        parents = {child: node for node in ast.walk(self.node) for child in ast.iter_child_nodes(node)}
        values = [*self.reader.names.values(), *self.results]
        found = (part for value in values for part in parts(value))
        rewritten = {part.node: None for part in found if isinstance(part, Missing | Fields | Items)}
        for names in (holders(node, parents) for node in rewritten):
            if names is None:
                hint = "Write each cotangent in the `return`, or under a name of its own."
                message = "a cotangent is stored where it cannot be followed"
                self.problem("stepwise-cotangent", self.node, message, hint)
            for name in names or ():
                self._check_name(name)

    def _check_name(self, name: str) -> None:
        for node in ast.walk(self.node):
            updated = isinstance(node, ast.AugAssign) and _is_name(node.target, name)
            read = _is_name(node, name) and not isinstance(getattr(node, "ctx", None), ast.Store)
            if isinstance(node, ast.AugAssign | ast.Name) and (
                updated or (read and node not in self.reader.followed)
            ):
                self.problem(
                    "stepwise-cotangent",
                    node,
                    f"`{name}` holds a cotangent and is used for something else as well",
                    "Write the cotangent in the `return`, or under a name of its own.",
                )


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _short(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 50 else f"{text[:47]}..."


_PAIR = "A rule returns `(y, pullback)` on every path; the legacy runtime fails on anything else."
_PULLBACK = "Define the pullback as a plain function of the seed."
_TUPLE = (
    "A pullback returns a tuple with one cotangent per argument; the legacy runtime fails on anything else."
)
_SEED_HINTS = {
    "inspected-seed": "Missing and structured seeds have another form now; convert this rule by hand.",
    "inspected-cotangent": "Missing and structured seeds have another form now; convert this rule by hand.",
    "opaque-call": "The seed may have a new form that the function does not know; convert this rule by hand.",
    "mutated-seed": "A seed belongs to its caller; make a new array, as in `dy = 2 * dy`.",
}
