"""Building a primal from its fields, as adding a tangent to it has to."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import singledispatch
from typing import Any, TypeVar, get_origin

from adjoint2rrule.core.errors import PrimalAdditionError, RegistrationError
from adjoint2rrule.core.registered_functions import check_takes
from adjoint2rrule.core.tangent_types.primal_fields import is_attrs, is_dataclass, is_namedtuple

Constructor = TypeVar("Constructor", bound=Callable[[Any, Any], Any])


def _by_arguments(T: type, fields: Mapping[str, Any]) -> Any:
    if not isinstance(fields, Mapping):
        _refuse(T, f"they are {fields!r}, and not a mapping by name")
    later = _fields_set_later(T)
    given = {_argument(T, name): value for name, value in fields.items() if name not in later}
    positional, keyword = _arranged(T, given)
    x = T(*positional, **keyword)
    for name in later & fields.keys():
        object.__setattr__(x, name, fields[name])  # frozen classes refuse `setattr`
    return x


def _fields_set_later(T: type) -> frozenset[str]:
    if is_dataclass(T):
        return frozenset(f.name for f in T.__dataclass_fields__.values() if not f.init)  # type: ignore[attr-defined]
    if is_attrs(T):
        return frozenset(a.name for a in T.__attrs_attrs__ if not a.init)  # type: ignore[attr-defined]
    return frozenset()


def _argument(T: type, name: str) -> str:
    """Return the argument for a field; attrs takes ``x`` for the field ``_x``."""
    return getattr(T.__attrs_attrs__, name).alias if is_attrs(T) else name  # type: ignore[attr-defined]


def _arranged(T: type, given: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    parameters = _parameters(T)
    if not given.keys() <= parameters.keys():
        _refuse(T, f"it takes no argument for its fields {sorted(given.keys() - parameters.keys())}")
    missing = [name for name, p in parameters.items() if name not in given and p.default is p.empty]
    if missing:
        _refuse(T, f"its arguments {missing} are no fields of it")
    positional = [given.pop(name, p.default) for name, p in parameters.items() if p.kind is p.POSITIONAL_ONLY]
    return positional, given


def _parameters(T: type) -> dict[str, inspect.Parameter]:
    try:
        parameters = inspect.signature(T).parameters
    except ValueError as err:  # a class of an extension module
        _refuse(T, "it does not tell its arguments", err)
    return {name: p for name, p in parameters.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}


def _refuse(T: type, why: str, cause: Exception | None = None) -> Any:
    raise PrimalAdditionError(
        f"a {T.__qualname__} cannot be rebuilt from its fields: {why}; say how by "
        f"`@construct.register({T.__qualname__})` over a function of the class and its fields"
    ) from cause


class Construct:
    """Build a primal of type `T` from its fields: ``construct(T, fields)``.

    Tuples and lists are built from their elements, dicts and NamedTuples from a mapping, and other
    classes by calling them with their fields as arguments; the fields of a dataclass or attrs class
    that are no arguments (``init=False``) are set afterwards. A class whose arguments are not its
    fields needs a constructor of its own::

        @construct.register(Polar)
        def _(T, fields):
            return T.from_radius(fields["_r"], fields["_phi"])

    Parameters
    ----------
    T
        The class. A constructor is also used for the subclasses of what it is registered for.
    fields
        The values of all fields: a mapping by name or key, or a sequence of elements.

    Raises
    ------
    PrimalAdditionError
        Where the arguments of `T` are not its fields. A sum of a primal and a tangent raises it too where
        the fields of what was built are others than were given, unless `T` has a registered constructor.

    Examples
    --------
    >>> construct(complex, {"real": 1.0, "imag": 2.0})
    (1+2j)
    >>> construct(tuple, [1.0, 2.0])
    (1.0, 2.0)

    Notes
    -----
    Ports: ``construct`` of ChainRulesCore.jl.
    """

    def __init__(self) -> None:
        self._constructors = singledispatch(_by_arguments)

    def __call__(self, T: type, fields: Any, /) -> Any:
        T = get_origin(T) or T  # parameters, as in `list[float]`, are decoration
        if not isinstance(T, type):
            raise PrimalAdditionError(f"construct takes a class and the fields of its instance, not {T!r}")
        return self._constructors.dispatch(T)(T, fields)

    def register(self, T: type, /) -> Callable[[Constructor], Constructor]:
        """Return a decorator that makes a function ``(T, fields) -> T`` the constructor of `T`.

        Raises
        ------
        RegistrationError
            Where `T` is no class; from the decorator where the function does not take the class and the
            fields.
        """
        if not isinstance(T, type):
            raise RegistrationError(f"construct.register takes a class, not {T!r}")

        def decorate(constructor: Constructor) -> Constructor:
            check_takes(constructor, ("T", "fields"), f"construct a {T.__qualname__}", "the instance")
            self._constructors.register(T)(constructor)
            return constructor

        return decorate

    def is_registered(self, T: type) -> bool:
        """Return whether a user's function builds the instances of `T`."""
        constructor = self._constructors.dispatch(T)
        return all(constructor is not own for own in (_by_arguments, _construct_tuple, _construct_container))

    def __repr__(self) -> str:
        return "construct"

    def __reduce__(self) -> str:
        return "construct"


construct = Construct()


@construct.register(tuple)
def _construct_tuple(T: type, fields: Any) -> Any:
    if not is_namedtuple(T):
        return _construct_container(T, fields)
    names = T._fields  # type: ignore[attr-defined]
    given = fields if isinstance(fields, Mapping) else dict(zip(names, fields, strict=False))
    if given.keys() != set(names) or len(fields) != len(names):
        _refuse(T, f"they are {[*names]}, but given were {fields!r}")
    return T(**given)


@construct.register(list)
@construct.register(dict)
def _construct_container(T: Any, fields: Any) -> Any:
    if not isinstance(fields, Mapping if issubclass(T, dict) else Iterable):
        _refuse(T, f"{fields!r} has no parts to build it from")
    if isinstance(fields, dict) and type(fields) is T:
        return copy(fields)  # with all else that it holds, such as the default of a defaultdict
    parts = fields if isinstance(fields, Mapping) else tuple(fields)
    built = T(None, parts) if issubclass(T, defaultdict) else T(parts)
    if len(built) != len(parts):
        _refuse(T, f"of {parts!r} it made {built!r}")
    return built
