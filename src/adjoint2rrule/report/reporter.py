"""Tells what came of a run while it goes on: the product on standard output, all else on standard error."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from adjoint2rrule.convert.model import Conversion
from adjoint2rrule.report.tally import Mode, Tally
from adjoint2rrule.report.terminal import put_diff
from adjoint2rrule.report.text import held_back, listing, outcome, passed_over, remarks, summary


@dataclass
class Reporter:
    """Tells what comes of each file as it comes, and at the end what came of all."""

    mode: Mode
    quiet: bool = False
    verbose: bool = False
    tally: Tally = field(default_factory=Tally)
    passed_over: int = 0  # diffs that `git apply` would not apply here

    def tell(self, conversion: Conversion) -> None:
        """Tell what came of one file."""
        self.tally.add(conversion)
        if self.mode is Mode.CHECK:
            print(listing(conversion, quiet=self.quiet, advice=self.verbose), end="")
        else:
            if self.mode is Mode.DIFF and conversion.edits:
                self._show(conversion)
            print(remarks(conversion, quiet=self.quiet, advice=self.verbose), end="", file=sys.stderr)
        if self.verbose:
            print(outcome(conversion), end="", file=sys.stderr)

    def finish(self) -> int:
        """Tell the counts, and return the exit code."""
        if not self.quiet:
            print(summary(self.tally, self.mode), end="", file=sys.stderr)
            if not self.verbose:
                print(held_back(self.tally), end="", file=sys.stderr)
            print(passed_over(self.passed_over), end="", file=sys.stderr)
        return self.tally.exit_code(self.mode)

    def _show(self, conversion: Conversion) -> None:
        from adjoint2rrule.report.diff import diff, is_passed_over  # difflib, for those who see one

        put_diff(sys.stdout, diff(conversion))
        self.passed_over += is_passed_over(conversion.source.path)
