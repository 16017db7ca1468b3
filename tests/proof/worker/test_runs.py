"""What a rule gives for a call, for another process to compare."""

from collections.abc import Iterator

import pytest

from adjoint2rrule.proof.lines import executable_lines
from adjoint2rrule.proof.model import Run, Side, Verdict
from adjoint2rrule.proof.workers import Worker
from tests.proof.labs import RULES, call, subject, write


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    path = write(tmp_path_factory.mktemp("rules"), rules=RULES)
    with Worker([path], Side.CONVERTED) as worker:
        yield worker


def run(worker: Worker, function: str, *args: str, **keywords: str) -> Run:
    return worker.run(subject(function), call(function, *args, **keywords))


def test_a_run_has_the_numbers_as_they_are(worker: Worker) -> None:
    found = run(worker, "apply", "square", "0.1")
    assert found.verdict is Verdict.PASSES
    assert found.value[0].numbers == (0.1**2,)
    function, f, x = found.pulled[0].cotangents
    assert (function.place, f.place, x.place) == ("f", "args[0]", "args[1]")
    assert (f.leaves, x.name, x.leaves[0].dtype) == ((), "x", "float64")


def test_a_complex_run_has_complex_numbers(worker: Worker) -> None:
    found = run(worker, "turned", "np.array([1.0, 2.0j])")
    (leaf,) = found.value
    assert (leaf.shape, leaf.numbers, leaf.dtype) == ((2,), (1j, -2.0), "complex128")


def test_parts_of_a_value_are_left_out_of_a_seed_each(worker: Worker) -> None:
    found = run(worker, "two", "1.5", name="'left'")
    assert [leaf.path + ": " + (leaf.text or str(leaf.numbers[0])) for leaf in found.value] == [
        ": a tuple of 2",
        "[0]: 3.0",
        "[1]: a dict of 2",
        "[1]['of']: 'left'",
        "[1]['half']: 0.75",
    ]
    assert [pulled.seed for pulled in found.pulled] == [
        "a random seed",
        "a random seed without [0]",
        "a random seed without [1]",
    ]
    whole, rest, first = (pulled.cotangents[1].leaves[0].numbers[0] for pulled in found.pulled)
    assert whole == pytest.approx(rest + first)


def test_a_run_tells_which_arguments_the_call_changed(worker: Worker) -> None:
    assert "the call changes its arguments: args[0][0] (`x[0]`)" in run(worker, "fills", "np.ones(2)").changes


def test_a_run_has_what_is_no_tangent_as_it_is(worker: Worker) -> None:
    cotangent = run(worker, "transposed", "np.ones((1, 3))").pulled[0].cotangents[1]
    assert cotangent.leaves[0].shape == (3, 1)
    assert "has shape (3, 1), but its primal has shape (1, 3)" in cotangent.problem


@pytest.mark.parametrize(
    ("function", "verdict", "failure"),
    [
        ("raises", Verdict.UNFIT, "the rule raises ValueError: not today"),
        ("hides", Verdict.UNFIT, "do not look"),
        ("square", Verdict.NO_RULE, "no rule takes these arguments"),
    ],
)
def test_a_run_that_fails_says_why(worker: Worker, function: str, verdict: Verdict, failure: str) -> None:
    found = run(worker, function, "1.5")
    assert (found.verdict, failure in found.failure) == (verdict, True), found.failure


def test_what_autograd_cannot_trace_is_the_failure_of_the_run(worker: Worker) -> None:
    found = run(worker, "apply", "lambda x: float(x)", "1.5")
    assert found.verdict is Verdict.UNFIT
    assert "the rule raises TypeError" in found.failure


def test_a_run_tells_which_lines_of_the_rule_it_ran(worker: Worker) -> None:
    rule = subject("branches_rrule", RULES)
    lines = executable_lines(RULES.encode(), rule.line, rule.last_line)
    one, other = (worker.run(rule, call("branches", x)).lines for x in ("1.0", "-4.0"))
    assert one < lines
    assert one | other == lines
