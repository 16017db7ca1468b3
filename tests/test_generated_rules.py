"""Legacy modules at random, in every construct of the dialect: converted, run in both forms, and compared.

``--hypothesis-profile=nightly`` looks at more of them.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Set
from difflib import unified_diff
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, event, given, note, settings

import adjoint2rrule.legacy
from adjoint2rrule.convert.model import Conversion, Options, Refused, SourceFile
from adjoint2rrule.convert.pipeline import closed_modules, convert_source
from adjoint2rrule.convert.project import Project
from tests.generator import promises
from tests.generator.arguments import Call
from tests.generator.comparing import compare_trial, executed
from tests.generator.definitions import Definition, Trial
from tests.generator.modules import LegacyModule, legacy_modules
from tests.generator.tally import Tally
from tests.support import summary

OPTIONS = Options()
SITE = Path(__file__).parent / "generator" / "site"

#: what rules are refused for that could be converted or adapted
NOT_YET = frozenset({"shared-cotangent"})


@pytest.fixture(scope="module")
def tally() -> Iterator[Tally]:
    """Make it possible to import the legacy names, and count what becomes of definitions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "zygoterules", adjoint2rrule.legacy)
        patch.syspath_prepend(SITE)
        for name in ("workshop", "workshop._ad", "workshop._chain"):
            patch.setitem(sys.modules, name, importlib.import_module(name))
        found = Tally()
        yield found
    summary.LINES.append(str(found))


@settings(
    report_multiple_bugs=False,
    phases=[phase for phase in Phase if phase is not Phase.explain],  # which takes minutes
    suppress_health_check=[HealthCheck.too_slow],
)
@given(module=legacy_modules())
def test_rules_are_converted_right_or_refused(module: LegacyModule, tally: Tally) -> None:
    conversion = converted(module.content)
    note(both(conversion))
    assert not conversion.failed, conversion.diagnostics
    tally.add(conversion)
    refused = refused_rightly(module, conversion)
    promises.assert_comments_survive(conversion)
    promises.assert_only_definitions_and_imports_change(conversion)
    promises.assert_bytes_around_are_kept(conversion)
    assert not conversion.edits or converted(conversion.result).result == conversion.result
    compare_forms(module, conversion.result, refused)


def compare_forms(module: LegacyModule, result: bytes, refused: Set[str] = frozenset()) -> None:
    """Fail where a rule gives something else after its conversion, of those that are not refused."""
    with executed(module.content) as old, executed(result) as new:
        for definition in module.definitions:
            for trial in definition.trials:
                compare_trial(trial, old, old if definition.name in refused else new)


SAMPLE = LegacyModule(
    b"""from adjoint2rrule.legacy import adjoint

def f(x, y, n: int):
    return (2 * x, y[0])

@adjoint
def f(x, y, n: int):
    def back(dy):
        return (None if dy[0] is None else 2 * dy[0], (dy[1], None), None)
    return f(x, y, n), back
""",
    (Definition("f", "", (Trial("f", Call(("1.5", "(2.5, 3.5)", "2")), 4, rigid=(2,)),)),),
)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("return f(x, y, n), back", "return (3 * x, y[0]), back"),
        ("2 * dy[0],", "3 * dy[0],"),
        ("2 * dy[0],", "ZeroTangent(),"),
        ("isinstance(dy[0], AbstractZero)", "True"),
        ("Tangent[type(y)](dy[1], ", "Tangent[type(y)](2 * dy[1], "),
        ("Tangent[type(y)](", "Tangent[list]("),
        ("Tangent[type(y)](", "("),
        ("(NoTangent(), ZeroTangent()", "(ZeroTangent()"),
        ("), NoTangent())", "))"),
        ("), NoTangent())", "), ZeroTangent())"),
        ("), NoTangent())", "), None)"),
    ],
)
def test_a_rule_that_went_wrong_is_found(right: str, wrong: str) -> None:
    result = converted(SAMPLE.content).result
    assert right.encode() in result
    compare_forms(SAMPLE, result)
    with pytest.raises((AssertionError, TypeError)):
        compare_forms(SAMPLE, result.replace(right.encode(), wrong.encode()))


def refused_rightly(module: LegacyModule, conversion: Conversion) -> set[str]:
    """Return the names of what is refused; fail where something ought to be, or ought not to be."""
    hopeless = {definition.name for definition in module.definitions if definition.must_be_refused}
    refused = set()
    found = {decision.definition.name for decision in conversion.decisions}
    assert found >= {definition.name for definition in module.definitions}
    for decision in conversion.decisions:
        event(f"{type(decision).__name__} {decision.definition.kind.value}")
        if isinstance(decision, Refused):
            event(decision.reason.slug)
            refused.add(decision.definition.name)
            is_allowed = decision.reason.slug in NOT_YET
            assert decision.definition.name in hopeless or is_allowed, decision.reason
    assert hopeless <= refused
    return refused


def converted(content: bytes) -> Conversion:
    """Return what becomes of a module in the package beside the generator."""
    source = SourceFile(str(SITE / "workshop" / "rules.py"), content)
    return convert_source(source, OPTIONS, Project((SITE,), closed_modules(OPTIONS)))


def both(conversion: Conversion) -> str:
    """Return a module with what becomes of it, and the difference, for whoever has to mend it."""
    sources = conversion.source.content, conversion.result
    before, after = ("\n".join(s.decode(errors="replace").splitlines()) for s in sources)
    difference = unified_diff(before.split("\n"), after.split("\n"), "legacy", "converted", lineterm="")
    return f"\n{'-' * 80}\n".join([before, after, "\n".join(difference)])
