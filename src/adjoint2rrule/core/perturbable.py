"""What has no tangent space, whatever is in it: names, flags, functions, generators, locks, paths.

`ProjectTo`, `zero_tangent`, `ignore_derivatives` and debug mode ask here, so that they agree. A number that
counts is another matter, since a rule cannot know whether it was meant as an integer: `ProjectTo` takes it
for a float, and `zero_tangent`, which adds nothing to it, says `NoTangent`. Dates can be
perturbed, by durations.
"""

from __future__ import annotations

import operator
import re
import sys
import types
from collections.abc import Iterator
from datetime import time, tzinfo
from enum import Enum
from functools import _lru_cache_wrapper
from threading import Lock, RLock

import numpy as np

#: The classes of functions that may need no arguments, or have some by themselves.
FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, _lru_cache_wrapper)

#: The classes of what cannot be perturbed, their subclasses included.
NOT_PERTURBABLE: tuple[type, ...] = (
    *FUNCTIONS,
    *(bool, str, bytes, bytearray, types.NoneType, Enum, slice, range, type),
    *(types.EllipsisType, types.NotImplementedType, types.ModuleType, types.GenericAlias, types.UnionType),
    *(np.bool_, np.str_, np.bytes_, np.datetime64, np.timedelta64, np.dtype, np.ufunc, type(np.sum)),
    *(types.MethodDescriptorType, types.WrapperDescriptorType, types.MethodWrapperType),
    *(types.ClassMethodDescriptorType, staticmethod, classmethod, property, types.CodeType),
    *(operator.attrgetter, operator.itemgetter, operator.methodcaller),
    *(time, tzinfo, re.Pattern, re.Match, type(Lock()), type(RLock())),
)

#: Further such classes, by the modules that are not to be loaded only in order to recognise them.
_IN_MODULES = {
    "io": ("IOBase",),
    "numpy.random": ("BitGenerator", "Generator", "RandomState"),
    "pathlib": ("PurePath",),
    "random": ("Random",),
}


def cannot_be_perturbed(x: object) -> bool:
    """Return whether the class of `x` says that there is no tangent space, be there fields or not.

    Examples
    --------
    >>> cannot_be_perturbed("a"), cannot_be_perturbed(len), cannot_be_perturbed(1.0)
    (True, True, False)
    """
    return isinstance(x, NOT_PERTURBABLE) or any(isinstance(x, T) for T in _loaded_classes())


def _loaded_classes() -> Iterator[type]:
    for name, classes in _IN_MODULES.items():
        module = sys.modules.get(name)
        if module is not None:
            yield from (getattr(module, cls) for cls in classes)
