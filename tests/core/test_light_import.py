"""What `import adjoint2rrule.core` loads, seen from a fresh interpreter."""

import subprocess
import sys

SCRIPT = """
import sys
at_start = set(sys.modules)  # what the environment itself loads
from adjoint2rrule.core import Tangent, rrule

@rrule.register(abs)
def abs_rrule(abs, x: float): ...

@rrule.register(abs)
def list_rrule(abs, x: list[float]): ...

rrule(abs, [1.0])
print(*{name.partition(".")[0] for name in set(sys.modules) - at_start})
"""


def test_the_runtime_needs_numpy_and_the_standard_library_alone():
    run = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True)
    assert set(run.stdout.split()) - sys.stdlib_module_names == {"adjoint2rrule", "numpy"}
