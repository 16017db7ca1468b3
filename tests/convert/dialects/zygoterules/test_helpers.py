"""`helpers`: a function is rewritten with the rules where it serves them and nobody else."""

from __future__ import annotations

import ast

import pytest

from adjoint2rrule.convert.dialects.zygoterules.functions import Called
from tests.convert.building import Sample, functions_of, helpers_of, sample

RULE = "@adjoint\ndef f(x):\n    return x, make(x)\n"
MAKE = "def make(a): return lambda dy: (dy,)\n"


def called(file: Sample) -> Called:
    """Return what the rule of a file calls last."""
    rule = file.definition("f")
    call = [n for n in ast.walk(rule) if isinstance(n, ast.Call)][-1]
    return functions_of(file).called(call, file.inside("f"))


OWN = {
    "used by one rule": (MAKE + RULE, True),
    "used by two": (MAKE + RULE + "@adjoint\ndef g(x):\n    return x, make(x)\n", True),
    "defined behind": (RULE + MAKE, True),
    "used by other code": (MAKE + RULE + "z = make(1)\n", False),
    "used by other functions": (MAKE + RULE + "def g(x): return make(x)\n", False),
    "offered": ("__all__ = ['make']\n" + MAKE + RULE, False),
    "decorated": ("@cache\n" + MAKE + RULE, False),
    "a method": ("class A:\n    def make(a): return lambda dy: (dy,)\nmake = A.make\n" + RULE, False),
}


@pytest.mark.parametrize(("text", "wanted"), OWN.values(), ids=OWN)
def test_function_serves_rules_alone(text, wanted):
    file = sample(text)
    assert helpers_of(file).is_own(called(file)) is wanted


@pytest.mark.parametrize("text", ["from rules import make\n", "import rules\nrules.make(1)\n"])
def test_function_that_another_module_takes_serves_that(text, tmp_path):
    file = sample(MAKE + RULE, tmp_path, {"other.py": text})
    assert not helpers_of(file).is_own(called(file))


def test_function_of_another_module_is_not_rewritten(tmp_path):
    file = sample("from lib import make\n" + RULE, tmp_path, {"lib.py": MAKE})
    assert not helpers_of(file).is_own(called(file))


def test_rules_that_use_a_function_are_known():
    file = sample(MAKE + RULE + "@adjoint\ndef g(x):\n    return x, lambda dy: (dy,)\n")
    make = file.definition("make")
    assert isinstance(make, ast.FunctionDef)
    assert helpers_of(file).rules_using(make) == [file.definition("f")]
