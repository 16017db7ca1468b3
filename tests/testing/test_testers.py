"""What `test_rrule` and its sisters take, give back and leave out."""

import pickle
import subprocess
import sys
import textwrap
import warnings
from collections import Counter

import numpy as np
import pytest
from fdm import central_fdm

from adjoint2rrule.core import (
    HasReverseMode,
    InplaceableThunk,
    NoTangent,
    RuleConfig,
    Tangent,
    frule,
    not_implemented,
    rrule,
    thunk,
)
from adjoint2rrule.testing import TestConfig, test_frule, test_rrule, test_scalar, with_tangent
from adjoint2rrule.testing.derivative_check import ENTRIES
from adjoint2rrule.testing.failure import FailureKind, RuleTestFailure


def cube(x):
    return x**3


@rrule.register(cube)
def cube_rrule(cube, x):
    return cube(x), lambda ȳ: (NoTangent(), 3 * np.conj(x) ** 2 * ȳ)


@frule.register(cube)
def cube_frule(dargs, cube, x):
    return cube(x), 3 * x**2 * dargs[1]


def wrong_cube(x):
    return x**3


@rrule.register(wrong_cube)
def wrong_cube_rrule(wrong_cube, x):
    return wrong_cube(x), lambda ȳ: (NoTangent(), 2 * x**2 * ȳ)


def failure(*args, test=test_rrule, **options):
    with pytest.raises(AssertionError) as caught:
        test(*args, **options)
    return str(caught.value)


# What is said


def test_failure_can_be_sent_to_another_process():
    with pytest.raises(RuleTestFailure) as caught:
        test_rrule(wrong_cube, 1.5)
    sent = pickle.loads(pickle.dumps(caught.value))
    assert (str(sent), sent.kind) == (str(caught.value), FailureKind.VALUE)


def test_failure_repeats_with_its_seed():
    first = failure(wrong_cube, 1.5)
    seed = int(first.rpartition("rng=")[2].rstrip("]"))
    assert failure(wrong_cube, 1.5, rng=seed) == first


def test_seed_of_a_generator_is_the_seed_that_repeats():
    first = failure(wrong_cube, 1.5, rng=np.random.default_rng(3))
    assert first == failure(wrong_cube, 1.5, rng=np.random.default_rng(3))
    assert first == failure(wrong_cube, 1.5, rng=int(first.rpartition("rng=")[2].rstrip("]")))


def test_without_a_seed_the_numbers_differ():
    assert len({test_rrule(cube, 1.5).seed for _ in range(5)}) > 1


def test_outcome_says_how_each_cotangent_was_checked():
    def scaled(x, n, y):
        return n * x.sum() * y.sum()

    @rrule.register(scaled)
    def scaled_rrule(scaled, x, n, y):
        def back(ȳ):
            return (
                NoTangent(),
                n * y.sum() * ȳ * np.ones_like(x),
                NoTangent(),
                n * x.sum() * ȳ * np.ones_like(y),
            )

        return scaled(x, n, y), back

    outcome = test_rrule(scaled, np.ones(ENTRIES), 2, np.ones(ENTRIES + 1), rng=5)
    assert outcome.seed == 5
    assert outcome.checked == {
        "f": "cannot be perturbed",
        "args[0] (`x`)": "entry by entry",
        "args[1] (`n`)": "cannot be perturbed",
        "args[2] (`y`)": "along 2 random directions",
    }


def test_arguments_of_a_variadic_function_are_named_by_their_index():
    def total(*xs):
        return sum(xs)

    @rrule.register(total)
    def total_rrule(total, *xs):
        return sum(xs), lambda ȳ: (NoTangent(), ȳ, 2 * ȳ)

    assert "args[1] (`xs[1]`)" in failure(total, 1.0, 2.0)


def test_crash_of_the_rule_is_the_cause_of_the_failure():
    def f(x):
        return x

    @rrule.register(f)
    def f_rrule(f, x):
        raise KeyError("lost")

    with pytest.raises(AssertionError) as caught:
        test_rrule(f, 1.0)
    assert isinstance(caught.value.__cause__, KeyError)


def test_error_of_the_function_itself_is_left_as_it_is():
    with pytest.raises(ZeroDivisionError):
        test_rrule(lambda x: 1 / x, 0.0)


# What is taken


def test_arguments_of_the_caller_are_never_changed():
    def f(x):
        return x.sum()

    @rrule.register(f)
    def f_rrule(f, x):
        x[...] = 0.0
        return 0.0, lambda ȳ: (NoTangent(), np.full(3, ȳ))

    x = np.ones(3)
    failure(f, x)
    assert (x == 1.0).all()


def test_config_reaches_the_rule():
    class MyConfig(RuleConfig[HasReverseMode]): ...

    seen = []

    def f(x):
        return x

    @rrule.register(f)
    def f_rrule(config: RuleConfig[HasReverseMode], f, x):
        seen.append(config)
        return x, lambda ȳ: (NoTangent(), ȳ)

    config = MyConfig()
    test_rrule(f, 1.0, config=config)
    test_rrule(f, 1.0)
    assert seen[0] is config
    assert isinstance(seen[1], TestConfig)


def test_rrule_f_is_called_with_the_config_unless_there_is_none():
    calls = []

    def rrule_f(*args):
        calls.append(args)
        x = args[-1]
        return x**3, lambda ȳ: (NoTangent(), 3 * x**2 * ȳ)

    config = TestConfig()
    test_rrule(cube, 1.5, rrule_f=rrule_f, config=config)
    test_rrule(cube, 1.5, rrule_f=rrule_f, config=None)
    assert calls == [(config, cube, 1.5), (cube, 1.5)]


def test_seed_is_the_output_tangent():
    seeds = []

    def f(x):
        return x

    @rrule.register(f)
    def f_rrule(f, x):
        def back(ȳ):
            seeds.append(ȳ)
            return NoTangent(), ȳ

        return x, back

    test_rrule(f, 1.0, output_tangent=7.0)
    assert seeds[0] == 7.0


def test_malformed_output_tangent_is_refused_by_its_name():
    assert "output_tangent has shape (2,), but its primal is a number" in failure(
        cube, 1.5, output_tangent=np.ones(2)
    )


def test_no_thunk_is_pulled_back_where_none_is_wanted():
    def f(x):
        return x

    @rrule.register(f)
    def f_rrule(f, x):
        def back(ȳ):
            assert isinstance(ȳ, float)
            return NoTangent(), ȳ

        return x, back

    assert "with a thunk for its seed, the pullback raises AssertionError" in failure(f, 1.0)
    test_rrule(f, 1.0, check_thunked_output_tangent=False)


def test_fdm_is_used():
    calls = Counter()
    method = central_fdm(7, 1)

    def counted(*args, **options):
        calls["fdm"] += 1
        return method(*args, **options)

    test_rrule(cube, 1.5, fdm=counted)
    assert calls["fdm"] == 1


def test_entries_share_a_step_where_it_suits():
    calls = Counter()

    def f(x):
        calls["f"] += 1
        return np.exp(x) * x

    @rrule.register(f)
    def f_rrule(f, x):
        return f(x), lambda ȳ: (NoTangent(), (1 + x) * np.exp(x) * ȳ)

    test_rrule(f, np.linspace(-1, 1, 100))
    assert calls["f"] < 5 * 100


def test_entries_of_different_scales_get_steps_of_their_own():
    x = np.array([2.0, 1e-9, 0.5, 1e12, 1e-3])
    for rng in range(20):
        for f, derivative in ((np.log, lambda x: 1 / x), (np.sqrt, lambda x: 0.5 / np.sqrt(x))):
            test_rrule(
                lambda x, f=f: f(x),
                x,
                rrule_f=lambda g, x, d=derivative: (g(x), lambda ȳ: (NoTangent(), d(x) * ȳ)),
                config=None,
                rng=rng,
            )


def test_tolerance_is_the_users():
    def roughly(x):
        return x**3

    @rrule.register(roughly)
    def roughly_rrule(roughly, x):
        return x**3, lambda ȳ: (NoTangent(), 3.0001 * x**2 * ȳ)

    failure(roughly, 1.5)
    test_rrule(roughly, 1.5, rtol=1e-3)


def test_cotangent_is_added_to_the_tangent_that_was_given():
    totals = []

    def f(x):
        return x

    @rrule.register(f)
    def f_rrule(f, x):
        def back(ȳ):
            def add(total):
                totals.append(total.copy())
                total += ȳ

            return NoTangent(), InplaceableThunk(add, thunk(lambda: ȳ))

        return x, back

    test_rrule(f, with_tangent(np.ones(2), np.array([5.0, 6.0])))
    assert [list(total) for total in totals] == [[5.0, 6.0]]


# What is left out


def test_cotangent_that_is_not_implemented_is_left_out_with_a_warning():
    def f(x, y):
        return x * y

    @rrule.register(f)
    def f_rrule(f, x, y):
        return f(x, y), lambda ȳ: (NoTangent(), y * ȳ, not_implemented("later"))

    with pytest.warns(UserWarning, match=r"the cotangent of args\[1\] \(`y`\) is not implemented") as caught:
        outcome = test_rrule(f, 2.0, 3.0)
    assert outcome.checked["args[1] (`y`)"] == "not implemented"
    assert [w.filename for w in caught] == [__file__]


def test_parts_that_are_implemented_are_checked():
    def f(p):
        return p[0] * p[1]

    def rule(factor):
        def f_rrule(f, p):
            return f(p), lambda ȳ: (NoTangent(), Tangent[tuple](factor * p[1] * ȳ, not_implemented()))

        return f_rrule

    rrule.register(f)(rule(1.0))
    with pytest.warns(UserWarning, match="not implemented"):
        test_rrule(f, (2.0, 3.0))
    rrule.register(f)(rule(-1.0))
    with pytest.warns(UserWarning, match="not implemented"):
        assert "args[0][0] (`p[0]`)" in failure(f, (2.0, 3.0))


def test_warnings_of_the_function_beside_its_arguments_are_left_out():
    def f(x):
        if x > 1.5:
            warnings.warn("close to the edge", stacklevel=2)
        return np.sqrt(2.0 - x)

    @rrule.register(f)
    def f_rrule(f, x):
        return f(x), lambda ȳ: (NoTangent(), -ȳ / (2 * np.sqrt(2.0 - x)))

    test_rrule(f, 1.5)


def test_random_argument_of_a_large_function_is_cheap():
    calls = Counter()

    def f(x):
        calls["f"] += 1
        return x**2

    @rrule.register(f)
    def f_rrule(f, x):
        return x**2, lambda ȳ: (NoTangent(), 2 * x * ȳ)

    test_rrule(f, np.linspace(1, 2, 100_000))
    assert calls["f"] < 50


# The forward rule


def test_right_forward_rule_passes():
    for rng in range(20):
        test_frule(cube, 1.5, rng=rng)
        test_frule(cube, np.array([1.5, -2.0]), rng=rng)
        test_frule(cube, np.array([1.5 - 1.0j, -2.0]), rng=rng)


def forward(rule, f=lambda x, y: x * y):
    frule.register(f)(lambda dargs, f, x, y: rule(*dargs, x, y))
    return f


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            lambda df, dx, dy, x, y: (x * y, -(dx * y + x * dy)),
            "the tangent of y[0] is .*; the sign is wrong",
        ),
        (lambda df, dx, dy, x, y: (x * y, dx * y), "the tangent of y.* is .*, finite differences say"),
        (lambda df, dx, dy, x, y: (x * y + 1, dx * y), "the rule returns another value than the function: y"),
        (lambda df, dx, dy, x, y: (x * y, None), "the tangent of y is None, which is no tangent"),
        (lambda df, dx, dy, x, y: (x * y, NoTangent()), "the tangent of y.* is 0.0, finite differences say"),
        (lambda df, dx, dy, x, y: [x * y, dx * y], "the rule returned a list, not the pair"),
        (
            lambda df, dx, dy, x, y: (x * y, dx * y + x * dy + 1),
            "the tangent of y is not linear in the tangents",
        ),
        (
            lambda df, dx, dy, x, y: (x * y, np.multiply(dx, y, out=dx) + x * dy),
            "the rule changes the tangents of its arguments: the tangent of args.0..\\d. .`x.\\d.`. is",
        ),
        (lambda df, dx, dy, x, y: (x * y, [1.0]), "the tangent of y is a list, no tangent of an array"),
    ],
)
def test_wrong_forward_rule_fails_with_its_message(rule, message):
    x, y = np.array([1.5, -2.0]), np.array([0.5, 3.0])
    with pytest.raises(AssertionError, match=message.replace("[0]", r"\[\d\]")):
        test_frule(forward(rule), x, y)


def test_no_forward_rule_is_a_failure():
    assert "add one by `@frule.register`" in failure(lambda x: x, 1.0, test=test_frule)


def test_forward_rule_gets_no_tangent_for_what_cannot_be_perturbed():
    seen = []

    def f(x, n):
        return n * x

    @frule.register(f)
    def f_frule(dargs, f, x, n):
        seen.append(dargs)
        return n * x, n * dargs[1]

    test_frule(f, 2.0, 3)
    assert all(df is NoTangent() and dn is NoTangent() for df, _, dn in seen)


def test_forward_rule_follows_the_tangent_that_was_given():
    seen = []

    @frule.register(wrong_cube)
    def wrong_cube_frule(dargs, wrong_cube, x):
        seen.append(dargs[1])
        return x**3, 3 * x**2 * dargs[1]

    test_frule(wrong_cube, with_tangent(2.0, 4.0))
    assert seen[0] == 4.0


def test_forward_rule_at_numbers_of_any_size_passes():
    def wave(frequency, length):
        return np.array([np.sin(1e-14 * frequency), 1e-6 / length, 1.0])

    @frule.register(wave)
    def wave_frule(dargs, wave, frequency, length):
        _, df, dl = dargs
        dy = np.array([1e-14 * np.cos(1e-14 * frequency) * df, -1e-6 / length**2 * dl, 0.0])
        return wave(frequency, length), dy

    test_frule(wave, 2e14, 1.5e-6)
    test_frule(wave, with_tangent(2e14, 1e13), with_tangent(1.5e-6, 1e-7))


def test_forward_derivative_that_is_not_implemented_is_left_out_with_a_warning():
    def both(x):
        return 2 * x, 3 * x

    rules = {"second": lambda dx: not_implemented(), "first": lambda dx: 2 * dx}

    @frule.register(both)
    def both_frule(dargs, both, x):
        return both(x), Tangent[tuple](rules["first"](dargs[1]), rules["second"](dargs[1]))

    with pytest.warns(UserWarning, match="the tangent of y is not implemented") as caught:
        test_frule(both, 1.5)
    assert [w.filename for w in caught] == [__file__]
    rules["first"] = lambda dx: -2 * dx
    with pytest.warns(UserWarning, match="not implemented"):
        assert "the tangent of y[0] is" in failure(both, 1.5, test=test_frule)


# Scalars


def test_scalar_checks_both_rules_in_all_directions():
    test_scalar(cube, 1.5)
    test_scalar(cube, 1.5 - 2.0j)


def test_scalar_finds_a_conjugate_that_a_real_seed_hides():
    def turned(x):
        return (1.0 + 2.0j) * x

    @frule.register(turned)
    def turned_frule(dargs, turned, x):
        return turned(x), (1.0 + 2.0j) * dargs[1]

    @rrule.register(turned)
    def turned_rrule(turned, x):
        return turned(x), lambda ȳ: (NoTangent(), np.real((1.0 + 2.0j) * ȳ))

    test_rrule(turned, 1.5, output_tangent=1.0)
    assert "test_rrule(turned)" in failure(turned, 1.5, test=test_scalar)


# Names and imports


def test_no_name_is_collected_when_imported_into_a_test_module(tmp_path):
    module = tmp_path / "test_user.py"
    module.write_text(
        textwrap.dedent(
            """
            from adjoint2rrule.testing import *
            from adjoint2rrule.testing import TestConfig, test_approx, test_frule, test_method_tables
            from adjoint2rrule.testing import test_rrule, test_scalar

            class TestMine(TestConfig): ...

            def test_mine(): ...
            """
        )
    )
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", str(module)]
    collected = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True).stdout
    assert [line for line in collected.splitlines() if "::" in line] == ["test_user.py::test_mine"]


def test_fdm_is_not_loaded_before_it_is_needed():
    command = [sys.executable, "-c", "import sys, adjoint2rrule.testing; print('fdm' in sys.modules)"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


def test_missing_fdm_is_reported_with_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "fdm", None)
    with pytest.raises(ImportError, match=r"pip install 'adjoint2rrule\[test\]'"):
        test_rrule(cube, 1.5)
