"""`rewrite`: operations carried out on one statement, and nothing else of it touched."""

from __future__ import annotations

import ast

import pytest

from adjoint2rrule.convert.model import Span
from adjoint2rrule.convert.operations import (
    AddAliases,
    AddStatements,
    AsCall,
    AsClassPattern,
    AsInstanceTest,
    DropAliases,
    EditFunction,
    ExtendTuple,
    Operation,
    Replace,
    ReplaceStatement,
    SplitReturn,
    Wrap,
    address,
)
from adjoint2rrule.convert.rewrite import UnfaithfulParseError, rewrite
from adjoint2rrule.convert.splice import splice
from adjoint2rrule.convert.syntax import Module
from tests.convert.building import parsed


def rewritten(content: str | bytes, *operations: Operation) -> str | bytes:
    """Return the file after `operations` on its last statement."""
    module = parsed(content)
    edit = rewrite(module, module.tree.body[-1], operations)
    result = splice(module.source.content, [edit])
    return result.decode() if isinstance(content, str) else result


def node(content: str | bytes, kind: type, index: int = 0):
    """Return a node of a file, counted as its source does."""
    found = [n for n in ast.walk(parsed(content).tree) if isinstance(n, kind)]
    return sorted(found, key=lambda n: (n.lineno, n.col_offset))[index]


def none(content: str | bytes, index: int = 0):
    """Return a ``None`` of a file."""
    found = [n for n in ast.walk(parsed(content).tree) if isinstance(n, ast.Constant) and n.value is None]
    return sorted(found, key=lambda n: (n.lineno, n.col_offset))[index]


# -- expressions -------------------------------------------------------------------------------

REPLACED = {
    "one line": ("return_ = lambda dy: (dy, None)\n", "return_ = lambda dy: (dy, Z())\n"),
    "no last line end": ("x = None", "x = Z()"),
    "parentheses": ("x = (None)\n", "x = (Z())\n"),
    "comment": ("x = (\n    None  # none\n)\n", "x = (\n    Z()  # none\n)\n"),
    "odd spaces": ("x   =  f( None , 1 )\n", "x   =  f( Z() , 1 )\n"),
    "trailing spaces": ("x = None   \n", "x = Z()   \n"),
    "continuation": ("x = \\\n    None\n", "x = \\\n    Z()\n"),
    "tabs": ("def f():\n\treturn None\n", "def f():\n\treturn Z()\n"),
    "odd indentation": ("def f():\n  if x:\n       return None\n", "def f():\n  if x:\n       return Z()\n"),
    "letters before": ("ȳ, x = 'Ω̄', None\n", "ȳ, x = 'Ω̄', Z()\n"),
    "windows": ("def f():\r\n    return None\r\n", "def f():\r\n    return Z()\r\n"),
    "old line ends": ("def f():\r    return None\r", "def f():\r    return Z()\r"),
    "old line end alone": ("x = None\r", "x = Z()\r"),
    "old line end after others": ("f(\r\n  None,\n); a\r", "f(\r\n  Z(),\n); a\r"),
    "old line end missing": ("a\rx = None", "a\rx = Z()"),
    "aligned": ("@f(None,\n   a)\ndef g(): ...\n", "@f(Z(),\n   a)\ndef g(): ...\n"),
    "aligned behind": (
        "x = f(y[None](\n    a), b(c,\n         d))\n",
        "x = f(y[Z()](\n    a), b(c,\n         d))\n",
    ),
    "mixed line ends": ("def f():\r\n    a\n    return None\r\n", "def f():\r\n    a\n    return Z()\r\n"),
    "form feed": ("a\n\x0c\ndef f():\n    return None\n", "a\n\x0c\ndef f():\n    return Z()\n"),
    "decorators": ("a = 1\n@d\n@e\ndef f(): return None\n", "a = 1\n@d\n@e\ndef f(): return Z()\n"),
    "nested": ("class C:\n  class D:\n    x = None\n", "class C:\n  class D:\n    x = Z()\n"),
    "byte order mark": ("\ufeffx = None\n", "\ufeffx = Z()\n"),
    "byte order mark above": ("\ufeffa = 1\nx = None\n", "\ufeffa = 1\nx = Z()\n"),
    "async": ("async def f():\n    return None\n", "async def f():\n    return Z()\n"),
}


@pytest.mark.parametrize(("before", "after"), REPLACED.values(), ids=REPLACED)
def test_expression_is_replaced(before, after):
    at = address(none(before))
    assert rewritten(before.encode(), Replace(at, "Z()")) == after.encode()


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8"])
def test_file_keeps_its_encoding(encoding):
    before = f"# coding: {encoding}\nx = 'é', None  # à\n".encode(encoding)
    after = f"# coding: {encoding}\nx = 'é', Z()  # à\n".encode(encoding)
    assert rewritten(before, Replace(address(none(before)), "Z()")) == after


def test_one_none_of_several_is_replaced():
    text = "x = [None, None, f(None, axis=None)]\n"
    assert rewritten(text, Replace(address(none(text, 2)), "Z()")) == "x = [None, None, f(Z(), axis=None)]\n"


def test_dotted_name_is_replaced_as_a_whole():
    text = "x = zr.adjoint(f)\n"
    target = address(node(text, ast.Attribute))
    assert rewritten(text, Replace(target, "rrule.register")) == "x = rrule.register(f)\n"


def test_nested_nodes_are_changed_together():
    text = "x = (a, {'b': None, 'c': {'d': ()}})\n"
    operations = [
        ExtendTuple(address(node(text, ast.Tuple)), before=("N()",)),
        AsCall(address(node(text, ast.Dict)), "T[A]"),
        Replace(address(none(text)), "Z()"),
        Wrap(address(node(text, ast.Dict, 1)), "T[dict]"),
    ]
    assert rewritten(text, *operations) == "x = (N(), a, T[A](b=Z(), c=T[dict]({'d': ()})))\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = a + b\n", "x = t(lambda: p(a + b))\n"),
        (
            "x = (a  # one\n     + b)  # two\n",
            "x = t(lambda: p((a  # one\n                 + b)))  # two\n",
        ),
        ("x = a + b, c\n", "x = t(lambda: p(a + b)), c\n"),
    ],
)
def test_expression_is_wrapped_and_put_off_in_this_order(before, after):
    at = address(node(before, ast.BinOp))
    assert rewritten(before, Wrap(at, "p"), Wrap(at, "t", delayed=True)) == after


@pytest.mark.parametrize("constant", ["1", "1.0", "2j", "None", "True"])
def test_constants_can_be_wrapped(constant):
    text = f"x = {constant}\n"
    assert rewritten(text, Wrap(address(node(text, ast.Constant)), "p")) == f"x = p({constant})\n"


@pytest.mark.parametrize(
    ("before", "behind", "after"),
    [
        ("def f():\n    return 1\n", 0, "def f():\n    a = 1\n    b = 2\n    return 1\n"),
        ("def f():\n    # c\n    g()\n", 0, "def f():\n    a = 1\n    b = 2\n    # c\n    g()\n"),
        ("def f():\n    # c\n\n    g()\n", 0, "def f():\n    a = 1\n    b = 2\n    # c\n\n    g()\n"),
        ("def f():\n\tg()\n\th()\n", 1, "def f():\n\tg()\n\ta = 1\n\tb = 2\n\th()\n"),
        (
            "def f():\n    'doc'\n\n    # c\n    def g(): ...\n",
            1,
            "def f():\n    'doc'\n\n    a = 1\n    b = 2\n\n    # c\n    def g(): ...\n",
        ),
        ("def f():\r\n    return 1\r\n", 0, "def f():\r\n    a = 1\r\n    b = 2\r\n    return 1\r\n"),
    ],
)
def test_statements_are_added_to_a_function(before, behind, after):
    operation = AddStatements(address(node(before, ast.FunctionDef)), ("a = 1", "b = 2"), behind)
    assert rewritten(before.encode(), operation) == after.encode()


def test_tuples_that_start_at_one_place_are_told_apart():
    text = "x = ((a, b), c)\n"
    outer = node(text, ast.Assign).value
    operations = [ExtendTuple(address(outer), before=("N()",)), AsCall(address(outer.elts[0]), "T")]
    assert rewritten(text, *operations) == "x = (N(), T(a, b), c)\n"


def test_tuple_without_parentheses_is_extended():
    text = "def f():\n    return a, b  # both\n"
    at = address(node(text, ast.Tuple))
    assert (
        rewritten(text, ExtendTuple(at, ("N()",), ("Z()",)))
        == "def f():\n    return N(), a, b, Z()  # both\n"
    )


def test_windows_line_ends_come_with_new_entries():
    text = b"x = (\r\n    a,\r\n    b,\r\n)\r\n"
    at = address(node(text, ast.Tuple))
    wanted = b"x = (\r\n    n,\r\n    a,\r\n    b,\r\n    z,\r\n)\r\n"
    assert rewritten(text, ExtendTuple(at, ("n",), ("z",))) == wanted


def test_wrapped_dict_loses_its_zero_entries():
    text = "x = {1: a, 2: None}\n"
    operation = Wrap(address(node(text, ast.Dict)), "T[dict]", frozenset({1}))
    assert rewritten(text, operation) == "x = T[dict]({1: a})\n"


# -- functions ---------------------------------------------------------------------------------

HEADS = {
    "def f(x): ...": "def g(f, x): ...",
    "def f(): ...": "def g(f): ...",
    "def f(x, /, y): ...": "def g(f, x, /, y): ...",
    "def f(*xs): ...": "def g(f, *xs): ...",
    "def f(*, k): ...": "def g(f, *, k): ...",
    "def f(**kw): ...": "def g(f, **kw): ...",
    "def f(x=1): ...": "def g(f, x=1): ...",
    "def f( x ): ...": "def g( f, x ): ...",
    "def f(\n): ...": "def g(f): ...",
    "def f(\n\n    ): ...": "def g(f): ...",
    "def f(  # none\n): ...": "def g(  # none\n    f\n): ...",
    "def f(\n    # none\n): ...": "def g(\n    # none\n    f\n): ...",
    "def f (x): ...": "def g (f, x): ...",
    "def f(\n    x,\n    y,\n): ...": "def g(\n    f,\n    x,\n    y,\n): ...",
    "def f(  # all\n    # one\n    x,\n): ...": "def g(  # all\n    f,\n    # one\n    x,\n): ...",
    "def f(x):  # noqa\n    ...": "def g(f, x):  # noqa\n    ...",
}


@pytest.mark.parametrize(("before", "after"), HEADS.items(), ids=HEADS)
def test_head_of_a_function_is_edited(before, after):
    at = address(node(before, ast.FunctionDef))
    assert rewritten(before, EditFunction(at, "g", ("f",))) == after


def test_name_and_parameters_stay_where_none_are_given():
    text = "def f(x): ...\n"
    at = address(node(text, ast.FunctionDef))
    assert rewritten(text, EditFunction(at)) == text
    assert rewritten(text, EditFunction(at, name="g")) == "def g(x): ...\n"
    assert rewritten(text, EditFunction(at, parameters=("g",))) == "def f(g, x): ...\n"


# -- statements --------------------------------------------------------------------------------

STATEMENTS = {
    "more than one": ("nograd(f, g)\n", ("a", "b"), "a\nb\n"),
    "a comment behind": ("nograd(f)  # why\n", ("a",), "a  # why\n"),
    "old line ends": ("nograd(f, g)\r", ("a", "b"), "a\rb\r"),
    "in a function": (
        "def f():\n    # why\n    nograd(g)\n",
        ("a", "b"),
        "def f():\n    # why\n    a\n    b\n",
    ),
    "on the line of another": ("x = 1; nograd(f)\n", ("a", "b"), "x = 1; a; b\n"),
    "before another": ("nograd(f); x = 1\n", ("a", "b"), "a; b; x = 1\n"),
    "on the line of a head": ("if x: nograd(f)\n", ("a", "b"), "if x: a; b\n"),
    "gone": ("x = 1; nograd(f)\n", (), "x = 1\n"),
    "gone before another": ("nograd(f); x = 1\n", (), "x = 1\n"),
    "gone and alone": ("if x: nograd(f)\n", (), "if x: pass\n"),
}


@pytest.mark.parametrize(("before", "texts", "after"), STATEMENTS.values(), ids=STATEMENTS)
def test_statement_is_replaced(before, texts, after):
    module = parsed(before)
    (call,) = [n for n in ast.walk(module.tree) if isinstance(n, ast.Expr)]
    edit = rewrite(module, module.tree.body[0], [ReplaceStatement(address(call), texts)])
    assert splice(before.encode(), [edit]).decode() == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(): return g()\n", "def f():\n    y, b = g()\n    return y, h(b)\n"),
        ("def f(): x = 1; return g()\n", "def f():\n    x = 1\n    y, b = g()\n    return y, h(b)\n"),
        ("def f(): return g()  # why\n", "def f():\n    y, b = g()  # why\n    return y, h(b)\n"),
        ("def f(): return g()\r\n", "def f():\r\n    y, b = g()\r\n    return y, h(b)\r\n"),
        (
            "def f():\n\tif x: return g()\n\treturn x\n",
            "def f():\n\tif x:\n\t\ty, b = g()\n\t\treturn y, h(b)\n\treturn x\n",
        ),
    ],
)
def test_return_on_the_line_of_a_head_is_split_below_it(before, after):
    at = address(
        next(
            n
            for n in ast.walk(parsed(before).tree)
            if isinstance(n, ast.Return) and isinstance(n.value, ast.Call)
        )
    )
    assert rewritten(before, SplitReturn(at, "y, b", "return y, h(b)")) == after


def test_return_of_a_pair_is_split_behind_its_value():
    text = "def f():\n    return g(x), back  # why\n"
    at = address(node(text, ast.Return))
    split = rewritten(text, SplitReturn(at, "y", "return y, h(back)"))
    assert split == "def f():\n    y = g(x)  # why\n    return y, h(back)\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f():\n    import a\n\n    return 1\n", "def f():\n    return 1\n"),
        ("def f():\n    import a\n\n    # why\n    return 1\n", "def f():\n    # why\n    return 1\n"),
        ("def f():\n    x = 1\n    import a\n\n    return 1\n", "def f():\n    x = 1\n\n    return 1\n"),
    ],
)
def test_first_line_of_a_block_goes_with_the_blank_lines_below(before, after):
    at = address(node(before, ast.Import))
    assert rewritten(before, ReplaceStatement(at, ())) == after


def test_return_without_a_value_is_replaced():
    text = "def f():\n    if x:\n        return  # nothing\n    return 1\n"
    operation = ReplaceStatement(address(node(text, ast.Return)), ("return (N(),)",))
    assert rewritten(text, operation) == text.replace("return  #", "return (N(),)  #")


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        (lambda at: DropAliases(at, frozenset({0})), "from m import b  # noqa\n"),
        (lambda at: AddAliases(at, ("aa as x",)), "from m import a, aa as x, b  # noqa\n"),
    ],
)
def test_names_of_an_import_change(operation, wanted):
    text = "from m import a, b  # noqa\n"
    assert rewritten(text, operation(address(node(text, ast.ImportFrom)))) == wanted


# -- what cannot change ------------------------------------------------------------------------


def test_edit_covers_only_the_lines_that_change():
    text = "@d\ndef f(x):\n    '''Doc.'''\n    return None\n    # end\n"
    module = parsed(text)
    edit = rewrite(module, module.tree.body[0], [Replace(address(none(text)), "Z()")])
    start = text.index("    return")
    assert edit.span == Span(start, text.index("    # end"))
    assert edit.replacement == b"    return Z()\n"


def test_edits_of_other_statements_are_not_needed():
    # libcst never sees the first statement, which it would not print back as it stands.
    text = "try: pass\nexcept X : pass\nx = None\n"
    assert rewritten(text, Replace(address(none(text)), "Z()")) == text.replace("None", "Z()")


def test_statement_that_libcst_does_not_print_back_is_not_touched():
    text = "try: x = None\nexcept X : pass\n"  # libcst 1.9 drops the space
    module: Module = parsed(text)
    with pytest.raises(UnfaithfulParseError, match="does not print the statement back"):
        rewrite(module, module.tree.body[0], [Replace(address(none(text)), "Z()")])


def test_operation_on_a_node_that_libcst_does_not_see_is_not_guessed_at():
    module = parsed("x = 1\ny = None\n")
    elsewhere = address(none("x, y, z = None\n"))
    with pytest.raises(UnfaithfulParseError, match="otherwise than Python"):
        rewrite(module, module.tree.body[0], [Replace(elsewhere, "Z()")])


# -- tests and patterns ------------------------------------------------------------------------

TESTED = {
    "y = x is None\n": "y = isinstance(x, Z)\n",
    "y = x is not None\n": "y = not isinstance(x, Z)\n",
    "y = x == None or a\n": "y = isinstance(x, Z) or a\n",
    "y = x != None or a\n": "y = not isinstance(x, Z) or a\n",
    "y = None is x\n": "y = isinstance(x, Z)\n",
    "y = not x is None\n": "y = not isinstance(x, Z)\n",
    "y = (x is not None) * a\n": "y = (not isinstance(x, Z)) * a\n",
    "y = a and  x  is  None  # missing\n": "y = a and  isinstance(x, Z)  # missing\n",
    "if(x)is None: pass\n": "if(isinstance(x, Z)): pass\n",
    "if (x := a) is None: pass\n": "if isinstance((x := a), Z): pass\n",
    "y = 1 if x is(None)else 2\n": "y = 1 if isinstance(x, Z)else 2\n",
    "y = x[None, 0] is None\n": "y = isinstance(x[None, 0], Z)\n",
    "y = (  # one\n    x  # two\n    is  # three\n    not  # four\n    None  # five\n)\n": (
        "y = (  # one\n    not isinstance(x  # two\n    ,  # three\n    Z  # four\n    )  # five\n)\n"
    ),
}


@pytest.mark.parametrize(("before", "after"), TESTED.items(), ids=TESTED)
def test_comparison_becomes_a_test_for_a_class(before, after):
    compare = node(before, ast.Compare)
    negated = isinstance(compare.ops[0], ast.IsNot | ast.NotEq)
    is_left = not isinstance(compare.left, ast.Constant)
    assert rewritten(before, AsInstanceTest(address(compare), "Z", is_left, negated)) == after


def test_operand_of_a_comparison_changes_with_it():
    text = "y = a or x is None\n"
    compare = node(text, ast.Compare)
    operations = [AsInstanceTest(address(compare), "Z"), Wrap(address(compare.left), "unthunk")]
    assert rewritten(text, *operations) == "y = a or isinstance(unthunk(x), Z)\n"


def test_comparison_that_libcst_cannot_write_otherwise_is_not_touched():
    text = "if(x := a)is None: pass\n"
    with pytest.raises(UnfaithfulParseError, match="cannot write"):
        rewritten(text, AsInstanceTest(address(node(text, ast.Compare)), "Z"))


MATCHED = {
    "None": "Z()",
    "(None)": "(Z())",
    "(a, None)": "(a, Z())",
    "[ None , *_]": "[ Z() , *_]",
    "(  # one\n        None,  # two\n    )": "(  # one\n        Z(),  # two\n    )",
    "{'a': None}": "{'a': Z()}",
    "Foo(a=None)": "Foo(a=Z())",
    "1 | None": "1 | Z()",
    "None as a": "Z() as a",
}


@pytest.mark.parametrize(("before", "after"), MATCHED.items(), ids=MATCHED)
def test_pattern_none_becomes_that_of_a_class(before, after):
    text = "match x:\n    case {}:  # here\n        pass\n"
    operation = AsClassPattern(address(node(text.replace("{}", before), ast.MatchSingleton)), "Z")
    assert rewritten(text.replace("{}", before), operation) == text.replace("{}", after)
