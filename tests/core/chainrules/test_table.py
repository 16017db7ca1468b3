"""The page that lists the names of ChainRulesCore.jl and ChainRulesTestUtils.jl is complete and true."""

import re
from collections.abc import Iterator
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "chainrules.md"
MODULES = ("adjoint2rrule.core", "adjoint2rrule.testing")

# What ChainRulesCore.jl 1.26 exports, and then what it documents without exporting it.
CORE = """
frule rrule RuleConfig HasReverseMode NoReverseMode HasForwardsMode NoForwardsMode frule_via_ad rrule_via_ad
@non_differentiable @opt_out @scalar_rule @thunk @not_implemented ProjectTo canonicalize unthunk zero_tangent
add!! is_inplaceable_destination ignore_derivatives @ignore_derivatives StructuralTangent Tangent
MutableTangent NoTangent InplaceableThunk Thunk ZeroTangent AbstractZero AbstractThunk
AbstractTangent NotImplemented backing construct debug_mode no_rrule no_frule derivatives_given_output
ReverseModeCapability ForwardsModeCapability BadInplaceException PrimalAdditionFailedException
MutateThunkException NotImplementedException
"""

# The same of ChainRulesTestUtils.jl 1.13.
TESTUTILS = """
TestIterator test_approx test_scalar test_frule test_rrule generate_well_conditioned_matrix ⊢ rand_tangent
@maybe_inferred test_method_tables
TestConfig
"""


class Row(NamedTuple):
    """A row of one of the tables, with the module that its section is about."""

    module: str
    julia: list[str]
    python: list[str]
    why: str


def rows() -> Iterator[Row]:
    module = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            (module,) = names(line)
        if module and line.startswith("| ") and "---" not in line:
            *cells, why = (cell.strip() for cell in line.strip("| ").split(" | "))
            if cells[-1] != "Python":  # the head of the table
                julia = names(cells[0]) if len(cells) == 2 else []
                yield Row(module, julia, names(cells[-1]), why)


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


ROWS = list(rows())


@pytest.mark.parametrize(("module", "exported"), [*zip(MODULES, (CORE, TESTUTILS), strict=True)])
def test_every_julia_name_is_listed_once(module, exported):
    listed = [name for row in ROWS if row.module == module for name in row.julia]
    assert sorted(listed) == sorted(exported.split())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: ", ".join(row.julia or row.python))
def test_every_python_name_is_where_the_table_says(row):
    for name in row.python:
        assert reduce(getattr, name.split("."), import_module(row.module)) is not None


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_listed_once(module):
    listed = [name for row in ROWS if row.module == module for name in row.python if "." not in name]
    assert sorted(listed) == sorted(import_module(module).__all__)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: ", ".join(row.julia or row.python))
def test_a_name_that_is_not_the_same_has_a_reason(row):
    if row.julia != row.python:
        assert row.why != "—"
