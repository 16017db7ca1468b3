"""`scopes`: which names a scope binds, by what, and where a name is looked up."""

from __future__ import annotations

import ast

import pytest

from adjoint2rrule.convert.scopes import (
    By,
    Rest,
    Scope,
    evaluated,
    names_bound_by,
    outer_expressions,
    parameters_of,
    walk_scope,
)
from tests.convert.building import expression, parsed, sample


def module_scope(text: str) -> Scope:
    return Scope(parsed(text).tree)


def kinds(scope: Scope) -> dict[str, list[By]]:
    return {name: [binding.by for binding in bindings] for name, bindings in scope.bindings.items()}


BINDINGS = {
    "import a": {"a": [By.IMPORT]},
    "import a.b": {"a": [By.IMPORT]},
    "import a.b as c": {"c": [By.IMPORT]},
    "from a import b, c as d": {"b": [By.IMPORT], "d": [By.IMPORT]},
    "from a import *": {},
    "try:\n    import a\nexcept ImportError:\n    a = None": {"a": [By.IMPORT, By.VALUE]},
    "if x:\n    import a\nelse:\n    from b import a": {"a": [By.IMPORT, By.IMPORT]},
    "def f(x):\n    y = 1": {"f": [By.FUNCTION]},
    "async def f(): pass": {"f": [By.FUNCTION]},
    "class C:\n    x = 1": {"C": [By.CLASS]},
    "x = 1": {"x": [By.VALUE]},
    "x = y = 1": {"x": [By.VALUE], "y": [By.VALUE]},
    "x: int = 1": {"x": [By.VALUE]},
    "x: int": {"x": [By.OTHER]},
    "x = 1\nx += 2": {"x": [By.VALUE, By.UPDATE]},
    "a, b = 1, 2": {"a": [By.VALUE], "b": [By.VALUE]},
    "a, (b, c) = 1, (2, 3)": {"a": [By.VALUE], "b": [By.VALUE], "c": [By.VALUE]},
    "a, b = c": {"a": [By.PART], "b": [By.PART]},
    "[a, *b] = 1, 2": {"a": [By.PART], "b": [By.PART]},
    "a, b = *c, 1": {"a": [By.PART], "b": [By.PART]},
    "x[i] = 1\ny.z = 2": {},
    "x = (y := 1)": {"x": [By.VALUE], "y": [By.VALUE]},
    "f(x := 1)": {"x": [By.VALUE]},
    "for i, j in x: pass": {"i": [By.ELEMENT], "j": [By.ELEMENT]},
    "with a as b, c as (d, e): pass": {"b": [By.OTHER], "d": [By.OTHER], "e": [By.OTHER]},
    "try: pass\nexcept E as e: pass": {"e": [By.OTHER]},
    "del x": {"x": [By.OTHER]},
    "match x:\n    case [a, *b]: pass": {"a": [By.PART], "b": [By.PART]},
    "match x:\n    case {'k': a, **b}: pass": {"a": [By.PART], "b": [By.PART]},
    "match x:\n    case C(a) as b: pass\n    case None: pass": {"b": [By.PART], "a": [By.PART]},
    "[i for i in x]": {},
    "{k: v for k, v in x}": {},
    "[y := i for i in x]": {"y": [By.VALUE]},
    "f = lambda x: (y := x)": {"f": [By.VALUE]},
    "def f(x=(y := 1)): pass": {"f": [By.FUNCTION], "y": [By.VALUE]},
    "@(d := e)\nclass C(b := B): pass": {"C": [By.CLASS], "d": [By.VALUE], "b": [By.VALUE]},
}


@pytest.mark.parametrize(("text", "wanted"), BINDINGS.items(), ids=BINDINGS)
def test_scope_binds(text, wanted):
    assert kinds(module_scope(text)) == wanted


def test_bound_value_is_the_part_of_the_expression_that_the_name_gets():
    bindings = module_scope("a, (b, c) = 1, d").bindings
    assert [ast.unparse(bindings[name][0].value) for name in "abc"] == ["1", "d", "d"]


def test_names_are_the_folded_ones_that_python_compares():
    # `ﬁ` is a ligature, and the second `ȳ` is a letter and a combining mark.
    assert list(module_scope("ﬁt = 1\nȳ = 2\nȳ = 3").bindings) == ["fit", "ȳ"]


def test_function_binds_its_parameters_of_every_kind():
    scope = sample("def f(a, /, b, *c, d, **e):\n    a = 1").inside("f")
    assert kinds(scope) == {"a": [By.PARAMETER, By.VALUE], **{n: [By.PARAMETER] for n in "bcde"}}


def test_lambda_binds_its_parameters():
    value = expression("lambda x, *y: (z := x)")
    assert set(Scope(value).bindings) == {"x", "y", "z"}


def test_star_imports_are_kept_in_order():
    scope = module_scope("from b import *\nif x:\n    from a import *")
    assert [statement.module for statement in scope.star_imports] == ["b", "a"]


def test_comprehension_has_a_scope_for_its_variables():
    scope = Scope(expression("{k: v for k, (v, w) in x if (y := k)}"))
    assert set(scope.bindings) == {"k", "v", "w"}


def test_code_nested_more_deeply_than_calls_can_be_is_read():
    tree = ast.parse("last = 1")
    for _ in range(5000):
        tree = ast.Module([ast.If(ast.Constant(True), tree.body, [])], [])
    assert set(Scope(tree).bindings) == {"last"}


# -- looking up --------------------------------------------------------------------------------

NESTED = """
    x = y = z = w = 0
    class C:
        x = 1
        def method(self):
            return x
    def outer(y):
        z = 1
        def inner():
            global w
            nonlocal z
            w = z = 2
            v = 3
    """


@pytest.mark.parametrize(
    ("name", "start", "where"),
    [
        ("x", "C", "C"),
        ("x", "method", None),  # methods do not see the names of their class
        ("self", "method", "method"),
        ("y", "outer", "outer"),
        ("y", "inner", "outer"),
        ("v", "inner", "inner"),
        ("z", "inner", "outer"),
        ("w", "inner", None),
        ("x", "inner", None),
        ("C", "method", None),
    ],
)
def test_name_is_found_in_the_scope_that_python_looks_in(name, start, where):
    file = sample(NESTED)
    found = file.inside(start).find(name)
    assert found is not None
    assert found[0] is (file.scope if where is None else file.inside(where))


def test_unbound_name_is_found_nowhere():
    assert sample(NESTED).inside("inner").find("len") is None


def test_inner_scopes_are_made_once():
    file = sample(NESTED)
    assert file.inside("inner") is file.inside("inner")
    assert file.inside("inner").module is file.scope


def test_borrowed_names_are_those_declared_global_or_nonlocal():
    assert sample(NESTED).inside("inner").borrowed == {"w", "z"}


@pytest.mark.parametrize(
    ("body", "by"),
    [
        ("g = 1", By.OTHER),
        ("from a import g", By.IMPORT),
        ("def g(): ...", By.OTHER),
        ("g += 1", By.OTHER),
    ],
)
def test_name_that_a_function_declares_global_is_bound_in_the_module(body, by):
    scope = sample(f"class C:\n  def f(self):\n    if x:\n      global g\n    {body}").scope
    assert [b.by for b in scope.bindings["g"]] == [by]


def test_name_that_a_function_only_reads_by_global_is_not_bound():
    assert "g" not in sample("def f():\n    global g\n    return g").scope.bindings


# -- walking -----------------------------------------------------------------------------------


def test_parameters_come_in_the_order_of_the_source():
    function = parsed("def f(a, /, b, *c, d, **e): pass").tree.body[0]
    assert [p.arg for p in parameters_of(function)] == list("abcde")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("@d\ndef f(a: A, b=B, *c: C, e=E, **g: G) -> R: body", {"d", "A", "B", "C", "E", "G", "R"}),
        ("@d\nclass C(B, metaclass=M): body", {"d", "B", "M"}),
    ],
)
def test_head_of_a_definition_is_evaluated_around_it(text, wanted):
    node = parsed(text).tree.body[0]
    assert {ast.unparse(e) for e in outer_expressions(node)} == wanted


def test_lambda_evaluates_only_its_defaults_around_it():
    assert [ast.unparse(e) for e in outer_expressions(expression("lambda x, y=a, *, z=b: c"))] == ["a", "b"]


def test_walk_of_a_body_does_not_enter_inner_functions():
    body = parsed("a\ndef f(x=b):\n    c\ng(lambda: d, e)\nclass C(i):\n    h").tree.body
    assert [n.id for n in walk_scope(body) if isinstance(n, ast.Name)] == ["a", "b", "g", "e", "i"]


def test_walk_of_a_body_yields_the_definitions_themselves():
    body = parsed("def f(): pass\ng = lambda: 1").tree.body
    kinds = {type(n) for n in walk_scope(body)}
    assert {ast.FunctionDef, ast.Lambda} <= kinds
    assert ast.Pass not in kinds


def test_first_iterable_of_a_comprehension_is_evaluated_around_it():
    file = sample("[a for b in c if d for e in f]")
    where = {n.id: scope is file.scope for n, scope, _ in evaluated(file.scope) if isinstance(n, ast.Name)}
    assert where == {"a": False, "b": False, "c": True, "d": False, "e": False, "f": False}


def test_every_node_is_evaluated_in_its_own_scope():
    file = sample("""
        @a
        def f(x=b):
            c
            class C(d):
                e
                def g(self): h
            return lambda y=i: j
        """)
    where = {n.id: (scope, fs) for n, scope, fs in evaluated(file.scope) if isinstance(n, ast.Name)}
    f, method = file.definition("f"), file.definition("g")
    assert {name: where[name][0] for name in "abcdeh"} == {
        "a": file.scope,
        "b": file.scope,
        "c": file.inside("f"),
        "d": file.inside("f"),
        "e": file.inside("C"),
        "h": file.inside("g"),
    }
    assert where["i"][0] is file.inside("f")
    assert where["j"][0].parent is file.inside("f")
    assert [where[name][1] for name in "abceh"] == [(), (), (f,), (f,), (f, method)]
    assert list(where) == list("abcdehij")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a = b", {"a"}),
        ("def a(b, *c, **d): e", {"a", "b", "c", "d"}),
        ("async def a(): pass", {"a"}),
        ("class a(b): pass", {"a"}),
        ("import a.b, c as d", {"a", "d"}),
        ("try: pass\nexcept A as a: pass", {"a"}),
        ("match x:\n    case [a, *b]: pass\n    case {'k': c, **d}: pass\n    case e: pass", set("abcde")),
        ("def f():\n    global a\n    nonlocal_ = 1", {"f", "a", "nonlocal_"}),
        ("[a for b in c]", {"b"}),
        ("del a", {"a"}),
    ],
)
def test_names_that_nodes_bind(text, names):
    assert {name for node in ast.walk(ast.parse(text)) for name in names_bound_by(node)} == names


@pytest.mark.parametrize(
    ("text", "path"),
    {
        "x = y": (),
        "x, a = y": (0,),
        "a, x = y": (1,),
        "a, *b, x, c = y": (-2,),
        "a, *x, c = y": (Rest(1, 1),),
        "a, (b, *x) = y": (1, Rest(1, 0)),
        "for a, x in y: pass": (1,),
        "for x in y: pass": (),
        "match y:\n    case x: pass": (),
        "match y:\n    case (None, x): pass": (None,),
    }.items(),
)
def test_binding_tells_which_part_of_a_value_a_name_takes(text, path):
    (binding,) = module_scope(text).bindings["x"]
    assert ast.unparse(binding.value) == "y"
    assert binding.path == path
