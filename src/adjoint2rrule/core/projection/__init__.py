"""`ProjectTo`: what a cotangent must be to be one of its primal. A module for each kind of primal.

Ports: ChainRulesCore.jl, ``projection.jl``.
"""

# each of these brings the projections of one kind of primal into the table
from adjoint2rrule.core.projection import (
    not_perturbable,
    onto_arrays,
    onto_fields,
    onto_numbers,
    onto_sequences,
)
from adjoint2rrule.core.projection.project_to import ProjectTo

__all__ = ["ProjectTo", "not_perturbable", "onto_arrays", "onto_fields", "onto_numbers", "onto_sequences"]
