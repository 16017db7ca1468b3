"""Whole legacy modules: definitions, the imports and classes that they need, and code beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.generator import definitions, special_forms
from tests.generator.definitions import Definition
from tests.generator.drawing import chance, pick, repeated
from tests.generator.layouts import laid_out
from tests.generator.primals import CLASSES

IMPORTS = {
    "Annotated": "from typing import Annotated",
    "Any": "from typing import Any",
    "Enum": "from enum import Enum",
    "Literal": "from typing import Literal",
    "Mapping": "from collections.abc import Mapping",
    "NDArray": "from numpy.typing import NDArray",
    "Sequence": "from collections.abc import Sequence",
    "NamedTuple": "from typing import NamedTuple",
    "Optional": "from typing import Optional",
    "SimpleNamespace": "from types import SimpleNamespace",
    "dataclass": "from dataclasses import dataclass",
    "np": "import numpy as np",
    "partial": "from functools import partial",
}
HELPERS = {
    "scaled": "def scaled(a, b):\n    return a * b",
    "accum": "def accum(a, b):\n    return b if a is None else a if b is None else a + b",
}
UNRELATED = (
    "SETTINGS = {'adjoint': None, \"pullback\": (None, dict(a=None))}",
    "def unrelated(x, y=None):\n    return (x, None) if y is None else dict(x=x, y=None)",
    'TEXT = """@adjoint\ndef f(x):\n    return x, lambda dy: (None,)\n"""',
    "if  SWITCH :\n    LIMIT = None;  OTHER = [ None,None ]",
    "class Unrelated :\n    adjoint=None\n    def nograd( self ): return None",
)


@dataclass(frozen=True)
class LegacyModule:
    """A legacy module, and what is in it."""

    content: bytes
    definitions: tuple[Definition, ...]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # What a failing test shows; the source is noted there, where it can be read.
        printer.text(f"LegacyModule({self.content!r})")


@st.composite
def legacy_modules(draw: Any) -> LegacyModule:
    """Draw a module with one to three definitions."""
    drawn = repeated(draw, 3, lambda number: pick(draw, *FORMS)(draw, number))
    blocks = []
    for found in drawn:
        blocks.append(found.text)
        if chance(draw, 4):
            blocks.append(pick(draw, *UNRELATED))
    mentioned = " ".join(trial.mentions for found in drawn for trial in found.trials)
    text, prefix = assembled(draw, "\n\n\n".join(blocks), mentioned)
    named = (replace(found, name=found.name.replace("§", prefix)) for found in drawn)
    return LegacyModule(laid_out(draw, text), tuple(named))


FORMS = (*definitions.FORMS[:1] * 2, *definitions.FORMS, *special_forms.FORMS)


def assembled(draw: Any, text: str, mentioned: str) -> tuple[str, str]:
    """Draw what stands before the definitions: docstring, imports, helpers and classes.

    Return the module, and what stands before legacy names in it.
    """
    legacy, prefix = imported(draw, text)
    text = text.replace("§", prefix)
    classes = list(needed(CLASSES, text + mentioned))
    below = "\n\n\n".join(["SWITCH = True", *needed(HELPERS, text), *classes, text])
    head = ['"""A module."""'] if chance(draw, 4) else []
    head += ["from __future__ import annotations"] if chance(draw, 4) else []
    block = [*needed(IMPORTS, below)]
    block.insert(pick(draw, 0, len(block)), legacy)
    head += ["\n".join(line for line in block if line)]
    return "\n\n".join([*head, below]), prefix


def needed(known: dict[str, str], text: str) -> Iterator[str]:
    """Yield what defines the names in `text`, and the names in that."""
    words = set(re.findall(r"\w+", text))
    pending = [name for name in reversed(known) if name in words]
    found = set(pending)
    for name in pending:
        more = [n for n in known if n in known[name] and n not in found]
        found |= set(more)
        pending += more
    return (known[name] for name in known if name in found)


def imported(draw: Any, text: str) -> tuple[str, str]:
    """Draw an import of the legacy names, which are marked in `text`, and what then stands before them."""
    names = sorted(set(re.findall(r"§(\w+)", text)))
    if not names:
        return "", ""
    module = pick(draw, "adjoint2rrule.legacy", "zygoterules")
    listed = ", ".join(names)
    # A star gives no names with an underscore in front.
    besides = f"\nfrom {module} import _pullback" if "_pullback" in names else ""
    forms = (
        (f"from {module} import {listed}", ""),
        (f"from {module} import *{besides}", ""),
        ("\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"]), ""),
        (TRIED.format(listed), ""),
        (f"from {module} import {', '.join(f'{name} as legacy_{name}' for name in names)}", "legacy_"),
        (f"from ._ad import {listed}", ""),
        (f"from ._chain import *{besides.replace(module, '._chain')}", ""),
        (f"from workshop._chain import {listed}", ""),
        (f"import {module} as ad", "ad."),
        ("from . import _ad", "_ad."),
        ("from workshop import _chain", "_chain.diff."),
        (f"import {module}", f"{module}."),
    )
    # A function is not defined under a name with a dot.
    by_name = [form for form in forms if "." not in form[1]]
    return pick(draw, *(by_name if "def §" in text else forms))


TRIED = """\
try:
    from zygoterules import {0}
except ImportError:
    from adjoint2rrule.legacy import {0}"""
