"""Run the benchmarks, print a line for each, and write the figures where ``--json`` says.

``python -m benchmarks core`` runs only those of the runtime, ``convert`` those of the converter, ``testing``
those of `test_rrule`, ``interop`` those of the bridges. The exit code is 1 where a figure is past what was
promised; on a busy machine, one may be.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.paired import Benchmark, Timing, timed

PARTS = ("core", "convert", "testing", "interop")
ROW = "{:36} {:32} {:>10} {:>10} {:>6}  {}"


def main() -> int:
    """Read the command line, do what it says, and return the exit code."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", default=PARTS, metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file too")
    options = parser.parse_args()
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    results = [result for part in options.parts for result in results_of(part)]
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0 if all(result["kept"] for result in results) else 1


def results_of(part: str) -> list[dict[str, Any]]:
    """Run and print the benchmarks of a part, and return their figures."""
    print(ROW.format(part, "against", "each", "each", "ratio", "at most"))
    results = []
    for benchmark in importlib.import_module(f"benchmarks.{part}").benchmarks():
        timing = timed(benchmark)
        print(line_of(benchmark, timing), flush=True)
        figures = {"what": benchmark.what, "against": benchmark.against, **asdict(timing)}
        promise = {"limit": benchmark.limit, "surplus": benchmark.surplus}
        results.append({**figures, **promise, "kept": benchmark.is_kept(timing)})
    return results


def line_of(benchmark: Benchmark, timing: Timing) -> str:
    """Return what is printed for a benchmark."""
    promised = "" if benchmark.limit is None else f"{benchmark.limit:.2f}"
    if benchmark.surplus is not None:
        promised = f"{shown(benchmark.surplus)} more; is {shown(timing.one - timing.other)}"
    if not benchmark.is_kept(timing):
        promised += "  <- not kept"
    one, other = shown(timing.one), shown(timing.other)
    return ROW.format(benchmark.what, benchmark.against, one, other, f"{timing.ratio:.2f}", promised).rstrip()


def shown(seconds: float) -> str:
    """Return a time with its unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if abs(seconds) >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


if __name__ == "__main__":
    sys.exit(main())
