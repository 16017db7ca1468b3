"""`ProjectTo` itself: which projection a primal gets, and what all projections do alike."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import Enum
from functools import singledispatch
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from adjoint2rrule.core.errors import AmbiguousRuleError, RegistrationError
from adjoint2rrule.core.registered_functions import check_takes
from adjoint2rrule.core.tangent_types.abstract_tangent import AbstractTangent
from adjoint2rrule.core.tangent_types.abstract_zero import AbstractZero
from adjoint2rrule.core.tangent_types.notimplemented import NotImplementedTangent
from adjoint2rrule.core.tangent_types.thunks import AbstractThunk, InplaceableThunk, Thunk, unthunk

Factory = Callable[[Any], Any]
AnyFactory = TypeVar("AnyFactory", bound=Factory)

#: The functions from a primal to its projection, by the exact class of the primal: one look-up for most.
_by_class: dict[type, Factory] = {}


@singledispatch
def _by_bases(x: Any) -> NoReturn:
    """Stand for the functions that are found by the bases of a class, abstract ones included."""
    raise NotImplementedError  # never called, only asked to dispatch; `object` gets a function of its own


class ProjectionType(type):
    """The class of `ProjectTo`: a call of `ProjectTo` itself looks for the projection of a primal."""

    def __call__(cls, /, *args: Any, **fields: Any) -> Any:
        if cls is not ProjectTo:
            return type.__call__(cls, *args, **fields)
        (x,) = args if len(args) == 1 and not fields else _refuse_call(args, fields)
        factory = _by_class.get(type(x))
        return (factory or _factory_by_bases(type(x)))(x)


def _refuse_call(args: tuple[Any, ...], fields: dict[str, Any]) -> NoReturn:
    raise TypeError(f"ProjectTo(x) takes one primal, but got {len(args) + len(fields)} arguments")


def _factory_by_bases(P: type) -> Factory:
    if issubclass(P, Enum):  # its members are names, be they numbers as well
        return next(_by_class[T] for T in P.__mro__ if issubclass(T, Enum) and T in _by_class)
    try:
        return _by_bases.dispatch(P)
    except RuntimeError as err:  # two abstract classes, neither of them a base of the other
        raise AmbiguousRuleError(
            f"ProjectTo: a {P.__qualname__} fits several classes with a projection, and none of them best;"
            f" say which by `@ProjectTo.register({P.__qualname__})` ({err})"
        ) from err


class ProjectTo(metaclass=ProjectionType):
    """The projection on the tangent space of a primal: ``project_x = ProjectTo(x)``, then ``project_x(dx)``.

    A rule that is written for many types makes it from each argument, outside its pullback, and puts it
    around the cotangent, inside any thunk. Then a real argument gets a real cotangent, of its own precision
    and shape, a sparse one a sparse one, and a flag gets none. Of the primal it keeps the shape, the dtype,
    the sparsity pattern and what its parts need, but not the primal.

    Parameters
    ----------
    x
        The primal.

    Returns
    -------
    ProjectTo
        A linear function from cotangents to cotangents. What it does depends on `x`:

        - *numbers* take the real part where `x` is real, and the precision and class of `x`; integers
          count as floats;
        - *arrays* do so for each element, and have the shape of `x`: axes of length 1 at the end may come
          and go; a number fits an array without axes alone. numpy's matrices and masked arrays, be they
          `x` or the cotangent, give plain arrays, in which what is masked is zero; other subclasses of
          the cotangent stay;
        - *lists, tuples, dicts and objects* give a `Tangent`, with each part projected by its own
          projection, from a `Tangent` or from a value of the class of `x` itself, and arrays of objects
          an array of objects. Where all parts are zeros that is `NoTangent`;
        - *sparse arrays* of scipy, in every format, take the entries that `x` stores, be they zero, in the
          order in which it does; an entry that it stores in pieces they store once, since pieces are added up
          where scipy computes;
        - *what cannot be perturbed*, such as flags, strings, functions and classes, gives `NoTangent`;
        - *all else* gives the cotangent as it is.

        Zeros and tangents that are not implemented pass, and thunks stay thunks. A cotangent that fits
        comes back itself, and so does one of a class that is not known, of another library for instance.
        Nothing is copied without need: the result may share arrays with the cotangent, also where that is
        a `MutableTangent`, and is to be written into only by who may write into the cotangent.

    Raises
    ------
    ProjectionError
        From the projection, where a cotangent does not belong to the primal: another shape or structure.

    Examples
    --------
    >>> import numpy as np
    >>> project_x = ProjectTo(np.float32(1.5))
    >>> project_x
    ProjectTo[float32]()
    >>> project_x(3.0 + 4.0j)
    np.float32(3.0)
    >>> project_A = ProjectTo(np.ones((2, 1)))
    >>> project_A(np.array([1, 2]))
    array([[1.],
           [2.]])
    >>> ProjectTo((1.5, "label"))((2.0, None))
    Tangent[tuple](2.0, NoTangent())
    >>> ProjectTo(True)(2.0)
    NoTangent()

    Notes
    -----
    Ports: ``ProjectTo`` of ChainRulesCore.jl. Differs: plain objects are projected field by field, where
    Julia leaves those it does not know alone; a 0-d array fits a number, since numpy's functions return
    such (``np.where``); arrays that share one tangent space with numpy's but not its functions, scipy's
    sparse ones, are made dense for a dense primal; ``np.matrix`` is no class of cotangents, since rules
    write ``*`` for the product of elements, and a plain array can be added to a matrix all the same. A
    reference of an object back to what it is a part of is followed no further than to its numbers and arrays,
    so that objects which refer to themselves can be projected.
    """

    __slots__ = ()

    # that of the metaclass, which `inspect` finds, is also for the subclasses
    __signature__ = inspect.Signature([inspect.Parameter("x", inspect.Parameter.POSITIONAL_ONLY)])

    if TYPE_CHECKING:  # what a call does is up to the metaclass

        def __init__(self, x: Any, /) -> None: ...

    def __call__(self, dx: Any, /) -> Any:
        """Return the projection of `dx`, lazily where `dx` is a thunk."""
        if isinstance(dx, AbstractTangent):
            if isinstance(dx, (AbstractZero, NotImplementedTangent)):
                return dx
            if isinstance(dx, InplaceableThunk):
                return self(dx.val)  # what it adds in place is not projected, and so is of no more use
            if isinstance(dx, AbstractThunk):
                return Thunk(lambda: self(unthunk(dx)))
        return self._project(dx)

    def _project(self, dx: Any) -> Any:
        """Return the projection of a cotangent that is neither a zero nor a thunk."""
        raise NotImplementedError

    @classmethod
    def register(cls, T: type, /) -> Callable[[AnyFactory], AnyFactory]:
        """Return a decorator that makes a function ``x -> projection`` the one for primals of class `T`.

        Parameters
        ----------
        T : type
            The class of the primals, subclasses included; an abstract class will do. Where several
            registered classes fit a primal, the most specific one counts.

        Returns
        -------
        callable
            A decorator. The function that it takes, and returns, is called with a primal, and returns a
            function of the cotangent, which never sees a zero, a thunk or a tangent that is not
            implemented; or another projection. It should not keep the primal alive.

        Raises
        ------
        RegistrationError
            Where `T` is no class; from the decorator where the function does not take a primal alone.

        Examples
        --------
        >>> import numpy as np
        >>> class Diagonal:
        ...     def __init__(self, diag):
        ...         self.diag = diag
        >>> @ProjectTo.register(Diagonal)
        ... def project_diagonal(x):
        ...     project_diag = ProjectTo(x.diag)
        ...     return lambda dx: Diagonal(project_diag(dx.diag if isinstance(dx, Diagonal) else np.diag(dx)))
        >>> ProjectTo(Diagonal(np.ones(2)))(np.array([[1, 2], [3, 4]])).diag
        array([1., 4.])
        """
        if not isinstance(T, type) or T is object:
            raise RegistrationError(
                f"ProjectTo.register({T!r}): it takes the class of the primals, and not `object`;"
                " register the function once for each of several classes"
            )

        def decorate(factory: AnyFactory) -> AnyFactory:
            _check_factory(T, factory)
            add_factory(lambda x: _as_projection(x, factory), T)
            return factory

        return decorate


class Projection(ProjectTo):
    """A projection that equals those of its class which remember the same in their slots."""

    __slots__: tuple[str, ...] = ()

    def _key(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Projection) and type(other) is type(self) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce_ex__(self, protocol: Any) -> Any:
        return object.__reduce_ex__(self, max(protocol, 2))  # the older ones do not know slots


#: `ProjectTo`, as the function that it is to those who call it.
projection_of: Callable[[Any], ProjectTo] = ProjectTo


def add_factory(factory: Factory, *classes: type) -> None:
    """Make `factory` the function from primals of these classes to their projections."""
    for T in classes:
        _by_bases.register(T)(factory)
        _by_class[T] = factory


def _check_factory(T: type, factory: Any) -> None:
    name = T.__qualname__
    if isinstance(factory, ProjectTo):
        raise RegistrationError(
            f"ProjectTo.register({name}): {factory!r} is a projection, and no function from a {name} to one;"
            f" write `lambda x: {factory!r}`, with the projection of each primal"
        )
    check_takes(factory, ("x",), f"give the projection of a {name}", "it, a function of the cotangent")


def _as_projection(x: Any, factory: Factory) -> ProjectTo:
    projection = factory(x)
    if isinstance(projection, ProjectTo):
        return projection
    if not callable(projection):
        raise RegistrationError(
            f"ProjectTo: the function for a {type(x).__qualname__}, {factory!r}, returned {projection!r}; "
            "it returns the projection, a function of the cotangent"
        )
    return Registered(type(x), projection)


class Registered(Projection):
    """The projection that a user's function made."""

    __slots__ = ("function", "primal")

    def __init__(self, primal: type, function: Callable[[Any], Any]) -> None:
        self.primal = primal
        self.function = function

    def _project(self, dx: Any) -> Any:
        return self.function(dx)

    def __repr__(self) -> str:
        function = getattr(self.function, "__qualname__", None) or repr(self.function)
        return f"ProjectTo[{self.primal.__qualname__}]({function})"
