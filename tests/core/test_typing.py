"""What a type checker sees of the runtime: a typed program of a user's, in mypy's strictest mode.

Each line of `PROGRAM` that ends in ``# -> type`` is a `reveal_type`, and one that ends in ``# error: code``
has that error; all others have none.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import adjoint2rrule

PROGRAM = """\
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adjoint2rrule.core import (
    AbstractTangent,
    AbstractZero,
    HasReverseMode,
    InplaceableThunk,
    MutableTangent,
    NoForwardsMode,
    NoTangent,
    NotImplementedTangent,
    RuleConfig,
    RuleError,
    Tangent,
    Thunk,
    UnknownFieldError,
    ZeroTangent,
    add_inplace,
    backing,
    canonicalize,
    construct,
    debug_mode,
    debugging,
    frule,
    ignore_derivatives,
    is_inplaceable_destination,
    is_opted_out,
    non_differentiable,
    not_implemented,
    opt_out,
    primal_type,
    rrule,
    rrule_via_ad,
    scalar_rule,
    thunk,
    unthunk,
    zero_tangent,
)


@dataclass
class Foo:
    a: float
    b: float = 0.0


class Point(NamedTuple):
    x: float
    y: float


def cube(x: float) -> float:
    return x**3


Pullback = Callable[[Any], tuple[Any, ...]]


@rrule.register(cube)
def cube_rrule(cube: Callable[[float], float], x: float) -> tuple[float, Pullback]:
    def cube_pullback(ȳ: Any) -> tuple[NoTangent, Any]:
        return NoTangent(), 3 * x**2 * ȳ

    return cube(x), cube_pullback


@rrule.register(type[Foo], subclasses=True)
def foo_rrule(Foo: type[Foo], a: float) -> tuple[Foo, Pullback]:
    return Foo(a), lambda dy: (NoTangent(), dy.a)


@frule.register(cube)
def cube_frule(dargs: tuple[Any, float], f: Callable[[float], float], x: float) -> tuple[float, float]:
    return f(x), 3 * x**2 * dargs[1]


class TapeConfig(RuleConfig[HasReverseMode, NoForwardsMode]): ...


@rrule.register(cube)
def cube_on_tape(config: RuleConfig[HasReverseMode], f: Callable[[float], float], x: float) -> Any:
    return rrule_via_ad(config, f, x)


@rrule_via_ad.register(TapeConfig)
def tape_pullback(config: TapeConfig, f: Callable[..., Any], *xs: Any) -> tuple[Any, Pullback]:
    return f(*xs), lambda ȳ: (NoTangent(), *(ȳ for _ in xs))


@construct.register(Foo)
def build_foo(T: type[Foo], fields: dict[str, float]) -> Foo:
    return T(fields["a"])


@non_differentiable
def count(xs: list[float]) -> int:
    return len(xs)


reveal_type(cube_rrule(cube, 2.0)[0])  # -> float
reveal_type(foo_rrule(Foo, 1.0)[0])  # -> Foo
reveal_type(cube_frule((0.0, 1.0), cube, 2.0))  # -> tuple[float, float]
reveal_type(build_foo)  # -> def (T: type[Foo], fields: dict[str, float]) -> Foo
reveal_type(count)  # -> def (xs: list[float]) -> int
reveal_type(scalar_rule(cube, lambda Ω, x: 3 * x**2))  # -> def (x: float) -> float

config = TapeConfig()
pair = rrule(config, cube, 2.0)
if pair is not None:
    y, pullback = pair
    reveal_type(pullback(1.0))  # -> tuple[Any, ...]
reveal_type(frule((NoTangent(), 1.0), cube, 2.0))  # -> tuple[Any, Any] | None
reveal_type(TapeConfig.features)  # -> frozenset[type]

t = Tangent[Foo](a=1.0)
reveal_type(t)  # -> Tangent[Foo]
reveal_type(Tangent[Point](1.0, y=2.0))  # -> Tangent[tuple[float, float, fallback=Point]]
reveal_type(Tangent[tuple[float, float]](1.0, 2.0))  # -> Tangent[tuple[float, float]]
reveal_type(Tangent[dict[str, float]]({"a": 1.0}))  # -> Tangent[dict[str, float]]
reveal_type(t.a)  # -> Any
reveal_type(t["a"])  # -> Any
reveal_type(2 * t + t)  # -> Any
reveal_type(Foo(1.0) + t)  # -> Any
first, second = Tangent[Point](1.0, 2.0)
t.a = 2.0  # error: attr-defined

m = MutableTangent[Foo]()
m.a = 1.0
m["a"] = m.a + 1.0
reveal_type(m)  # -> MutableTangent[Foo]

reveal_type(thunk(lambda: 1.0))  # -> Thunk
reveal_type(unthunk(thunk(lambda: np.ones(3))))  # -> Any
thunk(1.0)  # error: arg-type
reveal_type(InplaceableThunk(lambda x: x, thunk(lambda: 1.0)))  # -> InplaceableThunk
reveal_type(not_implemented("why"))  # -> NotImplementedTangent
zeros: list[AbstractZero] = [ZeroTangent(), NoTangent()]
tangents: list[AbstractTangent] = [*zeros, t, m, thunk(lambda: 1.0), not_implemented()]
x̄: NDArray[np.float64] = np.ones(3)
reveal_type(add_inplace(x̄, ZeroTangent()))  # -> Any
reveal_type(1.0 + ZeroTangent())  # -> Any
reveal_type(is_inplaceable_destination(x̄))  # -> bool
reveal_type(backing(t))  # -> Any
reveal_type(canonicalize(t))  # -> Any
reveal_type(primal_type(Tangent[Foo]))  # -> Any
reveal_type(zero_tangent(x̄))  # -> Any
reveal_type(construct(Foo, {"a": 1.0}))  # -> Any
reveal_type(ignore_derivatives(3.0))  # -> Any

with debugging():
    reveal_type(debug_mode())  # -> bool
opt_out(rrule, cube, int)
reveal_type(is_opted_out(rrule, cube, int))  # -> bool
opt_out(cube, int)  # error: arg-type
try:
    t.c
except UnknownFieldError as error:
    reveal_type(error)  # -> UnknownFieldError
    as_builtins: AttributeError = error
    as_ours: RuleError = error
RuleError()  # error: call-arg
"""


@pytest.fixture(scope="module")
def report(request, tmp_path_factory):
    """Return what mypy says, by line."""
    program = tmp_path_factory.mktemp("typed") / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    cache = request.config.cache.mkdir("mypy") if request.config.cache else program.parent
    command = [sys.executable, "-m", "mypy", "--strict", "--no-color-output", "--hide-error-context"]
    run = subprocess.run(
        [*command, f"--cache-dir={cache}", "--config-file=", "program.py"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=program.parent,
    )
    assert run.stderr == ""
    lines = re.findall(r"^program\.py:(\d+): (error|note): (.*)$", run.stdout, flags=re.MULTILINE)
    # The name of a class stands there with its module, and positional names with a mark.
    return [(int(line), kind, re.sub(r"\b(\w+\.)+(?=[A-Za-z])", "", text)) for line, kind, text in lines]


def expected(pattern):
    lines = enumerate(PROGRAM.splitlines(), start=1)
    return {number: found[1] for number, line in lines if (found := re.search(pattern, line))}


def test_the_types_are_those_that_a_user_expects(report):
    revealed = {
        line: re.sub(r"^Revealed type is \"(.*)\"$", r"\1", text)
        for line, kind, text in report
        if text.startswith("Revealed type")
    }
    assert {line: plain(text) for line, text in revealed.items()} == expected(r"  # -> (.*)$")


def test_only_what_is_wrong_is_an_error(report):
    errors = {line: re.search(r"\[([\w-]+)\]$", text)[1] for line, kind, text in report if kind == "error"}
    assert errors == expected(r"  # error: ([\w-]+)$")


def plain(text):
    """Return a type as mypy prints it, in the words of today's Python."""
    text = re.sub(r"Union\[(.*), None\]", r"\1 | None", text)
    return text.replace("builtins.", "").replace("Tuple[", "tuple[")


def test_the_package_says_that_it_has_types():
    assert (Path(adjoint2rrule.__file__).parent / "py.typed").is_file()
