"""Which lines of a rule can be run is told without running it."""

from dataclasses import replace

import pytest

from adjoint2rrule.proof.lines import executable_lines, rule_lines
from tests.proof.labs import subject

RULE = b"""\
@rrule.register(f)
def f_rrule(
    f,
    x,
):
    # a comment
    if x:

        def back(dy):
            '''Return a cotangent.'''
            yield dy
    else:
        raise SystemExit
    return x, back


def other(): return 1
"""


def test_the_lines_are_those_that_a_call_may_run() -> None:
    assert executable_lines(RULE, 1, 14) == {7, 9, 11, 13, 14}


def test_a_rule_on_one_line_has_that_line() -> None:
    assert executable_lines(RULE, 17, 17) == {17}


def test_a_statement_that_there_is_no_gradient_has_no_lines() -> None:
    other = subject("f_rrule", RULE.decode(), differentiable=False)
    assert rule_lines(RULE, other) == frozenset()
    assert rule_lines(RULE, replace(other, differentiable=True)) == {7, 9, 11, 13, 14}


@pytest.mark.parametrize("content", [b"def f(:", b"\0", b"# coding: none\n"])
def test_a_file_that_cannot_be_compiled_has_no_lines(content: bytes) -> None:
    assert executable_lines(content, 1, 9) == frozenset()
