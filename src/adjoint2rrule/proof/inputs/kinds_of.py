"""Of which kind a parameter is: what its annotation, its default and its use say, in this order."""

from __future__ import annotations

from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.units import Unit
from adjoint2rrule.proof.inputs.by_annotation import ByAnnotation
from adjoint2rrule.proof.inputs.by_default import ByDefault
from adjoint2rrule.proof.inputs.by_use import ByUse
from adjoint2rrule.proof.inputs.facts import Facts
from adjoint2rrule.proof.inputs.kinds import Guess
from adjoint2rrule.proof.inputs.makers import Makers
from adjoint2rrule.proof.inputs.objects import Objects
from adjoint2rrule.proof.inputs.used import Uses
from adjoint2rrule.proof.model import Parameter, Take


class Kinds:
    """Tells the kinds of the parameters of one module's rules.

    What is annotated may be an object, whose fields have annotations, defaults and uses of their own: the
    parts of this class ask it for the kinds of what they find inside.
    """

    def __init__(self, project: Project, unit: Unit, uses: Uses) -> None:
        self.project = project
        self.unit = unit
        self.uses = uses
        self.makers = Makers(project, unit)
        self.annotations = self.makers.classes.annotations
        self.by_annotation = ByAnnotation(self)
        self.by_default = ByDefault(self)
        self.by_use = ByUse(self)
        self.objects = Objects(self)

    def of(self, parameter: Parameter, facts: Facts, depth: int = 0) -> Guess:
        """Return what a parameter can be; for ``*xs``, what each of its arguments can be."""
        if parameter.take is Take.REST:
            facts = facts.part("[]")
        if parameter.annotation is not None:
            return self.by_annotation.of(parameter.annotation, parameter.place, facts, depth)
        if parameter.default is not None:
            found = self.by_default.of(parameter.default, parameter.place, facts)
            if found is not None:
                return found
        return self.by_use.of(facts, depth)
