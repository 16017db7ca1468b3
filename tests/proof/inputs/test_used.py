"""What bodies say of parameters, and of what is read from them."""

import ast
from textwrap import indent

import pytest

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.convert.model import SourceFile
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.syntax import parse
from adjoint2rrule.proof.inputs.facts import How
from adjoint2rrule.proof.inputs.kinds import Trait
from adjoint2rrule.proof.inputs.used import Uses

HELPER = """\
import numpy as np

def helper(a, *rest, k=None):
    return np.linalg.inv(a)

"""


def facts_of(body):
    text = f"{HELPER}def f(x, y=None):\n{indent(body, '    ')}\n"
    project = Project()
    unit = project.unit(parse(SourceFile("lab.py", text.encode())))
    node = unit.module.tree.body[-1]
    assert isinstance(node, ast.FunctionDef)
    return Uses(project).of(node, Place(unit.scope.inner(node), unit))


@pytest.mark.parametrize(
    ("body", "how"),
    [
        ("x + 1", How.NUMERIC),
        ("-x", How.NUMERIC),
        ("x.shape", How.ARRAY),
        ("x.indptr", How.SPARSE),
        ("x(1)", How.CALLED),
        ("x(*y)", How.CALLED_WITH_REST),
        ("a, b = x", How.PARTS),
        ("[v for v in x]", How.ITERATED),
        ("for i, v in enumerate(x): pass", How.ITERATED),
        ("x[0]", How.INDEXED),
        ("x['key']", How.KEYED),
        ("x.get('key')", How.OPTION),
        ("x.items()", How.MAPPING),
        ("x.index", How.OBJECT),
        ("x == 'log'", How.COMPARED),
        ("x in ('log', 'plain')", How.COMPARED),
        ("if x: pass", How.SWITCH),
        ("x < 3", How.BOUND),
        ("x < 3", How.SPLIT),
        ("unknown(x)", How.HANDED),
        ("z = x\nz + 1", How.NUMERIC),
        ("z = np.asarray(x)\nz + 1", How.NUMERIC),
        ("z, w = x, 1\nz + 1", How.NUMERIC),
        ("def inner():\n    return x + 1", How.NUMERIC),
    ],
)
def test_ways_to_use_a_parameter(body, how):
    assert facts_of(body)["x"].has(how)


@pytest.mark.parametrize(
    "body", ["x is None", "y = x", "return x", "def inner(x):\n    return x + 1", "[x + 1 for x in y]"]
)
def test_some_say_nothing(body):
    assert not facts_of(body)["x"].uses


@pytest.mark.parametrize(
    ("body", "trait"),
    [
        ("x.T", Trait.MATRIX),
        ("m, n = x.shape", Trait.MATRIX),
        ("x @ y", Trait.MATRIX),
        ("x.sum(axis=1)", Trait.MATRIX),
        ("np.linalg.inv(x)", Trait.SQUARE),
        ("(x + x.T) / 2", Trait.SQUARE),
        ("helper(x)", Trait.SQUARE),
        ("helper(a=x)", Trait.SQUARE),
        ("np.log(x)", Trait.POSITIVE),
        ("np.log(x / y)", Trait.POSITIVE),
        ("np.searchsorted(x, y)", Trait.INCREASING),
        ("np.sum(y, axis=x)", Trait.AXIS),
        ("np.fft.fft(y, x)", Trait.WHOLE),
        ("y[x]", Trait.INDEX),
        ("np.conj(x)", Trait.COMPLEX),
        ("y @ y + x", Trait.ROWS),
        ("np.array([x * 2, 1.0])", Trait.SCALAR),
        ("if x > 3: pass", Trait.SCALAR),
    ],
)
def test_traits_that_uses_ask_for(body, trait):
    assert trait in facts_of(body)["x"].traits


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("x.beta + 1", ["beta"]),
        ("b = x.beta\nb + 1", ["beta"]),
        ("b, c = x.beta, x.gamma\nb + 1", ["beta"]),
        ("x.layer.index + 1", ["layer", "index"]),
        ("[v + 1 for v in x]", ["[]"]),
        ("[a + b for a, b in zip(x, y)]", ["[]"]),
        ("for k, v in x.items(): v + 1", ["[]"]),
        ("a, b = x\nb + 1", ["[1]"]),
        ("x['key'] + 1", ["['key']"]),
        ("sum(layer.index * 2 for layer in x.layers)", ["layers", "[]", "index"]),
    ],
)
def test_uses_of_parts_are_kept_with_the_way_to_them(body, path):
    facts = facts_of(body)["x"]
    for step in path:
        facts = facts.part(step)
    assert facts.has(How.NUMERIC)


def test_functions_that_call_themselves_come_to_an_end():
    assert facts_of("return f(x) + 1")["x"].uses == frozenset()
