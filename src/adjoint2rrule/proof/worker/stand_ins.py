"""Modules that stand in for others: `adjoint2rrule.legacy` for legacy libraries that are not installed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType

import adjoint2rrule.core
import adjoint2rrule.legacy
from adjoint2rrule.legacy import adapt_pullback


class StandIns(MetaPathFinder, Loader):
    """Finds modules that nothing else has found, the last of the finders.

    Parameters
    ----------
    names
        The full names of the modules that `adjoint2rrule.legacy` stands in for.

    Examples
    --------
    >>> finder = StandIns(["no_such_library"])
    >>> sys.meta_path.append(finder)
    >>> from no_such_library import adjoint
    >>> adjoint is adjoint2rrule.legacy.adjoint
    True
    >>> sys.meta_path.remove(finder)
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec for the modules that are stood in for, and for the packages they would be in."""
        is_package = any(name.startswith(f"{fullname}.") for name in self.names)
        if fullname in self.names or is_package:
            return spec_from_loader(fullname, self, is_package=is_package)
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Put the legacy runtime in the place of `module`, which imports look up once more."""
        if module.__name__ in self.names:
            sys.modules[module.__name__] = adjoint2rrule.legacy


def install(legacy_modules: Iterable[str], runtime: str) -> None:
    """Let the legacy modules, where there are none, and the runtime, under any name, be those of this tool.

    A copy of the runtime that a project has of its own would keep rules of its own.
    """
    sys.meta_path.append(StandIns(legacy_modules))
    sys.modules[runtime] = _runtime(runtime)


def _runtime(name: str) -> ModuleType:
    """Return what stands for the runtime of this name."""
    if name == adjoint2rrule.core.__name__:
        return adjoint2rrule.core
    copy = ModuleType(name, adjoint2rrule.core.__doc__)
    copy.__dict__.update({key: getattr(adjoint2rrule.core, key) for key in adjoint2rrule.core.__all__})
    copy.__dict__["adapt_pullback"] = adapt_pullback  # a copy has it too
    return copy
