"""Which functions and methods give one number or array, whatever they are given: facts about numpy and scipy.

A function that is not listed is not known; one that gives several arrays, a list or nothing must not be.
"""

from __future__ import annotations

NUMERICAL = ("numpy.", "scipy.", "math.", "cmath.", "jax.numpy.", "autograd.numpy.", "autograd.scipy.")

# Functions of numpy that change their first argument.
MUTATING = frozenset(
    """
    copyto put place putmask put_along_axis fill_diagonal add.at subtract.at multiply.at divide.at
    maximum.at minimum.at random.shuffle
    """.split()  # noqa: SIM905
)
# Of numpy, these return several arrays, a list or tuple, nothing, or something that is no array.
NOT_ONE_ARRAY = MUTATING | frozenset(
    """
    array_split split hsplit vsplit dsplit unstack meshgrid broadcast_arrays gradient histogram
    histogram2d histogramdd nonzero unravel_index ix_ modf frexp divmod unique unique_all
    unique_counts unique_inverse atleast_1d atleast_2d atleast_3d polyfit polydiv linalg.eig
    linalg.eigh linalg.svd linalg.qr linalg.slogdet linalg.lstsq shape broadcast_shapes tril_indices
    triu_indices tril_indices_from triu_indices_from diag_indices diag_indices_from mask_indices
    einsum_path array2string array_repr array_str vectorize frompyfunc errstate load loads save
    savez savetxt printoptions ndenumerate ndindex nditer iterable may_share_memory shares_memory
    random.seed trim_zeros geterr seterr set_printoptions info polar polynomial.polynomial.polydiv
    """.split()  # noqa: SIM905 (names, not sentences)
)
# Of these, the ones that return a sequence of arrays, whatever they are given.
SEVERAL_ARRAYS = frozenset(
    """
    array_split split hsplit vsplit dsplit unstack meshgrid broadcast_arrays nonzero unravel_index
    ix_ modf frexp divmod linalg.eig linalg.eigh linalg.svd linalg.qr linalg.slogdet
    """.split()  # noqa: SIM905
)
# Of scipy, these return one number or array each; all of these packages, but for a few functions.
SINGLE_SCIPY_PACKAGES = ("scipy.special.", "scipy.fft.")
SINGLE_SCIPY = frozenset(
    f"scipy.{name}"
    for name in """
    linalg.solve linalg.solve_triangular linalg.solve_banded linalg.solve_toeplitz
    linalg.solve_circulant linalg.solveh_banded linalg.solve_sylvester linalg.solve_lyapunov
    linalg.solve_continuous_lyapunov linalg.solve_discrete_lyapunov linalg.cho_solve
    linalg.cho_solve_banded linalg.lu_solve linalg.inv linalg.pinv linalg.pinvh linalg.det
    linalg.expm linalg.logm linalg.sqrtm linalg.cosm linalg.sinm linalg.norm linalg.cholesky
    linalg.eigvals linalg.eigvalsh linalg.svdvals linalg.toeplitz linalg.circulant linalg.hankel
    linalg.block_diag linalg.khatri_rao linalg.hadamard linalg.dft linalg.orth linalg.null_space
    sparse.csr_array sparse.csr_matrix sparse.csc_array sparse.csc_matrix sparse.coo_array
    sparse.coo_matrix sparse.dia_array sparse.dia_matrix sparse.bsr_array sparse.bsr_matrix
    sparse.lil_array sparse.lil_matrix sparse.dok_array sparse.dok_matrix sparse.diags
    sparse.diags_array sparse.eye sparse.eye_array sparse.identity sparse.kron sparse.kronsum
    sparse.vstack sparse.hstack sparse.block_diag sparse.block_array sparse.bmat sparse.tril
    sparse.triu sparse.linalg.spsolve sparse.linalg.norm sparse.linalg.spsolve_triangular
    sparse.linalg.inv sparse.linalg.expm sparse.linalg.expm_multiply ndimage.convolve
    ndimage.convolve1d ndimage.correlate ndimage.correlate1d ndimage.gaussian_filter
    ndimage.gaussian_filter1d ndimage.uniform_filter ndimage.laplace ndimage.map_coordinates
    ndimage.zoom ndimage.rotate ndimage.shift signal.convolve signal.convolve2d signal.correlate
    signal.correlate2d signal.fftconvolve signal.oaconvolve signal.lfilter signal.filtfilt
    signal.hilbert integrate.trapezoid integrate.simpson integrate.cumulative_trapezoid
    """.split()  # noqa: SIM905
)
SEVERAL_SPECIAL = frozenset(
    """
    airy airye ellipj fresnel modfresnelm modfresnelp sici shichi it2i0k0 it2j0y0 iti0k0 itj0y0
    kelvin pbdv pbvv pbwa pro_ang1 obl_ang1 pro_rad1 pro_rad2 obl_rad1 obl_rad2 roots_legendre
    roots_hermite roots_jacobi roots_laguerre roots_chebyt roots_chebyu diric_roots lpn lqn lpmn
    lqmn clpmn mathieu_cem mathieu_sem jnjnp_zeros jnyn_zeros errstate seterr geterr legendre
    hermite jacobi
    """.split()  # noqa: SIM905
)
BUILTIN_NUMBERS = frozenset(
    f"builtins.{name}" for name in ("abs", "complex", "float", "int", "max", "min", "pow", "round", "sum")
)
FIELD_MAKERS = frozenset({"builtins.dict", "types.SimpleNamespace"})

# What arrays alone are asked to do; nobody gives these names to methods that return dicts.
ARRAY_METHODS = frozenset(
    """
    astype argpartition argsort clip compress conj copy conjugate cumprod cumsum diagonal dot
    flatten max mean min nansum prod ravel repeat reshape round squeeze std sum swapaxes trace
    transpose var tocsc tocsr toarray todense argmax argmin
    """.split()  # noqa: SIM905
)
# What arrays are asked for, and the fields of objects are hardly ever called.
ARRAY_ATTRIBUTES = frozenset(
    {"T", "mT", "real", "imag", "shape", "ndim", "size", "dtype", "data", "indices", "indptr"}
)

# Functions of numpy that tell one kind of argument from another.
INSPECTING = frozenset(
    """
    iterable isscalar ndim iscomplexobj isrealobj issubdtype array_equal array_equiv
    """.split()  # noqa: SIM905
)
# Methods of arrays that change the array.
MUTATING_METHODS = frozenset({"fill", "itemset", "partition", "put", "resize", "setflags", "sort"})
# Constants of numpy and its like that are numbers.
CONSTANTS = frozenset({"e", "euler_gamma", "inf", "nan", "pi", "tau"})
# Parts of an array that are arrays.
ARRAY_PARTS = frozenset({"T", "mT", "real", "imag"})

# Functions of numpy, and methods of arrays, whose result may share the memory of their argument.
ALIASING = frozenset(
    """
    asanyarray asarray asarray_chkfinite ascontiguousarray asfortranarray atleast_1d atleast_2d
    atleast_3d broadcast_to diag diagonal expand_dims flip fliplr flipud imag lib.stride_tricks.as_strided
    lib.stride_tricks.sliding_window_view matrix_transpose moveaxis permute_dims ravel real real_if_close
    require reshape rollaxis rot90 squeeze swapaxes transpose
    """.split()  # noqa: SIM905
)
ALIASING_METHODS = frozenset(
    {"conj", "conjugate", "diagonal", "ravel", "reshape", "squeeze", "swapaxes", "transpose"}
)
# One function under several names.
ALIASES = {
    f"numpy.{alias}": f"numpy.{name}"
    for alias, name in {
        "absolute": "abs",
        "conjugate": "conj",
        "remainder": "mod",
        "bitwise_not": "invert",
        "divide": "true_divide",
        "amax": "max",
        "amin": "min",
        "around": "round",
        "concat": "concatenate",
        "pow": "power",
        "permute_dims": "transpose",
        "asin": "arcsin",
        "acos": "arccos",
        "atan": "arctan",
        "atan2": "arctan2",
        "asinh": "arcsinh",
        "acosh": "arccosh",
        "atanh": "arctanh",
        "matrix_transpose": "linalg.matrix_transpose",
        "row_stack": "vstack",
    }.items()
}
