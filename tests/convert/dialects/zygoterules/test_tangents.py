"""`tangents`: `None` becomes a zero, dicts and tuples a `Tangent`, and everything else stays."""

from __future__ import annotations

from textwrap import indent

import pytest

from adjoint2rrule.convert.model import Severity
from tests.convert.building import adaption, converted, refusal

HEAD = """\
from dataclasses import dataclass
from enum import Enum
from types import SimpleNamespace
from typing import Any, Mapping, NamedTuple, Optional, Sequence, Union
import numpy as np
from zygoterules import adjoint

class Kind(Enum):
    A = 1
@dataclass
class Part:
    a: float
    n: int = 1
@dataclass
class Whole:
    part: Part
    parts: list[Part]
    by_name: dict[str, Part]
    pair: tuple[float, int]
    kind: Kind = Kind.A
    label: Optional[str] = None
class Base: ...
class Derived(Base): ...
class Point(NamedTuple):
    u: float
    v: int
class Free:
    def __init__(self, a):
        self.a = a
    def __call__(self, x): ...
class Slotted:
    __slots__ = ("a", "b")
def f(*args): ...
"""


def rule(parameters: str, result: str, before: str = "") -> str:
    lines = indent(before, "    ") + "\n" if before else ""
    return f"{HEAD}@adjoint\ndef f({parameters}):\n{lines}    return f(x), lambda dy: {result}\n"


def results(parameters: str, result: str, before: str = "") -> str:
    """Return what the pullback of a rule returns once it is converted."""
    return converted(rule(parameters, result, before)).partition("lambda dy: ")[2].rstrip("\n")


# -- the tuple ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "result", "wanted"),
    [
        ("x", "(dy,)", "(NoTangent(), dy)"),
        ("x", "(2 * dy,)", "(NoTangent(), 2 * dy)"),
        ("x, y", "(dy, None)", "(NoTangent(), dy, ZeroTangent())"),
        ("x, y: int", "(dy, None)", "(NoTangent(), dy, NoTangent())"),
        ("x, y", "(None, dy if x else None)", "(NoTangent(), ZeroTangent(), dy if x else ZeroTangent())"),
        # the rest of a result that is too short
        ("x, y, z", "(dy,)", "(NoTangent(), dy, ZeroTangent(), ZeroTangent())"),
        ("x, y, n: int", "(dy,)", "(NoTangent(), dy, ZeroTangent(), NoTangent())"),
        ("x, y", "()", "(NoTangent(), ZeroTangent(), ZeroTangent())"),
        # a single none
        ("x, n: int", "None", "(NoTangent(), ZeroTangent(), NoTangent())"),
        ("x, n: int", "(dy,) if x else None", None),
        # keyword-only parameters have no cotangents
        ("x, *, axis=0", "(dy,)", "(NoTangent(), dy)"),
        ("x, **options", "None", "(NoTangent(), ZeroTangent())"),
    ],
)
def test_result_has_one_cotangent_per_argument_and_the_functions_own(parameters, result, wanted):
    wanted = wanted or "(NoTangent(), dy, NoTangent()) if x else (NoTangent(), ZeroTangent(), NoTangent())"
    assert results(parameters, result) == wanted


def test_none_that_is_no_cotangent_stays():
    body = "(np.sum(dy, axis=None)[None, :], 2 * dy)"
    assert results("x, y=None", body, "if y is None: y = 1") == f"(NoTangent(), {body[1:]}"


def test_none_of_a_name_becomes_a_zero_where_it_is_bound():
    out = converted(rule("x, y", "(dx, dx)", "dx = None"))
    assert "    dx = ZeroTangent()\n" in out
    assert "(NoTangent(), dx, dx)" in out


def test_functor_gives_its_own_cotangent():
    text = HEAD + (
        "@adjoint\ndef __call__(self: Free, x, n: int):\n"
        "    return self(x, n), lambda dy: ({'a': dy}, -dy, None)\n"
    )
    assert converted(text).endswith("lambda dy: (Tangent[Free](a=dy), -dy, NoTangent())\n")


def test_functor_with_a_single_none_gets_a_zero_for_itself():
    text = HEAD + "@adjoint\ndef __call__(self: Free, n: int):\n    return self(n), lambda dy: None\n"
    assert converted(text).endswith("lambda dy: (ZeroTangent(), NoTangent())\n")


# -- structure ---------------------------------------------------------------------------------

STRUCTURED = {
    # objects
    ("x: Part", "{'a': dy}"): "Tangent[Part](a=dy)",
    ("x: Part", "dict(a=dy)"): "Tangent[Part](a=dy)",
    ("x: Part", "SimpleNamespace(a=dy)"): "Tangent[Part](a=dy)",
    ("x: 'Part'", "{'a': dy}"): "Tangent[Part](a=dy)",
    ("x: Optional[Part]", "{'a': dy}"): "Tangent[Part](a=dy)",
    ("x: Part | None", "{'a': dy}"): "Tangent[Part](a=dy)",
    ("x: Slotted", "{'b': dy}"): "Tangent[Slotted](b=dy)",
    ("x: Free", "{'a': dy}"): "Tangent[Free](a=dy)",
    ("x: Point", "{'u': dy}"): "Tangent[Point](u=dy)",
    # of a class that is not that of every value, or of none that is known
    ("x", "{'a': dy}"): "Tangent[type(x)](a=dy)",
    ("x: Any", "{'a': dy}"): "Tangent[type(x)](a=dy)",
    ("x: Unknown", "{'a': dy}"): "Tangent[type(x)](a=dy)",
    ("x: Union[Part, Free]", "{'a': dy}"): "Tangent[type(x)](a=dy)",
    # fields that are zero go
    ("x: Part", "{'a': dy, 'n': None}"): "Tangent[Part](a=dy)",
    ("x: Part", "dict(n=None, a=dy)"): "Tangent[Part](a=dy)",
    ("x: Part", "{'a': None, 'n': None}"): "ZeroTangent()",
    ("x: Part", "dict(a=None)"): "ZeroTangent()",
    ("x: Part", "{}"): "Tangent[Part]()",
    ("x: Part", "{'a': dy if x.n else None}"): "Tangent[Part](a=dy if x.n else ZeroTangent())",
    # dicts
    ("x: dict", "{'a': dy}"): "Tangent[dict]({'a': dy})",
    ("x: dict", "dict(a=dy)"): "Tangent[dict](a=dy)",
    ("x: dict[str, float]", "{'a': dy, 'b': None}"): "Tangent[dict]({'a': dy})",
    ("x: dict[int, float]", "{1: dy, 2: None}"): "Tangent[dict]({1: dy})",
    ("x", "{1: dy}"): "Tangent[type(x)]({1: dy})",
    ("x", "{'not a name': dy}"): "Tangent[type(x)]({'not a name': dy})",
    ("x", "{'class': dy}"): "Tangent[type(x)]({'class': dy})",
    ("x: Mapping[str, float]", "{'a': dy}"): "Tangent[type(x)]({'a': dy})",
    ("x: dict[str, Part]", "{'a': {'a': dy, 'n': None}}"): "Tangent[dict]({'a': Tangent[Part](a=dy)})",
    # tuples and lists
    ("x: tuple", "(dy, None)"): "Tangent[tuple](dy, ZeroTangent())",
    ("x: tuple[float, int]", "(dy, None)"): "Tangent[tuple](dy, NoTangent())",
    ("x: tuple[float, ...]", "(dy, None)"): "Tangent[tuple](dy, ZeroTangent())",
    ("x: list[float]", "[dy, None]"): "Tangent[list](dy, ZeroTangent())",
    ("x", "(dy, None)"): "Tangent[type(x)](dy, ZeroTangent())",
    ("x: Sequence[float]", "(dy, None)"): "Tangent[type(x)](dy, ZeroTangent())",
    ("x: Point", "(dy, None)"): "Tangent[Point](dy, NoTangent())",
    ("x: tuple[Part, Part]", "({'a': dy}, None)"): "Tangent[tuple](Tangent[Part](a=dy), ZeroTangent())",
    ("x: list[Part]", "[{'a': dy}]"): "Tangent[list](Tangent[Part](a=dy))",
    # parts, by the annotations of the fields
    ("x: Whole", "{'part': {'a': dy}}"): "Tangent[Whole](part=Tangent[Part](a=dy))",
    ("x: Whole", "{'part': dict(a=None)}"): "Tangent[Whole](part=Tangent[Part]())",
    ("x: Whole", "{'parts': [{'a': dy}]}"): "Tangent[Whole](parts=Tangent[list](Tangent[Part](a=dy)))",
    ("x: Whole", "{'by_name': {'k': {'a': dy}}}"): (
        "Tangent[Whole](by_name=Tangent[dict]({'k': Tangent[Part](a=dy)}))"
    ),
    ("x: Whole", "{'pair': (dy, None)}"): "Tangent[Whole](pair=Tangent[tuple](dy, NoTangent()))",
}


@pytest.mark.parametrize(("case", "wanted"), STRUCTURED.items(), ids=map(repr, STRUCTURED))
def test_structure_becomes_a_tangent(case, wanted):
    parameters, cotangent = case
    assert results(parameters, f"({cotangent},)") == f"(NoTangent(), {wanted})"


def test_zero_of_a_field_is_told_by_its_annotation():
    cotangent = "{'part': dy, 'kind': None if x.label else None, 'pair': None if x.label else (dy, 1)}"
    wanted = (
        "Tangent[Whole](part=dy, kind=NoTangent() if x.label else NoTangent(), "
        "pair=ZeroTangent() if x.label else Tangent[tuple](dy, 1))"
    )
    assert results("x: Whole", f"({cotangent},)") == f"(NoTangent(), {wanted})"


def test_type_of_an_argument_whose_class_has_subclasses_is_asked_for(tmp_path):
    out = converted(rule("x: Base", "({'a': dy},)"), tmp_path)
    assert "(NoTangent(), Tangent[type(x)](a=dy))" in out


def test_structure_of_a_name_is_changed_where_it_is_bound():
    text = HEAD + (
        "@adjoint\ndef f(x: Part):\n    def back(dy):\n        d = dict(\n            a=dy,\n"
        "            n=None,\n        )\n        return (d,)\n    return f(x), back\n"
    )
    assert (
        "        d = Tangent[Part](\n            a=dy,\n        )\n        return (NoTangent(), d)\n"
        in converted(text)
    )


def test_class_imported_for_type_checkers_alone_is_not_named():
    text = """
        from __future__ import annotations
        from typing import TYPE_CHECKING
        from zygoterules import adjoint
        if TYPE_CHECKING:
            from shapes import Part
        def f(x): ...
        @adjoint
        def f(x: Part):
            return f(x), lambda dy: ({'a': dy},)
        """
    assert "Tangent[type(x)](a=dy)" in converted(text)


def test_class_of_another_module_is_named_as_it_is_imported(tmp_path):
    text = """
        from zygoterules import adjoint
        from shapes import Part
        def f(x): ...
        @adjoint
        def f(x: Part):
            return f(x), lambda dy: ({'a': dy, 'inner': {'b': dy}},)
        """
    files = {
        "shapes.py": """
            from dataclasses import dataclass
            @dataclass
            class Inner:
                b: float
            @dataclass
            class Part:
                a: float
                inner: Inner
            """
    }
    # `Inner` is not imported where the rule stands.
    assert "Tangent[Part](a=dy, inner=Tangent[type(x.inner)](b=dy))" in converted(text, tmp_path, files)


# -- layout and comments -----------------------------------------------------------------------


def test_entry_with_a_comment_stays_as_a_zero():
    text = HEAD + (
        "@adjoint\ndef f(x: Part):\n    def back(dy):\n        return ({\n            'a': dy,\n"
        "            # counts are exact\n            'n': None,\n        },)\n    return f(x), back\n"
    )
    assert "            # counts are exact\n            n=NoTangent(),\n" in converted(text)


def test_comment_behind_another_entry_does_not_keep_a_zero():
    text = HEAD + (
        "@adjoint\ndef f(x: Part):\n    def back(dy):\n        return ({\n            'a': dy,  # slope\n"
        "            'n': None,\n        },)\n    return f(x), back\n"
    )
    assert "            a=dy,  # slope\n        })" not in converted(text)
    assert "Tangent[Part](\n            a=dy,  # slope\n        ))\n" in converted(text)


# -- what is refused ---------------------------------------------------------------------------

REFUSED = {
    ("x", "(dy, dy)"): ("too-many-entries", "the pullback returns 2 cotangents for 1 argument"),
    ("x, *, k", "(dy, None)"): ("too-many-entries", "the pullback returns 2 cotangents for 1 argument"),
    ("x: Part", "({'b': dy},)"): ("unknown-field", "`Part` has no field 'b'"),
    ("x: Part", "({1: dy},)"): ("unknown-field", "`Part` has no field 1"),
    ("x: Part", "({'not a name': dy},)"): ("unknown-field", "`Part` has no field 'not a name'"),
    ("x: Point", "((dy, None, None),)"): ("unknown-field", "`Point` has 2 fields, its cotangent 3"),
    ("x: Whole", "({'part': {'z': dy}},)"): ("unknown-field", "`Part` has no field 'z'"),
    ("x: float", "({'a': dy},)"): (
        "unexpected-structure",
        "the cotangent of `x`, a `float`, is written as a dict",
    ),
    ("x: np.ndarray", "((dy, dy),)"): (
        "unexpected-structure",
        "the cotangent of `x`, a `numpy.ndarray`, is written as a tuple",
    ),
    ("x: list[float]", "((dy, dy),)"): (
        "unexpected-structure",
        "the cotangent of `x`, a `list`, is written as a tuple",
    ),
    ("x: Part", "((dy, None),)"): (
        "unexpected-structure",
        "the cotangent of `x`, a `Part`, is written as a tuple",
    ),
    ("x: tuple", "({'a': dy},)"): ("unexpected-structure", "a `tuple`, is written as a dict"),
    ("x: list", "({'a': dy},)"): ("unexpected-structure", "a `list`, is written as a dict"),
    ("x: int", "({'a': dy},)"): ("unexpected-structure", "a `int`, is written as a dict"),
    ("x: Kind", "((dy, None),)"): ("unexpected-structure", "a `Kind`, is written as a tuple"),
    ("x: tuple[float, float]", "(2 * dy,)"): (
        "unexpected-structure",
        "the cotangent of `x`, a `tuple`, is written as a number or an array",
    ),
    ("x: Whole", "({'part': {'a': {'b': dy}}},)"): (
        "unexpected-structure",
        "the cotangent of `x.part.a`, a `float`, is written as a dict",
    ),
    ("x: list[Part]", "([{'a': (dy, dy)}],)"): (
        "unexpected-structure",
        "the cotangent of `x[0].a`, a `float`",
    ),
    ("x: dict[str, float]", "({'k': {'a': dy}},)"): (
        "unexpected-structure",
        "the cotangent of `x['k']`, a `float`",
    ),
}


@pytest.mark.parametrize(("case", "wanted"), REFUSED.items(), ids=map(repr, REFUSED))
def test_cotangent_of_another_form_than_its_argument_is_refused(case, wanted):
    reason = refusal(rule(*case))
    assert reason.slug == wanted[0]
    assert wanted[1] in reason.message
    assert reason.hint


# -- what is adapted ---------------------------------------------------------------------------

ADAPTED = {
    ("x, *ys", "(dy, None)"): ("variadic-cotangents", "how many cotangents it returns cannot be told"),
    ("x, *ys", "(dy, *(None for _ in ys), dy)"): ("variadic-cotangents", "how many cotangents"),
    ("x", "([dy, None],)"): (
        "list-cotangent",
        "whether `x` is a list or an array cannot be told, nor what its cotangent is",
    ),
    ("x", "([dy for _ in x],)"): ("list-cotangent", "whether `x` is a list or an array"),
    ("x: np.ndarray", "([dy, dy],)"): ("list-cotangent", "whether `x` is a list or an array"),
    ("x: Whole", "({'part': [dy]},)"): ("list-cotangent", "whether `x.part` is a list"),
    ("x", "({'a': {'b': dy}},)"): (
        "unknown-structure",
        "whether `x` is an object or a dict cannot be told, nor what its parts are",
    ),
    ("x", "(dy[1:],)"): (
        "opaque-cotangent",
        "whether the cotangent of `x` is an array or a tuple cannot be told",
    ),
    ("x", "(type(x)(dy),)"): ("opaque-cotangent", "whether the cotangent of `x` is an array or a tuple"),
    ("x, n: int", "(d, d)", "d = None"): (
        "shared-cotangent",
        "one value serves as the cotangent of arguments that need different ones",
    ),
    ("x: Part, y: Free", "(d, d)", "d = {'a': 1.0}"): ("shared-cotangent", "one value serves as"),
    ("x", "({'a': dy},)", "type = 1"): (
        "rebound-argument",
        "the type of `x` is needed, but the rule binds `x` or `type` anew",
    ),
}


@pytest.mark.parametrize(("case", "wanted"), ADAPTED.items(), ids=map(repr, ADAPTED))
def test_cotangent_that_the_arguments_can_tell_keeps_its_pullback(case, wanted):
    reason = adaption(rule(*case))
    assert (reason.slug, reason.severity) == (wanted[0], Severity.WARNING)
    assert wanted[1] in reason.message
    assert reason.hint


@pytest.mark.parametrize(
    ("parameters", "before", "name"),
    [("x", "x = np.asarray(x)", "x"), ("x", "for x in y: pass", "x"), ("type", "type = 1", "type")],
)
def test_argument_that_is_bound_anew_cannot_be_asked_for_its_type(parameters, before, name):
    reason = adaption(rule(parameters, "({'a': dy},)", before))
    assert reason.slug == "rebound-argument"
    assert f"the rule binds `{name}` or `type` anew" in reason.message


def test_annotated_argument_may_be_bound_anew():
    assert results("x: Part", "({'a': dy},)", "x = x.a") == "(NoTangent(), Tangent[Part](a=dy))"


# -- sequences ---------------------------------------------------------------------------------

SEQUENCES = {
    ("x: list", "([dy for _ in x],)"): "Tangent[list](*[dy for _ in x])",
    ("x: list", "(list(dy for _ in x),)"): "Tangent[list](*(dy for _ in x))",
    ("x: tuple", "(tuple([dy, None]),)"): "Tangent[tuple](*[dy, ZeroTangent()])",
    ("x: tuple", "((dy,) + (None,),)"): "Tangent[tuple](*(dy,) + (ZeroTangent(),))",
    ("x: tuple", "((dy,) * 2,)"): "Tangent[tuple](*(dy,) * 2)",
    ("x: tuple[float, int]", "((dy, *(None,)),)"): "Tangent[tuple](dy, *(ZeroTangent(),))",
    ("x: list", "([{'a': dy}],)"): "Tangent[list](Tangent[type(x[0])](a=dy))",
    ("x: list[Part]", "([{'a': dy} for p in x],)"): "Tangent[list](*[Tangent[Part](a=dy) for p in x])",
    (
        "x: list",
        "([(dy, None) for p in x],)",
    ): "Tangent[list](*[Tangent[type(p)](dy, ZeroTangent()) for p in x])",
    (
        "x: dict[str, Part]",
        "({k: {'a': dy} for k in x},)",
    ): "Tangent[dict]({k: Tangent[Part](a=dy) for k in x})",
    ("x", "({k: dy for k in x},)"): "Tangent[type(x)]({k: dy for k in x})",
}


@pytest.mark.parametrize(("case", "wanted"), SEQUENCES.items(), ids=map(repr, SEQUENCES))
def test_sequence_becomes_a_tangent_of_its_elements(case, wanted):
    assert results(*case) == f"(NoTangent(), {wanted})"


def test_comment_between_a_key_and_its_value_stays():
    text = HEAD + (
        "@adjoint\ndef f(x: Part):\n    def back(dy):\n        return ({\n            'a':  # slope\n"
        "                dy,\n        },)\n    return f(x), back\n"
    )
    assert "Tangent[Part](\n            a=  # slope\n                dy,\n        ))\n" in converted(text)
