"""What a rule becomes: its own entry in front of each result, cotangents as tangents, the AD called by name.

Converting ZygoteRules, sections "Include the derivative with respect to the function object itself" and
"Calling back into AD".
"""

from __future__ import annotations

import ast
from functools import cached_property

from adjoint2rrule.convert.classes import Classes
from adjoint2rrule.convert.dialects.zygoterules.adapting import free_among
from adjoint2rrule.convert.dialects.zygoterules.callbacks import Callback
from adjoint2rrule.convert.dialects.zygoterules.changed_uses import NoneTest, operations_of
from adjoint2rrule.convert.dialects.zygoterules.cotangents import (
    Collected,
    Cotangent,
    Given,
    Items,
    Missing,
    Result,
    is_settled,
)
from adjoint2rrule.convert.dialects.zygoterules.functions import Functions
from adjoint2rrule.convert.dialects.zygoterules.holders import stored_elsewhere
from adjoint2rrule.convert.dialects.zygoterules.optional_rewrites import OptionalRewrites
from adjoint2rrule.convert.dialects.zygoterules.primals import Primal, Primals
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.pullbacks import Handed, Pullback
from adjoint2rrule.convert.dialects.zygoterules.results import Entry, entries, leftmost, rightmost, spine
from adjoint2rrule.convert.dialects.zygoterules.rules import Rule
from adjoint2rrule.convert.dialects.zygoterules.seeds import TangentUses
from adjoint2rrule.convert.dialects.zygoterules.tangents import Changes, Tangents
from adjoint2rrule.convert.dialects.zygoterules.targets import Target
from adjoint2rrule.convert.dialects.zygoterules.use_problems import UseProblem
from adjoint2rrule.convert.model import Kind, Options
from adjoint2rrule.convert.operations import (
    AddReturn,
    Append,
    ExtendTuple,
    Redirect,
    Replace,
    ReplaceStatement,
    SplitReturn,
    SpreadTuple,
    address,
)
from adjoint2rrule.convert.runtime import RuntimeNames
from adjoint2rrule.convert.units import Unit


class RuleConversion:
    """Decides what one rule becomes.

    Parameters
    ----------
    rule, target
        The rule, and what it is for.
    unit, classes, functions
        The file that it stands in, and what is known of the project's classes and functions.
    runtime
        The names to write.
    config
        The name of the parameter that takes the config of the AD, where the rule calls back into it.
    options
        What the user asked for.
    """

    def __init__(
        self,
        rule: Rule,
        target: Target,
        unit: Unit,
        classes: Classes,
        functions: Functions,
        runtime: RuntimeNames,
        config: str,
        options: Options,
    ) -> None:
        self.rule = rule
        self.unit = unit
        self.runtime = runtime
        self.config = config
        self.is_functor = target.kind is Kind.FUNCTOR
        self.primals = Primals(rule, target, unit, classes, functions)
        self.optional = OptionalRewrites(rule, unit, classes.annotations, functions, runtime, options)
        self.changes = Changes()
        self.tested: set[ast.Name] = set()

    def decide(self) -> Changes:
        """Return what is to be changed, and what stands in the way."""
        for pullback in self.rule.pullbacks:
            self._pullback(pullback)
        for handed in self.rule.handed:
            self._handed(handed)
        for callback in self.rule.callbacks.calls:
            self._callback(callback)
        for call in self.rule.callbacks.shortened:
            if call not in self._indices:
                self.changes.call(Append(address(call), "[1:]"))
            else:
                self._shift(self._indices[call])
        self._uses(self.rule.callbacks.uses)
        self._names()
        self.changes.check_roles()
        self.optional.finish(self.changes)
        return self.changes

    # -- pullbacks -----------------------------------------------------------------------------

    def _pullback(self, pullback: Pullback) -> None:
        primals = [_known_as(primal, pullback) for primal in self.primals.of_parameters]
        tangents = Tangents(self.primals, pullback.scope, self.unit.module, self.runtime, self.changes)
        for result in pullback.results:
            if isinstance(result, Missing):
                self._single_none(result, primals)
            else:
                self._result(result, primals, tangents, pullback)
        if pullback.can_end:
            assert isinstance(pullback.node, ast.FunctionDef)
            self.changes.edit(AddReturn(address(pullback.node), self._zeros(primals)), pullback.node)
        self._uses(pullback.uses)

    def _own(self) -> tuple[str, ...]:
        """Return the function's own cotangent, which a functor's pullback gives by itself."""
        return () if self.is_functor else (self.runtime.call("NoTangent"),)

    def _zero(self, index: int, primals: list[Primal]) -> str:
        """Return the zero for the argument at `index`; for a variadic one, as many as there are."""
        primal, zero = primals[index], self.runtime.call(primals[index].zero)
        if not self.rule.parameters[index].is_variadic:
            return zero
        if primal.path is None:
            self._problem(
                "variadic-cotangents", self.rule.node, "how many arguments there are is not known here"
            )
        return f"*({zero} for _ in {primal.path})"

    def _zeros(self, primals: list[Primal]) -> str:
        found = [*self._own(), *(self._zero(i, primals) for i in range(len(primals)))]
        return f"({found[0]},)" if len(found) == 1 else f"({', '.join(found)})"

    def _single_none(self, result: Missing, primals: list[Primal]) -> None:
        text = self._zeros(primals)
        if isinstance(result.node, ast.Return):
            self.changes.do(ReplaceStatement(address(result.node), (f"return {text}",)), result.node)
        else:
            self.changes.do(Replace(address(result.node), text), result.node)

    # -- results -------------------------------------------------------------------------------

    def _result(
        self, result: Cotangent, primals: list[Primal], tangents: Tangents, pullback: Pullback
    ) -> None:
        found = entries(result)
        if found is None:
            self._problem("opaque-cotangent", pullback.node, "how many cotangents it returns cannot be told")
            return
        missing = self._matched(found, primals, tangents, pullback.node)
        if missing is None:
            return
        self.optional.note(found, primals, pullback)
        before, after = self._own(), tuple(self._zero(i, primals) for i in missing)
        left, right = leftmost(result), rightmost(result)
        self._note_roles(result, [side for side in (left, right) if side is not None])
        if left is not None and (right is not None or not after):
            if left is right:
                self._extend(left, before, after)
            else:
                self._extend(left, before, ())
                self._extend(right, (), after)
        elif before or after:
            self._spread(result, before, after, pullback)

    def _note_roles(self, result: Cotangent, ends: list[Items]) -> None:
        """Note which sequences are the result, or its ends, and which are only a part of it."""
        seen: list[Cotangent] = []
        for part in spine(result):
            mine = part is result or any(part is end for end in ends)
            once = not any(part is other for other in seen)
            self.changes.serves(part, "result" if mine and once else "part")
            seen.append(part)

    def _extend(self, display: Items | None, before: tuple[str, ...], after: tuple[str, ...]) -> None:
        if display is not None and (before or after):
            self.changes.do(ExtendTuple(address(display.node), before, after), display.node)

    def _spread(
        self, result: Cotangent, before: tuple[str, ...], after: tuple[str, ...], pullback: Pullback
    ) -> None:
        """Put entries around those of a sequence that is no display."""
        while isinstance(result, Result):
            result = result.value
        node = getattr(result, "node", None)
        if not isinstance(node, ast.expr):
            self._problem("opaque-cotangent", pullback.node, "its result is taken from something else")
            return
        opened = isinstance(result, Collected)
        self.changes.do(SpreadTuple(address(node), before, after, opened), node)

    def _matched(
        self, found: list[Entry], primals: list[Primal], tangents: Tangents, node: ast.expr | ast.stmt
    ) -> list[int] | None:
        """Decide on each cotangent; return the arguments that get none, `None` where that cannot be told."""
        variadic = bool(self.rule.parameters) and self.rule.parameters[-1].is_variadic
        named = len(primals) - variadic
        first = next((i for i, entry in enumerate(found) if entry.many), len(found))
        if first < len(found):
            return self._with_many(
                found, first, named, primals if variadic else None, tangents, primals, node
            )
        if len(found) > named and not variadic:
            arguments = f"{named} argument{'s' * (named != 1)}"
            message = f"the pullback returns {len(found)} cotangents for {arguments}"
            self.changes.problem("too-many-entries", node, message, _ENTRIES)
            return None
        if len(found) > named:
            self._problem("variadic-cotangents", node, "how many cotangents it returns cannot be told")
            return None
        for entry, primal in zip(found, primals, strict=False):
            tangents.cotangent(entry.value, primal, entry.node)
        return list(range(len(found), len(primals)))

    def _with_many(
        self,
        found: list[Entry],
        first: int,
        named: int,
        variadic: list[Primal] | None,
        tangents: Tangents,
        primals: list[Primal],
        node: ast.expr | ast.stmt,
    ) -> list[int] | None:
        """Decide on results of which some entries stand for any number of cotangents."""
        rest = found[first:]
        exact = variadic is not None and first == named and len(rest) == 1
        from_ad = variadic is not None and first < named and len(rest) == 1 and is_settled(rest[0].value)
        if not exact and not from_ad:
            self._problem("variadic-cotangents", node, "how many cotangents it returns cannot be told")
            return None
        for entry, primal in zip(found[:first], primals, strict=False):
            tangents.cotangent(entry.value, primal, entry.node)
        if exact:
            tangents.cotangent(rest[0].value, self.primals.argument(primals[-1], rest[0].each), None)
        return []

    # -- pullbacks from elsewhere --------------------------------------------------------------

    def _handed(self, handed: Handed) -> None:
        """Let a pullback of the rule's own call one that comes from elsewhere."""
        primals = self.primals.of_parameters
        counts = set()
        for result in handed.results:
            missing = self._matched_from_elsewhere(result, primals, handed)
            if missing is None:
                return
            counts.add(tuple(missing))
        if len(counts) > 1:
            self._problem("opaque-pullback", handed.statement, "its results are not all of one length")
            return
        before, after = self._own(), tuple(self._zero(i, primals) for i in counts.pop())
        if not before and not after and not handed.taken:
            return
        if handed.call is not None and handed.node is not None:
            text = self._calling(f"{handed.call}{handed.taken}", handed.seed, before, after)
            self.changes.edit(Replace(address(handed.node), text), handed.node)
            self._consume(handed.node)
            return
        y = free_among(("y", "value"), self.rule.node)
        back = free_among(("back", "pullback"), self.rule.node)
        text = self._calling(f"{back}({{}}){handed.taken}", handed.seed, before, after)
        operation = SplitReturn(address(handed.statement), f"{y}, {back}", f"return {y}, {text}")
        self.changes.edit(operation, handed.statement)

    def _consume(self, node: ast.expr) -> None:
        """Note that ``partial`` is not called any more."""
        if isinstance(node, ast.Call):
            root = node.func
            while isinstance(root, ast.Attribute):
                root = root.value
            assert isinstance(root, ast.Name)
            self.changes.consumed.add((root, self.rule.scope, ast.unparse(node.func)))

    def _matched_from_elsewhere(
        self, result: Given, primals: list[Primal], handed: Handed
    ) -> list[int] | None:
        found = entries(result)
        assert found is not None
        self.optional.note(found, primals, None)
        tangents = Tangents(self.primals, self.rule.scope, self.unit.module, self.runtime, self.changes)
        return self._matched(found, primals, tangents, handed.statement)

    def _calling(self, call: str, seed: str, before: tuple[str, ...], after: tuple[str, ...]) -> str:
        """Return a pullback that calls another."""
        words = {node.id for node in ast.walk(ast.parse(call.format("_"))) if isinstance(node, ast.Name)}
        while seed in words:
            seed = f"{seed}_"
        inside = ", ".join((*before, f"*{call.format(seed)}", *after))
        return f"lambda {seed}: ({inside}{'' if before or after else ','})"

    # -- the AD --------------------------------------------------------------------------------

    def _callback(self, callback: Callback) -> None:
        """Call the AD of whoever calls the rule."""
        via_ad = self.runtime.use("rrule_via_ad")
        then = ""
        if callback.name == "gradient":
            index = self._indices.get(callback.call)
            then = "[1](1.0)[1:]" if index is None else "[1](1.0)"
            if index is not None:
                self._shift(index)
        replaced = callback.context is not None
        operation = Redirect(address(callback.call), via_ad, self.config, replaced, then)
        self.changes.call(operation)

    @cached_property
    def _indices(self) -> dict[ast.AST, ast.Constant]:
        """For each expression of which one entry is taken at once, the number of that."""
        return {
            node.value: node.slice
            for node in ast.walk(self.rule.node)
            if isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and type(node.slice.value) is int
        }

    def _shift(self, index: ast.Constant) -> None:
        """Leave out the first entry of what is indexed, which is that of the function itself."""
        assert isinstance(index.value, int)
        self.changes.edit(Replace(address(index), str(index.value + 1)), index)

    # -- tests and names -----------------------------------------------------------------------

    def _uses(self, uses: TangentUses) -> None:
        """Change the tests on tangents, once it is known which `None`s are zeros now."""
        settled = uses.settled(self.changes.zeros)
        for problem in settled.problems:
            self.changes.problems.append(used(problem))
        for change in settled.changes:
            if isinstance(change, NoneTest) and isinstance(change.operand, ast.Name):
                self.tested.add(change.operand)
            for operation in operations_of(change, self.runtime):
                self.changes.edit(operation, self.rule.node)

    def _names(self) -> None:
        """Look at the names of what is rewritten: it must not be used for something else as well."""
        pullbacks = {p.node for p in self.rule.pullbacks}
        for root in (self.rule.node, *self.rule.helpers):
            followed = self.rule.followed | self.tested
            found = stored_elsewhere(root, self.changes.nodes, pullbacks, followed, self.changes.zeros)
            self.changes.problems += found

    def _problem(self, slug: str, node: ast.expr | ast.stmt, message: str) -> None:
        self.changes.problem(slug, node, message, _BY_HAND)


def used(problem: UseProblem) -> Problem:
    """Return a use of a tangent that stands in the way, as it is told to people."""
    return Problem(problem.slug, problem.node, f"a tangent {problem.what}", _SEED_HINTS[problem.slug])


def _known_as(primal: Primal, pullback: Pullback) -> Primal:
    """Return `primal` under the name that the function around a pullback has for it."""
    if pullback.maker is None:
        return primal
    return primal.named(pullback.names.get(primal.front), pullback.maker)


_BY_HAND = "Return the cotangents as a literal tuple, one per argument."
_ENTRIES = "Return one cotangent per positional parameter; keyword-only ones have none."
_SEED_HINTS = {
    "inspected-seed": "Missing and structured seeds have another form now; convert this rule by hand.",
    "inspected-cotangent": "Look at no cotangent's form, or convert this rule by hand: a missing one is an "
    "`AbstractZero` now, and one with parts a `Tangent`.",
    "opaque-call": "The seed may have a new form that the function does not know; convert this rule by hand.",
    "mutated-seed": "A seed belongs to its caller; make a new array, as in `dy = 2 * dy`.",
}
