"""The forms that a value of each kind can take in a test, with what each costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from adjoint2rrule.proof.inputs.arrays import arrays_of, numbers_of, numeric_of
from adjoint2rrule.proof.inputs.combining import cheapest
from adjoint2rrule.proof.inputs.kinds import (
    Array,
    Choice,
    Either,
    Function,
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
)
from adjoint2rrule.proof.inputs.numbers import Numbers
from adjoint2rrule.proof.inputs.settings import Setting
from adjoint2rrule.proof.inputs.texts import quoted
from adjoint2rrule.proof.inputs.writing import Form, Write, array
from adjoint2rrule.proof.model import Expression

Callables = Callable[[Function, int], Sequence[Kind]]

_MOST = 10  # ways to combine the parts of one value
_BRACKET = Expression("(-1.5, 2.5)")  # roots lie in there, and zero


@dataclass(frozen=True)
class Forms:
    """Writes values of any kind.

    Attributes
    ----------
    callables
        Says what can stand for a function, in an argument or so deep within one.
    depth
        How many functions stand around what is written: objects may hold functions.

    Examples
    --------
    >>> from adjoint2rrule.proof.inputs.settings import SETTINGS
    >>> kind = Row("tuple", (Number(), Text()))
    >>> first = Forms(lambda function, depth: []).of(kind)[0]
    >>> str(first.write(SETTINGS[0], Numbers()))
    '(2.6, "ab")'
    """

    callables: Callables
    depth: int = 0

    def of(self, kind: Kind) -> list[Form]:
        """Return the ways to write a value of a kind, the likely ones first."""
        return sorted(self._of(kind), key=lambda form: form.cost)

    def _of(self, kind: Kind) -> list[Form]:
        match kind:
            case Number() | Near():
                return numbers_of(kind)
            case Array():
                return arrays_of(kind)
            case Numeric():
                return numeric_of(kind)
            case Choice(values=values):
                return [Form(cost, _constantly(value)) for cost, value in enumerate(values)]
            case Text():
                return [Form(0, lambda setting, numbers: Expression(quoted(numbers.word())))]
            case Nothing():
                return [Form(0, _constantly(Expression("None")))]
            case Row():
                return self._row(kind)
            case Many():
                return self._many(kind)
            case Mapping():
                return self._mapping(kind)
            case Made():
                return self._made(kind)
            case Function():
                inner = replace(self, depth=self.depth + 1)
                kinds = self.callables(kind, self.depth)
                found = [(cost, inner.of(k)) for cost, k in enumerate(kinds)]
                firsts = [form.at(cost) for cost, forms in found for form in forms[:1]]
                return [*firsts, *(form.at(cost + 2) for cost, forms in found for form in forms[1:4])]
            case Either(kinds=kinds):
                # That there may be nothing is worth knowing before further values of the others.
                ordered = sorted(enumerate(kinds), key=lambda entry: entry[1] != Nothing())
                return [form.at(cost) for cost, k in ordered for form in self.of(k)]

    def _row(self, kind: Row) -> list[Form]:
        if kind.container == "tuple" and len(kind.entries) == 2 and all(_is_whole(e) for e in kind.entries):
            return [Form(0, lambda setting, _: Expression(f"({setting.rows}, {setting.columns})"))]

        def written(forms: tuple[Form, ...]) -> Write:
            return lambda setting, numbers: _display(
                kind.container, [f.write(setting, numbers) for f in forms]
            )

        found = [Form(cost, written(f)) for cost, f in cheapest([self.of(e) for e in kind.entries], _MOST)]
        if kind.container == "tuple" and kind.entries == (Number(), Number()):
            # It may be a range, and ranges increase; this one has numbers of either sign in it.
            return [Form(0, _constantly(_BRACKET)), *(form.at(1) for form in found)]
        return found

    def _many(self, kind: Many) -> list[Form]:
        each = self.of(kind.each)
        if isinstance(kind.each, Function):
            # Of each function one form: a chain of one function twice says less, and may not fit.
            inner = replace(self, depth=self.depth + 1)
            each = [form for k in self.callables(kind.each, self.depth) for form in inner.of(k)[:1]]
        if not each:
            return []
        second = each[1] if len(each) > 1 else each[0]
        alike = isinstance(kind.each, Function)  # different functions tell more than one function twice
        choices = [
            (0, [each[0], second] if alike else [each[0]] * 2),
            (1, [each[0]] * 2 if alike else [each[0], second]),
            (2, [each[0]] * 3),
            (3, [second, each[0]]),
            *((3 + form.cost, [form] * 2) for form in each[1:5]),
        ]

        def written(forms: list[Form]) -> Write:
            return lambda setting, numbers: _display(
                kind.container, [f.write(setting, numbers) for f in forms]
            )

        return [Form(cost, written(forms)) for cost, forms in choices]

    def _mapping(self, kind: Mapping) -> list[Form]:
        """Return dicts of the keys that are asked for, or of keys that the dicts of a call share in part."""

        def written(forms: tuple[Form, ...], keys: list[str]) -> Write:
            def write(setting: Setting, numbers: Numbers) -> Expression:
                own = keys or numbers.keys()
                parts = [form.write(setting, numbers) for form in forms]
                pairs = zip(own, parts, strict=True)
                return joined(
                    lambda _: "{" + ", ".join(f"{quoted(key)}: {part}" for key, part in pairs) + "}", parts
                )

            return write

        if kind.keys:
            keys = [key for key, _ in kind.keys]
            each = [self.of(value) for _, value in kind.keys]
            return [Form(cost, written(forms, keys)) for cost, forms in cheapest(each, _MOST)]
        entries = self.of(kind.value)
        apart = [Form(cost, written(forms, [])) for cost, forms in cheapest([entries] * 2, _MOST)]
        alike = [Form(cost + 1, written(forms, ["a", "b"])) for cost, forms in cheapest([entries] * 2, 2)]
        return [*apart, *alike]

    def _made(self, kind: Made) -> list[Form]:
        fields = kind.fields

        def written(forms: tuple[Form, ...]) -> Write:
            def write(setting: Setting, numbers: Numbers) -> Expression:
                parts = [form.write(setting, numbers) for form in forms]
                given = [
                    f"{f.name}={p}" if f.by_keyword else p.text for f, p in zip(fields, parts, strict=True)
                ]
                return joined(lambda _: f"{kind.maker}({', '.join(given)})", parts, kind.maker)

            return write

        inner = replace(self, depth=self.depth + 1)  # objects hold plain functions, no others that hold some
        options = [inner.of(f.kind) for f in fields]
        return [Form(cost, written(forms)) for cost, forms in cheapest(options, _MOST)]


def _constantly(expression: Expression) -> Write:
    return lambda setting, numbers: expression


def joined(
    template: Callable[[list[str]], str], parts: Sequence[Expression], *more: Expression
) -> Expression:
    """Return an expression made of others."""
    imports = [part.imports for part in (*parts, *more)]
    return Expression(template([part.text for part in parts]), frozenset().union(*imports))


def _display(container: str, parts: Sequence[Expression]) -> Expression:
    if container == "array":
        inner = _display("list", parts)
        return joined(lambda _: array(inner.text).text, parts, array(""))
    brackets = {"tuple": "()", "list": "[]", "set": "{}"}[container]
    comma = "," if container == "tuple" and len(parts) == 1 else ""
    return joined(lambda texts: f"{brackets[0]}{', '.join(texts)}{comma}{brackets[1]}", parts)


def _is_whole(kind: Kind) -> bool:
    return isinstance(kind, Number) and Trait.WHOLE in kind.traits
