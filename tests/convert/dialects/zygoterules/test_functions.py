"""`functions`: what a call calls, and which calls give one number or array."""

from __future__ import annotations

import ast

import pytest

from adjoint2rrule.convert.dialects.zygoterules.functions import Called
from tests.convert.building import functions_of, sample

IMPORTS = """\
import cmath, math, types
import numpy as np, scipy, scipy.linalg as sla
import jax.numpy as jnp
import autograd.numpy as anp
from numpy.linalg import inv
from scipy import special as sps
from scipy.sparse import csr_matrix
from types import SimpleNamespace
"""


def call_in(text: str) -> tuple[Called, ast.Call]:
    """Return what the first call of a file's last statement calls."""
    file = sample(IMPORTS + text)
    call = next(n for n in ast.walk(file.unit.module.tree.body[-1]) if isinstance(n, ast.Call))
    return functions_of(file).called(call, file.scope), call


# -- one number or array -----------------------------------------------------------------------

ONE = """
    np.sin(x) np.zeros(3) np.linalg.inv(A) inv(A) np.linalg.norm(x) np.where(c,x,y) np.einsum('ij->ji',A)
    np.sum(x,axis=0) np.fft.fft(x) np.random.rand(3) np.add.reduce(x) np.add.outer(x,y) np.interp(x,y,z)
    np.stack([x,y]) np.outer(x,y) np.full(3,1.0)
    np.broadcast_to(x,s) np.diag(x) np.tril(x) np.linalg.solve(A,b)
    np.linalg.cholesky(A) np.float64(x) np.array([x]) np.asarray(x)
    math.sqrt(x) math.fsum(x) cmath.exp(x) jnp.sin(x) anp.sin(x) jnp.linalg.inv(A)
    sps.erf(x) sps.expit(x) scipy.special.gamma(x) sla.solve(A,b) sla.solve_triangular(A,b) sla.cho_solve(c,b)
    sla.expm(A) scipy.fft.dct(x) csr_matrix(A) scipy.sparse.linalg.spsolve(A,b) scipy.signal.fftconvolve(x,y)
    abs(x) float(x) complex(x) int(x) max(x,y) min(x,y) pow(x,2) round(x) sum(x)
    """.split()  # noqa: SIM905 (types and calls, not sentences)
NOT_ONE = """
    np.linalg.eigh(A) np.linalg.svd(A) np.linalg.qr(A) np.linalg.slogdet(A) np.linalg.lstsq(A,b) np.where(c)
    np.where(condition=c) np.nonzero(x) np.meshgrid(x,y) np.split(x,2) np.array_split(x,2) np.gradient(x)
    np.histogram(x) np.unique(x) np.broadcast_arrays(x,y) np.modf(x) np.divmod(x,y) np.ix_(i,j) np.shape(x)
    np.polyfit(x,y,2) np.copyto(x,y) np.put(x,i,y) np.add.at(x,i,y) np.fill_diagonal(A,x) np.vectorize(f)
    np.testing.assert_allclose(x,y) np.tril_indices(3) np.unravel_index(i,s) jnp.linalg.svd(A) anp.nonzero(x)
    sla.svd(A) sla.lu(A) sla.lu_factor(A)
    sla.cho_factor(A) scipy.optimize.root(f,x) scipy.integrate.quad(f,0,1)
    sps.airy(x) sps.sici(x) sps.fresnel(x) scipy.special.ellipj(x,m)
    dict(a=1) list(x) tuple(x) zip(x,y) map(f,x) divmod(x,y) type(x) len(x) unknown(x) x.sum() (lambda:1)()
    """.split()  # noqa: SIM905 (types and calls, not sentences)


@pytest.mark.parametrize("text", ONE)
def test_call_gives_one_number_or_array(text):
    called, call = call_in(text)
    assert called.gives_number(call)


@pytest.mark.parametrize("text", NOT_ONE)
def test_call_may_give_something_else(text):
    called, call = call_in(text)
    assert not called.gives_number(call)


def test_own_function_of_a_numerical_name_is_not_numpys():
    called, call = call_in("def abs(x): ...\nabs(1)")
    assert not called.gives_number(call)
    assert not called.is_numerical


def test_module_of_the_project_called_numpy_is_not_numpy(tmp_path):
    file = sample("import numpy as np\nnp.sin(1)", tmp_path, {"numpy.py": "def sin(x): return (x, x)\n"})
    call = file.unit.module.tree.body[-1].value
    assert not functions_of(file).called(call, file.scope).gives_number(call)


# -- what is called ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "method"),
    [
        ("np.linalg.inv(A)", "numpy.linalg.inv", None),
        ("inv(A)", "numpy.linalg.inv", None),
        ("len(x)", "builtins.len", None),
        ("unknown(x)", None, None),
        ("x.sum()", None, "sum"),
        ("f(x).T.sum()", None, "sum"),
        ("x[0].sum()", None, "sum"),
        ("f(x)()", None, None),
        ("def g(): ...\ng()", "g", None),
        ("try:\n    from numpy import g\nexcept E:\n    from math import g\ng()", None, None),
    ],
)
def test_call_is_named(text, name, method):
    called, _ = call_in(text)
    assert (called.name, called.method) == (name, method)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("np.sin(x)", True),
        ("np.linalg.svd(x)", True),
        ("math.pi()", True),
        ("sps.erf(x)", True),
        ("jnp.sin(x)", True),
        ("len(x)", False),
        ("types.f(x)", False),
        ("unknown(x)", False),
    ],
)
def test_numerical_functions_are_those_of_numpy_and_its_like(text, wanted):
    assert call_in(text)[0].is_numerical is wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("dict(a=1)", True),
        ("SimpleNamespace(a=1)", True),
        ("types.SimpleNamespace(a=1)", True),
        ("np.array(1)", False),
        ("def dict(**kw): ...\ndict(a=1)", False),
    ],
)
def test_fields_are_made_by_dict_and_namespace(text, wanted):
    assert call_in(text)[0].makes_fields is wanted


@pytest.mark.parametrize(
    ("text", "of_array"),
    [
        ("x.sum()", True),
        ("x.reshape(3)", True),
        ("x.toarray()", True),
        ("x.nonzero()", False),
        ("x.tolist()", False),
        ("x.sort()", False),
        ("x.items()", False),
        ("x.apply()", False),
        ("np.sum(x)", False),
    ],
)
def test_methods_of_arrays_are_known(text, of_array):
    called, _ = call_in(text)
    assert called.is_array_method is of_array


def test_function_of_the_project_is_found_where_it_is_made(tmp_path):
    file = sample("from lib import h\nh(1)", tmp_path, {"lib.py": "def h(x): return x\n"})
    call = file.unit.module.tree.body[-1].value
    called = functions_of(file).called(call, file.scope)
    assert called.unit is file.project.find("lib")
    assert (called.name, called.function.name, called.scope.node) == ("lib.h", "h", called.function)


@pytest.mark.parametrize(
    "text",
    [
        "def g(): ...\ng = 1\ng()",
        "if x:\n    def g(): ...\nelse:\n    def g(): return 1\ng()",
        "g = lambda: 1\ng()",
        "class g: ...\ng()",
        "class C:\n    def g(self): ...\nC.g(1)",
    ],
)
def test_function_that_is_not_bound_once_is_not_read(text):
    called, _ = call_in(text)
    assert called.function is None
    assert called.unit is not None


def test_rule_leaves_its_name_to_what_it_is_a_rule_for():
    called, _ = call_in("def g(x): return 1\n@adjoint\ndef g(x): return 2\ng(1)")
    assert called.function is not None
    assert called.function.decorator_list == []


# -- arguments ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "arguments", "wanted"),
    [
        ("x, y", "a, b", {"x": "a", "y": "b"}),
        ("x, y", "a, y=b", {"x": "a", "y": "b"}),
        ("x, y=1", "a", {"x": "a"}),
        ("x, /, y", "a, b", {"x": "a", "y": "b"}),
        ("x, *, y", "a, y=b", {"x": "a", "y": "b"}),
        ("", "", {}),
        ("x", "a, b", None),
        ("x", "a, x=b", None),
        ("x", "y=a", None),
        ("x", "*a", None),
        ("x", "**a", None),
        ("*xs", "a", None),
        ("**kw", "x=a", None),
    ],
)
def test_arguments_are_matched_with_parameters(parameters, arguments, wanted):
    called, call = call_in(f"def g({parameters}): ...\ng({arguments})")
    found = called.arguments(call)
    written = None if found is None else {name: ast.unparse(value) for name, value in found.items()}
    assert written == wanted


@pytest.mark.parametrize(
    ("text", "wanted"), [("np.pi", True), ("math.e", True), ("types.x", False), ("unknown.pi", False)]
)
def test_numerical_constants_are_those_of_numpy_and_its_like(text, wanted):
    file = sample(IMPORTS + text)
    node = file.unit.module.tree.body[-1].value
    assert functions_of(file).is_numerical_constant(node, file.scope) is wanted
