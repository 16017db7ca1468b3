"""Rewrite hand-written ``@adjoint`` gradients as ``rrule``s, and run them under any AD system.

Nothing is imported here, so that each part costs only what it needs: the runtime of converted
code is `adjoint2rrule.core`, its tests stand on `adjoint2rrule.testing`, code that is not yet
converted runs on `adjoint2rrule.legacy`, and the command line is `adjoint2rrule.cli`.
"""

__version__ = "0.1.0"
