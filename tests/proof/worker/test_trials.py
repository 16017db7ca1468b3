"""What finite differences say of a rule, and which of its lines that took."""

import time
from collections.abc import Iterator

import pytest

from adjoint2rrule.proof.lines import executable_lines
from adjoint2rrule.proof.model import Inputs, Side, Trial, Verdict
from adjoint2rrule.proof.workers import Worker
from tests.proof.labs import RULES, call, subject, write


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    path = write(tmp_path_factory.mktemp("rules"), rules=RULES)
    with Worker([path], Side.CONVERTED) as worker:
        yield worker


def tried(worker: Worker, *calls: Inputs, name: str) -> list[Trial]:
    return list(worker.trials(subject(name, RULES), calls))


@pytest.mark.parametrize(
    ("function", "arguments", "verdict", "words"),
    [
        ("wrong_sign", ["1.5"], Verdict.WRONG, "the cotangent of args[0] (`x`) is"),
        ("kink", ["0.0"], Verdict.UNSETTLED, ""),
        ("kink", ["-1.5"], Verdict.PASSES, ""),
        ("fills", ["np.array([1.5, 2.5])"], Verdict.WRONG, "the rule changes its arguments"),
        ("transposed", ["np.array([[1.5, 2.5, 3.5]])"], Verdict.UNFIT, "has shape (3, 1)"),
        ("short", ["1.5", "2.5"], Verdict.WRONG, "returned 2 cotangents, expected 3"),
        ("nothing", ["1.5"], Verdict.WRONG, "is None, which is no tangent"),
        ("hides", ["1.5"], Verdict.UNFIT, "do not look"),
        ("turned", ["1.5 - 2.5j"], Verdict.PASSES, ""),
        ("apply", ["square", "1.5"], Verdict.PASSES, ""),
        ("apply", ["lambda x: float(x)", "1.5"], Verdict.PASSES, ""),
        ("two", ["1.5"], Verdict.PASSES, ""),
        ("kink", ["3"], Verdict.VACUOUS, "nothing that it is given can be perturbed"),
        ("two", ["1.5", "nowhere"], Verdict.REJECTED, "`nowhere` cannot be made: NameError"),
    ],
)
def test_finite_differences_judge_a_rule(
    worker: Worker, function: str, arguments: list[str], verdict: Verdict, words: str
) -> None:
    (found,) = tried(worker, call(function, *arguments), name=f"{function}_rrule")
    assert (found.verdict, words in found.message) == (verdict, True), found.message


def test_a_call_that_no_rule_takes_is_told_from_one_that_another_rule_takes(worker: Worker) -> None:
    calls = (call("shared", "1.5"), call("shared", "np.ones(2)"), call("square", "1.5"))
    scalar = [found.verdict for found in tried(worker, *calls, name="shared_rrule")]
    array = [found.verdict for found in tried(worker, *calls, name="shared_rrule_2")]
    assert scalar == [Verdict.PASSES, Verdict.NO_RULE, Verdict.NO_RULE]
    assert array == [Verdict.NO_RULE, Verdict.PASSES, Verdict.NO_RULE]


def test_trials_end_once_every_line_was_run_and_enough_have_passed(worker: Worker) -> None:
    rule = subject("branches_rrule", RULES)
    lines = executable_lines(RULES.encode(), rule.line, rule.last_line)
    calls = [call("branches", x) for x in ("1.0", "2.0", "3.0", "-4.0", "5.0")]
    found = list(worker.trials(rule, calls, lines=lines))
    assert len(found) == 4
    assert found[0].lines < lines
    assert found[0].lines | found[3].lines == lines


def test_no_call_is_begun_once_the_budget_is_spent(worker: Worker) -> None:
    calls = (call("double", f"{k}.5") for k in range(1000))
    began = time.monotonic()
    found = list(worker.trials(subject("double_rrule", RULES), calls, budget=0.2))
    assert 0 < len(found) < 1000
    assert time.monotonic() - began < 10.0
