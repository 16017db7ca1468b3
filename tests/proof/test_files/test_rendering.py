"""The text of a test file."""

import ast
import subprocess
import sys

import pytest

from adjoint2rrule.proof.model import Expression, Import, Inputs, Search
from adjoint2rrule.proof.selection import Selection, select_untried
from adjoint2rrule.proof.test_files.rendering import rendered
from tests.proof.building import subjects_in

RULES = """
from adjoint2rrule.core import rrule

def solve(A, b, *, lower=False): ...
def test_weight(x): ...

@rrule.register(solve)
def solve_rrule(solve, A, b, *, lower=False): ...

@rrule.register(test_weight)
def weight_rrule(f, x): ...
"""

EXPECTED = '''\
# Once you edit this file, it is yours, and is not written over.
"""Rule tests of `lab.rules`."""

import numpy as np
import pytest
from adjoint2rrule.testing import test_rrule

from lab.rules import solve


def test_solve():
    test_rrule(
        solve,
        np.array([[2.5, 0.5], [-0.75, 1.5]]),
        np.array([0.25, -1.5]),
        fkwargs={"lower": True},
    )


@pytest.mark.skip(reason="no arguments are known: `x`: give it an annotation")
def test_test_weight(): ...
'''


def is_first_party(top: str) -> bool:
    return top == "lab"


@pytest.fixture
def selections(tmp_path):
    """Return one rule with a call, and one without."""
    solve, weight = subjects_in(RULES, tmp_path)
    array = frozenset({Import("numpy", alias="np")})
    matrix = Expression("np.array([[2.5, 0.5], [-0.75, 1.5]])", array)
    vector = Expression("np.array([0.25, -1.5])", array)
    function = Expression("solve", frozenset({Import("lab.rules", "solve")}))
    call = Inputs(function, (matrix, vector), (("lower", Expression("True")),))
    nothing = Search(missing=("`x`: give it an annotation",))
    return [Selection(solve, (call,)), select_untried(weight, nothing)]


def test_file_reads_as_if_written_by_hand(selections):
    assert rendered("lab.rules", selections, is_first_party) == EXPECTED


def test_ruff_finds_nothing_to_change(selections, tmp_path):
    long = Selection(selections[1].subject, reason="`x`: " + "why 'and' who " * 30)
    source = rendered("lab.rules", [selections[0], long], is_first_party)
    config = ["--isolated", "--select=E,F,I,B,W", "--config=lint.isort.known-first-party=['lab']"]
    for command in (["check", *config, "-"], ["format", "--isolated", "--check", "-"]):
        run = [sys.executable, "-m", "ruff", *command]
        subprocess.run(run, input=source, check=True, encoding="utf-8", cwd=tmp_path)


def test_module_of_the_rules_is_imported_where_no_name_of_it_is(selections):
    elsewhere = Inputs(Expression("np.exp", frozenset({Import("numpy", alias="np")})), (Expression("2.5"),))
    source = rendered("lab.rules", [Selection(selections[0].subject, (elsewhere,))], is_first_party)
    assert "\nimport lab.rules  # noqa: F401 (registers the rules)\n" in source
    assert "import pytest" not in source


def test_file_of_skipped_tests_imports_pytest_alone(selections):
    source = rendered("lab.rules", selections[1:], is_first_party)
    assert [line for line in source.splitlines() if "import " in line] == ["import pytest"]


def test_long_reason_is_wrapped_behind_the_decorator(selections):
    reason = "`x`: " + "why " * 30
    skipped = [Selection(selections[0].subject, reason=reason)]
    source = rendered("lab.rules", skipped, is_first_party)
    assert max(map(len, source.splitlines())) <= 88
    skip = ast.parse(source).body[-1].decorator_list[0]
    assert ast.literal_eval(skip.keywords[0].value) == reason
