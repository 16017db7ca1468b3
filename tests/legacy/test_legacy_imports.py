"""What importing the legacy runtime and running its rules costs: nothing but numpy."""

import subprocess
import sys

SCRIPT = """
import sys
at_start = set(sys.modules)  # what the environment itself loads
from adjoint2rrule.legacy import adjoint, gradient

def cube(x):
    return x**3

@adjoint(cube)
def cube_adjoint(x):
    return cube(x), lambda dy: (3 * x**2 * dy,)

assert gradient(cube, 2.0) == (12.0,)
print(*{name.partition(".")[0] for name in set(sys.modules) - at_start})
"""


def test_legacy_rules_need_numpy_and_the_standard_library_alone(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    loaded = {name for name in run.stdout.split() if "cython" not in name}  # parts of numpy 1.26
    assert loaded - sys.stdlib_module_names == {"adjoint2rrule", "numpy"}
