"""The pullbacks of a rule: what each can return, and what it does with its seed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from adjoint2rrule.convert.dialects.zygoterules.cotangents import (
    Cotangent,
    Either,
    Given,
    Missing,
    Part,
    Result,
    Seed,
    Unclear,
    is_sequence,
    parts,
)
from adjoint2rrule.convert.dialects.zygoterules.patterns import always_matches
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.reader import Reader
from adjoint2rrule.convert.dialects.zygoterules.seeds import TangentUses, read_uses
from adjoint2rrule.convert.flow import falls_through
from adjoint2rrule.convert.scopes import Scope, walk_scope

PullbackNode = ast.FunctionDef | ast.Lambda


@dataclass(frozen=True, eq=False)
class Pullback:
    """A pullback that can be rewritten where it stands.

    Attributes
    ----------
    node, scope
        Its definition or lambda, and the scope of its body.
    seed
        Its parameter that takes the seed.
    results
        What it can return: sequences of cotangents, or `Missing` for a single ``None``.
    can_end
        Whether it can end without a ``return``, which gives a single ``None`` too.
    uses
        Of its seed: what stands in the way, and what has to change.
    names
        What it calls the arguments of the rule.
    maker
        The function that makes it, where that is not the rule itself.
    home
        The same, where it stands outside of the rule.
    """

    node: PullbackNode
    scope: Scope
    seed: str
    results: tuple[Cotangent, ...]
    can_end: bool
    uses: TangentUses
    names: Mapping[str, str]
    maker: ast.FunctionDef | None = None
    home: ast.FunctionDef | None = None


@dataclass(frozen=True, eq=False)
class Handed:
    """A pullback from elsewhere, which stays as it is and is called.

    Attributes
    ----------
    statement
        The ``return`` that hands it on.
    node
        The expression for it; `None` where the whole pair comes from elsewhere.
    call
        How it is called with a seed in place of ``{}``, where that can be written at once.
    seed
        What it calls its seed.
    results
        What it can return.
    taken
        What takes that from the result of the call, as written behind it: ``[1:]``.
    """

    statement: ast.Return
    node: ast.expr | None
    call: str | None
    seed: str
    results: tuple[Given, ...]
    taken: str = ""


@dataclass(frozen=True)
class Value:
    """What is known of the value of a rule, which its seeds are like.

    Attributes
    ----------
    entries
        How many entries it has, where it is a tuple on every path.
    parts
        What these are as cotangents, where it is one tuple.
    structured
        Whether it is a structure; `None` where that cannot be told.
    is_sequence
        Whether it is sure to be a tuple or a list.
    """

    entries: int | None = None
    parts: tuple[Cotangent, ...] | None = None
    structured: bool | None = None
    is_sequence: bool = False


@dataclass
class PullbackReader:
    """Reads the pullbacks that stand in one function.

    Attributes
    ----------
    reader
        Reads the function.
    problems
        Where to note what stands in the way.
    value
        What is known of the value of the rule.
    followed
        The uses of names that were followed to a cotangent.
    changeable
        The names of lists among them, or that parts were taken from.
    """

    reader: Reader
    problems: list[Problem]
    value: Value = field(default_factory=Value)
    followed: set[ast.Name] = field(default_factory=set)
    changeable: set[str] = field(default_factory=set)

    def read(
        self,
        node: PullbackNode,
        scope: Scope,
        names: Mapping[str, str],
        maker: ast.FunctionDef | None,
        partial: ast.Call | None = None,
        outside: tuple[Reader, Scope] | None = None,
    ) -> Pullback | None:
        """Return what a pullback in `scope` does, `None` where it is none.

        Parameters
        ----------
        names, maker
            What the function around it calls the arguments of the rule, and that function.
        partial, outside
            What binds some of its parameters first, and who reads that, from which scope.
        """
        seed = self._seed(node, partial)
        if seed is None:
            return None
        inner = scope.inner(node)
        self.reader.parameters[inner, seed] = Seed(entries=self.value.parts)
        if partial is not None:
            self._bind(node, inner, partial, *(outside or (self.reader, scope)))
        given, functions = self.reader.given_in(node), self.reader.functions
        uses = read_uses(node, {seed}, given, inner, functions, structured=self.value.structured)
        results = self._results(node, inner)
        can_end = isinstance(node, ast.FunctionDef) and falls_through(node.body, self._sure(node, seed))
        home = maker if maker is not None and self.reader.owner.node is maker else None
        return Pullback(node, inner, seed, results, can_end, uses, names, maker, home)

    def _bind(
        self, node: PullbackNode, scope: Scope, partial: ast.Call, reader: Reader, where: Scope
    ) -> None:
        """Note what `partial`, read by `reader`, gives the parameters of a pullback."""
        for parameter, value in zip(positional(node), partial.args[1:], strict=False):
            self.reader.parameters[scope, parameter.arg] = reader.look(value, where)
        for keyword in partial.keywords:
            assert keyword.arg is not None
            self.reader.parameters[scope, keyword.arg] = reader.look(keyword.value, where)

    # -- the seed ------------------------------------------------------------------------------

    def _sure(self, node: ast.FunctionDef, seed: str) -> set[ast.Match]:
        """Return the ``match`` statements on the seed that are sure to take a case."""
        return {
            inner
            for inner in walk_scope(node.body)
            if isinstance(inner, ast.Match)
            and isinstance(inner.subject, ast.Name)
            and inner.subject.id == seed
            and self.value.entries is not None
            and always_matches(inner, self.value.entries)
        }

    def _seed(self, node: PullbackNode, partial: ast.Call | None) -> str | None:
        """Return the name of the parameter that takes the seed, or note why there is none."""
        a = node.args
        bound = {k.arg for k in partial.keywords} if partial is not None else set()
        left = positional(node)[len(partial.args) - 1 if partial is not None else 0 :]
        free = [p for p in left if p.arg not in bound]
        with_default = {p.arg for p in positional(node)[len(positional(node)) - len(a.defaults) :]}
        required = [p for p in free if p.arg not in with_default]
        unbound = [
            p for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True) if d is None and p.arg not in bound
        ]
        if a.vararg or a.kwarg:
            self.problems.append(opaque(node))
            return None
        if not free or required not in ([], free[:1]) or unbound:
            message = "the pullback takes something else than one seed"
            self._problem("pullback-parameters", node, message, _PULLBACK)
            return None
        if isinstance(node, ast.FunctionDef):
            if node.decorator_list:
                message = "the pullback is decorated, which may change its result"
                self._problem("decorated-pullback", node, message, _PULLBACK)
                return None
            if any(isinstance(n, ast.Yield | ast.YieldFrom) for n in walk_scope(node.body)):
                self._problem("not-a-tuple", node, "the pullback is a generator", _TUPLE)
                return None
        return free[0].arg

    # -- results -------------------------------------------------------------------------------

    def _results(self, node: PullbackNode, scope: Scope) -> tuple[Cotangent, ...]:
        """Return what a pullback can return, once it is noted what in it stands in the way."""
        outside, self.reader.followed = self.reader.followed, set()
        read = [self._checked(value, node) for value in self._returned(node, scope)]
        self.followed |= self.reader.followed
        self.changeable |= self.reader.changeable
        self.reader.followed = outside
        return tuple(dict.fromkeys(choice for value in read for choice in _choices(value)))

    def _returned(self, node: PullbackNode, scope: Scope) -> Iterator[Cotangent]:
        if isinstance(node, ast.Lambda):
            yield self.reader.read(node.body, scope)
            return
        for statement in walk_scope(node.body):
            if isinstance(statement, ast.Return):
                value = statement.value
                yield self.reader.read(value, scope) if value else Missing(statement)

    def _checked(self, value: Cotangent, node: PullbackNode) -> Cotangent:
        """Return `value`, once it is noted what in it stands in the way."""
        choices = value.choices if isinstance(value, Either) else (value,)
        for choice in choices:
            if _is_wrong(choice):
                message = "the pullback returns something else than a tuple or `None`"
                self._problem("not-a-tuple", node, message, _TUPLE)
        for part in parts(value):
            if isinstance(part, Unclear):
                self._unclear(part)
        return value

    def _unclear(self, value: Unclear) -> None:
        assert isinstance(value.node, ast.expr)
        self._problem(
            "opaque-cotangent",
            value.node,
            f"the cotangent `{short(value.node)}` cannot be told from the source: {value.reason}",
            "Return the cotangents as a literal tuple of values, `None`s, dicts and tuples.",
        )

    def _problem(self, slug: str, node: ast.expr | ast.stmt, message: str, hint: str) -> None:
        self.problems.append(Problem(slug, node, message, hint))


def opaque(node: ast.expr | ast.FunctionDef) -> Problem:
    """Return the problem of a pullback whose results cannot be read."""
    message = f"the pullback is `{short(node)}`, whose results cannot be read here"
    return Problem("opaque-pullback", node, message, _NESTED)


def _is_wrong(value: Cotangent) -> bool:
    """Whether a pullback that returns `value` is sure to fail in the legacy runtime."""
    match value:
        case Missing() | Unclear() | Seed() | Part():
            return False  # a seed may be a tuple
        case Result(value=part):
            return _is_wrong(part)
        case Either(choices=choices):
            return any(map(_is_wrong, choices))
    node = getattr(value, "node", None)
    return not is_sequence(value) or isinstance(node, ast.List | ast.ListComp | ast.GeneratorExp)


def _choices(value: Cotangent) -> Iterator[Cotangent]:
    """Yield each of the results that `value` may be, also those of a function inside the rule."""
    match value:
        case Either(choices=choices):
            for choice in choices:
                yield from _choices(choice)
        case Result(value=Either() | Result() | Missing() as part):
            for choice in _choices(part):
                yield choice if isinstance(choice, Missing) else replace(value, value=choice)
        case _:
            yield value


def positional(node: ast.AST) -> list[ast.arg]:
    """Return the positional parameters of a function."""
    assert isinstance(node, ast.FunctionDef | ast.Lambda)
    return [*node.args.posonlyargs, *node.args.args]


def short(node: ast.expr | ast.FunctionDef) -> str:
    """Return an expression, or the name of a function, as a message has it."""
    try:
        text = node.name if isinstance(node, ast.FunctionDef) else ast.unparse(node)
    except ValueError:  # in hexadecimal, there are numbers that Python has too many digits for to write
        return "..."
    return text if len(text) <= 50 else f"{text[:47]}..."


_NESTED = "Define the pullback in the rule, as a nested `def` or a `lambda` that returns the cotangents."
_PULLBACK = "Define the pullback as a plain function of the seed."
_TUPLE = (
    "A pullback returns a tuple with one cotangent per argument; the legacy runtime fails on anything else."
)
