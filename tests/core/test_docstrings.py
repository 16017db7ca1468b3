"""Docstrings of all that is public: numpydoc's sections, examples that run, the source of the semantics."""

import builtins
import doctest
import inspect
import re
import sys

import numpy as np
import pytest

import adjoint2rrule.core as core
import adjoint2rrule.testing as testing
from adjoint2rrule.testing import failure

PUBLIC = {f"core.{name}": vars(core)[name] for name in core.__all__} | {
    f"testing.{name}": vars(testing)[name] for name in testing.__all__
}

#: What a function or class raises of our exceptions, and has to say so.
RAISES = {
    "core.InplaceableThunk": ("TangentConstructionError",),
    "core.MutableTangent": ("UnknownFieldError",),
    "core.ProjectTo": ("ProjectionError",),
    "core.Tangent": ("UnknownFieldError",),
    "core.Thunk": ("TangentConstructionError",),
    "core.add_inplace": ("BadInplaceError", "TangentMismatchError"),
    "core.backing": ("NoFieldsError",),
    "core.canonicalize": ("NoFieldsError",),
    "core.construct": ("PrimalAdditionError",),
    "core.frule": ("AmbiguousRuleError",),
    "core.frule_via_ad": ("MissingFeatureError",),
    "core.is_opted_out": ("RegistrationError",),
    "core.non_differentiable": ("RegistrationError",),
    "core.opt_out": ("RegistrationError",),
    "core.primal_type": ("NoFieldsError",),
    "core.rrule": ("AmbiguousRuleError",),
    "core.rrule_via_ad": ("MissingFeatureError",),
    "core.scalar_rule": ("RegistrationError", "PartialsError"),
    "core.thunk": ("TangentConstructionError",),
    "testing.test_approx": ("AssertionError",),
    "testing.test_frule": ("RuleTestFailure",),
    "testing.test_method_tables": ("AssertionError",),
    "testing.test_rrule": ("RuleTestFailure",),
    "testing.test_scalar": ("RuleTestFailure",),
}
#: What has no counterpart in ChainRulesCore.jl or ChainRulesTestUtils.jl, where Python needs it.
OWN = {
    *("core.AmbiguousRuleError", "core.LyingRuleError", "core.MissingFeatureError"),
    *("core.MutateTangentError", "core.NoFieldsError", "core.NotImplementedAttributeError"),
    *("core.PartialsError", "core.ProjectionError"),
    *("core.RegistrationError", "core.RuleCallError", "core.RuleError", "core.TangentConstructionError"),
    *("core.TangentConversionError", "core.TangentMismatchError", "core.UnknownFieldError"),
    *("core.ZeroTangentDivisionError", "core.debugging", "core.primal_type"),
}
#: numpydoc's, but that the notes, which are for those who compare with Julia, come last.
HEADINGS = ("", "Parameters", "Attributes", "Returns", "Raises", "Warns", "See Also", "Examples", "Notes")
#: Bases that are there for `isinstance`, and made as their subclasses are.
ABSTRACT = {"core.AbstractTangent", "core.AbstractThunk", "core.AbstractZero", "core.StructuralTangent"}


def is_exception(x):
    return isinstance(x, type) and issubclass(x, Exception)


def sections_of(x):
    """Return numpydoc's sections by their headings; what stands before them under an empty one."""
    parts = re.split(r"^(\S[^\n]*)\n-{3,}$", inspect.getdoc(x) or "", flags=re.MULTILINE)
    return {"": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


def entries_of(section):
    """Return the names in a section of parameters or exceptions; several may share a line."""
    lines = [line.partition(" : ")[0] for line in section.splitlines() if re.match(r"\S", line)]
    return {name.strip().lstrip("*") for line in lines for name in line.split(",")}


@pytest.fixture(params=PUBLIC, ids=str)
def name(request):
    return request.param


class TestSections:
    """Of each docstring."""

    def test_a_summary_in_one_sentence_on_one_line(self, name):
        summary, _, rest = sections_of(PUBLIC[name])[""].partition("\n")
        assert summary.endswith(".")
        assert not rest or rest.startswith("\n")
        assert 15 < len(summary) <= 110

    def test_the_headings_are_those_of_numpydoc_in_one_order(self, name):
        headings = [*sections_of(PUBLIC[name])]
        assert headings == [heading for heading in HEADINGS if heading in headings]

    def test_every_parameter_is_described_and_no_other(self, name):
        x = PUBLIC[name]
        if is_exception(x) and x is not core.RuleError:
            return  # that of `RuleError`
        parameters = {*inspect.signature(x).parameters}
        if name in ABSTRACT or name in ("core.Tangent", "core.MutableTangent"):
            return  # their parameters are the fields of the primal
        described = entries_of(sections_of(x).get("Parameters", ""))
        assert described == parameters

    def test_what_is_raised_is_said(self, name):
        described = entries_of(sections_of(PUBLIC[name]).get("Raises", ""))
        assert set(RAISES.get(name, ())) <= described
        homes = (core, builtins, failure)
        assert {error for error in described if not any(hasattr(home, error) for home in homes)} == set()

    def test_the_counterpart_in_julia_is_named(self, name):
        notes = sections_of(PUBLIC[name]).get("Notes", "")
        assert ("Ports: " in notes) is (name not in OWN)


def test_the_tables_are_about_public_names():
    assert PUBLIC.keys() >= RAISES.keys() | OWN | ABSTRACT


def examples_of(x):
    return doctest.DocTestParser().get_examples(inspect.getdoc(x) or "")


@pytest.mark.skipif(np.__version__ < "2", reason="the examples show scalars as numpy 2 does")
def test_there_is_an_example_and_it_runs(name):
    x = PUBLIC[name]
    if name in ABSTRACT:
        return
    assert examples_of(x)
    module = sys.modules[x.__module__]
    test = doctest.DocTestParser().get_doctest(inspect.getdoc(x), dict(vars(module)), name, None, 0)
    failures = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=failures.append)
    assert "".join(failures) == ""


@pytest.mark.parametrize(
    "name", [n for n, x in PUBLIC.items() if is_exception(x) and x is not core.RuleError]
)
def test_the_example_of_an_exception_raises_it(name):
    wanted = [example.exc_msg or "" for example in examples_of(PUBLIC[name])]
    assert any(message.startswith(f"adjoint2rrule.core.errors.{name[5:]}: ") for message in wanted)


@pytest.mark.parametrize(
    "method",
    [
        core.rrule.register,
        core.frule.register,
        core.rrule_via_ad.register,
        core.construct.register,
        core.ProjectTo.register,
    ],
    ids=lambda method: method.__self__.__name__ if hasattr(method.__self__, "__name__") else "construct",
)
def test_the_ways_to_register_are_documented_too(method):
    sections = sections_of(method)
    assert "Return a decorator" in sections[""]
    assert "RegistrationError" in entries_of(sections["Raises"])
