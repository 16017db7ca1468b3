"""`operations`: addresses, by which the two kinds of tree name the same node."""

from __future__ import annotations

import ast

import pytest

from adjoint2rrule.convert.operations import Address, address
from tests.convert.building import expression, parsed

EXPRESSIONS = {
    "None": Address("Name", (1, 0), (1, 4)),
    "12": Address("Integer", (1, 0), (1, 2)),
    "1.0": Address("Float", (1, 0), (1, 3)),
    "2j": Address("Imaginary", (1, 0), (1, 2)),
    "f": Address("Name", (1, 0), (1, 1)),
    "a.b": Address("Attribute", (1, 0), (1, 3)),
    "f(x)": Address("Call", (1, 0), (1, 4)),
    "{'a': 1}": Address("Dict", (1, 0), (1, 8)),
    "[1]": Address("List", (1, 0), (1, 3)),
    "(\n None)": Address("Name", (2, 1), (2, 5)),
    "(x, y)": Address("Tuple", (1, 1)),
    "x, y": Address("Tuple", (1, 0)),
    "()": Address("Tuple", (1, 1)),
    "((x), y)": Address("Tuple", (1, 2)),
    "(*x, y)": Address("Tuple", (1, 2)),
    "((x, y), z)": Address("Tuple Tuple", (1, 2)),
    "(((x,),),)": Address("Tuple Tuple Tuple", (1, 3)),
    "(  # c\n  x, y)": Address("Tuple", (2, 2)),
}


@pytest.mark.parametrize(("text", "wanted"), EXPRESSIONS.items(), ids=map(repr, EXPRESSIONS))
def test_address_of_an_expression(text, wanted):
    assert address(expression(text)) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("return None", Address("Return", (1, 0))),
        ("x = 1", Address("Assign", (1, 0))),
        ("from a import (\n    b)", Address("ImportFrom", (1, 0))),
        ("@d\ndef f(): pass", Address("FunctionDef", (2, 0))),
        ("async def f(): pass", Address("FunctionDef", (1, 0))),
    ],
)
def test_statement_is_addressed_by_where_it_starts(text, wanted):
    assert address(ast.parse(text).body[0]) == wanted


def test_tuples_that_start_at_one_place_have_different_addresses():
    outer = expression("((x, y), z)")
    inner = outer.elts[0]
    assert len({address(outer), address(inner), address(inner.elts[0])}) == 3


def test_columns_are_counted_in_bytes():
    value = parsed("ȳ = None").tree.body[0].value
    assert address(value).start == (1, 5)
