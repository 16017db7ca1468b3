"""Which rules a converted file holds, and how a test calls what each of them is for.

They are read from the file as it becomes, in the runtime's own terms, so that no legacy dialect has to be
known, and rules that were there before count too.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from adjoint2rrule.convert.annotations import Annotations, Place
from adjoint2rrule.convert.classes import Classes
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import DefinitionNode
from adjoint2rrule.convert.units import Unit
from adjoint2rrule.proof.callees import Target, Targets
from adjoint2rrule.proof.model import Body, Parameter, Reach, Subject, Take
from adjoint2rrule.proof.registrations import RULE_CONFIG, Registration, Runtime, registrations
from adjoint2rrule.proof.signatures import (
    body_of,
    fields_as_parameters,
    function_behind,
    parameters_of,
    with_annotations_of,
)


def subjects_of(unit: Unit, project: Project, runtime: str) -> list[Subject]:
    """Return the rules of a converted file, in its order.

    Parameters
    ----------
    unit
        The file, as it becomes.
    project
        The project around it.
    runtime
        The module that it has its runtime from.

    Examples
    --------
    >>> from adjoint2rrule.convert.model import SourceFile
    >>> from adjoint2rrule.convert.syntax import parse
    >>> project = Project()
    >>> source = b'''import numpy as np
    ... from adjoint2rrule.core import NoTangent, rrule
    ...
    ... @rrule.register(np.exp)
    ... def exp_rrule(exp, x: float):
    ...     y = exp(x)
    ...     return y, lambda dy: (NoTangent(), dy * y)
    ... '''
    >>> unit = project.unit(parse(SourceFile("lab.py", source)))
    >>> (subject,) = subjects_of(unit, project, "adjoint2rrule.core")
    >>> subject.name, subject.line, [parameter.name for parameter in subject.parameters]
    ('np.exp', 4, ['x'])
    """
    return _labelled(list(_Reader(unit, project, runtime).subjects()))


class _Reader:
    def __init__(self, unit: Unit, project: Project, runtime: str) -> None:
        self.unit = unit
        self.project = project
        self.runtime = Runtime(project, runtime)
        self.targets = Targets(unit, project)
        self.classes = Classes(project, unit)

    def subjects(self) -> Iterator[Subject]:
        for registration in registrations(self.unit, self.runtime):
            for target in self.targets.of(registration):
                yield self._subject(registration, target)

    def _subject(self, registration: Registration, target: Target) -> Subject:
        rule = registration.rule if registration.types is None else None
        own = self._of_rule(rule, registration) if rule else self._of_types(registration, target)
        parameters = with_annotations_of(own, self._of_primal(target))
        return Subject(
            name=self._name(target, parameters),
            label=target.name,
            path=self.unit.module.source.path,
            module=self.unit.name,
            line=registration.line,
            last_line=registration.statement.end_lineno or registration.line,
            callee=target.callee,
            parameters=parameters,
            differentiable=rule is not None,
            bodies=tuple(self._bodies(registration, target, parameters)),
        )

    # -- parameters ----------------------------------------------------------------------------

    def _of_rule(self, rule: DefinitionNode, registration: Registration) -> tuple[Parameter, ...]:
        """Return the parameters of a rule, but for the config and the callable itself."""
        found = parameters_of(rule, Place(registration.scope, self.unit))
        skipped = 2 if found and self._is_config(found[0]) else 1
        return found[skipped:]

    def _is_config(self, parameter: Parameter) -> bool:
        annotation, place = parameter.annotation, parameter.place
        if annotation is None:
            return False
        head = annotation.value if isinstance(annotation, ast.Subscript) else annotation
        if self.runtime.is_named(RULE_CONFIG, head, place.scope, self.unit):
            return True
        found = Annotations(self.project, self.unit).alternatives(annotation, place)
        return any(
            self.runtime.is_dotted(RULE_CONFIG, symbol.dotted)
            for alternative in found
            if alternative.symbol is not None
            for symbol in (alternative.symbol, *self.classes.annotations.ancestors(alternative.symbol))
        )

    def _of_types(self, registration: Registration, target: Target) -> tuple[Parameter, ...]:
        """Return what a function without a gradient takes: what it says itself, or the types given."""
        place = Place(registration.scope, self.unit)
        types = [t for t in registration.types or () if not _is_ellipsis(t)]
        known = self._of_primal(target)
        if types and len(types) == len(registration.types or ()):
            names = [p.name for p in known if p.take is Take.ONE]
            names += [f"x{k + 1}" for k in range(len(names), len(types))]
            pairs = zip(names, types, strict=False)
            return tuple(Parameter(name, Take.ONE, type_, None, place) for name, type_ in pairs)
        annotation = types[-1] if types else None
        return known or (Parameter("args", Take.REST, annotation, None, place),)

    def _of_primal(self, target: Target) -> tuple[Parameter, ...]:
        """Return the parameters of what a rule is for, as far as the project has it."""
        symbol, node = target.symbol, function_behind(target.symbol)
        if node is not None and symbol is not None and symbol.unit is not None:
            scope = symbol.scope or self.unit.scope
            found = parameters_of(node, Place(scope, symbol.unit))
            if target.callee.reach is Reach.INSTANCE:
                return found[1:]
            if target.owner is not None and target.place is not None and found:
                return (replace(found[0], annotation=target.owner, place=target.place), *found[1:])
            return found
        if symbol is None or symbol.class_node is None or symbol.scope is None or symbol.unit is None:
            return ()
        inner = symbol.scope.inner(symbol.class_node)
        for binding in inner.bindings.get("__init__", ()):
            if isinstance(binding.node, ast.FunctionDef):
                return parameters_of(binding.node, Place(inner, symbol.unit))[1:]
        return fields_as_parameters(symbol, self.classes)

    def _bodies(
        self, registration: Registration, target: Target, parameters: tuple[Parameter, ...]
    ) -> Iterator[Body]:
        """Yield the rule and the function that it is for."""
        rule = registration.rule
        if rule is not None and registration.types is None:
            place = Place(registration.scope.inner(rule), self.unit)
            yield Body(rule, place, {p.name: p.name for p in parameters})
        node, symbol = function_behind(target.symbol), target.symbol
        if node is not None and symbol is not None and symbol.unit is not None:
            outside = symbol.scope or registration.scope
            place = Place(outside.inner(node), symbol.unit)
            yield body_of(node, place, parameters, self._of_primal(target))

    # -- names ---------------------------------------------------------------------------------

    def _name(self, target: Target, parameters: tuple[Parameter, ...]) -> str:
        """Return what reports call a rule; one on the access to a property is called by that."""
        if target.callee.expression.text != "getattr" or len(parameters) != 2:
            return target.name
        owner, attribute = (p.annotation for p in parameters)
        match attribute:
            case ast.Subscript(slice=ast.Constant(value=str() as name)) if owner is not None:
                return f"{ast.unparse(owner)}.{name}"
        return target.name


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _labelled(subjects: list[Subject]) -> list[Subject]:
    """Return the subjects with labels: the last part of a name, with a type where two have the same one.

    Examples are ``solve``, ``RBF_call``, ``phase_AbsorbingLayer``, and ``norm_2`` in the last resort.
    """
    short = [
        _identifier(subject.name.replace(".__call__", "_call").rpartition(".")[2]) for subject in subjects
    ]
    counts = Counter(short)
    labels: list[str] = []
    for subject, label in zip(subjects, short, strict=True):
        longer = label if counts[label] == 1 else "_".join([label, *_first_type(subject)])
        labels.append(_free(longer, set(labels)))
    return [replace(subject, label=label) for subject, label in zip(subjects, labels, strict=True)]


def _first_type(subject: Subject) -> list[str]:
    """Return the type of the first parameter that has one, as a part of an identifier."""
    annotations = (p.annotation for p in subject.parameters if p.annotation is not None)
    words = (re.findall(r"\w+", ast.unparse(annotation)) for annotation in annotations)
    return [found[-1] for found in words if found][:1]


def _free(label: str, taken: set[str]) -> str:
    number, free = 1, label
    while free in taken:
        number += 1
        free = f"{label}_{number}"
    return free


def _identifier(name: str) -> str:
    return re.sub(r"\W", "_", name).strip("_") or "rule"
