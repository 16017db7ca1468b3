"""Times each pair in turns, in one run, and prints the medians and their ratio.

Absolute times depend on the machine; a ratio against something known, taken in the same run, does not.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "examples"


def main() -> None:
    """Print a line for each benchmark."""
    print(f"{'what':42} {'against':34} {'s':>9} {'s':>9} {'ratio':>6}")
    for what, against, one, other, rounds in (
        ("import adjoint2rrule.core", "import numpy", core_import, numpy_import, 5),
        ("--version", "import click", version, click_import, 5),
        ("convert --check, site-packages", "reading the same files", check_tree, read_tree, 3),
        ("convert_source, examples", "libcst parses and prints them", convert_examples, print_examples, 10),
        ("rrule(f, x), 10,000 calls", "calling the rule itself", call_rrule, call_rule, 10),
    ):
        first, second = paired(one, other, rounds)
        print(f"{what:42} {against:34} {first:9.4f} {second:9.4f} {first / second:6.2f}")


def paired(one: Callable[[], object], other: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Return the median times of two functions that are called in turns, after one call of each."""
    times: tuple[list[float], list[float]] = ([], [])
    one(), other()
    for _ in range(rounds):
        for function, taken in zip((one, other), times, strict=True):
            start = time.perf_counter()
            function()
            taken.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def run(*arguments: str) -> None:
    """Run Python with `arguments`, and let its output go."""
    subprocess.run(
        [sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )


def core_import() -> None:
    """Start Python and import the runtime."""
    run("-c", "import adjoint2rrule.core")


def numpy_import() -> None:
    """Start Python and import what the runtime stands on."""
    run("-c", "import numpy")


def version() -> None:
    """Start the command line."""
    run("-m", "adjoint2rrule", "--version")


def click_import() -> None:
    """Start Python and import what the command line stands on."""
    run("-c", "import click")


def check_tree() -> None:
    """Look for legacy definitions where there are none."""
    run("-m", "adjoint2rrule", "convert", "--check", sysconfig.get_path("purelib"))


def read_tree() -> None:
    """Read every Python file of the same tree, in a process of its own."""
    script = "import pathlib, sys\nfor path in pathlib.Path(sys.argv[1]).rglob('*.py'): path.read_bytes()"
    run("-c", script, sysconfig.get_path("purelib"))


def convert_examples() -> None:
    """Convert the example package."""
    from adjoint2rrule.convert.model import Options, SourceFile
    from adjoint2rrule.convert.pipeline import closed_modules, convert_source
    from adjoint2rrule.convert.project import project_around

    options = Options()
    for path in EXAMPLES.rglob("*.py"):
        source = SourceFile(str(path), path.read_bytes())
        convert_source(source, options, project_around(path, closed_modules(options)))


def print_examples() -> None:
    """Parse and print the example package with libcst."""
    import libcst

    for path in EXAMPLES.rglob("*.py"):
        assert libcst.parse_module(path.read_bytes()).bytes


def call_rrule() -> None:
    """Call a rule through the dispatch."""
    from adjoint2rrule.core import rrule

    for _ in range(10_000):
        rrule(_square, 2.0)


def call_rule() -> None:
    """Call the rule itself."""
    for _ in range(10_000):
        _square_rrule(_square, 2.0)


def _square(x: float) -> float:
    return x * x


def _square_rrule(
    square: Callable[[float], float], x: float
) -> tuple[float, Callable[[float], tuple[object, float]]]:
    return square(x), lambda ȳ: (None, 2 * x * ȳ)


def _register() -> None:
    from adjoint2rrule.core import rrule

    rrule.register(_square)(_square_rrule)


if __name__ == "__main__":
    _register()
    main()
