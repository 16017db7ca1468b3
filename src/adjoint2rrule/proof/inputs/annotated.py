"""Of which kind a parameter is: what its annotation, its default and its use say, in this order."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from adjoint2rrule.convert.annotations import Alternative, Place
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.syntax import parse_expression
from adjoint2rrule.convert.units import Symbol, Unit
from adjoint2rrule.proof.inputs.facts import NOTHING_KNOWN, Facts, How
from adjoint2rrule.proof.inputs.kinds import (
    Array,
    Choice,
    FieldKind,
    Function,
    Guess,
    Kind,
    Made,
    Many,
    Mapping,
    Near,
    Nothing,
    Number,
    Numeric,
    Row,
    Text,
    Trait,
    Traits,
    either,
)
from adjoint2rrule.proof.inputs.makers import Makers
from adjoint2rrule.proof.inputs.texts import in_double_quotes, literal
from adjoint2rrule.proof.inputs.used import Uses
from adjoint2rrule.proof.model import Expression, Import, Parameter, Take

SPARSE = Import("scipy.sparse", alias="sp")

_MAX_DEPTH = 4
_BOTH = (Expression("True"), Expression("False"))
_FLOATS = frozenset({"builtins.float", "numpy.floating", "numpy.float64", "numbers.Real", "numbers.Number"})
_INTS = frozenset(
    {"builtins.int", "numpy.integer", "numpy.int64", "numpy.intp", "numbers.Integral", "typing.SupportsIndex"}
)
_COMPLEX = frozenset({"builtins.complex", "numpy.complexfloating", "numpy.complex128", "numbers.Complex"})
_TYPED_DICTS = frozenset({"typing.TypedDict", "typing_extensions.TypedDict"})
# What nothing follows from.
_ANYTHING = frozenset({"", "typing.Any", "builtins.object", "typing.TypeVar"})
_ARRAY_TRAITS = frozenset(
    {
        Trait.VECTOR,
        Trait.MATRIX,
        Trait.SQUARE,
        Trait.ROWS,
        Trait.INCREASING,
        Trait.POSITIVE,
        Trait.UNIT,
        Trait.COMPLEX,
    }
)


class Kinds:
    """Tells the kinds of the parameters of one module's rules."""

    def __init__(self, project: Project, unit: Unit, uses: Uses) -> None:
        self.project = project
        self.unit = unit
        self.uses = uses
        self.makers = Makers(project, unit)
        self.annotations = self.makers.classes.annotations

    def of(self, parameter: Parameter, facts: Facts, depth: int = 0) -> Guess:
        """Return what a parameter can be; for ``*xs``, what each of its arguments can be."""
        if parameter.take is Take.REST:
            facts = facts.part("[]")
        by_use = self._by_use(facts, depth)
        if parameter.annotation is not None:
            return self._annotated(parameter.annotation, parameter.place, facts, depth)
        if parameter.default is not None:
            return self.by_default(parameter.default, parameter.place, facts) or by_use
        return by_use

    # -- annotations ---------------------------------------------------------------------------

    def _annotated(self, annotation: ast.expr, place: Place, facts: Facts, depth: int) -> Guess:
        found = self.annotations.alternatives(annotation, place)
        optional = any(a.name == "None" for a in found)
        found = [a for a in found if a.name != "None"]
        # The newer one of scipy's two classes first.
        found.sort(key=lambda a: a.name.startswith("scipy.sparse.") and not a.name.endswith("_array"))
        guesses = [self._one(alternative, facts, depth) for alternative in found]
        if not guesses:
            return self._by_use(facts, depth)
        kinds = [*(g.kind for g in guesses), *([Nothing()] if optional else [])]
        return Guess(either(kinds), all(g.is_certain for g in guesses))

    def _one(self, type_: Alternative, facts: Facts, depth: int) -> Guess:
        """Return what a value of one type can be."""
        name, range_ = type_.name, _range(facts)
        if name in _ANYTHING:
            return self._by_use(facts, depth)
        if name == "Literal":
            return Guess(Choice(tuple(map(literal, type_.arguments))), True)
        if name in _FLOATS:
            return Guess(Number(range_, _bounds(facts)), True)
        if name in _INTS:
            return Guess(Number(frozenset({Trait.WHOLE}) | facts.traits & {Trait.AXIS}), True)
        if name in _COMPLEX:
            return Guess(Number(frozenset({Trait.COMPLEX})), True)
        if name in {"builtins.bool", "numpy.bool_", "numpy.bool"}:
            return Guess(Choice(_BOTH), True)
        if name == "builtins.str":
            return Guess(_texts(facts), True)
        if name.startswith("scipy.sparse."):
            maker = Expression(f"sp.{name.rpartition('.')[2]}", frozenset({SPARSE}))
            return Guess(Array(facts.traits & _ARRAY_TRAITS | {Trait.MATRIX}, (maker,)), True)
        if type_.is_array:
            return self._array(type_, facts)
        if name in {"typing.Callable", "collections.abc.Callable"}:
            return _callable(type_, facts)
        if type_.container is not None:
            return self._container(type_, facts, depth)
        if type_.symbol is not None and type_.symbol.class_node is not None:
            return self.of_class(type_.symbol, facts, depth)
        return Guess(self._by_use(facts, depth).kind)

    def _array(self, type_: Alternative, facts: Facts) -> Guess:
        traits = facts.traits & (_ARRAY_TRAITS | {Trait.INDEX})
        dtypes = [d for a in type_.arguments[-1:] for d in self.annotations.alternatives(a, type_.place)]
        inner = [
            e for d in dtypes for a in d.arguments for e in self.annotations.alternatives(a, d.place)
        ] or dtypes
        if any(d.name in _INTS or "int" in d.name.rpartition(".")[2] for d in inner):
            traits |= {Trait.WHOLE}
        if any(d.name in _COMPLEX for d in inner):
            traits |= {Trait.COMPLEX}
        is_certain = facts.has(How.NUMERIC, How.TRAIT, How.ARRAY, How.INDEXED)
        return Guess(Array(traits), is_certain)

    def _container(self, type_: Alternative, facts: Facts, depth: int) -> Guess:
        arguments = type_.arguments
        if type_.is_mapping:
            value = arguments[1] if len(arguments) == 2 else None
            each = self._entry(value, type_.place, facts.part("[]"), depth)
            return Guess(Mapping(each.kind, self._keys(facts, value, type_.place, depth)), each.is_certain)
        container = "list" if type_.container == "abstract" else str(type_.container)
        last = arguments[-1] if arguments else None
        repeats = isinstance(last, ast.Constant) and last.value is ...
        if container == "tuple" and arguments and not repeats:
            entries = [
                self._entry(a, type_.place, facts.part(f"[{i}]"), depth) for i, a in enumerate(arguments)
            ]
            kinds = tuple(entry.kind for entry in entries)
            return Guess(Row("tuple", kinds), all(entry.is_certain for entry in entries))
        parts = facts.count(How.PARTS)
        if not arguments and parts is not None:
            return Guess(Row(container, self._parts(parts, facts, depth)), True)
        each = self._entry(arguments[0] if arguments else None, type_.place, facts.part("[]"), depth)
        return Guess(Many(container, each.kind), each.is_certain)

    def _entry(self, annotation: ast.expr | None, place: Place, facts: Facts, depth: int) -> Guess:
        if annotation is None:
            return self._by_use(facts, depth)
        return self._annotated(annotation, place, facts, depth)

    # -- classes -------------------------------------------------------------------------------

    def of_class(self, symbol: Symbol, facts: Facts, depth: int) -> Guess:
        """Return how an object of a class of the project can be made."""
        above = {base.dotted for base in self.annotations.ancestors(symbol)}
        if self.annotations.is_enum(symbol):
            members = self.makers.members(symbol)
            return Guess(Choice(members), True) if members else Guess()
        if above & _TYPED_DICTS:
            return self._typed_dict(symbol, facts, depth)
        if self.annotations.is_callback(symbol):
            return Guess(self._callback(symbol))
        candidates = self.makers.subclasses(symbol) if self.makers.is_abstract(symbol) else [symbol]
        made = [self._made(candidate, facts, depth) for candidate in candidates]
        known = [guess for guess in made if guess is not None]
        if not known:
            return Guess(Numeric())
        return Guess(either([g.kind for g in known]), known[0].is_certain)

    def _typed_dict(self, symbol: Symbol, facts: Facts, depth: int) -> Guess:
        assert symbol.class_node is not None
        assert symbol.scope is not None
        assert symbol.unit is not None
        place = Place(symbol.scope, symbol.unit)
        entries = [
            (s.target.id, self._annotated(s.annotation, place, facts.part(f"['{s.target.id}']"), depth))
            for s in symbol.class_node.body
            if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)
        ]
        kinds = tuple((name, guess.kind) for name, guess in entries)
        return Guess(Mapping(Number(), kinds), all(guess.is_certain for _, guess in entries))

    def _callback(self, symbol: Symbol) -> Function:
        method = self.makers.method(symbol, "__call__")
        nodes = [b.node for b in method.bindings] if method is not None else []
        match nodes:
            case [ast.FunctionDef(args=ast.arguments(args=[_, *args], vararg=None))]:
                return Function(len(args))
        return Function()

    def _made(self, symbol: Symbol, facts: Facts, depth: int) -> Guess | None:
        maker, parameters = self.makers.expression(symbol), self.makers.constructor(symbol)
        if maker is None or parameters is None or depth > _MAX_DEPTH:
            return None
        inside = self._facts_of_fields(symbol)
        return self.of_call(maker, parameters, facts | inside, depth + 1)

    def of_call(
        self, maker: Expression, parameters: Sequence[Parameter], facts: Facts, depth: int = 0
    ) -> Guess:
        """Return how a call of a class, or of a function of the project, makes something.

        It gives what has no default, and what has one that hides something worth perturbing. The facts
        are those of what is made, which says what its fields are.
        """
        fields: list[FieldKind] = []
        certain, skipped = True, False
        for parameter in parameters:
            if parameter.take in {Take.REST, Take.OPTIONS}:
                continue
            guess = self.of(parameter, facts.part(parameter.name), depth)
            if parameter.default is None:
                certain = certain and guess.is_certain
            elif not self._is_worth_it(guess):
                skipped = True
                continue
            by_keyword = skipped or parameter.take is Take.KEYWORD
            fields.append(FieldKind(parameter.name, guess.kind, by_keyword))
        return Guess(Made(maker, tuple(fields)), certain)

    @staticmethod
    def _is_worth_it(guess: Guess) -> bool:
        """Whether a field that has a default holds something that can be perturbed, as far as is known."""
        kind = guess.kind
        if isinstance(kind, Number | Array):
            return not kind.traits & {Trait.WHOLE, Trait.INDEX}
        perturbable = isinstance(kind, Made | Many | Row) or (
            isinstance(kind, Near) and isinstance(kind.value, float)
        )
        return perturbable and guess.is_certain

    def _facts_of_fields(self, symbol: Symbol) -> Facts:
        """Return what the methods of a class do with what its objects hold."""
        found = NOTHING_KNOWN
        node = symbol.class_node
        for name in [s.name for s in node.body if isinstance(s, ast.FunctionDef)] if node else ():
            method = self.makers.method(symbol, name)
            facts = self.uses.of_function(method) if method is not None else {}
            first = next(iter(facts), None)
            if name == "__init__":
                for parameter, own in facts.items():
                    found |= own.under((parameter,))
            elif first is not None:
                found |= facts[self._self_of(node, name)]
        return found

    @staticmethod
    def _self_of(node: ast.ClassDef | None, name: str) -> str:
        """Return what a method calls the object."""
        methods = [s for s in node.body if isinstance(s, ast.FunctionDef) and s.name == name] if node else []
        arguments = methods[-1].args
        return [*arguments.posonlyargs, *arguments.args][0].arg

    # -- defaults ------------------------------------------------------------------------------

    def by_default(self, default: ast.expr, place: Place, facts: Facts) -> Guess | None:
        """Return what a parameter with this default can be; `None` where the default does not say."""
        match default:
            case ast.Constant(value=bool()):
                return Guess(Choice(_BOTH), True)
            case ast.Constant(value=int() as number):
                is_axis = bool(facts.traits & {Trait.AXIS})
                whole = frozenset({Trait.WHOLE} | ({Trait.AXIS} if is_axis else set()))
                return Guess(Number(whole) if is_axis else Near(number), True)
            case ast.Constant(value=float() as number):
                return Guess(Near(number), True)
            case ast.Constant(value=str()):
                return Guess(_texts(facts), True) if facts.has(How.COMPARED) else Guess(Text(), True)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return self.by_default(ast.Constant(-number), place, facts)
            case ast.Tuple(elts=entries):
                guesses = [self.by_default(e, place, facts) or Guess() for e in entries]
                return Guess(Row("tuple", tuple(g.kind for g in guesses)), all(g.is_certain for g in guesses))
            case ast.Attribute(value=owner):
                for symbol in self.project.resolve(owner, place.scope, place.unit):
                    if self.annotations.is_enum(symbol):
                        return Guess(Choice(self.makers.members(symbol)), True)
        return None

    # -- use -----------------------------------------------------------------------------------

    def _by_use(self, facts: Facts, depth: int) -> Guess:
        """Return what the use of a value says of it."""
        told = facts.has(How.TRAIT, How.ARRAY, How.INDEXED, How.PARTS, How.KNOWN)
        known = told or not facts.has(How.HANDED)
        if facts.has(How.CALLED, How.CALLED_WITH_REST):
            return Guess(_function(facts))
        if facts.has(How.COMPARED) and not facts.has(How.NUMERIC, How.ARRAY):
            return Guess(_texts(facts), known)
        if facts.has(How.KEYED, How.MAPPING, How.OPTION):
            return Guess(
                Mapping(Number(), self._keys(facts, None, None, depth)), facts.has(How.KEYED) and known
            )
        if facts.has(How.SPARSE):
            maker = Expression("sp.csr_array", frozenset({SPARSE}))
            return Guess(Array(facts.traits & _ARRAY_TRAITS | {Trait.MATRIX}, (maker,)), known)
        if facts.has(How.OBJECT) and depth <= _MAX_DEPTH:
            owners = self.makers.with_attributes(facts.details(How.OBJECT))
            made = [g for g in (self._made(owner, facts, depth + 1) for owner in owners) if g is not None]
            if made:
                return Guess(either([g.kind for g in made]), len(made) == 1 and made[0].is_certain)
        parts = facts.count(How.PARTS)
        if parts is not None:
            entries = self._parts(parts, facts, depth)
            return Guess(either([Row("array", entries), Row("tuple", entries)]), known)
        return self._numeric(facts, known, depth)

    def _numeric(self, facts: Facts, known: bool, depth: int) -> Guess:
        traits = facts.traits
        if facts.has(How.ITERATED) and facts.has(How.ARRAY, How.NUMERIC):
            traits |= {Trait.VECTOR}
        shapes = traits & _ARRAY_TRAITS
        is_array = facts.has(How.ARRAY, How.INDEXED) or shapes - {
            Trait.POSITIVE,
            Trait.UNIT,
            Trait.COMPLEX,
            Trait.ROWS,
        }
        if Trait.SCALAR in traits and not is_array:
            return Guess(Numeric(_range(facts) | {Trait.SCALAR}, _bounds(facts)), known)
        if facts.has(How.ITERATED) and not facts.has(How.ARRAY, How.NUMERIC):
            each = self._by_use(facts.part("[]"), depth + 1) if depth <= _MAX_DEPTH else Guess()
            if not isinstance(each.kind, Numeric):
                return Guess(Many("tuple", each.kind), known and each.is_certain)
            vector = Array(shapes | {Trait.VECTOR})
            return Guess(either([vector, Many("list", Number())]), known)
        if Trait.AXIS in traits or Trait.WHOLE in traits:
            return Guess(Number(traits & {Trait.AXIS, Trait.WHOLE} | {Trait.WHOLE}), known)
        if Trait.INDEX in traits and not facts.has(How.NUMERIC):
            whole = frozenset({Trait.WHOLE, Trait.INDEX})
            return Guess(either([Array(whole | {Trait.VECTOR}), Number(whole)]), known)
        if is_array:
            return Guess(Array(shapes), known)
        if facts.has(How.NUMERIC, How.BOUND) or shapes:
            return Guess(Numeric(shapes | _range(facts), _bounds(facts)), known)
        if facts.uses and facts.uses <= {u for u in facts.uses if u.how is How.SWITCH}:
            return Guess(Choice(_BOTH), True)
        return Guess()

    def _parts(self, count: int, facts: Facts, depth: int) -> tuple[Kind, ...]:
        """Return the kinds of what a value is unpacked into: numbers, unless more is known."""
        kinds = [self._by_use(facts.part(f"[{i}]"), depth + 1).kind for i in range(count)]
        return tuple(
            Number(k.traits & {Trait.POSITIVE, Trait.UNIT}) if isinstance(k, Numeric | Array) else k
            for k in kinds
        )

    def _keys(
        self, facts: Facts, value: ast.expr | None, place: Place | None, depth: int
    ) -> tuple[tuple[str, Kind], ...]:
        """Return the keys that a mapping is asked for, with what is under each."""
        found = []
        for key in facts.details(How.KEYED):
            part = facts.part(f"[{key!r}]")
            guess = (
                self._annotated(value, place, part, depth) if value and place else self._by_use(part, depth)
            )
            found.append((key, guess.kind))
        for detail in facts.details(How.OPTION):
            key, _, default = detail.partition("=")
            written = parse_expression(default)
            place = place or Place(self.unit.scope, self.unit)
            known = self.by_default(written, place, NOTHING_KNOWN) if written is not None else None
            found.append((key, (known or Guess()).kind))
        return tuple(found)


def _texts(facts: Facts) -> Kind:
    """Return the strings that a value is compared with, and nothing in particular where there are none."""
    found = [text for text in facts.details(How.COMPARED) if parse_expression(text) is not None]
    return Choice(tuple(map(Expression, map(in_double_quotes, found)))) if found else Text()


def _bounds(facts: Facts) -> tuple[float, ...]:
    return tuple(float(text) for text in facts.details(How.SPLIT))


def _range(facts: Facts) -> Traits:
    """Return where a number should lie; a mere bound lies where most values are on either side of it."""
    found = facts.traits & {Trait.POSITIVE, Trait.UNIT}
    is_bound = facts.has(How.BOUND) and not facts.has(How.NUMERIC, How.SPLIT)
    return found | {Trait.UNIT} if is_bound else found


def _function(facts: Facts) -> Function:
    rest = facts.count(How.CALLED_WITH_REST)
    if rest is not None:
        return Function(rest, open=True)
    return Function(facts.count(How.CALLED))


def _callable(type_: Alternative, facts: Facts) -> Guess:
    match type_.arguments:
        case [ast.List(elts=taken), _]:
            return Guess(Function(len(taken)), True)
    return Guess(_function(facts))
