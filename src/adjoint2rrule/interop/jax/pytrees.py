"""`register_pytree`: classes whose objects JAX can take apart, so that `grad` and its like accept them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

from adjoint2rrule.core import backing
from adjoint2rrule.core.perturbable import cannot_be_perturbed
from adjoint2rrule.interop.jax.config import MissingJaxError

T = TypeVar("T")


def register_pytree(cls: type[T], /) -> type[T]:
    """Let JAX look into the objects of a class: its numbers are what it differentiates, all else is static.

    Each field that is a number, an array or a container is a part; strings, integers, truth values, functions
    and `None` are static, and are compared when JAX looks for what it has compiled. Objects are put together
    again by their fields, without their constructor: JAX has other things than numbers to put there.

    Parameters
    ----------
    cls : type
        A dataclass or another class with fields. NamedTuples are pytrees without this.

    Returns
    -------
    type
        The class itself, so that this may stand as a decorator.

    Raises
    ------
    MissingJaxError
        Where JAX is not installed.

    Examples
    --------
    >>> import jax
    >>> from dataclasses import dataclass
    >>> @register_pytree
    ... @dataclass
    ... class Layer:
    ...     index: float
    ...     name: str
    >>> jax.tree.map(lambda x: 2 * x, Layer(1.5, "glass"))
    Layer(index=3.0, name='glass')
    """
    try:
        tree_util = import_module("jax.tree_util")
    except ImportError as err:
        raise MissingJaxError(
            f"register_pytree({cls.__name__}) needs JAX, which is not installed: pip install"
            f" 'adjoint2rrule[jax]'"
        ) from err
    tree_util.register_pytree_with_keys(cls, _taken_apart(tree_util.GetAttrKey), _put_together(cls))
    return cls


def _taken_apart(key: Callable[[str], Any]) -> Callable[[Any], Any]:
    def taken_apart(x: Any) -> Any:
        fields = backing(x)
        static = {name: part for name, part in fields.items() if _is_static(part)}
        parts = [(key(name), part) for name, part in fields.items() if name not in static]
        return parts, (tuple(fields), tuple(static.items()))

    return taken_apart


def _is_static(x: Any) -> bool:
    return isinstance(x, int) or cannot_be_perturbed(x)


def _put_together(cls: type[T]) -> Callable[[Any, Any], T]:
    def put_together(form: Any, parts: Any) -> T:
        names, static = form
        known, remaining = dict(static), iter(parts)
        x = object.__new__(cls)
        for name in names:
            # frozen classes refuse `setattr`
            object.__setattr__(x, name, known[name] if name in known else next(remaining))
        return x

    return put_together
