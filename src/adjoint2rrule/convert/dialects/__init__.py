"""The legacy dialects that can be converted; a dialect is one line of `DIALECTS`.

No other stage knows which dialect it is running, and nothing outside a dialect's folder depends on
its names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adjoint2rrule.convert.dialects import zygoterules
from adjoint2rrule.convert.model import Options
from adjoint2rrule.convert.plan import Plans
from adjoint2rrule.convert.project import Closed, Project
from adjoint2rrule.convert.units import Unit


@dataclass(frozen=True)
class Dialect:
    """A way of writing gradients that the converter reads.

    Attributes
    ----------
    name
        What users call it.
    closed_modules
        From the extra modules in the options, the modules whose names mean something to it, and these.
    plan_file
        Decides on each of its definitions in a file.
    """

    name: str
    closed_modules: Callable[[tuple[str, ...]], Closed]
    plan_file: Callable[[Unit, Project, Options], Plans]


DIALECTS = (Dialect("zygoterules", zygoterules.closed_modules, zygoterules.plan_file),)
