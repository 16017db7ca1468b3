"""`__context__`, which a rule can say without importing it."""

import copy
import pickle
from types import ModuleType

import pytest

from adjoint2rrule.core import HasReverseMode
from adjoint2rrule.legacy import __context__, gradient


def run(source):
    module = ModuleType("rules_with_context")
    exec("from adjoint2rrule.legacy import _pullback, adjoint\n" + source, vars(module))
    return module


FUNCTIONS = """
def g(x): return 3 * x
@adjoint
def g(x): return g(x), lambda dy: (3 * dy,)
def f(x): return g(x)
"""


@pytest.mark.parametrize(
    "definition",
    [
        "@adjoint\ndef f(x):\n y, back = _pullback(__context__, g, x)\n return y, lambda dy: back(dy)[1:]",
        "@adjoint\ndef f(x): return g(x), lambda dy: _pullback(__context__, g, x)[1](dy)[1:]",
        "@adjoint(f)\ndef _(x): return g(x), lambda dy: _pullback(__context__, g, x)[1](dy)[1:]",
    ],
    ids=["body", "pullback", "explicit"],
)
def test_context_is_known_in_a_rule_without_an_import(definition):
    module = run(FUNCTIONS + definition)
    assert gradient(module.f, 1.0) == (3.0,)


def test_module_whose_rules_do_not_say_it_is_not_touched():
    assert not hasattr(run(FUNCTIONS), "__context__")


def test_context_of_the_module_itself_stays():
    module = run(FUNCTIONS + "__context__ = 'mine'\n@adjoint\ndef f(x): return __context__, lambda dy: None")
    assert module.__context__ == "mine"


def test_context_is_one_object_and_the_config_of_an_ad_system():
    assert copy.deepcopy(__context__) is __context__
    assert pickle.loads(pickle.dumps(__context__)) is __context__
    assert repr(__context__) == "__context__"
    assert HasReverseMode in type(__context__).features
