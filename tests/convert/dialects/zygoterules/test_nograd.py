"""`nograd`: `nograd` becomes `non_differentiable`, one for each function."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.model import Converted, Kind
from tests.convert.building import conversion, converted, refusal

HEAD = """\
from zygoterules import adjoint, literal_getproperty, nograd
import numpy as np
def f(x): ...
def g(x): ...
class Foo:
    def __call__(self): ...
"""


def after(text: str) -> str:
    """Return what becomes of `text` behind the head of a file."""
    return converted(HEAD + text).partition("def __call__(self): ...\n")[2]


STATEMENTS = {
    "nograd(f)\n": "non_differentiable(f)\n",
    "nograd(np.floor)\n": "non_differentiable(np.floor)\n",
    "nograd(Foo)\n": "non_differentiable(type[Foo])\n",
    "nograd(Foo.__call__)\n": "non_differentiable(Foo)\n",
    "nograd(f, g)\n": "non_differentiable(f)\nnon_differentiable(g)\n",
    "nograd(np.floor, np.ceil, Foo)\n": (
        "non_differentiable(np.floor)\nnon_differentiable(np.ceil)\nnon_differentiable(type[Foo])\n"
    ),
    "nograd(\n    f,\n    g,\n)\n": "non_differentiable(f)\nnon_differentiable(g)\n",
    "nograd(f)  # exact\n": "non_differentiable(f)  # exact\n",
    "nograd( f )\n": "non_differentiable( f )\n",
    "nograd(f, g)  # exact\n": "non_differentiable(f)  # exact\nnon_differentiable(g)\n",
    "nograd(f, g)  # noqa\n": "non_differentiable(f)  # noqa\nnon_differentiable(g)  # noqa\n",
    "if x:\n    nograd(f, g)\n": "if x:\n    non_differentiable(f)\n    non_differentiable(g)\n",
    "if x: nograd(f, g)\n": "if x: non_differentiable(f); non_differentiable(g)\n",
    "x = 1; nograd(f, g)\n": "x = 1; non_differentiable(f); non_differentiable(g)\n",
    "def h():\n    nograd(f)\n": "def h():\n    non_differentiable(f)\n",
    # comments between the arguments stay with them
    "nograd(\n    f,  # one\n    g,\n)\n": "non_differentiable(f)  # one\nnon_differentiable(g)\n",
    "nograd(\n    # one\n    f,\n    g,\n    # end\n)\n": (
        "# one\nnon_differentiable(f)\nnon_differentiable(g)  # end\n"
    ),
    "nograd(  # all\n    f,\n    g\n)\n": "# all\nnon_differentiable(f)\nnon_differentiable(g)\n",
    "# head\nnograd(f,  # one\n       g)  # two\n": (
        "# head\nnon_differentiable(f)  # one\nnon_differentiable(g)  # two\n"
    ),
    "if x:\n    nograd(\n        # one\n        f,\n        g\n    )\n": (
        "if x:\n    # one\n    non_differentiable(f)\n    non_differentiable(g)\n"
    ),
    "nograd(\n    f  # one\n)\n": "non_differentiable(\n    f  # one\n)\n",
    # where its value is used, a function comes back from both
    "h = nograd(f)\n": "h = non_differentiable(f)\n",
    "h = nograd(lambda x: x)\n": "h = non_differentiable(lambda x: x)\n",
    "def h():\n    return nograd(np.floor)\n": "def h():\n    return non_differentiable(np.floor)\n",
    "h = [nograd(f), nograd(g)]\n": "h = [non_differentiable(f), non_differentiable(g)]\n",
}


@pytest.mark.parametrize(("before", "wanted"), STATEMENTS.items(), ids=STATEMENTS)
def test_statement_becomes_one_for_each_function(before, wanted):
    assert after(before) == wanted


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ("@nograd\ndef h(x): ...\n", "@non_differentiable\ndef h(x): ...\n"),
        ("@nograd  # exact\ndef h(x): ...\n", "@non_differentiable  # exact\ndef h(x): ...\n"),
        (
            "@other\n@nograd\n@another(1)\ndef h(x): ...\n",
            "@other\n@non_differentiable\n@another(1)\ndef h(x): ...\n",
        ),
        ("class C:\n    @staticmethod\n    @nograd\n    def h(x): ...\n", None),
        ("class C:\n    @nograd\n    @staticmethod\n    def h(x): ...\n", None),
        ("class C:\n    @property\n    @nograd\n    def h(x): ...\n", None),
        ("@nograd\n@functools.lru_cache\ndef h(x): ...\n", None),
        ("@nograd\nasync def h(x): ...\n", "@non_differentiable\nasync def h(x): ...\n"),
    ],
)
def test_decorator_is_renamed_where_it_stands(before, wanted):
    assert after(before) == (wanted or before.replace("nograd", "non_differentiable"))


REFUSED = {
    "nograd()\n": ("unsupported-use", "which functions `nograd` is for cannot be told"),
    "nograd(*fs)\n": ("unsupported-use", "which functions `nograd` is for cannot be told"),
    "nograd(f, key=1)\n": ("unsupported-use", "which functions `nograd` is for cannot be told"),
    "nograd(make(f))\n": ("unknown-target", "what `make(f)` is cannot be told from the source"),
    "nograd(f, fs[0])\n": ("unknown-target", "what `fs[0]` is cannot be told"),
    "nograd(\n    f,\n    g,  # two\n    # end\n)\n": (
        "comment-in-the-way",
        "there are comments between its arguments",
    ),
    "x = 1; nograd(f,  # one\n    g)\n": ("comment-in-the-way", "there are comments between its arguments"),
    "h = nograd(Foo)\n": (
        "unsupported-use",
        "the value of `nograd(Foo)` is used, and that of its conversion",
    ),
    "h = nograd(Foo.__call__)\n": ("unsupported-use", "the value of `nograd(Foo.__call__)` is used"),
    "h = nograd(f, g)\n": ("unsupported-use", "the value of `nograd(f, g)` is used"),
    "nograd(lambda x: x)\n": ("unknown-target", "what `lambda x: x` is cannot be told"),
    "@adjoint\ndef f(x):\n    return f(x), lambda dy: (dy,)\nnograd(f)\n": (
        "unsupported-use",
        "`f` has rules too, which `non_differentiable` would replace",
    ),
    "h = map(nograd, fs)\n": ("unsupported-use", "`nograd` is used otherwise than as a decorator"),
    "nograd(literal_getproperty)\n": ("property-rule", "it says that no property of anything has a gradient"),
    "@nograd\nclass C: ...\n": ("unsupported-use", "`@nograd` stands on a class"),
    "@nograd(1)\ndef h(x): ...\n": ("unsupported-use", "`@nograd` is called"),
    "class C:\n    @nograd\n    @classmethod\n    def h(x): ...\n": (
        "other-decorator",
        "`@nograd` stands above `@classmethod`, whose result is no function",
    ),
    "class C:\n    @nograd\n    @h.setter\n    def h(x): ...\n": ("other-decorator", "above `@h.setter`"),
    "class C:\n    @nograd\n    @functools.cached_property\n    def h(x): ...\n": (
        "other-decorator",
        "`@nograd` stands above `@functools.cached_property`",
    ),
}


@pytest.mark.parametrize(("text", "wanted"), REFUSED.items(), ids=REFUSED)
def test_what_is_refused_says_why(text, wanted):
    reason = refusal(HEAD + text)
    assert reason.slug == wanted[0]
    assert wanted[1] in reason.message
    assert reason.hint


def test_assumption_about_a_function_is_noted():
    outcome = conversion(f"from nowhere_at_all import thing\n{HEAD}nograd(f, thing)\n")
    (decision,) = outcome.decisions
    assert isinstance(decision, Converted)
    (note,) = decision.notes
    assert note.slug == "assumed-target"
    assert "`thing` is taken for a function" in note.message


@pytest.mark.parametrize(
    ("text", "name"),
    [("nograd(f, np.sin)\n", "f, np.sin"), ("@nograd\ndef h(x): ...\n", "h"), ("nograd()\n", "nograd()")],
)
def test_definition_is_named_for_its_functions(text, name):
    (decision,) = conversion(HEAD + text).decisions
    assert (decision.definition.name, decision.definition.kind) == (name, Kind.NOGRAD)
