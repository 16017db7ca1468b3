"""What numpy's functions do with their arrays, as far as tangents have to know.

Functions that no table names are called with what each tangent is for numpy: a zero is the number 0.0,
a thunk its value, the tangent of a sequence the array of its elements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

Function = Callable[..., Any]


def _existing(names: str, module: Any = np) -> frozenset[Function]:
    """Return the functions of these names, without those that this version of numpy has not got."""
    return frozenset(getattr(module, name) for name in names.split() if hasattr(module, name))


def _linear_in(count: int, *functions: frozenset[Function]) -> dict[Function, int]:
    return dict.fromkeys(frozenset().union(*functions), count)


#: Bilinear: a zero that is one of the arrays makes the result zero, and one that is not implemented wins.
DOTS: frozenset[Function] = frozenset({np.dot, np.vdot, np.inner})

#: How many of their first arguments functions are linear in, each: where one of these is zero, so is the
#: result, whatever the shapes of the others. What follows them are options. (The absolute value of a zero
#: is one too.)
LINEAR: dict[Function, int] = _linear_in(
    1,
    _existing("sum nansum mean nanmean cumsum diff trace real imag copy zeros_like stack"),
    _existing("reshape ravel squeeze expand_dims transpose matrix_transpose swapaxes moveaxis rollaxis"),
    _existing("diag diagonal tril triu flip fliplr flipud rot90 roll repeat tile take delete"),
    _existing("trace diagonal matrix_transpose", np.linalg),
    _existing("fft ifft fft2 ifft2 fftn ifftn rfft irfft rfft2 irfft2 rfftn irfftn", np.fft),
    _existing("hfft ihfft fftshift ifftshift", np.fft),
    _existing("divide negative positive conjugate absolute"),
    frozenset({np.divide.outer, np.add.reduce, np.add.reduceat, np.add.accumulate}),
) | _linear_in(
    2,
    DOTS,
    _existing("outer kron cross tensordot einsum convolve correlate matmul vecdot matvec vecmat multiply"),
    _existing("outer cross tensordot matmul vecdot multi_dot", np.linalg),
    frozenset({np.multiply.outer}),
)

#: The names under which the linear functions take what they are linear in.
OPERANDS = frozenset(["A", "a", "ary", "arr", "array", "arrays", "b", "m", "v", "val", "x", "x1", "x2", "y"])

#: The shape of the result comes from those of the arrays, and a zero could have any.
SHAPED: frozenset[Function] = (
    _existing("concatenate hstack vstack dstack column_stack block append pad meshgrid gradient")
    | _existing("ones_like empty_like full_like atleast_1d atleast_2d atleast_3d split array_split unstack")
    | _existing("hsplit vsplit dsplit trapezoid cumprod sort argsort unique nonzero argwhere vander")
)

#: Functions that write into their first argument, and its name.
WRITERS: dict[Function, str] = {
    np.copyto: "dst",
    np.fill_diagonal: "a",
    np.place: "arr",
    np.put: "a",
    np.put_along_axis: "arr",
    np.putmask: "a",
}


def operands_of(func: Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Sequence[Any]:
    """Return the arguments of a call that a linear function is linear in."""
    if func is np.einsum:
        return args[1:] if isinstance(args[0], str) else args[::2]
    operands = [*args[: LINEAR[func]], *(value for name, value in kwargs.items() if name in OPERANDS)]
    return operands[0] if func is np.linalg.multi_dot else operands


def output_of(func: Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Return the array that the result of a call goes to, or None where there is none."""
    if func is np.dot and len(args) == 3:
        return args[2]
    out = kwargs.get("out")
    return out[0] if isinstance(out, tuple) else out


def written_by(func: Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the arguments of a call that the function writes into."""
    yield output_of(func, args, kwargs)
    if func in WRITERS:
        yield args[0] if args else kwargs[WRITERS[func]]
