"""The plain arrays that cotangents in numpy's own subclasses become.

The next rule computes with what a projection gives: of a matrix its ``*`` would be the product of matrices,
and a masked entry would swallow all that is added to it. Subclasses of other libraries stay what they are,
since they say more than their values, a unit for instance.
"""

from __future__ import annotations

import sys
from typing import Any, TypeGuard

import numpy as np

from adjoint2rrule.core.tangent_types.abstract_zero import ZeroTangent


def plain(dx: Any) -> Any:
    """Return an array of a class of numpy's own as a plain one, in which masked entries are zero."""
    if type(dx) is np.ndarray or not isinstance(dx, np.ndarray):
        return dx
    if is_masked(dx):
        dx = _unmasked_objects(dx) if dx.dtype.kind == "O" else dx.filled(0)
    return np.asarray(dx) if isinstance(dx, (np.matrix, np.memmap, np.recarray)) else dx


def is_masked(x: np.ndarray[Any, Any]) -> TypeGuard[np.ma.MaskedArray[Any, Any]]:
    """Return whether an array is one with a mask."""
    ma = sys.modules.get("numpy.ma")  # numpy imports it when it is first used
    return ma is not None and isinstance(x, ma.MaskedArray)


def _unmasked_objects(dx: np.ma.MaskedArray[Any, Any]) -> np.ndarray[Any, Any]:
    array = np.array(dx.data, object)
    for index in zip(*np.nonzero(np.ma.getmaskarray(dx)), strict=True):
        array[index] = ZeroTangent()  # one by one: all at once, numpy takes it for a number
    return array
