"""`properties`: what reading a property in the legacy form becomes."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjoint2rrule.convert.dialects.zygoterules.properties import attribute_name
from adjoint2rrule.convert.model import Converted, Kind
from tests.convert.building import conversion, converted, expression, refusal

HEAD = """\
from zygoterules import adjoint, gradient, literal_getfield, literal_getproperty, pullback
from operator import itemgetter
a = b = name = None
"""


def after(text: str) -> str:
    """Return what becomes of one line behind the head of a file."""
    return converted(f"{HEAD}{text}\n").partition("name = None\n")[2].rstrip("\n")


CALLS = {
    "literal_getproperty(a, 'x')": "a.x",
    'literal_getproperty(a, "x")': "a.x",
    "literal_getproperty( a , 'x' )": "a.x",
    "literal_getproperty(a, 'x' 'y')": "a.xy",
    "(literal_getproperty(a, 'x'))": "(a.x)",
    "literal_getproperty(a, 'x') ** 2": "a.x ** 2",
    "-literal_getproperty(a, 'x')": "-a.x",
    "literal_getproperty(a, 'x')(b)[0]": "a.x(b)[0]",
    # precedence
    "literal_getproperty(a + b, 'x')": "(a + b).x",
    "literal_getproperty((a + b), 'x')": "(a + b).x",
    "literal_getproperty(-a, 'x')": "(-a).x",
    "literal_getproperty(not a, 'x')": "(not a).x",
    "literal_getproperty(a if b else a, 'x')": "(a if b else a).x",
    "literal_getproperty(lambda: a, 'x')": "(lambda: a).x",
    "literal_getproperty(a := b, 'x')": "(a := b).x",
    "literal_getproperty(a(b)[0].c, 'x')": "a(b)[0].c.x",
    "literal_getproperty([a], 'x')": "[a].x",
    # numbers and braces
    "literal_getproperty(1, 'real')": "(1).real",
    "literal_getproperty(0x1f, 'real')": "0x1f.real",
    "literal_getproperty(1.5, 'real')": "1.5.real",
    "literal_getproperty(1j, 'real')": "1j.real",
    "literal_getproperty({a}, 'pop')()": "({a}).pop()",
    # calls in calls
    "literal_getproperty(literal_getproperty(a, 'x'), 'y')": "a.x.y",
    "literal_getproperty(literal_getproperty(a + b, 'x'), 'y')": "(a + b).x.y",
    "literal_getproperty(literal_getproperty(a, name), 'y')": "getattr(a, name).y",
    # lines
    "literal_getproperty(\n    a,\n    'x',\n)": "a.x",
    "literal_getproperty(a.b\n    .c, 'x')": "(a.b\n    .c).x",
    "literal_getproperty(a(\n    b,  # one\n), 'x')": "a(\n    b,  # one\n).x",
    "literal_getproperty(a,  # one\n    'x')": "getattr(a,  # one\n    'x')",
    # names that are no attributes
    "literal_getproperty(a, name)": "getattr(a, name)",
    "literal_getproperty(a, 'class')": "getattr(a, 'class')",
    "literal_getproperty(a, 'x y')": "getattr(a, 'x y')",
    "literal_getproperty(a, '')": "getattr(a, '')",
    "literal_getproperty(a, 'ﬁ')": "getattr(a, 'ﬁ')",
    "literal_getproperty(a, '__x')": "getattr(a, '__x')",
    "literal_getproperty(a, f'x')": "getattr(a, f'x')",
    "literal_getproperty(a, b'x')": "getattr(a, b'x')",
    "literal_getproperty(*a)": "getattr(*a)",
    "literal_getproperty(a, '__class__')": "a.__class__",
    "literal_getproperty(a, 'δ')": "a.δ",
    # text
    "f'{literal_getproperty(a, \"x\")!r:>9}'": "f'{a.x!r:>9}'",
    # fields
    "literal_getfield(a, 'x')": "object.__getattribute__(a, 'x')",
    # the function itself
    "c = literal_getproperty": "c = getattr",
    "c = map(literal_getproperty, a, b)": "c = map(getattr, a, b)",
    "c = sorted(a, key=literal_getproperty if b else None)": "c = sorted(a, key=getattr if b else None)",
    "c = [literal_getproperty, literal_getfield]": "c = [getattr, object.__getattribute__]",
    "def c(read=literal_getproperty): ...": "def c(read=getattr): ...",
    "def c(): return literal_getproperty": "def c(): return getattr",
}


@pytest.mark.parametrize(("before", "wanted"), CALLS.items(), ids=CALLS)
def test_reading_a_property_is_written_as_python_has_it(before, wanted):
    assert after(before) == wanted


REFUSED = {
    "literal_getproperty(a)": "does not give an object and the name of a property alone",
    "literal_getproperty(a, 'x', None)": "does not give an object and the name of a property alone",
    "literal_getproperty(a, name='x')": "does not give an object and the name of a property alone",
    "a is literal_getproperty": "used in another way than to read a property",
    "literal_getproperty.__doc__": "used in another way than to read a property",
    "isinstance(literal_getproperty, type(a))": "used in another way than to read a property",
    "pullback(literal_getproperty, a, 'x')": "used in another way than to read a property",
    "def c(getattr): return literal_getproperty(a, name)": "the conversion needs Python's own `getattr`",
    "def c(object): return literal_getfield(a, name)": "the conversion needs Python's own `object`",
}


@pytest.mark.parametrize(("text", "message"), REFUSED.items(), ids=REFUSED)
def test_other_uses_stay_and_say_why(text, message):
    reason = refusal(f"{HEAD}{text}\n")
    assert reason.slug == "property-access"
    assert message in reason.message
    assert reason.hint


def test_taken_getattr_is_no_matter_where_the_name_can_be_written():
    assert after("def c(getattr): return literal_getproperty(a, 'x')") == "def c(getattr): return a.x"


def test_getattr_from_a_star_import_is_another(tmp_path):
    text = f"from tools import *\n{HEAD}literal_getproperty(a, name)\n"
    reason = refusal(text, tmp_path, {"tools.py": "def getattr(x, name): ...\n"})
    assert "the conversion needs Python's own `getattr`" in reason.message


def test_call_is_a_definition_of_its_own():
    (decision,) = conversion(f"{HEAD}c = 2 * literal_getproperty(a, 'x')\n").decisions
    assert isinstance(decision, Converted)
    definition = decision.definition
    assert (definition.kind, definition.name) == (Kind.ACCESS, "literal_getproperty(a, 'x')")
    assert (definition.line, definition.column) == (4, 9)


MUTATING = "@adjoint_mut\ndef f(x):\n    return literal_getproperty(x, 'a'), lambda dy: (dy,)\n"


def test_call_in_a_refused_rule_stays():
    text = f"from zygoterules import adjoint_mut\n{HEAD}def f(x): ...\n{MUTATING}"
    assert conversion(text).result.decode() == text


def test_calls_in_functions_without_gradient_are_not_forgotten():
    text = "from zygoterules import literal_getproperty, nograd\n@nograd\ndef f(x):\n    return {}\n"
    assert converted(text.format("literal_getproperty(x, 'a')")).endswith("    return x.a\n")


@given(st.text(max_size=6) | st.sampled_from(["x", "Ω", "ſ", "None", "match", "__x", "__x__", "_"]))
def test_attribute_reads_what_getattr_reads(name):
    node = ast.Constant(name)
    if attribute_name(node) is not None:
        (read,) = ast.parse(f"class C:\n    x.{name}\n").body[0].body  # type: ignore[attr-defined]
        assert read.value.attr == name
        assert not (name.startswith("__") and not name.endswith("__"))


def test_only_strings_name_attributes():
    assert attribute_name(expression("x")) is None
    assert attribute_name(expression("1")) is None
