"""The names that a converted rule gets: its own, and that of its first parameter, the function itself."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable

from adjoint2rrule.convert.dialects.zygoterules.definitions import Decorated
from adjoint2rrule.convert.dialects.zygoterules.targets import Target, Targets
from adjoint2rrule.convert.model import Kind
from adjoint2rrule.convert.scopes import Scope, names_bound_by

# A parameter of such a name would puzzle whoever writes `Tangent[type(x)]` into the rule by hand.
_TYPES = frozenset({"dict", "list", "tuple", "type"})


def rule_name(base: str, taken: set[str]) -> str:
    """Return a name for a rule on something called `base` that clashes with none in `taken`.

    Examples
    --------
    >>> rule_name("solve", {"solve"}), rule_name("phase", {"phase_rrule"})
    ('solve_rrule', 'phase_rrule_2')
    """
    name, number = f"{base}_rrule", 1
    while name in taken:
        number += 1
        name = f"{base}_rrule_{number}"
    return name


class RuleNames:
    """Gives the rules of one file their names.

    Two factories may each hold a rule of one name: a name is free where neither its scope nor one around
    it has given it away.  The names in `taken`, which the file has already, are free nowhere.
    """

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken
        self._given: dict[Scope, set[str]] = {}

    def give(self, base: str, scope: Scope) -> str:
        """Return a name for a rule on something called `base` that stands in `scope`, and note it."""
        taken = set(self._taken)
        around: Scope | None = scope
        while around is not None:
            taken |= self._given.get(around, set())
            around = around.parent
        name = rule_name(base, taken)
        self._given.setdefault(scope, set()).add(name)
        return name


def identifiers(nodes: Iterable[ast.AST]) -> set[str]:
    """Return every name that `nodes` are or bear, as a variable, attribute, keyword or parameter."""
    found = (getattr(n, a, None) for n in nodes for a in ("id", "name", "arg", "asname", "attr"))
    return {name for name in found if isinstance(name, str)}


def first_parameter(
    decorated: Decorated, node: ast.FunctionDef, found: list[Target], targets: Targets, written: set[str]
) -> str | None:
    """Return the name of the parameter that takes the function itself; `None` for a functor, which has it.

    It is the target's own name, unless the rule uses that for something else, or is for several targets.
    `written` are the names that the conversion writes into the rule.
    """
    target = found[0]
    if target.kind is Kind.FUNCTOR:
        return None
    bound, read = _names_in(node)
    mine = len(found) == 1 and _is_target(decorated, target, targets)
    others = read | written
    free = target.name not in bound | _TYPES
    if free and (target.name not in others or mine):
        return target.name
    name = f"{target.name}_"
    while name in bound | others or hasattr(builtins, name):
        name += "_"
    return name


def _names_in(node: ast.FunctionDef) -> tuple[set[str], set[str]]:
    """Return the names that a rule binds anywhere inside, and those that it reads."""
    inside = [inner for inner in ast.walk(node) if inner is not node]
    bound = {name for inner in inside for name in names_bound_by(inner)}
    read = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return bound, read


def _is_target(decorated: Decorated, target: Target, targets: Targets) -> bool:
    """Whether the target's name, read inside the rule, is sure to be the target whenever the rule runs."""
    if target.text not in {target.name, f"type[{target.name}]"}:
        return False  # `np.linalg.inv` is not what `inv` means
    found = decorated.scope.find(target.name)
    if found is None:
        return True
    _, bindings = found
    others = [b for b in bindings if b.node not in targets.rules]
    rebound = any(_line(b.node) > decorated.node.lineno for b in others)
    in_loop = any(b.node in targets.unit.in_loops for b in others)
    return not (rebound or in_loop or target.name in targets.unit.borrowed)


def _line(node: ast.AST) -> int:
    line = getattr(node, "lineno", 0)
    assert isinstance(line, int)
    return line
