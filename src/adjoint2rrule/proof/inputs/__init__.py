"""What to call a rule with: expressions and the imports that they need, found in the sources alone.

The modules read in the order in which data flows::

    sources ─► calls ─► fits ──────────────────────────────┐
    paths ─► used ─► annotated ─► forms ─► candidates ─► search
    what bodies do    kinds of     texts    whole calls
    with parameters   parameters

Nothing is run here, and all of it is the same from run to run.
"""

from adjoint2rrule.proof.inputs.calls import CallIndex
from adjoint2rrule.proof.inputs.search import search

__all__ = ["CallIndex", "search"]
