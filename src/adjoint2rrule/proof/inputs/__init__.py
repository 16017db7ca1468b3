"""What to call a rule with: expressions and the imports that they need, found in the sources alone.

The modules read in the order in which data flows::

    sources ─► calls ─► fits ────────────────────────────────────► search
    paths ─► used ─► by_annotation, by_default, ─► forms ─► slots ──┘
                     by_use, objects
    what is done     of which kind                 texts    whole
    with parameters  they are                               calls

Nothing is run here, and all of it is the same from run to run.
"""

from adjoint2rrule.proof.inputs.calls import CallIndex
from adjoint2rrule.proof.inputs.search import search

__all__ = ["CallIndex", "search"]
