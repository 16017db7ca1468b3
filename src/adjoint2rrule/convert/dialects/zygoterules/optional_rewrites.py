"""What is done to the cotangents of a rule only where the user asks for it: projections and thunks."""

from __future__ import annotations

from collections.abc import Sequence

from adjoint2rrule.convert.annotations import Annotations
from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.primals import Primal
from adjoint2rrule.convert.dialects.zygoterules.projections import Projections
from adjoint2rrule.convert.dialects.zygoterules.pullbacks import Pullback
from adjoint2rrule.convert.dialects.zygoterules.results import Entry
from adjoint2rrule.convert.dialects.zygoterules.rules import Rule
from adjoint2rrule.convert.dialects.zygoterules.tangents import Changes
from adjoint2rrule.convert.dialects.zygoterules.thunks import thunks
from adjoint2rrule.convert.model import Options
from adjoint2rrule.convert.operations import Wrap
from adjoint2rrule.convert.runtime import RuntimeNames
from adjoint2rrule.convert.units import Unit


class OptionalRewrites:
    """Collects the results of one rule, and decides on what is optional once it has seen them all.

    Parameters
    ----------
    rule, unit
        The rule, and the file that it stands in.
    annotations, functions
        What is known of the project.
    runtime
        The names to write.
    options
        What the user asked for.
    """

    def __init__(
        self,
        rule: Rule,
        unit: Unit,
        annotations: Annotations,
        functions: Functions,
        runtime: RuntimeNames,
        options: Options,
    ) -> None:
        self.rule = rule
        self.functions = functions
        self.runtime = runtime
        self.options = options
        self.projections = Projections(rule, unit.module, annotations)
        self.thunks: list[Wrap] = []

    def note(self, found: Sequence[Entry], primals: Sequence[Primal], pullback: Pullback | None) -> None:
        """Note one result of `pullback`, or of one from elsewhere, whose entries are for `primals`."""
        self.projections.note(found, primals, pullback)
        if self.options.thunks and pullback is not None:
            self.thunks += thunks(found, pullback, self.rule, self.functions, self.runtime)

    def finish(self, changes: Changes) -> None:
        """Add what is to be done, and what there is to say, to `changes`."""
        if self.options.project:
            changes.around |= dict.fromkeys(self.projections.operations(self.runtime))
        # A thunk is put around a projection.
        changes.around |= dict.fromkeys(self.thunks)
        changes.advice = self.projections.advice(asked=self.options.project)
