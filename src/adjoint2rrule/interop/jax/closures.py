"""What a function holds besides its arguments, and JAX may differentiate without a rule's knowing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adjoint2rrule.interop.closures import hidden
from adjoint2rrule.interop.jax.system import is_array, is_tracer


def hidden_tracers(x: Any) -> Iterator[Any]:
    """Yield the tracers that the functions in `x` hold, in closures, defaults, partials and bound objects."""
    return filter(is_tracer, hidden(x, is_array))
