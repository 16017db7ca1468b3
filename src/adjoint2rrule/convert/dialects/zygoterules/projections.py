"""Which cotangents nothing keeps in the spaces of their arguments: advice on them, or `ProjectTo`.

Converting ZygoteRules, section "Take embedded spaces and types seriously".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from adjoint2rrule.convert.annotations import Alternative, Annotations
from adjoint2rrule.convert.dialects.zygoterules.cotangents import (
    Alike,
    Cotangent,
    Either,
    Missing,
    Part,
    Ready,
    Result,
    Seed,
)
from adjoint2rrule.convert.dialects.zygoterules.naming import identifiers
from adjoint2rrule.convert.dialects.zygoterules.primals import Primal
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.pullbacks import Pullback
from adjoint2rrule.convert.dialects.zygoterules.results import Entry, computed_by
from adjoint2rrule.convert.dialects.zygoterules.rules import Rule
from adjoint2rrule.convert.operations import AddStatements, Operation, Wrap, address
from adjoint2rrule.convert.runtime import RuntimeNames
from adjoint2rrule.convert.scopes import walk_scope
from adjoint2rrule.convert.syntax import Module

# Values of these are in one space or another; by the numeric tower, a `complex` can be real.
_OPEN = frozenset(
    {
        *("", "typing.Any", "typing_extensions.Any", "builtins.object", "builtins.complex"),
        *(f"numbers.{name}" for name in ("Number", "Complex", "Real")),
        *(f"numpy.{name}" for name in ("generic", "number", "inexact", "floating", "complexfloating")),
        *(f"typing.Supports{name}" for name in ("Abs", "Complex", "Float", "Round")),
        "numpy.typing.ArrayLike",
    }
)
_SPARSE = "scipy.sparse."


class Projections:
    """Decides which cotangents of one rule are projected, and on which spaces.

    Parameters
    ----------
    rule, module
        The rule, and the file that it stands in.
    annotations
        Tells what annotations stand for.
    """

    def __init__(self, rule: Rule, module: Module, annotations: Annotations) -> None:
        self.rule = rule
        self.module = module
        self.annotations = annotations
        # Of an argument, the expressions for its cotangent; `None` for one that is not written in the rule.
        self.cotangents: dict[int, dict[ast.expr | None, None]] = {}

    def note(self, found: Sequence[Entry], primals: Sequence[Primal], pullback: Pullback | None) -> None:
        """Note the cotangents in one result of `pullback`, or of one from elsewhere."""
        shown = _shown(pullback) if pullback is not None and pullback.home is None else set()
        for index, (entry, primal) in enumerate(zip(found, primals, strict=False)):
            if _is_number(entry.value) and self._is_open(primal):
                node = computed_by(entry)
                self.cotangents.setdefault(index, {})[node if node in shown else None] = None

    # -- which arguments -----------------------------------------------------------------------

    def _is_open(self, primal: Primal) -> bool:
        """Whether the annotation of an argument leaves open in which space its values are."""
        if primal.zero == "NoTangent" or primal.is_structure:
            return False
        moving = [a for a in primal.alternatives if self.annotations.is_perturbable([a])]
        return len(moving) != 1 or self._admits_several(moving[0])

    def _admits_several(self, type_: Alternative) -> bool:
        if not type_.is_array:
            return type_.name in _OPEN or type_.name.startswith(_SPARSE)
        if not type_.arguments:
            return True
        dtypes = self.annotations.alternatives(type_.arguments[-1], type_.place)
        if len(dtypes) == 1 and dtypes[0].name == "numpy.dtype" and dtypes[0].arguments:
            dtypes = self.annotations.alternatives(dtypes[0].arguments[0], dtypes[0].place)
        return len(dtypes) != 1 or dtypes[0].name in _OPEN

    # -- projecting ----------------------------------------------------------------------------

    def operations(self, runtime: RuntimeNames) -> Iterator[Operation]:
        """Yield what projects the cotangents that can be, and leave the others to `advice`."""
        if self._is_projected or not self._has_room:
            return
        taken = identifiers(ast.walk(self.rule.node))
        statements = []
        for index in [i for i in self.cotangents if self._is_projectable(i)]:
            argument = self.rule.parameters[index].name
            projection = _free(f"project_{argument}", taken)
            taken.add(projection)
            statements.append(f"{projection} = {runtime.use('ProjectTo')}({argument})")
            for node in self.cotangents.pop(index):
                assert node is not None
                yield Wrap(address(node), projection)
        if statements:
            yield AddStatements(address(self.rule.node), tuple(statements), self._start)

    def _is_projectable(self, index: int) -> bool:
        """Whether the cotangents of an argument are all written in the rule, each for that argument alone."""
        nodes = self.cotangents[index]
        others = [node for i, found in self.cotangents.items() if i != index for node in found]
        variadic = self.rule.parameters[index].is_variadic
        return not (variadic or None in nodes or nodes.keys() & set(others))

    @property
    def _start(self) -> int:
        """How many statements stand before the first that may use an argument: a docstring or none."""
        match self.rule.node.body[0]:
            case ast.Expr(value=ast.Constant(value=str())):
                return 1
        return 0

    @property
    def _has_room(self) -> bool:
        """Whether the first statement of the rule starts a line, above which others can be put."""
        span = self.module.span(self.rule.node.body[self._start])
        before = self.module.source.content[: span.start]
        line = before.replace(b"\r", b"\n").rpartition(b"\n")[2]
        return not line.strip()

    @property
    def _is_projected(self) -> bool:
        """Whether the rule uses `ProjectTo` of its own accord."""
        return "ProjectTo" in identifiers(ast.walk(self.rule.node))

    # -- advice --------------------------------------------------------------------------------

    def advice(self, *, asked: bool) -> Problem | None:
        """Return the advice for what is left; `asked` says whether projections were asked for."""
        if not self.cotangents or self._is_projected:
            return None
        names = ", ".join(f"`{self.rule.parameters[i].name}`" for i in sorted(self.cotangents))
        message = (
            f"the cotangents of {names} are not projected, and the arguments may be real or complex, "
            "dense or sparse"
        )
        return Problem("embedded-space", self.rule.node, message, _BY_HAND if asked else _PROJECT)


def _is_number(value: Cotangent) -> bool:
    """Whether a cotangent is a number or an array wherever there is one, and the AD has not made it."""
    while isinstance(value, Result):
        value = value.value
    choices = value.choices if isinstance(value, Either) else (value,)
    known = [choice for choice in choices if not isinstance(choice, Missing)]
    return bool(known) and all(
        isinstance(choice, Ready | Part | Alike) or (isinstance(choice, Seed) and not choice.given)
        for choice in known
    )


def _shown(pullback: Pullback) -> set[ast.AST]:
    """Return the nodes of what a pullback returns that are written behind its ``return``."""
    body = pullback.node.body
    if isinstance(body, ast.expr):
        return set(walk_scope(body))
    values = (n.value for n in walk_scope(body) if isinstance(n, ast.Return) and n.value is not None)
    return {node for value in values for node in walk_scope(value)}


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name = f"{name}_"
    return name


_PROJECT = (
    "`--project` adds a `ProjectTo` for each; an annotation that tells the space, `float` or "
    "`NDArray[np.float64]`, says that none is needed."
)
_BY_HAND = (
    "`--project` does nothing where a cotangent is made elsewhere, or the rule stands on one line; "
    "write `project_x = ProjectTo(x)` outside of the pullback, and `project_x(...)` inside."
)
