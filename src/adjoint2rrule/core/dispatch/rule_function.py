"""What `rrule` and `frule` have in common: how rules are registered with them, and found."""

from __future__ import annotations

import abc
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial, update_wrapper
from types import FunctionType
from typing import Any, TypeVar

from adjoint2rrule.core.config import AnyConfig, RuleConfig, check_config
from adjoint2rrule.core.debug_mode import debug_mode, switch
from adjoint2rrule.core.dispatch.arity import Role
from adjoint2rrule.core.dispatch.calls import NOTHING, check_call
from adjoint2rrule.core.dispatch.lookup import Found, find_rule, tables_for
from adjoint2rrule.core.dispatch.method import Method, Rule, no_rule
from adjoint2rrule.core.dispatch.method_table import MethodTable
from adjoint2rrule.core.dispatch.patterns import Pattern
from adjoint2rrule.core.dispatch.reading import read_methods
from adjoint2rrule.core.dispatch.registry import Registry
from adjoint2rrule.core.dispatch.targets import check_target_is_named, read_target

AnyRule = TypeVar("AnyRule", bound=Rule)


class RuleFunction(abc.ABC):
    """A generic function over callables: it runs the rule that fits a call, where there is one.

    It is declared by a function that has a signature and a docstring, but no body.
    """

    # Parameters of a rule that stand before the callable, and that it does not dispatch on.
    _leading: tuple[str, ...] = ()
    # How a call is written.
    _form: str

    def __init__(self, declaration: Callable[..., Any]) -> None:
        self.__name__ = declaration.__name__
        update_wrapper(self, declaration)
        self._plain = Registry(self.__name__)
        self._configured = Registry(f"{self.__name__}_config")
        itself = self._plain.itself
        self._attribute, self._held = itself.attribute, itself.held

    def register(self, target: object, /, *, subclasses: bool = False) -> Callable[[AnyRule], AnyRule]:
        """Return a decorator that makes a function a rule for calling `target`.

        Parameters
        ----------
        target : callable, type[Foo], or class
            The callable that the rule is for; ``type[Foo]`` for the constructor of ``Foo``; a class for
            all callables that are instances of it. A rule for a function of a class, ``Foo.m``, serves
            the bound method ``foo.m`` too, and one for ``Foo.__call__`` the calls of ``foo``.
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

        Examples
        --------
        >>> from adjoint2rrule.core import NoTangent, rrule
        >>> class Disc:
        ...     def __init__(self, radius):
        ...         self.radius = radius
        >>> @rrule.register(type[Disc])
        ... def Disc_rrule(Disc, radius: float):
        ...     return Disc(radius), lambda disc_bar: (NoTangent(), disc_bar.radius)
        >>> rrule(Disc, 2.0)[0].radius
        2.0

        Notes
        -----
        A rule for the instances of a class holds for those of a subclass, unless this overrides `__call__`;
        one for a class whose `__call__` is abstract, or that of a protocol, holds all the same.
        A class that is a virtual subclass of another, by ``ABC.register``, has no share in the rules for
        the instances of that one. The rule of a call is remembered by the classes of its arguments, as they
        are at the first such call.
        """
        check_target_is_named(self.__name__, target, sys._getframe(1))
        role, target = read_target(f"@{self.__name__}.register({{}})", target, subclasses)

        def register_rule(rule: AnyRule) -> AnyRule:
            methods, asks_for_config = read_methods(rule, role, target, self._leading)
            self.add(role, target, *methods, asks_for_config=asks_for_config)
            return rule

        return register_rule

    def methods(self, target: object, /) -> list[Rule]:
        """Return the rules that calls of `target` may run, those that are asked first standing first.

        They are functions as they were registered; those that the runtime makes for `non_differentiable`,
        `scalar_rule` and `opt_out` too.

        Parameters
        ----------
        target : callable, type[Foo], or class
            As in `register`.

        Examples
        --------
        >>> from adjoint2rrule.core import NoTangent, rrule
        >>> def half(x):
        ...     return x / 2
        >>> @rrule.register(half)
        ... def half_rrule(half, x: float):
        ...     return half(x), lambda ȳ: (NoTangent(), ȳ / 2)
        >>> [rule.__name__ for rule in rrule.methods(half)]
        ['half_rrule']

        Notes
        -----
        Ports: ``methods(rrule)`` of Julia, for one callable.
        """
        role, callee = read_target(f"{self.__name__}.methods({{}})", target)
        found: dict[int, Rule] = {}  # a rule may be several methods
        for registry in (self._configured, self._plain):
            for table, _ in tables_for(registry, role, callee):
                found |= {id(method.rule): method.rule for method in table.methods[::-1]}
        return [*found.values()]

    def which(self, /, *call: Any, **kw: Any) -> Rule | None:
        """Return the rule that a call with these arguments would run, without running it.

        Parameters
        ----------
        *call, **kw
            The arguments of the call: ``rrule.which(f, *xs, **kw)``, ``frule.which(dargs, f, *xs, **kw)``;
            a config may stand before them.

        Returns
        -------
        callable or None
            The rule as it was registered, for a bound method maybe that of its function; `None` where no
            rule fits, or the call is opted out of.

        Raises
        ------
        AmbiguousRuleError, RuleCallError
            As the call would.

        Examples
        --------
        >>> from adjoint2rrule.core import NoTangent, rrule
        >>> def half(x):
        ...     return x / 2
        >>> @rrule.register(half)
        ... def half_rrule(half, x: float):
        ...     return half(x), lambda ȳ: (NoTangent(), ȳ / 2)
        >>> rrule.which(half, 3.0) is half_rrule, rrule.which(half, "3")
        (True, None)

        Notes
        -----
        Ports: ``which`` of Julia, of a call of `rrule` or `frule`.
        """
        config = call[:1] if call and isinstance(call[0], RuleConfig) else ()
        before = len(config) + len(self._leading)
        f, *xs = call[before:] or (NOTHING,)
        found = self._find(config, f, tuple(xs), kw)
        if found is None:
            check_call(self._form, call[len(config) : before], f, () if config else tuple(xs))
            return None
        return None if found[0] is no_rule else found[0]

    def runner(
        self, config: AnyConfig, f: Any, xs: tuple[Any, ...], kw: Mapping[str, Any], *, checked: bool = True
    ) -> Rule | None:
        """Return what runs the rule that a call of `f` with these arguments would; `None` where none fits.

        It is for AD systems, which choose a rule by the values of the arguments, and may run it on what
        stands for these: the boxes, tracers or tensors of the system, whose classes no annotation names.

        Parameters
        ----------
        config, f, xs, kw
            The call, with the config of the system in front.
        checked
            Whether debug mode has a look, which it can at values only.

        Returns
        -------
        callable or None
            It takes what a rule takes but for a config, ``(f, *xs, **kw)``, after the tangents of `frule`.

        Examples
        --------
        >>> import numpy as np
        >>> from adjoint2rrule.core import NoTangent, RuleConfig, rrule
        >>> def half(x):
        ...     return x / 2
        >>> @rrule.register(half)
        ... def half_rrule(half, x: float):
        ...     return half(x), lambda ȳ: (NoTangent(), ȳ / 2)
        >>> run = rrule.runner(RuleConfig(), half, (3.0,), {})
        >>> run(half, np.array([1.0, 2.0]))[0]
        array([0.5, 1. ])
        """
        if not kw and not self._configured.knows(f) and (rule := self._find_quickly(f, xs)) is not None:
            return None if rule is no_rule else rule
        found = self._find((config,), f, xs, kw)
        if found is None or found[0] is no_rule:
            return None
        rule, asked, callee = found
        rule = partial(rule, *asked) if asked else rule
        if checked and switch.touched and debug_mode():
            rule = self._checked(rule)
        return rule if len(callee) == 1 else self._of_method(rule, callee[0])

    def add(self, role: Role, target: object, *methods: Method, asks_for_config: bool = False) -> None:
        """Add `methods` to the rules of `target`."""
        (self._configured if asks_for_config else self._plain).add(role, target, methods)

    def rules_for_types(
        self, role: Role, target: object, types: Sequence[Pattern], config: Sequence[Pattern] = ()
    ) -> list[Rule]:
        """Return the most specific rules for every call of `target` with arguments of these types."""
        for table, patterns in self._tables(role, target, config):
            if rules := table.select_for_types((*patterns, *types)):
                return rules
        return []

    def is_without_rules(self, role: Role, target: object, config: Sequence[Pattern] = ()) -> bool:
        """Return whether every call of `target`, whatever its arguments, is opted out of."""
        for table, patterns in self._tables(role, target, config):
            if any(method.rule is not no_rule for method in table.methods):
                return False
            if any(method.takes_all_calls(patterns) for method in table.methods):
                return True
        return False

    def _tables(
        self, role: Role, target: object, config: Sequence[Pattern]
    ) -> Iterator[tuple[MethodTable, tuple[Pattern, ...]]]:
        if config:
            for table, patterns in tables_for(self._configured, role, target):
                yield table, (*config, *patterns)
        yield from tables_for(self._plain, role, target)

    def _find_quickly(self, f: Any, xs: tuple[Any, ...]) -> Rule | None:
        """Return the rule for a call by position, if the first table that is asked has it; `None` if not.

        For most calls that costs one look into a dict. In debug mode no call is such a one.
        """
        if switch.touched and debug_mode():
            return None
        if type(f) is FunctionType:
            table = getattr(f, self._attribute, None)
            if table is None or table.owner is not f:
                return None
        else:
            table = self._held.get(id(f)) or self._first_table(f)
            if table is None:
                return None
        memory = table.memory
        rule: Rule | None = memory.settled.get(type(xs[0]) if len(xs) == 1 else tuple(map(type, xs)))
        if rule is not None and (memory.token is None or memory.token == abc.get_cache_token()):
            return rule
        selected: Rule | None = table.select((f, *xs), {})
        return selected

    def _first_table(self, f: Any) -> MethodTable | None:
        if isinstance(f, RuleConfig):
            return None
        table = self._plain.itself.get(f)
        # Of a class, the tables for constructors come before that of the metaclass.
        return self._plain.instances.get(type(f)) if table is None and not isinstance(f, type) else table

    def _find(
        self, config: tuple[AnyConfig, ...], f: Any, xs: tuple[Any, ...], kw: Mapping[str, Any]
    ) -> Found | None:
        """Return the rule for calling `f` so: first one that asks for the config, where there is a config."""
        if config:
            check_config(*config)
            if (found := find_rule(self._configured, config, f, xs, kw)) is not None:
                return found
        return find_rule(self._plain, (), f, xs, kw)

    def _chosen(
        self,
        config: tuple[AnyConfig, ...],
        leading: tuple[Any, ...],
        f: Any,
        xs: tuple[Any, ...],
        kw: Mapping[str, Any],
    ) -> tuple[Rule, tuple[Any, ...]] | None:
        """Return the rule to run, in debug mode with its checks, and what it takes before the arguments.

        It is for the `_run` of a subclass. A call without a rule that is not written as one is refused.
        """
        found = self._find(config, f, xs, kw)
        if found is None:
            if not xs:
                # beyond `_run` and `__call__`
                check_target_is_named(self.__name__, leading[0] if leading else f, sys._getframe(3))
            check_call(self._form, leading, f, () if config else xs)
            return None
        rule, asked, callee = found
        if asked:
            rule = partial(rule, *asked)
        return self._checked(rule) if switch.touched and debug_mode() else rule, callee

    @abc.abstractmethod
    def __call__(self, *args: Any, **kw: Any) -> tuple[Any, Any] | None:
        """Run the rule that fits the call; return `None` where there is none."""

    @staticmethod
    @abc.abstractmethod
    def _checked(rule: Rule) -> Rule:
        """Return the rule with the checks of debug mode."""

    @staticmethod
    @abc.abstractmethod
    def _of_method(rule: Rule, function: Any) -> Rule:
        """Return as a rule for its bound method the rule for `function`, which takes the object first."""

    def __repr__(self) -> str:
        return f"<generic function {self.__name__}>"

    def __reduce__(self) -> str:
        return self.__name__
