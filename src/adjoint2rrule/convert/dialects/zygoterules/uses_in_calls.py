"""Tangents that are handed to functions and methods, and what is read off them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace

from adjoint2rrule.convert.dialects.zygoterules.changed_uses import Change, Forced
from adjoint2rrule.convert.dialects.zygoterules.functions import Called
from adjoint2rrule.convert.dialects.zygoterules.held import Held
from adjoint2rrule.convert.dialects.zygoterules.holding import COPYING, PASSING
from adjoint2rrule.convert.dialects.zygoterules.numerical import (
    ARRAY_ATTRIBUTES,
    ARRAY_METHODS,
    INSPECTING,
    MUTATING,
    MUTATING_METHODS,
)
from adjoint2rrule.convert.dialects.zygoterules.reading import MAX_DEPTH, Reading
from adjoint2rrule.convert.dialects.zygoterules.use_problems import UseProblem, inspected, mutated, unfollowed
from adjoint2rrule.convert.scopes import By

_HARMLESS = PASSING | {
    f"builtins.{name}"
    for name in (
        *("abs", "complex", "divmod", "float", "int", "len", "max", "min", "pow", "print", "range", "round"),
        "sum",
    )
}
# Of numerical packages, these do not know thunks.
_WITHOUT_THUNKS = ("scipy.sparse.", "jax.", "autograd.")
# Packages that take structures apart.
_STRUCTURAL = (
    "collections.",
    "functools.",
    "itertools.",
    "jax.tree",
    "more_itertools.",
    "operator.",
    "toolz.",
)
# What bare lists and dicts are asked for that looks at none of their parts.
_CONTAINER_METHODS = frozenset(
    """
    add append appendleft clear copy extend get insert items keys pop popleft reverse setdefault
    update values
    """.split()  # noqa: SIM905
)

Found = Callable[[Reading], Iterator[UseProblem | Change]]


class Calls:
    """The calls of one function.

    Parameters
    ----------
    reading
        The function.
    found
        Tells what a helper does with its arguments.
    """

    def __init__(self, reading: Reading, found: Found) -> None:
        self.reading = reading
        self.found = found

    def attribute(self, node: ast.Attribute, held: Held) -> Iterator[UseProblem]:
        call = self.reading.parents.get(node)
        called = isinstance(call, ast.Call) and call.func is node
        if not (held.is_tangent or held.array):
            if called and node.attr not in _CONTAINER_METHODS:
                yield inspected(node, f"is asked for `.{node.attr}`, which may look at it")
        elif not isinstance(node.ctx, ast.Load):
            yield mutated(node)
        elif called and node.attr in MUTATING_METHODS:
            if not self.reading.is_fresh(node.value):
                yield mutated(node)
        elif held.is_tangent and not self._is_known_attribute(node, held, called):
            yield inspected(node, f"is asked for `.{node.attr}`, which its new form may not have")

    def _is_known_attribute(self, node: ast.Attribute, held: Held, called: bool) -> bool:
        if node.attr in ARRAY_ATTRIBUTES and not called:
            return True
        if called and node.attr == "copy":
            return not held.structured and not self.reading.shows_structure
        return node.attr in ARRAY_METHODS if called else not node.attr.startswith("_")

    def argument(
        self, node: ast.expr, parent: ast.Call | ast.keyword, held: Held
    ) -> Iterator[UseProblem | Change]:
        call = parent if isinstance(parent, ast.Call) else self.reading.parents[parent]
        if not isinstance(call, ast.Call):
            yield unfollowed(node)
            return
        called = self.reading.called(call)
        name = ast.unparse(call.func)
        keyword = parent.arg if isinstance(parent, ast.keyword) else ""
        if call.func is node:
            if held.is_tangent and not isinstance(node, ast.Attribute):
                yield inspected(call, "is called")
        elif call in self.reading.holding.given:
            return
        elif called.is_numerical or called.is_array_method:
            yield from self._numerical(node, call, called, keyword, held)
        elif not held.bears:
            return
        elif called.makes_fields and not isinstance(node, ast.Starred):
            if keyword is None or (keyword == "" and held.is_tangent):
                yield inspected(call, f"is given to `{name}`")
        elif called.name == "builtins.isinstance" and held.is_tangent:
            yield from self._instance_test(node, call, held)
        elif called.name is not None and called.name.startswith("builtins."):
            start = called.name == "builtins.sum" and len(call.args) > 1
            counted = called.name == "builtins.len" and held.is_tangent and self.reading.shows_names
            if called.name not in _HARMLESS or keyword or start or counted:
                yield inspected(call, f"is given to `{name}`")
        elif self._grows_own(call):
            return
        elif called.name in COPYING and held.is_tangent and not keyword:
            if held.thunk:
                yield Forced(node)
        elif (
            called.function is not None
            and self.reading.depth < MAX_DEPTH
            and not called.function.decorator_list
        ):
            yield from self._to_helper(node, call, called)
        else:
            yield from self._opaque(node, call, held, f"is given to `{name}`, which cannot be read")

    def _grows_own(self, call: ast.Call) -> bool:
        """Whether a call puts something in a list or dict that the function has made."""
        match call.func:
            case ast.Attribute(value=ast.Name() as owner, attr="append" | "appendleft" | "extend" | "insert"):
                return self.reading.holding.is_own_container(owner, self.reading.holding.scopes[call])
        return False

    def _instance_test(self, node: ast.expr, call: ast.Call, held: Held) -> Iterator[UseProblem | Change]:
        scope = self.reading.holding.scopes[call]
        if len(call.args) == 2 and self.reading.is_number_class(call.args[1], scope):
            if held.thunk:
                yield Forced(node)
        else:
            yield inspected(call, "is given to `isinstance`")

    def _opaque(
        self, node: ast.expr, call: ast.Call, held: Held, what: str, slug: str = "opaque-call"
    ) -> Iterator[UseProblem | Change]:
        """Yield what it takes to hand a tangent to a function that is not known: it must be the value."""
        plain = held.whole and not held.part and not held.structured and not held.is_container
        safe = held.plain or not (self.reading.shows_structure or self._is_readable(call))
        if isinstance(node, ast.Starred) or not (plain and safe):
            yield UseProblem(slug, call, what)
        elif held.thunk:
            yield Forced(node)

    def _is_readable(self, call: ast.Call) -> bool:
        """Whether what is called may look into a structure: it stands in the project, or is made for that."""
        called = self.reading.called(call)
        if called.unit is not None or (called.name or "").startswith(_STRUCTURAL):
            return True
        found = None
        if isinstance(call.func, ast.Name):
            found = self.reading.holding.scopes[call].find(call.func.id)
        return any(
            b.by in {By.FUNCTION, By.CLASS} or isinstance(b.value, ast.Lambda)
            for b in (found[1] if found else ())
        ) or isinstance(call.func, ast.Lambda)

    def _numerical(
        self, node: ast.expr, call: ast.Call, called: Called, keyword: str | None, held: Held
    ) -> Iterator[UseProblem | Change]:
        """Yield what is to be said of handing a tangent to a function of numpy or its like."""
        short = (called.name or "").partition(".")[2]
        if (short in MUTATING and call.args[:1] == [node]) or keyword == "out":
            if (held.is_tangent or held.array) and not self.reading.is_fresh(node):
                yield mutated(call)
        elif not held.bears:
            return
        elif short in INSPECTING:
            what = f"is given to `{ast.unparse(call.func)}`"
            yield from self._opaque(node, call, held, what, "inspected-seed")
        elif (called.name or "").startswith(_WITHOUT_THUNKS) and held.thunks:
            if held.thunk and not held.is_container and not isinstance(node, ast.Starred):
                yield Forced(node)
            else:
                yield UseProblem("opaque-call", call, f"is given to `{called.name}`, which takes no thunks")

    def _to_helper(self, node: ast.expr, call: ast.Call, called: Called) -> Iterator[UseProblem | Change]:
        """Yield what a function of the project does wrong with what it is given."""
        name = ast.unparse(call.func)
        arguments = called.arguments(call)
        if arguments is None or node not in arguments.values():
            what = f"is given to `{name}`, whose arguments cannot be matched"
            yield UseProblem("opaque-call", call, what)
            return
        values = {p: self.reading.holding.of(value) for p, value in arguments.items()}
        inner = self.reading.uses_in(called, values, self.found)
        if not inner:
            return
        forced = {p: replace(h, thunk=False) for p, h in values.items()}
        if forced != values and not self.reading.uses_in(called, forced, self.found):
            if self.reading.holding.of(node).thunk:
                yield Forced(node)
            return
        worst = min(inner, key=lambda use: use.node.lineno)
        what = worst.what if isinstance(worst, UseProblem) else "must not be a thunk"
        slug = "inspected-cotangent"
        if any(isinstance(use, UseProblem) and use.slug == "mutated-seed" for use in inner):
            slug = "mutated-seed"
        if what.startswith(f"is given to `{name}`"):
            yield UseProblem(slug, call, what)  # it calls itself, which is said once
            return
        where = f"line {worst.node.lineno}"
        if called.unit is not None and called.unit is not self.reading.functions.unit:
            where += f" of {called.unit.name}"
        yield UseProblem(slug, call, f"is given to `{name}`, where it {what} ({where})")
