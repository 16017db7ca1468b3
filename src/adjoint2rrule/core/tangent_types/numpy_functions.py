"""What numpy's functions do with their arrays, as far as tangents have to know.

Functions that no table names are called with what each tangent is for numpy: a zero is the number 0.0,
a thunk its value, the tangent of a sequence the array of its elements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np


def _existing(names: str, module: Any = np) -> frozenset[Callable[..., Any]]:
    """Return the functions of these names, without those that this version of numpy has not got."""
    return frozenset(getattr(module, name) for name in names.split() if hasattr(module, name))


#: Bilinear: a zero among the arrays makes the result zero, and a tangent that is not implemented wins.
DOTS: frozenset[Callable[..., Any]] = frozenset({np.dot, np.vdot, np.inner})

#: Linear in each array: a zero among them makes the result zero, whatever the shapes of the others.
LINEAR: frozenset[Callable[..., Any]] = (
    DOTS
    | _existing("sum nansum mean nanmean cumsum diff trace real imag copy zeros_like")
    | _existing("reshape ravel squeeze expand_dims transpose matrix_transpose swapaxes moveaxis rollaxis")
    | _existing("diag diagonal tril triu flip fliplr flipud rot90 roll repeat tile take delete")
    | _existing("outer kron cross tensordot einsum convolve correlate matmul vecdot matvec vecmat")
    | _existing("trace diagonal matrix_transpose outer cross tensordot matmul vecdot multi_dot", np.linalg)
    | _existing("fft ifft fft2 ifft2 fftn ifftn rfft irfft rfft2 irfft2 rfftn irfftn", np.fft)
    | _existing("hfft ihfft fftshift ifftshift", np.fft)
)

#: The shape of the result comes from those of the arrays, and a zero could have any.
SHAPED: frozenset[Callable[..., Any]] = (
    _existing("concatenate hstack vstack dstack column_stack block append pad meshgrid gradient")
    | _existing("ones_like empty_like full_like atleast_1d atleast_2d atleast_3d split array_split unstack")
    | _existing("hsplit vsplit dsplit trapezoid cumprod sort argsort unique nonzero argwhere vander")
)

#: Functions that write into their first argument, and its name.
WRITERS: dict[Callable[..., Any], str] = {
    np.copyto: "dst",
    np.fill_diagonal: "a",
    np.place: "arr",
    np.put: "a",
    np.put_along_axis: "arr",
    np.putmask: "a",
}

#: Arguments that are not what a function is linear in, whatever else it does with them.
OPTIONS = frozenset({"append", "axis", "initial", "out", "prepend", "weights", "where"})


def arrays_of(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the arguments of a call that may be the arrays the function is about."""
    return (*args, *(value for name, value in kwargs.items() if name not in OPTIONS))


def output_of(func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Return the array that the result of a call goes to, or None where there is none."""
    if func is np.dot and len(args) == 3:
        return args[2]
    out = kwargs.get("out")
    return out[0] if isinstance(out, tuple) else out


def written_by(func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the arguments of a call that the function writes into."""
    yield output_of(func, args, kwargs)
    if func in WRITERS:
        yield args[0] if args else kwargs[WRITERS[func]]
