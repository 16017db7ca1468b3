"""`runtime`: what a file calls the runtime's names."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.runtime import RuntimeNames
from tests.convert.building import sample


def names(text: str) -> RuntimeNames:
    file = sample(text)
    return RuntimeNames(file.unit, file.project, "adjoint2rrule.core")


TAKEN = {
    "x = 1": "Tangent",
    "Tangent = 1": "core_Tangent",
    "Tangent: type": "core_Tangent",
    "def f():\n    Tangent = 1": "core_Tangent",
    "def f(Tangent): ...": "core_Tangent",
    "lambda Tangent: 1": "core_Tangent",
    "class Tangent: ...": "core_Tangent",
    "def Tangent(): ...": "core_Tangent",
    "async def Tangent(): ...": "core_Tangent",
    "from geometry import Tangent": "core_Tangent",
    "from geometry import Line as Tangent": "core_Tangent",
    "from geometry import Tangent as T": "Tangent",
    "import Tangent.parts": "core_Tangent",
    "for Tangent in x: ...": "core_Tangent",
    "[Tangent for Tangent in x]": "core_Tangent",
    "try: ...\nexcept E as Tangent: ...": "core_Tangent",
    "match x:\n    case [*Tangent]: ...": "core_Tangent",
    "match x:\n    case 1 as Tangent: ...": "core_Tangent",
    "with x as Tangent: ...": "core_Tangent",
    "(Tangent := 1)": "core_Tangent",
    "x.Tangent = 1": "Tangent",
    "f(Tangent=1)": "Tangent",
    "'Tangent'": "Tangent",
    "Tangent = core_Tangent = core_Tangent_2 = 1": "core_Tangent_3",
    "from adjoint2rrule.core import Tangent as T": "T",
    "from adjoint2rrule.core import Tangent as T, Tangent": "Tangent",
    "from adjoint2rrule.core import Tangent as T\ndef f(T): ...": "Tangent",
    "from adjoint2rrule.core import Tangent\ndef f(Tangent): ...": "core_Tangent",
    "if x: from adjoint2rrule.core import Tangent as T": "Tangent",
    "import adjoint2rrule.core as ad": "Tangent",
    "Tangent = core_Tangent = 1": "core_Tangent_2",
    "from adjoint2rrule.core import Tangent": "Tangent",
    "from adjoint2rrule.core import rrule": "Tangent",
    "from adjoint2rrule.core.tangent_types import Tangent": "core_Tangent",
}


@pytest.mark.parametrize(("text", "wanted"), TAKEN.items(), ids=TAKEN)
def test_name_that_the_file_has_taken_gets_an_alias(text, wanted):
    assert names(text).local("Tangent") == wanted


def test_names_of_places_without_new_code_are_free():
    file = sample("def f(Tangent): return 1\ndef g(rrule): return 2\nNoTangent = 3")
    first, *_ = file.unit.module.tree.body
    runtime = RuntimeNames(file.unit, file.project, "adjoint2rrule.core", within=[first])
    assert runtime.local("rrule") == "rrule"
    assert (runtime.local("Tangent"), runtime.local("NoTangent")) == ("core_Tangent", "core_NoTangent")


def test_runtime_may_be_another_module():
    file = sample("from lab.rules import Tangent")
    assert RuntimeNames(file.unit, file.project, "lab.rules").local("Tangent") == "Tangent"


def test_name_that_a_star_import_gives_is_taken(tmp_path):
    file = sample("from geometry import *", tmp_path, {"geometry.py": "class Tangent: ...\n"})
    runtime = RuntimeNames(file.unit, file.project, "adjoint2rrule.core")
    assert (runtime.local("Tangent"), runtime.local("rrule")) == ("core_Tangent", "rrule")


def test_uses_are_noted_and_calls_are_uses():
    runtime = names("ZeroTangent = 1")
    assert runtime.use("Tangent") == "Tangent"
    assert runtime.call("ZeroTangent") == "core_ZeroTangent()"
    assert runtime.local("rrule") == "rrule"
    assert runtime.used == {"Tangent", "ZeroTangent as core_ZeroTangent"}


def test_fresh_names_know_the_file_and_no_uses():
    runtime = names("Tangent = 1")
    runtime.use("Tangent")
    fresh = runtime.fresh()
    assert fresh.used == set()
    fresh.use("rrule")
    assert (runtime.used, fresh.used) == ({"Tangent as core_Tangent"}, {"rrule"})
    assert fresh.local("Tangent") == "core_Tangent"
