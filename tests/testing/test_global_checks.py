"""Rules for callables of every kind are found."""

import pytest

from adjoint2rrule.core import NoTangent, RuleConfig, frule, rrule
from adjoint2rrule.testing import test_method_tables


def test_sensible_tables_pass():
    def f(x):
        return x

    rrule.register(f)(lambda f, x: (x, lambda ȳ: (NoTangent(), ȳ)))
    test_method_tables()


@pytest.fixture
def metaclass():
    class Meta(type): ...

    class Other(Meta): ...

    yield Other
    for attribute in [name for name in vars(Other) if "adjoint2rrule" in name]:
        delattr(Other, attribute)


@pytest.mark.parametrize("rules", [rrule, frule])
def test_rule_for_the_constructors_of_a_metaclass_is_found(rules, metaclass):
    rules.register(metaclass)(lambda *args: None)
    with pytest.raises(AssertionError, match=rf"{rules.__name__} has a rule for whatever is a .*Other: "):
        test_method_tables()


def test_rule_with_a_config_is_found(metaclass):
    def everything(config: RuleConfig, cls, *xs):
        return None

    rrule.register(metaclass)(everything)
    with pytest.raises(AssertionError, match="everything"):
        test_method_tables()
