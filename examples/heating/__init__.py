"""Heat in buildings: gases, walls and pipes, with gradients for fitting them to measurements.

A small package in the legacy style, to try `adjoint2rrule convert` on.  Units are SI.
"""
