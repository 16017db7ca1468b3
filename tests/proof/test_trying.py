"""Calls are tried for as long as there is something to be learnt."""

from __future__ import annotations

from itertools import repeat

from adjoint2rrule.proof.model import Expression, Inputs, Trial, Verdict
from adjoint2rrule.proof.trying import MOST_ENDED, MOST_IN_VAIN, worthwhile
from adjoint2rrule.proof.workers import ENOUGH

CALL = Inputs(Expression("f"), (Expression("1.0"),))


def trial(verdict, *lines):
    return Trial(CALL, verdict, lines=frozenset(lines))


def test_all_calls_are_tried_while_they_show_new_lines():
    trials = [trial(Verdict.PASSES, line) for line in range(5 * MOST_IN_VAIN)]
    assert list(worthwhile(trials, has_lines=True)) == trials


def test_calls_that_show_nothing_new_come_to_an_end():
    endless = repeat(trial(Verdict.PASSES, 3))
    assert len(list(worthwhile(endless, has_lines=True))) == MOST_IN_VAIN + 1


def test_calls_that_do_not_suit_are_tried_to_the_last():
    trials = [trial(Verdict.REJECTED)] * 500
    assert len(list(worthwhile(trials, has_lines=True))) == 500


def test_rule_without_lines_is_tried_on_a_few_calls():
    trials = [trial(Verdict.REJECTED), *[trial(Verdict.WRONG)] * 500]
    assert len(list(worthwhile(trials, has_lines=False))) == 1 + ENOUGH


def test_rule_that_hangs_or_crashes_again_and_again_is_left():
    trials = [trial(Verdict.PASSES, 3), trial(Verdict.DIES), *[trial(Verdict.HANGS)] * 500]
    assert len(list(worthwhile(trials, has_lines=True))) == 1 + MOST_ENDED
