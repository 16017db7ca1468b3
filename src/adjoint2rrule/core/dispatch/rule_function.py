"""What `rrule` and `frule` have in common: how rules are registered with them, and found."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from functools import partial, update_wrapper
from types import MethodType
from typing import Any, TypeVar, get_args, get_origin

from adjoint2rrule.core.config import AnyConfig
from adjoint2rrule.core.debug_mode import debug_mode
from adjoint2rrule.core.dispatch.method import Method, Rule, describe
from adjoint2rrule.core.dispatch.patterns import Pattern
from adjoint2rrule.core.dispatch.reading import Role, pattern_of_callable, read_method
from adjoint2rrule.core.dispatch.registry import Registry, is_bound
from adjoint2rrule.core.errors import RegistrationError

AnyRule = TypeVar("AnyRule", bound=Rule)


class RuleFunction(abc.ABC):
    """A generic function over callables: it runs the rule that fits a call, where there is one.

    It is declared by a function that has a signature and a docstring, but no body.
    """

    # Parameters of a rule that stand before the callable, and that it does not dispatch on.
    _leading: tuple[str, ...] = ()

    def __init__(self, declaration: Callable[..., Any]) -> None:
        self.__name__ = declaration.__name__
        update_wrapper(self, declaration)
        self._plain = Registry(self.__name__)
        self._configured = Registry(f"{self.__name__}_config")
        self._attribute, self._table_of = self._plain.itself.attribute, self._plain.itself.get

    def register(self, target: object, /, *, subclasses: bool = False) -> Callable[[AnyRule], AnyRule]:
        """Return a decorator that makes a function a rule for calling `target`.

        Parameters
        ----------
        target : callable, type[Foo], or class
            The callable that the rule is for; ``type[Foo]`` for the constructor of ``Foo``; a class for
            all callables that are instances of it. A rule for a function of a class, ``Foo.m``, serves
            the bound method ``foo.m`` too.
        subclasses : bool
            Whether a rule for ``type[Foo]`` is also one for the constructors of its subclasses.

        Returns
        -------
        callable
            A decorator, which returns the function as it is, so that registrations can be stacked. Of two
            rules with one target and the same signature, the later one replaces the other.

        Raises
        ------
        RegistrationError
            Where no call could ever reach the rule.
        """
        role, target = self.role_of(target, subclasses)

        def register_rule(rule: AnyRule) -> AnyRule:
            method, asks_for_config = read_method(rule, role, target, self._leading)
            self.add(role, target, method, asks_for_config=asks_for_config)
            return rule

        return register_rule

    def add(self, role: Role, target: object, method: Method, *, asks_for_config: bool = False) -> None:
        """Add `method` to the rules of `target`."""
        (self._configured if asks_for_config else self._plain).add(role, target, method)

    def rules_for_types(
        self, target: object, types: Sequence[Pattern], config: Sequence[Pattern] = ()
    ) -> list[Rule]:
        """Return the most specific rules for every call of `target` with arguments of these types."""
        role, target = self.role_of(target)
        callee = pattern_of_callable(role, target)
        asked = [(self._configured, (*config, callee, *types)), (self._plain, (callee, *types))]
        for registry, patterns in asked if config else asked[1:]:
            for table in registry.tables(role, target):
                if rules := table.select_for_types(patterns):
                    return rules
        return []

    def role_of(self, target: Any, subclasses: bool = False) -> tuple[Role, Any]:
        """Return what rules for `target`, as `register` takes it, are kept with, and its role there."""
        if isinstance(target, staticmethod):
            target = target.__func__
        is_constructor = get_origin(target) is type
        if subclasses and not is_constructor:
            raise self._refused(target, "`subclasses=True` goes with `type[...]`, the constructor of a class")
        if is_constructor:
            (cls,) = get_args(target)
            if not isinstance(cls, type):
                raise self._refused(target, "`type[...]` takes one class; stack registrations for several")
            return "subclasses" if subclasses else "itself", cls
        if isinstance(target, type):
            return "instances", self._functor(target)
        if get_origin(target) is not None:
            raise self._refused(target, "a target has no parameters; leave them out")
        if not callable(target):
            raise self._refused(target, "it is neither a callable nor a class nor `type[...]` of one")
        return "itself", target

    def _functor(self, cls: type) -> type:
        # Not `callable(cls)`: the class itself can be called, by its metaclass.
        if not any(vars(base).get("__call__") for base in cls.__mro__):
            name = cls.__qualname__
            raise self._refused(
                cls,
                f"instances of {name} cannot be called. For a rule on its constructor,"
                f" write `@{self.__name__}.register(type[{name}])`",
            )
        return cls

    def _refused(self, target: object, reason: str) -> RegistrationError:
        return RegistrationError(f"{self.__name__}.register({describe(target)}): {reason}.")

    def _find(self, f: Any, xs: tuple[Any, ...], kw: Mapping[str, Any]) -> Rule | None:
        rule = self._plain.find(f, (f, *xs), kw)
        if rule is not None:
            return self._checked(rule) if debug_mode() else rule
        return self._find_for_function(self._find, f, xs, kw)

    def _find_with_config(
        self, config: AnyConfig, f: Any, xs: tuple[Any, ...], kw: Mapping[str, Any]
    ) -> Rule | None:
        rule = self._configured.find(f, (config, f, *xs), kw)
        if rule is not None:
            rule = partial(rule, config)
            return self._checked(rule) if debug_mode() else rule
        return self._find_for_function(partial(self._find_with_config, config), f, xs, kw)

    def _find_for_function(
        self, find: Callable[..., Rule | None], f: Any, xs: tuple[Any, ...], kw: Mapping[str, Any]
    ) -> Rule | None:
        """Return the rule for the function of a bound method, called with its object in front."""
        if not is_bound(f):
            return None
        function = f.__func__ if isinstance(f, MethodType) else getattr(type(f.__self__), f.__name__, None)
        rule = find(function, (f.__self__, *xs), kw)
        return None if rule is None else self._bind(rule, function, f.__self__)

    @abc.abstractmethod
    def __call__(self, *args: Any, **kw: Any) -> tuple[Any, Any] | None:
        """Run the rule that fits the call; return `None` where there is none."""

    @staticmethod
    @abc.abstractmethod
    def _checked(rule: Rule) -> Rule:
        """Return the rule with the checks of debug mode."""

    @staticmethod
    @abc.abstractmethod
    def _bind(rule: Rule, function: Any, owner: Any) -> Rule:
        """Return a rule for the method that `function` is of `owner`."""

    def __repr__(self) -> str:
        return f"<generic function {self.__name__}>"

    def __reduce__(self) -> str:
        return self.__name__
