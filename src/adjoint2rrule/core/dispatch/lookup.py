"""Where the rules for a call are looked for: with what is called, then with the function that it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adjoint2rrule.core.dispatch.arity import Role
from adjoint2rrule.core.dispatch.functors import call_of
from adjoint2rrule.core.dispatch.method import Rule
from adjoint2rrule.core.dispatch.method_table import MethodTable
from adjoint2rrule.core.dispatch.patterns import Exactly, Pattern
from adjoint2rrule.core.dispatch.reading import pattern_of_callable
from adjoint2rrule.core.dispatch.registry import BOUND, Registry, function_of, is_bound

# The rule for a call, and what it takes before the arguments: a config or nothing, then what is called; for
# the rule of a bound method's function, or of a class's `__call__`, that function and the object.
Found = tuple[Rule, tuple[Any, ...], tuple[Any, ...]]


def find_rule(
    registry: Registry, config: tuple[Any, ...], f: Any, xs: tuple[Any, ...], kw: Mapping[str, Any]
) -> Found | None:
    """Return the rule for calling `f` so; `None` where there is none."""
    rule = registry.find(f, (*config, f, *xs), kw)
    if rule is not None:
        return rule, config, (f,)
    if type(f) in BOUND:
        callee = (function_of(f), f.__self__) if is_bound(f) else (None,)
    else:
        callee = call_of(type(f)), f
    if callee[0] is None:
        return None
    rule = registry.find(callee[0], (*config, *callee, *xs), kw)
    return None if rule is None else (rule, config, callee)


def tables_for(
    registry: Registry, role: Role, target: Any
) -> Iterator[tuple[MethodTable, tuple[Pattern, ...]]]:
    """Yield the tables that calls of `target` ask, with the patterns of what precedes the arguments."""
    for kept_as, callee, fixed in _ways_to_call(role, target):
        for table in registry.tables(kept_as, callee):
            yield table, (pattern_of_callable(kept_as, callee), *fixed)


def _ways_to_call(role: Role, target: Any) -> Iterator[tuple[Role, Any, tuple[Pattern, ...]]]:
    yield role, target, ()
    if role == "itself" and is_bound(target):
        if (function := function_of(target)) is not None:
            yield "itself", function, (Exactly(target.__self__),)
    elif role != "subclasses":
        cls = target if role == "instances" else type(target)
        if (call := call_of(cls)) is not None:
            yield "itself", call, (pattern_of_callable(role, target),)
