"""Calls are tried for as long as there is something to be learnt."""

from __future__ import annotations

from itertools import repeat

import pytest

from adjoint2rrule.proof.model import Expression, Inputs, Trial, Verdict
from adjoint2rrule.proof.trying import MOST_ENDED, MOST_IN_VAIN, worthwhile
from adjoint2rrule.proof.workers import ENOUGH

CALL = Inputs(Expression("f"), (Expression("1.0"),))


def trial(verdict, *lines):
    return Trial(CALL, verdict, lines=frozenset(lines))


def test_calls_that_show_new_lines_go_on():
    lines = range(5 * MOST_IN_VAIN)
    trials = [trial(Verdict.PASSES, line) for line in lines]
    assert list(worthwhile(trials, lines)) == trials


@pytest.mark.parametrize("verdict", [Verdict.PASSES, Verdict.WRONG])
def test_few_calls_are_enough_where_all_lines_were_run(verdict):
    trials = [trial(Verdict.REJECTED), *[trial(verdict, 3, 4)] * 500]
    assert len(list(worthwhile(trials, [3, 4]))) == len(list(worthwhile(trials, []))) == 1 + ENOUGH


def test_calls_that_show_nothing_new_come_to_an_end():
    endless = repeat(trial(Verdict.PASSES, 3))
    assert len(list(worthwhile(endless, [3, 4]))) == 1 + MOST_IN_VAIN


def test_calls_that_do_not_suit_are_tried_to_the_last():
    trials = [trial(Verdict.REJECTED)] * 500
    assert len(list(worthwhile(trials, [3, 4]))) == 500


def test_rule_that_hangs_or_crashes_again_and_again_is_left():
    trials = [trial(Verdict.PASSES, 3), trial(Verdict.DIES), *[trial(Verdict.HANGS)] * 500]
    assert len(list(worthwhile(trials, [3, 4]))) == 1 + MOST_ENDED
