"""`sources`: where the pullbacks of a rule come from, and which of them can be rewritten."""

from __future__ import annotations

import pytest

from tests.convert.dialects.zygoterules.pullback_reading import described, first_problem, results, rule

#: what each pullback of the rule gives that can be rewritten
REWRITTEN = {
    "lambda": ("return f(x), lambda dy: (dy, None)", [["(seed, none)"]]),
    "nested def": ("def back(dy):\n    return dy, None\nreturn f(x), back", [["(seed, none)"]]),
    "lambda under a name": ("back = lambda dy: (dy, None)\nreturn f(x), back", [["(seed, none)"]]),
    "pair in parentheses": ("return (f(x), lambda dy: (dy,))", [["(seed)"]]),
    "pair in a variable": ("pair = f(x), lambda dy: (dy,)\nreturn pair", [["(seed)"]]),
    "pair of each branch in a variable": (
        "if x:\n    p = 1.0, lambda dy: None\nelse:\n    p = f(x), lambda dy: (dy,)\nreturn p",
        [["none"], ["(seed)"]],
    ),
    "conditional pair": (
        "return (f(x), lambda dy: (dy,)) if x else (0.0, lambda dy: None)",
        [["(seed)"], ["none"]],
    ),
    "conditional pullback": (
        "return f(x), (lambda dy: (dy,)) if x else (lambda dy: None)",
        [["(seed)"], ["none"]],
    ),
    "conditional pullback in a variable": (
        "back = (lambda dy: (dy,)) if x else (lambda dy: None)\nreturn f(x), back",
        [["(seed)"], ["none"]],
    ),
    "one of two pullbacks": (
        "if x:\n    back = lambda dy: (dy,)\nelse:\n    def back(dy):\n        return\nreturn f(x), back",
        [["(seed)"], ["none"]],
    ),
    "one pullback returned twice": (
        "def back(dy):\n    return (dy,)\nif x > 0:\n    return 0.0, back\nreturn f(x), back",
        [["(seed)"]],
    ),
    "early pair": (
        "if x > 0:\n    return 0.0, lambda dy: None\nreturn f(x), lambda dy: (dy,)",
        [["none"], ["(seed)"]],
    ),
    "helper that makes it": ("return f(x), make(x)", [["(ready, none)"]]),
    "helper that makes it, in a variable": ("back = make(x)\nreturn f(x), back", [["(ready, none)"]]),
    "helper that makes the pair": ("return pair(x)", [["(ready)"]]),
    "helper that makes the pair, unpacked": ("y, back = pair(x)\nreturn y, back", [["(ready)"]]),
    "function inside that makes it": (
        "def g(a): return lambda dy: (dy, a * dy)\nreturn f(x), g(y)",
        [["(seed, ready)"]],
    ),
    "partial of a function inside": (
        "def b(a, dy): return (a * dy,)\nreturn f(x), partial(b, x)",
        [["(ready)"]],
    ),
    "partial of a lambda": (
        "return f(x), functools.partial(lambda a, dy: (dy, None), x)",
        [["(seed, none)"]],
    ),
    "partial by keyword": ("def b(dy, a): return (dy,)\nreturn f(x), partial(b, a=x)", [["(seed)"]]),
}


@pytest.mark.parametrize(("body", "wanted"), REWRITTEN.values(), ids=REWRITTEN)
def test_pullback_of_the_rule_or_of_its_helpers_is_rewritten(body, wanted):
    found = rule(body)
    assert found.problems == ()
    assert (results(found), found.handed) == (wanted, ())


#: how a pullback that stays is called, and what it gives
HANDED = {
    "helper with other users": ("return f(x), shared(x)", None, "<ready>"),
    "helper with other users, in a variable": ("back = shared(x)\nreturn f(x), back", "back({})", "<ready>"),
    "pair of a helper with other users": ("return shared_pair(x)", None, "<ready>"),
    "pair of a helper with other users, unpacked": ("y, b = shared_pair(x)\nreturn y, b", "b({})", "<ready>"),
    "partial of names": ("return f(x), partial(scaled, x)", "scaled(x, {})", "<ready>"),
    "partial by keyword": ("return f(x), partial(turned, a=x)", "turned({}, a=x)", "<ready>"),
    "partial of an expression": ("return f(x), partial(scaled, 2 * x)", None, "<ready>"),
    "partial of a rebound name": ("x = 2 * x\nreturn f(x), partial(scaled, x)", None, "<ready>"),
    "partial in a variable": ("back = partial(inner, x, y)\nreturn f(x), back", "back({})", "<ready, ready>"),
    "pair of the AD": ("return _pullback(x, y)", None, "<given, given>"),
    "pair of the AD, unpacked": ("y, back = _pullback(x, y)\nreturn y, back", "back({})", "<given, given>"),
    "pullback of the AD by its index": ("return f(x), pullback(x, *y)[1]", None, "any number of given"),
}


@pytest.mark.parametrize(("body", "call", "wanted"), HANDED.values(), ids=HANDED)
def test_pullback_from_elsewhere_is_called(body, call, wanted):
    found = rule(body)
    (handed,) = found.handed
    assert (found.problems, found.pullbacks) == ((), ())
    assert handed.call == call
    assert [described(result) for result in handed.results] == [wanted]


LONG = "a_function_with_a_rather_long_name(x, y, first=1, second=2, third=3)"
PROBLEMS = {
    "return f(x)[0]": ("opaque-pair", "the pair comes from `f(x)[0]`, which cannot be read"),
    "return x": ("opaque-pair", "the pair comes from `x`"),
    "return cached(x)": ("opaque-pair", "the pair comes from `cached(x)`, which cannot be rewritten for"),
    "return f(x), *x": ("opaque-pair", "the pair comes from `(f(x), *x)`"),
    "return x.pair": ("opaque-pair", "the pair comes from `x.pair`"),
    "return (p := (1.0, lambda dy: (dy,)))": ("opaque-pair", "the pair comes from `(p := "),
    "pair = f(x), lambda dy: (dy,)\nprint(pair)\nreturn pair": ("opaque-pair", "the pair comes from `pair`"),
    f"return {LONG}": ("opaque-pair", f"the pair comes from `{LONG[:47]}...`"),
    "return x.make(y)": ("opaque-pair", "the pair comes from `x.make(y)`"),
    "return f(x), x.make(y)": (
        "opaque-pullback",
        "the pullback is `x.make(y)`, whose results cannot be read here",
    ),
    "return f(x), cached(x)": ("opaque-pullback", "the pullback is `cached(x)`"),
    "return f(x), make(*x)": ("opaque-pullback", "the pullback is `make(*x)`"),
    "return f(x), zeros(x)": ("opaque-pullback", "the pullback is `zeros(x)`"),
    "return f(x), partial(scaled, *x)": ("opaque-pullback", "the pullback is `partial(scaled, *x)`"),
    "return f(x), partial(scaled, **x)": ("opaque-pullback", "the pullback is `partial(scaled, **x)`"),
    "return f(x), partial(maybe, x)": ("opaque-pullback", "the pullback is `partial(maybe, x)`"),
    "return f(x), partial(x.back, y)": ("opaque-pullback", "the pullback is `partial(x.back, y)`"),
    "return f(x), scaled": ("opaque-pullback", "the pullback is `scaled`"),
    "return f(x), x": ("opaque-pullback", "the pullback is `x`"),
    "for back in x: pass\nreturn f(x), back": ("opaque-pullback", "the pullback is `back`"),
    "if x: back = y\nelse: back = lambda dy: (dy,)\nreturn f(x), back": (
        "opaque-pullback",
        "the pullback is `back`",
    ),
    "def back(dy):\n    return (dy,)\nz = back(1.0)\nreturn f(x), back": (
        "used-pullback",
        "the pullback `back` is used by the rule itself, which expects its old result",
    ),
    "return f(x), shared(x) if x else shared(y)": ("opaque-pullback", "the pullback is `shared(y)`"),
}


@pytest.mark.parametrize(("body", "wanted"), PROBLEMS.items(), ids=PROBLEMS)
def test_pullback_that_cannot_be_read_is_a_problem(body, wanted):
    slug, message = first_problem(rule(body))
    assert slug == wanted[0]
    assert wanted[1] in message


@pytest.mark.parametrize(
    ("call", "parameters", "names"),
    [
        ("make(x)", "x, y", {"x": "a"}),
        ("make(2 * x)", "x, y", {}),
        ("make(y)", "x, y", {"y": "a"}),
    ],
)
def test_helper_knows_the_arguments_by_names_of_its_own(call, parameters, names):
    (pullback,) = rule(f"return f(x), {call}", parameters).pullbacks
    assert pullback.names == names
    assert pullback.maker is pullback.home
    assert pullback.home is not None
    assert pullback.home.name == "make"


def test_function_inside_sees_the_arguments_that_it_does_not_bind_anew():
    (pullback,) = rule("def g(x): return lambda dy: (dy, None)\nreturn f(x), g(2)").pullbacks
    assert (pullback.names, pullback.home) == ({"y": "y"}, None)
