"""Which uses of a tangent mean the same in its new form, which of them change, and which are a problem."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from adjoint2rrule.convert.dialects.zygoterules.changed_uses import Change, Forced, NonePattern, NoneTest
from adjoint2rrule.convert.dialects.zygoterules.fresh import is_fresh, makes_array
from adjoint2rrule.convert.dialects.zygoterules.functions import Called, Functions
from adjoint2rrule.convert.dialects.zygoterules.held import SOLID, UNKNOWN, Held, join
from adjoint2rrule.convert.dialects.zygoterules.holding import PASSING, Holding
from adjoint2rrule.convert.dialects.zygoterules.numerical import (
    ARRAY_ATTRIBUTES,
    ARRAY_METHODS,
    INSPECTING,
    MUTATING,
    MUTATING_METHODS,
)
from adjoint2rrule.convert.dialects.zygoterules.patterns import walk_pattern
from adjoint2rrule.convert.flow import falls_through
from adjoint2rrule.convert.scopes import DefinitionNode, FunctionNode, Scope, walk_scope

_MAX_DEPTH = 8

# What `None` and missing keys raise, where a tangent goes on.
_TELLING = frozenset(
    {
        *("AttributeError", "BaseException", "Exception", "IndexError", "KeyError", "LookupError"),
        *("StopIteration", "TypeError", "ValueError"),
    }
)
_HARMLESS = PASSING | {
    f"builtins.{name}"
    for name in (
        *("abs", "complex", "divmod", "float", "int", "len", "max", "min", "pow", "print", "range", "round"),
        "sum",
    )
}
# These look at every name around them.
_READING_NAMES = frozenset({"builtins.eval", "builtins.exec", "builtins.locals", "builtins.vars"})
# Of numerical packages, these do not know thunks.
_WITHOUT_THUNKS = ("scipy.sparse.", "jax.", "autograd.")
# What bare lists and dicts are asked for that looks at none of their parts.
_CONTAINER_METHODS = frozenset(
    """
    add append appendleft clear copy extend get insert items keys pop popleft reverse setdefault
    update values
    """.split()  # noqa: SIM905
)
_NUMBER_CLASSES = frozenset({"builtins.complex", "builtins.float", "builtins.int"})
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@dataclass(frozen=True)
class Problem:
    """A use of a tangent that would change its meaning.

    All of them can be adapted but ``mutated-seed``.

    Attributes
    ----------
    slug
        The kind of problem.
    node
        The use, in the pullback itself.
    what
        What is done to the tangent there, as the end of a sentence: "is compared with `None`".
    """

    slug: str
    node: ast.expr | ast.stmt
    what: str


def inspected(node: ast.expr | ast.stmt, what: str) -> Problem:
    """Return a problem of code that looks at the form of a tangent."""
    return Problem("inspected-seed", node, what)


def mutated(node: ast.expr | ast.stmt) -> Problem:
    """Return a problem of code that changes a tangent in place."""
    return Problem("mutated-seed", node, "is changed in place")


class Uses:
    """The uses of tangents in one function.

    Parameters
    ----------
    function, scope
        The function, and the scope of its body.
    functions
        Tells what a call calls.
    parameters
        What its parameters hold, as far as that is known.
    given
        The calls that give a bare tuple of tangents.
    depth
        How many helpers it was reached through.
    """

    def __init__(
        self,
        function: FunctionNode,
        scope: Scope,
        functions: Functions,
        parameters: Mapping[str, Held],
        given: AbstractSet[ast.Call] = frozenset(),
        depth: int = 0,
    ) -> None:
        self.function = function
        self.functions = functions
        self.depth = depth
        self.helpers: dict[tuple[DefinitionNode, frozenset[tuple[str, Held]]], Uses] = {}
        self.parents: dict[ast.AST, ast.AST] = {
            child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)
        }
        self.holding = Holding(function, scope, functions, parameters, given, self._returned)

    # -- helpers -----------------------------------------------------------------------------------

    def _returned(self, call: ast.Call, called: Called, values: Mapping[str, Held]) -> Held:
        """Return what a function of the project gives for what it is given."""
        if self.depth >= _MAX_DEPTH or not any(h.bears for h in values.values()):
            return UNKNOWN
        return self._helper(called, values).result

    def _helper(self, called: Called, values: Mapping[str, Held]) -> Uses:
        assert called.function is not None
        assert called.scope is not None
        key = called.function, frozenset(values.items())
        if key not in self.helpers:
            self.helpers[key] = Uses(
                called.function, called.scope, self.functions, values, depth=self.depth + 1
            )
        return self.helpers[key]

    @property
    def result(self) -> Held:
        """What the function returns, to its callers; a ``None`` of its own may be anything to them."""
        body = self.function.body
        if not isinstance(body, list):
            return _as_foreign(self.holding.of(body))
        own = list(walk_scope(body))
        returns = [n.value for n in own if isinstance(n, ast.Return)]
        opaque = falls_through(body) or any(isinstance(n, ast.Yield | ast.YieldFrom) for n in own)
        held = [SOLID if value is None else self.holding.of(value) for value in returns]
        return _as_foreign(join([*held, *([UNKNOWN] if opaque or None in returns else [])]))

    # -- statements and expressions ----------------------------------------------------------------

    def found(self) -> Iterator[Problem | Change]:
        """Yield each use that changes or is a problem, in no particular order."""
        for node in list(self.holding.scopes):
            match node:
                case ast.Try() | ast.With():
                    yield from self._caught(node)
                case ast.AugAssign(target=target):
                    yield from self._updated(node, target)
                case ast.Compare():
                    yield from self._comparison(node)
                case ast.Match():
                    yield from self._match(node)
                case ast.Call() if self._called(node).name in _READING_NAMES:
                    name = ast.unparse(node.func)
                    yield inspected(node, f"may be looked at by `{name}`")
            if isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
                held = self.holding.of(node)
                if held.bears or held.array:
                    yield from self._use(node, held)

    def _called(self, node: ast.Call) -> Called:
        return self.functions.called(node, self.holding.scopes[node])

    def _use(self, node: ast.expr, held: Held) -> Iterator[Problem | Change]:
        """Yield what is to be said of the way in which `node` is used by what is around it."""
        parent = self.parents.get(node)
        match parent:
            case ast.Subscript(value=value, ctx=ctx) if value is node:
                if not isinstance(ctx, ast.Load) and (held.is_tangent or held.array):
                    yield from self._written(node, parent)
            case ast.Attribute():
                yield from self._attribute(parent, held)
            case ast.Call() | ast.keyword():
                yield from self._argument(node, parent, held)
            case _ if held.bears:
                yield from self._held_by(node, parent, held)

    def _held_by(self, node: ast.expr, parent: ast.AST | None, held: Held) -> Iterator[Problem]:
        match parent:
            case ast.BinOp():
                yield from self._joined(node, parent, held)
            case ast.Assign(targets=targets):
                yield from self._stored(parent, targets)
            case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
                yield from self._stored(parent, [target])
            case ast.For(target=target, iter=iterated) if iterated is node:
                yield from self._stored(parent, [target])
            case ast.Return():
                if not self._is_own(parent):
                    yield self._unknown(node)
            case ast.Lambda(body=body) if body is node:
                if parent is not self.function:
                    yield self._unknown(node)
            case ast.Dict(keys=keys, values=values):
                if node in keys or (held.is_tangent and keys[values.index(node)] is None):
                    yield self._unknown(node)
            case ast.DictComp(key=key) if key is node:
                yield self._unknown(node)
            case ast.BoolOp(values=values) if values[-1] is not node:
                yield from self._truth(node, held)
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if test is node:
                yield from self._truth(node, held)
            case ast.Assert() | ast.UnaryOp(op=ast.Not()):
                yield from self._truth(node, held)
            case ast.comprehension(ifs=ifs) if node in ifs:
                yield from self._truth(node, held)
            case _ if not isinstance(parent, _TRANSPARENT):
                yield self._unknown(node)

    def _unknown(self, node: ast.expr) -> Problem:
        return inspected(node, "is used in a way that cannot be followed")

    def _truth(self, node: ast.expr, held: Held) -> Iterator[Problem]:
        if held.is_tangent:
            yield inspected(node, "is tested for truth")

    def _is_own(self, statement: ast.Return) -> bool:
        """Whether a ``return`` is the function's own, and not one of a function inside."""
        around: ast.AST = statement
        while not isinstance(around, FunctionNode):
            around = self.parents[around]
        return around is self.function

    def _joined(self, node: ast.expr, parent: ast.BinOp, held: Held) -> Iterator[Problem]:
        """Yield a problem where an operator may join a bare sequence and a seed that is one no longer."""
        other = self.holding.of(parent.right if node is parent.left else parent.left)
        shown = parent.right if node is parent.left else parent.left
        if held.is_tangent and not held.is_container:
            joins = isinstance(parent.op, ast.Add) and (
                other.is_container or isinstance(shown, ast.Tuple | ast.List)
            )
            if joins or held.structured:
                yield inspected(node, "may be joined to a tuple or list")
        elif not held.is_tangent and not isinstance(parent.op, ast.Add | ast.Mult):
            yield self._unknown(node)

    # -- stores ------------------------------------------------------------------------------------

    def _stored(self, parent: ast.stmt | ast.expr, targets: list[ast.expr]) -> Iterator[Problem]:
        """Yield a problem for each of `targets` that something bearing tangents is stored in out of sight."""
        borrowed = {
            name
            for n in ast.walk(self.function)
            if isinstance(n, ast.Global | ast.Nonlocal)
            for name in n.names
        }
        for target in (t for whole in targets for t in flat(whole)):
            kept = isinstance(target, ast.Name) and target.id not in borrowed
            if not kept and not self._is_own_entry(target):
                yield inspected(parent, "is stored where it cannot be followed")

    def _is_own_entry(self, target: ast.expr) -> bool:
        """Whether `target` is an entry of a list or dict made here, or of an array, which holds numbers."""
        if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
            return False
        scope = self.holding.scopes[target]
        found = scope.find(target.value.id)
        values = [b.value for b in found[1]] if found is not None else []
        arrays = bool(values) and all(v is not None and makes_array(v, self.holding) for v in values)
        return (
            arrays
            or self.holding.is_own_container(target.value, scope)
            or is_fresh(target.value, self.function, self.parents, self.holding)
        )

    def _updated(self, node: ast.AugAssign, target: ast.expr) -> Iterator[Problem]:
        """Yield a problem where ``+=`` and its like may change a tangent in place."""
        whole = target.value if isinstance(target, ast.Subscript) else target
        if isinstance(target, ast.Name):
            held = self.holding.of(target)
        elif isinstance(target, ast.Subscript):
            held = self.holding.of(target.value).elements()
        else:
            return
        if (held.is_tangent or held.array) and not (
            isinstance(whole, ast.Name) and is_fresh(whole, self.function, self.parents, self.holding)
        ):
            yield mutated(node)

    def _written(self, node: ast.expr, where: ast.expr | ast.stmt) -> Iterator[Problem]:
        if not is_fresh(node, self.function, self.parents, self.holding):
            yield mutated(node)

    def _caught(self, node: ast.Try | ast.With) -> Iterator[Problem]:
        """Yield a problem where what only a legacy seed raises is caught: missing parts and keys."""
        if isinstance(node, ast.Try):
            caught = {name for handler in node.handlers for name in _exceptions(handler.type)}
        else:
            calls = [i.context_expr for i in node.items if isinstance(i.context_expr, ast.Call)]
            suppressing = [c for c in calls if ast.unparse(c.func).rpartition(".")[2] == "suppress"]
            caught = {name for call in suppressing for a in call.args for name in _exceptions(a)}
        if not caught & _TELLING:
            return
        names = (n for statement in node.body for n in ast.walk(statement) if isinstance(n, ast.Name))
        if any(self.holding.of(name).bears for name in names if name in self.holding.scopes):
            yield inspected(node, f"is used where `{min(caught & _TELLING)}` is caught")

    # -- tests -------------------------------------------------------------------------------------

    def _comparison(self, node: ast.Compare) -> Iterator[Problem | Change]:
        sides = [node.left, *node.comparators]
        held = [self.holding.of(side) for side in sides]
        if _compares_with_none(node):
            operand = sides[0] if _is_none(sides[1]) else sides[1]
            yield from self._none_test(node, operand, self.holding.of(operand))
        elif any(h.bears or h.doubtful for h in held):
            yield from self._other_comparison(node, sides, held)

    def _none_test(self, node: ast.Compare, operand: ast.expr, held: Held) -> Iterator[Problem | Change]:
        if not (held.is_tangent or held.doubtful or held.nones):
            return
        identity = isinstance(node.ops[0], ast.Is | ast.IsNot)
        mixed = held.unknown or held.doubtful
        if held.is_tangent and (self.depth or not self._is_builtin("isinstance", node)):
            yield inspected(node, "is compared with `None`")
        elif held.doubtful or (held.is_tangent and mixed):
            yield inspected(node, "is compared with `None`, and may be something else")
        elif not identity and not self._is_condition(node):
            if held.is_tangent:
                yield inspected(node, "is compared with `None`")
        elif not self.depth:
            zeros = held.nones
            yield NoneTest(node, operand, held.thunk, held.is_tangent, zeros, held.unknown)

    def _is_builtin(self, name: str, node: ast.expr) -> bool:
        symbols = self.functions.symbols(ast.Name(name, ast.Load()), self.holding.scopes[node])
        return all(symbol.dotted == f"builtins.{name}" for symbol in symbols)

    def _is_condition(self, node: ast.expr) -> bool:
        """Whether nothing but the truth of `node` matters."""
        parent = self.parents.get(node)
        if isinstance(parent, ast.BoolOp) or (
            isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)
        ):
            return self._is_condition(parent)
        tests = isinstance(parent, ast.If | ast.While | ast.IfExp | ast.Assert) and parent.test is node
        return tests or (isinstance(parent, ast.comprehension) and node in parent.ifs)

    def _other_comparison(
        self, node: ast.Compare, sides: list[ast.expr], held: list[Held]
    ) -> Iterator[Problem]:
        if any(isinstance(side, ast.Tuple | ast.List | ast.Dict | ast.Set) for side in sides):
            yield inspected(node, "is compared with a tuple, a list or a dict")
        elif any(map(_holds_none, sides)):
            yield inspected(node, "is compared with `None`")
        elif all(isinstance(op, ast.In | ast.NotIn) for op in node.ops) and _looks_for_key(sides[0], held[1]):
            return
        elif any(isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn) for op in node.ops):
            yield inspected(node, "is tested for identity or membership")
        elif not all(isinstance(op, _ORDER) for op in node.ops) and not _are_comparable(sides, held):
            yield inspected(node, "is compared with what may be `None` or a structure")

    def _match(self, node: ast.Match) -> Iterator[Problem | Change]:
        subject = self.holding.of(node.subject)
        if not (subject.bears or subject.nones or subject.doubtful):
            return
        forced = self._forced_subject(node.subject)
        for case in node.cases:
            for pattern, held in walk_pattern(case.pattern, subject):
                yield from self._pattern(pattern, held, node)
        if self.depth and forced:
            yield inspected(node, "is matched against patterns")
        yield from map(Forced, forced)

    def _forced_subject(self, subject: ast.expr) -> list[ast.expr]:
        if isinstance(subject, ast.Tuple | ast.List):
            return [inner for e in subject.elts for inner in self._forced_subject(e)]
        return [subject] if self.holding.of(subject).thunk and self.holding.of(subject).is_tangent else []

    def _pattern(self, pattern: ast.pattern, held: Held, node: ast.Match) -> Iterator[Problem | Change]:
        told = held.is_tangent or held.doubtful
        match pattern:
            case ast.MatchSingleton(value=None) if told or held.nones:
                if told and (self.depth or held.unknown or held.doubtful):
                    yield inspected(node, "is matched against `None`")
                elif not self.depth:
                    yield NonePattern(pattern, node, held.is_tangent, held.nones, held.unknown)
            case ast.MatchMapping() | ast.MatchClass() if told and not self._is_number_pattern(pattern, node):
                yield inspected(node, "is matched against patterns that its new form may not match")
            case ast.MatchValue(value=value) if told and not _is_number(value):
                yield inspected(node, "is matched against patterns that its new form may not match")

    def _is_number_pattern(self, pattern: ast.pattern, node: ast.Match) -> bool:
        if not isinstance(pattern, ast.MatchClass) or pattern.kwd_patterns:
            return False
        return self._is_number_class(pattern.cls, self.holding.scopes[node.subject])

    def _is_number_class(self, node: ast.expr, scope: Scope) -> bool:
        """Whether `node` is a class of numbers or arrays, or a tuple of such."""
        if isinstance(node, ast.Tuple):
            return all(self._is_number_class(e, scope) for e in node.elts)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self._is_number_class(node.left, scope) and self._is_number_class(node.right, scope)
        names = [symbol.dotted for symbol in self.functions.symbols(node, scope) if symbol.unit is None]
        numbers = [n for n in names if n in _NUMBER_CLASSES or n.startswith(("numpy.", "numbers."))]
        return len(names) == len(numbers) == 1

    # -- attributes and calls ----------------------------------------------------------------------

    def _attribute(self, node: ast.Attribute, held: Held) -> Iterator[Problem]:
        call = self.parents.get(node)
        called = isinstance(call, ast.Call) and call.func is node
        if not (held.is_tangent or held.array):
            if called and node.attr not in _CONTAINER_METHODS:
                yield inspected(node, f"is asked for `.{node.attr}`, which may look at it")
        elif not isinstance(node.ctx, ast.Load):
            yield mutated(node)
        elif called and node.attr in MUTATING_METHODS:
            if not is_fresh(node.value, self.function, self.parents, self.holding):
                yield mutated(node)
        elif held.is_tangent and not self._is_known_attribute(node, held, called):
            yield inspected(node, f"is asked for `.{node.attr}`, which its new form may not have")

    def _is_known_attribute(self, node: ast.Attribute, held: Held, called: bool) -> bool:
        if node.attr in ARRAY_ATTRIBUTES and not called:
            return True
        if called and node.attr == "copy":
            return not held.structured and not self._has_string_keys
        return node.attr in ARRAY_METHODS if called else not node.attr.startswith("_")

    @property
    def _has_string_keys(self) -> bool:
        """Whether something is read by key, as a dict is, whose ``copy`` is another than that of an array."""
        return any(
            isinstance(n, ast.Subscript)
            and isinstance(n.slice, ast.Constant)
            and isinstance(n.slice.value, str)
            for n in ast.walk(self.function)
        )

    def _argument(
        self, node: ast.expr, parent: ast.Call | ast.keyword, held: Held
    ) -> Iterator[Problem | Change]:
        call = parent if isinstance(parent, ast.Call) else self.parents[parent]
        if not isinstance(call, ast.Call):
            yield self._unknown(node)
            return
        called = self._called(call)
        name = ast.unparse(call.func)
        keyword = parent.arg if isinstance(parent, ast.keyword) else ""
        if call.func is node:
            if held.is_tangent and not isinstance(node, ast.Attribute):
                yield inspected(call, "is called")
        elif call in self.holding.given:
            return
        elif called.is_numerical or called.is_array_method:
            yield from self._numerical(node, call, called, keyword, held)
        elif not held.bears:
            return
        elif called.makes_fields and not isinstance(node, ast.Starred):
            if keyword is None or (keyword == "" and held.is_tangent):
                yield inspected(call, f"is given to `{name}`")
        elif called.name == "builtins.isinstance" and held.is_tangent:
            yield from self._instance_test(node, call, held)
        elif called.name is not None and called.name.startswith("builtins."):
            start = called.name == "builtins.sum" and len(call.args) > 1
            if called.name not in _HARMLESS or keyword or start:
                yield inspected(call, f"is given to `{name}`")
        elif self._grows_own(call):
            return
        elif called.function is not None and self.depth < _MAX_DEPTH and not called.function.decorator_list:
            yield from self._to_helper(node, call, called)
        else:
            yield from self._opaque(node, call, held, f"is given to `{name}`, which cannot be read")

    def _grows_own(self, call: ast.Call) -> bool:
        """Whether a call puts something in a list or dict that the function has made."""
        match call.func:
            case ast.Attribute(value=ast.Name() as owner, attr="append" | "appendleft" | "extend" | "insert"):
                return self.holding.is_own_container(owner, self.holding.scopes[call])
        return False

    def _instance_test(self, node: ast.expr, call: ast.Call, held: Held) -> Iterator[Problem | Change]:
        if len(call.args) == 2 and self._is_number_class(call.args[1], self.holding.scopes[call]):
            if held.thunk:
                yield Forced(node)
        else:
            yield inspected(call, "is given to `isinstance`")

    def _opaque(
        self, node: ast.expr, call: ast.Call, held: Held, what: str, slug: str = "opaque-call"
    ) -> Iterator[Problem | Change]:
        """Yield what it takes to hand a tangent to a function that is not known: it must be the value."""
        plain = held.whole and not held.part and not held.structured and not held.is_container
        if isinstance(node, ast.Starred) or not plain:
            yield Problem(slug, call, what)
        elif held.thunk:
            yield Forced(node)

    def _numerical(
        self, node: ast.expr, call: ast.Call, called: Called, keyword: str | None, held: Held
    ) -> Iterator[Problem | Change]:
        """Yield what is to be said of handing a tangent to a function of numpy or its like."""
        short = (called.name or "").partition(".")[2]
        if (short in MUTATING and call.args[:1] == [node]) or keyword == "out":
            if (held.is_tangent or held.array) and not is_fresh(
                node, self.function, self.parents, self.holding
            ):
                yield mutated(call)
        elif not held.bears:
            return
        elif short in INSPECTING:
            what = f"is given to `{ast.unparse(call.func)}`"
            yield from self._opaque(node, call, held, what, "inspected-seed")
        elif (called.name or "").startswith(_WITHOUT_THUNKS) and held.thunks:
            if held.thunk and not held.is_container and not isinstance(node, ast.Starred):
                yield Forced(node)
            else:
                yield Problem("opaque-call", call, f"is given to `{called.name}`, which takes no thunks")

    def _to_helper(self, node: ast.expr, call: ast.Call, called: Called) -> Iterator[Problem | Change]:
        """Yield what a function of the project does wrong with what it is given."""
        name = ast.unparse(call.func)
        arguments = called.arguments(call)
        if arguments is None or node not in arguments.values():
            what = f"is given to `{name}`, whose arguments cannot be matched"
            yield Problem("opaque-call", call, what)
            return
        values = {p: self.holding.of(value) for p, value in arguments.items()}
        inner = list(self._helper(called, values).found())
        if not inner:
            return
        forced = {p: replace(h, thunk=False) for p, h in values.items()}
        if forced != values and not list(self._helper(called, forced).found()):
            if self.holding.of(node).thunk:
                yield Forced(node)
            return
        worst = min(inner, key=lambda use: use.node.lineno)
        what = worst.what if isinstance(worst, Problem) else "must not be a thunk"
        slug = "inspected-cotangent"
        if any(isinstance(use, Problem) and use.slug == "mutated-seed" for use in inner):
            slug = "mutated-seed"
        where = f"line {worst.node.lineno}"
        if called.unit is not None and called.unit is not self.functions.unit:
            where += f" of {called.unit.name}"
        yield Problem(slug, call, f"is given to `{name}`, where it {what} ({where})")


# Around these, what is held goes on as what they themselves hold.
_TRANSPARENT = (
    *(ast.AugAssign, ast.Compare, ast.comprehension, ast.Delete, ast.Expr, ast.GeneratorExp, ast.IfExp),
    *(ast.BoolOp, ast.DictComp, ast.List, ast.ListComp, ast.Match, ast.Set, ast.SetComp, ast.Slice),
    *(ast.Starred, ast.Subscript, ast.Tuple, ast.UnaryOp),
)


def flat(target: ast.expr) -> Iterator[ast.expr]:
    """Yield the parts of an assignment's target."""
    if isinstance(target, ast.Tuple | ast.List):
        for inner in target.elts:
            yield from flat(inner)
    elif isinstance(target, ast.Starred):
        yield from flat(target.value)
    else:
        yield target


def _as_foreign(held: Held) -> Held:
    """Return what a function's result is elsewhere, where its ``None``s are none of the pullback's own."""
    entries = None if held.entries is None else tuple(map(_as_foreign, held.entries))
    inside = None if held.inside is None else _as_foreign(held.inside)
    unknown = held.unknown or bool(held.nones)
    return replace(held, unknown=unknown, nones=frozenset(), entries=entries, inside=inside)


def _exceptions(node: ast.expr | None) -> Iterator[str]:
    """Yield the last names of the exceptions that an ``except`` of `node` catches."""
    if node is None:
        yield "BaseException"
        return
    caught = node.elts if isinstance(node, ast.Tuple) else [node]
    yield from (ast.unparse(exception).rpartition(".")[2] for exception in caught)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _compares_with_none(node: ast.Compare) -> bool:
    """Whether `node` is one comparison with ``None``, from either side."""
    if len(node.ops) > 1 or not isinstance(node.ops[0], ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
        return False
    return _is_none(node.left) != _is_none(node.comparators[0])


def _holds_none(node: ast.expr) -> bool:
    return any(isinstance(inner, ast.expr) and _is_none(inner) for inner in ast.walk(node))


def _is_number(node: ast.expr) -> bool:
    constants = [n for n in ast.walk(node) if isinstance(n, ast.expr) and not isinstance(n, ast.operator)]
    return all(
        isinstance(n, ast.BinOp | ast.UnaryOp)
        or (isinstance(n, ast.Constant) and isinstance(n.value, int | float | complex))
        for n in constants
    )


def _looks_for_key(left: ast.expr, container: Held) -> bool:
    return (
        isinstance(left, ast.Constant)
        and isinstance(left.value, str)
        and not container.is_tangent
        and not container.doubtful
    )


def _are_comparable(sides: list[ast.expr], held: list[Held]) -> bool:
    """Whether ``==`` between these means the same in both forms, whatever is missing."""
    if len({ast.unparse(side) for side in sides}) == 1 and all(h.is_tangent for h in held):
        return True  # `dy != dy` finds what is not a number
    if any(h.doubtful or (h.bears and not h.is_tangent) or h.structured for h in held):
        return False
    missing = [h for h in held if h.part]
    others = [h for h in held if not h.part]
    return not missing or (len(missing) == 1 and all(not (h.unknown or h.nones or h.bears) for h in others))
