"""The bridge to JAX.

`to_jax` makes a function with rules one that JAX differentiates by them, `JaxConfig` is for the other
direction, rules that ask an AD for a derivative, and `register_pytree` lets JAX look into classes. JAX is
imported when the first of these needs it.
"""

from adjoint2rrule.interop.jax.bridge import BodyError, to_jax
from adjoint2rrule.interop.jax.config import JaxConfig, MissingJaxError
from adjoint2rrule.interop.jax.pytrees import register_pytree
from adjoint2rrule.interop.jax.via_ad import frule_or_jax, rrule_or_jax

__all__ = [
    "BodyError",
    "JaxConfig",
    "MissingJaxError",
    "frule_or_jax",
    "register_pytree",
    "rrule_or_jax",
    "to_jax",
]
