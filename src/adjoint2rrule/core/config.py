"""What an AD system can do, as far as a rule may ask; and how a rule calls back into that system.

Ports: `RuleConfig`, its capabilities, `rrule_via_ad` and `frule_via_ad` of ChainRulesCore.jl (config.jl).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any, ClassVar, Generic, TypeAlias, TypeGuard, TypeVar, TypeVarTuple, get_args, get_origin

from adjoint2rrule.core.errors import MissingFeatureError, RegistrationError
from adjoint2rrule.core.registered_functions import check_takes

Features = TypeVarTuple("Features")
Implementation = TypeVar("Implementation", bound=Callable[..., Any])


class HasReverseMode:
    """Feature of a config whose AD system can run reverse mode: `rrule_via_ad` works with it.

    Examples
    --------
    >>> class TapeConfig(RuleConfig[HasReverseMode]): ...
    >>> HasReverseMode in TapeConfig.features
    True

    Notes
    -----
    Ports: `HasReverseMode`.
    """


class NoReverseMode:
    """Feature of a config whose AD system cannot run reverse mode.

    A rule can ask for a feature, but not for its absence; so the absence is a feature too.

    Examples
    --------
    >>> class DualNumbersConfig(RuleConfig[HasForwardsMode, NoReverseMode]): ...
    >>> from adjoint2rrule.core import NoTangent, rrule
    >>> def total(xs):
    ...     return sum(xs)
    >>> @rrule.register(total)
    ... def total_rrule(config: RuleConfig[NoReverseMode], total, xs):
    ...     return total(xs), lambda ȳ: (NoTangent(), [ȳ for _ in xs])
    >>> rrule(DualNumbersConfig(), total, [1.0, 2.0])[0]
    3.0
    >>> rrule(RuleConfig(), total, [1.0, 2.0]) is None
    True

    Notes
    -----
    Ports: `NoReverseMode`.
    """


class HasForwardsMode:
    """Feature of a config whose AD system can run forwards mode: `frule_via_ad` works with it.

    Examples
    --------
    >>> class DualNumbersConfig(RuleConfig[HasForwardsMode]): ...
    >>> HasForwardsMode in DualNumbersConfig().features
    True

    Notes
    -----
    Ports: `HasForwardsMode`.
    """


class NoForwardsMode:
    """Feature of a config whose AD system cannot run forwards mode.

    Examples
    --------
    >>> class TapeConfig(RuleConfig[HasReverseMode, NoForwardsMode]): ...
    >>> sorted(feature.__name__ for feature in TapeConfig.features)
    ['HasReverseMode', 'NoForwardsMode']

    Notes
    -----
    Ports: `NoForwardsMode`.
    """


class RuleConfig(Generic[*Features]):
    """The features of the AD system that is running, on which a rule can be made to depend.

    An AD system subclasses it with the features that it has, and hands an instance to `rrule` and
    `frule`. A rule whose first parameter is annotated ``RuleConfig[A, B]`` is tried only where the
    config has both A and B, before every rule without a config. Any class can be a feature.

    Attributes
    ----------
    features : frozenset of type
        The features of the class, those of its bases included.

    Examples
    --------
    >>> class TapeConfig(RuleConfig[HasReverseMode, NoForwardsMode]): ...
    >>> HasReverseMode in TapeConfig.features
    True

    Notes
    -----
    Ports: `RuleConfig`. Differs: Julia asks for a feature by a supertype, `RuleConfig{>:HasReverseMode}`;
    in an annotation here every feature means "at least".
    """

    features: ClassVar[frozenset[type]] = frozenset()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        inherited = (base.features for base in cls.__bases__ if issubclass(base, RuleConfig))
        declared = (asked_features(base) for base in cls.__dict__.get("__orig_bases__", ()))
        cls.features = frozenset().union(*inherited, *declared)

    def __repr__(self) -> str:
        attributes = getattr(self, "__dict__", {}).items()
        # not the mark that typing leaves on a `RuleConfig[HasReverseMode]()`
        fields = (f"{name}={value!r}" for name, value in attributes if not name.startswith("__"))
        return f"{type(self).__qualname__}({', '.join(fields)})"


AnyConfig: TypeAlias = RuleConfig[*tuple[Any, ...]]


def asked_features(hint: object) -> frozenset[type]:
    """Return the features in `hint`, a ``RuleConfig[...]``; none for any other annotation.

    Raises
    ------
    RegistrationError
        Where one of them is no class.
    """
    if get_origin(hint) is not RuleConfig:
        return frozenset()
    features = frozenset(get_args(hint))
    for feature in features - {_ANY_NUMBER}:
        if not isinstance(feature, type):
            raise RegistrationError(
                f"{hint!r} asks for {feature!r}, but a feature is a class, such as HasReverseMode; several"
                f" stand side by side, `RuleConfig[A, B]`."
            )
    return features - {_ANY_NUMBER}


_ANY_NUMBER = get_args(AnyConfig)[0]  # what a type checker takes for a config with whatever features


def is_config_class(T: object) -> TypeGuard[type[AnyConfig]]:
    """Return whether `T` is a class of configs."""
    return isinstance(T, type) and issubclass(T, RuleConfig)


def check_config(config: AnyConfig) -> None:
    """Refuse a ``RuleConfig[A]()``, which looks as if it had the feature, and has none.

    Raises
    ------
    MissingFeatureError
        Where `config` is one.
    """
    if type(config) is RuleConfig and (form := getattr(config, "__orig_class__", None)) is not None:
        form = repr(form).replace(f"{__name__}.", "")
        raise MissingFeatureError(
            f"{form}() has no features, only its subclasses have: write `class MyConfig({form}): ...` and"
            f" `MyConfig()`."
        )


class ViaAD:
    """A function that every AD system implements for its own config, by `register`.

    It is declared by a function that has a signature and a docstring, but no body.
    """

    def __init__(self, feature: type, declaration: Callable[..., Any]) -> None:
        self.__name__ = declaration.__name__
        update_wrapper(self, declaration)
        self._feature = feature
        required = (
            p for p in inspect.signature(declaration).parameters.values() if p.kind is p.POSITIONAL_ONLY
        )
        self._needed = tuple(p.name for p in required)
        # Kept on the config's class: found by inheritance, and gone when the class goes.
        self._attribute = f"__{self.__name__}__"

    def __call__(self, config: AnyConfig, /, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(config, RuleConfig):
            remedy = f"; make an instance, `{config.__name__}()`" if is_config_class(config) else ""
            raise MissingFeatureError(
                f"{self.__name__}: the first argument must be a RuleConfig, not {config!r}{remedy}."
            )
        check_config(config)
        implementation = getattr(type(config), self._attribute, None)
        if implementation is None:
            raise MissingFeatureError(self._what_is_missing(type(config)))
        return implementation(config, *args, **kwargs)

    def register(self, config_class: type, /) -> Callable[[Implementation], Implementation]:
        """Return a decorator that makes a function the implementation for `config_class`.

        It serves the subclasses too, unless they have one of their own, and takes what this function takes.

        Raises
        ------
        RegistrationError
            Where `config_class` is no config, or does not declare the feature; from the decorator where the
            function cannot be called so.

        Examples
        --------
        >>> class TapeConfig(RuleConfig[HasReverseMode]): ...
        >>> @rrule_via_ad.register(TapeConfig)
        ... def tape_rrule_via_ad(config, f, /, *xs, **kw):
        ...     return f(*xs, **kw), lambda ȳ: ("what the tape of", config, "says")
        >>> rrule_via_ad(TapeConfig(), abs, -2.0)[0]
        2.0
        """
        if not is_config_class(config_class) or config_class is RuleConfig:
            raise RegistrationError(
                f"{self.__name__}.register takes a subclass of RuleConfig, not {config_class!r}."
            )
        if self._feature not in config_class.features:
            raise RegistrationError(self._what_is_missing(config_class))

        def register_implementation(implementation: Implementation) -> Implementation:
            parameters = (*self._needed, "/", "*xs", "**kw")
            check_takes(implementation, parameters, f"implement {self.__name__}", "the pair")
            setattr(config_class, self._attribute, implementation)
            return implementation

        return register_implementation

    def __repr__(self) -> str:
        return f"<generic function {self.__name__}>"

    def __reduce__(self) -> str:
        return self.__name__

    def _what_is_missing(self, config_class: type[AnyConfig]) -> str:
        config, feature = config_class.__name__, self._feature.__name__
        own = "MyConfig" if config_class is RuleConfig else config
        if self._feature in config_class.features:
            return (
                f"{self.__name__}: {config} has the feature {feature}, but no implementation;"
                f" its AD system must give one with `@{self.__name__}.register({config})`."
            )
        return (
            f"{self.__name__}: {config} lacks the feature {feature}. A rule that calls back asks for it with"
            f" `config: RuleConfig[{feature}]`; an AD system that has it declares it with"
            f" `class {own}(RuleConfig[{feature}])`."
        )


@partial(ViaAD, HasReverseMode)
def rrule_via_ad(config: AnyConfig, f: Callable[..., Any], /, *xs: Any, **kw: Any) -> Any:
    """Run `f` under the AD system of `config`, for its value and its pullback.

    Parameters
    ----------
    config : RuleConfig
        That of the AD system: what a rule got, or what the system itself made.
    f : callable
        What is called; it need not have a rule.
    *xs, **kw
        The arguments of the call.

    Returns
    -------
    tuple
        ``(y, pullback)`` as from `rrule`, but never `None`: where no rule matches, the AD system
        differentiates `f` itself.

    Raises
    ------
    MissingFeatureError
        Where `config` does not have `HasReverseMode`.

    Examples
    --------
    An AD system makes itself known so (a real one differentiates what it is given):

    >>> class TapeConfig(RuleConfig[HasReverseMode]): ...
    >>> @rrule_via_ad.register(TapeConfig)
    ... def tape_pullback(config, f, /, *xs, **kw):
    ...     return f(*xs, **kw), lambda ȳ: (None, *(ȳ for _ in xs))
    >>> y, back = rrule_via_ad(TapeConfig(), abs, -2.0)
    >>> y
    2.0

    Notes
    -----
    Ports: `rrule_via_ad`.
    """


@partial(ViaAD, HasForwardsMode)
def frule_via_ad(
    config: AnyConfig, dargs: tuple[Any, ...], f: Callable[..., Any], /, *xs: Any, **kw: Any
) -> Any:
    """Run `f` under the AD system of `config`, for its value and its derivative along a tangent.

    Parameters
    ----------
    config : RuleConfig
        That of the AD system: what a rule got, or what the system itself made.
    dargs : tuple
        ``(df, *dxs)``, the tangents of `f` and of each of `xs`.
    f : callable
        What is called; it need not have a rule.
    *xs, **kw
        The arguments of the call.

    Returns
    -------
    tuple
        ``(y, dy)`` as from `frule`, but never `None`: where no rule matches, the AD system
        differentiates `f` itself.

    Raises
    ------
    MissingFeatureError
        Where `config` does not have `HasForwardsMode`.

    Examples
    --------
    An AD system makes itself known so (a real one does not take differences):

    >>> class ForwardsConfig(RuleConfig[HasForwardsMode]): ...
    >>> @frule_via_ad.register(ForwardsConfig)
    ... def difference_quotient(config, dargs, f, /, x):
    ...     return f(x), (f(x + 1e-6 * dargs[1]) - f(x - 1e-6 * dargs[1])) / 2e-6
    >>> y, dy = frule_via_ad(ForwardsConfig(), (None, 1.0), lambda x: x**2, 3.0)
    >>> y, round(dy, 3)
    (9.0, 6.0)

    Notes
    -----
    Ports: `frule_via_ad`.
    """
