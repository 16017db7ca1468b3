"""The values that flow through a proof."""

from adjoint2rrule.proof.model import Expression, Import, Inputs

NUMPY = frozenset({Import("numpy", alias="np")})
CALL = Inputs(
    Expression("softmax", frozenset({Import("lab.special", "softmax")})),
    (Expression("np.array([0.5, -1.5])", NUMPY), Expression("0")),
    (("form", Expression('"log"')),),
)


def test_call_reads_as_it_is_written():
    assert str(CALL) == 'softmax(np.array([0.5, -1.5]), 0, form="log")'


def test_call_needs_the_imports_of_its_parts():
    assert sorted(map(str, CALL.imports)) == ["from lab.special import softmax", "import numpy as np"]


def test_call_in_json_has_texts_alone():
    assert CALL.as_json() == {
        "function": "softmax",
        "args": ["np.array([0.5, -1.5])", "0"],
        "keywords": {"form": '"log"'},
        "imports": ["from lab.special import softmax", "import numpy as np"],
    }


def test_origin_does_not_tell_calls_apart():
    one, other = (Inputs(CALL.function, CALL.args, origin=origin) for origin in ("a test", "a doctest"))
    assert one == other


def test_modules_loaded_by_an_import_are_those_above_it_too():
    loads = Import("lab.layers", "Foo").loads
    assert (loads("lab.layers"), loads("lab"), loads("lab.lay"), loads("lab.layers.deep")) == (
        True,
        True,
        False,
        False,
    )
