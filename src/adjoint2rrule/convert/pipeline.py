"""The centre of the converter: from a source file to what becomes of it, without touching a disk.

Only the project index, which is handed in, reads other files, when a definition asks for them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from adjoint2rrule.convert.checks import broken_promise
from adjoint2rrule.convert.dialects import DIALECTS
from adjoint2rrule.convert.imports import ImportChanges, change_imports
from adjoint2rrule.convert.model import (
    Conversion,
    Decision,
    Diagnostic,
    Edit,
    Options,
    Refused,
    Severity,
    SourceFile,
)
from adjoint2rrule.convert.operations import Operation
from adjoint2rrule.convert.plan import Plan
from adjoint2rrule.convert.project import Closed, Project
from adjoint2rrule.convert.rewrite import UnfaithfulParseError, rewrite
from adjoint2rrule.convert.splice import splice
from adjoint2rrule.convert.syntax import Module, UnreadableSourceError, parse
from adjoint2rrule.convert.units import Unit


def closed_modules(options: Options) -> Closed:
    """Return the modules that a project index must not look into, since dialects give their names meaning."""
    return {m: names for d in DIALECTS for m, names in d.closed_modules(options.legacy_modules).items()}


def convert_source(source: SourceFile, options: Options, project: Project) -> Conversion:
    """Return what becomes of `source`.

    A file that cannot be read, and one that would break a promise if it were changed, comes back
    as it is, with the reason.

    Examples
    --------
    >>> legacy = b'''from zygoterules import adjoint
    ...
    ... def double(x):
    ...     return 2 * x
    ...
    ... @adjoint
    ... def double(x):
    ...     return double(x), lambda dy: (2 * dy,)
    ... '''
    >>> options = Options()
    >>> project = Project(closed=closed_modules(options))
    >>> print(convert_source(SourceFile("double.py", legacy), options, project).result.decode())
    from adjoint2rrule.core import NoTangent, rrule
    <BLANKLINE>
    def double(x):
        return 2 * x
    <BLANKLINE>
    @rrule.register(double)
    def double_rrule(double, x):
        return double(x), lambda dy: (NoTangent(), 2 * dy)
    <BLANKLINE>
    """
    try:
        return _checked(parse(source), options, project)
    except UnreadableSourceError as err:
        diagnostic = err.diagnostic
    except RecursionError:
        diagnostic = Diagnostic("too-deep", Severity.ERROR, _TOO_DEEP, _SIMPLIFY, 1, 1)
    return Conversion(source, source.content, diagnostics=(diagnostic,))


_TOO_DEEP = "the file is left as it is: it is nested more deeply than can be followed"
_SIMPLIFY = "Split its longest expressions and branches."


def _checked(module: Module, options: Options, project: Project) -> Conversion:
    """Return the conversion of a file, or why it would be wrong."""
    conversion, kept = _convert(module, options, project)
    problem = _problem(module, conversion, kept, options, project) if conversion.edits else None
    if problem is None:
        return conversion
    return Conversion(module.source, module.source.content, diagnostics=(_internal_error(problem),))


def _problem(
    module: Module, conversion: Conversion, kept: frozenset[str], options: Options, project: Project
) -> str | None:
    """Return why a conversion must not be handed on, `None` where all is well."""
    try:
        result = parse(SourceFile(module.source.path, conversion.result))
    except UnreadableSourceError as err:
        return f"the result cannot be parsed: {err.diagnostic.message}"
    return broken_promise(module, result, kept) or _not_final(result, options, project)


def _convert(module: Module, options: Options, project: Project) -> tuple[Conversion, frozenset[str]]:
    """Return the conversion of a file before it is checked, and the imports that may become unused by it."""
    unit = project.unit(module)
    found = [dialect.plan_file(unit, project, options) for dialect in DIALECTS]
    plans = sorted((p for f in found for p in f.plans), key=lambda plan: plan.decision.definition.span)
    notes = [note for f in found for note in f.notes]
    if not plans:
        return Conversion(module.source, module.source.content, diagnostics=tuple(notes)), frozenset()
    while True:
        imports = _imports(unit, project, plans, options)
        edits, unfaithful = _edits(module, plans, imports)
        if not unfaithful:
            break
        reasons = _unfaithful_plans(module, plans, unfaithful)
        plans = [_refused(p, reasons[p]) if p in reasons else p for p in plans]
    decisions: tuple[Decision, ...] = tuple(plan.decision for plan in plans)
    result = splice(module.source.content, edits)
    conversion = Conversion(module.source, result, tuple(edits), decisions, (*notes, *imports.notes))
    return conversion, imports.kept


def _imports(unit: Unit, project: Project, plans: Iterable[Plan], options: Options) -> ImportChanges:
    return change_imports(unit, project, [p for p in plans if p.operations], options.runtime)


def _edits(
    module: Module, plans: Iterable[Plan], imports: ImportChanges
) -> tuple[list[Edit], dict[ast.stmt, str]]:
    """Return the edits in order, and the statements that libcst cannot be trusted with, with the reasons."""
    distinct = dict.fromkeys(operation for plan in plans for operation in plan.operations)
    wanted = [(module.statement_at(operation.at.start[0]), operation) for operation in distinct]
    edits = list(imports.edits)
    unfaithful: dict[ast.stmt, str] = {}
    for statements, operations in _by_lines(module, [*wanted, *imports.operations]):
        try:
            edits.append(rewrite(module, statements[0], operations))
        except UnfaithfulParseError as err:
            unfaithful |= dict.fromkeys(statements, str(err))
    return sorted(edits, key=lambda edit: (edit.span.start, edit.span.end)), unfaithful


def _unfaithful_plans(
    module: Module, plans: Sequence[Plan], unfaithful: Mapping[ast.stmt, str]
) -> dict[Plan, str]:
    """Return the plans that cannot be carried out, with the reasons: with one, all that share a helper go."""
    statements = {p: {module.statement_at(o.at.start[0]) for o in p.operations} for p in plans}
    reasons = {
        p: unfaithful[statement] for p, found in statements.items() for statement in found & unfaithful.keys()
    }
    if not reasons:
        # Where an import is what libcst cannot be trusted with, no definition can do without it.
        return {p: "its imports cannot be changed" for p in plans if p.operations}
    while more := [p for p in plans if p not in reasons and any(_belong_together(p, q) for q in reasons)]:
        reasons |= dict.fromkeys(more, "something that it goes with cannot be changed")
    return reasons


def _belong_together(one: Plan, other: Plan) -> bool:
    return bool(one.helpers & other.helpers or one.group & other.group)


def _by_lines(
    module: Module, wanted: Sequence[tuple[ast.stmt, Operation]]
) -> Iterable[tuple[list[ast.stmt], list[Operation]]]:
    """Group operations by the lines of their statements: two statements of one line are one edit."""
    groups: dict[int, tuple[list[ast.stmt], list[Operation]]] = {}
    for statement, operation in wanted:
        statements, operations = groups.setdefault(module.lines_of(statement).start, ([], []))
        statements.append(statement)
        operations.append(operation)
    return groups.values()


def _refused(plan: Plan, reason: str) -> Plan:
    """Return the refusal of a plan whose statement libcst does not print back as it stands."""
    if isinstance(plan.decision, Refused):
        return plan
    definition = plan.decision.definition
    diagnostic = Diagnostic(
        "unfaithful-parse",
        Severity.ERROR,
        f"`{definition.name}` is not converted: {reason}",
        "Look for unusual spacing (`except Error :`) or very long expressions around it, and simplify.",
        definition.line,
        definition.column,
    )
    return replace(plan, decision=Refused(definition, diagnostic), operations=(), helpers=frozenset())


def _not_final(result: Module, options: Options, project: Project) -> str | None:
    """Return what a second conversion would still do to `result`, `None` where nothing."""
    again, _ = _convert(result, options, project.fork())
    left = [d for d in again.decisions if not isinstance(d, Refused)]
    if left:
        return f"a second conversion would change it again, at line {left[0].definition.line}"
    return "a second conversion would change it again" if again.edits else None


def _internal_error(problem: str) -> Diagnostic:
    return Diagnostic(
        "internal-error",
        Severity.ERROR,
        f"the file is left as it is, because its conversion would be wrong: {problem}",
        "This is an error of adjoint2rrule; please report it with the file.",
        1,
        1,
    )
