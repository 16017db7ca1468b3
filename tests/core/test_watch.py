"""Debug mode finds what rules change that is not theirs, and lets alone what is meant to be changed."""

import re
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.sparse

from adjoint2rrule.core import (
    HasReverseMode,
    LyingRuleError,
    MutableTangent,
    NoTangent,
    RuleConfig,
    StructuralTangent,
    Tangent,
    ZeroTangent,
    debugging,
    ignore_derivatives,
    non_differentiable,
    rrule,
    thunk,
    unthunk,
    watch,
)

NO = NoTangent()


@dataclass
class Layer:
    weight: object
    name: str = "layer"


def forced(dx):
    """Return a tangent after a look at all thunks in it."""
    dx = unthunk(dx)
    if isinstance(dx, StructuralTangent):
        for part in dx:
            forced(part)
    return dx


class Net:
    """An object with an array to learn, and some for its own use."""

    def __init__(self):
        self.weight = np.ones(2)
        self.tied = self.weight
        self.buffer = np.zeros(2)
        self.count = np.zeros((), int)
        self.history = []

    def __call__(self, x):
        return self.apply(x)

    def apply(self, x):
        self.count += 1
        self.history.append(x)
        return np.multiply(self.weight, x, out=self.buffer).sum()


def zeros_in_place(net):
    net.weight *= 0


NET_BARS = {
    "structural": lambda bar: Tangent[Net](weight=bar),
    "by another name": lambda bar: Tangent[Net](tied=bar),
    "thunk": lambda bar: thunk(lambda: Tangent[Net](weight=bar)),
    "thunk inside": lambda bar: Tangent[Net](weight=thunk(lambda: bar)),
    "mutable": lambda bar: MutableTangent[Net](weight=bar),
}


class TestChanges:
    """Neither a rule nor its pullback changes what it is given."""

    def run(self, x, *, in_rule=None, in_pullback=None, y=1.0, seed=1.0, x̄=NO):
        def f(x):
            return y

        def f_rrule(f, x, **kw):
            if in_rule:
                in_rule(x)

            def pullback(ȳ):
                if in_pullback:
                    in_pullback(x, ȳ)
                return NO, x̄

            return y, pullback

        rrule.register(f)(f_rrule)
        with debugging():
            _, pullback = rrule(f, x)
            return pullback(seed)

    @pytest.mark.parametrize(
        ("x", "change", "place"),
        [
            (np.ones(3), lambda x: x.fill(2.0), "args[0]"),
            (np.arange(3), lambda x: x.fill(2), "args[0]"),
            (np.zeros(3), lambda x: np.negative(x, out=x), "args[0]"),
            ([1.0, np.ones(2)], lambda x: x[1].fill(2.0), "args[0][1]"),
            ([1.0], lambda x: x.append(2.0), "args[0]"),
            ({"a": [1.0]}, lambda x: x["a"].clear(), "args[0]['a']"),
            ({"a": 1.0}, lambda x: x.update(a=2.0), "args[0]"),
            (np.array([np.ones(2), 1.0], object), lambda x: x[0].fill(2.0), "args[0][0]"),
            (scipy.sparse.csr_array(np.eye(2)), lambda x: x.data.fill(2.0), "args[0]"),
            (scipy.sparse.lil_array(np.eye(2)), lambda x: x.__setitem__((0, 1), 2.0), "args[0]"),
        ],
    )
    def test_an_argument_is_not_changed(self, x, change, place):
        for culprit, run in (
            ("it", {"in_rule": change}),
            ("its pullback", {"in_pullback": lambda x, ȳ: change(x)}),
        ):
            with pytest.raises(LyingRuleError, match=re.escape(f"{culprit} changed {place}: work on a copy")):
                self.run(deepcopy(x), **run)

    @pytest.mark.parametrize("x̄", NET_BARS.values(), ids=NET_BARS)
    def test_what_has_a_cotangent_is_not_changed_inside_an_object(self, x̄):
        for culprit, run in (
            ("it", {"in_rule": zeros_in_place}),
            ("its pullback", {"in_pullback": lambda net, ȳ: zeros_in_place(net)}),
        ):
            says = rf"{culprit} changed args\[0\]\.(weight|tied), which has a cotangent: work on a copy"
            with pytest.raises(LyingRuleError, match=says):
                forced(self.run(Net(), x̄=x̄(np.ones(2)), **run)[1])

    def test_the_object_may_be_anywhere(self):
        nets = {"a": [Net(), Net()]}
        x̄ = Tangent[dict](a=Tangent[list](NO, Tangent[Net](weight=np.ones(2))))
        self.run(nets, in_rule=lambda nets: zeros_in_place(nets["a"][0]), x̄=x̄)
        with pytest.raises(LyingRuleError, match=re.escape("it changed args[0]['a'][1].weight, which has")):
            self.run(nets, in_rule=lambda nets: zeros_in_place(nets["a"][1]), x̄=x̄)

    @pytest.mark.parametrize("bar", [np.zeros(2), ZeroTangent(), NO, scipy.sparse.coo_array((2,))], ids=repr)
    def test_what_has_none_may_be_changed_there(self, bar):
        x̄ = Tangent[Net](weight=bar)
        assert self.run(Net(), in_rule=zeros_in_place, x̄=x̄)[1] is x̄
        assert self.run(Net(), in_rule=zeros_in_place)[1] is NO

    @pytest.mark.parametrize("call", [lambda net: net, lambda net: net.apply], ids=["functor", "method"])
    def test_a_callable_has_buffers_and_counts(self, call):
        changes = []

        def pullback_of(net, x):
            def pullback(ȳ):
                for change in changes:
                    change(net)
                return Tangent[Net](weight=ȳ * x), ȳ * net.weight

            return pullback

        rrule.register(Net)(lambda net, x: (net(x), pullback_of(net, x)))
        rrule.register(Net.apply)(lambda apply, self, x: (apply(self, x), of_method(pullback_of(self, x))))

        def of_method(pullback):
            return lambda ȳ: (NO, *pullback(ȳ))

        with debugging():
            n̄et, _ = rrule(call(Net()), np.ones(2))[1](2.0)
            assert n̄et == Tangent[Net](weight=np.full(2, 2.0))
            changes.append(zeros_in_place)
            says = r"its pullback changed (the function|args\[0\])\.weight, which has a cotangent"
            with pytest.raises(LyingRuleError, match=says):
                rrule(call(Net()), np.ones(2))[1](2.0)

    def test_an_array_that_is_an_argument_is_one_also_where_an_object_has_it(self):
        def f(net, x):
            return 1.0

        @rrule.register(f)
        def f_rrule(f, net, x):
            net.buffer += 1.0
            return 1.0, lambda ȳ: (NO, NO, NO)

        net = Net()
        with debugging(), pytest.raises(LyingRuleError, match=re.escape("it changed args[1]: work")):
            rrule(f, net, net.buffer)

    @pytest.mark.parametrize(
        ("y", "seed", "array_of"),
        [
            (np.ones(3), np.ones(3), lambda ȳ: ȳ),
            ((np.ones(3),), Tangent[tuple](np.ones(3)), lambda ȳ: unthunk(ȳ[0])),
            (Layer(np.ones(3)), Layer(np.ones(3)), lambda ȳ: ȳ.weight),
            ([np.ones(3)], [np.ones(3)], lambda ȳ: ȳ[0]),
        ],
    )
    def test_the_seed_is_not_changed(self, y, seed, array_of):
        with pytest.raises(LyingRuleError, match="its pullback changed the seed"):
            self.run(1.0, in_pullback=lambda x, ȳ: array_of(ȳ).fill(2.0), y=y, seed=seed)

    def test_whoever_calls_may_change_an_argument_before_the_pullback_runs(self):
        def f(x):
            return x

        rrule.register(f)(lambda f, x: (x, lambda ȳ: (NO, ȳ)))
        x = np.ones(3)
        with debugging():
            _, pullback = rrule(f, x)
            x += 1.0
            pullback(np.ones(3))

    def test_objects_may_count_and_cache(self):
        def count(x):
            x.name = "changed"
            x.cache = {}

        self.run(Layer(np.ones(2)), in_rule=count)

    def test_scipy_may_sort_the_entries_of_a_sparse_array(self):
        x = scipy.sparse.csr_array((np.ones(3), [2, 0, 0], [0, 3, 3, 3]), (3, 3))

        def sort(x):
            x.sort_indices()
            x.sum_duplicates()

        self.run(x, in_rule=sort)
        assert x.indices.tolist() == [0, 2]

    def test_a_thunked_seed_is_not_forced_to_watch_it(self):
        ran = []
        self.run(1.0, seed=thunk(lambda: ran.append(1)))
        assert not ran

    def test_what_contains_itself_is_watched_once(self):
        x = [1.0]
        x.append(x)
        self.run(x)

    def test_a_large_array_does_not_hide_the_others(self, monkeypatch):
        monkeypatch.setattr(watch, "WATCHED_BYTES", 100)
        with pytest.raises(LyingRuleError, match=re.escape("it changed args[0][1]")):
            self.run([np.ones(100), np.ones(3), np.ones(100)], in_rule=lambda x: x[1].fill(2.0))


class TestLimits:
    """Debug mode copies no more than it can be expected to."""

    def test_an_array_that_is_too_large_is_not_copied(self):
        x, small = np.zeros(2**23 + 1), np.zeros(3)  # 8 bytes more than all that is remembered
        looked_at = watch.Watch({"x": x, "small": small})
        x[0] = small[0] = 1.0
        assert [part.place for part in looked_at.changed()] == ["small"]

    def test_arrays_count_together(self, monkeypatch):
        monkeypatch.setattr(watch, "WATCHED_BYTES", 100)
        xs = [np.zeros(5) for _ in range(4)]
        sparse = scipy.sparse.csr_array(np.eye(4))
        looked_at = watch.Watch({"sparse": sparse, "xs": xs})
        for x in xs:
            x.fill(1.0)
        sparse.data.fill(2.0)
        assert len(looked_at.changed()) == 2

    def test_an_array_that_just_fits_is_watched(self, monkeypatch):
        monkeypatch.setattr(watch, "WATCHED_BYTES", 40)
        x = np.zeros(5)
        looked_at = watch.Watch({"x": x})
        x.fill(1.0)
        assert len(looked_at.changed()) == 1

    @pytest.mark.parametrize("make", [list, dict, lambda: np.zeros(1)], ids=["lists", "dicts", "arrays"])
    def test_parts_are_not_watched_without_end(self, make):
        xs = [make() for _ in range(10_001)]
        looked_at = watch.Watch({"xs": xs})
        for x in xs:
            if isinstance(x, list):
                x.append(1.0)
            else:
                x[0] = 1.0
        assert len(looked_at.changed()) == 9_999  # and the list of them, which did not change

    def test_objects_count_too(self, monkeypatch):
        monkeypatch.setattr(watch, "WATCHED_PARTS", 10)
        layers = [Layer(np.zeros(1)) for _ in range(20)]
        looked_at = watch.Watch({"layers": layers})
        for layer in layers:
            layer.weight += 1.0
        assert len(looked_at.changed()) < 10


class TestMayChange:
    """What is meant to be changed."""

    @pytest.mark.parametrize(
        "out_of",
        [lambda x: np.zeros(4), lambda x: x, lambda x: x[::-1], lambda x: (x,), lambda x: None],
        ids=["another", "argument", "view", "tuple", "none"],
    )
    def test_where_the_caller_wants_the_result(self, out_of):
        def add(x, y, out=None):
            return np.add(x, y, out=out)

        @rrule.register(add)
        def add_rrule(add, x, y, **kw):
            return add(x, y, **kw), lambda ȳ: (NO, ȳ, ȳ)

        x = np.ones(4)
        out = out_of(x)
        with debugging():
            y, pullback = rrule(add, x, np.ones(4), out=out)
            assert pullback(np.ones(4))[1].tolist() == [1.0] * 4
        assert y.tolist() == [2.0] * 4

    def test_what_only_looks_like_it_is_not(self):
        def add(x, y, *, into):
            return np.add(x, y, out=into)

        @rrule.register(add)
        def add_rrule(add, x, y, *, into):
            return add(x, y, into=into), lambda ȳ: (NO, ȳ, ȳ)

        with debugging(), pytest.raises(LyingRuleError, match="it changed into: work on a copy"):
            rrule(add, 1.0, np.ones(2), into=np.zeros(2))

    def test_what_is_not_differentiated(self):
        history, x = [], np.arange(5.0)
        rng = np.random.default_rng(0)
        log = non_differentiable(lambda history, x: history.append(x))
        non_differentiable(list.append)
        non_differentiable(type(rng).shuffle)
        with debugging():
            assert rrule(log, history, 1.0)[1](1.0) == (NO, NO, NO)
            assert rrule(history.append, 2.0)[1](1.0) == (NO, NO)
            rrule(rng.shuffle, x)
            rrule(ignore_derivatives, lambda: history.append(3.0))
        assert history == [1.0, 2.0, 3.0]
        assert sorted(x) == [0.0, 1.0, 2.0, 3.0, 4.0] != x.tolist()

    class Mutation:
        """A feature of a user's own."""

    class MutatingConfig(RuleConfig[Mutation, HasReverseMode]):
        """That of a system with an agreement about mutation."""

    @pytest.mark.parametrize(
        ("asked", "may"),
        [
            (RuleConfig[Mutation], True),
            (RuleConfig[HasReverseMode, Mutation], True),
            (MutatingConfig, True),
            (RuleConfig[HasReverseMode], False),
            (RuleConfig, False),
        ],
    )
    def test_what_a_feature_of_a_users_own_says(self, asked, may):
        def push(xs, x):
            xs.append(x)

        @rrule.register(push)
        def push_rrule(config: asked, push, xs: list, x: float):
            return push(xs, x), lambda ȳ: (NO, ZeroTangent(), xs.pop() * ȳ.pop())

        xs = []
        with debugging():
            if may:
                assert rrule(self.MutatingConfig(), push, xs, 2.0)[1]([3.0]) == (NO, ZeroTangent(), 6.0)
                assert xs == []
            else:
                with pytest.raises(LyingRuleError, match=re.escape("it changed args[0]")):
                    rrule(self.MutatingConfig(), push, xs, 2.0)

    def test_what_a_feature_says_in_a_string_that_only_registration_could_read(self):
        def registered():
            class Local(RuleConfig[self.Mutation]):
                pass

            def push(xs):
                xs.append(1.0)

            @rrule.register(push)
            def push_rrule(config: "Local", push, xs: list):
                return push(xs), lambda ȳ: (NO, NO)

            return Local(), push

        xs = []
        with debugging():
            rrule(*registered(), xs)
        assert xs == [1.0]
