"""Between tensors and the values that rules are written for: Python's and numpy's numbers, and arrays.

Tensors of the processor and arrays share their memory, in both directions; what could let somebody change
numbers that a rule still needs is copied.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from adjoint2rrule.core import AbstractZero
from adjoint2rrule.interop.errors import UntraceableError

#: What a tensor without axes is to a rule: annotations speak of `float`, and fit no array.
SCALARS = {
    torch.float16: np.float16,
    torch.float32: np.float32,
    torch.float64: np.float64,
    torch.complex64: np.complex64,
    torch.complex128: np.complex128,
    torch.bool: np.bool_,
    torch.uint8: np.uint8,
    torch.int8: np.int8,
    torch.int16: np.int16,
    torch.int32: np.int32,
    torch.int64: np.int64,
}

#: The classes of numpy's numbers that torch has too.
NUMBERS = frozenset((np.float64, np.float32, np.complex128, np.complex64))

_SINGLE = np.dtype(np.float32)


def is_tensor(x: Any) -> bool:
    """Return whether `x` is a tensor."""
    return isinstance(x, torch.Tensor)


def to_numpy(x: Any) -> Any:
    """Return a tensor as numpy's: a number where it has no axes, else an array.

    The array has the memory of the tensor, if it can. What numpy has no dtype for, as bfloat16, comes in
    single precision.

    Raises
    ------
    UntraceableError
        Where the tensor is not dense.

    Examples
    --------
    >>> to_numpy(torch.tensor(2.5, dtype=torch.float64)), to_numpy(torch.tensor([1.0, 2.0]))
    (np.float64(2.5), array([1., 2.], dtype=float32))
    """
    scalar = SCALARS.get(x.dtype)
    if x.ndim == 0 and scalar is not None:
        return scalar(x.item())
    if x.layout is not torch.strided:
        raise UntraceableError(
            f"a rule that is written in numpy cannot be given a tensor of layout {x.layout}: call it with"
            f" `x.to_dense()`, or write it for tensors."
        )
    array = (x if scalar is not None else x.detach().float()).numpy(force=True)
    return array if array.ndim else array[()]


def stand_in(x: Any) -> Any:
    """Return a number or an array of the shape and dtype of a tensor, whatever its numbers are.

    Examples
    --------
    >>> stand_in(torch.ones(2, 3)).shape, type(stand_in(torch.tensor(2, dtype=torch.int64)))
    ((2, 3), <class 'numpy.int64'>)
    """
    zero = SCALARS.get(x.dtype, np.float32)(0)
    return np.broadcast_to(zero, x.shape) if x.ndim else zero


def to_tensor(x: Any, dtype: Any = None, device: Any = None) -> Any:
    """Return a number, array or tensor as a tensor, of this dtype and device where they are given.

    Examples
    --------
    >>> to_tensor(np.ones(2, np.float32)), to_tensor(2.5, torch.float16)
    (tensor([1., 1.]), tensor(2.5000, dtype=torch.float16))
    """
    if type(x) in NUMBERS:
        x = torch.from_numpy(np.asarray(x))
    elif not isinstance(x, torch.Tensor):
        array = np.asarray(x)
        if not array.flags.writeable or min(array.strides, default=0) < 0 or not array.dtype.isnative:
            array = array.astype(array.dtype.newbyteorder("="), order="C")  # torch takes no other
        try:
            x = torch.from_numpy(array)
        except TypeError as err:
            raise UntraceableError(f"torch has no tensors of dtype {array.dtype}") from err
    # conversions to what it is take their time too
    if (dtype is None or dtype is x.dtype) and (device is None or device == x.device):
        return x
    return x.to(device, dtype)


def dtype_for(y: Any, among: Sequence[Any]) -> Any:
    """Return the dtype that the output `y` of a rule has to get, `None` for the one that it has.

    A number of Python's, which has no precision of its own, gets that of the tensors it was computed from.
    So does what a rule computed in single precision since numpy has no bfloat16.

    Examples
    --------
    >>> dtype_for(2.5, [torch.ones(2)]), dtype_for(np.float64(2.5), [torch.ones(2)])
    (torch.float32, None)
    """
    if type(y) is not float and type(y) is not complex:
        is_single = getattr(y, "dtype", None) == _SINGLE
        if not is_single or all(x.dtype in SCALARS for x in among):
            return None
    common = _common_dtype(*{x.dtype for x in among if x.dtype.is_floating_point or x.dtype.is_complex})
    if common is None or common.is_complex is isinstance(y, complex):
        return common
    return common.to_complex() if isinstance(y, complex) else common.to_real()


def _common_dtype(*dtypes: Any) -> Any:
    return functools.reduce(torch.promote_types, dtypes) if dtypes else None


def can_be_perturbed(x: Any) -> bool:
    """Return whether a tensor is one of real or complex numbers, and not of integers."""
    return bool(x.dtype.is_floating_point or x.dtype.is_complex)


def as_tangent(dx: Any, x: Any) -> Any:
    """Return a tangent or cotangent of the tensor `x` as torch has it: with zeros for a zero, of the dtype.

    Examples
    --------
    >>> as_tangent(np.float64(2.5), torch.tensor(1.0))
    tensor(2.5000)
    """
    if type(dx) is torch.Tensor and dx.dtype is x.dtype and dx.is_cpu and x.is_cpu:
        return dx
    return torch.zeros_like(x) if isinstance(dx, AbstractZero) else to_tensor(dx, x.dtype, x.device)


def shares_memory(y: Any, xs: Sequence[Any]) -> bool:
    """Return whether changes of `y` in place could be changes of one of `xs`."""
    if isinstance(y, torch.Tensor):
        storage = y.untyped_storage()._cdata
        return any(isinstance(x, torch.Tensor) and x.untyped_storage()._cdata == storage for x in xs)
    return isinstance(y, np.ndarray) and y.base is not None and any(np.may_share_memory(y, x) for x in xs)


def copied(x: Any) -> Any:
    """Return a copy of a tensor or an array.

    Examples
    --------
    >>> copied(torch.ones(2)), copied(np.ones(2))
    (tensor([1., 1.]), array([1., 1.]))
    """
    return x.clone() if isinstance(x, torch.Tensor) else x.copy()


def is_held_elsewhere(arrays: Sequence[Any], i: int) -> bool:
    """Return whether anything but the list `arrays` holds the array or tensor at `i`, or its memory.

    torch may add to a gradient in place, and a pullback may return one that is part of the rule, or of
    the program: a constant factor, or the seed.

    Examples
    --------
    >>> factor = np.ones(2)
    >>> is_held_elsewhere([factor], 0), is_held_elsewhere([2 * factor], 0), is_held_elsewhere([factor[:1]], 0)
    (True, False, True)
    """
    if isinstance(arrays[i], torch.Tensor):
        if arrays[i].layout is not torch.strided:
            return True
        # two hold the memory of a tensor: itself, and what is asked for its count
        storage = arrays[i].untyped_storage()
        return sys.getrefcount(arrays[i]) > 2 or torch._C._storage_Use_Count(storage._cdata) > 2
    if not isinstance(arrays[i], np.ndarray):
        return False
    # Two references are those of the list, or the view, and of the call itself: no variable may be another.
    if sys.getrefcount(arrays[i]) > 2:
        return True
    if arrays[i].base is None:
        return False
    # numpy keeps the owner of the memory as the base; any other one is a buffer of somebody else
    return not isinstance(arrays[i].base, np.ndarray) or sys.getrefcount(arrays[i].base) > 2
