"""The kinds of tangents; `adjoint2rrule.core` exports them."""
