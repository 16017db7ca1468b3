"""The bridges between rules and AD systems.

Each bridge is a module with a `System`, which says what the system's numbers are, a config, and a function
that wraps a function with a rule (`to_autograd`). It is built from parts that all of them share, and
that know no framework:

=================  ==============================================================================
`leaves`           where the numbers are in structured values, and how these are put together again
`system.System`    name, config, `is_leaf`, `stand_in` (what a rule is chosen by), `conj`
`calls.Call`       a call: its `leaves`, `reverse(values)`, `forward(values, tangents)`
`runs.ReverseRun`  what `reverse` gives: `y`, its `outputs`, `with_outputs`, `cotangents(ȳs, needed)`
`cotangents`       from what a pullback returned to one cotangent for each leaf, each checked
`closures`         the numbers that functions hold, for which rules have no cotangents
`errors`           what can go wrong, in the user's terms
=================  ==============================================================================

The way through a bridge, where ``f(*xs, **kw)`` is called with numbers of the system:

1. ``call = Call(SYSTEM, f, xs, kw)``. Where `call.leaves` is empty, nothing is differentiated: call `f`.
2. ``run = call.reverse(values)``, with one value for each leaf: numpy's, for a rule written in numpy, or the
   system's own, for one that it can trace. The rule is chosen by the stand-ins of the leaves in either case.
3. `run.outputs` are numbers and arrays; the system wraps each as its own, and ``run.with_outputs`` puts them
   into the structure of the value.
4. When the system has a seed for each output, ``run.cotangents(ȳs, needed)`` has a cotangent for each leaf,
   or `ZeroTangent()`. The system makes zeros of those, and brings the others to the precision of the leaf.

Seeds and cotangents are in the system's convention on both sides of `cotangents`, which conjugates both by
`System.conj`; forward mode conjugates nothing. What is not `needed` is not computed: its thunk is not forced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adjoint2rrule.interop.autograd import AutogradConfig

__all__ = ["default_config"]


def default_config() -> AutogradConfig:
    """Return the config of the AD system that comes with this package, HIPS autograd.

    Examples
    --------
    >>> from adjoint2rrule.core import HasReverseMode
    >>> from adjoint2rrule.interop import default_config
    >>> HasReverseMode in default_config().features
    True
    """
    from adjoint2rrule.interop.autograd import AutogradConfig

    return AutogradConfig()
