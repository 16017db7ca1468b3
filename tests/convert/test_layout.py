"""`layout`: what is added or dropped keeps to the layout of what is there."""

from __future__ import annotations

import libcst as cst
import pytest

from adjoint2rrule.convert.layout import (
    as_call,
    extend_tuple,
    keep_entries,
    with_aliases,
    without_aliases,
)


def code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def import_in(text: str):
    line = cst.parse_module(text).body[0]
    assert isinstance(line, cst.SimpleStatementLine)
    return line.body[0]


# -- tuples ------------------------------------------------------------------------------------

EXTENDED = {
    # on one line
    ("(x, y)", "n", ""): "(n, x, y)",
    ("(x, y)", "", "z"): "(x, y, z)",
    ("(x, y)", "n m", "z w"): "(n, m, x, y, z, w)",
    ("x, y", "n", "z"): "n, x, y, z",
    ("(x,y)", "n", "z"): "(n,x,y,z)",
    ("(x , y)", "n", "z"): "(n, x , y, z)",
    ("(x, y, )", "n", "z"): "(n, x, y, z, )",
    ("(x, y,)", "", "z"): "(x, y, z,)",
    ("( x, y )", "n", ""): "( n, x, y )",
    # the comma of a lone entry is there for the tuple's sake alone
    ("(x,)", "n", ""): "(n, x)",
    ("x,", "n", ""): "n, x",
    ("(x, )", "n", ""): "(n, x)",
    ("(x, )", "", "z"): "(x, z)",
    ("( x, )", "n", "z"): "( n, x, z )",
    ("(x,)", "", "z"): "(x, z)",
    # empty
    ("()", "n", ""): "(n,)",
    ("()", "n", "z"): "(n, z)",
    # over several lines
    ("(\n    x,\n    y,\n)", "n", ""): "(\n    n,\n    x,\n    y,\n)",
    ("(\n    x,\n    y,\n)", "", "z"): "(\n    x,\n    y,\n    z,\n)",
    ("(\n    x,\n    y\n)", "", "z"): "(\n    x,\n    y,\n    z\n)",
    ("(\n\tx,\n\ty,\n)", "n", "z"): "(\n\tn,\n\tx,\n\ty,\n\tz,\n)",
    ("(\n    x,\n)", "n", "z"): "(\n    n,\n    x,\n    z,\n)",
    ("(\n    x,\n)", "", "z w"): "(\n    x,\n    z,\n    w,\n)",
    ("(x,\n y)", "n", ""): "(n, x,\n y)",
    ("(\n    x, y)", "n", "z"): "(\n    n, x, y, z)",
    ("(\n    x, y,\n    z\n)", "n", ""): "(\n    n, x, y,\n    z\n)",
    ("(  # all\n    x, y)", "n", ""): "(  # all\n    n, x, y)",
    # with comments
    ("(\n    x,\n    y,  # two\n)", "", "z"): "(\n    x,\n    y,  # two\n    z,\n)",
    ("(\n    x,\n    y  # two\n)", "", "z"): "(\n    x,\n    y,  # two\n    z\n)",
    ("(\n    x,\n    # end\n)", "", "z"): "(\n    x,\n    # end\n    z,\n)",
    ("(\n    x,  # one\n    y,  # two\n)", "n", ""): "(\n    n,\n    x,  # one\n    y,  # two\n)",
    ("(\n    # one\n    x,\n    y,\n)", "n", ""): "(\n    n,\n    # one\n    x,\n    y,\n)",
    ("(  # all\n    x,\n    y,\n)", "n", ""): "(  # all\n    n,\n    x,\n    y,\n)",
    ("(\n    x,\n    # two\n    y,\n)", "", "z"): "(\n    x,\n    # two\n    y,\n    z,\n)",
}


@pytest.mark.parametrize(("given", "wanted"), EXTENDED.items(), ids=map(repr, EXTENDED))
def test_tuple_is_extended_in_its_layout(given, wanted):
    text, before, after = given
    node = cst.parse_expression(text)
    assert isinstance(node, cst.Tuple)
    added = [[cst.parse_expression(name) for name in names.split()] for names in (before, after)]
    assert code(extend_tuple(node, *added)) == wanted


# -- calls -------------------------------------------------------------------------------------

CALLS = {
    ("{'a': 1, 'b': 2}", ()): "T(a=1, b=2)",
    ('{"a" : 1}', ()): "T(a=1)",
    ("{}", ()): "T()",
    ("{'a': 1, 'b': 2}", (0,)): "T(b=2)",
    ("{'a': 1, 'b': 2}", (1,)): "T(a=1)",
    ("{'a': 1, 'b': 2,}", (1,)): "T(a=1,)",
    ("{'a': 1}", (0,)): "T()",
    ("{'a': 1, 'b': 2, 'c': 3}", (0, 2)): "T(b=2)",
    ("dict(a=1, b=2)", ()): "T(a=1, b=2)",
    ("SimpleNamespace( a = 1 )", ()): "T( a = 1 )",
    ("dict(a=1, b=2)", (1,)): "T(a=1)",
    ("dict(a=1, b=2)", (0,)): "T(b=2)",
    ("dict(a=1, b=2)", (0, 1)): "T()",
    ("(x, y)", ()): "T(x, y)",
    ("(x,)", ()): "T(x)",
    ("x, y", ()): "T(x, y)",
    ("()", ()): "T()",
    ("( )", ()): "T()",
    ("(())", ()): "(T())",
    ("((x, y))", ()): "(T(x, y))",
    ("[x, *y]", ()): "T(x, *y)",
    ("{\n    'a': 1,\n    'b': 2,\n}", ()): "T(\n    a=1,\n    b=2,\n)",
    ("{\n    'a': 1,\n    'b': 2\n}", ()): "T(\n    a=1,\n    b=2\n)",
    ("{\n    'a': 1,\n    'b': 2,\n}", (1,)): "T(\n    a=1,\n)",
    ("{\n    'a': 1,\n    'b': 2\n}", (1,)): "T(\n    a=1\n)",
    ("{\n    'a': 1,  # one\n    'b': 2,\n}", (1,)): "T(\n    a=1,  # one\n)",
    ("{'a' 'b': 1}", ()): "T(ab=1)",
    ("{\n    'a': 1,\n    'b': 2,\n}", (0,)): "T(\n    b=2,\n)",
    ("{\n\t'a': 1,\n\t'b': 2,\n}", ()): "T(\n\ta=1,\n\tb=2,\n)",
    ("{  # all\n    # one\n    'a': 1,  # two\n}", ()): "T(  # all\n    # one\n    a=1,  # two\n)",
    ("{'a': 1,\n 'b': 2}", ()): "T(a=1,\n b=2)",
    ("(\n    x,\n    y,\n)", ()): "T(\n    x,\n    y,\n)",
    ("(\n    x,\n)", ()): "T(\n    x,\n)",
    ("[\n    x,  # one\n    y\n]", ()): "T(\n    x,  # one\n    y\n)",
}


@pytest.mark.parametrize(("given", "wanted"), CALLS.items(), ids=map(repr, CALLS))
def test_display_becomes_a_call_in_its_layout(given, wanted):
    text, dropped = given
    node = cst.parse_expression(text)
    assert isinstance(node, cst.Call | cst.Dict | cst.List | cst.Tuple)
    made = code(as_call(node, cst.Name("T"), frozenset(dropped)))
    assert made == wanted
    assert code(cst.parse_expression(made)) == made


@pytest.mark.parametrize(
    ("text", "dropped", "wanted"),
    [
        ("{1: a, 2: b}", {0}, "{2: b}"),
        ("{1: a, 2: b}", {1}, "{1: a}"),
        ("{1: a, 2: b}", {0, 1}, "{}"),
        ("{1: a, 2: b}", set(), "{1: a, 2: b}"),
        ("{1: a, 2: b, }", {1}, "{1: a, }"),
        ("{\n  1: a,\n  2: b,\n}", {1}, "{\n  1: a,\n}"),
        ("{\n  1: a,\n  2: b\n}", {1}, "{\n  1: a\n}"),
    ],
)
def test_dict_without_entries_ends_as_before(text, dropped, wanted):
    node = cst.parse_expression(text)
    assert isinstance(node, cst.Dict)
    assert code(keep_entries(node, dropped)) == wanted


# -- imports -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "dropped", "wanted"),
    [
        ("from m import a, b, c", {1}, "from m import a, c"),
        ("from m import a, b, c", {0}, "from m import b, c"),
        ("from m import a, b, c", {2}, "from m import a, b"),
        ("from m import a, b, c", {1, 2}, "from m import a"),
        ("from m import (a, b,)", {1}, "from m import (a,)"),
        ("from m import (\n    a,\n    b,\n)", {1}, "from m import (\n    a,\n)"),
        ("from m import (\n    a,\n    b,\n)", {0}, "from m import (\n    b,\n)"),
        ("from m import (a,  # of a\n    b)", {0}, "from m import (\n    # of a\n    b)"),
        ("from m import (a,  # noqa\n    b)", {0}, "from m import (b)"),
        ("from m import (a,  # noqa\n    # of b\n    b)", {0}, "from m import (\n    # of b\n    b)"),
        ("from m import (a, b,  # of b\n    c)", {1}, "from m import (a,\n    # of b\n    c)"),
        ("import a, b.c as d", {0}, "import b.c as d"),
        ("import a, b.c as d", {1}, "import a"),
    ],
)
def test_names_leave_an_import(text, dropped, wanted):
    node = import_in(text)
    assert isinstance(node, cst.Import | cst.ImportFrom)
    assert code(without_aliases(node, dropped)) == wanted


@pytest.mark.parametrize(
    ("text", "names", "wanted"),
    [
        ("from m import b", ["a"], "from m import a, b"),
        ("from m import b", ["c"], "from m import b, c"),
        ("from m import a, c", ["b", "d"], "from m import a, b, c, d"),
        (
            "from m import Tangent, rrule",
            ["NoTangent", "thunk"],
            "from m import NoTangent, Tangent, rrule, thunk",
        ),
        ("from m import MAX, Tangent", ["NoTangent"], "from m import MAX, NoTangent, Tangent"),
        ("from m import b", ["a as x"], "from m import a as x, b"),
        ("from m import a as x, c", ["b"], "from m import a as x, b, c"),
        ("from m import (a, c)", ["b"], "from m import (a, b, c)"),
        (
            "from m import (\n    a,\n    c,\n)",
            ["b", "d"],
            "from m import (\n    a,\n    b,\n    c,\n    d,\n)",
        ),
        (
            "from m import (\n    a,  # of a\n    # over c\n    c,  # of c\n)",
            ["b", "d"],
            "from m import (\n    a,  # of a\n    b,\n    # over c\n    c,  # of c\n    d,\n)",
        ),
        (
            "from m import (\n    b,  # of b\n    c,\n)",
            ["a"],
            "from m import (\n    a,\n    b,  # of b\n    c,\n)",
        ),
        ("from m import (a, b,  # of both\n)", ["c"], "from m import (a, b, c,  # of both\n)"),
        ("from m import (a,b)", ["c"], "from m import (a,b,c)"),
        ("from m import (\n    b,\n)", ["a"], "from m import (\n    a,\n    b,\n)"),
        ("from m import (\n    b\n)", ["a"], "from m import (\n    a,\n    b\n)"),
    ],
)
def test_names_join_an_import_in_order(text, names, wanted):
    node = import_in(text)
    assert isinstance(node, cst.ImportFrom)
    assert code(node.with_changes(names=with_aliases(node, names))) == wanted
