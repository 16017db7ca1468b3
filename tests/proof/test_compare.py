"""Runs of a rule before and after: what is equal, what is different, and how that is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adjoint2rrule.proof.compare import Agreement, Comparison, compare, conclusion
from adjoint2rrule.proof.findings import Status
from adjoint2rrule.proof.model import Cotangent, Expression, Inputs, Leaf, Pulled, Run, Verdict

CALL = Inputs(Expression("solve"), (Expression("A"), Expression("b")))
NAN, INF = float("nan"), float("inf")


def number(value, path="", dtype="float64"):
    return Leaf(path, (), (value,), dtype)


def matrix(*numbers, path="", dtype="float64"):
    return Leaf(path, (2, len(numbers) // 2), numbers, dtype)


def cotangent(*leaves, place="args[0]", name="A", problem=""):
    return Cotangent(place, name, leaves, problem)


def run(*cotangents, value=(), seed="a random seed"):
    return Run(CALL, value=value, pulled=(Pulled(seed, cotangents),))


def failed(verdict, failure=""):
    return Run(CALL, verdict=verdict, failure=failure)


def test_runs_with_the_same_bits_are_equal():
    one = run(cotangent(matrix(1.0, -0.0, 0.1, 4.0)), value=(number(2.0), Leaf(".name", text="'SiO2'")))
    other = run(cotangent(matrix(1.0, 0.0, 0.1, 4.0)), value=(number(2.0), Leaf(".name", text="'SiO2'")))
    assert compare(one, other) == Comparison("solve(A, b)", Agreement.EXACT)


@pytest.mark.parametrize("value", [NAN, INF, -INF, complex(NAN, 1.0), complex(1.0, INF)])
def test_what_is_not_finite_is_equal_to_itself(value):
    assert compare(run(cotangent(number(value))), run(cotangent(number(value)))).agreement is Agreement.EXACT


@pytest.mark.parametrize("other", [INF, 1.0, -INF])
@pytest.mark.parametrize("one", [NAN, complex(0.0, NAN)])
def test_nan_is_different_from_all_else(one, other):
    assert (
        compare(run(cotangent(number(one))), run(cotangent(number(other)))).agreement is Agreement.DIFFERENT
    )


@pytest.mark.parametrize(("dtype", "off"), [("float64", 1e-12), ("float32", 1e-5), ("float16", 1e-3)])
def test_rounding_is_allowed_as_far_as_numbers_are_precise(dtype, off):
    one = run(cotangent(matrix(1.0, 0.0, 3.0, 4.0, dtype=dtype)))
    other = run(cotangent(matrix(1.0, 4 * off, 3.0, 4.0, dtype=dtype)))
    comparison = compare(one, other)
    assert comparison.agreement is Agreement.ROUNDED
    assert comparison.off == pytest.approx(off)
    coarser = run(cotangent(matrix(1.0, 4e3 * off, 3.0, 4.0, dtype=dtype)))
    assert compare(one, coarser).agreement is Agreement.DIFFERENT


def test_precision_is_that_of_the_less_precise_side():
    one = run(cotangent(number(1.0, dtype="float64")))
    assert compare(one, run(cotangent(number(1.00001, dtype="float32")))).agreement is Agreement.ROUNDED


def test_small_parts_are_compared_with_their_own_size():
    one = run(cotangent(number(1e20, ".a"), number(1.0, ".b")))
    other = run(cotangent(number(1e20, ".a"), number(2.0, ".b")))
    assert compare(one, other).message == "the cotangent of args[0].b (`A.b`) is 1.0 before and 2.0 after"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (number(1.25), number(-1.25), "the cotangent of args[0] (`A`) is 1.25 before and -1.25 after"),
        (
            matrix(1.0, 2.0, 3.0, 4.0),
            matrix(1.0, 3.0, 2.0, 4.0),
            "the cotangent of args[0][0, 1] (`A[0, 1]`) is 2.0 before and 3.0 after",
        ),
        (
            matrix(1.0, 2.0, 3.0, 4.0, path=".a"),
            matrix(1.0, 2.0, 3.0, 0.0, path=".a"),
            "the cotangent of args[0].a[1, 1] (`A.a[1, 1]`) is 4.0 before and 0.0 after",
        ),
        (number(1 + 2j), number(1 - 2j), "the cotangent of args[0] (`A`) is (1+2j) before and (1-2j) after"),
        (number(1 + 0j), number(2.0), "the cotangent of args[0] (`A`) is 1.0 before and 2.0 after"),
        (number(1.0), number(INF), "the cotangent of args[0] (`A`) is 1.0 before and inf after"),
        (
            number(2.0, ".a"),
            number(2.0, ".b"),
            "the cotangent of args[0].a (`A.a`) is 2.0 before and missing after",
        ),
        (
            matrix(1.0, 2.0, 3.0, 4.0),
            Leaf("", (4,), (1.0, 2.0, 3.0, 4.0)),
            "the cotangent of args[0] (`A`) is an array of shape (2, 2) before and "
            "an array of shape (4,) after",
        ),
        (number(2.0), Leaf("", text="'no'"), "the cotangent of args[0] (`A`) is 2.0 before and 'no' after"),
    ],
)
def test_difference_is_told_with_its_place_and_both_values(before, after, message):
    comparison = compare(run(cotangent(before)), run(cotangent(after)))
    assert (comparison.agreement, comparison.message) == (Agreement.DIFFERENT, message)


def test_place_without_a_name_is_told_by_itself():
    one, other = (run(cotangent(number(x), place="solve", name="")) for x in (1.0, 2.0))
    assert compare(one, other).message == "the cotangent of solve is 1.0 before and 2.0 after"


def test_values_are_compared_before_cotangents():
    one = run(cotangent(number(1.0)), value=(matrix(1.0, 2.0),))
    other = run(cotangent(number(2.0)), value=(matrix(1.0, 5.0),))
    assert compare(one, other).message == "the value[1, 0] is 2.0 before and 5.0 after"


def test_addresses_of_objects_are_no_difference():
    one, other = (run(value=(Leaf("", text=f"<Foo object at {at}>"),)) for at in ("0x7f01", "0x8fab"))
    assert compare(one, other).agreement is Agreement.EXACT


def test_every_seed_is_compared():
    seeds = ["a random seed", "a random seed without [1]"]
    one, other = (
        Run(CALL, pulled=tuple(Pulled(s, (cotangent(number(x)),)) for s, x in zip(seeds, xs, strict=True)))
        for xs in [(1.0, 2.0), (1.0, 3.0)]
    )
    assert compare(one, other).message == "the cotangent of args[0] (`A`) is 2.0 before and 3.0 after"
    fewer = replace(one, pulled=one.pulled[:1])
    assert "numbers of seeds" in compare(one, fewer).message


def test_cotangents_of_another_number_are_different():
    one, other = run(cotangent(number(1.0)), cotangent(number(1.0))), run(cotangent(number(1.0)))
    assert (
        compare(one, other).message == "the pullback gives 2 cotangents before and 1 after, for a random seed"
    )


def test_cotangent_that_is_no_tangent_on_both_sides_is_equal_and_noted():
    problem = "it has shape (2,), and the argument (2, 1)"
    both = run(cotangent(matrix(1.0, 2.0), problem=problem))
    comparison = compare(both, both)
    assert comparison.agreement is Agreement.EXACT
    assert comparison.notes == (
        f"the cotangent of args[0] (`A`) is no tangent of it, before and after: {problem}",
    )
    assert compare(both, run(cotangent(matrix(1.0, 3.0), problem=problem))).agreement is Agreement.DIFFERENT


def test_cotangent_that_is_no_tangent_on_one_side_is_different():
    one = run(cotangent(matrix(1.0, 2.0), problem="it has shape (2,)"))
    comparison = compare(one, run(cotangent(matrix(1.0, 2.0))))
    assert comparison.agreement is Agreement.DIFFERENT
    assert comparison.message == (
        "the cotangent of args[0] (`A`) is no tangent of it (it has shape (2,)) before, and one after"
    )


def test_projection_may_put_right_or_refuse_what_was_no_tangent():
    one = run(cotangent(matrix(1.0, 2.0), problem="it has shape (2,)"))
    fits = run(cotangent(number(3.0)))
    refused = pullback_raises("the pullback raises ProjectionError: ProjectTo: x has shape ()")
    for other, now in (fits, "projected"), (refused, "refused"):
        comparison = compare(one, other, projects=True)
        assert comparison.agreement is Agreement.EXACT
        assert comparison.notes == (
            f"the cotangent of args[0] (`A`) was no tangent of it, and is {now} after: it has shape (2,)",
        )
        assert compare(one, other).agreement is Agreement.DIFFERENT
    assert compare(fits, refused, projects=True).agreement is Agreement.DIFFERENT


def pullback_raises(failure):
    return Run(CALL, pulled=(Pulled("a random seed", failure=failure),))


def test_pullbacks_that_raise_are_equal_where_both_do():
    one, other = (
        pullback_raises("the pullback raises TypeError: x of solve"),
        pullback_raises("the pullback raises TypeError: x of back"),
    )
    comparison = compare(one, other)
    assert comparison.agreement is Agreement.EXACT
    assert comparison.notes == (
        "before and after, for a random seed: the pullback raises TypeError: x of solve",
    )
    comparison = compare(run(cotangent(number(1.0))), one)
    assert comparison.message == (
        "there are cotangents before, and the pullback raises TypeError: x of solve after, for a random seed"
    )
    assert compare(one, pullback_raises("the pullback raises ValueError: x")).agreement is Agreement.DIFFERENT


def pulled(seed, *cotangents, failure=""):
    return Run(CALL, pulled=(Pulled(seed, cotangents, failure),))


NO_NONE = "TypeError: unsupported operand type(s) for @: 'float' and 'NoneType'"


def test_zero_that_works_where_none_did_not_is_no_difference():
    seed = "a random seed without [1]"
    comparison = compare(pulled(seed, failure=NO_NONE), pulled(seed, cotangent(number(2.0))))
    assert comparison.agreement is not Agreement.DIFFERENT
    assert comparison.notes == (
        f"only after the conversion there are cotangents for {seed}; before, {NO_NONE}",
    )


@pytest.mark.parametrize(
    ("seed", "failure"),
    [("a random seed", NO_NONE), ("a random seed without [1]", "ValueError: singular")],
)
def test_pullback_that_raised_for_another_reason_is_different(seed, failure):
    comparison = compare(pulled(seed, failure=failure), pulled(seed, cotangent(number(2.0))))
    assert comparison.agreement is Agreement.DIFFERENT


def test_form_that_the_legacy_runtime_refuses_is_noted():
    seed, failure = "a random seed", "LegacyRuleError: returned 2 cotangents where 1 is due"
    after = cotangent(number(2.0), problem="it has shape (3,), but its primal is a number")
    comparison = compare(pulled(seed, failure=failure), pulled(seed, after))
    assert comparison.agreement is not Agreement.DIFFERENT
    assert "no tangent" in comparison.notes[0]


def test_arguments_may_be_changed_by_both_sides_alone():
    clean = run(cotangent(number(1.0)))
    changing = replace(clean, changes="args[1] (`b`)")
    assert compare(changing, changing).notes == ("it changes its arguments, before and after: args[1] (`b`)",)
    assert compare(clean, changing).message == (
        "it leaves its arguments alone before, and it changes its arguments (args[1] (`b`)) after"
    )


@pytest.mark.parametrize(
    ("before", "after", "agreement", "message"),
    [
        (
            failed(Verdict.UNFIT, "the rule raises ValueError: singular"),
            failed(Verdict.UNFIT, "the rule raises ValueError: singular"),
            Agreement.RAISE,
            "the rule raises ValueError: singular",
        ),
        (
            failed(Verdict.UNFIT, "the rule raises ValueError: singular"),
            failed(Verdict.UNFIT, "the rule raises TypeError: no"),
            Agreement.DIFFERENT,
            "the rule raises ValueError: singular before, and the rule raises TypeError: no after",
        ),
        (
            run(),
            failed(Verdict.UNFIT, "the rule raises TypeError: no"),
            Agreement.DIFFERENT,
            "it gives a value and a pullback before, and the rule raises TypeError: no after",
        ),
        (
            failed(Verdict.NO_RULE),
            run(),
            Agreement.DIFFERENT,
            "no rule takes the call before, and it gives a value and a pullback after",
        ),
        (
            failed(Verdict.NO_RULE),
            failed(Verdict.NO_RULE),
            Agreement.NOT_RUN,
            "no rule takes the call, before and after",
        ),
        (
            failed(Verdict.HANGS, "it does not end within 10 s"),
            failed(Verdict.HANGS, "it does not end within 10 s"),
            Agreement.NOT_RUN,
            "it does not end within 10 s, before and after",
        ),
        (
            run(),
            failed(Verdict.DIES, "it ends the interpreter (exit code 3)"),
            Agreement.DIFFERENT,
            "it gives a value and a pullback before, and it ends the interpreter (exit code 3) after",
        ),
        (
            failed(Verdict.REJECTED, "NameError: A"),
            run(),
            Agreement.NOT_RUN,
            "the arguments cannot be made: NameError: A",
        ),
    ],
)
def test_runs_without_a_result_are_compared_by_what_became_of_them(before, after, agreement, message):
    comparison = compare(before, after)
    assert (comparison.agreement, comparison.message) == (agreement, message)


EXACT = Comparison("f(1.0)", Agreement.EXACT)


@pytest.mark.parametrize(
    ("comparisons", "status", "message"),
    [
        ([EXACT], Status.EQUAL, "1 call, exactly"),
        (
            [EXACT, Comparison("f(2.0)", Agreement.ROUNDED, off=2.2e-16), Comparison("f", Agreement.NOT_RUN)],
            Status.EQUAL,
            "2 calls, within rounding: 2e-16",
        ),
        (
            [EXACT, Comparison("f(2.0)", Agreement.RAISE, "the rule raises ValueError: no")],
            Status.EQUAL,
            "2 calls, exactly; in 1 of them the rule raises ValueError, before and after",
        ),
        (
            [Comparison("f(2.0)", Agreement.RAISE, "the rule raises ValueError: no")],
            Status.EQUAL,
            "1 call, exactly; before and after, the rule raises ValueError: no",
        ),
        (
            [EXACT, Comparison("f(2.0)", Agreement.DIFFERENT, "the value is 1.0 before and 2.0 after")],
            Status.DIFFERENT,
            "the value is 1.0 before and 2.0 after, in f(2.0)",
        ),
        ([Comparison("f(2.0)", Agreement.NOT_RUN, "it hangs")], Status.NOT_RUN, "it hangs, in f(2.0)"),
    ],
)
def test_rule_is_equal_where_no_call_is_different_and_one_was_run(comparisons, status, message):
    assert conclusion(comparisons) == (status, message)
