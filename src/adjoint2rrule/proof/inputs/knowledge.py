"""What functions of Python, numpy and scipy say of the arguments that they are given."""

from __future__ import annotations

from adjoint2rrule.proof.inputs.facts import How, Use
from adjoint2rrule.proof.inputs.kinds import Trait

_WORDS = {
    "matrix": [Use(How.TRAIT, Trait.MATRIX)],
    "square": [Use(How.TRAIT, Trait.SQUARE)],
    "vector": [Use(How.TRAIT, Trait.VECTOR)],
    "rows": [Use(How.TRAIT, Trait.ROWS)],
    "increasing": [Use(How.TRAIT, Trait.INCREASING)],
    "positive": [Use(How.NUMERIC), Use(How.TRAIT, Trait.POSITIVE)],
    "int": [Use(How.TRAIT, Trait.WHOLE)],
    "axis": [Use(How.TRAIT, Trait.AXIS)],
    "indices": [Use(How.ARRAY), Use(How.TRAIT, Trait.INDEX)],
    "unit": [Use(How.NUMERIC), Use(How.TRAIT, Trait.UNIT)],
    "complex": [Use(How.NUMERIC), Use(How.TRAIT, Trait.COMPLEX)],
    "array": [Use(How.ARRAY)],
    "sparse": [Use(How.SPARSE)],
    "any": [Use(How.NUMERIC)],
    "each": [Use(How.ITERATED)],
    "each:matrix": [Use(How.ITERATED, Trait.MATRIX)],
    "-": [],
}


def _table(rows: str) -> dict[str, list[list[Use]]]:
    """Return the uses of arguments, by name, from rows like ``roll rot90: array int axis``."""
    table = {}
    for row in rows.strip().splitlines():
        names, _, words = row.partition(": ")
        table.update({name: [_WORDS[word] for word in words.split()] for name in names.split()})
    return table


# Facts about numpy's functions, by what follows ``numpy.``.
_NUMPY = _table("""
linalg.inv linalg.det linalg.slogdet linalg.eig linalg.eigvals linalg.cond linalg.tensorinv: square
linalg.cholesky linalg.eigh linalg.eigvalsh: square
linalg.solve: square rows
linalg.matrix_power: square int
linalg.svd linalg.qr linalg.pinv linalg.matrix_rank: matrix
linalg.lstsq: matrix rows
linalg.norm: array - axis
log log2 log10 log1p sqrt: positive
arcsin arccos arctanh: unit
interp: any increasing vector
searchsorted: increasing any
digitize: any increasing
outer: vector vector
convolve correlate: vector rows
dot vdot inner: array array
trace tril triu: matrix int
vstack column_stack: each:matrix
sum mean prod max min amax amin std var median argmax argmin cumsum cumprod sort argsort: any axis
any all nansum nanmean nanmax nanmin count_nonzero flip expand_dims squeeze: any axis
concatenate stack: - axis
sin cos tan sinh cosh tanh arctan arcsinh exp exp2 expm1 square reciprocal abs fabs negative: any
floor ceil sign rint trunc fix round nan_to_num cbrt deg2rad rad2deg sinc heaviside: any
roll repeat: any int axis
take: array indices axis
diff: array int axis
rot90: matrix int
reshape tile: array int
diag: array int
fft.fft fft.ifft fft.hfft: complex int axis
fft.rfft fft.irfft: array int axis
fft.fftfreq fft.rfftfreq: int any
eye identity arange zeros ones empty: int
full: int any
linspace: any any int
power: positive any
iscomplexobj conj conjugate real imag angle: complex
bincount: indices
where clip minimum maximum hypot arctan2 multiply add subtract divide: any any any
transpose: matrix
einsum: -
""")
# The same for scipy.
_SCIPY = _table("""
linalg.inv linalg.det linalg.expm linalg.logm linalg.sqrtm linalg.lu linalg.schur linalg.eig: square
linalg.cholesky linalg.eigh linalg.eigvalsh linalg.cho_factor linalg.lu_factor: square
linalg.solve linalg.solve_triangular: square rows
linalg.svd linalg.qr linalg.pinv linalg.svdvals: matrix
linalg.lstsq: matrix rows
special.xlogy: any positive
special.gamma special.gammaln special.digamma special.loggamma: positive
special.logsumexp special.softmax special.log_softmax: any axis
special.expit special.erf special.erfc special.logit special.ndtr special.log1p special.expm1: any
sparse.linalg.spsolve: square rows
sparse.linalg.norm sparse.linalg.splu sparse.linalg.expm sparse.linalg.inv: sparse
fft.fft fft.ifft: complex int axis
fft.rfft fft.irfft fft.dct fft.dst: array int
fft.next_fast_len: int
integrate.trapezoid integrate.simpson: vector increasing
""")
_SCIPY["sparse.linalg.splu"] = _SCIPY["sparse.linalg.inv"] = [
    [*_WORDS["sparse"], *_WORDS["square"]],
]
_BUILTIN = _table("""
len: array
zip enumerate reversed tuple list sorted iter max min: each each each
range: int
abs round sum float: any
complex: complex
int bool str isinstance type id repr print issubclass hasattr: - - -
""")
_METHODS = _table("""
sum mean prod max min std var argmax argmin cumsum cumprod sort argsort: axis
reshape repeat: int
""")
_TABLES = {"numpy": _NUMPY, "scipy": _SCIPY, "builtins": _BUILTIN}
_KEYWORDS = {
    "axis": Trait.AXIS,
    "n": Trait.WHOLE,
    "size": Trait.WHOLE,
    "num": Trait.WHOLE,
    "shape": Trait.WHOLE,
    "k": Trait.WHOLE,
}
# What an array, and no number, has under its name.
ARRAY_ATTRIBUTES = frozenset({"shape", "size", "ndim", "dtype", "flat", "nbytes", "strides"})
ARRAY_METHODS = frozenset(
    {"sum", "mean", "prod", "max", "min", "std", "var", "argmax", "argmin", "cumsum", "cumprod", "ravel"}
    | {"reshape", "astype", "copy", "flatten", "squeeze", "dot", "transpose", "swapaxes", "repeat"}
    | {"argsort", "sort", "take", "round", "fill", "all", "any", "tolist", "nonzero", "item", "view"}
)
MATRIX_ATTRIBUTES = frozenset({"T", "diagonal", "trace"})
COMPLEX_ATTRIBUTES = frozenset({"real", "imag", "conj", "conjugate"})
SPARSE_ATTRIBUTES = frozenset(
    {"indptr", "indices", "data", "nnz", "tocsc", "tocsr", "tocoo", "toarray", "todense", "tolil", "todia"}
)
MAPPING_METHODS = frozenset({"items", "keys", "values", "get", "setdefault", "pop", "update"})
# Sums of products, which are numbers where no axis is named.
REDUCTIONS = frozenset({"sum", "dot", "vdot", "inner", "mean"})
# These give back what they are given, or something that is used like it.
SAME_AGAIN = frozenset(
    {"numpy.asarray", "numpy.array", "numpy.ascontiguousarray", "numpy.atleast_1d", "numpy.asanyarray"}
)
SAME_AGAIN_METHODS = frozenset({"copy", "astype", "tocsc", "tocsr", "tocoo", "asformat", "conj", "conjugate"})


def uses_of_argument(dotted: str, position: int) -> list[Use] | None:
    """Return what the function `dotted` says of its argument at `position`; `None` where that is not known.

    Examples
    --------
    >>> uses_of_argument("numpy.linalg.inv", 0)
    [Use(how=<How.TRAIT: 1>, detail=<Trait.SQUARE: 3>)]
    """
    package, _, name = dotted.partition(".")
    table = _TABLES.get(package)
    if table is None:
        return None
    row = table.get(name)
    if row is not None:
        return row[position] if position < len(row) else None
    # Most functions of numpy are elementwise, and the first argument of the others is an array too.
    numerical = package == "numpy" or name.startswith("special.")
    return [Use(How.NUMERIC)] if numerical and position == 0 else None


def positions_of(dotted: str) -> int | None:
    """Return how many arguments the function `dotted` needs; `None` where that is not known.

    Axes and counts that come after the first argument can be left out of most functions.

    Examples
    --------
    >>> positions_of("numpy.searchsorted"), positions_of("numpy.floor"), positions_of("numpy.sum")
    (2, 1, 1)
    """
    package, _, name = dotted.partition(".")
    row = _TABLES.get(package, {}).get(name)
    options = (_WORDS["axis"], _WORDS["int"])
    return None if row is None else 1 + sum(uses not in options for uses in row[1:])


def uses_of_method_argument(name: str, position: int) -> list[Use] | None:
    """Return what a method of arrays says of its argument at `position`."""
    row = _METHODS.get(name, [])
    return row[position] if position < len(row) else None


def uses_of_keyword(name: str) -> list[Use]:
    """Return what the keyword `name` of a function of numpy or scipy says of its argument."""
    return [Use(How.TRAIT, _KEYWORDS[name])] if name in _KEYWORDS else []
