"""Checks of all rules at once.

Ports: ChainRulesTestUtils.jl, ``global_checks.jl``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, MethodType

import numpy as np

from adjoint2rrule.core import frule, rrule
from adjoint2rrule.core.dispatch.method import described
from adjoint2rrule.testing.output_control import not_collected

# Classes whose instances are called, and have nothing else in common.
GENERAL = (FunctionType, BuiltinFunctionType, MethodType, np.ufunc)


@not_collected
def test_method_tables() -> None:
    """Assert that no rule is registered for callables of every kind.

    ``rrule.register(type)``, or a metaclass, is a rule for the constructors of all classes, where
    ``type[Foo]`` was meant; ``rrule.register(FunctionType)`` one for all functions.

    Raises
    ------
    AssertionError
        Where there is such a rule; it names the class and the rule.

    Examples
    --------
    >>> test_method_tables()

    Notes
    -----
    Ports: `test_method_tables`.
    """
    for rules, cls in itertools.product((rrule, frule), (*_metaclasses(type), *GENERAL)):
        for rule in rules.methods(cls):
            raise AssertionError(
                f"{rules.__name__} has a rule for whatever is a {cls.__qualname__}: {described(rule)}; "
                "register it for one callable, or for the constructor of one class by `type[Foo]`"
            )


def _metaclasses(cls: type[type]) -> Iterator[type]:
    yield cls
    for subclass in type.__subclasses__(cls):
        yield from _metaclasses(subclass)
