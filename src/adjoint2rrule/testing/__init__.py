"""Tests for rules: each derivative against finite differences, and all that a rule promises beside it.

It has the names of ChainRulesTestUtils.jl and their meaning. None of them is collected by pytest.
"""

from adjoint2rrule.testing.check_result import test_approx
from adjoint2rrule.testing.config import TestConfig
from adjoint2rrule.testing.data_generation import with_tangent
from adjoint2rrule.testing.global_checks import test_method_tables
from adjoint2rrule.testing.rand_tangent import rand_tangent
from adjoint2rrule.testing.testers import test_frule, test_rrule, test_scalar

__all__ = [
    "TestConfig",
    "rand_tangent",
    "test_approx",
    "test_frule",
    "test_method_tables",
    "test_rrule",
    "test_scalar",
    "with_tangent",
]
