"""`primals`: what the annotation of an argument says of it and its parts, and how its type is written."""

from __future__ import annotations

import ast

import pytest

from adjoint2rrule.convert.annotations import Alternative, Place
from adjoint2rrule.convert.classes import Classes
from adjoint2rrule.convert.dialects.zygoterules.cotangents import READY, Each
from adjoint2rrule.convert.dialects.zygoterules.primals import Primal, Primals, Type
from adjoint2rrule.convert.dialects.zygoterules.targets import Target
from adjoint2rrule.convert.model import Kind
from tests.convert.building import expression, functions_of, rule_in, sample

HEAD = """\
from dataclasses import dataclass
from typing import Mapping, NamedTuple, Optional, Sequence
import numpy as np
@dataclass
class Part:
    a: float
    n: int
@dataclass
class Whole:
    part: "Part"
    parts: tuple[Part, int]
class Point(NamedTuple):
    u: float
    v: int
"""


def primals(parameters: str, kind: Kind = Kind.FUNCTION, body: str = "pass") -> Primals:
    """Return the primals of a rule, which gives no gradient to any of them."""
    file = sample(f"{HEAD}def f({parameters}):\n    {body}\n    return 1, lambda dy: None\n")
    (symbol,) = file.project.resolve(expression("Part"), file.scope, file.unit)
    target = Target(kind, "f", "f", symbol if kind is Kind.FUNCTOR else None)
    return Primals(rule_in(file), target, file.unit, Classes(file.project, file.unit), functions_of(file))


def first(annotation: str, body: str = "pass") -> tuple[Primals, Primal]:
    found = primals(f"x: {annotation}" if annotation else "x", body=body)
    return found, found.of_parameters[0]


def type_of(found: Primals, primal: Primal) -> Type | None:
    """Return the type of a primal as the pullback of the rule writes it."""
    return found.type_of(primal, found.rule.scope, found.rule.pullbacks[0].node)


# -- arguments ---------------------------------------------------------------------------------


def test_primals_are_those_of_the_positional_parameters():
    found = primals("x, n: int, *, axis=0").of_parameters
    assert [(p.path, p.zero) for p in found] == [("x", "ZeroTangent"), ("n", "NoTangent")]


def test_first_primal_of_a_functor_is_its_instance():
    found = primals("self: int, n: int", Kind.FUNCTOR).of_parameters
    assert [p.zero for p in found] == ["ZeroTangent", "NoTangent"]
    assert found[0].known is not None
    assert found[0].known.name == "Part"


@pytest.mark.parametrize(
    ("annotation", "name"),
    [
        ("Part", "Part"),
        ("Optional[Part]", "Part"),
        ("None | Part", "Part"),
        ("float", "builtins.float"),
        ("float | int", None),
        ("None", None),
        ("", None),
    ],
)
def test_known_type_is_the_only_one_beside_none(annotation, name):
    _, primal = first(annotation)
    assert (primal.known and primal.known.name) == name


@pytest.mark.parametrize(
    ("annotation", "numerical", "structure"),
    [
        ("float", True, False),
        ("complex", True, False),
        ("np.ndarray", True, False),
        ("Optional[float]", True, False),
        ("list[float]", False, True),
        ("tuple", False, True),
        ("Sequence[float]", False, True),
        ("dict", False, True),
        ("Part", False, True),
        ("float | tuple", False, False),
        ("", False, False),
    ],
)
def test_numbers_and_structures_are_known_by_their_annotation(annotation, numerical, structure):
    _, primal = first(annotation)
    assert (primal.is_numerical, primal.is_structure) == (numerical, structure)


@pytest.mark.parametrize(
    ("path", "front"),
    [("x", "x"), ("x.a", "x"), ("x[0]", "x"), ("x.a[0].b", "x"), ("x['a'].b", "x"), (None, "")],
)
def test_path_starts_with_a_name(path, front):
    assert Primal(path, (), "ZeroTangent", ast.parse("")).front == front


def test_primal_keeps_what_is_known_of_it_under_another_name():
    _, primal = first("Part")
    elsewhere = ast.parse("")
    other = primal.named("part", elsewhere)
    assert (other.path, other.known, other.binder) == ("part", primal.known, elsewhere)
    assert primal.named(None, elsewhere).written == "a part of an argument"


# -- parts -------------------------------------------------------------------------------------


def described(primal: Primal) -> tuple[str | None, str | None, str]:
    return primal.path, primal.known and primal.known.name, primal.zero


@pytest.mark.parametrize(
    ("annotation", "key", "wanted"),
    [
        ("dict[str, Part]", "k", ("x['k']", "Part", "ZeroTangent")),
        ("dict[str, int]", 3, ("x[3]", "builtins.int", "NoTangent")),
        ("dict", "k", ("x['k']", None, "ZeroTangent")),
        ("", "k", ("x['k']", None, "ZeroTangent")),
    ],
)
def test_entry_of_a_dict(annotation, key, wanted):
    found, primal = first(annotation)
    assert described(found.entry(primal, key)) == wanted


@pytest.mark.parametrize(
    ("annotation", "name", "wanted"),
    [
        ("Part", "a", ("x.a", "builtins.float", "ZeroTangent")),
        ("Part", "n", ("x.n", "builtins.int", "NoTangent")),
        ("Whole", "part", ("x.part", "Part", "ZeroTangent")),
        ("", "a", ("x.a", None, "ZeroTangent")),
    ],
)
def test_field_of_an_object(annotation, name, wanted):
    found, primal = first(annotation)
    type_ = type_of(found, primal)
    assert type_ is not None
    assert described(found.field(primal, name, type_)) == wanted


@pytest.mark.parametrize(
    ("annotation", "index", "wanted"),
    [
        ("tuple[Part, int]", 0, ("x[0]", "Part", "ZeroTangent")),
        ("tuple[Part, int]", 1, ("x[1]", "builtins.int", "NoTangent")),
        ("tuple[Part, int]", 2, ("x[2]", None, "ZeroTangent")),
        ("tuple[int, ...]", 5, ("x[5]", "builtins.int", "NoTangent")),
        ("list[Part]", 3, ("x[3]", "Part", "ZeroTangent")),
        ("tuple", 0, ("x[0]", None, "ZeroTangent")),
        ("Point", 1, ("x[1]", "builtins.int", "NoTangent")),
        ("", 0, ("x[0]", None, "ZeroTangent")),
    ],
)
def test_item_of_a_sequence(annotation, index, wanted):
    found, primal = first(annotation)
    type_ = type_of(found, primal)
    assert type_ is not None
    assert described(found.item(primal, index, type_)) == wanted


def test_parts_of_parts_are_known_as_well():
    found, primal = first("Whole")
    whole = type_of(found, primal)
    assert whole is not None
    parts = found.field(primal, "parts", whole)
    type_ = type_of(found, parts)
    assert type_ is not None
    assert described(found.item(parts, 1, type_)) == ("x.parts[1]", "builtins.int", "NoTangent")


ELEMENTS = {
    # annotation, comprehension, the element's name, type and zero
    ("list[Part]", "[0 for part in x]"): ("part", "Part", "ZeroTangent"),
    ("list[int]", "[0 for n in x]"): ("n", "builtins.int", "NoTangent"),
    ("tuple[Part, Part]", "[0 for part in x]"): ("part", "Part", "ZeroTangent"),
    ("tuple[Part, int]", "[0 for part in x]"): ("part", None, "ZeroTangent"),
    ("tuple[Part, ...]", "(0 for part in x)"): ("part", "Part", "ZeroTangent"),
    ("list[Part]", "[0 for w, part in zip(ws, x)]"): ("part", "Part", "ZeroTangent"),
    ("list[Part]", "[0 for i, part in enumerate(x)]"): ("part", "Part", "ZeroTangent"),
    ("list[Part]", "[0 for i, (w, part) in enumerate(zip(ws, x))]"): ("part", "Part", "ZeroTangent"),
    ("list[Part]", "[0 for part in reversed(x)]"): (None, "Part", "ZeroTangent"),
    ("list[Part]", "[0 for part in x[1:]]"): (None, "Part", "ZeroTangent"),
    ("list[tuple]", "[0 for a, b in x]"): (None, "builtins.tuple", "ZeroTangent"),
    ("", "[0 for part in x]"): ("part", None, "ZeroTangent"),
}


@pytest.mark.parametrize(("given", "wanted"), ELEMENTS.items(), ids=map(str, ELEMENTS))
def test_element_is_known_by_the_name_that_a_comprehension_has_for_it(given, wanted):
    annotation, comprehension = given
    found, primal = first(annotation)
    node = expression(comprehension)
    assert isinstance(node, ast.ListComp | ast.GeneratorExp)
    element = found.element(primal, Each(node, READY))
    assert described(element) == wanted
    assert element.binder is node


def test_argument_of_a_variadic_parameter_has_its_annotation():
    variadic = primals("*xs: Part").of_parameters[-1]
    found = primals("*xs: Part")
    assert described(found.argument(variadic, None)) == (None, "Part", "ZeroTangent")
    each = expression("[0 for x in xs]")
    assert isinstance(each, ast.ListComp)
    assert described(found.argument(variadic, Each(each, READY))) == ("x", "Part", "ZeroTangent")


@pytest.mark.parametrize(
    ("comprehension", "path"),
    [
        ("{k: 0 for k in x}", "x[k]"),
        ("{k: 0 for k in x.keys()}", "x[k]"),
        ("{k: 0 for k, v in x.items()}", "v"),
        ("{f(k): 0 for k in x}", None),
        ("{k: 0 for k in y}", None),
        ("{k: 0 for k, (v, w) in x.items()}", None),
    ],
)
def test_entry_of_a_dict_is_known_by_what_a_comprehension_calls_it(comprehension, path):
    found, primal = first("dict[str, int]")
    node = expression(comprehension)
    assert isinstance(node, ast.DictComp)
    assert described(found.each_entry(primal, node)) == (path, "builtins.int", "NoTangent")


# -- types -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        ("Part", "Part"),
        ("'Part'", "Part"),
        ("Optional[Point]", "Point"),
        ("tuple[float, ...]", "tuple"),
        ("list", "list"),
        ("dict[str, float]", "dict"),
        ("Mapping[str, float]", "type(x)"),
        ("Sequence", "type(x)"),
        ("Part | Point", "type(x)"),
        ("Unknown", "type(x)"),
        ("", "type(x)"),
    ],
)
def test_type_is_written_by_name_or_asked_for(annotation, text):
    found, primal = first(annotation)
    type_ = type_of(found, primal)
    assert type_ is not None
    assert (type_.text, type_.is_read_from_value) == (text, text.startswith("type("))


def test_type_knows_the_fields_of_its_class():
    found, primal = first("Part")
    type_ = type_of(found, primal)
    assert type_ is not None
    assert [(f.name, f.annotation and ast.unparse(f.annotation)) for f in type_.fields or []] == [
        ("a", "float"),
        ("n", "int"),
    ]


@pytest.mark.parametrize("body", ["Part = 1", "import Part", "def Part(): ..."])
def test_class_whose_name_means_something_else_in_the_rule_is_asked_for(body):
    found, primal = first("Part", body)
    assert type_of(found, primal) == Type("type(x)")


@pytest.mark.parametrize(
    ("annotation", "body"),
    [("", "x = 1"), ("", "type = 1"), ("tuple", "tuple = type = 1"), ("", "lambda x: x"), ("", "del x")],
)
def test_type_cannot_be_asked_for_where_its_names_are_taken(annotation, body):
    found, primal = first(annotation, body)
    assert type_of(found, primal) is None


@pytest.mark.parametrize(
    ("annotation", "wanted"),
    [
        ("", True),
        ("tuple", True),
        ("Sequence[float]", True),
        ("Point", True),
        ("Unknown", True),
        ("Part | float", True),
        ("list", False),
        ("dict", False),
        ("float", False),
        ("np.ndarray", False),
        ("Part", False),
    ],
)
def test_argument_may_be_a_tuple(annotation, wanted):
    found, primal = first(annotation)
    assert found.may_be_tuple(primal) is wanted


def test_primal_without_an_annotation_has_no_known_type():
    file = sample("x = 1")
    unknown = Alternative("", (), Place(file.scope, file.unit))
    nowhere = ast.parse("")
    assert Primal("x", (), "ZeroTangent", nowhere).known is None
    assert Primal("x", (unknown,), "ZeroTangent", nowhere).known is unknown
